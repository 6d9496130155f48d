import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { LockOwner, StoreScope } from '../../../model/ports.ts'
import { findLeftovers } from '../clear-partials.ts'
import { writeDurably } from '../durable.ts'
import { forgotten } from './remove.ts'
import type { Repository } from './repository.ts'
import { isOwn, listSnapshots } from './snapshots.ts'
import type { Own, Snapshot } from './snapshots.ts'

/** Parts without a manifest of which no folder here tells were left by another machine; none is at work for so long. Milliseconds. */
const longestRun = 7 * 24 * 3_600_000

/** In a folder that says what is being written or removed: the lot of its snapshots. Without it there are none. */
const lotFile = 'lot'

export function noteLot(path: string, lot: string, mode: number): Promise<void> {
  return writeDurably(join(path, lotFile), lot, mode)
}

/**
 * Removes what dead runs left half written or half removed: of this machine by their folders, of others when it is a week
 * old. What cannot be removed now, for another restic is at work for hours or the server only takes, is left for the next
 * run: no backup may fail for it. Names what is gone for people.
 */
export async function clearLeftovers(
  repository: Repository,
  scope: StoreScope,
  folder: string,
  isAlive: (owner: LockOwner) => Promise<boolean>,
): Promise<readonly string[]> {
  const left = await findLeftovers(folder, isAlive)
  // Only now: a manifest that came before its writer died must be seen.
  const snapshots = await listSnapshots(repository, scope, 'now')
  const cleared: string[] = []
  const handled = new Set<string>()
  for (const { path, id, what } of left) {
    const lot = await readFile(join(path, lotFile), 'utf8').catch(() => null)
    const own = { point: id, lot: lot ?? '' }
    handled.add(keyOf(own))
    // Killed after it was published, or before anything of it was removed, it is whole.
    const isWhole = snapshots.some(each => each.isManifest && isOwn(own)(each))
    if (!isWhole) {
      // What is in the way of one is in the way of all, and each would wait for it.
      if (lot !== null && !(await forgotten(repository, scope, own))) return cleared
      cleared.push(what)
    }
    await rm(path, { recursive: true, force: true })
  }
  for (const own of abandoned(snapshots).filter(each => !handled.has(keyOf(each)))) {
    if (!(await forgotten(repository, scope, own))) return cleared
    cleared.push(`the half-written restore point ${own.point} of another machine`)
  }
  return cleared
}

/** Those of which there are only parts, and nothing new for long. */
function abandoned(snapshots: readonly Snapshot[]): readonly Own[] {
  const groups = new Map<string, Snapshot[]>()
  for (const each of snapshots) groups.set(keyOf(each), [...(groups.get(keyOf(each)) ?? []), each])
  return [...groups.values()]
    .filter(group =>
      group.every(({ isManifest, time }) => !isManifest && Date.now() - Date.parse(time) > longestRun),
    )
    .flatMap(group => group.slice(0, 1))
}

function keyOf({ point, lot }: Own): string {
  return `${point} ${lot}`
}
