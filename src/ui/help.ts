import { infoOf } from '../core/completion/complete.ts'
import type { Vocabulary } from '../core/completion/complete.ts'
import { safeOptions } from '../core/options.ts'
import { ownOptions, ownUsage } from '../core/own-usage.ts'
import { allOwnWords, ownWords } from '../core/own-words.ts'
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
  words: allOwnWords.map(word => ({
    forms: ownUsage[word],
    about: ownWords[word],
    options: Object.entries(ownOptions[word] ?? {}),
  })),
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
  const rows = words.flatMap(({ forms, about }) =>
    forms.flatMap(form => folded(form, formWidth)).map((line, index) => [line, index === 0 ? about : '']),
  )
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

/** `safe-compose help COMMAND`, and `safe-compose COMMAND --help`. */
export function wordHelp(word: OwnWord): string {
  const options = Object.entries(ownOptions[word] ?? {})
  return `${[
    `safe-compose ${word}: ${ownWords[word]}`,
    '',
    ...ownUsage[word].flatMap(form => folded(`safe-compose ${form}`, lineWidth)).map(line => `  ${line}`),
    ...(options.length === 0 ? [] : ['', ...indented(options, '   ')]),
    '',
    'Options of safe-compose itself, exit codes, all commands: safe-compose help',
  ].join('\n')}\n`
}

/** Columns of the forms in the list of all commands, and of a line that stands alone. */
const [formWidth, lineWidth] = [40, 100]

/** In lines of at most so many columns where there are places to break; what goes on stands below the first option. */
function folded(form: string, width: number): readonly string[] {
  const [command = '', ...parts] = form.split(/ (?=[[(])| (?=--)(?![^[(]*[\])])/)
  const lines = [command]
  const indent = ' '.repeat(/^(safe-compose )?\S+/.exec(command)?.[0].length ?? 0)
  for (const part of parts) {
    const longer = `${lines.at(-1)} ${part}`
    if (longer.length <= width) lines[lines.length - 1] = longer
    else lines.push(`${indent} ${part}`)
  }
  return lines
}

function indented(rows: readonly (readonly string[])[], gap: string): readonly string[] {
  return columns(rows, gap).map(line => `  ${line}`)
}

/** Our words with their options, for completion. */
export function vocabulary(rules: readonly string[]): Vocabulary {
  const words = allOwnWords.map(word => infoOf(word, ownWords[word], ownUsage[word]))
  return { words, rules }
}
