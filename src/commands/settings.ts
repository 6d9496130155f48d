import { numberOf } from '../core/configuration.ts'
import { loginInWords } from '../core/logins.ts'
import { channelInWords } from '../core/channels.ts'
import { criticalInWords } from '../core/critical.ts'
import { reactionsOf } from '../core/effects.ts'
import { audienceKinds } from '../core/levels.ts'
import type { Origin } from '../core/policy.ts'
import { rules } from '../core/rules/index.ts'
import { settingKeys } from '../core/setting-keys.ts'
import type { SettingKey } from '../core/setting-keys.ts'
import type { TrustState } from '../core/trust.ts'
import type { Audience, RuleLevel } from '../model/decision.ts'
import type { Context } from './context.ts'

/** What is known of the configuration at hand, besides the policy that it led to. */
export interface ConfigurationAtHand {
  readonly origins: ReadonlyMap<string, Origin>
  /** The project's directory, as far as it can be told without an engine. */
  readonly directory: string
  /** The files of the project that say something, with whether the user trusts them. */
  readonly projectFiles: readonly { readonly file: string; readonly trust: TrustState }[]
  /** The schema that the package brings for editors; null where there is no file of it. */
  readonly schema: string | null
}

export interface SettingRow {
  readonly key: string
  /** Milliseconds and bytes for times and sizes. */
  readonly value: string | number | boolean | readonly string[]
  readonly kind: SettingKey['kind'] | 'other'
  /** Null for what is built in. */
  readonly from: Origin | null
}

export interface RuleRow {
  readonly rule: string
  /** Each level that may come of it, the first for the gravest. */
  readonly levels: Readonly<Record<Audience['kind'], readonly RuleLevel[]>>
  /** Only for whom something is said about. */
  readonly from: Readonly<Partial<Record<Audience['kind'], Origin>>>
}

export interface SettingsShown {
  readonly settings: readonly SettingRow[]
  readonly rules: readonly RuleRow[]
  readonly project: Pick<ConfigurationAtHand, 'directory' | 'projectFiles'>
  readonly schema: string | null
}

/** `settings`: what is in force, and where each value came from. */
export async function showSettings(
  context: Context,
  options: { readonly json: boolean },
  configuration: ConfigurationAtHand,
  page: (shown: SettingsShown) => string,
): Promise<number> {
  const { policy } = context
  const { origins, directory, projectFiles, schema } = configuration
  const row = (key: string, value: SettingRow['value'], kind: SettingRow['kind'] = 'other'): SettingRow => ({
    key,
    value,
    kind,
    from: origins.get(key) ?? null,
  })
  const [store, always] = await Promise.all([context.openStore(), context.projects.alwaysBacksUp(directory)])
  const shown: SettingsShown = {
    settings: [
      row('store', store.name),
      ...settingKeys.map(({ key, kind }) => row(key, numberOf(policy, key), kind)),
      ...policy.logins.map((login, index) => row(`logins.${index}`, loginInWords(login))),
      ...policy.critical.map((count, index) => row(`critical.${index}`, criticalInWords(count))),
      ...policy.channels.map((channel, index) => row(`notify.channels.${index}`, channelInWords(channel))),
      row('encrypt.recipients', policy.encrypt.recipients),
      row('encrypt.identityFile', policy.encrypt.identityFile ?? 'none'),
      row('copies', policy.copies),
      row('yes', policy.yes),
      row('noBackup', policy.noBackup),
      row('allow', policy.allow),
      row('dryRun', policy.dryRun),
      row('json', policy.json),
      row('verbose', policy.verbose),
      row('tag', policy.tag ?? 'none'),
      // What a person once answered at a question here.
      {
        key: 'always',
        value: always,
        kind: 'other',
        from: always ? { kind: 'given', name: 'answered' } : null,
      },
    ],
    rules: rules.map(rule => ({
      rule: rule.id,
      levels: byAudience(kind =>
        reactionsOf(rule, kind, policy.rules[rule.id]).map(reaction => reaction.level),
      ),
      from: Object.fromEntries(
        audienceKinds.flatMap(kind => {
          const origin = origins.get(`rules.${rule.id}.${kind}`)
          return origin === undefined ? [] : [[kind, origin]]
        }),
      ),
    })),
    project: { directory, projectFiles },
    schema,
  }
  context.print(options.json ? `${JSON.stringify(shown, null, 2)}\n` : page(shown))
  return 0
}

function byAudience<T>(of: (kind: Audience['kind']) => T): Readonly<Record<Audience['kind'], T>> {
  return { person: of('person'), script: of('script'), agent: of('agent') }
}
