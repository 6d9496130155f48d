import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolders, writeDurably } from '../durable.ts'
import type { Modes } from '../durable.ts'
import { isLockedOut } from './failures.ts'
import { patienceForPrune } from './patience.ts'
import type { Repository } from './repository.ts'

/** Packs that hold a little of what is still needed are written anew: once a day is enough. Milliseconds. */
const between = 24 * 3_600_000

/**
 * Gives the room of forgotten snapshots back, unless this machine did so within a day, or another restic is at work: then
 * the next removal does. Throws `store-unusable`.
 */
export async function pruneNowAndThen(
  repository: Repository,
  root: string,
  folder: string,
  modes: Modes,
): Promise<void> {
  const file = join(folder, 'pruned')
  const age = Date.now() - Date.parse((await readFile(file, 'utf8').catch(() => '')).trim())
  // One of the future was written by a clock that was wrong.
  if (age >= 0 && age < between) return
  try {
    await repository.run(['prune'], { patience: patienceForPrune })
  } catch (error) {
    if (isLockedOut(error)) return
    throw error
  }
  await makeFolders(root, folder, modes)
  await writeDurably(file, `${new Date().toISOString()}\n`, modes.file)
}
