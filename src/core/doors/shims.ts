import type { OwnStart } from '../../model/doors.ts'
import { beforeShellLines } from '../before-shell.ts'
import { shellWord } from '../shell-word.ts'
import { keptPluginName, shimMark } from './marks.ts'
import { pluginMetadata } from './plugin-metadata.ts'

/**
 * The file that stands where the docker CLI looks for its plugin `compose`. It answers the CLI's first question by itself,
 * and starts us for the call. Where Node or our files are gone it starts the real plugin, and says so.
 *
 * @param from.real the real plugin, as far as it was found; else, or where it is gone, the folders are searched
 * @param from.install the words that place it again
 */
export function pluginShim(from: {
  readonly start: OwnStart
  readonly version: string
  readonly real: string | null
  readonly install: string
}): string {
  const { start, version, real, install } = from
  return shim('the plugin by which `docker compose` is guarded', install, start.node, start.program, [
    `real=${shellWord(real ?? '')}`,
    `kept=${keptPluginName}`,
    '',
    ...startedHere([
      '  if [ "$1" = docker-cli-plugin-metadata ]; then',
      `    printf '%s\\n' ${shellWord(JSON.stringify(pluginMetadata(version)))}`,
      '    exit 0',
      '  fi',
    ]),
    '',
    '# The real plugin. The docker CLI asks it as well what it is, and what it completes.',
    'case $1 in',
    '  docker-cli-plugin-metadata | __complete*) ;;',
    `  *) ${notGuarded} ;;`,
    'esac',
    ...onceRound,
    'user=${DOCKER_CONFIG:-${HOME:-}/.docker}/cli-plugins',
    'for each in "$real" "${0%/*}/$kept" "$user/docker-compose" "$user/$kept" \\',
    '  /usr/local/lib/docker/cli-plugins/docker-compose /usr/local/libexec/docker/cli-plugins/docker-compose \\',
    '  /usr/lib/docker/cli-plugins/docker-compose /usr/libexec/docker/cli-plugins/docker-compose; do',
    '  is_real "$each" && exec "$each" "$@"',
    'done',
    ...onPath('docker-compose', 'exec "$each" "$@"'),
    ...nothingFound('no Docker Compose'),
  ])
}

/** The file that stands before the real `docker-compose` or `docker` on a PATH. Where Node or our files are gone it starts that. */
export function pathShim(name: 'docker-compose' | 'docker', start: OwnStart, install: string): string {
  const program = name === 'docker' ? start.dockerProgram : start.program
  return shim(`\`${name}\` on the PATH, guarded`, install, start.node, program, [
    '',
    ...startedHere([]),
    '',
    '# The next one on the PATH.',
    notGuarded,
    ...onceRound,
    ...onPath(name, 'exec "$each" "$@"'),
    ...(name === 'docker-compose' ? ['# Compose may be there as a plugin alone.', ...composeByDocker] : []),
    ...nothingFound(name === 'docker' ? 'no other docker' : 'no Docker Compose'),
  ])
}

function shim(
  what: string,
  install: string,
  node: string,
  program: string,
  lines: readonly string[],
): string {
  const words = install.split(' ')
  const takenBack = ['safe-compose', 'uninstall', ...words.slice(2, 3)].join(' ')
  return [
    '#!/bin/sh',
    `${shimMark}: ${what}.`,
    `# Placed by \`${install}\`, taken back by \`${takenBack}\`.`,
    `node=${shellWord(node)}`,
    `program=${shellWord(program)}`,
    `again=${shellWord(install)}`,
    ...lines,
    '',
  ].join('\n')
}

/** Whether Node and our files are there, and the start of them, which never comes back. */
function startedHere(before: readonly string[]): readonly string[] {
  return [
    'if [ -f "$node" ] && [ -x "$node" ] && [ -r "$program" ]; then',
    ...before,
    '  # A shell changes a few variables when it starts: Compose gets them as they were before.',
    ...beforeShellLines.map(line => `  ${line}`),
    '  exec "$node" -- "$program" "$@"',
    'fi',
  ]
}

const notGuarded = 'echo "safe-compose: NOT guarded: $node or $program is gone; place it again: $again" >&2'

/** Something that leads back here would go round for ever. And what is one of ours, by its second line, is not the real one. */
const onceRound: readonly string[] = [
  'case ${SAFE_COMPOSE_FALLBACK:-} in',
  '  xxxx*)',
  '    echo "safe-compose: what should be the real one leads back to $0: remove that file" >&2',
  '    exit 127',
  '    ;;',
  'esac',
  'SAFE_COMPOSE_FALLBACK=x${SAFE_COMPOSE_FALLBACK:-}',
  'export SAFE_COMPOSE_FALLBACK',
  'is_real() {',
  '  [ -f "$1" ] && [ -x "$1" ] && ! [ "$1" -ef "$0" ] || return 1',
  '  second=',
  '  { read -r first && read -r second; } <"$1" 2>/dev/null',
  '  case $second in',
  `    '${shimMark}'*) return 1 ;;`,
  '  esac',
  '}',
]

function onPath(name: string, found: string): readonly string[] {
  return [
    'IFS=:',
    'set -f',
    'for folder in $PATH; do',
    `  each=\${folder:-.}/${name}`,
    `  is_real "$each" && ${found}`,
    'done',
  ]
}

const composeByDocker: readonly string[] = onPath('docker', 'exec "$each" compose "$@"')

function nothingFound(what: string): readonly string[] {
  return [`echo "safe-compose: and ${what} was found" >&2`, 'exit 127']
}
