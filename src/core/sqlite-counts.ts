import type { SqliteCounts } from '../model/sqlite.ts'

/**
 * Whether a copy holds what was counted when it was made. The program that counted then may have been able to read more
 * tables than the one that counts now, or fewer: only what both could read has to be as much.
 */
export function isSameCount(found: SqliteCounts, counted: SqliteCounts): boolean {
  if (found.files !== counted.files || found.tables !== counted.tables) return false
  const moreUncounted = (found.uncounted ?? 0) - (counted.uncounted ?? 0)
  if (moreUncounted === 0) return found.rows === counted.rows
  return moreUncounted > 0 ? found.rows <= counted.rows : found.rows >= counted.rows
}
