import type { Invocation } from '../model/invocation.ts'
import { escapeName } from './escape.ts'

/** A command as the user would type it in a shell: `docker compose -f a.yml down`. `argv` is what Compose would get. */
export function commandLine(invocation: Invocation, argv: readonly string[]): string {
  const program = invocation.form === 'plugin' ? 'docker' : 'docker-compose'
  return [program, ...argv].map(quote).join(' ')
}

/** Another command on the same project: the words that choose it stay, `words` follow. */
export function otherCommand(invocation: Invocation, words: readonly string[]): string {
  const compose = invocation.form === 'plugin' ? [...invocation.dockerWords, 'compose'] : []
  return commandLine(invocation, [...compose, ...invocation.globalWords, ...words])
}

function quote(word: string): string {
  if (/^[A-Za-z0-9_/:=.,@%+-]+$/.test(word)) return word
  return `'${escapeName(word).replaceAll("'", `'\\''`)}'`
}
