import type { CommandEffect, ComposeForm, FlagValue, Invocation } from '../model/invocation.ts'
import { commands, restraints, type ProjectLookup } from './grammar/commands.ts'
import { chooseReading, worse, type Chooser } from './grammar/choose.ts'
import { readCobra } from './grammar/read-cobra.ts'
import { readDocopt } from './grammar/read-docopt.ts'
import { readEveryWay, readStrictly, type Reading } from './grammar/reading.ts'
import { destructionRank, effectWith } from './grammar/root.ts'
import { versionNumber } from './grammar/version.ts'

/** A Compose command line as it was typed. */
export interface TypedLine {
  /**
   * The words as handed to the program: `['--context', 'x', 'compose', 'up']` in plugin form, `['up']` in the other
   * two.
   */
  readonly argv: readonly string[]
  readonly form: ComposeForm
  /** Compose's version, as it says it; null if it is not known. */
  readonly version: string | null
}

/**
 * Parses a line as the Compose of this form and version does. Never throws: a line that Compose rejects has the
 * outcome `error`.
 *
 * Where the version is not known or newer than the grammar, a flag that the grammar does not know rejects nothing:
 * it is tried as a switch and as a flag with a value, and the reading that can destroy most counts. Its switches are
 * those of all such readings, less the ones that make the command do less and are not in every reading; its
 * positional words are none if a reading has none (which means all services), else those of the first.
 */
export function readInvocation({ argv, form, version }: TypedLine): Invocation {
  const reading = form === 'v1' ? readV1(argv, version) : readV2(argv, form, version)
  const commandAt = reading.commandAt < 0 ? argv.length : reading.commandAt
  const globalsAt = form === 'plugin' ? reading.composeAt + 1 : 0
  const hasCompose = form !== 'plugin' || reading.composeAt >= 0
  return {
    argv,
    form,
    globalWords: hasCompose ? argv.slice(globalsAt, commandAt) : [],
    dockerWords: form === 'plugin' ? argv.slice(0, Math.max(reading.composeAt, 0)) : [],
    version,
    outcome: reading.outcome,
    error: reading.error,
    command: reading.command,
    flags: reading.flags,
    globals: reading.globals,
    docker: reading.docker,
    args: reading.args,
    unknownFlags: reading.unknownFlags,
  }
}

/** The first and the last version that the grammar describes. */
const oldestKnown = 2_000_000
const newestKnown = 5_005_000
/** Versions before which the words that stand for the command differ, see `varyingSwitches` in grammar/root.ts. */
const formerRoots: readonly number[] = [2_015_000, 2_026_001]

function readV2(argv: readonly string[], form: 'plugin' | 'standalone', version: string | null): Reading {
  const number = version === null ? null : versionNumber(version)
  if (number !== null && number >= oldestKnown && number <= newestKnown) {
    return readStrictly(unknown => readCobra(argv, form, number, unknown))
  }
  if (number !== null && number > newestKnown) {
    return chooseReading(
      readEveryWay(unknown => readCobra(argv, form, newestKnown, unknown)),
      chooser,
    )
  }
  const former = formerRoots.map(root => readStrictly(unknown => readCobra(argv, form, root, unknown)))
  const united = chooseReading(
    readEveryWay(unknown => readCobra(argv, form, null, unknown)),
    chooser,
  )
  return [united, ...former].reduce((one, other) => worse(one, other, chooser))
}

function readV1(argv: readonly string[], version: string | null): Reading {
  const isKnown = version !== null && Math.floor((versionNumber(version) ?? 0) / 1_000) === 1_029
  if (isKnown) return readStrictly(unknown => readDocopt(argv, unknown))
  return chooseReading(
    readEveryWay(unknown => readDocopt(argv, unknown)),
    chooser,
  )
}

const chooser: Chooser = {
  isGuarded: reading => effectOf(reading) === 'guarded',
  rank: reading => destructionRank(reading.command),
  restraints,
  // No service named means all of them.
  argsOf: ([worst = [], ...all]) => (all.some(args => args.length === 0) ? [] : worst),
}

/** What the command of a line can do to data. A line without a command does nothing. */
export function effectOf(line: Pick<Invocation, 'command' | 'flags'>): CommandEffect {
  return effectWith(line.command, flag => line.flags[flag] === 'true')
}

/** How the command of a line finds its project. */
export function projectLookupOf(line: Pick<Invocation, 'command' | 'form'>): ProjectLookup {
  const key = line.command.join(' ')
  if (!Object.hasOwn(commands, key)) return 'none'
  // 1.29 loads the Compose files for every command but this one and `help`.
  if (line.form === 'v1') return key === 'version' ? 'none' : 'model'
  return commands[key]?.project ?? 'none'
}

/** Whether the line only shows what it would do. Not believed for the programs of provider services, see the rules. */
export function isDryRun({ flags, globals }: Pick<Invocation, 'flags' | 'globals'>): boolean {
  return (globals['dry-run'] ?? flags['dry-run']) === 'true'
}

/** Whether the command's switch is set and true. */
export function isOn(invocation: Pick<Invocation, 'flags'>, flag: string): boolean {
  return invocation.flags[flag] === 'true'
}

/** The value of the command's flag, the last one of a list; null if it is not set. */
export function flagText(invocation: Pick<Invocation, 'flags'>, flag: string): string | null {
  return toText(invocation.flags[flag])
}

/** All values of the command's flag, in order; empty if it is not set. */
export function flagList(invocation: Pick<Invocation, 'flags'>, flag: string): readonly string[] {
  return toList(invocation.flags[flag])
}

/** The value of a global flag, the last one of a list; null if it is not set. */
export function globalText(invocation: Pick<Invocation, 'globals'>, flag: string): string | null {
  return toText(invocation.globals[flag])
}

/** All values of a global flag, in order; empty if it is not set. */
export function globalList(invocation: Pick<Invocation, 'globals'>, flag: string): readonly string[] {
  return toList(invocation.globals[flag])
}

/** The value of one of docker's flags (`context`, `host`, `config`, …); null if it is not set. */
export function dockerText(invocation: Pick<Invocation, 'docker'>, flag: string): string | null {
  return toText(invocation.docker[flag])
}

function toText(value: FlagValue | undefined): string | null {
  if (value === undefined) return null
  return typeof value === 'string' ? value : (value.at(-1) ?? null)
}

function toList(value: FlagValue | undefined): readonly string[] {
  if (value === undefined) return []
  return typeof value === 'string' ? [value] : value
}
