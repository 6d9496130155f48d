import { escapeName } from '../core/escape.ts'
import { formatAgeOf, formatBytes, formatDuration, plural } from '../core/format.ts'
import { markedFor } from '../core/retention-deeds.ts'
import type { Deed, Retention, RetentionRow } from '../core/retention-deeds.ts'
import { table, text } from './table.ts'

export interface PruneAbout {
  /** Null for every one. */
  readonly project: string | null
  /** For people. */
  readonly store: string
  readonly dryRun: boolean
  readonly now: Date
}

/** A block for each project (of each engine): every restore point with what becomes of it and why, then the sum. */
export function pruneTable(results: readonly Retention[], about: PruneAbout, width: number | null): string {
  const store = `store ${escapeName(about.store)}`
  const filled = results.filter(({ rows }) => rows.length > 0)
  if (filled.length === 0) {
    const whose = about.project === null ? 'all projects' : `project ${escapeName(about.project)}`
    return text([`${whose} · no restore points · ${store}`])
  }
  const blocks = filled.map(result => block(result, about, store, width))
  return text(blocks.flatMap((lines, index) => (index === 0 ? lines : ['', ...lines])))
}

function block(
  { scope, rows, heldBack }: Retention,
  { dryRun, now }: PruneAbout,
  store: string,
  width: number | null,
): readonly string[] {
  const bytes = formatBytes(sizeOf(rows))
  const head = `project ${escapeName(scope.project)} · ${plural(rows.length, 'restore point')} · ${bytes} · ${store}`
  const heads = ['ID', 'WHEN', 'SIZE', 'PRUNE', 'WHY']
  const cells = rows.map(row => [
    escapeName(row.point.id),
    formatAgeOf(row.point.manifest.finishedAt, now),
    formatBytes(row.point.bytes),
    row.failure === null ? (dryRun ? planned : done)[row.deed] : 'FAILED',
    escapeName(whyOf(row, now)),
  ])
  const sums = heldBack === null ? sumOf(rows, dryRun) : [`held back, nothing goes: ${escapeName(heldBack)}`]
  return [head, ...table(heads, cells, heads.indexOf('WHY'), width), ...sums]
}

const planned: Readonly<Record<Deed, string>> = {
  keep: 'keep',
  unmark: 'keep',
  mark: 'mark',
  wait: 'wait',
  remove: 'remove',
}

const done: Readonly<Record<Deed, string>> = {
  keep: 'kept',
  unmark: 'kept',
  mark: 'marked',
  wait: 'waits',
  remove: 'removed',
}

function whyOf({ point, deed, reasons, failure }: RetentionRow, now: Date): string {
  const marked = point.marked === null ? '' : `marked ${formatAgeOf(point.marked, now)}`
  return [
    ...(failure === null ? [] : [failure]),
    ...reasons,
    ...(deed === 'wait' || deed === 'remove' ? [marked] : []),
    ...(deed === 'unmark' ? ['its mark is taken back'] : []),
  ]
    .filter(why => why !== '')
    .join('; ')
}

function sumOf(rows: readonly RetentionRow[], dryRun: boolean): readonly string[] {
  const counted = (deeds: readonly Deed[], words: string): readonly string[] => {
    const some = rows.filter(({ deed, failure }) => deeds.includes(deed) && failure === null)
    return some.length === 0 ? [] : [`${some.length} ${words} (${formatBytes(sizeOf(some))})`]
  }
  const failed = rows.filter(({ failure }) => failure !== null).length
  const parts = [
    ...counted(['remove'], dryRun ? 'to remove' : 'removed'),
    ...counted(['mark'], dryRun ? 'to mark' : 'marked'),
    ...counted(['wait'], 'marked before'),
    ...(failed === 0 ? [] : [`${failed} could not be changed`]),
  ]
  if (parts.length === 0) return ['nothing need go']
  const later = rows.some(({ deed }) => deed === 'mark' || deed === 'wait')
  return [
    `${parts.join(', ')}${dryRun ? '; nothing was changed' : ''}`,
    ...(later
      ? [`marked ones can be restored until a prune ${formatDuration(markedFor)} later removes them`]
      : []),
  ]
}

function sizeOf(rows: readonly RetentionRow[]): number {
  return rows.reduce((sum, { point }) => sum + point.bytes, 0)
}
