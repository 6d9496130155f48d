import type { ShellPart, ShellScript, ShellWord } from '../../model/shell.ts'
import { someText, someWords } from './words.ts'
import type { Work } from './work.ts'

/** A variable's value: one word, or several for an array. */
export interface Value {
  readonly words: readonly string[]
  readonly isArray: boolean
}

/** What a word can be made of. */
export interface Known {
  /** All values that the variable had so far; none where nothing is known of it. */
  readonly valuesOf: (name: string) => readonly Value[]
  /** What a script writes, where that can be told without running it. */
  readonly outputOf: (script: ShellScript) => string | null
  /** Where a command finds that, as a file. */
  readonly pathOf: (script: ShellScript) => string
  /** What is in a file that the line wrote itself. */
  readonly fileText: (path: string) => string | null
  readonly home: string | null
  readonly work: Work
}

/** More ways to read a line than this are not followed: what differs counts as not known. */
const mostWays = 48

/** Every way in which the words can come out of the shell; each is a list of words. Never empty. */
export function expandAll(words: readonly ShellWord[], known: Known): readonly (readonly string[])[] {
  return joined(
    words.map(word => expand(word, known)),
    known.work,
  )
}

/** One way after the other: where there is only one, nothing that was put together before is copied. */
function joined(
  all: readonly (readonly (readonly string[])[])[],
  work: Work,
): readonly (readonly string[])[] {
  let ways: string[][] = [[]]
  for (const found of all) {
    const kept = ways.length * found.length > mostWays ? [unclear(found)] : found
    const [only] = kept
    if (kept.length === 1 && only !== undefined)
      for (const way of ways) for (const each of only) way.push(each)
    else ways = ways.flatMap(way => kept.map(more => [...way, ...more]))
    work.spend(ways.length * (only?.length ?? 1))
  }
  return ways
}

function unclear(found: readonly (readonly string[])[]): readonly string[] {
  return found.every(words => words.length === 1) ? [someText] : [someWords]
}

/** Every way in which one word can come out: as one word, as several or as none. */
export function expand(word: ShellWord, known: Known): readonly (readonly string[])[] {
  // The words of `{a,b}` all come out, one after the other.
  return joined(
    withChoices(word, known.work).map(each => expandOne(each, known)),
    known.work,
  )
}

/** The word as one text, as between quotes; null where there are several ways or it is not known. */
export function textOf(word: ShellWord, known: Known): string | null {
  const parts = word.parts.map(part => ('quoted' in part ? { ...part, quoted: true } : part))
  const ways = expandOne({ parts }, known)
  const [only] = ways
  return ways.length === 1 && only !== undefined ? only.join(' ') : null
}

/** `x{a,b}` is `xa xb`. */
function withChoices(word: ShellWord, work: Work): readonly ShellWord[] {
  work.spend(word.parts.length)
  const at = word.parts.findIndex(({ kind }) => kind === 'choice')
  const part = word.parts[at]
  if (part?.kind !== 'choice') return [word]
  const before = word.parts.slice(0, at)
  const after = word.parts.slice(at + 1)
  return part.words.flatMap(each => withChoices({ parts: [...before, ...each.parts, ...after] }, work))
}

/** Words so far, the last of them not yet ended. */
interface Way {
  readonly ended: readonly string[]
  /** Null where no word has begun. */
  readonly last: string | null
}

function expandOne(word: ShellWord, known: Known): readonly (readonly string[])[] {
  let ways: readonly Way[] = [{ ended: [], last: null }]
  for (const [index, part] of word.parts.entries()) {
    const pieces = piecesOf(part, known, index === 0)
    for (const { words } of pieces) known.work.spend(words.length)
    const kept =
      ways.length * pieces.length > mostWays
        ? [{ words: [isQuoted(part) ? someText : someWords], splits: false }]
        : pieces
    ways = ways.flatMap(way => kept.map(piece => append(way, piece)))
  }
  return ways.map(({ ended, last }) => (last === null ? ended : [...ended, last]))
}

function isQuoted(part: ShellPart): boolean {
  return 'quoted' in part && part.quoted
}

interface Piece {
  readonly words: readonly string[]
  /** Whether white space in it parts words. */
  readonly splits: boolean
}

function piecesOf(part: ShellPart, known: Known, isFirst: boolean): readonly Piece[] {
  switch (part.kind) {
    case 'text': {
      const isHome = isFirst && !part.quoted && /^~(\/|$)/.test(part.text) && known.home !== null
      return [whole(isHome ? `${known.home}${part.text.slice(1)}` : part.text)]
    }
    case 'variable':
      return variablePieces(part, known)
    case 'output': {
      if (part.isFile) return [whole(known.pathOf(part.script))]
      const text = known.outputOf(part.script)
      if (text === null) return [nothingKnown(part.quoted)]
      return [{ words: [text.replace(/\n+$/, '')], splits: !part.quoted }]
    }
    case 'unknown':
      return [nothingKnown(part.quoted)]
    case 'choice':
      return [whole(someText)]
  }
}

function variablePieces(
  { name, quoted, all, orElse }: Extract<ShellPart, { kind: 'variable' }>,
  known: Known,
): readonly Piece[] {
  const pieces: Piece[] = known.valuesOf(name).map(value => {
    if (value.isArray && all) return { words: value.words, splits: !quoted }
    return { words: [value.words[0] ?? ''], splits: !quoted }
  })
  if (orElse !== null)
    for (const way of quoted ? [[textOf(orElse, known) ?? someText]] : expandOne(orElse, known))
      pieces.push({ words: way, splits: !quoted })
  return pieces.length > 0 ? pieces : [nothingKnown(quoted && !all)]
}

function whole(text: string): Piece {
  return { words: [text], splits: false }
}

function nothingKnown(isOneWord: boolean): Piece {
  return whole(isOneWord ? someText : someWords)
}

function append(way: Way, { words, splits }: Piece): Way {
  const pieces = splits ? words.join(' ').split(/(?<=\s)(?=\S)|(?<=\S)(?=\s)/) : words
  const ended = [...way.ended]
  let { last } = way
  for (const [index, piece] of pieces.entries()) {
    if (splits && /^\s*$/.test(piece)) {
      if (last !== null) ended.push(last)
      last = null
      continue
    }
    // Words of an array are apart; pieces of one text were parted at its white space.
    if (index > 0 && !splits && last !== null) {
      ended.push(last)
      last = null
    }
    last = (last ?? '') + piece
  }
  return { ended, last }
}
