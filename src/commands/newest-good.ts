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
  throw new Stop({
    reason: 'not-possible',
    what: `project ${facts.project.name} has no good restore point`,
    how:
      points.length === 0
        ? 'take one: safe-compose backup'
        : `what is wrong with those that are there: safe-compose backups`,
  })
}
