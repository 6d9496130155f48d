import { Stop } from '../model/failure.ts'
import type { Audience, Policy } from '../model/decision.ts'
import { badConfiguration, objectionsTo, readConfiguration } from './configuration.ts'
import type { Configuration, ConfigurationSource, KnownRule, Objection } from './configuration.ts'
import { nearest } from './did-you-mean.ts'
import { readSettingVariables } from './environment.ts'
import { audienceKinds, levelFor, onTop } from './levels.ts'
import type { ReadOptions } from './options.ts'
import { localRepository, resticRepository } from './store-location.ts'
import type { TrustState } from './trust.ts'

const day = 24 * 3_600_000

/** What holds where nobody says anything else. */
export const defaultPolicy: Policy = {
  rules: {},
  yes: false,
  noBackup: false,
  allow: [],
  dryRun: false,
  json: false,
  verbose: false,
  tag: null,
  store: null,
  maxAge: 6 * 3_600_000,
  patience: 60_000,
  maxStop: 10_000,
  dumpUpTo: 256_000_000,
  keep: {
    all: 7 * day,
    daily: 30 * day,
    weekly: 90 * day,
    monthly: 365 * day,
    last: 3,
    bytes: 20_000_000_000,
  },
  critical: [],
  logins: [],
  channels: [],
  staleAfter: 26 * 3_600_000,
  encrypt: { recipients: [], identityFile: null },
  copies: [],
  disposable: null,
}

/** Where a value comes from. What has none is built in. */
export type Origin =
  | {
      readonly kind: 'user' | 'project'
      readonly file: string
      readonly line: number | null
    }
  /** A variable or a flag, by its name. */
  | { readonly kind: 'given'; readonly name: string }

/** The settings in force, and where each comes from. */
export interface Settings {
  readonly policy: Policy
  /** By key: `store`, `preflight.maxAge`, `rules.down-volumes.person`, `critical.0`,
   * `notify.channels.0`, and options by theirs: `yes`. */
  readonly origins: ReadonlyMap<string, Origin>
  /** Variables that a coding agent's run leaves out of account, as set. */
  readonly ignored: readonly string[]
}

export interface SettingsWords {
  readonly sources: readonly ConfigurationSource[]
  readonly options: Pick<ReadOptions, 'options' | 'origins'>
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly audience: Audience['kind']
  /** Whether the user trusts a project's configuration as it is. */
  readonly trust: (source: ConfigurationSource) => TrustState
  /** What the user saw to be declared disposable when trusting the project; null where it is not trusted. */
  readonly disposable: readonly string[] | null
  /** For paths that begin with `~/`. */
  readonly home: string
  /** For a relative path that was typed. */
  readonly directory: string
  readonly knownRules: readonly KnownRule[]
}

/**
 * The settings in force: built in, then the user's configuration, then the project's, then environment and flags.
 * Throws `bad-configuration` where a file is wrong, or where a project's would weaken anything and is not trusted;
 * `bad-usage` for a variable that is wrong and a rule that does not exist.
 */
export function settingsFrom(words: SettingsWords): Settings {
  let settings: Settings = { policy: defaultPolicy, origins: new Map(), ignored: [] }
  for (const source of inOrder(words.sources)) {
    const configuration = readConfiguration(source, words.knownRules)
    const trust = source.owner === 'user' ? 'trusted' : words.trust(source)
    if (trust !== 'trusted') refuseWeakening(source, trust, configuration, settings.policy, words.knownRules)
    settings = withConfiguration(settings, configuration, path => ({
      kind: source.owner,
      file: source.file,
      line: source.lineOf(path),
    }))
  }
  for (const { text, name, configuration } of readSettingVariables(words.variables, words.knownRules)) {
    const objects =
      words.audience === 'agent' && objectionsTo(configuration, settings.policy, words.knownRules).length > 0
    settings = objects
      ? { ...settings, ignored: [...settings.ignored, text] }
      : withConfiguration(settings, configuration, () => ({ kind: 'given', name }))
  }
  return withOptions(settings, words)
}

/** The user's own first: what a project may say depends on it. */
function inOrder(sources: readonly ConfigurationSource[]): readonly ConfigurationSource[] {
  return (['user', 'project'] as const).flatMap(owner => sources.filter(source => source.owner === owner))
}

/** Everything that a project's configuration would loosen, were it trusted. */
export function loosenedBy(
  words: Pick<SettingsWords, 'sources' | 'knownRules'>,
): readonly { readonly source: ConfigurationSource; readonly objection: Objection }[] {
  let settings: Settings = { policy: defaultPolicy, origins: new Map(), ignored: [] }
  return inOrder(words.sources).flatMap(source => {
    const configuration = readConfiguration(source, words.knownRules)
    const objections =
      source.owner === 'user' ? [] : objectionsTo(configuration, settings.policy, words.knownRules)
    settings = withConfiguration(settings, configuration, () => ({ kind: 'given', name: '' }))
    return objections.map(objection => ({ source, objection }))
  })
}

function refuseWeakening(
  source: ConfigurationSource,
  trust: TrustState,
  configuration: Configuration,
  inForce: Policy,
  knownRules: readonly KnownRule[],
): void {
  const [objection] = objectionsTo(configuration, inForce, knownRules)
  if (objection === undefined) return
  throw badConfiguration(source, objection.path, objection.what, howToTrust[trust])
}

const howToTrust: Readonly<Record<TrustState, string>> = {
  trusted: '',
  untrusted:
    'it came with the project and is not trusted to weaken anything: take it out, or look at it and let it count: safe-compose trust',
  changed:
    'the project is trusted, but its configuration is another now: look at it and let it count again: safe-compose trust',
}

