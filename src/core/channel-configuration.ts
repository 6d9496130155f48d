import type { Channel, Secret } from '../model/channel.ts'
import { nearest } from './did-you-mean.ts'
import { hostOf } from './channels.ts'

/** Says where a configuration is wrong; the values themselves are never shown, since they may be secret. */
export type Complain = (path: readonly string[], what: string, how: string) => Error

type Fields = Readonly<Record<string, unknown>>

interface Place {
  readonly path: readonly string[]
  readonly fields: Fields
  readonly complain: Complain
}

const httpKinds = ['webhook', 'slack', 'discord', 'teams', 'ntfy', 'ping'] as const
export const channelKinds = [...httpKinds, 'email', 'command'] as const
export const noticeKinds = ['failed', 'recovered', 'stale', 'succeeded'] as const
export const noticeJobs = ['backup', 'verify', 'prune', 'copy'] as const
export const securities = ['starttls', 'tls', 'none'] as const

/** Who can be given a token. */
const tokenKinds: readonly Channel['kind'][] = ['webhook', 'ntfy']

const everywhere = ['kind', 'on', 'jobs', 'projects']

/** The keys of a channel by its kind; of each secret any one of three. */
export function channelKeys(kind: Channel['kind']): readonly string[] {
  switch (kind) {
    case 'email':
      return [...everywhere, 'host', 'port', 'security', 'user', ...secretKeys('password'), 'from', 'to']
    case 'command':
      return [...everywhere, 'command']
    default:
      return [...everywhere, ...secretKeys('url'), ...(tokenKinds.includes(kind) ? secretKeys('token') : [])]
  }
}

function secretKeys(name: string): readonly string[] {
  return [name, `${name}File`, `${name}Variable`]
}

/** Reads `notify.channels`. Throws what `complain` makes. */
export function readChannels(
  path: readonly string[],
  value: unknown,
  complain: Complain,
): readonly Channel[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw complain(path, 'it is not a list', `write entries: ${example}`)
  return value.map((entry: unknown, index) => readChannel([...path, String(index)], entry, complain))
}

const example = '- { kind: slack, urlFile: ~/.config/safe-compose/slack-url }'

function readChannel(path: readonly string[], value: unknown, complain: Complain): Channel {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw complain(path, 'it is not a mapping', `such as ${example}`)
  const place: Place = { path, fields: value as Fields, complain }
  const kind = oneOf(place, 'kind', channelKinds, null)
  const known = channelKeys(kind)
  const unknown = Object.keys(place.fields).find(key => !known.includes(key))
  if (unknown !== undefined) {
    const meant = nearest(unknown, known)
    const how = meant === null ? `${kind} has: ${known.join(', ')}` : `did you mean ${meant}?`
    throw complain([...path, unknown], 'there is no such key', how)
  }
  const audible = {
    on: someOf(place, 'on', noticeKinds) ?? defaultKinds(kind),
    jobs: someOf(place, 'jobs', noticeJobs) ?? (kind === 'ping' ? ['backup' as const] : []),
    projects: texts(place, 'projects') ?? [],
  }
  switch (kind) {
    case 'email':
      return { ...audible, kind, ...readEmail(place) }
    case 'command':
      return { ...audible, kind, command: readCommand(place) }
    default: {
      const url = secret(place, 'url')
      if (url === null) throw complain(path, 'it has no address', 'write url, urlFile or urlVariable')
      if (url.from === 'value' && !isAddress(url.value))
        throw complain(
          [...path, 'url'],
          'it is not a web address',
          'write all of it, such as https://example.org/hook',
        )
      return { ...audible, kind, url, token: tokenKinds.includes(kind) ? secret(place, 'token') : null }
    }
  }
}

/** A ping that is not heard after a success is an alarm, so it needs the successes. */
function defaultKinds(kind: Channel['kind']): Channel['on'] {
  return kind === 'ping' ? noticeKinds : ['failed', 'recovered', 'stale']
}

/** Whether something can be the address of a channel. */
export function isAddress(url: string): boolean {
  return /^https?:\/\/[^\s/?#]/i.test(url) && URL.canParse(url) && hostOf(url) !== ''
}

function readEmail(
  place: Place,
): Omit<Extract<Channel, { kind: 'email' }>, 'kind' | 'on' | 'jobs' | 'projects'> {
  const { path, complain } = place
  const host = neededText(place, 'host', 'smtp.example.org')
  const port = portAt(place)
  const security = oneOf(place, 'security', securities, port === 465 ? 'tls' : 'starttls')
  const user = text(place, 'user', 'backup@example.org')
  const password = secret(place, 'password')
  if ((user === null) !== (password === null))
    throw complain(
      path,
      user === null ? 'it has a password but no user' : 'it has a user but no password',
      'write both: user, and password, passwordFile or passwordVariable',
    )
  if (security === 'none' && password !== null && !isThisMachine(host))
    throw complain(
      [...path, 'security'],
      'a password would travel unprotected',
      'use starttls or tls, or a server that needs no password',
    )
  return {
    host,
    port: port ?? defaultPorts[security],
    security,
    login: user === null || password === null ? null : { user, password },
    from: mailAddress(place, 'from', neededText(place, 'from', 'backup@example.org')),
    to: recipients(place),
  }
}

const defaultPorts = { starttls: 587, tls: 465, none: 25 } as const

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host)
}

