import type { SqliteCounts } from '../model/sqlite.ts'

/** Whether a copy holds what was counted when it was made. The program that counted then may have been able to read more than the one that counts now, or less. */
export function isSameCount(found: SqliteCounts, counted: SqliteCounts): boolean {
  const someUncounted = found.uncounted !== 0 || (counted.uncounted ?? 0) !== 0
  return (
    found.files === counted.files &&
    found.tables === counted.tables &&
    (someUncounted || found.rows === counted.rows)
  )
}
