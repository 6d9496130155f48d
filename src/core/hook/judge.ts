import type { Invocation } from '../../model/invocation.ts'
import type { LineDanger } from './compose-danger.ts'
import { readLine } from './docker-danger.ts'
import { keepTheData } from '../keep-the-data.ts'
import { readSafeOptions } from '../options.ts'
import { isOwnWord } from '../own-words.ts'
import { isCompose, isDockerProgram, isGuarded } from './docker-programs.ts'
import { engineDanger } from './engine-danger.ts'
import { fileDanger, type FileDanger } from './file-danger.ts'
import { findCommands, findInWords } from './find-commands.ts'
import type { Beginning, Found, FoundCommand } from './find-commands.ts'
import { looksDestructive, speaksOfDocker } from './looks-destructive.ts'
import { findLoosening } from './loosening.ts'
import { closed, dangerOfUnknown, dangerWhenOpen, takesValue } from './open-words.ts'
import { composePlace, removesScratchOnly, takesScratchDown, type ComposePlace } from './scratch.ts'
import { isOpen, programOf, shown } from './words.ts'

/** A command destroys something, or may. */
export interface Destruction {
  readonly kind: 'destroys'
  readonly words: readonly string[]
  readonly danger: LineDanger
  /** It depends on a word that only a run can tell. */
  readonly isOpen: boolean
  /** Null where it is no line of Compose's, or not known to be one. */
  readonly compose: ComposeLine | null
}

export interface ComposeLine {
  /** What Compose gets. */
  readonly argv: readonly string[]
  /** The same line without what deletes, with its program. */
  readonly keeping: readonly string[] | null
  readonly place: ComposePlace
  /** It takes down a project that has the name of one made to be thrown away. */
  readonly isScratch: boolean
}

/** One reason not to let a line run. */
export type Concern =
  | Destruction
  /** Files that are docker's data, or our restore points, are removed. */
  | { readonly kind: 'files'; readonly words: readonly string[]; readonly danger: FileDanger }
  /** It cannot be read, and speaks of docker and of destroying. */
  | { readonly kind: 'unreadable' }
  /** It takes the guard out of the way. */
  | { readonly kind: 'loosens'; readonly words: readonly string[]; readonly what: string }
  /** It gives itself what only a person gives. */
  | { readonly kind: 'approves'; readonly words: readonly string[] }

/** Everything that speaks against letting a shell line run, the surest first; empty for a harmless one. */
export function judgeLine(line: string, beginning: Beginning): readonly Concern[] {
  return judgeAll(findCommands(line, beginning), beginning)
}

/** The same for words that no shell reads. */
export function judgeWords(words: readonly string[], beginning: Beginning): readonly Concern[] {
  return judgeAll(findInWords(words, beginning), beginning)
}

/** Whether a concern leaves no doubt, so that nothing is left to ask. */
export function isCertain(concern: Concern): boolean {
  if (concern.kind === 'destroys') return concern.danger.isCertain && !concern.isOpen
  return concern.kind !== 'unreadable'
}

function judgeAll(found: readonly Found[], beginning: Beginning): readonly Concern[] {
  const concerns = found.flatMap(each => {
    if (each.kind === 'command') return judgeCommand(each, beginning)
    const isSuspect = each.isGivenUp ? speaksOfDocker(each.text) : looksDestructive(each.text)
    return isSuspect ? [{ kind: 'unreadable' as const }] : []
  })
  const distinct = new Map(concerns.map(concern => [JSON.stringify(concern), concern]))
  return [...distinct.values()].toSorted((one, other) => Number(isCertain(other)) - Number(isCertain(one)))
}

function judgeCommand(command: FoundCommand, { home }: Beginning): readonly Concern[] {
  const [first = '', ...rest] = command.words
  const words = shown(command.words)
  const files = fileDanger(command, home)
  if (files !== null) return [{ kind: 'files', words, danger: files }]
  const engine = engineDanger(command.words)
  if (engine !== null) return [destroys(words, engine, false)]
  const program = dockerProgram(first)
  if (program === null) return isOpen(first) ? judgeUnknown(rest, command) : []
  return isGuarded(program) ? judgeOurs(program, rest, command) : judgeDocker(program, rest, command)
}

