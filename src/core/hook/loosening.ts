import { agentSignals } from '../agents.ts'
import { isSwitchedOff, safeOptions } from '../options.ts'
import type { FoundCommand } from './find-commands.ts'

const options = safeOptions.filter(({ key }) => ['yes', 'allow', 'noBackup', 'config'].includes(key))

/**
 * What a line does to get past the guard: our own options that loosen it, and whatever hides that a coding agent is at
 * work. Each as it can be said: `SAFE_COMPOSE=off`.
 *
 * @param words all that follows the program
 */
export function findLoosening(
  words: readonly string[],
  { variables, withoutOthers }: Pick<FoundCommand, 'variables' | 'withoutOthers'>,
): readonly string[] {
  const found: string[] = []
  for (const { flag, variable } of options) {
    if (words.some(word => word === flag || word.startsWith(`${flag}=`))) found.push(flag)
    if ((variables.get(variable) ?? '') !== '') found.push(variable)
  }
  if (isOff(variables.get('SAFE_COMPOSE') ?? '')) found.push('SAFE_COMPOSE=off')
  const hidden = agentSignals.find(({ variable }) => {
    const value = variables.get(variable)
    return value === null || (value !== undefined && /^(0|false|)$/i.test(value))
  })
  if (hidden !== undefined) found.push(`taking away ${hidden.variable}`)
  else if (withoutOthers) found.push('taking away the environment')
  return found
}

/** A word that is neither on nor off is told by the guard itself. */
function isOff(word: string): boolean {
  try {
    return isSwitchedOff({ SAFE_COMPOSE: word })
  } catch {
    return false
  }
}
