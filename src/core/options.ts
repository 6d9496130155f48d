import { Stop } from '../model/failure.ts'
import type { Audience } from '../model/decision.ts'
import { nearest } from './did-you-mean.ts'
import { flagSet } from './grammar/flags.ts'
import { dockerFlags, globalFlags, globalFlagsV1 } from './grammar/root.ts'
import { checkedTag } from './tag.ts'

/** What was said on the command line or in the environment; null and empty where nothing was. */
export interface SafeOptions {
  readonly yes: boolean | null
  readonly noBackup: boolean | null
  readonly dryRun: boolean | null
  readonly json: boolean | null
  readonly verbose: boolean | null
  readonly allow: readonly string[]
  readonly tag: string | null
  readonly store: string | null
  readonly config: string | null
}

export interface SafeOptionInfo {
  readonly key: keyof SafeOptions
  readonly flag: string
  readonly variable: string
  /** What stands for the value in help; null for a switch. */
  readonly value: string | null
  readonly about: string
}

/** Every option of ours. They stand before the subcommand; help and errors are made from this table. */
export const safeOptions: readonly SafeOptionInfo[] = [
  {
    key: 'yes',
    flag: '--safe-yes',
    variable: 'SAFE_COMPOSE_YES',
    value: null,
    about: 'back up and go on, without asking',
  },
  {
    key: 'allow',
    flag: '--safe-allow',
    variable: 'SAFE_COMPOSE_ALLOW',
    value: 'RULE[,RULE]',
    about: 'let these rules through, after a backup',
  },
  {
    key: 'noBackup',
    flag: '--safe-no-backup',
    variable: 'SAFE_COMPOSE_NO_BACKUP',
    value: null,
    about: 'make no backup; a person is still asked',
  },
  {
    key: 'dryRun',
    flag: '--safe-dry-run',
    variable: 'SAFE_COMPOSE_DRY_RUN',
    value: null,
    about: 'show what would be done, and do nothing',
  },
  {
    key: 'json',
    flag: '--safe-json',
    variable: 'SAFE_COMPOSE_JSON',
    value: null,
    about: 'say everything as JSON, one object a line',
  },
  {
    key: 'verbose',
    flag: '--safe-verbose',
    variable: 'SAFE_COMPOSE_VERBOSE',
    value: null,
    about: 'say what is looked at, and how long it took',
  },
  {
    key: 'tag',
    flag: '--safe-tag',
    variable: 'SAFE_COMPOSE_TAG',
    value: 'TAG',
    about: 'mark the backups of this command so; they are kept',
  },
  {
    key: 'store',
    flag: '--safe-store',
    variable: 'SAFE_COMPOSE_STORE',
    value: 'DIR',
    about: 'keep restore points here, or in restic:REPOSITORY',
  },
  {
    key: 'config',
    flag: '--safe-config',
    variable: 'SAFE_COMPOSE_CONFIG',
    value: 'FILE',
    about: 'read this instead of the configuration file of yours',
  },
]

export interface ReadOptions {
  readonly options: SafeOptions
  /** The words for Compose: as typed, less ours. */
  readonly rest: readonly string[]
  /** Ours, as typed: `--safe-yes`, `SAFE_COMPOSE_ALLOW=down-volumes`. */
  readonly typed: readonly string[]
  /** Where each option that was given comes from: its flag or its variable. */
  readonly origins: Readonly<Partial<Record<keyof SafeOptions, string>>>
}

/**
 * Takes our own options out of a command line, and those of the environment with them; what is typed counts more.
 * They are ours only before the subcommand. Throws `bad-usage` for an unknown one, for a wrong value, and for one that
 * stands after the subcommand, where Compose would get it.
 */
export function readSafeOptions(
  argv: readonly string[],
  variables: Readonly<Record<string, string | undefined>>,
): ReadOptions {
  const { before, after } = splitAtCommand(argv)
  refuseLateOptions(after)
  const given = fromVariables(variables)
  const typed = given.map(({ info, text }) => `${info.variable}=${text}`)
  const rest: string[] = []
  for (let index = 0; index < before.length; index++) {
    const { word, isValue } = before[index] as RootWord
    if (isValue || !isOurs(word)) {
      rest.push(word)
      continue
    }
    const read = readFlag(word, before[index + 1]?.word)
    if (read.tookNext) index++
    typed.push(read.tookNext ? `${word} ${read.text}` : word)
    given.push(read)
  }
  const origins = Object.fromEntries(
    given.map(({ info, from }) => [info.key, from === 'flag' ? info.flag : info.variable]),
  )
  return { options: combine(given), rest: [...rest, ...after], typed, origins }
}

