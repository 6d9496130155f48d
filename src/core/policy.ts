import { Stop } from '../model/failure.ts'
import type { Policy } from '../model/decision.ts'
import { badConfiguration, mayProjectFile, readConfiguration } from './configuration.ts'
import type { Configuration, ConfigurationSource } from './configuration.ts'
import { nearest } from './did-you-mean.ts'
import type { SafeOptions } from './options.ts'

/** What holds where nobody says anything else. */
export const defaultPolicy: Policy = {
  rules: {},
  yes: false,
  noBackup: false,
  allow: [],
  dryRun: false,
  json: false,
  verbose: false,
  store: null,
  maxAge: 6 * 3_600_000,
  patience: 60_000,
  maxStop: 10_000,
  keep: { days: 7, last: 3, bytes: 20_000_000_000 },
}

/**
 * The settings in force: built in, then the user's configuration, then the project's, then environment and flags.
 * Throws `bad-configuration` where a file is wrong or a project's would weaken anything, `bad-usage` for a rule that
 * does not exist.
 *
 * @param from.home for paths that begin with `~/`
 * @param from.directory for a relative path that was typed
 * @param from.knownRules the ids of all rules
 */
export function policyFrom(from: {
  readonly sources: readonly ConfigurationSource[]
  readonly options: SafeOptions
  readonly home: string
  readonly directory: string
  readonly knownRules: readonly string[]
}): Policy {
  let policy = defaultPolicy
  for (const owner of ['user', 'project'] as const) {
    for (const source of from.sources.filter(each => each.owner === owner)) {
      const configuration = readConfiguration(source, from.knownRules)
      if (owner === 'project') refuseWeakening(source, configuration, policy)
      policy = withConfiguration(policy, configuration)
    }
  }
  return withOptions(policy, from)
}

function refuseWeakening(source: ConfigurationSource, configuration: Configuration, inForce: Policy): void {
  const objection = mayProjectFile(configuration, inForce)
  if (objection === null) return
  throw badConfiguration(
    source,
    objection.path,
    objection.what,
    'it came with the project and is not trusted to weaken anything: take it out here, and put what you want into your own configuration',
  )
}

function withConfiguration(policy: Policy, { store, rules, preflight, keep }: Configuration): Policy {
  return {
    ...policy,
    store: store ?? policy.store,
    rules: { ...policy.rules, ...rules },
    maxAge: preflight.maxAge ?? policy.maxAge,
    patience: preflight.patience ?? policy.patience,
    maxStop: preflight.maxStop ?? policy.maxStop,
    keep: {
      days: keep.days ?? policy.keep.days,
      last: keep.last ?? policy.keep.last,
      bytes: keep.bytes ?? policy.keep.bytes,
    },
  }
}

function withOptions(policy: Policy, from: Parameters<typeof policyFrom>[0]): Policy {
  const { options } = from
  refuseUnknownRules(options.allow, from.knownRules)
  const store = options.store ?? policy.store
  return {
    ...policy,
    yes: options.yes ?? policy.yes,
    noBackup: options.noBackup ?? policy.noBackup,
    allow: options.allow,
    dryRun: options.dryRun ?? policy.dryRun,
    json: options.json ?? policy.json,
    verbose: options.verbose ?? policy.verbose,
    store: store === null ? null : absolutePath(store, from),
  }
}

function refuseUnknownRules(allow: readonly string[], known: readonly string[]): void {
  const unknown = allow.find(rule => !known.includes(rule))
  if (unknown === undefined) return
  const meant = nearest(unknown, known)
  throw new Stop({
    reason: 'bad-usage',
    what: `--safe-allow names a rule that does not exist: ${unknown}`,
    how: meant === null ? `there are: ${known.join(', ')}` : `did you mean ${meant}?`,
  })
}

function absolutePath(path: string, from: { readonly home: string; readonly directory: string }): string {
  if (path === '~') return from.home
  if (path.startsWith('~/')) return `${from.home}${path.slice(1)}`
  if (path.startsWith('/') || /^[A-Za-z]:[\\/]/.test(path)) return path
  return `${from.directory}/${path}`
}
