import type { OwnStart, ShellName } from '../../model/doors.ts'
import { flagsWithValue } from '../docker-line.ts'
import { fishWord, plainFishWord, plainShellWord, shellWord } from '../shell-word.ts'

/**
 * The functions by which what is typed in a shell comes to us: `docker-compose`, and `docker` where its first word is
 * `compose` or, if asked for, altogether. Where Node or our files are gone they call what they stand for, and say so.
 */
export function aliasLines(
  shell: ShellName,
  start: OwnStart,
  wishes: { readonly docker: boolean },
): readonly string[] {
  return shell === 'fish' ? fishLines(start, wishes.docker) : posixLines(shell, start, wishes.docker)
}

/** Whether these lines take all of `docker`. */
export function takesDocker(lines: string): boolean {
  return lines.includes(everything)
}

/** What these lines start; null where they are none of ours. Where they take no docker, both programs are the same. */
export function startIn(shell: ShellName, lines: string): OwnStart | null {
  const [test, plain] = shell === 'fish' ? [fishTest, plainFishWord] : [posixTest, plainShellWord]
  const starts = [...lines.matchAll(test)].map(([, node = '', program = '']) => [plain(node), plain(program)])
  const [first, last] = [starts[0], starts.at(-1)]
  if (first?.[0] === undefined || first[1] === undefined || last?.[1] === undefined) return null
  return { node: first[0], program: first[1], dockerProgram: last[1] }
}

const posixTest = /\[ -x ((?:\\'|[^\s'\\]|'[^']*')+) \] && \[ -r ((?:\\'|[^\s'\\]|'[^']*')+) \]/g
const fishTest = /test -x ('(?:[^'\\]|\\.)*'|[^\s']+) -a -r ('(?:[^'\\]|\\.)*'|[^\s']+)/g

const everything = '# All of docker.'

/** The docker CLI tells it its plugins, which then read the whole line as it does. */
const asPlugin = 'DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND=docker'

/** What is gone, and how it is mended; the real one may still be guarded by itself. */
function gone(shell: ShellName, node: string, program: string, docker: boolean): string {
  const again = `safe-compose install alias --shell ${shell}${docker ? ' --docker' : ''}`
  return `safe-compose: this function guards nothing: ${node} or ${program} is gone; place it again: ${again}`
}

/** `function NAME` and no other way to write it: an alias of the same name would be put in the place of a bare name. */
function posixLines(shell: ShellName, start: OwnStart, docker: boolean): readonly string[] {
  const { node, program, dockerProgram } = start
  const call = (ours: string): string => `${shellWord(node)} -- ${shellWord(ours)} "$@"`
  const isThere = (ours: string): string => `[ -x ${shellWord(node)} ] && [ -r ${shellWord(ours)} ]`
  const says = (ours: string): string => `printf '%s\\n' ${shellWord(gone(shell, node, ours, docker))} >&2`
  const whole = (name: string, ours: string): readonly string[] => [
    `function ${name} {`,
    `  if ${isThere(ours)}; then ${call(ours)}; else`,
    `    ${says(ours)}`,
    `    command ${name} "$@"`,
    '  fi',
    '}',
  ]
  const compose = whole('docker-compose', program)
  if (docker) return [...compose, everything, ...whole('docker', dockerProgram)]
  return [
    ...compose,
    'function docker {',
    '  local word skip=',
    '  for word in "$@"; do',
    '    if [ -n "$skip" ]; then skip=; continue; fi',
    '    case $word in',
    `      ${flagsWithValue.join(' | ')}) skip=1 ;;`,
    '      -*) ;;',
    '      compose)',
    `        if ${isThere(program)}; then`,
    `          ${asPlugin} ${call(program)}`,
    '          return',
    '        fi',
    `        ${says(program)}`,
    '        break ;;',
    '      *) break ;;',
    '    esac',
    '  done',
    '  command docker "$@"',
    '}',
  ]
}

function fishLines(start: OwnStart, docker: boolean): readonly string[] {
  const { node, program, dockerProgram } = start
  const call = (ours: string): string => `${fishWord(node)} -- ${fishWord(ours)} $argv`
  const isThere = (ours: string): string => `test -x ${fishWord(node)} -a -r ${fishWord(ours)}`
  const says = (ours: string): string => `printf '%s\\n' ${fishWord(gone('fish', node, ours, docker))} >&2`
  const whole = (name: string, ours: string): readonly string[] => [
    `function ${name}`,
    `  if ${isThere(ours)}`,
    `    ${call(ours)}`,
    '  else',
    `    ${says(ours)}`,
    `    command ${name} $argv`,
    '  end',
    'end',
  ]
  const compose = whole('docker-compose', program)
  if (docker) return [...compose, everything, ...whole('docker', dockerProgram)]
  return [
    ...compose,
    'function docker',
    '  set -l skip 0',
    '  for word in $argv',
    '    if test $skip = 1',
    '      set skip 0',
    '      continue',
    '    end',
    '    switch $word',
    `      case ${flagsWithValue.join(' ')}`,
    '        set skip 1',
    "      case '-*'",
    '      case compose',
    `        if ${isThere(program)}`,
    `          env ${asPlugin} ${call(program)}`,
    '          return',
    '        end',
    `        ${says(program)}`,
    '        break',
    "      case '*'",
    '        break',
    '    end',
    '  end',
    '  command docker $argv',
    'end',
  ]
}
