import type { Invocation } from '../model/invocation.ts'
import { escapeName } from './escape.ts'
import { commandOf } from './reach.ts'
import { readAgain } from './read-again.ts'

/** A command as the user would type it in a shell: `docker compose -f a.yml down`. `argv` is what Compose would get. */
export function commandLine(invocation: Invocation, argv: readonly string[]): string {
  const program = invocation.form === 'plugin' || invocation.form === 'docker' ? 'docker' : 'docker-compose'
  return shellLine([program, ...argv])
}

/** A command by its name: `down`; one of the docker CLI as `docker volume rm`, `docker rm`. */
export function commandName(invocation: Invocation): string {
  if (invocation.form !== 'docker') return commandOf(invocation)
  const path = invocation.command.join(' ')
  return `docker ${path === 'container rm' ? 'rm' : path}`
}

/** What was passed on, as it is typed to us: `safe-compose down -v`, `safe-docker volume rm a`. Not quoted. */
export function typedToUs(argv: readonly string[]): readonly string[] {
  if (argv[0] === 'docker') return ['safe-docker', ...argv.slice(1)]
  return ['safe-compose', ...argv.filter((word, index) => !(index === 0 && word === 'compose'))]
}

/** Who gets these words, as it is called in a sentence. */
export function programOf([first]: readonly string[]): 'docker' | 'Compose' {
  return first === 'docker' ? 'docker' : 'Compose'
}

/** Words as they can be typed into a shell. */
export function shellLine(words: readonly string[]): string {
  return words.map(quote).join(' ')
}

/** Another command on the same project: the words that choose it stay, `words` follow. */
export function otherCommand(invocation: Invocation, words: readonly string[]): string {
  return commandLine(invocation, sameProject(invocation, words).argv)
}

/** The same, read as the Compose at hand reads it. */
export function sameProject(invocation: Invocation, words: readonly string[]): Invocation {
  const { form, dockerWords, globalWords } = invocation
  const before = form === 'plugin' ? [...dockerWords, 'compose'] : dockerWords
  return readAgain(invocation, [...before, ...globalWords, ...words])
}

function quote(word: string): string {
  if (/^[A-Za-z0-9_/:=.,@%+-]+$/.test(word)) return word
  return `'${escapeName(word).replaceAll("'", `'\\''`)}'`
}
