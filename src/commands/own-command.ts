import { parseArgs } from 'node:util'
import type { ParseArgsConfig } from 'node:util'
import { formsOf } from '../core/own-usage.ts'
import type { OwnWord } from '../core/own-words.ts'
import { parseDuration } from '../core/format.ts'
import { checkedTag } from '../core/tag.ts'
import { Stop } from '../model/failure.ts'
import type { Invocation } from '../model/invocation.ts'
import { adopt } from './adopt.ts'
import { approve } from './approve.ts'
import { backup } from './backup.ts'
import type { Context } from './context.ts'
import { copy } from './copy.ts'
import { doctor } from './doctor.ts'
import type { DoctorTables } from './doctor.ts'
import { gate } from './gate.ts'
import type { GateOptions } from './gate.ts'
import { dump } from './dump.ts'
import { explain } from './explain.ts'
import type { ExplanationPages } from './explain.ts'
import { health } from './health.ts'
import type { HealthTables } from './health.ts'
import { listBackups, showBackup } from './list-backups.ts'
import type { Tables } from './list-backups.ts'
import { metrics } from './metrics.ts'
import { notify } from './notify.ts'
import type { NotifyTables } from './notify.ts'
import { generateKey, showKeys } from './keys.ts'
import type { KeyFiles, KeysTables } from './keys.ts'
import { pin } from './pin.ts'
import { recover } from './recover.ts'
import { prune } from './prune.ts'
import type { PruneTables, PruneTools } from './prune.ts'
import type { RecoverTables } from './recover.ts'
import { backupInWords, reportUnattended, verifyInWords } from './report-unattended.ts'
import { report } from './report.ts'
import type { ReportOptions, ReportPages } from './report.ts'
import { repair } from './repair.ts'
import { restore } from './restore.ts'
import type { OpenForeignArchive } from './restore.ts'
import { restoreDump } from './restore-dump.ts'
import { plan } from './plan.ts'
import { listUndo } from './list-undo.ts'
import { showSettings } from './settings.ts'
import type { ConfigurationAtHand, SettingsShown } from './settings.ts'
import { forgetTrusted, listTrusted, trustProject } from './trust.ts'
import type { TrustTools } from './trust.ts'
import { installSchedule, removeSchedule, scheduleStatus } from './schedule.ts'
import type { ScheduleWishes } from './schedule.ts'
import { runSchedule } from './schedule-run.ts'
import { serveSchedule } from './schedule-serve.ts'
import type { ScheduleTools } from './schedule-tools.ts'
import { verify } from './verify.ts'
import type { VerifyOptions, VerifyTables } from './verify.ts'
import { undo } from './undo.ts'
import { undoLine } from './undo-line.ts'

/** What own commands need besides the context. */
export interface OwnTools {
  readonly tables: Tables &
    DoctorTables &
    HealthTables &
    VerifyTables &
    RecoverTables &
    PruneTables &
    NotifyTables &
    KeysTables &
    ScheduleTools['tables']
  readonly openForeign: OpenForeignArchive
  readonly explanations: ExplanationPages
  readonly keys: KeyFiles
  readonly configuration: ConfigurationAtHand
  readonly settingsPage: (shown: SettingsShown) => string
  readonly keepPolicyOf: PruneTools['policyOf']
  readonly trust: TrustTools
  readonly reportPages: ReportPages
  readonly schedule: Omit<ScheduleTools, 'tables'>
  /** A Compose line of these words, with the globals as typed. */
  readonly lineOf: (words: readonly string[]) => Invocation
}

/**
 * Runs one of our own commands. `project` is a harmless Compose line with the globals as typed, which tells the
 * project; `words` are what follows the command. Resolves with the exit code; throws `Stop`.
 */
