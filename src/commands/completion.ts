import { completeLine, completionText } from '../core/completion/complete.ts'
import type { Vocabulary } from '../core/completion/complete.ts'
import { completionScripts } from '../core/completion/scripts.ts'
import { shells } from '../model/doors.ts'
import { doorUsage } from './door-tools.ts'

/** `completion SHELL`: the script by which a shell asks what may follow. Resolves with the exit code; throws `Stop`. */
export function completion(words: readonly string[], print: (text: string) => void): number {
  const how = `safe-compose completion ${shells.join('|')}`
  const [word, extra] = words
  if (word === undefined) throw doorUsage('it is not said for which shell', how)
  const shell = shells.find(each => each === word)
  if (shell === undefined) throw doorUsage(`there is no completion for ${word}`, how)
  if (extra !== undefined) throw doorUsage(`${extra} is one word too many`, how)
  print(completionScripts[shell])
  return 0
}

/**
 * `__complete WORD…`, which the scripts call: what may stand in the place of the last word. Compose is asked as well, where it
 * is its turn, and may be silent.
 */
export async function complete(
  words: readonly string[],
  vocabulary: Vocabulary,
  from: {
    readonly print: (text: string) => void
    /** What Compose completes: words after `compose`. Null where it does not answer. */
    readonly askCompose: (words: readonly string[]) => Promise<string | null>
  },
): Promise<number> {
  const own = completeLine(words, vocabulary)
  from.print(completionText(own, own.handOn === null ? null : await from.askCompose(own.handOn)))
  return 0
}
