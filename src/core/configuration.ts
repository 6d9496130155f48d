import type { Channel } from '../model/channel.ts'
import { Stop } from '../model/failure.ts'
import type { CriticalCount, Login } from '../model/database.ts'
import type { Audience, Policy, RuleLevel, RuleSetting } from '../model/decision.ts'
import type { Rule } from '../model/finding.ts'
import { readChannels } from './channel-configuration.ts'
import { nearest } from './did-you-mean.ts'
import { strictestOf } from './effects.ts'
import { formatBytes, formatDuration, parseDuration, parseSize } from './format.ts'
import { isRecipient, isSecretKey } from './recipients.ts'
import { audienceKinds, isLooser, levelFor, ruleLevels } from './levels.ts'
import { readLogins } from './logins.ts'
import { maskedStore, resticRepository } from './store-location.ts'
import { settingGroups, settingKeys } from './setting-keys.ts'
import type { SettingKey, SettingName } from './setting-keys.ts'

/** One configuration as it was found: the user's own, or a project's, which came with a checkout. */
export interface ConfigurationSource {
  readonly owner: 'user' | 'project'
  /** Absolute. */
  readonly file: string
  /** The YAML's value, untrusted. */
  readonly value: unknown
  /** The line of a key in the file, counted from 1; null where it cannot be told. */
  readonly lineOf: (path: readonly string[]) => number | null
}

/** What one configuration says; what it does not say is left out. Times in milliseconds, sizes in bytes. */
export interface Configuration {
  readonly store: string | null
  readonly rules: Readonly<Record<string, RuleSetting>>
  readonly critical: readonly CriticalCount[]
  readonly logins: readonly Login[]
  readonly channels: readonly Channel[]
  readonly encrypt: EncryptWords
  /** Absolute, or beginning with `~/`. */
  readonly copies: readonly string[]
  readonly numbers: Readonly<Partial<Record<SettingName, number>>>
}

/** To whom backups are encrypted, and what opens them. */
export interface EncryptWords {
  /** `age1…`. */
  readonly recipients: readonly string[]
  /** Absolute, or beginning with `~/`. */
  readonly identityFile: string | null
}

/** What a configuration needs to know of a rule. */
export type KnownRule = Pick<Rule, 'id' | 'leadsTo'>

/** Reads and checks one configuration. Throws `bad-configuration`, naming file, line and key. */
export function readConfiguration(
  source: ConfigurationSource,
  knownRules: readonly KnownRule[],
): Configuration {
  const groups = settingGroups()
  const root = mappingAt(source, [], source.value, [...ownKeys, ...groups.keys()])
  const numbers: Partial<Record<SettingName, number>> = {}
  const notify = notifyAt(source, root['notify'])
  for (const [group, names] of groups) {
    const values = group === 'notify' ? notify : mappingAt(source, [group], root[group], names)
    for (const setting of settingKeys) {
      const [own, name = ''] = setting.key.split('.')
      const value = own === group ? values[name] : undefined
      if (value === undefined || value === null) continue
      const read = readSetting(setting, value)
      if (typeof read === 'string') throw wrongValue(source, setting, value, read)
      numbers[setting.key] = read
    }
  }
  return {
    store: storeAt(source, root['store']),
    rules: rulesAt(source, root['rules'], knownRules),
    critical: criticalAt(source, root['critical']),
    logins: readLogins(root['logins'], (path, what, how) => badConfiguration(source, path, what, how)),
    channels: readChannels(['notify', 'channels'], notify['channels'], (path, what, how) =>
      badConfiguration(source, path, what, how),
    ),
    encrypt: encryptAt(source, root['encrypt']),
    copies: copiesAt(source, root['copies']),
    numbers,
  }
}

/** Keys that are no numbers. */
const ownKeys = ['store', 'rules', 'critical', 'logins', 'encrypt', 'copies'] as const

/** Why a project's configuration may not be followed: it would weaken what is in force. */
export interface Objection {
  readonly path: readonly string[]
  readonly what: string
}

/** What is in force without the configuration that is judged. */
export type InForce = Pick<
  Policy,
  'rules' | 'maxAge' | 'patience' | 'maxStop' | 'dumpUpTo' | 'keep' | 'staleAfter'
>

/**
 * A project that is not trusted may add protection and nothing else: everything that it may not say. A level may not
 * be below the strictest that its rule leads to now, for the same audience; for an agent nothing is ever loosened.
 */
