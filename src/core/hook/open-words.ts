import type { LineDanger } from './compose-danger.ts'
import { readLine } from './docker-danger.ts'
import { isCompose } from './docker-programs.ts'
import { isOpen, someWords } from './words.ts'

/** A line in which a plain word stands for whatever is not known. */
export function closed(words: readonly string[]): readonly string[] {
  return words.map(word => word.replaceAll(/[\u0000\u0001]+/g, '…'))
}

/** What the first ones can be, those behind them can hardly be besides. */
const mostTried = 20

/**
 * What an open word could be, so that a line that looks harmless destroys; null where no word does that.
 *
 * @param program as `programOf` gives it
 * @param words all that follows it
 */
export function dangerWhenOpen(
  program: string,
  words: readonly string[],
  answersYes: boolean,
): LineDanger | null {
  const open = [...words.entries()].filter(([, word]) => isOpen(word))
  for (const [index, word] of open.slice(0, mostTried)) {
    const before = words.slice(0, index)
    for (const candidate of candidatesFor(program, before, word)) {
      const tried = closed([...before, ...candidate, ...words.slice(index + 1)])
      const { danger } = readLine(program, tried, answersYes)
      if (danger?.isCertain === true) return danger
    }
  }
  return null
}

/** A program that is not known counts where the line would destroy something if it were docker or Compose. */
export function dangerOfUnknown(words: readonly string[], answersYes: boolean): LineDanger | null {
  const asDocker = readLine('docker', closed(words), answersYes).danger
  return asDocker ?? readLine('docker', closed(['compose', ...words]), answersYes).danger
}

/** Flags that make a command destroy more; `-V` and `-y` are too rare to suspect in a name of a service. */
const flags: readonly (readonly string[])[] = [['-v'], ['--volumes']]

const commands: readonly (readonly string[])[] = ['rm', 'prune', 'down', 'volume', 'compose', 'system'].map(
  word => [word],
)

const severalOfCompose: readonly (readonly string[])[] = [['down', '-v']]

const severalOfDocker: readonly (readonly string[])[] = [
  ['rm', '…'],
  ['volume', 'rm', '…'],
  ['compose', 'down', '-v'],
  ['system', 'prune', '--volumes'],
]

function candidatesFor(
  program: string,
  before: readonly string[],
  word: string,
): readonly (readonly string[])[] {
  const start = word.search(/[\u0000\u0001]/)
  if (start > 0) return word.startsWith('-') ? [[`${word.slice(0, start)}v`]] : []
  if (!namesNoCommand(program, before)) return flags
  if (takesValue(before.at(-1) ?? '')) return []
  if (!word.includes(someWords)) return [...flags, ...commands]
  return [
    ...commands,
    ...(isCompose(program) || before.includes('compose') ? severalOfCompose : severalOfDocker),
  ]
}

const groups: readonly string[] = ['compose', 'volume', 'system', 'container']

/** Whether the command is still to come after these words. */
function namesNoCommand(program: string, before: readonly string[]): boolean {
  const words = before.filter((word, index) => !word.startsWith('-') && !takesValue(before[index - 1] ?? ''))
  return isCompose(program) ? words.length === 0 : words.every(word => groups.includes(word))
}

/** The flags before the command that take the next word. */
export function takesValue(word: string): boolean {
  return (
    /^-[fpHcl]$/.test(word) ||
    /^--(file|project-name|profile|env-file|project-directory|context|host|ansi|progress|config|parallel)$/.test(
      word,
    )
  )
}
