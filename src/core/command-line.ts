import type { Invocation } from '../model/invocation.ts'
import { escapeName } from './escape.ts'
import { readInvocation } from './invocation.ts'

/** A command as the user would type it in a shell: `docker compose -f a.yml down`. `argv` is what Compose would get. */
export function commandLine(invocation: Invocation, argv: readonly string[]): string {
  const program = invocation.form === 'plugin' ? 'docker' : 'docker-compose'
  return shellLine([program, ...argv])
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
  const { form, version, dockerWords, globalWords } = invocation
  const compose = form === 'plugin' ? [...dockerWords, 'compose'] : []
  return readInvocation({ argv: [...compose, ...globalWords, ...words], form, version })
}

function quote(word: string): string {
  if (/^[A-Za-z0-9_/:=.,@%+-]+$/.test(word)) return word
  return `'${escapeName(word).replaceAll("'", `'\\''`)}'`
}