export function objectionsTo(
  { store, rules, critical, logins, channels, encrypt, copies, numbers }: Configuration,
  inForce: InForce,
  knownRules: readonly KnownRule[],
): readonly Objection[] {
  return [
    ...(store === null ? [] : [{ path: ['store'], what: 'a project may not say where backups are kept' }]),
    ...Object.entries(rules).flatMap(([id, setting]) => {
      const rule = knownRules.find(each => each.id === id)
      return rule === undefined ? [] : looserLevels(rule, setting, inForce.rules[id])
    }),
    ...critical.map((_, index) => ({
      path: ['critical', String(index)],
      what: 'a project may not say what its databases are asked',
    })),
    ...logins.map((_, index) => ({
      path: ['logins', String(index)],
      what: 'a project may not say which of your files and variables hold a password',
    })),
    ...channels.map((channel, index) => ({
      path: ['notify', 'channels', String(index)],
      what:
        channel.kind === 'command'
          ? 'a project may not name a command to run'
          : 'a project may not send anything anywhere',
    })),
    ...(encrypt.recipients.length === 0
      ? []
      : [{ path: ['encrypt', 'recipients'], what: 'a project may not say who can open the backups' }]),
    ...(encrypt.identityFile === null
      ? []
      : [{ path: ['encrypt', 'identityFile'], what: 'a project may not say what opens the backups' }]),
    ...(copies.length === 0
      ? []
      : [{ path: ['copies'], what: 'a project may not say where backups are copied to' }]),
    ...settingKeys.flatMap(setting => {
      const wanted = numbers[setting.key]
      return wanted === undefined ? [] : (looserNumber(setting, wanted, inForce) ?? [])
    }),
  ]
}

function looserLevels(
  rule: KnownRule,
  setting: RuleSetting,
  inForce: RuleSetting | undefined,
): readonly Objection[] {
  const isForAll = typeof setting === 'string'
  for (const kind of audienceKinds) {
    const level = levelFor(setting, kind)
    if (level === null) continue
    // A level for everybody is never meant to loosen an agent's default, and does not.
    const forAgentToo = kind === 'agent' && isForAll
    const least = forAgentToo ? levelFor(inForce, kind) : strictestOf(rule, kind, inForce)
    if (least === null || !isLooser(level, least)) continue
    const path = ['rules', rule.id, ...(isForAll ? [] : [kind])]
    const whom = isForAll && kind !== 'person' ? ` for ${kind}s` : ''
    return [{ path, what: `a project may only set it to ${atLeast(least)}${whom}` }]
  }
  return []
}

function looserNumber(
  { key, kind, project }: (typeof settingKeys)[number],
  wanted: number,
  inForce: InForce,
): Objection | null {
  const limit = numberOf(inForce, key)
  const isLooser = project === 'down' ? wanted > limit : wanted < limit
  if (!isLooser) return null
  const words = `${project === 'down' ? 'more' : 'less'} than ${numberInWords(kind, limit)}`
  return { path: key.split('.'), what: `a project may not set ${words}` }
}

/** A setting's value in a policy. */
export function numberOf(policy: InForce, key: SettingName): number {
  switch (key) {
    case 'preflight.maxAge':
      return policy.maxAge
    case 'preflight.patience':
      return policy.patience
    case 'preflight.maxStop':
      return policy.maxStop
    case 'preflight.dumpUpTo':
      return policy.dumpUpTo
    case 'keep.all':
      return policy.keep.all
    case 'keep.daily':
      return policy.keep.daily
    case 'keep.weekly':
      return policy.keep.weekly
    case 'keep.monthly':
      return policy.keep.monthly
    case 'keep.last':
      return policy.keep.last
    case 'keep.size':
      return policy.keep.bytes
    case 'notify.staleAfter':
      return policy.staleAfter
  }
}

export function numberInWords(kind: SettingKey['kind'], value: number): string {
  switch (kind) {
    case 'duration':
      return formatDuration(value)
    case 'size':
      return formatBytes(value)
    case 'count':
      return String(value)
  }
}

function atLeast(level: RuleLevel): string {
  return ruleLevels.slice(ruleLevels.indexOf(level)).join(' or ')
}

/** The failure that names a place in a configuration. */
export function badConfiguration(
  { file, lineOf }: Pick<ConfigurationSource, 'file' | 'lineOf'>,
  path: readonly string[],
  what: string,
  how: string,
): Stop {
  const key = path.length === 0 ? null : path.join('.')
  return new Stop({ reason: 'bad-configuration', file, line: lineOf(path), key, what, how })
}

