import { goQuote, readInt, readSwitch } from './go-values.ts'
import type { Flag, FlagSet } from './flags.ts'
import { isFlagName, type UnknownFlag, type Values, type Word } from './words.ts'

export interface ParsedFlags {
  /** The positional words. */
  readonly args: readonly Word[]
  /** Go's message where the words are rejected. */
  readonly error: string | null
}

/**
 * Parses flags as the Go library pflag does, into `valuesFor(flag)`: clusters of letters, values attached or in the
 * next word whatever it looks like, `--` as the end, switches that take a value only after `=`.
 */
export function parseFlags(
  words: readonly Word[],
  set: FlagSet,
  valuesFor: (flag: Flag) => Values,
  unknown: UnknownFlag,
): ParsedFlags {
  const args: Word[] = []
  for (let next = 0; next < words.length;) {
    const word = words[next++] as Word
    const { text } = word
    if (text.length < 2 || !text.startsWith('-')) {
      args.push(word)
      if (set.interspersed) continue
      return { args: [...args, ...words.slice(next)], error: null }
    }
    if (text === '--') return { args: [...args, ...words.slice(next)], error: null }
    const taken = text.startsWith('--')
      ? parseLong(word, words[next], set, valuesFor, unknown)
      : parseCluster(word, words[next], set, valuesFor, unknown)
    if (typeof taken === 'string') return { args, error: taken }
    next += taken
  }
  return { args, error: null }
}

/** The number of following words taken, or the error. */
function parseLong(
  word: Word,
  following: Word | undefined,
  set: FlagSet,
  valuesFor: (flag: Flag) => Values,
  unknown: UnknownFlag,
): number | string {
  const equals = word.text.indexOf('=')
  const name = equals < 0 ? word.text.slice(2) : word.text.slice(2, equals)
  if (name === '' || name.startsWith('-')) return `bad flag syntax: ${word.text}`
  const flag = set.long.get(name)
  if (flag === undefined) {
    const way = isFlagName(name) ? unknown(word, 0) : 'error'
    if (way === 'error') return `unknown flag: --${name}`
    return way === 'value' && equals < 0 && following !== undefined ? 1 : 0
  }
  if (equals >= 0) return setFlag(flag, word.text.slice(equals + 1), valuesFor) ?? 0
  if (flag.kind === 'switch') return setFlag(flag, 'true', valuesFor) ?? 0
  if (following === undefined) return `flag needs an argument: ${word.text}`
  return setFlag(flag, following.text, valuesFor) ?? 1
}

/** The number of following words taken, or the error. */
function parseCluster(
  word: Word,
  following: Word | undefined,
  set: FlagSet,
  valuesFor: (flag: Flag) => Values,
  unknown: UnknownFlag,
): number | string {
  for (let offset = 1; offset < word.text.length; offset++) {
    const cluster = word.text.slice(offset)
    // pflag drops what looks like a flag of `go test`.
    if (cluster.startsWith('test.')) return 0
    const [letter = ''] = cluster
    const flag = set.short.get(letter)
    const attached = cluster.length > 2 && cluster[1] === '='
    if (flag === undefined) {
      const way = isFlagName(letter) ? unknown(word, offset) : 'error'
      if (way === 'error') return `unknown shorthand flag: '${letter}' in -${cluster}`
      if (attached) return 0
      if (way === 'switch') continue
      return cluster.length === 1 && following !== undefined ? 1 : 0
    }
    if (attached) return setFlag(flag, cluster.slice(2), valuesFor) ?? 0
    if (flag.kind === 'switch') {
      const error = setFlag(flag, 'true', valuesFor)
      if (error !== null) return error
      continue
    }
    if (cluster.length > 1) return setFlag(flag, cluster.slice(1), valuesFor) ?? 0
    if (following === undefined) return `flag needs an argument: '${letter}' in -${cluster}`
    return setFlag(flag, following.text, valuesFor) ?? 1
  }
  return 0
}

/** Stores the value in the spelling that Go prints it in; the error where it is none. */
function setFlag(flag: Flag, text: string, valuesFor: (flag: Flag) => Values): string | null {
  const values = valuesFor(flag)
  if (flag.kind === 'list') {
    values[flag.key] = [...(values[flag.key] ?? []), text]
    return null
  }
  if (flag.kind === 'text') {
    values[flag.key] = text
    return null
  }
  const read = flag.kind === 'switch' ? readSwitch(text) : readInt(text)
  if ('error' in read) {
    // The letter of --help is deprecated, so pflag does not name it.
    const shown = flag.short === null || flag.name === 'help' ? '' : `-${flag.short}, `
    return `invalid argument ${goQuote(text)} for "${shown}--${flag.name}" flag: ${read.error}`
  }
  values[flag.key] = read.value
  return null
}
