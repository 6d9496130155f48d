import http from 'node:http'
import type { Endpoint } from './endpoint.ts'
import { openTransport } from './transport.ts'

/** A call of the engine's API with nothing but Node's own HTTP: quick to load, for the child that stands by. */
export type PlainCall = (
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: object,
) => Promise<{ readonly status: number; readonly text: string; readonly body: unknown }>

/** How long a missing engine is waited for, in milliseconds: it may be on its way up again. */
const patience = 120_000

/** Calls the engine, waiting for it where it does not answer. Rejects when it stays away. */
export function openPlainCall(
  endpoint: Endpoint,
  variables: Readonly<Record<string, string>>,
): { readonly call: PlainCall; readonly close: () => void } {
  const agent = openTransport(endpoint, variables)
  const prefix = endpoint.way.kind === 'tcp' && endpoint.way.prefix !== '' ? `/${endpoint.way.prefix}` : ''
  const call: PlainCall = async (method, path, body) => {
    const begin = performance.now()
    for (;;) {
      try {
        return await callOnce(agent, endpoint, method, `${prefix}${path}`, body)
      } catch (error) {
        if (performance.now() - begin > patience) throw error
        await new Promise(resolve => setTimeout(resolve, 500))
      }
    }
  }
  return { call, close: () => agent.destroy() }
}

function callOnce(
  agent: http.Agent,
  endpoint: Endpoint,
  method: string,
  path: string,
  body: object | undefined,
): ReturnType<PlainCall> {
  return new Promise((resolve, reject) => {
    const sent = body === undefined ? '' : JSON.stringify(body)
    const headers = {
      Host: endpoint.way.kind === 'tcp' ? `${endpoint.way.host}:${endpoint.way.port}` : 'docker',
      'Content-Length': String(Buffer.byteLength(sent)),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    }
    const request = http.request({ agent, method, path, headers }, response => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.once('error', reject)
      response.once('end', () => resolve({ status: response.statusCode ?? 0, text, body: parsed(text) }))
    })
    request.once('error', reject)
    request.end(sent)
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}
