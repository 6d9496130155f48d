import type { Figure, Repaired, ServerKind } from '../../model/database.ts'
import { nameOfHolding } from '../../model/holding.ts'
import type { RestorePoint } from '../../model/restore-point.ts'
import { compareExactly, compareFigures, sumOf } from '../figures.ts'
import { formatAgeOf } from '../format.ts'
import { wayOf } from './ways.ts'
import type { Way } from './situation.ts'

/** What came of a repair: of a copy, or of the volume itself. */
export interface RepairOutcome {
  readonly on: 'copy' | 'volume'
  /** `PostgreSQL 15.6`; null where it does not come up. */
  readonly label: string | null
  /** What was wrong before it, a line each. */
  readonly found: readonly string[]
  readonly done: readonly string[]
  /** What it loses, a line each. */
  readonly lost: readonly string[]
  /** What is wrong after it, a line each. */
  readonly left: readonly string[]
  readonly well: boolean
  /** What is in it after it. */
  readonly figures: readonly Figure[]
  /** Whether that is what was in it before it; null where that could not be counted. */
  readonly asBefore: boolean | null
  /** How it stands to what was counted when it was last saved; null where nobody did. */
  readonly against: string | null
}

/** One step of a repair, as it is shown: of a copy, or of the volume itself. */
export interface RepairShown {
  readonly service: string
  readonly kind: ServerKind
  readonly volume: string
  /** Null where nothing was found that could be repaired. */
  readonly outcome: RepairOutcome | null
  /** The restore point that holds what stood there before. */
  readonly saved: string | null
  readonly next: RepairNext
  /** A command of ours on this project, word for word. */
  readonly line: (words: readonly string[]) => readonly string[]
}

export type RepairNext =
  /** It goes on by itself, or there is nothing to do. */
  | { readonly kind: 'none' }
  /** The command that does the same to the volume itself. */
  | { readonly kind: 'apply'; readonly argv: readonly string[] }
  /** The repair does not help: what else does. */
  | { readonly kind: 'ways'; readonly ways: readonly Way[] }
  /** It is done: how what stood there before comes back, and how the service is started where it did not run. */
  | {
      readonly kind: 'done'
      readonly takeBack: readonly string[]
      readonly start: readonly string[] | null
    }

/** The gentle repair of each kind of server. */
const repairs: Readonly<Record<ServerKind, { readonly name: string; readonly does: string }>> = {
  postgresql: { name: 'REINDEX', does: 'makes every index anew, and mends no table' },
  mysql: { name: 'mariadb-check --repair', does: 'mends tables of MyISAM and Aria, and none of InnoDB' },
  redis: { name: 'redis-check-aof --fix', does: 'cuts the log (AOF) where it cannot be read any further' },
}

/** `label`: what is known of the server, `Valkey 8.1`; its programs may have names of their own. */
export function nameOfRepair(kind: ServerKind, label: string | null): string {
  const { name } = repairs[kind]
  if (/^MySQL\b/.test(label ?? '')) return name.replace('mariadb-check', 'mysqlcheck')
  return /^Valkey\b/.test(label ?? '') ? name.replace('redis-', 'valkey-') : name
}

/** The way of repairing what is there. */
export function repairWay(
  service: string,
  { kind, label }: { readonly kind: ServerKind; readonly label: string | null },
  services: readonly string[],
): Way {
  const { does } = repairs[kind]
  const name = nameOfRepair(kind, label)
  return wayOf({
    label: `repair ${service} by ${name}, on a copy first`,
    deed: { kind: 'repair', service },
    does: `${name} ${does}; it is tried on a copy, and what stands there now is saved first`,
    services,
    point: null,
  })
}

/** Redis' last words before a log that it cannot read. Another kind of server does not say so. */
export function saysLogIsBroken(words: string): boolean {
  return /(Bad file format|Unexpected end of file|Unrecoverable error) reading the append only file/i.test(
    words,
  )
}

/** What was seen around a repair. */
export interface RepairSeen {
  readonly on: RepairOutcome['on']
  readonly label: string | null
  /** Null where nobody could ask or count. */
  readonly before: { readonly troubles: readonly string[]; readonly figures: readonly Figure[] | null }
  readonly repaired: Repaired
  readonly after: { readonly troubles: readonly string[]; readonly figures: readonly Figure[] }
  readonly against: AgainstSaved | null
}

export function outcomeOf({ on, label, before, repaired, after, against }: RepairSeen): RepairOutcome {
  const missing = before.figures === null ? [] : compareExactly(before.figures, after.figures).troubles
  const isEmptied =
    label !== null &&
    countIn(after.figures) === 0 &&
    countIn(before.figures ?? []) + (against?.counted ?? 0) > 0
  const left = [...after.troubles, ...repaired.left, ...(isEmptied ? ['nothing would be left in it'] : [])]
  return {
    on,
    label,
    found: before.troubles,
    done: repaired.done,
    lost: [...repaired.lost, ...missing],
    left,
    well: label !== null && left.length === 0,
    figures: after.figures,
    asBefore: before.figures === null || label === null ? null : missing.length === 0,
    against: against?.words ?? null,
  }
}

function countIn(figures: readonly Figure[]): number {
  return sumOf(figures).rows
}

/** What is in it now against what was counted for the newest restore point in which somebody counted. */
export interface AgainstSaved {
  readonly words: string
  /** Rows or keys, then. */
  readonly counted: number
}

export function againstSaved(
  points: readonly RestorePoint[],
  holding: string,
  figures: readonly Figure[],
  now: Date,
): AgainstSaved | null {
  for (const { id, manifest, state } of points) {
    const record = manifest.databases?.find(each => each.holding === holding && each.before.length > 0)
    const isKept = manifest.holdings.some(each => nameOfHolding(each.holding) === holding)
    if (record === undefined || !isKept || state !== 'good' || manifest.reason === 'safety') continue
    const { troubles, differences } = compareFigures({ before: record.before, after: null }, figures)
    const of = `${id}, ${formatAgeOf(manifest.finishedAt, now)}`
    const lines = [...troubles, ...differences]
    const more = lines.length > 3 ? `; and ${lines.length - 3} more` : ''
    const words =
      lines.length === 0 ? `as counted for ${of}` : `against ${of}: ${lines.slice(0, 3).join('; ')}${more}`
    return { words, counted: countIn(record.before) }
  }
  return null
}
