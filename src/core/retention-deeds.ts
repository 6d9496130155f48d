import type { StoreScope } from '../model/ports.ts'
import type { Verdict } from './retention.ts'

/**
 * What is done about one restore point:
 * - `keep`: nothing
 * - `unmark`: it was marked, and the policy keeps it meanwhile
 * - `mark`: from now on everybody can see that it will go
 * - `wait`: it was marked a short while ago
 * - `remove`
 */
export type Deed = 'keep' | 'unmark' | 'mark' | 'wait' | 'remove'

/** What retention did in one project, or would do. */
export interface Retention {
  readonly scope: StoreScope
  /** The newest first. */
  readonly rows: readonly RetentionRow[]
  /** Why nothing that is due went; null when all is well. */
  readonly heldBack: string | null
}

export interface RetentionRow extends Verdict {
  readonly deed: Deed
  /** Why it could not be done; null when it was, or need not be. */
  readonly failure: string | null
}

/** Milliseconds between mark and removal, so that a slip in the policy can be seen; less than between two backups. */
export const markedFor = 4 * 3_600_000

/**
 * In two steps: what may go is marked first, and removed by a run some hours later. `skipMarks` removes at once what was
 * taken by itself; what a person took by hand never goes without having been marked.
 */
export function deedFor(
  { point, keep, atOnce }: Verdict,
  { now, skipMarks }: { readonly now: Date; readonly skipMarks: boolean },
): Deed {
  const marked = point.marked === null ? null : now.getTime() - Date.parse(point.marked)
  if (keep) return marked === null ? 'keep' : 'unmark'
  if (atOnce || (skipMarks && point.manifest.reason !== 'manual')) return 'remove'
  // A mark from the future was made by a clock that was wrong.
  if (marked === null || marked < 0) return 'mark'
  return marked < markedFor ? 'wait' : 'remove'
}
