import { Stop } from '../../../model/failure.ts'
import type { Store } from '../../../model/ports.ts'
import { isAboutAccess, isLockedOut, ResticFailure } from './failures.ts'
import { patienceForPrune } from './patience.ts'
import type { Repository } from './repository.ts'

/**
 * restic's own look at what holds a repository together: index, packs and trees. What is in the packs is proven where a
 * restore point is read. Throws `store-unusable` where it cannot be reached.
 */
export async function examine(repository: Repository): ReturnType<NonNullable<Store['examine']>> {
  try {
    await repository.run(['check', '--quiet'], { patience: patienceForPrune, waits: 1 })
    return { well: true, found: 'sound as a whole (restic check)' }
  } catch (error) {
    const failure = error instanceof Stop ? error.cause : null
    if (isLockedOut(error))
      return { well: true, found: 'not looked at as a whole: another restic is at work on it' }
    if (!(failure instanceof ResticFailure) || isAboutAccess(failure)) throw error
    return { well: false, found: `not sound: ${failure.message}; look at it, and mend it: restic check` }
  }
}
