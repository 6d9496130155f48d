import type { Mount } from './find-commands.ts'
import { isCompose } from './docker-programs.ts'
import { isOpen, programOf } from './words.ts'
import { afterOptions, isKnownProgram, optionValues, shells, wrappers } from './wrappers.ts'

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

/** Where `find` looks, as far as that is one absolute place. */
export function placeOfFind(words: readonly string[]): string | null {
  const starts = words.slice(1).filter(each => each.startsWith('/') || each.startsWith('~'))
  return starts.length === 1 ? (starts[0] ?? null) : null
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

/** What `docker exec` and `docker run` run inside. */
export interface ContainerLine {
  readonly mounts: readonly Mount[]
  /** The words in which the command is, behind the image where that can be told. */
  readonly rest: readonly string[]
  /** They are words for docker itself. */
  readonly takesDocker: boolean
  /** What is given to a shell that is the entrypoint. */
  readonly text: string | null
}

/** Null for a line that runs nothing in a container, or where it reaches neither an engine nor data of the host's. */
export function readContainerLine(program: string, words: readonly string[]): ContainerLine | null {
  const at = words.findIndex(word => word === 'exec' || word === 'run')
  if (at < 0) return null
  const rest = words.slice(at + 1)
  // A service has what its file gives it, which is not known here.
  const isOpenWorld = words[at] === 'exec' || isCompose(program) || words.slice(0, at).includes('compose')
  const reachesEngine =
    isOpenWorld || rest.some(word => /docker\.sock|podman\.sock|DOCKER_HOST|^--privileged/.test(word))
  const mounts = words[at] === 'exec' ? [] : mountsIn(rest)
  const hasData = mounts.length > 0 || rest.some(word => word.startsWith('--volumes-from'))
  if (!reachesEngine && !hasData) return null
  const image = reachesEngine ? rest.findIndex(word => /^([\w.:-]+\/)*docker(:[\w.-]+)?$/.test(word)) : -1
  const inner = rest.slice(image + 1)
  const [entrypoint] = optionValues(rest, ['--entrypoint'])
  const isShell = entrypoint !== undefined && shells.includes(programOf(entrypoint))
  return {
    mounts,
    rest: inner,
    takesDocker: image >= 0 && !isKnownProgram(programOf(inner[0] ?? '')),
    text: isShell ? (optionValues(rest, ['-c'])[0] ?? null) : null,
  }
}

/** `-v SOURCE:TARGET`, `--mount source=…,target=…`; directories by their path, as far as it is known. */
function mountsIn(words: readonly string[]): readonly Mount[] {
  const short = optionValues(words, ['-v', '--volume']).map(value => {
    const [source = '', target = ''] = value.split(':')
    return { source, target }
  })
  const long = optionValues(words, ['--mount']).map(value => {
    const pairs = new Map(value.split(',').map(splitAssignment))
    return {
      source: pairs.get('source') ?? pairs.get('src') ?? '',
      target: pairs.get('target') ?? pairs.get('dst') ?? pairs.get('destination') ?? '',
    }
  })
  return [...short, ...long].filter(({ source, target }) => target.startsWith('/') && !isOpen(source))
}