function portAt({ path, fields, complain }: Place): number | null {
  const port = fields['port'] ?? null
  if (port === null) return null
  if (typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65_536) return port
  throw complain([...path, 'port'], 'it is not a port', 'write a number, such as 587')
}

function recipients(place: Place): readonly string[] {
  const { fields, path, complain } = place
  const to = typeof fields['to'] === 'string' ? [fields['to']] : texts(place, 'to')
  if (to === null || to.length === 0)
    throw complain(path, 'it has no recipient', 'write to, such as ops@example.org')
  return to.map(each => mailAddress(place, 'to', each))
}

/** A bare address: what else might stand around it is for people, and for those who smuggle in headers. */
function mailAddress({ path, complain }: Place, key: string, address: string): string {
  if (/^[^\s@<>",;:]+@[^\s@<>",;]+$/.test(address)) return address
  throw complain([...path, key], 'it is not a mail address', 'write a bare one, such as ops@example.org')
}

function readCommand(place: Place): readonly [string, ...string[]] {
  const { path, fields, complain } = place
  const words = typeof fields['command'] === 'string' ? [fields['command']] : texts(place, 'command')
  const [program, ...args] = words ?? []
  if (program === undefined)
    throw complain(path, 'it has no command', 'write command: [/path/to/program, argument]')
  if (program.startsWith('/')) return [program, ...args]
  throw complain(
    [...path, 'command'],
    'the program is not an absolute path',
    'write command: [/path/to/program, argument]; for a line of a shell, [/bin/sh, -c, …]',
  )
}

function secret({ path, fields, complain }: Place, key: string): Secret | null {
  const given = secretKeys(key).filter(each => (fields[each] ?? null) !== null)
  const [name, second] = given
  if (name === undefined) return null
  if (second !== undefined) throw complain([...path, second], `${name} is there already`, `write one of them`)
  const value = fields[name]
  if (typeof value !== 'string' || value.trim() === '')
    throw complain([...path, name], 'it is not a text', 'write one, in quotes')
  if (name === key) return { from: 'value', value: value.trim() }
  if (name.endsWith('File')) {
    if (/^(\/|~\/)/.test(value)) return { from: 'file', path: value }
    throw complain(
      [...path, name],
      'it is not an absolute path',
      'write one, such as ~/.config/safe-compose/secret',
    )
  }
  if (/^[A-Za-z_]\w*$/.test(value)) return { from: 'variable', name: value }
  throw complain([...path, name], 'it is not the name of a variable', 'write one, such as SLACK_URL')
}

function neededText(place: Place, key: string, such: string): string {
  const value = text(place, key, such)
  if (value !== null) return value
  throw place.complain(place.path, `it has no ${key}`, `write ${key}, such as ${such}`)
}

function text({ path, fields, complain }: Place, key: string, such: string): string | null {
  const value = fields[key] ?? null
  if (value === null || (typeof value === 'string' && value.trim() !== '')) return value
  throw complain([...path, key], 'it is not a text', `write one, such as ${such}`)
}

function texts({ path, fields, complain }: Place, key: string): readonly string[] | null {
  const value = fields[key] ?? null
  if (value === null) return null
  if (Array.isArray(value)) {
    const list: readonly unknown[] = value
    if (list.every(each => typeof each === 'string' && each !== '')) return list as readonly string[]
  }
  throw complain([...path, key], 'it is not a list of texts', `write ${key}: [one, another]`)
}

function oneOf<T extends string>(
  { path, fields, complain }: Place,
  key: string,
  choices: readonly T[],
  otherwise: T | null,
): T {
  const value = fields[key] ?? otherwise
  const found = choices.find(each => each === value)
  if (found !== undefined) return found
  const how = `use one of: ${choices.join(', ')}`
  if (value === null) throw complain(path, `it has no ${key}`, how)
  const meant = typeof value === 'string' ? nearest(value, choices) : null
  throw complain([...path, key], `there is no such ${key}`, meant === null ? how : `did you mean ${meant}?`)
}

function someOf<T extends string>(place: Place, key: string, choices: readonly T[]): readonly T[] | null {
  const { path, fields, complain } = place
  const value = typeof fields[key] === 'string' ? [fields[key]] : texts(place, key)
  if (value === null) return null
  return value.map(word => {
    const found = choices.find(each => each === word)
    if (found !== undefined) return found
    throw complain([...path, key], 'it names what there is not', `use any of: ${choices.join(', ')}`)
  })
}