export async function runOwnCommand(
  context: Context,
  word: Exclude<
    OwnWord,
    'about' | 'completion' | 'compose' | 'help' | 'hook' | 'install' | 'lint' | 'uninstall'
  >,
  project: Invocation,
  words: readonly string[],
  tools: OwnTools,
): Promise<number> {
  switch (word) {
    case 'backup': {
      const { values, positionals } = read(
        word,
        words,
        { tag: text, stop: flag, pause: flag, 'no-dump': flag },
        'with words',
      )
      if (values.stop === true && values.pause === true)
        throw usage('--stop and --pause exclude each other', 'safe-compose backup [--stop | --pause]')
      const stillness = values.stop === true ? 'stop' : values.pause === true ? 'pause' : 'online'
      const limit = values.stop !== true && values.pause !== true
      const options = {
        tag: values.tag === undefined ? context.policy.tag : checkedTag(values.tag),
        names: positionals,
        stillness,
        limit,
        dumps: values['no-dump'] !== true,
      } as const
      return reportUnattended(
        context,
        project,
        'backup',
        within => backup(within, project, options),
        backupInWords,
      )
    }
    case 'backups': {
      const { values } = read(word, words, { json: flag, all: flag, gate: text, verified: text })
      if (values.gate !== undefined || values.verified !== undefined)
        return gate(context, project, gateOptions(values))
      return listBackups(
        context,
        project,
        { json: values.json === true, all: values.all === true },
        tools.tables,
      )
    }
    case 'show': {
      const { values, positionals } = read(word, words, { json: flag }, 'with words')
      return showBackup(context, one(word, positionals, 'ID'), { json: values.json === true }, tools.tables)
    }
    case 'restore': {
      const { values, positionals } = read(
        word,
        words,
        {
          tag: text,
          volume: text,
          to: text,
          from: text,
          dump: flag,
          database: text,
          into: text,
          'drop-old': flag,
        },
        'with words',
      )
      const asDump = 'safe-compose restore [ID] --dump [--database D] [--into NEWNAME] [--drop-old]'
      if (values.dump === true) {
        if (values.volume !== undefined || values.to !== undefined || values.from !== undefined)
          throw usage('a dump goes into a server, not into a volume', asDump)
        if (values.tag !== undefined) throw usage('--tag and --dump exclude each other', asDump)
        return restoreDump(context, project, {
          id: atMostOne(word, positionals),
          database: values.database ?? null,
          into: values.into ?? null,
          dropOld: values['drop-old'] === true,
        })
      }
      if (values.database !== undefined || values.into !== undefined || values['drop-old'] !== undefined)
        throw usage('--database, --into and --drop-old are words for --dump', asDump)
      const options = {
        id: atMostOne(word, positionals),
        tag: values.tag === undefined ? null : checkedTag(values.tag),
        volume: values.volume ?? null,
        to: values.to ?? null,
        from: values.from ?? null,
      }
      if (options.id !== null && options.from !== null)
        throw usage(
          'restore takes an ID or --from FILE, not both',
          'safe-compose restore --from FILE --volume VOLUME',
        )
      if (options.tag !== null && (options.id !== null || options.from !== null))
        throw usage(
          'restore takes an ID, --tag TAG or --from FILE, one of them',
          'safe-compose restore --tag TAG',
        )
      return restore(context, project, options, tools.openForeign)
    }
    case 'dump': {
      const { values, positionals } = read(word, words, { database: text, to: text }, 'with words')
      const { database = null, to = null } = values
      if (to === '') throw usage('--to needs a file', 'safe-compose dump [ID] [--database D] [--to FILE]')
      return dump(context, project, { id: atMostOne(word, positionals), database, to })
    }
    case 'verify': {
      const { values, positionals } = read(
        word,
        words,
        { latest: flag, all: flag, level: text, timeout: text, json: flag },
        'with words',
      )
      const options = verifyOptions(values, positionals)
      return reportUnattended(
        context,
        project,
        'verify',
        within => verify(within, project, options, tools.tables),
        verifyInWords,
      )
    }
    case 'prune': {
      const { values } = read(word, words, { 'dry-run': flag, now: flag, all: flag, json: flag })
      if (values.now === true && values['dry-run'] === true)
        throw usage('--now and --dry-run exclude each other', 'safe-compose prune [--dry-run | --now]')
      const options = {
        dryRun: values['dry-run'] === true,
        now: values.now === true,
        all: values.all === true,
        json: values.json === true,
      }
      return prune(context, project, options, { ...tools.tables, policyOf: tools.keepPolicyOf })
    }
    case 'undo': {
      const { values, positionals } = read(word, words, { list: flag, json: flag }, 'with words')
      if (values.list === true)
        return listUndo(context, project, { json: values.json === true }, tools.tables)
      const options = { id: atMostOne(word, positionals) }
      return project.form === 'docker'
        ? undoLine(context, project, options, tools.lineOf)
        : undo(context, project, options)
    }
    case 'recover': {
      const { values } = read(word, words, { json: flag, repair: text, apply: flag })
      const json = values.json === true
      if (values.repair === undefined && values.apply === true)
        throw usage('--apply is a word for --repair', 'safe-compose recover --repair SERVICE [--apply]')
      return values.repair === undefined
        ? recover(context, project, { json }, tools)
        : repair(
            context,
            project,
            { service: values.repair, apply: values.apply === true, json },
            tools.tables,
          )
    }
    case 'doctor': {
      const { values } = read(word, words, { json: flag, fix: flag, yes: { ...flag, short: 'y' } })
      if (values.yes === true && values.fix !== true)
        throw usage('--yes is a word for --fix', 'safe-compose doctor --fix --yes')
      const options = { json: values.json === true, fix: values.fix === true, yes: values.yes === true }
      return doctor(context, project, options, tools.tables)
    }
    case 'health': {
      const { values, positionals } = read(word, words, { json: flag }, 'with words')
      return health(context, project, { services: positionals, json: values.json === true }, tools.tables)
    }
    case 'report': {
      const { values } = read(word, words, { html: text, all: flag, json: flag })
      return report(context, project, reportOptions(values), tools.reportPages)
    }
    case 'pin': {
      const { values, positionals } = read(
        word,
        words,
        { external: flag, check: flag, yes: { ...flag, short: 'y' } },
        'with words',
      )
      return pin(context, project, {
        names: positionals,
        external: values.external === true,
        check: values.check === true,
        yes: values.yes === true,
      })
    }
    case 'adopt': {
      const { values, positionals } = read(
        word,
        words,
        { as: text, copy: flag, yes: { ...flag, short: 'y' } },
        'with words',
      )
      return adopt(context, project, {
        volume: one(word, positionals, 'VOLUME'),
        key: values.as ?? null,
        copy: values.copy === true,
        yes: values.yes === true,
      })
    }
    case 'plan': {
      const { own, rest } = ownOptionsFirst(words)
      const { values } = read(word, own, { json: flag, 'exit-code': flag })
      const line = tools.lineOf(rest.length === 0 ? ['up', '-d'] : rest)
      return plan(context, line, { json: values.json === true, exitCode: values['exit-code'] === true })
    }
    case 'metrics': {
      const { values } = read(word, words, { all: flag, textfile: text })
      return metrics(context, project, { all: values.all === true, textfile: values.textfile ?? null })
    }
    case 'notify': {
      const { values } = read(word, words, { test: flag, channel: text, json: flag })
      const options = {
        test: values.test === true,
        channel: channelNumber(values.channel),
        json: values.json === true,
      }
      return notify(context, options, tools.tables)
    }
    case 'schedule':
      return scheduleCommand(context, project, words, tools)
    case 'approve': {
      const { positionals } = read(word, words, {}, 'with words')
      return approve(context, one(word, positionals, 'CODE').toUpperCase())
    }
    case 'explain': {
      const { values, positionals } = read(word, words, { json: flag }, 'with words')
      const what = atMostOne(word, positionals, 'RULE')
      const { directory } = tools.configuration
      return explain(context, project, { what, json: values.json === true, directory }, tools.explanations)
    }
    case 'settings': {
      const { values } = read(word, words, { json: flag })
      return showSettings(context, { json: values.json === true }, tools.configuration, tools.settingsPage)
    }
    case 'copy': {
      const { values, positionals } = read(word, words, { to: text, all: flag }, 'with words')
      const how = 'safe-compose copy ID… --to PLACE, or safe-compose copy --all --to PLACE'
      if (values.to === undefined || values.to === '') throw usage('copy needs to know where to', how)
      if ((values.all === true) === positionals.length > 0)
        throw usage('copy takes IDs or --all, and not both', how)
      return copy(context, project, { ids: positionals, all: values.all === true, to: values.to })
    }
    case 'keys': {
      const { values, positionals } = read(word, words, { json: flag }, 'with words')
      const [what, file] = positionals
      if (what === 'generate' && positionals.length <= 2 && values.json !== true)
        return generateKey(context, file ?? null, tools.keys, tools.tables)
      if (what === 'show' && file === undefined)
        return showKeys(context, project, { json: values.json === true }, tools.keys, tools.tables)
      throw usage(
        what === undefined ? 'keys needs a word' : `keys does not know ${words.join(' ')}`,
        'safe-compose keys generate [FILE], or safe-compose keys show [--json]',
      )
    }
    case 'trust': {
      const { values, positionals } = read(word, words, { list: flag, remove: flag }, 'with words')
      if (values.list === true && values.remove === true)
        throw usage('--list and --remove exclude each other', 'safe-compose trust [DIR] [--list | --remove]')
      atMostOne(word, positionals, 'DIR')
      if (values.list === true) return listTrusted(context, tools.trust)
      return values.remove === true
        ? forgetTrusted(context, tools.trust)
        : trustProject(context, project, tools.trust)
    }
  }
}

