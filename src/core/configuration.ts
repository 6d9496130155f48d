import { Stop } from '../model/failure.ts'
import type { Policy, RuleLevel } from '../model/decision.ts'
import { nearest } from './did-you-mean.ts'
import { formatBytes, formatDuration, parseDuration, parseSize } from './format.ts'

/** One configuration as it was found: the user's own, or a project's, which came with a checkout and is not trusted. */
export interface ConfigurationSource {
  readonly owner: 'user' | 'project'
  /** Absolute. */
  readonly file: string
  /** The YAML's value, untrusted. */
  readonly value: unknown
  /** The line of a key in the file, counted from 1; null where it cannot be told. */
  readonly lineOf: (path: readonly string[]) => number | null
}

/** What one configuration says; null where it says nothing. Times in milliseconds. */
export interface Configuration {
  readonly store: string | null
  readonly rules: Readonly<Record<string, RuleLevel>>
  readonly preflight: {
    readonly maxAge: number | null
    readonly patience: number | null
    readonly maxStop: number | null
  }
  readonly keep: { readonly days: number | null; readonly last: number | null; readonly bytes: number | null }
}

/** From the least to the most that is done about a finding. */
const ruleLevels: readonly RuleLevel[] = ['off', 'warn', 'back-up', 'ask', 'refuse']

/** Reads and checks one configuration. Throws `bad-configuration`, naming file, line and key. */
export function readConfiguration(source: ConfigurationSource, knownRules: readonly string[]): Configuration {
  const root = mappingAt(source, [], source.value, ['store', 'rules', 'preflight', 'keep'])
  const preflight = mappingAt(source, ['preflight'], root['preflight'], ['maxAge', 'patience', 'maxStop'])
  const keep = mappingAt(source, ['keep'], root['keep'], ['days', 'last', 'size'])
  const duration = (key: string): number | null => durationAt(source, ['preflight', key], preflight[key])
  return {
    store: storeAt(source, root['store']),
    rules: rulesAt(source, root['rules'], knownRules),
    preflight: {
      maxAge: duration('maxAge'),
      patience: duration('patience'),
      maxStop: duration('maxStop'),
    },
    keep: {
      days: countAt(source, ['keep', 'days'], keep['days'], 0),
      last: countAt(source, ['keep', 'last'], keep['last'], 1),
      bytes: sizeAt(source, ['keep', 'size'], keep['size']),
    },
  }
}

/** Why a project's configuration may not be followed: it would weaken what is in force. */
export interface Objection {
  readonly path: readonly string[]
  readonly what: string
}

/**
 * A project file may add protection and nothing else: what it may not say is returned, and must stop everything.
 * `inForce` is the policy without it. A rule's default depends on who asks, so only the levels that are at least as
 * strict as every default are open to it, and none below what the user has chosen.
 */
export function mayProjectFile(
  { store, rules, preflight, keep }: Configuration,
  inForce: Pick<Policy, 'rules' | 'maxAge' | 'patience' | 'keep'>,
): Objection | null {
  if (store !== null) return { path: ['store'], what: 'a project may not say where backups are kept' }
  for (const [rule, level] of Object.entries(rules)) {
    const least = strictest('ask', inForce.rules[rule])
    if (strictness(level) < strictness(least))
      return { path: ['rules', rule], what: `a project may only set it to ${atLeast(least)}` }
  }
  if (preflight.maxAge !== null && preflight.maxAge > inForce.maxAge)
    return {
      path: ['preflight', 'maxAge'],
      what: `a project may not set more than ${formatDuration(inForce.maxAge)}`,
    }
  if (preflight.patience !== null && preflight.patience < inForce.patience)
    return {
      path: ['preflight', 'patience'],
      what: `a project may not set less than ${formatDuration(inForce.patience)}`,
    }
  for (const [key, name, words] of keepKeys) {
    const wanted = keep[key]
    const least = inForce.keep[key]
    if (wanted !== null && wanted < least)
      return { path: ['keep', name], what: `a project may not set less than ${words(least)}` }
  }
  return null
}

const keepKeys = [
  ['days', 'days', String],
  ['last', 'last', String],
  ['bytes', 'size', formatBytes],
] as const

function strictness(level: RuleLevel): number {
  return ruleLevels.indexOf(level)
}

function strictest(level: RuleLevel, other: RuleLevel | undefined): RuleLevel {
  return other !== undefined && strictness(other) > strictness(level) ? other : level
}

function atLeast(level: RuleLevel): string {
  return ruleLevels.slice(strictness(level)).join(' or ')
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
  known: readonly string[] | null,
): Readonly<Record<string, unknown>> {
  if (value === undefined || value === null) return {}
  if (typeof value !== 'object' || Array.isArray(value)) {
    const keys = known === null ? 'names and values' : `keys: ${known.join(', ')}`
    throw badConfiguration(source, path, `${shown(value)} is not a mapping`, `write ${keys}`)
  }
  const mapping = value as Readonly<Record<string, unknown>>
  const unknown = known === null ? undefined : Object.keys(mapping).find(key => !known.includes(key))
  if (known !== null && unknown !== undefined) {
    const meant = nearest(unknown, known)
    const how = meant === null ? `there are: ${known.join(', ')}` : `did you mean ${meant}?`
    throw badConfiguration(source, [...path, unknown], 'there is no such key', how)
  }
  return mapping
}

function storeAt(source: ConfigurationSource, value: unknown): string | null {
  if (value === undefined || value === null) return null
  if (typeof value === 'string' && /^(\/|~\/|[A-Za-z]:[\\/])/.test(value)) return value
  throw badConfiguration(
    source,
    ['store'],
    `${shown(value)} is not an absolute path`,
    'write one, such as /mnt/backups or ~/backups',
  )
}

function rulesAt(
  source: ConfigurationSource,
  value: unknown,
  knownRules: readonly string[],
): Readonly<Record<string, RuleLevel>> {
  const levels: Record<string, RuleLevel> = {}
  for (const [rule, wanted] of Object.entries(mappingAt(source, ['rules'], value, knownRules))) {
    // An unquoted `off` is false for readers of YAML 1.1.
    const level = ruleLevels.find(each => each === (wanted === false ? 'off' : wanted))
    if (level === undefined)
      throw badConfiguration(
        source,
        ['rules', rule],
        `${shown(wanted)} is not a level`,
        `use one of: ${ruleLevels.join(', ')}`,
      )
    levels[rule] = level
  }
  return levels
}

function durationAt(source: ConfigurationSource, path: readonly string[], value: unknown): number | null {
  if (value === undefined || value === null) return null
  const milliseconds = value === 0 ? 0 : typeof value === 'string' ? parseDuration(value) : null
  if (milliseconds !== null) return milliseconds
  throw badConfiguration(
    source,
    path,
    `${shown(value)} is not a time`,
    'write one, such as 10s, 90m, 6h or 7d',
  )
}

function countAt(
  source: ConfigurationSource,
  path: readonly string[],
  value: unknown,
  least: number,
): number | null {
  if (value === undefined || value === null) return null
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value
  throw badConfiguration(
    source,
    path,
    `${shown(value)} is not a whole number`,
    `write a number, ${least} or more`,
  )
}

function sizeAt(source: ConfigurationSource, path: readonly string[], value: unknown): number | null {
  if (value === undefined || value === null) return null
  const bytes = typeof value === 'string' ? parseSize(value) : null
  if (bytes !== null) return bytes
  throw badConfiguration(source, path, `${shown(value)} is not a size`, 'write one, such as 500MB or 20GB')
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
