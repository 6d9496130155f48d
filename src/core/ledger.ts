import type { ContainerFact, Facts, VolumeFact } from '../model/facts.ts'
import type { DatabaseContents } from '../model/holding.ts'
import type { Ledger, LedgerService } from '../model/journal.ts'

/** How long it is remembered who first created a volume: past that a volume is nobody's scratch. Milliseconds. */
const createdRemembered = 48 * 3600_000

/**
 * What is to be remembered of a project's data after a command: which service mounts what, and who first created
 * which volume. Services whose containers are gone keep what was last known of them. Null when nothing changed.
 */
export function ledgerFor(from: {
  readonly before: Ledger | null
  readonly facts: Facts
  readonly containers: readonly ContainerFact[]
  readonly volumes: readonly VolumeFact[]
  /** What was recognised in volumes and directories, by name or path. */
  readonly databases?: ReadonlyMap<string, DatabaseContents>
  /** Names of volumes that this command deleted, and was let: nobody is to be alarmed that they are gone. */
  readonly gone?: ReadonlySet<string>
  readonly audience: string
  readonly now: Date
}): Ledger | null {
  const { before, facts } = from
  const services = mergeServices(without(before?.services ?? [], from.gone), servicesNow(from))
  const created = createdVolumes(from)
  const directory = facts.project.directory ?? before?.directory ?? null
  const directoryId = facts.project.directoryId ?? before?.directoryId ?? null
  const { host } = facts.engine
  const compose = facts.compose.version
  const unchanged =
    before !== null &&
    JSON.stringify([
      before.services,
      before.created,
      before.directory,
      before.directoryId,
      before.compose,
    ]) === JSON.stringify([services, created, directory, directoryId, compose])
  if (unchanged || (services.length === 0 && before === null && created.length === 0)) return null
  return {
    format: 1,
    project: facts.project.name,
    engine: facts.engine.id,
    directory,
    directoryId,
    host,
    compose,
    updatedAt: from.now.toISOString(),
    services,
    created,
  }
}

function servicesNow(from: {
  readonly before: Ledger | null
  readonly facts: Facts
  readonly containers: readonly ContainerFact[]
  readonly volumes: readonly VolumeFact[]
  readonly databases?: ReadonlyMap<string, DatabaseContents>
}): readonly LedgerService[] {
  const createdAt = new Map(from.volumes.map(volume => [volume.name, volume.createdAt]))
  const services = new Map<string, { container: ContainerFact; mounts: LedgerMount[] }>()
  for (const container of from.containers) {
    if (container.project !== from.facts.project.name || container.service === null || container.oneOff)
      continue
    const mounts: LedgerMount[] = services.get(container.service)?.mounts ?? []
    services.set(container.service, { container, mounts })
    for (const mount of container.mounts) {
      if (mount.type !== 'volume' && mount.type !== 'bind') continue
      const name = mount.type === 'volume' ? (mount.name ?? '') : mount.source
      if (mounts.some(known => known.destination === mount.destination && known.name === name)) continue
      const at = mount.type === 'volume' ? (createdAt.get(name) ?? null) : null
      mounts.push({
        type: mount.type,
        name,
        createdAt: at,
        destination: mount.destination,
        ...whatIsIn(from, name, at),
      })
    }
  }
  return [...services]
    .filter(([, { mounts }]) => mounts.length > 0)
    .map(([service, { container, mounts }]) => ({
      service,
      image: container.image,
      imageId: container.imageId,
      mounts: mounts.toSorted((a, b) => compare(a.destination, b.destination) || compare(a.name, b.name)),
    }))
}

function without(
  services: readonly LedgerService[],
  gone: ReadonlySet<string> = new Set(),
): readonly LedgerService[] {
  return services
    .map(service => ({ ...service, mounts: service.mounts.filter(mount => !gone.has(mount.name)) }))
    .filter(service => service.mounts.length > 0)
}

type LedgerMount = LedgerService['mounts'][number]

/** What was recognised now, else what was known of the very same volume. */
function whatIsIn(
  {
    before,
    databases,
  }: { readonly before: Ledger | null; readonly databases?: ReadonlyMap<string, DatabaseContents> },
  name: string,
  createdAt: string | null,
): Pick<LedgerMount, 'database' | 'identity'> {
  const found = databases?.get(name)
  if (found !== undefined) return { database: found.label, identity: found.identity }
  const known = before?.services
    .flatMap(service => service.mounts)
    .find(mount => mount.name === name && mount.createdAt === createdAt)
  return { database: known?.database ?? null, identity: known?.identity ?? null }
}

function mergeServices(
  before: readonly LedgerService[],
  now: readonly LedgerService[],
): readonly LedgerService[] {
  const byName = new Map(before.map(service => [service.service, service]))
  for (const service of now) byName.set(service.service, service)
  return [...byName.values()].toSorted((a, b) => compare(a.service, b.service))
}

/** Volumes of this project that were not there before the command: the audience that ran it created them. */
function createdVolumes(from: {
  readonly before: Ledger | null
  readonly facts: Facts
  readonly containers: readonly ContainerFact[]
  readonly volumes: readonly VolumeFact[]
  readonly audience: string
  readonly now: Date
}): Ledger['created'] {
  const known = new Set(from.facts.volumes.map(volume => `${volume.name} ${volume.createdAt}`))
  const mounted = new Set(
    from.containers
      .filter(container => container.project === from.facts.project.name)
      .flatMap(container => container.mounts.flatMap(mount => mount.name ?? [])),
  )
  const fresh = from.volumes
    .filter(volume => !known.has(`${volume.name} ${volume.createdAt}`))
    .filter(
      volume =>
        volume.labels['com.docker.compose.project'] === from.facts.project.name || mounted.has(volume.name),
    )
    .map(volume => ({ name: volume.name, createdAt: volume.createdAt, audience: from.audience }))
  const alive = new Set(from.volumes.map(volume => `${volume.name} ${volume.createdAt}`))
  const remembered = (from.before?.created ?? []).filter(
    each =>
      alive.has(`${each.name} ${each.createdAt}`) &&
      from.now.getTime() - Date.parse(each.createdAt) < createdRemembered,
  )
  return [...remembered, ...fresh]
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