/** The first word says what about the schedule; without one it is shown. */
function scheduleCommand(
  context: Context,
  project: Invocation,
  words: readonly string[],
  tools: OwnTools,
): Promise<number> {
  const isNamed = words[0] !== undefined && !words[0].startsWith('-')
  const [action, rest] = isNamed ? [words[0], words.slice(1)] : ['status', words]
  const word = `schedule ${action}`
  const schedule = { ...tools.schedule, tables: tools.tables }
  switch (action) {
    case 'install': {
      const options = { ...wished, user: flag, system: flag, print: flag }
      const { values } = read(word, rest, options)
      if (values.user === true && values.system === true)
        throw usage(
          '--user and --system exclude each other',
          'safe-compose schedule install [--user | --system]',
        )
      const scope = values.user === true ? 'user' : values.system === true ? 'system' : null
      const install = { ...wishesOf(word, values), scope, print: values.print === true } as const
      return installSchedule(context, project, install, schedule)
    }
    case 'status': {
      const { values } = read(word, rest, { json: flag })
      return scheduleStatus(context, project, { json: values.json === true }, schedule)
    }
    case 'run': {
      const { values } = read(word, rest, { job: text, 'if-due': flag })
      const job = oneOf('--job', values.job, ['backup', 'verify', 'full'], 'safe-compose schedule run')
      return runSchedule(context, project, { job, ifDue: values['if-due'] === true }, schedule)
    }
    case 'serve':
      return serveSchedule(context, project, wishesOf(word, read(word, rest, wished).values), schedule)
    case 'remove':
      read(word, rest, {})
      return removeSchedule(context, project, schedule)
    default:
      throw usage(
        `schedule has no word ${JSON.stringify(action)}`,
        'safe-compose schedule install | status | run | serve | remove',
      )
  }
}

