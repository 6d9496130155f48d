import type { Word } from './words.ts'

/**
 * What `docker-compose` (v2 and later) makes of its words before it reads them as `docker compose` would: docker's
 * own flags move to the front, `--verbose`, `-h`, `-v` and `--version` change their name. It stops at the first word
 * that is no flag and knows no values, so `-p -v` names a project "version".
 *
 * @param splitsValues whether `--host=x` is moved like `--host x`, which it is since Compose 2.27.0
 * @returns the words for the plugin, the inserted word `compose` with the place -1; or Compose's error
 */
export function convertStandalone(
  words: readonly Word[],
  splitsValues: boolean,
): readonly Word[] | { readonly error: string } {
  const front: Word[] = []
  let command: Word[] = [{ text: 'compose', at: -1 }]
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as Word
    if (word.text === '__complete' || word.text === '__completeNoDesc') {
      command = [word, ...command]
      continue
    }
    if (word.text !== '' && !word.text.startsWith('-')) {
      command.push(...words.slice(word.text === 'compose' ? index + 1 : index))
      break
    }
    const renamed = { text: newNames.get(word.text) ?? word.text, at: word.at }
    if (movedSwitches.includes(renamed.text)) {
      front.push(renamed)
      continue
    }
    if (movedValues.includes(renamed.text)) {
      const value = words[++index]
      if (value === undefined) return { error: `flag needs an argument: '${renamed.text}'` }
      front.push(renamed, value)
      continue
    }
    const prefix = splitsValues ? movedValues.find(name => renamed.text.startsWith(name)) : undefined
    const equals = renamed.text.indexOf('=')
    if (prefix !== undefined && equals >= 0) {
      front.push({ text: prefix, at: word.at }, { text: renamed.text.slice(equals + 1), at: word.at })
      continue
    }
    command.push(renamed)
  }
  return [...front, ...command]
}

const newNames: ReadonlyMap<string, string> = new Map([
  ['--verbose', '--debug'],
  ['-h', '--help'],
  ['-v', 'version'],
  ['--version', 'version'],
])

const movedSwitches: readonly string[] = ['--debug', '-D', '--tls', '--tlsverify']

const movedValues: readonly string[] = [
  '--tlscacert',
  '--tlscert',
  '--tlskey',
  '--host',
  '-H',
  '--context',
  '--log-level',
]
