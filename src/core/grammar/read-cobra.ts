import type { ComposeForm } from '../../model/invocation.ts'
import { commands, type CommandGrammar } from './commands.ts'
import { convertStandalone } from './convert.ts'
import { flagSet, type Flag, type FlagSet } from './flags.ts'
import { walk, type CommandTree } from './levels.ts'
import { parseFlags } from './pflag.ts'
import type { Reading, UnknownFlags } from './reading.ts'
import { dockerFlags, findCommandName, globalFlags, internalWords, isGroup, persistentFlags } from './root.ts'
import { takesNextBy, traverse } from './traverse.ts'
import { isIn, versionNumber } from './version.ts'
import { toWords, type Values, type Word } from './words.ts'

const withoutProject: CommandGrammar = { project: 'none' }

/** From this version on, standalone Compose also moves docker's flags that have their value after `=`. */
const splitsValuesSince = 2_027_000

/**
 * Reads a line as Compose v2 and later do: docker's flags by pflag, then level by level cobra's search for the
 * subcommand, then pflag again.
 *
 * @param version the version as a number; null for all versions at once
 */
export function readCobra(
  argv: readonly string[],
  form: Exclude<ComposeForm, 'v1'>,
  version: number | null,
  unknown: UnknownFlags,
): Reading {
  const line: Line = {
    version,
    unknown,
    values: { docker: {}, globals: {}, flags: {} },
    composeAt: -1,
    commandAt: -1,
  }
  const typed = toWords(argv)
  const words =
    form === 'plugin' ? typed : convertStandalone(typed, version === null || version >= splitsValuesSince)
  if ('error' in words) return finish(line, [], 'error', words.error)
  const compose = findCompose(line, words)
  return 'outcome' in compose ? compose : readLevels(line, compose.rest)
}

interface Line {
  readonly version: number | null
  readonly unknown: UnknownFlags
  readonly values: { readonly docker: Values; readonly globals: Values; readonly flags: Values }
  composeAt: number
  commandAt: number
}

/** Docker's level: the words after `compose`, or the reading where it does not get there. */
function findCompose(line: Line, words: readonly Word[]): Reading | { readonly rest: readonly Word[] } {
  const set = flagSet(dockerFlags, line.version, false)
  const { docker } = line.values
  const first = parseFlags(words, set, () => docker, line.unknown.take)
  if (first.error !== null) return finish(line, [], 'error', first.error)
  const found = traverse(
    first.args,
    takesNextBy(set, line.unknown.take),
    text => text === 'compose' || internalWords.includes(text),
  )
  const second = parseFlags(
    found.command === null ? first.args : found.collected,
    set,
    () => docker,
    line.unknown.take,
  )
  if (second.error !== null) return finish(line, [], 'error', second.error)
  line.composeAt = found.command?.at ?? -1
  if (found.command?.text === 'compose') return found
  if (found.command === null) {
    const nothingAsked = docker.help === 'true' || second.args.length === 0
    return finish(line, [], nothingAsked ? 'help' : 'unknown-command', null, second.args)
  }
  const outcome = found.command.text === 'help' || docker.help === 'true' ? 'help' : 'run'
  return finish(line, [found.command.text], outcome, null, found.rest)
}

/** Compose's own levels: the root with an empty path, and every command below it. */
function readLevels(line: Line, words: readonly Word[]): Reading {
  const tree: CommandTree = {
    levelOf: path => {
      const grammar = commands[path.join(' ')] ?? withoutProject
      return {
        set: flagsOf(path, grammar, line.version),
        isGroup: isGroup(path),
        args: grammar.args ?? [0, null],
      }
    },
    find: (path, word) => findCommand(path, word, line.version),
    valuesFor: (path, flag) => homeOf(line, path, flag),
    asksForHelp: () => isHelp(line),
  }
  const { command, outcome, error, args, commandAt } = walk(tree, words, line.unknown)
  line.commandAt = commandAt
  return finish(line, command, outcome, error, args)
}

/** The path of the command that `word` names below `path` in this version; null if there is none. */
function findCommand(
  path: readonly string[],
  word: string,
  version: number | null,
): readonly string[] | null {
  const named = findCommandName(path, word)
  if (named === null) return null
  const { since, until } = commands[named.path] ?? withoutProject
  const spans = [
    { since: toNumber(since), until: toNumber(until) },
    { since: null, until: toNumber(named.until) },
  ]
  return spans.every(span => isIn(span, version)) ? named.path.split(' ') : null
}

function toNumber(version: string | undefined): number | null {
  return version === undefined ? null : versionNumber(version)
}

function flagsOf(path: readonly string[], grammar: CommandGrammar, version: number | null): FlagSet {
  if (path.length === 0) return flagSet(globalFlags, version, false)
  return flagSet(`${grammar.flags ?? ''} ${persistentFlags}`, version, grammar.interspersed ?? true)
}

/** A flag that may stand on every level is one variable: it stays where it was first set. */
function homeOf({ values }: Line, path: readonly string[], flag: Flag): Values {
  const here = path.length === 0 ? values.globals : values.flags
  if (flag.key !== 'dry-run' && flag.key !== 'help') return here
  return [values.docker, values.globals].find(level => flag.key in level) ?? here
}

function isHelp({ values }: Line): boolean {
  return [values.docker, values.globals, values.flags].some(level => level.help === 'true')
}

function finish(
  line: Line,
  command: readonly string[],
  outcome: Reading['outcome'],
  error: string | null,
  args: readonly Word[] = [],
): Reading {
  const { docker, globals, flags } = line.values
  return {
    outcome,
    error,
    command,
    flags: command.length === 0 ? globals : flags,
    globals,
    docker,
    args: args.map(word => word.text),
    unknownFlags: line.unknown.met(),
    composeAt: line.composeAt,
    commandAt: line.commandAt,
  }
}
