import type { RestorePoint } from '../model/restore-point.ts'

/** When a restore point was taken, as far as the clock that recorded it can be believed. */
export interface RecordedTime {
  /** Milliseconds from it to the newest one. Not to now: after a week without backups nothing has become older. */
  readonly age: number
  /** Its own time; null where the clock was wrong: it lies in the future, or before that of an older one. */
  readonly time: Date | null
}

/**
 * The times of good restore points of one project. The order is that of their sequence: what a clock that was set back
 * calls older is as old as the one before it.
 *
 * @param oldestFirst good ones only
 */
export function recordedTimes(
  oldestFirst: readonly RestorePoint[],
  now: Date,
): ReadonlyMap<RestorePoint, RecordedTime> {
  let latest = Number.NEGATIVE_INFINITY
  const read = oldestFirst.map(point => {
    const own = Date.parse(point.manifest.finishedAt)
    const isBelieved = own >= latest && own <= now.getTime()
    if (isBelieved) latest = own
    return { point, own, isBelieved, since: isBelieved || own > now.getTime() ? own : latest }
  })
  return new Map(
    read.map(({ point, own, isBelieved, since }) => [
      point,
      { age: Math.max(0, latest - since), time: isBelieved ? new Date(own) : null },
    ]),
  )
}