function mappingAt(
  source: ConfigurationSource,
  path: readonly string[],
  value: unknown,
  known: readonly string[],
): Readonly<Record<string, unknown>> {
  if (value === undefined || value === null) return {}
  if (typeof value !== 'object' || Array.isArray(value))
    throw badConfiguration(
      source,
      path,
      `${shown(value)} is not a mapping`,
      `write keys: ${known.join(', ')}`,
    )
  const mapping = value as Readonly<Record<string, unknown>>
  const unknown = Object.keys(mapping).find(key => !known.includes(key))
  if (unknown !== undefined) {
    const meant = nearest(unknown, known)
    const how = meant === null ? `there are: ${known.join(', ')}` : `did you mean ${meant}?`
    throw badConfiguration(source, [...path, unknown], 'there is no such key', how)
  }
  return mapping
}

function storeAt(source: ConfigurationSource, value: unknown): string | null {
  return value === undefined || value === null
    ? null
    : placeAt(source, ['store'], value, '/mnt/backups or ~/backups')
}

/** A folder or a repository. */
function placeAt(
  source: ConfigurationSource,
  path: readonly string[],
  value: unknown,
  example: string,
): string {
  if (typeof value !== 'string' || resticRepository(value) === null)
    return pathAt(source, path, value, example)
  if (storePattern.test(value)) return value
  throw badConfiguration(
    source,
    path,
    `${shown(maskedStore(value))} names no repository that is the same one from everywhere`,
    'write an absolute path or an address, such as restic:/srv/repo or restic:sftp:user@host:/srv/repo',
  )
}

function pathAt(
  source: ConfigurationSource,
  path: readonly string[],
  value: unknown,
  example: string,
): string {
  if (typeof value === 'string' && pathPattern.test(value)) return value
  throw badConfiguration(
    source,
    path,
    `${shown(value)} is not an absolute path`,
    `write one, such as ${example}`,
  )
}

function encryptAt(source: ConfigurationSource, value: unknown): EncryptWords {
  const { recipients = null, identityFile = null } = mappingAt(source, ['encrypt'], value, [
    'recipients',
    'identityFile',
  ])
  return {
    recipients: recipients === null ? [] : recipientsAt(source, recipients),
    identityFile:
      identityFile === null
        ? null
        : pathAt(source, ['encrypt', 'identityFile'], identityFile, '~/.config/safe-compose/identity.txt'),
  }
}

function recipientsAt(source: ConfigurationSource, value: unknown): readonly string[] {
  const path = ['encrypt', 'recipients']
  // An empty list would look like encryption and be none.
  if (!Array.isArray(value) || value.length === 0)
    throw badConfiguration(source, path, 'it is not a list of recipients', recipientExample)
  return value.map((entry: unknown, index) => {
    const fault = recipientFault(entry)
    if (fault === null) return String(entry)
    throw badConfiguration(source, [...path, String(index)], fault, recipientExample)
  })
}

const recipientExample = 'write the public key of a pair that safe-compose keys generate made: age1…'

/** Why a value is no recipient, in words that never show a secret; null when it is one. */
export function recipientFault(value: unknown): string | null {
  if (typeof value === 'string' && isRecipient(value)) return null
  if (typeof value === 'string' && isSecretKey(value))
    return 'that is the secret half of a key, which belongs into no configuration'
  if (typeof value === 'string' && value.startsWith('age1'))
    return `${shown(value)} is no recipient, or has a slip of the pen in it`
  return `${shown(value)} is not a recipient of age`
}

function copiesAt(source: ConfigurationSource, value: unknown): readonly string[] {
  if (value === undefined || value === null) return []
  const example = '/mnt/second-disk or restic:sftp:user@host:/srv/repo'
  if (!Array.isArray(value))
    throw badConfiguration(
      source,
      ['copies'],
      `${shown(value)} is not a list`,
      `write paths or repositories, such as ${example}`,
    )
  return value.map((entry: unknown, index) => placeAt(source, ['copies', String(index)], entry, example))
}

export const pathPattern = /^(\/|~\/|[A-Za-z]:[\\/])/

export const storePattern = /^(\/|~\/|[A-Za-z]:[\\/]|restic:($|\/|~\/|[a-z][a-z0-9]+:))/

function rulesAt(
  source: ConfigurationSource,
  value: unknown,
  knownRules: readonly KnownRule[],
): Readonly<Record<string, RuleSetting>> {
  const ids = knownRules.map(rule => rule.id)
  const settings: Record<string, RuleSetting> = {}
  for (const [id, wanted] of Object.entries(mappingAt(source, ['rules'], value, ids))) {
    if (wanted === null || typeof wanted !== 'object' || Array.isArray(wanted))
      settings[id] = levelAt(source, ['rules', id], wanted)
    else {
      const levels: Partial<Record<Audience['kind'], RuleLevel>> = {}
      const byAudience = mappingAt(source, ['rules', id], wanted, audienceKinds)
      for (const kind of audienceKinds) {
        const level = byAudience[kind]
        if (level !== undefined) levels[kind] = levelAt(source, ['rules', id, kind], level)
      }
      settings[id] = levels
    }
  }
  return settings
}

