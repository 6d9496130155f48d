import { execFile } from 'node:child_process'
import type { FoundCompose } from './find.ts'
import { childVariables } from './found-variables.ts'
import type { Variables } from './own-process.ts'

/** Milliseconds that a person at a prompt waits. */
const patience = 5000

/**
 * What Compose itself completes, as it prints it; null where it cannot (version 1 does not, nor one that is not there).
 *
 * @param found as the docker CLI's plugin, which answers to a whole docker line
 * @param words what follows `compose`; the last one is being typed
 */
export function completeByCompose(
  found: FoundCompose,
  words: readonly string[],
  variables: Variables,
): Promise<string | null> {
  if (!found.isBarePlugin) return Promise.resolve(null)
  return new Promise(resolve => {
    const args = [...found.prefixArgs, '__complete', 'compose', ...words]
    const options = { env: childVariables(found, variables), timeout: patience }
    execFile(found.program, args, options, (error, stdout) => resolve(error === null ? stdout : null))
  })
}
