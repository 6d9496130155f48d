import { Stop } from '../../model/failure.ts'
import type { FlagValue } from '../../model/invocation.ts'

/** Where an engine answers, with everything that is needed to reach it. Plain data: it can be handed to a child. */
export interface Endpoint {
  /** As people write it: `unix:///var/run/docker.sock`, `tcp://host:2376`, `ssh://user@host`. */
  readonly host: string
  readonly way: EndpointWay
}

export type EndpointWay =
  /** A unix socket or, on Windows, a named pipe. */
  | { readonly kind: 'socket'; readonly path: string }
  | {
      readonly kind: 'tcp'
      readonly host: string
      readonly port: number
      /** A path before the API's own, without slashes at its ends; usually empty. */
      readonly prefix: string
      readonly tls: EndpointTls | null
    }
  | {
      readonly kind: 'ssh'
      readonly user: string | null
      readonly host: string
      readonly port: number | null
      /** The engine's socket on the other machine; null for its default. */
      readonly socket: string | null
    }

/** PEM texts; null where there is none. */
export interface EndpointTls {
  readonly ca: string | null
  readonly cert: string | null
  readonly key: string | null
  readonly verify: boolean
}

/** Which endpoint a command line means: a context by name, or a host (null: the default one). */
export type EndpointChoice =
  | { readonly kind: 'context'; readonly name: string }
  | { readonly kind: 'host'; readonly host: string | null }

/**
 * Decides as the docker CLI does: `--context`, `--host`, DOCKER_HOST, DOCKER_CONTEXT, the current context of
 * config.json, the default. Throws `bad-engine-endpoint` where the CLI refuses too.
 */
export function chooseEndpoint(from: {
  /** The docker CLI's global flags under their long names. */
  readonly flags: Readonly<Record<string, FlagValue>>
  readonly variables: Readonly<Record<string, string>>
  /** `currentContext` of config.json. */
  readonly currentContext: string | null
}): EndpointChoice {
  const { flags, variables, currentContext } = from
  const hosts = listOf(flags['host'])
  const context = textOf(flags['context'])
  if (context !== null && hosts.length > 0) {
    throw badEndpoint('both --context and --host are given', 'give one of them')
  }
  if (hosts.length > 1) throw badEndpoint('--host is given more than once', 'give one')
  if (context !== null) return byContext(context, variables)
  if (hosts.length === 1) return { kind: 'host', host: hosts[0] || null }
  if (variables['DOCKER_HOST']) return { kind: 'host', host: variables['DOCKER_HOST'] }
  return byContext(variables['DOCKER_CONTEXT'] || currentContext || 'default', variables)
}

/** How TLS is wished for on the default endpoint: the CLI counts a variable as soon as it is not empty. */
export function chooseTls(
  flags: Readonly<Record<string, FlagValue>>,
  variables: Readonly<Record<string, string>>,
): 'none' | 'unverified' | 'verified' {
  const verify = flags['tlsverify'] === undefined ? variables['DOCKER_TLS_VERIFY'] : flags['tlsverify']
  if (verify !== undefined && verify !== '' && verify !== 'false') return 'verified'
  const tls = flags['tls'] ?? variables['DOCKER_TLS']
  return tls !== undefined && tls !== '' && tls !== 'false' ? 'unverified' : 'none'
}

/**
 * Reads `unix://…`, `npipe://…`, `tcp://…`, `http(s)://…`, `ssh://…` or a bare `host:port`. Throws
 * `bad-engine-endpoint` for anything else. Null is the CLI's default.
 */
export function parseHost(text: string | null, tls: EndpointTls | null, windows = false): Endpoint {
  const defaultSocket = windows ? '//./pipe/docker_engine' : '/var/run/docker.sock'
  const written =
    text?.trim() ||
    (tls === null ? `${windows ? 'npipe' : 'unix'}://${defaultSocket}` : 'tcp://localhost:2376')
  const [, scheme = '', rest = ''] = /^([a-z]+):\/\/(.*)$/s.exec(written) ?? ['', 'tcp', written]
  switch (scheme) {
    case 'unix':
    case 'npipe':
      return { host: written, way: { kind: 'socket', path: rest || defaultSocket } }
    case 'tcp':
    case 'http':
    case 'https':
      return tcpEndpoint(written, scheme, rest, tls)
    case 'ssh':
      return sshEndpoint(written)
    default:
      throw badEndpoint(`the engine's address ${written} begins with ${scheme}://`, howToWriteHosts)
  }
}

export function badEndpoint(what: string, how: string): Stop {
  return new Stop({ reason: 'bad-engine-endpoint', what, how })
}

const howToWriteHosts = 'write it as unix:///path, tcp://host:port or ssh://user@host'

/** The context called `default` is the one that DOCKER_HOST and the flags describe. */
function byContext(name: string, variables: Readonly<Record<string, string>>): EndpointChoice {
  return name === 'default'
    ? { kind: 'host', host: variables['DOCKER_HOST'] || null }
    : { kind: 'context', name }
}

function tcpEndpoint(written: string, scheme: string, rest: string, tls: EndpointTls | null): Endpoint {
  const secure = tls ?? (scheme === 'https' ? { ca: null, cert: null, key: null, verify: true } : null)
  const url = urlOf(`http://${rest}`, written)
  return {
    host: written,
    way: {
      kind: 'tcp',
      host: url.hostname.replace(/^\[|\]$/g, '') || 'localhost',
      // The parser drops port 80 as its scheme's own; the engine's default is another.
      port: url.port !== '' ? Number(url.port) : /:80(\/|$)/.test(rest) ? 80 : secure === null ? 2375 : 2376,
      prefix: url.pathname.replace(/^\/+|\/+$/g, ''),
      tls: secure,
    },
  }
}

function sshEndpoint(written: string): Endpoint {
  const url = urlOf(written, written)
  if (url.hostname === '') throw badEndpoint(`the engine's address ${written} names no host`, howToWriteHosts)
  if (url.password !== '') {
    throw badEndpoint("a password in the engine's ssh address is not supported", 'use a key or an ssh agent')
  }
  return {
    host: written,
    way: {
      kind: 'ssh',
      user: url.username === '' ? null : decodeURIComponent(url.username),
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? null : Number(url.port),
      socket: url.pathname === '' || url.pathname === '/' ? null : url.pathname,
    },
  }
}

function urlOf(text: string, written: string): URL {
  try {
    return new URL(text)
  } catch {
    throw badEndpoint(`the engine's address ${written} cannot be read`, howToWriteHosts)
  }
}

function textOf(value: FlagValue | undefined): string | null {
  return listOf(value)[0] || null
}

function listOf(value: FlagValue | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === 'string' ? [value] : value
}
