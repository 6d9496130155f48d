/**
 * Whether these words are a docker command line that leads to Compose: `compose up`, `--context x compose up`,
 * `__complete compose up`, `help compose`. The docker CLI hands its plugin the whole of it.
 */
export function isDockerLine(words: readonly string[]): boolean {
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ''
    if (word.startsWith('-') && word !== '-') {
      if (flagsWithValue.includes(word)) index++
      else if (!isDockersFlag(word)) return false
      continue
    }
    if (word === 'help') return words[index + 1] === 'compose'
    return ['compose', '__complete', '__completeNoDesc'].includes(word)
  }
  return false
}

/** Alone, with its value behind `=`, or a letter with all that follows. */
function isDockersFlag(word: string): boolean {
  const name = word.startsWith('--') ? (word.split('=', 1)[0] ?? word) : word.slice(0, 2)
  return switches.includes(name) || flagsWithValue.includes(name)
}

const switches: readonly string[] = ['--', '--debug', '-D', '--help', '-h', '--tls', '--tlsverify']

/** Those of the docker CLI's own flags that take the next word. */
export const flagsWithValue: readonly string[] = [
  '--config',
  '--context',
  '-c',
  '--host',
  '-H',
  '--log-level',
  '-l',
  '--tlscacert',
  '--tlscert',
  '--tlskey',
]
