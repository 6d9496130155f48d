import { numberInWords } from '../core/configuration.ts'
import { escapeName } from '../core/escape.ts'
import { formatAgeOf } from '../core/format.ts'
import { audienceKinds } from '../core/levels.ts'
import { safeOptions } from '../core/options.ts'
import type { Origin } from '../core/policy.ts'
import type { SettingKey } from '../core/setting-keys.ts'
import type { TrustedProject, TrustState } from '../core/trust.ts'
import type { Audience, RuleLevel } from '../model/decision.ts'
import { columns } from './columns.ts'

interface Row {
  readonly key: string
  readonly value: string | number | boolean | readonly string[]
  readonly kind: SettingKey['kind'] | 'other'
  readonly from: Origin | null
}

interface RuleRow {
  readonly rule: string
  readonly levels: Readonly<Record<Audience['kind'], readonly RuleLevel[]>>
  readonly from: Readonly<Partial<Record<Audience['kind'], Origin>>>
}

interface Shown {
  readonly settings: readonly Row[]
  readonly rules: readonly RuleRow[]
  readonly project: {
    readonly directory: string
    readonly projectFiles: readonly { readonly file: string; readonly trust: TrustState }[]
  }
  readonly schema: string | null
}

/** What is in force as two tables: the settings, and the rules by who asks. */
export function openSettingsPage(home: string): (shown: Shown) => string {
  const pathOf = (path: string): string =>
    escapeName(home !== '/' && path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path)
  const originOf = (origin: Origin | null | undefined): string => {
    if (origin === null || origin === undefined) return 'built in'
    if (origin.kind === 'given') return origin.name
    return `${pathOf(origin.file)}${origin.line === null ? '' : `:${origin.line}`}`
  }
  return ({ settings, rules, project, schema }) =>
    text([
      ...columns(
        [
          ['SETTING', 'VALUE', 'FROM'],
          ...settings.map(row => [nameOf(row.key), valueOf(row, pathOf), originOf(row.from)]),
        ],
        '   ',
      ),
      '',
      ...columns(
        [
          ['RULE', 'PERSON', 'SCRIPT', 'AGENT', 'FROM'],
          ...rules.map(({ rule, levels, from }) => [
            rule,
            ...audienceKinds.map(kind => levels[kind].join(' or ')),
            originsOf(from, originOf),
          ]),
        ],
        '   ',
      ),
      '',
      ...project.projectFiles.map(({ file, trust }) => `${pathOf(file)}: ${trustWords[trust]}`),
      ...(schema === null ? [] : [`schema for editors: ${pathOf(schema)}`]),
    ])
}

/** Options are called as they are typed. */
function nameOf(key: string): string {
  if (key === 'always') return 'always back up and go on here'
  const option = key === 'store' ? undefined : safeOptions.find(each => each.key === key)
  return option === undefined ? key : option.flag
}

function valueOf({ key, value, kind }: Row, pathOf: (path: string) => string): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'number') return kind === 'other' ? String(value) : numberInWords(kind, value)
  if (typeof value !== 'string') return value.length === 0 ? 'none' : value.map(escapeName).join(', ')
  return key === 'store' ? pathOf(value) : escapeName(value)
}

/** One word where all of it comes from the same place. */
function originsOf(from: RuleRow['from'], originOf: (origin: Origin | undefined) => string): string {
  const origins = audienceKinds.map(kind => [kind, originOf(from[kind])] as const)
  const [[, first] = ['', 'built in']] = origins
  if (origins.every(([, origin]) => origin === first)) return first
  return origins
    .filter(([kind]) => from[kind] !== undefined)
    .map(([kind, origin]) => `${kind}: ${origin}`)
    .join(', ')
}

const trustWords: Readonly<Record<TrustState, string>> = {
  trusted: 'trusted: it counts like your own',
  changed: 'it changed since you trusted the project: it may only add protection',
  untrusted: 'not trusted: it may only add protection',
}

/** `trust --list`. */
export function trustedPage(projects: readonly TrustedProject[], now: Date): string {
  if (projects.length === 0) return text(['no project is trusted'])
  return text(
    columns(
      [
        ['DIRECTORY', 'SINCE', 'CONFIGURATION', 'DISPOSABLE'],
        ...projects.map(({ directory, trustedAt, configurations, disposable }) => [
          escapeName(directory),
          formatAgeOf(trustedAt, now),
          configurations.map(({ file }) => escapeName(file)).join(', ') || 'none',
          disposable.map(escapeName).join(', ') || 'nothing',
        ]),
      ],
      '   ',
    ),
  )
}

function text(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`
}
