import type { OwnStart, ShellName } from '../../model/doors.ts'
import { flagsWithValue } from '../docker-line.ts'
import { fishWord, shellWord } from '../shell-word.ts'

/**
 * The functions by which what is typed in a shell comes to us: `docker-compose`, and `docker` where its first word is
 * `compose` or, if asked for, altogether. Where Node or our files are gone they call what they stand for.
 */
export function aliasLines(
  shell: ShellName,
  start: OwnStart,
  wishes: { readonly docker: boolean },
): readonly string[] {
  return shell === 'fish' ? fishLines(start, wishes.docker) : posixLines(start, wishes.docker)
}

/** Whether these lines take all of `docker`. */
export function takesDocker(lines: string): boolean {
  return lines.includes(everything)
}

const everything = '# All of docker.'

/** The docker CLI tells it its plugins, which then read the whole line as it does. */
const asPlugin = 'DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND=docker'

/** `function NAME` and no other way to write it: an alias of the same name would be put in the place of a bare name. */
function posixLines(start: OwnStart, docker: boolean): readonly string[] {
  const call = (program: string): string => `${shellWord(start.node)} -- ${shellWord(program)} "$@"`
  const isThere = (program: string): string =>
    `[ -x ${shellWord(start.node)} ] && [ -r ${shellWord(program)} ]`
  const { program, dockerProgram } = start
  const compose = [
    'function docker-compose {',
    `  if ${isThere(program)}; then ${call(program)}; else command docker-compose "$@"; fi`,
    '}',
  ]
  if (docker)
    return [
      ...compose,
      everything,
      'function docker {',
      `  if ${isThere(dockerProgram)}; then ${call(dockerProgram)}; else command docker "$@"; fi`,
      '}',
    ]
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
    `        ${isThere(program)} || break`,
    `        ${asPlugin} ${call(program)}`,
    '        return ;;',
    '      *) break ;;',
    '    esac',
    '  done',
    '  command docker "$@"',
    '}',
  ]
}

function fishLines(start: OwnStart, docker: boolean): readonly string[] {
  const call = (program: string): string => `${fishWord(start.node)} -- ${fishWord(program)} $argv`
  const isThere = (program: string): string => `test -x ${fishWord(start.node)} -a -r ${fishWord(program)}`
  const { program, dockerProgram } = start
  const compose = [
    'function docker-compose',
    `  if ${isThere(program)}`,
    `    ${call(program)}`,
    '  else',
    '    command docker-compose $argv',
    '  end',
    'end',
  ]
  if (docker)
    return [
      ...compose,
      everything,
      'function docker',
      `  if ${isThere(dockerProgram)}`,
      `    ${call(dockerProgram)}`,
      '  else',
      '    command docker $argv',
      '  end',
      'end',
    ]
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
    `        ${isThere(program)}; or break`,
    `        env ${asPlugin} ${call(program)}`,
    '        return',
    "      case '*'",
    '        break',
    '    end',
    '  end',
    '  command docker $argv',
    'end',
  ]
}