/** `SAFE_COMPOSE=off`: everything goes through untouched. Throws `bad-usage` for a word that is neither on nor off. */
export function isSwitchedOff(variables: Readonly<Record<string, string | undefined>>): boolean {
  const word = variables['SAFE_COMPOSE'] ?? ''
  if (word === '') return false
  const on = readSwitch(word)
  if (on === null) throw badSwitch('the variable SAFE_COMPOSE', word, 'SAFE_COMPOSE=off')
  return !on
}

/**
 * What may count for this audience: a coding agent cannot choose the configuration. What was left out is named as
 * typed. (What loosens single decisions is held back where they are made.)
 */
export function holdBack(
  read: ReadOptions,
  audience: Audience,
): { readonly options: SafeOptions; readonly ignored: readonly string[] } {
  if (audience.kind !== 'agent' || read.options.config === null) return { options: read.options, ignored: [] }
  const ignored = read.typed.filter(word => /^(--safe-config|SAFE_COMPOSE_CONFIG=)/.test(word))
  return { options: { ...read.options, config: null }, ignored }
}

/** The words before Compose's subcommand, and the subcommand with all that follows; our own options may stand in both. */
export function aroundCommand(argv: readonly string[]): {
  readonly before: readonly string[]
  readonly after: readonly string[]
} {
  const { before, after } = splitAtCommand(argv)
  return { before: before.map(({ word }) => word), after }
}

/** A line up to where it is being typed, for completion. */
export function rootLine(argv: readonly string[]): {
  /** What stands before the command, without our own options. */
  readonly passed: readonly string[]
  /** The option at the end whose value is still to come. */
  readonly awaiting: string | null
  /** Whether `compose` stands before the command, which is then Compose's whatever the word. */
  readonly isComposes: boolean
  /** The command, and what follows it. */
  readonly after: readonly string[]
} {
  const { before, after } = splitAtCommand(argv)
  const last = before.at(-1)
  const isOpen = (word: string): boolean => (isOurs(word) ? oursTakesNext(word) : takesNext(word))
  const isAwaiting =
    after.length === 0 && last?.isValue === false && last.word.startsWith('-') && isOpen(last.word)
  const passed = before.filter(({ word, isValue }, index) => {
    const flag = isValue ? (before[index - 1]?.word ?? '') : word
    return !isOurs(flag) && !(word === 'compose' && !isValue)
  })
  const isComposes = before.some(({ word, isValue }) => word === 'compose' && !isValue)
  return {
    passed: passed.map(({ word }) => word),
    awaiting: isAwaiting ? last.word : null,
    isComposes,
    after,
  }
}

interface RootWord {
  readonly word: string
  /** The value of the flag before it. */
  readonly isValue: boolean
}

/**
 * Walks the root level as Compose does: the first word that is neither a flag nor the value of one is the subcommand.
 * The word `compose` itself, in front in plugin form, belongs to what stands before.
 */
function splitAtCommand(argv: readonly string[]): {
  readonly before: readonly RootWord[]
  readonly after: readonly string[]
} {
  const before: RootWord[] = []
  let isValue = false
  let composeSeen = false
  for (const [index, word] of argv.entries()) {
    const isFlag = word.startsWith('-') && word.length > 1
    if (isValue || isFlag) {
      before.push({ word, isValue })
      isValue = !isValue && (isOurs(word) ? oursTakesNext(word) : takesNext(word))
      continue
    }
    if (word === 'compose' && !composeSeen) {
      composeSeen = true
      before.push({ word, isValue: false })
      continue
    }
    return { before, after: argv.slice(index) }
  }
  return { before, after: [] }
}

/** Unknown long flags and a bare `--` swallow the next word, as they do in Compose's own search for the subcommand. */
function takesNext(word: string): boolean {
  if (word.startsWith('--')) {
    if (word.includes('=')) return false
    const kind = rootFlags().long.get(word.slice(2))
    return kind === undefined || kind !== 'switch'
  }
  const kind = word.length === 2 ? rootFlags().short.get(word.slice(1)) : undefined
  return kind !== undefined && kind !== 'switch'
}

interface RootFlags {
  readonly long: ReadonlyMap<string, string>
  readonly short: ReadonlyMap<string, string>
}

let rootFlagsRead: RootFlags | null = null

/** Flags of docker and of every Compose. Where versions differ a name counts as the one that takes a value. */
function rootFlags(): RootFlags {
  if (rootFlagsRead !== null) return rootFlagsRead
  const long = new Map<string, string>()
  const short = new Map<string, string>()
  for (const lines of [dockerFlags, globalFlags, globalFlagsV1]) {
    for (const { name, short: letter, kind, shortOnly } of flagSet(lines, null, false).flags) {
      if (!shortOnly && (long.get(name) ?? 'switch') === 'switch') long.set(name, kind)
      if (letter !== null && (short.get(letter) ?? 'switch') === 'switch') short.set(letter, kind)
    }
  }
  rootFlagsRead = { long, short }
  return rootFlagsRead
}

