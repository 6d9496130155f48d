import type { Store } from '../model/ports.ts'
import type { RestorePoint } from '../model/restore-point.ts'

/** Does the work while nobody can remove the restore points. Throws `restore-point-not-found` when one is gone. */
export async function whileReading<T>(
  store: Pick<Store, 'hold'>,
  points: readonly RestorePoint[],
  work: () => Promise<T>,
): Promise<T> {
  const holds: Awaited<ReturnType<Store['hold']>>[] = []
  try {
    for (const point of points) holds.push(await store.hold(point))
    return await work()
  } finally {
    for (const hold of holds) await hold.release()
  }
}