/** Which of docker's programs a word names; a pattern of file names (`/usr/bin/dock*r`) can name one too. */
function dockerProgram(word: string): string | null {
  const program = programOf(word)
  if (isDockerProgram(program)) return program
  if (!/[*?[]/.test(program) || isOpen(program)) return null
  const start = program.slice(0, program.search(/[*?[]/))
  const end = /[^*?\]]*$/.exec(program)?.[0] ?? ''
  const fits = (name: string): boolean => name.startsWith(start) && name.endsWith(end)
  return ['docker', 'docker-compose', 'podman'].find(fits) ?? null
}

/** A program that only a run can tell. */
function judgeUnknown(rest: readonly string[], command: FoundCommand): readonly Concern[] {
  const danger = dangerOfUnknown(rest, saysYes(command.input))
  return danger === null ? [] : [destroys(shown(command.words), danger, true)]
}

function destroys(words: readonly string[], danger: LineDanger, open: boolean): Destruction {
  return { kind: 'destroys', words, danger, isOpen: open, compose: null }
}

function judgeDocker(program: string, rest: readonly string[], command: FoundCommand): readonly Concern[] {
  const answersYes = saysYes(command.input)
  const line = readLine(program, closed(rest), answersYes)
  const words = shown(command.words)
  if (line.danger !== null) {
    if (line.compose === null) return removesScratchOnly(rest) ? [] : [destroys(words, line.danger, false)]
    return [{ ...destroys(words, line.danger, false), compose: composeLine(program, line.compose, command) }]
  }
  const danger = dangerWhenOpen(program, rest, answersYes)
  if (danger !== null) return [destroys(words, danger, true)]
  // Where `docker compose` leads to the guard, it must stay one.
  return line.isGuarded ? loosens(rest, command) : []
}

function composeLine(program: string, invocation: Invocation, command: FoundCommand): ComposeLine {
  const kept = keepTheData(invocation)
  const start = isCompose(program) ? program : (command.words[0] ?? '')
  return {
    argv: invocation.argv,
    keeping: kept === null ? null : [start, ...kept],
    place: composePlace(invocation, command),
    isScratch: takesScratchDown(invocation, command),
  }
}

/** Our own commands that a coding agent may not give. */
const forPeople: readonly string[] = ['approve', 'trust', 'uninstall']

/** What goes through the guard is left to it: it looks at what there is, which a line of text does not tell. */
function judgeOurs(program: string, rest: readonly string[], command: FoundCommand): readonly Concern[] {
  const [word] = rest.filter((each, index) => !each.startsWith('-') && !takesValue(rest[index - 1] ?? ''))
  const words = shown(command.words)
  if (program === 'safe-compose' && forPeople.includes(word ?? '')) return [{ kind: 'approves', words }]
  const plain = withoutOurs(rest)
  const { isGuarded, danger } = readLine(program, closed(plain), false)
  const isOwn = program === 'safe-compose' && isOwnWord(word ?? '') && word !== 'compose'
  return isOwn || isGuarded || danger !== null ? loosens(rest, command) : []
}

/** The words for Compose or docker, less our own. Where they are wrong, the guard itself says so. */
function withoutOurs(words: readonly string[]): readonly string[] {
  try {
    return readSafeOptions(words, {}).rest
  } catch {
    return words.filter(word => !word.startsWith('--safe-'))
  }
}

function loosens(rest: readonly string[], command: FoundCommand): readonly Concern[] {
  const words = shown(command.words)
  return findLoosening(rest, command).map(what => ({ kind: 'loosens', words, what }))
}

/** `yes |`, `echo y |`: an answer to Compose's question. */
function saysYes(input: string | null): boolean {
  return input !== null && /^\s*(y|yes|true|1)\s*$/im.test(input)
}
