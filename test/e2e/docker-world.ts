import { execFile, execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import http from 'node:http'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { inject, onTestFinished } from 'vitest'
import { openEngine } from '../../src/adapters/docker/engine.ts'
import type { EngineOptions } from '../../src/adapters/docker/engine.ts'
import { openHost } from '../../src/adapters/host/host.ts'
import type { Facts } from '../../src/model/facts.ts'
import type { VolumeHolding } from '../../src/model/holding.ts'
import type { Engine, TarSink, TarSource } from '../../src/model/ports.ts'

const run = promisify(execFile)

export const host = openHost({ pid: process.pid, hostname: hostname(), runs: () => true })

/** A name that no other test uses. */
export function ownName(word: string): string {
  return `sc-docker-${word}-${randomBytes(4).toString('hex')}`
}

/** Our engine port on the private engine; closed with the test. */
export async function engineFor(options: Partial<EngineOptions> = {}): Promise<Engine> {
  const engine = await openEngine({
    flags: {},
    variables: { ...inject('engine').env, HOME: '/root' },
    home: '/root',
    host,
    elevated: true,
    ...options,
  })
  onTestFinished(() => engine.close())
  return engine
}

/** The docker CLI on the private engine. Throws when it fails. */
export async function docker(...words: string[]): Promise<string> {
  const { env, docker: program } = inject('engine')
  const { stdout } = await run(program, words, { env: { ...process.env, ...env }, maxBuffer: 1 << 26 })
  return stdout.trim()
}

/** A volume, removed with the test; its mountpoint is reachable, since the private engine runs here. */
export async function volume(
  word: string,
  options: readonly string[] = [],
): Promise<{ name: string; mountpoint: string; holding: VolumeHolding }> {
  const name = ownName(word)
  await docker('volume', 'create', ...options, name)
  onTestFinished(async () => {
    await docker('volume', 'rm', '-f', name)
  })
  const engine = await engineFor()
  const fact = await engine.volume(name)
  if (fact === null) throw new Error(`the volume ${name} was not created`)
  return { name, mountpoint: fact.mountpoint, holding: { kind: 'volume', name, createdAt: fact.createdAt } }
}

/** A container that runs until the test ends. Gives its id. */
export async function container(words: readonly string[]): Promise<string> {
  const id = await docker('run', '-d', ...words)
  onTestFinished(async () => {
    await docker('rm', '-f', '-v', id)
  })
  return id
}

/** All of a source into a sink. */
export async function pour(source: TarSource, sink: TarSink): Promise<void> {
  const [read, written] = await Promise.all([source.open(), sink.open()])
  // A sink that has taken everything may be gone before its stream is known to be closed: `done` has the word.
  await Promise.allSettled([pipeline(read.stream, written.stream)])
  await Promise.all([read.done, written.done])
}

export const nothingUses: Pick<Facts, 'containers' | 'volumes' | 'engine'> = {
  containers: [],
  volumes: [],
  engine: {
    id: '',
    version: '',
    apiVersion: '',
    host: '',
    local: true,
    rootDirectory: '',
    securityOptions: [],
  },
}

/** Everything that must survive a copy, a line for each entry: sparse files and times below a second are not in it. */
export function describeTree(folder: string): readonly string[] {
  const format = String.raw`%P\t%y\t%m\t%U:%G\t%Ts\t%n\t%l\0`.replace('%Ts', '%T@')
  const entries = execFileSync('find', [folder, '!', '-type', 's', '-printf', format], { encoding: 'latin1' })
  const sums = execFileSync(
    'sh',
    ['-c', 'cd "$1" && find . -type f -print0 | sort -z | xargs -0r sha256sum -z', 'sh', folder],
    {
      encoding: 'latin1',
    },
  )
  const wholeSeconds = entries.split('\0').map(line => line.replace(/\t(-?\d+)\.\d+\t/, '\t$1\t'))
  return [...wholeSeconds.sort(), ...sums.split('\0').sort()].filter(line => line !== '')
}

/** What a proxy does with a request instead of passing it on; false to pass it on. */
export type Interference = (
  request: http.IncomingMessage,
  response: http.ServerResponse,
  passOn: (change: (body: string) => string) => void,
) => boolean

/** An HTTP proxy before the private engine, at a socket or a TCP port of this machine. */
export async function proxy(way: 'socket' | 'tcp', interfere: Interference = () => false): Promise<string> {
  const socketPath = inject('engine').host.slice('unix://'.length)
  const server = http.createServer((request, response) => {
    const passOn = (change: ((body: string) => string) | null): void => {
      const onward = http.request(
        { socketPath, path: request.url, method: request.method, headers: request.headers },
        answer => {
          const headers = { ...answer.headers }
          if (change === null) {
            response.writeHead(answer.statusCode ?? 500, headers)
            response.flushHeaders()
            answer.pipe(response)
            return
          }
          let body = ''
          answer.setEncoding('utf8').on('data', (text: string) => (body += text))
          answer.on('end', () => {
            delete headers['content-length']
            response.writeHead(answer.statusCode ?? 500, headers)
            response.end(change(body))
          })
        },
      )
      onward.on('error', () => response.destroy())
      response.on('close', () => onward.destroy())
      request.pipe(onward)
    }
    if (!interfere(request, response, passOn)) passOn(null)
  })
  const path = join(tmpdir(), `${ownName('proxy')}.sock`)
  await new Promise<void>(resolve => {
    if (way === 'socket') server.listen(path, resolve)
    else server.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  return typeof address === 'object' && address !== null
    ? `tcp://127.0.0.1:${address.port}`
    : `unix://${path}`
}
