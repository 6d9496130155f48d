import { rootLine, safeOptions } from '../options.ts'
import { ownOptions } from '../own-usage.ts'
import { isOwnWord } from '../own-words.ts'
import type { OwnWord } from '../own-words.ts'

/** A word of ours, as completion offers it. */
export interface OwnWordInfo {
  readonly word: OwnWord
  readonly about: string
  /** Its options, and the words that may follow it. */
  readonly flags: readonly string[]
  readonly words: readonly string[]
}

export interface Vocabulary {
  readonly words: readonly OwnWordInfo[]
  /** Ids of rules, for `--safe-allow`. */
  readonly rules: readonly string[]
}

export interface Candidate {
  readonly word: string
  readonly about: string
}

export interface Completion {
  readonly candidates: readonly Candidate[]
  /** What Compose is asked to complete as well: words after `compose`, the last one being typed; null for nothing. */
  readonly handOn: readonly string[] | null
  /** Whether names of files fit. */
  readonly files: boolean
}

/** @param words all that follows `safe-compose`; the last one is being typed and may be empty */
export function completeLine(words: readonly string[], vocabulary: Vocabulary): Completion {
  const typed = words.at(-1) ?? ''
  const found = completion(typed, rootLine(words.slice(0, -1)), vocabulary)
  return { ...found, candidates: found.candidates.filter(({ word }) => word.startsWith(typed)) }
}

function completion(
  typed: string,
  { passed, awaiting, isComposes, after }: ReturnType<typeof rootLine>,
  { words, rules }: Vocabulary,
): Completion {
  const [command, ...rest] = after
  if (awaiting === '--safe-allow') return only(rules.map(word => ({ word, about: '' })))
  if (awaiting?.startsWith('--safe-') === true) return { candidates: [], handOn: null, files: true }
  const handOn = [...passed, ...after, typed]
  if (awaiting !== null || isComposes) return { candidates: [], handOn, files: false }
  if (command === undefined) {
    const options = safeOptions.map(({ flag, about }) => ({ word: flag, about }))
    return { candidates: typed.startsWith('-') ? options : words, handOn, files: false }
  }
  const own = isOwnWord(command) ? words.find(({ word }) => word === command) : undefined
  if (own === undefined) return { candidates: [], handOn, files: false }
  const abouts = ownOptions[own.word] ?? {}
  const flags = own.flags.map(word => ({ word, about: abouts[word] ?? '' }))
  if (command === 'plan') {
    const line = rest.filter(word => !own.flags.includes(word))
    const isFirst = line.length === 0 && typed.startsWith('-')
    return { candidates: isFirst ? flags : [], handOn: [...passed, ...line, typed], files: false }
  }
  if (typed.startsWith('-')) return only(flags)
  const isFirst = rest.every(word => word.startsWith('-'))
  if (own.words.length > 0 && isFirst) return only(own.words.map(word => ({ word, about: '' })))
  return { candidates: [], handOn: null, files: true }
}

function only(candidates: readonly Candidate[]): Completion {
  return { candidates, handOn: null, files: false }
}

// ---- What is printed ---------------------------------------------------------------------------------------------

/** As the docker CLI and Compose print theirs: a candidate a line, then bits that say what else fits. */
const bits = { noSpace: 2, noFiles: 4, byEnding: 8, folders: 16 } as const

/**
 * What a shell is told.
 *
 * @param answer what Compose has answered, as it printed it; null where it was not asked, or did not answer
 */
export function completionText(own: Completion, answer: string | null): string {
  const ours = own.candidates.map(({ word, about }) => (about === '' ? word : `${word}\t${about}`))
  const lines = (answer ?? '').split('\n').filter(line => line !== '')
  const said = Number(/^:(\d+)$/.exec(lines.at(-1) ?? '')?.[1] ?? (own.files ? 0 : bits.noFiles))
  // The candidates are then endings of files, or nothing: the shell itself knows files.
  const isAboutFiles = (said & (bits.byEnding | bits.folders)) !== 0
  const theirs = isAboutFiles ? [] : lines.filter(line => !/^(?::\d+$|_activeHelp_)/.test(line))
  const directive = isAboutFiles ? 0 : said & (bits.noSpace | bits.noFiles)
  return [...ours, ...theirs, `:${directive}`, ''].join('\n')
}

// ---- Our words ---------------------------------------------------------------------------------------------------

/** The options and the following words of a command of ours, from its lines in the help. */
export function infoOf(word: OwnWord, about: string, usage: readonly string[]): OwnWordInfo {
  const text = usage.join('\n')
  const flags = text.match(/--[a-z][a-z-]*/g) ?? []
  const outside = usage.map(line => line.replaceAll(/\[[^\][]*(?:\[[^\][]*\][^\][]*)*\]|\([^)]*\)/g, ' '))
  const following = outside.flatMap(line => wordsAfter(line.trim().replace(/^\S+/, '')))
  const choices = usage.flatMap(line => /^\S+ \[([a-z]+(?:\|[a-z]+)*)\b/.exec(line)?.[1]?.split('|') ?? [])
  return { word, about, flags: [...new Set(flags)], words: [...new Set([...following, ...choices])] }
}

/** Plain words up to the first option: `install | remove`. */
function wordsAfter(text: string): readonly string[] {
  const before = text.split(/\s--/, 1)[0] ?? ''
  return before.split(/[\s|]+/).filter(each => /^[a-z]+$/.test(each))
}
