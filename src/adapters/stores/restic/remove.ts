import { Stop } from '../../../model/failure.ts'
import type { StoreScope } from '../../../model/ports.ts'
import type { Repository } from './repository.ts'
import { listSnapshots } from './snapshots.ts'
import type { Snapshot } from './snapshots.ts'

/**
 * Removes everything of a restore point from the repository: the manifest first, so that what a kill leaves is no restore
 * point any more. restic ends well for snapshots that it did not remove, so it is asked again. Throws `store-unusable`.
 */
export async function forgetPoint(repository: Repository, scope: StoreScope, id: string): Promise<void> {
  const found = await snapshotsOf(repository, scope, id)
  if (found.length === 0) return
  await forget(
    repository,
    found.filter(each => each.isManifest),
  )
  await forget(
    repository,
    found.filter(each => !each.isManifest),
  )
  const left = await snapshotsOf(repository, scope, id)
  if (left.length === 0) return
  throw new Stop({
    reason: 'store-unusable',
    path: repository.name,
    why: `${left.length} of the ${found.length} snapshots of ${id} could not be removed`,
    how: 'see whether its server lets anything be removed (append-only?), or remove them there',
  })
}

async function snapshotsOf(
  repository: Repository,
  scope: StoreScope,
  id: string,
): Promise<readonly Snapshot[]> {
  return (await listSnapshots(repository, scope, 'now')).filter(({ point }) => point === id)
}

async function forget(repository: Repository, snapshots: readonly Snapshot[]): Promise<void> {
  if (snapshots.length > 0) await repository.run(['forget', ...snapshots.map(({ id }) => id)])
}