function wishesOf(
  word: string,
  values: {
    readonly every?: string
    readonly cron?: string
    readonly verify?: string
    readonly full?: string
  },
): ScheduleWishes {
  const how = `safe-compose ${word}`
  const { every = null, cron = null } = values
  if (every !== null && cron !== null)
    throw usage('--every and --cron exclude each other', `${how} [--every 6h | --cron "30 4 * * *"]`)
  return {
    every,
    cron,
    verify: oneOf('--verify', values.verify, ['daily', 'weekly', 'monthly', 'off'], how) ?? 'monthly',
    full: oneOf('--full', values.full, ['weekly', 'off'], how) ?? 'off',
  }
}

/** Null where it was not given. */
function oneOf<Word extends string>(
  name: string,
  value: string | undefined,
  among: readonly Word[],
  how: string,
): Word | null {
  if (value === undefined) return null
  const found = among.find(each => each === value)
  if (found !== undefined) return found
  throw usage(
    `${name} is one of ${among.join(', ')}, not ${JSON.stringify(value)}`,
    `${how} [${name} ${among.join('|')}]`,
  )
}

/** `plan`'s own options stand before the words of Compose, of which the first has no dash. */
function ownOptionsFirst(words: readonly string[]): {
  readonly own: readonly string[]
  readonly rest: readonly string[]
} {
  const first = words.findIndex(word => !word.startsWith('-'))
  return first < 0 ? { own: words, rest: [] } : { own: words.slice(0, first), rest: words.slice(first) }
}

