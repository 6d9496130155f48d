import { isWithin } from '../core/data-paths.ts'
import { Stop } from '../model/failure.ts'
import type { Facts } from '../model/facts.ts'
import type { Store } from '../model/ports.ts'
import type { RestorePoint } from '../model/restore-point.ts'
import type { Context } from './context.ts'

/**
 * Says, once per project, what is wrong with the key of what was just saved: whoever wants to undo a command at night
 * must know beforehand what it takes.
 */
export async function warnOfKeys(
  context: Context,
  store: Store,
  facts: Facts,
  point: RestorePoint,
): Promise<void> {
  const directory = facts.project.directory ?? context.directory
  for (const text of await wordsAboutKeys(context, store, point))
    if (await context.projects.firstTime(directory, text)) context.reporter.say({ type: 'warning', text })
}

async function wordsAboutKeys(
  { policy }: Context,
  store: Store,
  point: RestorePoint,
): Promise<readonly string[]> {
  const { encryption } = point.manifest
  const { identityFile, recipients } = policy.encrypt
  if (encryption === undefined)
    return recipients.length === 0
      ? []
      : [`encrypt.recipients count for nothing in ${store.name}, which encrypts by itself`]
  const sealed = await whySealed(store, point)
  return [
    ...(sealed === null
      ? []
      : [
          `backups are encrypted, and nothing on this machine opens them (${sealed.why}): undo, restore and verify will need the identity of ${encryption.recipients.join(' or ')}`,
        ]),
    ...(identityFile !== null && isWithin(identityFile, store.root)
      ? [`${identityFile} lies where the backups are kept: whoever takes those has what opens them`]
      : []),
  ]
}

/** Why nothing here opens a restore point; null where something does, or nothing need be opened. */
export async function whySealed(
  store: Store,
  point: RestorePoint,
): Promise<Extract<Stop['failure'], { reason: 'no-identity' }> | null> {
  try {
    await store.unlock(point)
    return null
  } catch (error) {
    if (error instanceof Stop && error.failure.reason === 'no-identity') return error.failure
    throw error
  }
}
