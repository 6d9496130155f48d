import { afterOptions, optionValues, wrappers } from './wrappers.ts'

/** How the programs that run others are called: what they run, and what they change for it. */

const assignment = /^[A-Za-z_]\w*=/

export interface EnvLine {
  readonly command: readonly string[]
  /** Texts of `-S`, to be split into words before the command. */
  readonly texts: readonly string[]
  /** Null for what is taken away. */
  readonly variables: readonly (readonly [name: string, value: string | null])[]
  readonly withoutOthers: boolean
}

/** `env -u A B=1 docker …` */
export function readEnv(words: readonly string[]): EnvLine {
  const at = afterOptions(words, wrappers.env)
  const options = words.slice(1, at)
  const switches = 'iv0'
  const isBare = words[at] === '-'
  const { command, variables } = readAssignments(words.slice(isBare ? at + 1 : at))
  return {
    command,
    texts: optionValues(options, ['-S', '--split-string'], switches),
    variables: [
      ...optionValues(options, ['-u', '--unset'], switches).map(name => [name, null] as const),
      ...variables,
    ],
    withoutOthers: isBare || options.some(word => word === '--ignore-environment' || /^-[v0]*i/.test(word)),
  }
}

/** `A=1 B=2 docker …` as words. */
export function readAssignments(words: readonly string[]): Pick<EnvLine, 'command' | 'variables'> {
  const end = words.findIndex(word => !assignment.test(word))
  const from = end < 0 ? words.length : end
  return { command: words.slice(from), variables: words.slice(0, from).map(splitAssignment) }
}

function splitAssignment(word: string): readonly [string, string] {
  const equals = word.indexOf('=')
  return [word.slice(0, equals), word.slice(equals + 1)]
}

export interface XargsLine {
  readonly command: readonly string[]
  /** What is replaced in the command's words; null where words are added at its end. */
  readonly mark: string | null
}

/** `xargs -I{} docker volume rm {}` */
export function readXargs(words: readonly string[]): XargsLine {
  const at = afterOptions(words, wrappers.xargs)
  const options = words.slice(1, at)
  const mark = optionValues(options, ['-I', '--replace'])[0] ?? attachedMark(options)
  return { command: words.slice(at), mark }
}

/** `-i`, `-i{}`, `-I{}`. */
function attachedMark(options: readonly string[]): string | null {
  for (const word of options) {
    const [, mark] = /^-[0rt]*[iI](.*)$/.exec(word) ?? []
    if (mark !== undefined && mark !== '') return mark
    if (mark === '' && word.endsWith('i')) return '{}'
  }
  return null
}

/** The commands of `find`'s `-exec` and its like, with `{}` as written. */
export function readFind(words: readonly string[]): readonly (readonly string[])[] {
  const commands: string[][] = []
  let current: string[] | null = null
  for (const word of words)
    if (current === null) {
      if (['-exec', '-execdir', '-ok', '-okdir'].includes(word)) commands.push((current = []))
    } else if (word === ';' || word === '+') current = null
    else current.push(word)
  return commands
}

/** What a shell runs: a text, a file, or what it reads. `args` begin with `$0` for a text, with `$1` for a file. */
export type ShellLine =
  | { readonly runs: 'text'; readonly text: string; readonly args: readonly string[] }
  | { readonly runs: 'file'; readonly path: string; readonly args: readonly string[] }
  | { readonly runs: 'input' }

/** `bash -euxo pipefail -c TEXT`, `sh FILE`, `bash -s` */
export function readShellLine(words: readonly string[]): ShellLine {
  let isText = false
  let index = 1
  for (; index < words.length; index++) {
    const word = words[index] ?? ''
    if (word === '--' || word === '-') {
      index++
      break
    }
    if (!/^[-+]/.test(word)) break
    if (['--rcfile', '--init-file'].includes(word) || /^[-+]\w*[oO]$/.test(word)) index++
    if (/^-\w*c/.test(word) || word === '--command') isText = true
  }
  const [first, ...args] = words.slice(index)
  if (first !== undefined && isText) return { runs: 'text', text: first, args }
  if (first === undefined || words.slice(1, index).some(word => /^-\w*s/.test(word))) return { runs: 'input' }
  return { runs: 'file', path: first, args }
}
