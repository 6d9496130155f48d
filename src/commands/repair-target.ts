import { mountedVolumes, volumeHolding } from '../core/holdings.ts'
import { isStorePlace } from '../core/recovery/places.ts'
import { serviceCatalogue, serviceContainers } from '../core/reach.ts'
import { serverKindOf } from '../core/store-kind.ts'
import type { ServerKind } from '../model/database.ts'
import { Stop } from '../model/failure.ts'
import type { ContainerFact, VolumeFact } from '../model/facts.ts'
import type { VolumeHolding } from '../model/holding.ts'
import type { DatabaseServer, Inside, Repair } from '../model/ports.ts'
import type { Context } from './context.ts'
import type { Look } from './observe.ts'
import { openServer } from './open-server.ts'

/** A database that is to be repaired. */
export interface RepairTarget {
  readonly service: string
  readonly container: ContainerFact
  readonly kind: ServerKind
  readonly volume: VolumeFact
  readonly holding: VolumeHolding
  /** Where the volume is mounted. */
  readonly path: string
  /** By what it is repaired. */
  readonly by: Repair['by']
  /** Its server in that container, or in another one. */
  readonly open: (inside: Inside) => DatabaseServer
}

/** Milliseconds for looking into the volumes of one container. */
const lookBudget = 2000

/** The database of a service, in a volume. Throws `not-possible` where there is none. */
export async function repairTargetOf(
  context: Context,
  { engine, facts }: Look,
  service: string,
): Promise<RepairTarget> {
  const [container] = serviceContainers(facts, service)
  if (container === undefined) throw noContainer(service, [...serviceCatalogue(facts).keys()])
  const mounted = mountedVolumes(facts, container).filter(({ mount }) => !mount.readOnly)
  const holdings = mounted.map(({ volume }) => volumeHolding(volume))
  const contents = await engine.contents(holdings, facts, lookBudget)
  const image = facts.images.find(({ id }) => id === container.imageId)
  const places = mounted.flatMap(({ mount, volume }, index) => {
    const holding = holdings[index] ?? volumeHolding(volume)
    const seen = contents.get(holding)?.database?.kind ?? null
    const isPlace = isStorePlace(facts, service, container.image, mount.destination)
    const kind = isServerKind(seen) ? seen : isPlace ? serverKindOf(container.image, image) : null
    return kind === null ? [] : [{ volume, holding, kind, path: mount.destination, isSeen: seen !== null }]
  })
  const place = places.find(({ isSeen }) => isSeen) ?? places[0]
  if (place === undefined)
    throw new Stop({
      reason: 'not-possible',
      what: `${service} has no PostgreSQL, MariaDB, MySQL or Redis in a volume that could be repaired`,
      how: 'see what is wrong, and the other ways: safe-compose recover',
    })
  const { kind } = place
  const open = (inside: Inside): DatabaseServer => openServer(context, kind, inside, container)
  return { service, container, ...place, by: open(engine.inside(container.id)).repair.by, open }
}

function isServerKind(kind: string | null): kind is ServerKind {
  return kind === 'postgresql' || kind === 'mysql' || kind === 'redis'
}

function noContainer(service: string, services: readonly string[]): Stop {
  return new Stop({
    reason: 'not-possible',
    what: services.includes(service)
      ? `${service} has no container that tells how its server is started`
      : `the project has no service ${service}`,
    how: services.includes(service)
      ? `make one: docker compose up --no-start ${service}`
      : `it has: ${services.join(', ') || 'none'}`,
  })
}
