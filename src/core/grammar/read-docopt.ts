import { parseDocopt } from './docopt.ts'
import { flagSet } from './flags.ts'
import type { Reading, UnknownFlags } from './reading.ts'
import { commandV1, dockerKeysV1, globalFlagsV1 } from './root.ts'
import { commandGrammarsV1, type CommandGrammarV1 } from './v1-commands.ts'
import { toWords, type Values, type Word } from './words.ts'

/** Reads a line as `docker-compose` 1.29 does. The error is docopt's reason; Compose itself prints its usage. */
export function readDocopt(argv: readonly string[], unknown: UnknownFlags): Reading {
  const typed: Values = {}
  const top = parseDocopt(toWords(argv), flagSet(globalFlagsV1, null, false), typed, unknown.take)
  const args = top.args[0]?.text === '--' ? top.args.slice(1) : top.args
  const [word] = args
  const line: Line = { typed, flags: {}, unknown, commandAt: word?.at ?? -1 }
  if (top.error !== null) return finish(line, null, 'error', top.error)
  if (top.help || typed.version !== undefined) return finish(line, null, 'help', null)
  if (top.misfit !== null) return finish(line, null, 'error', top.misfit)
  if (word === undefined) return finish(line, null, 'help', null)
  const name = commandV1(word.text)
  const grammar = name === null ? undefined : commandGrammarsV1[name]
  if (grammar === undefined) return finish(line, null, 'unknown-command', null, args)
  return readCommand(line, name, grammar, args.slice(1))
}

interface Line {
  readonly typed: Values
  readonly flags: Values
  readonly unknown: UnknownFlags
  readonly commandAt: number
}

function readCommand(
  line: Line,
  name: string | null,
  grammar: CommandGrammarV1,
  words: readonly Word[],
): Reading {
  const set = flagSet(grammar.flags, null, false)
  const parsed = parseDocopt(words, set, line.flags, line.unknown.take)
  const args = grammar.dashes && parsed.args[0]?.text === '--' ? parsed.args.slice(1) : parsed.args
  if (parsed.error !== null) return finish(line, name, 'error', parsed.error, args)
  if (parsed.help) return finish(line, name, 'help', null, args)
  if (parsed.misfit !== null) return finish(line, name, 'error', parsed.misfit, args)
  const [least, most] = grammar.args
  const fits = args.length >= least && (most === null || args.length <= most)
  if (fits) return finish(line, name, 'run', null, args)
  return finish(
    line,
    name,
    'error',
    `${args.length} words after the options of ${name} do not fit its usage`,
    args,
  )
}

function finish(
  line: Line,
  name: string | null,
  outcome: Reading['outcome'],
  error: string | null,
  args: readonly Word[] = [],
): Reading {
  const isDockers = ([key]: [string, unknown]): boolean => dockerKeysV1.includes(key)
  const entries = Object.entries(line.typed)
  const globals = Object.fromEntries(entries.filter(entry => !isDockers(entry)))
  return {
    outcome,
    error,
    command: name === null ? [] : [name],
    flags: name === null ? globals : line.flags,
    globals,
    docker: Object.fromEntries(entries.filter(isDockers)),
    args: args.map(word => word.text),
    unknownFlags: line.unknown.met(),
    composeAt: -1,
    commandAt: line.commandAt,
  }
}