function isOurs(word: string): boolean {
  return word.startsWith('--safe-')
}

function oursTakesNext(word: string): boolean {
  return !word.includes('=') && safeOptions.some(each => each.flag === word && each.value !== null)
}

interface Given {
  readonly info: SafeOptionInfo
  readonly text: string
  readonly from: 'flag' | 'variable'
}

function readFlag(word: string, next: string | undefined): Given & { readonly tookNext: boolean } {
  const equals = word.indexOf('=')
  const flag = equals < 0 ? word : word.slice(0, equals)
  const info = safeOptions.find(each => each.flag === flag)
  if (info === undefined) throw unknownOption(flag)
  if (equals >= 0 || info.value === null) {
    const text = equals < 0 ? 'true' : word.slice(equals + 1)
    return { info, text: checked(info, text, `the option ${flag}`), from: 'flag', tookNext: false }
  }
  if (next === undefined)
    throw badUsage(`the option ${flag} needs a value`, `write it as ${flag} ${info.value}`)
  return { info, text: checked(info, next, `the option ${flag}`), from: 'flag', tookNext: true }
}

function fromVariables(variables: Readonly<Record<string, string | undefined>>): Given[] {
  return safeOptions.flatMap(info => {
    const text = variables[info.variable] ?? ''
    if (text === '') return []
    return [{ info, text: checked(info, text, `the variable ${info.variable}`), from: 'variable' as const }]
  })
}

/** A switch takes a word for yes or no and nothing else, so that a slip of the pen never loosens anything. */
function checked(info: SafeOptionInfo, text: string, where: string): string {
  if (info.key === 'tag' && text !== '') return checkedTag(text, `${where}:`)
  if (info.value === null) {
    if (readSwitch(text) !== null) return text
    throw badSwitch(where, text, where.startsWith('the option') ? info.flag : `${info.variable}=1`)
  }
  if (text !== '') return text
  throw badUsage(`${where} is empty`, `write it as ${info.flag} ${info.value}`)
}

function readSwitch(text: string): boolean | null {
  const word = text.toLowerCase()
  if (['1', 'true', 'yes', 'on'].includes(word)) return true
  return ['0', 'false', 'no', 'off'].includes(word) ? false : null
}

function combine(given: readonly Given[]): SafeOptions {
  const last = (key: keyof SafeOptions): string | null =>
    given.findLast(each => each.info.key === key)?.text ?? null
  const isOn = (key: keyof SafeOptions): boolean | null => {
    const text = last(key)
    return text === null ? null : readSwitch(text)
  }
  const allow = given
    .filter(each => each.info.key === 'allow')
    .flatMap(each => each.text.split(','))
    .map(rule => rule.trim())
    .filter(rule => rule !== '')
  return {
    yes: isOn('yes'),
    noBackup: isOn('noBackup'),
    dryRun: isOn('dryRun'),
    json: isOn('json'),
    verbose: isOn('verbose'),
    allow: [...new Set(allow)],
    tag: last('tag'),
    store: last('store'),
    config: last('config'),
  }
}

/**
 * After the subcommand they would be Compose's. Words for a program in a container (`exec SERVICE PROGRAM …`) and those
 * behind `--` are nobody's business.
 */
function refuseLateOptions([command, ...words]: readonly string[]): void {
  for (const word of words) {
    if (word === '--') return
    if (isOurs(word)) {
      const flag = word.split('=', 1)[0] ?? word
      if (!safeOptions.some(each => each.flag === flag)) throw unknownOption(flag)
      throw badUsage(
        `the option ${flag} stands after ${command}`,
        `our own options stand before the command: ${flag} … ${command}`,
      )
    }
    if ((command === 'run' || command === 'exec') && !word.startsWith('-')) return
  }
}

function unknownOption(flag: string): Stop {
  const known = safeOptions.map(each => each.flag)
  const meant = nearest(flag, known)
  return badUsage(
    `there is no option ${flag}`,
    meant === null ? `there are: ${known.join(', ')}` : `did you mean ${meant}?`,
  )
}

function badSwitch(where: string, word: string, example: string): Stop {
  return badUsage(
    `${where} is neither on nor off: ${word}`,
    `use 1, true, yes, on or 0, false, no, off: ${example}`,
  )
}

function badUsage(what: string, how: string): Stop {
  return new Stop({ reason: 'bad-usage', what, how })
}
