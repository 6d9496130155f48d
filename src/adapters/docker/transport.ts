import { inspect } from 'node:util'
import { spawn } from 'node:child_process'
import http from 'node:http'
import net from 'node:net'
import { Duplex } from 'node:stream'
import tls from 'node:tls'
import type { Endpoint, EndpointWay } from './endpoint.ts'

/**
 * An HTTP agent whose connections lead to the engine, whatever the way: socket, TCP, TLS or the host's own `ssh`
 * program. Requests through it are plain HTTP without a host. Ends with `destroy()`.
 */
export function openTransport(endpoint: Endpoint, variables: Readonly<Record<string, string>>): http.Agent {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 32 })
  return Object.assign(agent, {
    createConnection: () => connectTo(endpoint.way, variables),
    // Dockerode's transport renders all that it sends for its debug log, and for nobody if there is none: with every
    // open connection in it that took most of a look at a large project.
    [inspect.custom]: () => '[agent]',
  })
}

function connectTo(way: EndpointWay, variables: Readonly<Record<string, string>>): Duplex {
  switch (way.kind) {
    case 'socket':
      return net.connect({ path: way.path })
    case 'tcp':
      if (way.tls === null) return net.connect({ host: way.host, port: way.port })
      return tls.connect({
        host: way.host,
        port: way.port,
        ...(net.isIP(way.host) === 0 ? { servername: way.host } : {}),
        ...(way.tls.ca === null ? {} : { ca: way.tls.ca }),
        ...(way.tls.cert === null ? {} : { cert: way.tls.cert }),
        ...(way.tls.key === null ? {} : { key: way.tls.key }),
        rejectUnauthorized: way.tls.verify,
      })
    case 'ssh':
      return sshConnection(way, variables)
  }
}

/** The docker CLI's own way: the other machine's docker talks to its socket, over ssh's standard streams. */
function sshConnection(
  way: Extract<EndpointWay, { kind: 'ssh' }>,
  variables: Readonly<Record<string, string>>,
): Duplex {
  const args = [
    '-o',
    'ConnectTimeout=30',
    '-T',
    ...(way.user === null ? [] : ['-l', way.user]),
    ...(way.port === null ? [] : ['-p', String(way.port)]),
    '--',
    way.host,
    'docker',
    ...(way.socket === null ? [] : ['--host', `unix://${way.socket}`]),
    'system',
    'dial-stdio',
  ]
  // A session of its own: Ctrl-C at the terminal must not cut the connection that puts things back.
  const child = spawn('ssh', args, { env: { ...variables }, stdio: ['pipe', 'pipe', 'pipe'], detached: true })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint = (complaint + text).slice(-2000)))
  const duplex = new Duplex({
    read: () => void child.stdout.resume(),
    // A broken pipe is told by the end of the program, in its own words.
    write: (chunk: Buffer, _encoding, done) => void child.stdin.write(chunk, () => done()),
    final: done => void child.stdin.end(() => done()),
    destroy: (error, done) => {
      child.kill()
      done(error)
    },
  })
  child.stdout.on('data', (chunk: Buffer) => {
    if (!duplex.push(chunk)) child.stdout.pause()
  })
  child.stdin.on('error', () => {})
  child.once('error', error => duplex.destroy(error))
  child.once('close', code => {
    if (code === 0) duplex.push(null)
    else duplex.destroy(new Error(complaint.trim() || `ssh ended with code ${code}`))
  })
  // What the HTTP client does to a socket and a pair of pipes has no use for.
  const asSocket = { setKeepAlive: () => duplex, setNoDelay: () => duplex, setTimeout: () => duplex }
  return Object.assign(duplex, asSocket, {
    ref: () => (child.ref(), duplex),
    unref: () => (child.unref(), duplex),
  })
}