const flag = { type: 'boolean' } as const
const text = { type: 'string' } as const
/** When a schedule does what. */
const wished = { every: text, cron: text, verify: text, full: text } as const

function read<Options extends NonNullable<ParseArgsConfig['options']>>(
  word: string,
  words: readonly string[],
  options: Options,
  /** Words that are no options may follow. */
  more: 'with words' | null = null,
) {
  try {
    return parseArgs({ args: [...words], options, allowPositionals: more !== null, strict: true })
  } catch (error) {
    const forms = formsOf(word).map(form => `safe-compose ${form}`)
    throw usage(
      error instanceof Error ? (error.message.split('. ')[0] ?? error.message) : String(error),
      forms.join(', or '),
    )
  }
}

function one(word: string, positionals: readonly string[], name: string): string {
  const [first, second] = positionals
  if (first === undefined || second !== undefined)
    throw usage(`${word} takes exactly one ${name}`, `safe-compose ${word} ${name}`)
  return first
}

function atMostOne(word: string, positionals: readonly string[], name = 'ID'): string | null {
  if (positionals.length > 1) throw usage(`${word} takes one ${name}`, `safe-compose ${word} [${name}]`)
  return positionals[0] ?? null
}

function verifyOptions(
  values: {
    readonly latest?: boolean
    readonly all?: boolean
    readonly level?: string
    readonly timeout?: string
    readonly json?: boolean
  },
  ids: readonly string[],
): VerifyOptions {
  const how = 'safe-compose verify [ID… | --latest | --all] [--level read|boot] [--timeout 5m]'
  const chosen = [ids.length > 0, values.latest === true, values.all === true].filter(Boolean).length
  if (chosen > 1) throw usage('an ID, --latest and --all exclude each other', how)
  const { level = 'boot', timeout = '5m' } = values
  if (level !== 'read' && level !== 'boot') throw usage(`--level is read or boot, not ${level}`, how)
  const patience = parseDuration(timeout)
  if (patience === null || patience <= 0) throw usage(`--timeout ${timeout} is no time`, how)
  return { ids, all: values.all === true, level, patience, json: values.json === true }
}

function gateOptions(values: {
  readonly gate?: string
  readonly verified?: string
  readonly all?: boolean
  readonly json?: boolean
}): GateOptions {
  const how = 'safe-compose backups --gate 24h [--verified 30d] [--json]'
  if (values.gate === undefined) throw usage('--verified is a word for --gate', how)
  if (values.all === true) throw usage('--gate asks about one project, not about --all', how)
  const limitOf = (name: 'gate' | 'verified'): number | null => {
    const value = values[name]
    if (value === undefined) return null
    const limit = parseDuration(value)
    if (limit === null || limit <= 0) throw usage(`--${name} ${value} is no time`, how)
    return limit
  }
  return { gate: limitOf('gate') ?? 0, verified: limitOf('verified'), json: values.json === true }
}

function channelNumber(value: string | undefined): number | null {
  if (value === undefined) return null
  if (/^[1-9]\d{0,3}$/.test(value)) return Number(value)
  throw usage(`--channel ${value} is no number of a channel`, 'they are listed by: safe-compose notify')
}

function reportOptions(values: {
  readonly html?: string
  readonly all?: boolean
  readonly json?: boolean
}): ReportOptions {
  const { html = null, all = false, json = false } = values
  const how = 'safe-compose report [--all] [--html FILE | --json]'
  if (html !== null && json) throw usage('--html and --json exclude each other', how)
  if (html === '') throw usage('--html needs a file, or - for standard output', how)
  return { html, all, json }
}

function usage(what: string, how: string): Stop {
  return new Stop({ reason: 'bad-usage', what, how })
}
