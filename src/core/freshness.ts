import type { RestorePoint } from '../model/restore-point.ts'

/** How a project stands with its newest good restore point. `point` is the newest one there is, or null. */
export interface Freshness {
  readonly state: 'fresh' | 'old' | 'none' | 'from-the-future'
  readonly point: RestorePoint | null
}

/** Milliseconds by which the clocks of machines that share a store may differ. */
const skew = 5 * 60_000

/**
 * Whether one of these restore points is younger than `limit` (milliseconds). One from the future tells of a clock that
 * was set back, and proves nothing.
 *
 * @param points those that count, newest first
 */
export function freshnessOf(points: readonly RestorePoint[], limit: number, now: Date): Freshness {
  const ageOf = (point: RestorePoint): number => now.getTime() - Date.parse(point.manifest.finishedAt)
  const fresh = points.find(point => ageOf(point) >= -skew && ageOf(point) <= limit)
  if (fresh !== undefined) return { state: 'fresh', point: fresh }
  const [newest] = points
  if (newest === undefined) return { state: 'none', point: null }
  return { state: ageOf(newest) < -skew ? 'from-the-future' : 'old', point: newest }
}

/**
 * The good ones that hold a whole project: what was taken before a command holds only what that command endangered, one
 * of some services leaves the others out, and what was taken before a restore is what nobody wanted back.
 */
export function backupsAmong(points: readonly RestorePoint[]): readonly RestorePoint[] {
  return points.filter(
    ({ state, manifest }) =>
      state === 'good' &&
      manifest.only === undefined &&
      manifest.reason !== 'preflight' &&
      manifest.reason !== 'safety',
  )
}

/** Whether its databases came up on a copy of it. */
export function isKnownToBoot({ verified }: RestorePoint): boolean {
  return verified !== null && verified.well && verified.level === 'boot'
}
