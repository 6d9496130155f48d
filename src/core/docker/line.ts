import type { DockerEffect, DockerLine } from '../../model/docker-line.ts'
import { chooseReading, type Chooser } from '../grammar/choose.ts'
import { flagSet, type Flag } from '../grammar/flags.ts'
import { walk, type CommandTree } from '../grammar/levels.ts'
import { parseFlags } from '../grammar/pflag.ts'
import { readEveryWay, type Reading, type UnknownFlags } from '../grammar/reading.ts'
import { toWords, type Values } from '../grammar/words.ts'
import { runsStore } from './runs-store.ts'
import {
  commandOf,
  completionWords,
  destructionRank,
  findCommand,
  isGroup,
  persistentFlags,
  rootFlags,
} from './commands.ts'

/**
 * Parses a line as the docker CLI does, of whatever version. Never throws: a line that docker rejects has the outcome
 * `error`.
 *
 * A flag that the grammar does not know rejects nothing: it is tried as a switch and as a flag with a value, and the
 * reading that can destroy most counts, with the positional words of all of them.
 *
 * @param argv the words after `docker`
 */
export function readDocker(argv: readonly string[]): DockerLine {
  const reading = chooseReading(
    readEveryWay(unknown => readOnce(argv, unknown)),
    chooser,
  )
  const { outcome, error, command, flags, docker, args, unknownFlags, commandAt } = reading
  const dockerWords = commandAt < 0 ? argv : argv.slice(0, commandAt)
  return { argv, dockerWords, outcome, error, command, flags, docker, args, unknownFlags }
}

/** What the command of a line can do to data. A line without a command does nothing. */
export function dockerEffectOf(line: Pick<DockerLine, 'command' | 'flags' | 'args'>): DockerEffect {
  if (line.command[0] === 'compose') return 'compose'
  if (destructionRank(line.command) < 0) return 'read-only'
  const command = commandOf(line.command)
  const isHarmless =
    (command?.guardedBy !== undefined && line.flags[command.guardedBy] !== 'true') ||
    (command?.startsContainer === true && !runsStore(line.args))
  return isHarmless ? 'read-only' : 'guarded'
}

const chooser: Chooser = {
  isGuarded: reading => dockerEffectOf(reading) !== 'read-only',
  rank: reading => (reading.command[0] === 'compose' ? 50 : destructionRank(reading.command)),
  restraints: ['help', 'link'],
  argsOf: readings => [...new Set(readings.flat())],
}

/** Docker reads its own flags first, up to the first other word, and then goes down the tree of commands. */
function readOnce(argv: readonly string[], unknown: UnknownFlags): Reading {
  const values = { docker: {} as Values, flags: {} as Values }
  const asksForHelp = (): boolean => [values.docker, values.flags].some(each => each.help === 'true')
  const finish = (read: Parsed): Reading => ({
    ...read,
    ...values,
    globals: {},
    unknownFlags: unknown.met(),
    composeAt: -1,
  })
  const root = flagSet(rootFlags, null, false)
  const first = parseFlags(toWords(argv), root, () => values.docker, unknown.take)
  if (first.error !== null)
    return finish({ outcome: 'error', error: first.error, command: [], args: [], commandAt: -1 })
  const tree: CommandTree = {
    levelOf: path => ({ set: setOf(path), isGroup: isGroup(path), args: commandOf(path)?.args ?? [0, null] }),
    find: findCommand,
    valuesFor: (path, flag) => (path.length === 0 || isInherited(flag) ? values.docker : values.flags),
    asksForHelp,
  }
  const walked = walk(tree, first.args, unknown)
  const args = walked.args.map(word => word.text)
  return finish(asWhole({ ...walked, args }, asksForHelp()))
}

type Parsed = Pick<Reading, 'outcome' | 'error' | 'command' | 'args' | 'commandAt'>

/** What goes to Compose goes there with all its words, also when a shell asks how to complete them. */
function asWhole(read: Parsed, asksForHelp: boolean): Parsed {
  const [command = '', ...others] = read.command
  if (read.outcome !== 'run' || others.length > 0) return read
  if (completionWords.includes(command)) {
    const [next, ...args] = read.args
    return next === 'compose' ? { ...read, command: ['compose'], args } : read
  }
  return command === 'help' || asksForHelp ? { ...read, outcome: 'help' } : read
}

/** The flags of a level; null for a command whose words are not read. */
function setOf(path: readonly string[]): ReturnType<typeof flagSet> | null {
  if (path.length === 0) return flagSet(rootFlags, null, false)
  if (isGroup(path)) return flagSet(persistentFlags, null, false)
  const command = commandOf(path)
  if (command?.flags === undefined) return null
  return flagSet(`${command.flags} ${persistentFlags}`, null, command.interspersed ?? true)
}

/** `--help` is one variable, wherever it stands. */
function isInherited(flag: Flag): boolean {
  return flag.key === 'help'
}
