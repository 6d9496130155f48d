import type { RestorePoint } from '../model/restore-point.ts'

export interface Kept {
  readonly point: RestorePoint
  readonly why: string
}

const day = 24 * 3600_000

/**
 * Which restore points of one project stay, each with why, and which may go. Only what was taken before commands
 * (preflight, safety) goes by itself: those older than the days, and the oldest beyond the total size. The newest ones,
 * the newest that was verified, what `undo` needs, tagged and manual ones always stay.
 *
 * @param from.points in any order
 * @param from.needed ids that `undo` needs
 */
export function keepAndRemove(from: {
  readonly points: readonly RestorePoint[]
  readonly keep: { readonly days: number; readonly last: number; readonly bytes: number }
  readonly needed: ReadonlySet<string>
  readonly now: Date
}): { readonly keep: readonly Kept[]; readonly remove: readonly Kept[] } {
  const newestFirst = from.points.toSorted((a, b) => b.manifest.sequence - a.manifest.sequence)
  const good = newestFirst.filter(point => point.state === 'good')
  const newest = new Set(good.slice(0, Math.max(1, from.keep.last)).map(point => point.id))
  const proven = good.find(({ verified }) => verified?.well === true && verified.level === 'boot')?.id ?? null
  const keep: Kept[] = []
  const remove: Kept[] = []
  let bytes = 0
  let isFull = false
  for (const point of newestFirst) {
    const why = whyAlwaysKept(point, newest, proven, from.needed)
    if (why !== null) {
      keep.push({ point, why })
      bytes += point.bytes
      continue
    }
    const age = from.now.getTime() - Date.parse(point.manifest.finishedAt)
    if (age > from.keep.days * day) remove.push({ point, why: `older than ${from.keep.days} days` })
    else if (isFull || bytes + point.bytes > from.keep.bytes) {
      // From here on back: an older one is not worth more than a newer one because it is smaller.
      isFull = true
      remove.push({ point, why: 'beyond the total size' })
    } else {
      keep.push({ point, why: `within ${from.keep.days} days` })
      bytes += point.bytes
    }
  }
  return { keep, remove }
}

function whyAlwaysKept(
  point: RestorePoint,
  newest: ReadonlySet<string>,
  proven: string | null,
  needed: ReadonlySet<string>,
): string | null {
  const { tag, reason } = point.manifest
  if (tag !== null) return `tag ${tag}`
  if (reason === 'manual') return 'taken by hand'
  if (needed.has(point.id)) return 'undo needs it'
  if (newest.has(point.id)) return 'one of the newest'
  if (point.id === proven) return 'the newest that is known to boot'
  return point.state === 'good' ? null : 'damaged: kept for you to look at'
}
