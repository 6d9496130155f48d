import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A call that arrived. */
export interface Arrived {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface WebServer {
  /** Without a slash at the end. */
  readonly address: string
  readonly arrived: Arrived[]
  readonly close: () => void
}

/** A web server that remembers what arrives and answers as it is told: by its number of the call, from 0. */
export async function startWebServer(
  answer: (response: ServerResponse, number: number, arrived: Arrived) => void,
): Promise<WebServer> {
  const arrived: Arrived[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text
    })
    request.on('end', () => {
      const call = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body }
      arrived.push(call)
      answer(response, arrived.length - 1, call)
    })
  })
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  const close = (): void => {
    server.closeAllConnections()
    server.close()
  }
  return { address: `http://127.0.0.1:${port}`, arrived, close }
}
