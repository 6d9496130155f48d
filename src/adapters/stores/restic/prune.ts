import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolders, writeDurably } from '../durable.ts'
import type { Modes } from '../durable.ts'
import { patienceForPrune } from './patience.ts'
import type { Repository } from './repository.ts'

/** Packs that hold a little of what is still needed are written anew: once a day is enough. Milliseconds. */
const between = 24 * 3_600_000

/** Gives the room of forgotten snapshots back, unless this machine did so within a day. Throws `store-unusable`. */
export async function pruneNowAndThen(
  repository: Repository,
  root: string,
  folder: string,
  modes: Modes,
): Promise<void> {
  const file = join(folder, 'pruned')
  const last = Date.parse(await readFile(file, 'utf8').catch(() => ''))
  if (Date.now() - last < between) return
  await repository.run(['prune'], { patience: patienceForPrune })
  await makeFolders(root, folder, modes)
  await writeDurably(file, `${new Date().toISOString()}\n`, modes.file)
}
