import { infoOf } from '../core/completion/complete.ts'
import type { Vocabulary } from '../core/completion/complete.ts'
import { safeOptions } from '../core/options.ts'
import { ownWords } from '../core/own-words.ts'
import type { OwnWord } from '../core/own-words.ts'
import { exitCodes } from '../model/failure.ts'
import { columns } from './columns.ts'

/** All that the help and the manual page tell, as rows: what is written, and what it is about. */
export const helpParts = {
  purpose: [
    'Type it instead of docker compose: the same words, the same output, the same exit code.',
    'It backs up what a command would destroy before Compose runs, and brings it back.',
  ],
  lines: [
    ['safe-compose [OPTION…] COMMAND …', 'any command of Compose: up -d, down -v, ps, …'],
    ['safe-compose --help', 'the help of Compose itself'],
    ['safe-docker [OPTION…] COMMAND …', 'the same for docker: volume rm, system prune, rm -v, …'],
  ],
  words: (): readonly (readonly [lines: readonly string[], about: string])[] =>
    Object.entries(ownWords).map(([word, about]) => [usage[word as OwnWord], about]),
  options: safeOptions.map(({ flag, value, variable, about }) => [
    `${flag}${value === null ? '' : ` ${value}`}`,
    variable,
    about,
  ]),
  variables: [
    ['SAFE_COMPOSE=off', 'pass everything through untouched; not for coding agents'],
    ['SAFE_COMPOSE_DOCKER_COMPOSE=PROGRAM', 'the Compose to use'],
    ['SAFE_COMPOSE_DOCKER=PROGRAM', 'the docker that safe-docker uses'],
  ],
  configuration: [
    [
      '~/.config/safe-compose/config.yaml',
      'yours: store, encrypt, copies, rules, critical, preflight, keep, notify',
    ],
    ['.safe-compose.yaml', "a project's, beside its Compose file; unless trusted, it only protects"],
    ['x-safe-compose:', 'the same, inside the Compose file'],
    ['SAFE_COMPOSE_MAX_AGE=6h, …', 'the same as variables, listed in the README'],
  ],
  codes: Object.values(exitCodes).map(({ code, meaning }) => [String(code), meaning]),
} as const

/** `safe-compose help`: what is ours. Everything else is Compose's, and so is its help. */
export function helpText(version: string): string {
  const { purpose, lines, words, options, variables, configuration, codes } = helpParts
  const rows = words().flatMap(([all, about]) => all.map((line, index) => [line, index === 0 ? about : '']))
  return `${[
    `safe-compose ${version}`,
    '',
    ...purpose,
    '',
    ...indented(lines, '    '),
    '',
    'Commands of our own',
    '',
    ...indented(rows, '  '),
    '',
    'Options, before the command; each can be set by its variable instead',
    '',
    ...indented(options, '   '),
    '',
    ...indented(variables, '   '),
    '',
    'Configuration',
    '',
    ...indented(configuration, '   '),
    '',
    "Exit codes: Compose's own whenever Compose ran, else",
    '',
    ...indented(codes, '   '),
  ].join('\n')}\n`
}

function indented(rows: readonly (readonly string[])[], gap: string): readonly string[] {
  return columns(rows, gap).map(line => `  ${line}`)
}

/** Our words with their options, for completion. */
export function vocabulary(rules: readonly string[]): Vocabulary {
  const words = Object.entries(ownWords).map(([word, about]) => infoOf(word, about, usage[word as OwnWord]))
  return { words, rules }
}

const usage: Readonly<Record<OwnWord, readonly string[]>> = {
  backup: ['backup [--tag T] [SERVICE|VOLUME…]', '       [--pause | --stop] [--no-dump]'],
  backups: ['backups [--all] [--json]', 'backups --gate 24h [--verified 30d]'],
  show: ['show [--json] ID'],
  restore: [
    'restore [ID | --tag T] [--volume V]',
    '        [--to V2]',
    'restore --from FILE --volume V',
    'restore [ID] --dump [--database D]',
    '        [--into NEW] [--drop-old]',
  ],
  verify: ['verify [ID… | --latest | --all]', '       [--level read|boot] [--json]'],
  prune: ['prune [--dry-run | --now] [--all]', '      [--json]'],
  undo: ['undo [ID] [--list [--json]]'],
  recover: ['recover [--json]', 'recover --repair SERVICE [--apply]'],
  plan: ['plan [--json] [--exit-code] [COMMAND …]'],
  doctor: ['doctor [--json] [--fix [--yes]]'],
  health: ['health [--json] [SERVICE…]'],
  metrics: ['metrics [--all] [--textfile FILE]'],
  notify: ['notify [--test [--channel N]] [--json]'],
  report: ['report [--all] [--html FILE | --json]'],
  schedule: [
    'schedule install [--every 6h|--cron C]',
    '         [--verify R] [--full R]',
    'schedule status [--json] | remove',
    'schedule run [--job J] | serve',
  ],
  approve: ['approve CODE'],
  explain: ['explain [RULE|FINDING-ID] [--json]'],
  settings: ['settings [--json]'],
  trust: ['trust [DIR] [--list | --remove]'],
  pin: ['pin [--external] [--yes] [VOLUME…]', 'pin --check [VOLUME…]'],
  adopt: ['adopt VOLUME [--as KEY] [--copy]', '      [--yes]'],
  copy: ['copy (ID… | --all)', '     --to (DIR | restic:…)'],
  keys: ['keys generate [FILE]', 'keys show [--json]'],
  lint: ['lint [--format F] [FILE…]'],
  hook: ['hook [--agent NAME]'],
  about: ['about [--json]'],
  install: [
    'install [status [--json]]',
    'install plugin [--system]',
    'install alias [--shell S] [--docker]',
    'install path [DIR]',
    'install agent NAME [--project]',
  ],
  uninstall: ['uninstall [plugin|alias|path|all]', 'uninstall agent [NAME]'],
  completion: ['completion bash|zsh|fish'],
  compose: ['compose COMMAND …'],
  help: ['help'],
}