/** Who is told, and when. What stands there is not shown, since it may be an address with a token. */
function notifyAt(source: ConfigurationSource, value: unknown): Readonly<Record<string, unknown>> {
  const known = [...(settingGroups().get('notify') ?? []), 'channels']
  if (Array.isArray(value) || typeof value === 'string')
    throw badConfiguration(
      source,
      ['notify'],
      'it is not a mapping',
      'write keys, and the list below channels: { kind: slack, urlFile: ~/.config/safe-compose/slack-url }',
    )
  return mappingAt(source, ['notify'], value, known)
}

const criticalKeys = ['service', 'database', 'query', 'min', 'max'] as const

function criticalAt(source: ConfigurationSource, value: unknown): readonly CriticalCount[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value))
    throw badConfiguration(
      source,
      ['critical'],
      `${shown(value)} is not a list`,
      `write entries: ${criticalExample}`,
    )
  return value.map((entry: unknown, index) => criticalCountAt(source, ['critical', String(index)], entry))
}

const criticalExample = '- { service: db, database: app, query: "select count(*) from orders", min: 1 }'

function criticalCountAt(
  source: ConfigurationSource,
  path: readonly string[],
  value: unknown,
): CriticalCount {
  const fields = mappingAt(source, path, value, criticalKeys)
  const textOf = (key: 'service' | 'database' | 'query'): string | null => {
    const text = fields[key] ?? null
    // The databases of Redis are called by numbers.
    const isNumber = typeof text === 'number' && Number.isSafeInteger(text)
    const read = key === 'database' && isNumber ? String(text) : text
    if (read === null || (typeof read === 'string' && read.trim() !== '')) return read
    throw badConfiguration(
      source,
      [...path, key],
      `${shown(text)} is not a text`,
      `such as ${criticalExample}`,
    )
  }
  const needed = (key: 'service' | 'query'): string => {
    const text = textOf(key)
    if (text !== null) return text
    throw badConfiguration(source, path, `it names no ${key}`, `such as ${criticalExample}`)
  }
  const limitOf = (key: 'min' | 'max'): number | null => {
    const number = fields[key] ?? null
    if (number === null || (typeof number === 'number' && Number.isFinite(number))) return number
    throw badConfiguration(source, [...path, key], `${shown(number)} is not a number`, 'write one, such as 1')
  }
  const [min, max] = [limitOf('min'), limitOf('max')]
  if (min !== null && max !== null && min > max)
    throw badConfiguration(source, [...path, 'max'], `${max} is less than min (${min})`, 'write min ≤ max')
  return {
    service: needed('service'),
    database: textOf('database'),
    query: needed('query'),
    min,
    max,
    owner: source.owner,
  }
}

function levelAt(source: ConfigurationSource, path: readonly string[], value: unknown): RuleLevel {
  const level = readLevel(value)
  if (level !== null) return level
  throw badConfiguration(
    source,
    path,
    `${shown(value)} is not a level`,
    `use one of: ${ruleLevels.join(', ')}`,
  )
}

/** An unquoted `off` is false for readers of YAML 1.1. */
export function readLevel(value: unknown): RuleLevel | null {
  return ruleLevels.find(each => each === (value === false ? 'off' : value)) ?? null
}

const wanted: Readonly<Record<SettingKey['kind'], { readonly noun: string; readonly example: string }>> = {
  duration: { noun: 'a time', example: 'write one, such as 10s, 90m, 6h or 7d' },
  size: { noun: 'a size', example: 'write one, such as 500MB or 20GB' },
  count: { noun: 'a whole number', example: 'write a number' },
}

/** A setting's value, or in words what it is not. */
export function readSetting({ kind, least }: SettingKey, value: unknown): number | string {
  const number = readNumber(kind, value)
  return number !== null && number >= least ? number : `is not ${wanted[kind].noun}`
}

/** How a value of a setting is written. */
export function settingExample({ kind, least }: SettingKey): string {
  const { example } = wanted[kind]
  return kind === 'count' ? `${example}, ${least} or more` : example
}

function readNumber(kind: SettingKey['kind'], value: unknown): number | null {
  switch (kind) {
    case 'duration':
      return value === 0 ? 0 : typeof value === 'string' ? parseDuration(value) : null
    case 'size':
      return typeof value === 'string' ? parseSize(value) : null
    case 'count':
      return typeof value === 'number' && Number.isSafeInteger(value) ? value : null
  }
}

function wrongValue(source: ConfigurationSource, setting: SettingKey, value: unknown, what: string): Stop {
  return badConfiguration(source, setting.key.split('.'), `${shown(value)} ${what}`, settingExample(setting))
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
