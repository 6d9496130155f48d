import { rm } from 'node:fs/promises'
import type { LockOwner, StoreScope } from '../../../model/ports.ts'
import { findLeftovers } from '../clear-partials.ts'
import { forgetPoint } from './remove.ts'
import type { Repository } from './repository.ts'
import { listSnapshots } from './snapshots.ts'
import type { Snapshot } from './snapshots.ts'

/** Parts without a manifest of which no folder here tells were left by another machine; none is at work for so long. Milliseconds. */
const longestRun = 7 * 24 * 3_600_000

/**
 * Removes what dead runs left half written or half removed: of this machine by their folders, of others when it is a week
 * old. Names it for people.
 */
export async function clearLeftovers(
  repository: Repository,
  scope: StoreScope,
  folder: string,
  isAlive: (owner: LockOwner) => Promise<boolean>,
): Promise<readonly string[]> {
  const [own, snapshots] = await Promise.all([
    findLeftovers(folder, isAlive),
    listSnapshots(repository, scope, 'now'),
  ])
  const published = new Set(snapshots.filter(each => each.isManifest).map(({ point }) => point))
  const cleared: string[] = []
  for (const { path, id, what } of own) {
    const isRemoval = what.startsWith('the half-removed')
    // Killed after it was published, it is whole.
    if (isRemoval || !published.has(id)) {
      await forgetPoint(repository, scope, id)
      cleared.push(what)
    }
    await rm(path, { recursive: true, force: true })
  }
  const handled = new Set(own.map(({ id }) => id))
  for (const id of abandoned(snapshots, published)) {
    if (handled.has(id)) continue
    await forgetPoint(repository, scope, id)
    cleared.push(`the half-written restore point ${id} of another machine`)
  }
  return cleared
}

/** Ids of which there are only parts, and nothing new for long. */
function abandoned(snapshots: readonly Snapshot[], published: ReadonlySet<string>): readonly string[] {
  const newest = new Map<string, number>()
  for (const { point, time } of snapshots)
    newest.set(point, Math.max(newest.get(point) ?? 0, Date.parse(time)))
  return [...newest]
    .filter(([id, time]) => !published.has(id) && Date.now() - time > longestRun)
    .map(([id]) => id)
}
