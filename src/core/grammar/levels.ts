import type { Invocation } from '../../model/invocation.ts'
import type { Flag, FlagSet } from './flags.ts'
import { parseFlags } from './pflag.ts'
import type { UnknownFlags } from './reading.ts'
import { takesNextBy, traverse } from './traverse.ts'
import type { Values, Word } from './words.ts'

/** A tree of commands, each level with its flags, as the Go library cobra has it. The root has the empty path. */
export interface CommandTree {
  readonly levelOf: (path: readonly string[]) => Level
  /** The path of the command that `word` names below `path`; null if there is none. */
  readonly find: (path: readonly string[], word: string) => readonly string[] | null
  /** Where a flag met at this level has its value. */
  readonly valuesFor: (path: readonly string[], flag: Flag) => Values
  /** Whether a flag that was read so far asks for help. */
  readonly asksForHelp: () => boolean
}

export interface Level {
  /** Null where the words of a command are not read. */
  readonly set: FlagSet | null
  /** Whether commands stand below it. */
  readonly isGroup: boolean
  /** The least and the largest number of positional words; null is no limit. */
  readonly args: readonly [number, number | null]
}

/** Where the walk down the tree ended. */
export interface Walked {
  readonly command: readonly string[]
  readonly outcome: Invocation['outcome']
  readonly error: string | null
  readonly args: readonly Word[]
  /** Place in argv of the first command, or of the first word in its place; -1 for none. */
  readonly commandAt: number
}

/** Walks down level by level: cobra's search for the subcommand, then pflag on what was passed over. */
export function walk(
  tree: CommandTree,
  words: readonly Word[],
  unknown: UnknownFlags,
  path: readonly string[] = [],
): Walked {
  const { set, isGroup, args: count } = tree.levelOf(path)
  const isRoot = path.length === 0
  const end = (outcome: Walked['outcome'], args: readonly Word[], error: string | null = null): Walked => ({
    command: path,
    outcome,
    error,
    args,
    commandAt: -1,
  })
  if (set === null) return end('run', words)
  const valuesFor = (flag: Flag): Values => tree.valuesFor(path, flag)
  if (isGroup) {
    const found = traverse(words, takesNextBy(set, unknown.take), text => tree.find(path, text) !== null)
    const next = found.command === null ? null : tree.find(path, found.command.text)
    if (found.command !== null && next !== null) {
      const { error } = parseFlags(found.collected, set, valuesFor, unknown.take)
      const walked = error === null ? walk(tree, found.rest, unknown, next) : end('error', [], error)
      return { ...walked, commandAt: found.command.at }
    }
  }
  const { args, error } = parseFlags(words, set, valuesFor, unknown.take)
  const commandAt = isRoot ? (args[0]?.at ?? -1) : -1
  if (error !== null) return { ...end('error', [], error), commandAt }
  if (tree.asksForHelp()) return { ...end('help', args), commandAt }
  if (isRoot) return { ...end(args.length === 0 ? 'help' : 'unknown-command', args), commandAt }
  if (isGroup) return end(unknown.open && args.length > 0 ? 'unknown-command' : 'help', args)
  const miscount = countError(count, args.length)
  return end(miscount === null ? 'run' : 'error', args, miscount)
}

/** Cobra's message where there are too few or too many positional words. */
function countError([least, most]: Level['args'], count: number): string | null {
  if (count >= least && (most === null || count <= most)) return null
  return most === null
    ? `requires at least ${least} arg(s), only received ${count}`
    : `accepts between ${least} and ${most} arg(s), received ${count}`
}
