import type { ContainerFact, Facts, VolumeFact } from '../model/facts.ts'
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
  readonly audience: string
  readonly now: Date
}): Ledger | null {
  const { before, facts } = from
  const services = mergeServices(before?.services ?? [], servicesNow(from))
  const created = createdVolumes(from)
  const directory = facts.project.directory ?? before?.directory ?? null
  const unchanged =
    before !== null &&
    JSON.stringify([before.services, before.created, before.directory]) ===
      JSON.stringify([services, created, directory])
  if (unchanged || (services.length === 0 && before === null && created.length === 0)) return null
  return {
    format: 1,
    project: facts.project.name,
    engine: facts.engine.id,
    directory,
    updatedAt: from.now.toISOString(),
    services,
    created,
  }
}

function servicesNow(from: {
  readonly facts: Facts
  readonly containers: readonly ContainerFact[]
  readonly volumes: readonly VolumeFact[]
}): readonly LedgerService[] {
  const createdAt = new Map(from.volumes.map(volume => [volume.name, volume.createdAt]))
  const services = new Map<string, LedgerService['mounts'][number][]>()
  for (const container of from.containers) {
    if (container.project !== from.facts.project.name || container.service === null || container.oneOff)
      continue
    const mounts = services.get(container.service) ?? []
    services.set(container.service, mounts)
    for (const mount of container.mounts) {
      if (mount.type !== 'volume' && mount.type !== 'bind') continue
      const name = mount.type === 'volume' ? (mount.name ?? '') : mount.source
      if (mounts.some(known => known.destination === mount.destination && known.name === name)) continue
      mounts.push({
        type: mount.type,
        name,
        createdAt: mount.type === 'volume' ? (createdAt.get(name) ?? null) : null,
        destination: mount.destination,
        identity: null,
      })
    }
  }
  return [...services]
    .filter(([, mounts]) => mounts.length > 0)
    .map(([service, mounts]) => ({
      service,
      mounts: mounts.toSorted((a, b) => compare(a.destination, b.destination) || compare(a.name, b.name)),
    }))
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