function withConfiguration(
  { policy, origins, ignored }: Settings,
  { store, rules, critical, logins, channels, encrypt, copies, numbers }: Configuration,
  originOf: (path: readonly string[]) => Origin,
): Settings {
  const found = new Map(origins)
  if (store !== null) found.set('store', originOf(['store']))
  for (const key of Object.keys(numbers)) found.set(key, originOf(key.split('.')))
  // Each says what it wants to have asked besides what the others want.
  for (const index of critical.keys())
    found.set(`critical.${policy.critical.length + index}`, originOf(['critical', String(index)]))
  for (const index of logins.keys()) found.set(`logins.${index}`, originOf(['logins', String(index)]))
  for (const index of channels.keys())
    found.set(
      `notify.channels.${policy.channels.length + index}`,
      originOf(['notify', 'channels', String(index)]),
    )
  if (encrypt.recipients.length > 0) found.set('encrypt.recipients', originOf(['encrypt', 'recipients']))
  if (encrypt.identityFile !== null) found.set('encrypt.identityFile', originOf(['encrypt', 'identityFile']))
  if (copies.length > 0) found.set('copies', originOf(['copies']))
  const levels = { ...policy.rules }
  for (const [id, setting] of Object.entries(rules)) {
    levels[id] = onTop(setting, levels[id])
    for (const kind of audienceKinds)
      if (levelFor(setting, kind) !== null) found.set(`rules.${id}.${kind}`, originOf(['rules', id, kind]))
  }
  return {
    ignored,
    origins: found,
    policy: {
      ...policy,
      store: store ?? policy.store,
      rules: levels,
      maxAge: numbers['preflight.maxAge'] ?? policy.maxAge,
      patience: numbers['preflight.patience'] ?? policy.patience,
      maxStop: numbers['preflight.maxStop'] ?? policy.maxStop,
      dumpUpTo: numbers['preflight.dumpUpTo'] ?? policy.dumpUpTo,
      keep: {
        all: numbers['keep.all'] ?? policy.keep.all,
        daily: numbers['keep.daily'] ?? policy.keep.daily,
        weekly: numbers['keep.weekly'] ?? policy.keep.weekly,
        monthly: numbers['keep.monthly'] ?? policy.keep.monthly,
        last: numbers['keep.last'] ?? policy.keep.last,
        bytes: numbers['keep.size'] ?? policy.keep.bytes,
      },
      critical: [...policy.critical, ...critical],
      // One who says so says it all.
      logins: logins.length > 0 ? logins : policy.logins,
      channels: [...policy.channels, ...channels],
      staleAfter: numbers['notify.staleAfter'] ?? policy.staleAfter,
      encrypt: {
        // Whoever could open the backups without this configuration can do so with it.
        recipients: [...new Set([...policy.encrypt.recipients, ...encrypt.recipients])],
        identityFile: encrypt.identityFile ?? policy.encrypt.identityFile,
      },
      copies: [...new Set([...policy.copies, ...copies])],
    },
  }
}

function withOptions({ policy, origins, ignored }: Settings, words: SettingsWords): Settings {
  const { options, origins: given } = words.options
  refuseUnknownRules(options.allow, words.knownRules)
  const store = options.store ?? policy.store
  const { recipients, identityFile } = policy.encrypt
  return {
    ignored,
    origins: new Map([
      ...origins,
      ...Object.entries(given).map(([key, name]) => [key, { kind: 'given', name }] as const),
    ]),
    policy: {
      ...policy,
      yes: options.yes ?? policy.yes,
      noBackup: options.noBackup ?? policy.noBackup,
      allow: options.allow,
      dryRun: options.dryRun ?? policy.dryRun,
      json: options.json ?? policy.json,
      verbose: options.verbose ?? policy.verbose,
      tag: options.tag ?? policy.tag,
      store: store === null ? null : absoluteStore(store, words),
      encrypt: { recipients, identityFile: identityFile === null ? null : absolutePath(identityFile, words) },
      copies: policy.copies.map(place => absoluteStore(place, words)),
      disposable: words.disposable,
      logins: policy.logins.map(login =>
        login.password?.from === 'file'
          ? { ...login, password: { ...login.password, path: absolutePath(login.password.path, words) } }
          : login,
      ),
    },
  }
}

function refuseUnknownRules(allow: readonly string[], knownRules: readonly KnownRule[]): void {
  const known = knownRules.map(rule => rule.id)
  const unknown = allow.find(rule => !known.includes(rule))
  if (unknown === undefined) return
  const meant = nearest(unknown, known)
  throw new Stop({
    reason: 'bad-usage',
    what: `--safe-allow names a rule that does not exist: ${unknown}`,
    how: meant === null ? `there are: ${known.join(', ')}` : `did you mean ${meant}?`,
  })
}

/** A repository is a folder too, unless it is named by the word for a kind of server. */
export function absoluteStore(store: string, words: Pick<SettingsWords, 'home' | 'directory'>): string {
  const repository = resticRepository(store)
  if (repository === null) return absolutePath(store, words)
  const path = repository === '' ? null : localRepository(repository)
  return path === null ? store : `restic:${absolutePath(path, words)}`
}

function absolutePath(path: string, from: { readonly home: string; readonly directory: string }): string {
  if (path === '~') return from.home
  if (path.startsWith('~/')) return `${from.home}${path.slice(1)}`
  if (path.startsWith('/') || /^[A-Za-z]:[\\/]/.test(path)) return path
  return `${from.directory}/${path}`
}
