import type { FlagSet } from './flags.ts'
import { isFlagName, type UnknownFlag, type Word } from './words.ts'

export interface Traversed {
  /** The words before the subcommand, which this level parses as its flags. */
  readonly collected: readonly Word[]
  /** The subcommand's word; null if there is none, and then this level gets all words. */
  readonly command: Word | null
  readonly rest: readonly Word[]
}

/**
 * Finds the next subcommand as the Go library cobra does. This is not how the flags are parsed afterwards: a word
 * that starts with two dashes and has no `=` swallows the next word unless it is a known switch, even if it is the
 * value of the flag before it, and so do a bare `--` and every flag that this level does not know.
 */
export function traverse(
  words: readonly Word[],
  takesNext: (word: Word) => boolean,
  isCommand: (text: string) => boolean,
): Traversed {
  let inFlag = false
  for (const [index, word] of words.entries()) {
    const { text } = word
    if (text.startsWith('--') && !text.includes('=')) {
      inFlag = takesNext(word)
      continue
    }
    if (isSingleLetter(text) && takesNext(word)) {
      inFlag = true
      continue
    }
    if (inFlag) {
      inFlag = false
      continue
    }
    if (text.startsWith('-') && text.length > 1) continue
    if (!isCommand(text)) break
    return { collected: words.slice(0, index), command: word, rest: words.slice(index + 1) }
  }
  return { collected: [], command: null, rest: words }
}

/** Whether a word of cobra's two swallowing kinds takes the next word, by the flags of one level. */
export function takesNextBy(set: FlagSet, unknown: UnknownFlag): (word: Word) => boolean {
  return word => {
    const isLong = word.text.startsWith('--')
    const name = word.text.slice(isLong ? 2 : 1)
    const flag = isLong ? set.long.get(name) : set.short.get(name)
    if (flag !== undefined) return flag.kind !== 'switch'
    return !isFlagName(name) || unknown(word, isLong ? 0 : 1) !== 'switch'
  }
}

/** `-x`: two bytes, which a letter outside ASCII is not. */
function isSingleLetter(text: string): boolean {
  return text.length === 2 && text.startsWith('-') && text !== '-=' && text.charCodeAt(1) < 0x80
}
