import type { ContainerFact, Facts, MountFact, VolumeFact } from '../model/facts.ts'
import type { AnonymousHolding, VolumeHolding } from '../model/holding.ts'
import { isHelper, serviceCatalogue } from './reach.ts'

/** A volume that a container mounts. */
export interface MountedVolume {
  readonly mount: MountFact
  readonly volume: VolumeFact
}

/** The anonymous volumes of a container: those that the engine named, and that no file calls by that name. */
export function anonymousVolumes(facts: Facts, container: ContainerFact): readonly MountedVolume[] {
  const declared = new Set(
    [...(facts.wholeModel?.volumes ?? []), ...(facts.model?.volumes ?? [])].map(volume => volume.name),
  )
  return mountedVolumes(facts, container).filter(
    ({ volume }) => volume.anonymous && !declared.has(volume.name),
  )
}

/** All volumes of a container, named and anonymous. */
export function mountedVolumes(facts: Facts, container: ContainerFact): readonly MountedVolume[] {
  return container.mounts.flatMap(mount => {
    if (mount.type !== 'volume') return []
    const volume = facts.volumes.find(each => each.name === mount.name)
    return volume === undefined ? [] : [{ mount, volume }]
  })
}

export function volumeHolding(volume: VolumeFact): VolumeHolding {
  return { kind: 'volume', name: volume.name, createdAt: volume.createdAt }
}

export function anonymousHolding(
  container: ContainerFact,
  { mount, volume }: MountedVolume,
): AnonymousHolding {
  return {
    kind: 'anonymous',
    name: volume.name,
    createdAt: volume.createdAt,
    service: container.service,
    number: container.number,
    path: mount.destination,
    container: container.id,
    ...(container.service === null ? { owner: container.name } : {}),
  }
}

/** Who uses a volume: the project's services by container or by file, then `container NAME` of others. */
export function usersOf(facts: Facts, volume: VolumeFact): readonly string[] {
  const services = new Set<string>()
  const others = new Set<string>()
  for (const container of facts.containers) {
    if (isHelper(container) || !container.mounts.some(mount => mount.name === volume.name)) continue
    if (container.project === facts.project.name && container.service !== null)
      services.add(container.service)
    else others.add(`container ${container.name}`)
  }
  const keys = new Set(
    [...(facts.wholeModel?.volumes ?? []), ...(facts.model?.volumes ?? [])]
      .filter(each => each.name === volume.name)
      .map(each => each.key),
  )
  for (const service of serviceCatalogue(facts).values())
    if (service.mounts.some(mount => mount.type === 'volume' && keys.has(mount.source ?? '')))
      services.add(service.name)
  return [...[...services].toSorted(), ...others]
}
