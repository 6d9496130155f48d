import { Stop } from '../../../model/failure.ts'
import type { StoreScope } from '../../../model/ports.ts'
import type { Repository, RunOptions } from './repository.ts'
import { isOwn, listSnapshots } from './snapshots.ts'
import type { Own } from './snapshots.ts'

/**
 * Removes everything of a restore point from the repository: the manifest first, so that what a kill leaves is no restore
 * point any more. restic ends well for snapshots that it did not remove, and one that outlives a dead writer may add
 * another: so it is asked again until nothing is left. Throws `store-unusable`.
 */
export async function forgetPoint(
  repository: Repository,
  scope: StoreScope,
  own: Own,
  options: Pick<RunOptions, 'waits'> = {},
): Promise<void> {
  const tried = new Set<string>()
  for (;;) {
    const found = (await listSnapshots(repository, scope, 'now')).filter(isOwn(own))
    if (found.length === 0) return
    const fresh = found.filter(({ id }) => !tried.has(id))
    if (fresh.length === 0) throw notRemoved(repository, own, found.length)
    for (const some of [fresh.filter(each => each.isManifest), fresh.filter(each => !each.isManifest)])
      if (some.length > 0) await repository.run(['forget', ...some.map(({ id }) => id)], options)
    for (const { id } of fresh) tried.add(id)
  }
}

/** False where it cannot be removed now: a lock is waited for once only. */
export async function forgotten(repository: Repository, scope: StoreScope, own: Own): Promise<boolean> {
  try {
    await forgetPoint(repository, scope, own, { waits: 1 })
    return true
  } catch (error) {
    if (error instanceof Stop) return false
    throw error
  }
}

function notRemoved(repository: Repository, { point }: Own, count: number): Stop {
  return new Stop({
    reason: 'store-unusable',
    path: repository.name,
    why: `${count} of the snapshots of ${point} could not be removed`,
    how: 'see whether its server lets anything be removed (append-only?), or remove them there',
  })
}
