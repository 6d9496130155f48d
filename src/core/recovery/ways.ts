import type { ContainerFact } from '../../model/facts.ts'
import type { HoldingRecord, RestorePoint } from '../../model/restore-point.ts'
import { nameOfHolding } from '../../model/holding.ts'
import { sumOf } from '../figures.ts'
import { formatAgeOf, formatBytes, listed, plural } from '../format.ts'
import { serviceContainers } from '../reach.ts'
import { wordsOf } from './situation.ts'
import type { Deed, Seen, Way } from './situation.ts'

/** Which data is looked for in restore points. */
export interface Wanted {
  /** As `nameOfHolding` has it. */
  readonly name: string
  /** When the volume was made, and which database was in it; null where that is not known. */
  readonly createdAt: string | null
  readonly identity: string | null
}

/** A restore point that holds it. */
export interface Kept {
  readonly point: RestorePoint
  readonly record: HoldingRecord
}

export function wayOf(way: Omit<Way, 'argv'>): Way {
  return { ...way, argv: wordsOf(way.deed) }
}

/**
 * The restore points that hold it, the newest first; those that are damaged, or did not pass when they were tried, are
 * none. By the volume's birth or by the identity of the database in it: the name alone may be another one's. Where no
 * restore point knows either, the name has to do.
 */
export function keptIn(seen: Pick<Seen, 'points'>, wanted: Wanted): readonly Kept[] {
  const named = seen.points.flatMap((point): readonly Kept[] => {
    if (point.state !== 'good' || point.verified?.well === false) return []
    const record = point.manifest.holdings.find(({ holding }) => nameOfHolding(holding) === wanted.name)
    return record === undefined ? [] : [{ point, record }]
  })
  if (wanted.createdAt === null && wanted.identity === null) return named
  const same = named.filter(({ record }) => isSame(record, wanted))
  return same.length > 0 || wanted.identity !== null ? same : named
}

function isSame({ holding, database }: HoldingRecord, wanted: Wanted): boolean {
  if (wanted.identity !== null && database?.identity != null) return database.identity === wanted.identity
  return wanted.createdAt !== null && 'createdAt' in holding && holding.createdAt === wanted.createdAt
}

/**
 * Restores from the newest, and where nobody tried that one yet also from the newest that is known to boot. What was
 * saved before a restore counts only where nothing else holds the data.
 */
export function restoreWays(
  seen: Pick<Seen, 'facts' | 'points' | 'now'>,
  wanted: Wanted,
  options: {
    readonly services: readonly string[]
    /** The volume that is to be filled, where that is another one. */
    readonly to?: string | null
  },
): readonly Way[] {
  const all = keptIn(seen, wanted)
  const chosen = all.filter(({ point }) => point.manifest.reason !== 'safety')
  const kept = chosen.length > 0 ? chosen : all
  const [newest] = kept
  if (newest === undefined) return []
  const proven = kept.find(({ point }) => isProven(point))
  const down = options.services.filter(service => !serviceContainers(seen.facts, service).some(isUp))
  const start = down.length === 0 ? '' : `; start ${listed(down)} then`
  const both = proven === undefined || proven === newest ? [newest] : [newest, proven]
  return both.map(({ point }) => {
    const to = options.to ?? null
    const deed: Deed = { kind: 'restore', id: point.id, volume: wanted.name, to }
    const age = formatAgeOf(point.manifest.finishedAt, seen.now)
    const into = to === null ? wanted.name : `${wanted.name} into ${to}`
    return wayOf({
      label: `restore ${wanted.name} as it was ${age}`,
      deed,
      does: `puts ${into} as it was ${age}${isProven(point) ? ', which is known to boot' : ''}; what stands there now is saved first${start}`,
      services: options.services,
      point: point.id,
    })
  })
}

function isUp({ state }: ContainerFact): boolean {
  return state === 'running' || state === 'paused' || state === 'restarting'
}

function isProven({ verified }: RestorePoint): boolean {
  return verified?.well === true && verified.level === 'boot'
}

/** `restore point 2026… (2 h ago) holds it: PostgreSQL 15, 48 MB, 3 databases, 1,204 rows`. */
export function keptWords(seen: Seen, { point, record }: Kept, what: string): string {
  const age = formatAgeOf(point.manifest.finishedAt, seen.now)
  return `restore point ${point.id} (${age}) holds ${what}: ${contentWords(point, record).join(', ')}`
}

function contentWords(point: RestorePoint, record: HoldingRecord): readonly string[] {
  return [
    ...(record.database === null ? [] : [record.database.label]),
    formatBytes(record.kept.tar.contentBytes),
    ...countedIn(point, nameOfHolding(record.holding)),
  ]
}

/** `3 databases`, `1,204 rows`: what was counted when it was saved. */
export function countedIn({ manifest }: RestorePoint, holding: string): readonly string[] {
  const figures = manifest.databases?.find(each => each.holding === holding)?.before ?? []
  if (figures.length === 0) return []
  const databases = figures.find(({ what }) => what === 'databases')?.value
  const { rows, exact } = sumOf(figures)
  return [
    ...(typeof databases === 'number' ? [plural(databases, 'database')] : []),
    `${exact ? '' : 'about '}${plural(rows, 'row')}`,
  ]
}
