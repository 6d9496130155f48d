import { Stop } from '../model/failure.ts'
import type { Facts } from '../model/facts.ts'
import type { Store } from '../model/ports.ts'
import type { RestorePoint } from '../model/restore-point.ts'
import { scopeOf } from './take-restore-point.ts'

/** The newest good restore point of the project that is meant when none is named. Throws `not-possible`. */
export async function newestGood(store: Store, facts: Facts): Promise<RestorePoint> {
  const points = await store.list(scopeOf(facts))
  // One that was taken of what stood in the way of another is not what anybody wants back first.
  const newest = points.find(point => point.state === 'good' && point.manifest.reason !== 'safety')
  if (newest !== undefined) return newest
  throw none(`project ${facts.project.name} has no good restore point`, points)
}

/**
 * The newest good restore point of the project that `backup` took with this tag. What was copied before a command is
 * left out: it holds only what was at stake. Throws `not-possible`.
 */
export async function newestTagged(store: Store, facts: Facts, tag: string): Promise<RestorePoint> {
  const points = await store.list(scopeOf(facts))
  const newest = points.find(
    ({ state, manifest }) => state === 'good' && manifest.reason === 'manual' && manifest.tag === tag,
  )
  if (newest !== undefined) return newest
  throw none(`project ${facts.project.name} has no good backup with the tag ${tag}`, points)
}

function none(what: string, points: readonly RestorePoint[]): Stop {
  return new Stop({
    reason: 'not-possible',
    what,
    how: points.length === 0 ? 'take one: safe-compose backup' : 'see what is there: safe-compose backups',
  })
}
