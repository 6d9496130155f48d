import { nameOfHolding } from '../model/holding.ts'
import type { HoldingRecord, RestorePoint } from '../model/restore-point.ts'
import { formatBytes } from './format.ts'

/** With so many before it a size can be called unusual. */
const fewest = 3
/** Of so many before it: what has stayed small for longer is no surprise any more. */
const most = 10
/** Bytes: what was smaller than that says nothing by becoming smaller still. */
const worthALook = 100_000

/**
 * Why the newest restore points do not deserve that older ones go: something in one of them is less than half of what it
 * usually was, as if data were missing. In words; null when nothing is suspicious. It ends by itself when half of the
 * last ones are as small.
 *
 * @param newestFirst good ones
 */
export function suspiciouslySmaller(newestFirst: readonly RestorePoint[]): string | null {
  for (const { point, record, before } of newestWithFellows(newestFirst)) {
    const size = sizeOf(record)
    const usual = median(before.slice(0, most).map(sizeOf))
    if (before.length < fewest || usual < worthALook || size >= usual / 2) continue
    return `${nameOfHolding(record.holding)} has only ${formatBytes(size)} in ${point.id}, and ${formatBytes(usual)} before`
  }
  return null
}

interface Newest {
  readonly point: RestorePoint
  readonly record: HoldingRecord
  /** The same data, copied in the same way. The newest first. */
  readonly before: HoldingRecord[]
}

/** What stood before a restore is left out: it may be anything. */
function newestWithFellows(newestFirst: readonly RestorePoint[]): readonly Newest[] {
  const found = new Map<string, Newest>()
  for (const point of newestFirst.filter(({ manifest }) => manifest.reason !== 'safety'))
    for (const record of point.manifest.holdings) {
      // A server leaves out of its own copy what lies in its files for a while.
      const way = record.source === 'server' ? 'server' : 'files'
      const key = JSON.stringify([record.holding.kind, nameOfHolding(record.holding), way])
      const newest = found.get(key)
      if (newest === undefined) found.set(key, { point, record, before: [] })
      else newest.before.push(record)
    }
  return [...found.values()]
}

function sizeOf({ kept }: HoldingRecord): number {
  return kept.tar.contentBytes
}

/** Of two in the middle the smaller one. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0
}
