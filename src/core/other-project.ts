import type { Invocation } from '../model/invocation.ts'
import { commandLine } from './command-line.ts'
import { globalText } from './invocation.ts'
import { readAgain } from './read-again.ts'

/**
 * The same command for another project name: `-p NAME` among Compose's globals, in place of one that was typed. Null
 * where Compose would not take the name, or where the words cannot be told apart.
 */
export function asProject(
  invocation: Invocation,
  project: string,
): { readonly argv: readonly string[]; readonly words: string } | null {
  if (!/^[a-z0-9][a-z0-9_-]*$/.test(project)) return null
  const { argv, form, dockerWords, globalWords } = invocation
  const start = form === 'plugin' ? dockerWords.length + 1 : 0
  const rest = argv.slice(start + globalWords.length)
  const other = [...argv.slice(0, start), ...withoutName(globalWords), '-p', project, ...rest]
  const read = readAgain(invocation, other)
  const isSame =
    read.outcome === 'run' &&
    globalText(read, 'project-name') === project &&
    JSON.stringify([read.command, read.flags, read.args]) ===
      JSON.stringify([invocation.command, invocation.flags, invocation.args])
  return isSame ? { argv: other, words: commandLine(invocation, other) } : null
}

function withoutName(words: readonly string[]): readonly string[] {
  return words.filter((word, index) => {
    const before = words[index - 1]
    if (before === '-p' || before === '--project-name') return false
    return word !== '-p' && word !== '--project-name' && !/^(-p.|--project-name=)/.test(word)
  })
}
