import { helpParts } from './help.ts'

/** Where the manual page lies. */
export const manPageFile = 'src/man/safe-compose.1'

/** The manual page: the help, in the words that `man` reads. */
export function manPage(): string {
  const { purpose, words, options, variables, configuration, codes } = helpParts
  return [
    '.TH SAFE-COMPOSE 1 "" "safe-compose" "User Commands"',
    '.SH NAME',
    'safe-compose \\- Docker Compose, with a backup before data is destroyed',
    '.SH SYNOPSIS',
    '.B safe-compose',
    `[${roff('OPTION…')}] COMMAND ${roff('…')}`,
    '.SH DESCRIPTION',
    ...purpose.map(roff),
    '.PP',
    'Any command of Compose may follow, and the commands below.',
    '.SH COMMANDS',
    ...words.flatMap(({ forms, about, options: own }) => [
      ...tagged(forms),
      roff(about),
      ...within(own.flatMap(([flag, does]) => [...tagged([flag]), roff(does)])),
    ]),
    '.SH OPTIONS',
    'They stand before the command. Each can be set by its variable instead.',
    ...options.flatMap(([flag = '', variable = '', about = '']) => [
      ...tagged([flag, variable]),
      roff(about),
    ]),
    '.SH ENVIRONMENT',
    ...variables.flatMap(([variable, about]) => [...tagged([variable]), roff(about)]),
    '.SH FILES',
    ...configuration.flatMap(([file, about]) => [...tagged([file]), roff(about)]),
    '.SH EXIT STATUS',
    "Compose's own whenever Compose ran, else",
    ...codes.flatMap(([code = '', meaning = '']) => [...tagged([code]), roff(meaning)]),
    '.SH SEE ALSO',
    '.BR docker (1),',
    '.BR docker\\-compose (1)',
    '',
  ].join('\n')
}

/** A term of a list, on as many lines as there are ways to write it. */
function tagged(terms: readonly string[]): readonly string[] {
  return terms.flatMap((term, index) => [index === 0 ? '.TP' : '.TQ', `.B ${roff(term)}`])
}

/** What belongs to the term before it. */
function within(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['.RS', ...lines, '.RE']
}

/** A text as roff takes it: a hyphen is a minus, and no line begins a request. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('~', '\\(ti')
    .replaceAll('`', '\\(ga')
    .replaceAll('…', '...')
    .replaceAll('"', '\\(dq')
    .replace(/^[.']/, '\\&$&')
}
