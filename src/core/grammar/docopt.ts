import type { Flag, FlagSet } from './flags.ts'
import { isFlagName, type UnknownFlag, type Values, type Word } from './words.ts'

export interface ParsedDocopt {
  /** Everything from the first positional word, or from `--`, on. */
  readonly args: readonly Word[]
  /** Why the words cannot be parsed. */
  readonly error: string | null
  /** Whether help was asked for. */
  readonly help: boolean
  /** Why the words, although parsed, do not fit the usage; help and version are printed all the same. */
  readonly misfit: string | null
}

/**
 * Parses flags as the Python library docopt does for `docker-compose` 1.29, into `values`: only before the first
 * positional word, long names cut short as long as they are unique, `=` kept in `-t=5`, nothing given twice but
 * lists.
 */
export function parseDocopt(
  words: readonly Word[],
  set: FlagSet,
  values: Values,
  unknown: UnknownFlag,
): ParsedDocopt {
  const run: Run = { words, next: 0, set, values, unknown, misfit: null, help: false }
  for (let word = words[0]; word !== undefined; word = words[run.next]) {
    if (word.text === '--' || word.text === '-' || !word.text.startsWith('-')) break
    run.next++
    const error = word.text.startsWith('--') ? parseLong(run, word) : parseCluster(run, word)
    if (error !== null) return { args: [], error, help: false, misfit: null }
  }
  return { args: words.slice(run.next), error: null, help: run.help, misfit: run.misfit }
}

interface Run {
  readonly words: readonly Word[]
  next: number
  readonly set: FlagSet
  readonly values: Values
  readonly unknown: UnknownFlag
  misfit: string | null
  help: boolean
}

function parseLong(run: Run, word: Word): string | null {
  const equals = word.text.indexOf('=')
  const typed = equals < 0 ? word.text : word.text.slice(0, equals)
  const value = equals < 0 ? null : word.text.slice(equals + 1)
  const candidates = findByPrefix(run.set, typed)
  const [flag] = candidates
  if (candidates.length > 1) {
    return `${typed} is not a unique prefix: ${candidates.map(candidate => `--${candidate.name}`).join(', ')}?`
  }
  if (flag === undefined) {
    if (typed === '--help' && (value === null || value !== '')) run.help = true
    else takeUnknown(run, word, 0, typed, value !== null)
    return null
  }
  if (flag.kind === 'switch') {
    return value === null ? setFlag(run, flag, 'true') : `--${flag.name} must not have an argument`
  }
  const given = value ?? run.words[run.next++]?.text
  return given === undefined ? `--${flag.name} requires argument` : setFlag(run, flag, given)
}

function findByPrefix(set: FlagSet, typed: string): readonly Flag[] {
  const long = set.flags.filter(flag => !flag.shortOnly)
  const exact = long.filter(flag => `--${flag.name}` === typed)
  return exact.length > 0 ? exact : long.filter(flag => `--${flag.name}`.startsWith(typed))
}

function parseCluster(run: Run, word: Word): string | null {
  for (let offset = 1; offset < word.text.length; offset++) {
    const letter = word.text.charAt(offset)
    const flag = run.set.short.get(letter)
    const rest = word.text.slice(offset + 1)
    if (flag === undefined) {
      if (letter === 'h') run.help = true
      else if (takeUnknown(run, word, offset, `-${letter}`, rest !== '')) return null
      continue
    }
    if (flag.kind === 'switch') {
      setFlag(run, flag, 'true')
      continue
    }
    const given = rest !== '' ? rest : run.words[run.next++]?.text
    return given === undefined ? `-${letter} requires argument` : setFlag(run, flag, given)
  }
  return null
}

/** Whether the flag took a value. */
function takeUnknown(run: Run, word: Word, offset: number, typed: string, attached: boolean): boolean {
  const way = isFlagName(typed.replace(/^--?/, '')) ? run.unknown(word, offset) : 'error'
  if (way === 'error') run.misfit ??= `${typed} is not a known option`
  if (way === 'value' && !attached) run.next++
  return way === 'value'
}

function setFlag(run: Run, flag: Flag, value: string): null {
  if (flag.key === 'help') {
    run.help = true
    return null
  }
  const former = run.values[flag.key]
  if (flag.kind === 'list') {
    run.values[flag.key] = [...(former ?? []), value]
  } else {
    if (former !== undefined) run.misfit ??= `--${flag.name} is given twice`
    run.values[flag.key] = value
  }
  return null
}
