import { IncomingMessage } from 'node:http'
import type { Agent, IncomingHttpHeaders } from 'node:http'
import type { Duplex, Readable } from 'node:stream'
import type Docker from 'dockerode'
import { Stop } from '../../model/failure.ts'
import type { Endpoint } from './endpoint.ts'
import { openTransport } from './transport.ts'

/** A call of the engine's API. */
export interface EngineRequest {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: object
  /** Sent as a tar. */
  readonly upload?: Readable | Buffer
  /** What is being done, for people: `read the volume shop_data`. */
  readonly doing: string
  /** Statuses at 300 and above that are answers here, not failures. */
  readonly accept?: readonly number[]
  /** The API version that this one call speaks, such as `1.41`; otherwise what was agreed on. */
  readonly api?: string
}

export interface EngineReply<T = unknown> {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** The body, parsed; its text where it is no JSON. */
  readonly body: T
}

/** A line to one engine. Every failure is `engine-unreachable` (no answer) or `not-possible` (a refusal, in its words). */
export interface Connection {
  readonly host: string
  readonly version: string
  /** Spoken from now on: the engine's own, at most the newest that is known here. */
  readonly apiVersion: string
  readonly call: <T = unknown>(request: EngineRequest) => Promise<EngineReply<T>>
  /** The answer's body as a stream, which the caller ends or destroys. */
  readonly open: (request: EngineRequest) => Promise<IncomingMessage>
  /** The same with the connection turned into a line both ways, on which each side can end its own. */
  readonly attach: (request: EngineRequest) => Promise<Duplex>
  /** What a failure while such a stream was read means. */
  readonly lost: (error: unknown) => Stop
  readonly close: () => void
}

/** The newest API that this program was tried with. */
const newestApi = '1.51'

/** How long an engine may take to say who it is, in milliseconds. */
const patience = 30_000

/** Connects and agrees on the API version; `DOCKER_API_VERSION` is obeyed. */
export async function openConnection(
  endpoint: Endpoint,
  variables: Readonly<Record<string, string>>,
): Promise<Connection> {
  const { host } = endpoint
  const agent = openTransport(endpoint, variables)
  try {
    const { dial } = await dialer(endpoint, agent, null)
    const hello = await withinPatience(
      endpoint,
      dial({ path: '/version', doing: 'tell its version' }).then(answer =>
        readReply<VersionReply>(host, answer),
      ),
    )
    if (hello.status >= 300) {
      throw refusal({ path: '/version', doing: 'tell its version' }, hello.status, hello.body)
    }
    const version = hello.body.Version ?? 'unknown'
    const apiVersion = chooseApi(hello.body, variables['DOCKER_API_VERSION'] || null)
    return connection(endpoint, agent, await dialer(endpoint, agent, apiVersion), version, apiVersion)
  } catch (error) {
    agent.destroy()
    throw error
  }
}

interface VersionReply {
  readonly Version?: string
  readonly ApiVersion?: string
  readonly MinAPIVersion?: string
}

interface Dialer {
  readonly dial: (request: EngineRequest) => Promise<IncomingMessage>
  /** An answer only where the engine does not turn the connection into a line. */
  readonly attach: (request: EngineRequest) => Promise<IncomingMessage | Duplex>
}

function connection(
  endpoint: Endpoint,
  agent: Agent,
  { dial, attach }: Dialer,
  version: string,
  apiVersion: string,
): Connection {
  const { host } = endpoint
  const open = async (request: EngineRequest): Promise<IncomingMessage> => {
    const speak = request.api === undefined ? dial : (await dialer(endpoint, agent, request.api)).dial
    const response = await speak(request)
    const status = response.statusCode ?? 0
    if (status < 300 || request.accept?.includes(status) === true) return response
    const { body } = await readReply(host, response)
    throw refusal(request, status, body)
  }
  return {
    host,
    version,
    apiVersion,
    open,
    attach: async request => {
      const response = await attach(request)
      if (!(response instanceof IncomingMessage)) return response
      const { status, body } = await readReply(host, response)
      throw refusal(request, status, body)
    },
    call: async <T>(request: EngineRequest) => readReply<T>(host, await open(request)),
    lost: error => unreachable(host, error),
    close: () => agent.destroy(),
  }
}

