import type { Decision } from '../model/decision.ts'
import type { ContainerFact, Facts, ImageFact, VolumeFact } from '../model/facts.ts'
import type { Holding } from '../model/holding.ts'
import type { Ledger, LedgerService } from '../model/journal.ts'
import type { HoldingRecord, RestorePoint } from '../model/restore-point.ts'
import { dataPathsOfContainer, isDataPath, isWithin } from './data-paths.ts'

/** A service that came up on other data than it is known to have: nothing was asked, and somebody may be writing to it. */
export interface Alarm {
  readonly service: string
  readonly before: LedgerService['mounts'][number]
  readonly now: LedgerService['mounts'][number]
}

/**
 * Compares what is mounted now with what was remembered before: the same place of a service, another volume, another
 * directory, or the same name with another database in it. What was asked about (`settled`) is not told again.
 */
export function alarmsFor(from: {
  readonly before: Ledger | null
  readonly after: Ledger | null
  readonly settled: readonly Holding[]
}): readonly Alarm[] {
  const { before, after } = from
  if (before === null || after === null) return []
  const settled = new Set(from.settled.map(nameInLedger))
  return after.services.flatMap(service => {
    const known = before.services.find(each => each.service === service.service)
    return service.mounts.flatMap(now => {
      const then = known?.mounts.find(each => each.destination === now.destination)
      if (then === undefined || settled.has(then.name) || isSame(then, now)) return []
      return isWorthAnAlarm(service, then) ? [{ service: service.service, before: then, now }] : []
    })
  })
}

/**
 * The words of our own command that bring the data back that a service ran on before: the volume is still there and is
 * adopted, or a restore point holds it. Null when neither is so.
 */
export function wayBack(
  { service, before }: Alarm,
  from: {
    readonly model: Facts['model']
    readonly volumes: readonly VolumeFact[]
    /** Newest first. */
    readonly points: readonly RestorePoint[]
  },
): readonly string[] | null {
  if (before.type !== 'volume') return null
  const isLeft = from.volumes.some(
    ({ name, createdAt }) => name === before.name && createdAt === before.createdAt,
  )
  if (isLeft) return ['adopt', before.name, ...keyWords(service, before, from.model)]
  const point = from.points.find(
    ({ state, manifest }) => state === 'good' && manifest.holdings.some(record => isKeptIn(record, before)),
  )
  return point === undefined ? null : ['restore', point.id, '--volume', before.name]
}

function keyWords(service: string, before: Alarm['before'], model: Facts['model']): readonly string[] {
  const mounts = model?.services.find(({ name }) => name === service)?.mounts ?? []
  const mount = mounts.find(({ type, target }) => type === 'volume' && target === before.destination)
  return mount?.source === undefined || mount.source === null ? [] : ['--as', mount.source]
}

/** By the volume's birth, or by the identity of the database in it: the name alone may be the fresh one's. */
function isKeptIn({ holding, database }: HoldingRecord, before: Alarm['before']): boolean {
  if (holding.kind !== 'volume' || holding.name !== before.name) return false
  const isSameCluster = before.identity !== null && database?.identity === before.identity
  return isSameCluster || (before.createdAt !== null && holding.createdAt === before.createdAt)
}

/** What a decision has already been taken about. A container that is only replaced is to find its data as it was. */
export function settledBy(decision: Decision): readonly Holding[] {
  return decision.stakes
    .map(({ stake }) => stake.finding)
    .filter(finding => finding.outcome !== 'recreated' && finding.warning !== true)
    .map(finding => finding.holding)
}

function nameInLedger(holding: Holding): string | null {
  if (holding.kind === 'bind') return holding.source
  return 'name' in holding ? holding.name : null
}

function isSame(then: LedgerService['mounts'][number], now: LedgerService['mounts'][number]): boolean {
  const isOther = then.identity !== null && now.identity !== null && then.identity !== now.identity
  return !isOther && then.type === now.type && then.name === now.name && then.createdAt === now.createdAt
}

/** Only where a database was seen, or where its image keeps one: uploads and caches come and go. */
function isWorthAnAlarm(service: LedgerService, then: LedgerService['mounts'][number]): boolean {
  return then.database !== null || isKept(service.image, undefined, then.destination)
}

/** The places in running containers where a database may have to be identified: known to keep one, not yet told. */
export function placesToIdentify(
  facts: Pick<Facts, 'project' | 'images'>,
  containers: readonly ContainerFact[],
  ledger: Ledger | null,
): readonly { readonly container: string; readonly path: string; readonly name: string }[] {
  return containers
    .filter(container => container.project === facts.project.name && !container.oneOff)
    .flatMap(container =>
      container.mounts
        .filter(mount => mount.type === 'volume' || mount.type === 'bind')
        .filter(mount => isKept(container.image, imageOf(facts, container), mount.destination))
        .map(mount => ({
          container: container.id,
          path: mount.destination,
          name: mount.type === 'volume' ? (mount.name ?? '') : mount.source,
        })),
    )
    .filter(place => !isTold(ledger, place.name))
}

function isTold(ledger: Ledger | null, name: string): boolean {
  const known = ledger?.services.flatMap(service => service.mounts).filter(mount => mount.name === name) ?? []
  return known.some(mount => mount.database !== null)
}

function isKept(reference: string, image: ImageFact | undefined, path: string): boolean {
  if (isDataPath(path)) return true
  const known = dataPathsOfContainer(reference, image)
  return known.some(data => isWithin(path, data) || isWithin(data, path))
}

function imageOf(facts: Pick<Facts, 'images'>, container: ContainerFact): ImageFact | undefined {
  return facts.images.find(image => image.id === container.imageId)
}