/** Dockerode's transport, answers as streams: a body that breaks off must be seen as such. */
async function dialer(endpoint: Endpoint, agent: Agent, apiVersion: string | null): Promise<Dialer> {
  const { default: Dockerode } = await import('dockerode')
  const { way, host } = endpoint
  const prefix = way.kind === 'tcp' ? way.prefix : ''
  const version = [prefix, apiVersion === null ? '' : `v${apiVersion}`].filter(part => part !== '').join('/')
  const docker = new Dockerode({
    // The library reads the environment itself; what was decided here must stand.
    host: undefined,
    socketPath: undefined,
    port: undefined,
    ca: undefined,
    cert: undefined,
    key: undefined,
    protocol: 'http',
    agent,
    ...(version === '' ? {} : { version }),
  } as unknown as Docker.DockerOptions)
  const modem = docker.modem as unknown as Modem
  const send = <T>(request: EngineRequest, hijack: boolean): Promise<T> =>
    new Promise((resolve, reject) => {
      modem.dial(
        {
          path: `${request.path}?`,
          method: request.method ?? 'GET',
          options: { _query: request.query ?? {}, _body: request.body ?? {} },
          file: request.upload,
          headers: { Host: way.kind === 'tcp' ? `${way.host}:${way.port}` : 'docker' },
          statusCodes: everyStatus,
          isStream: true,
          hijack,
        },
        (error, response) => (error || !response ? reject(unreachable(host, error)) : resolve(response as T)),
      )
    })
  return { dial: request => send(request, false), attach: request => send(request, true) }
}

/** The part of the library's transport that is used; its own types do not describe it. */
interface Modem {
  readonly dial: (
    options: Readonly<Record<string, unknown>>,
    callback: (error: Error | null, response: IncomingMessage | Duplex | null) => void,
  ) => void
}

const everyStatus = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [index + 100, true]))

async function readReply<T>(host: string, response: IncomingMessage): Promise<EngineReply<T>> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer)
  } catch (error) {
    throw unreachable(host, error)
  }
  if (!response.complete) throw unreachable(host, new Error('its answer broke off'))
  const text = Buffer.concat(chunks).toString('utf8')
  return { status: response.statusCode ?? 0, headers: response.headers, body: parsed(text) as T }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

function refusal(request: EngineRequest, status: number, body: unknown): Stop {
  const message =
    typeof body === 'object' && body !== null && 'message' in body
      ? String(body.message)
      : String(body).trim()
  return new Stop({
    reason: 'not-possible',
    what: `the engine could not ${request.doing}: ${message || `status ${status}`}`,
    how:
      status === 404
        ? 'look whether it is still there (docker ps -a, docker volume ls), then run the command again'
        : 'see to what the engine says, then run the command again',
  })
}

function unreachable(host: string, error: unknown): Stop {
  if (error instanceof Stop) return error
  const { code, message } = (error ?? {}) as NodeJS.ErrnoException
  const why = code === undefined ? (message ?? 'it does not answer') : (meaning[code] ?? message ?? code)
  return new Stop({ reason: 'engine-unreachable', host, why }, { cause: error })
}

const meaning: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such socket: is the engine running?',
  ECONNREFUSED: 'nothing listens there: is the engine running?',
  EACCES: 'permission denied: you may not use its socket',
  EPERM: 'permission denied: you may not use its socket',
  ECONNRESET: 'it closed the connection',
  EPIPE: 'it closed the connection',
  ENOTFOUND: 'the host name is not known',
  ETIMEDOUT: 'it does not answer',
  EHOSTUNREACH: 'the host cannot be reached',
}

async function withinPatience<T>(endpoint: Endpoint, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(unreachable(endpoint.host, new Error(`no answer in ${patience / 1000} s`))),
      patience,
    )
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** The asked-for version; else the engine's own, capped; else the lowest it speaks. */
function chooseApi(hello: VersionReply, asked: string | null): string {
  if (asked !== null) return asked.replace(/^v/, '')
  const own = hello.ApiVersion ?? '1.41'
  const least = hello.MinAPIVersion ?? own
  const capped = compareVersions(own, newestApi) > 0 ? newestApi : own
  return compareVersions(capped, least) < 0 ? least : capped
}

function compareVersions(one: string, other: string): number {
  const [major = 0, minor = 0] = one.split('.').map(Number)
  const [otherMajor = 0, otherMinor = 0] = other.split('.').map(Number)
  return major - otherMajor || minor - otherMinor
}
