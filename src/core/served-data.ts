import type { ContainerFact, Facts, ImageFact, ServiceModel, VolumeFact } from '../model/facts.ts'
import type { BindHolding, Holding } from '../model/holding.ts'
import type { Invocation } from '../model/invocation.ts'
import { dataPathsOfContainer, isDataPath, isWithin } from './data-paths.ts'
import { anonymousHolding, anonymousVolumes, volumeHolding } from './holdings.ts'
import { isDryRun } from './invocation.ts'
import { commandOf, reachedServices, serviceContainers, wantedReplicas } from './reach.ts'
import { findRecreations, imageReferences } from './recreation.ts'

/** A place where a store's server keeps its data, and what lies there. */
export interface ServedData {
  readonly holding: Holding
  /** Where the server sees it. */
  readonly path: string
  /** The folder of the volume that it sees; null for the root. */
  readonly subpath: string | null
  /** False for a volume or a directory that does not exist yet. */
  readonly exists: boolean
}

/** A store that gets a new container: in place of an old one, or because there is none. */
export interface FreshStart {
  readonly service: ServiceModel
  readonly image: ImageFact | undefined
  /** The container that is replaced; null where there is none. */
  readonly replaced: ContainerFact | null
  readonly data: readonly ServedData[]
}

/** The stores that the command gives a new container, and the data that each of these will find. */
export function freshStarts(facts: Facts, invocation: Invocation): readonly FreshStart[] {
  const replaced = findRecreations(facts, invocation).map(recreation => ({
    service: recreation.service,
    container: recreation.container,
    kept: recreation.inherits ? recreation.container : null,
  }))
  const created = createdServices(facts, invocation).map(service => ({
    service,
    container: null,
    kept: null,
  }))
  return [...replaced, ...created]
    .map(({ service, container, kept }) => ({
      service,
      image: imageOfService(facts, service),
      replaced: container,
      data: servedData(facts, service, kept),
    }))
    .filter(({ data }) => data.length > 0)
}

/** The services that the command makes a first container for. */
function createdServices(facts: Facts, invocation: Invocation): readonly ServiceModel[] {
  if (isDryRun(invocation) || !['up', 'create', 'run', 'scale', 'watch'].includes(commandOf(invocation)))
    return []
  return reachedServices(facts, invocation)
    .map(({ service }) => service)
    .filter(service => serviceContainers(facts, service.name).length === 0)
    .filter(service => wantedReplicas(invocation, service) > 0)
}

/**
 * Where a store finds its data when it is started by the file: its volumes and directories at the paths where its
 * server keeps data, and the anonymous volumes that it inherits from `container`. Empty for what is no store.
 */
export function servedData(
  facts: Facts,
  service: ServiceModel,
  container: ContainerFact | null,
): readonly ServedData[] {
  const keeps = keeperOf(service.image ?? container?.image ?? '', imageOfService(facts, service))
  const named = service.mounts
    .filter(mount => !mount.readOnly && keeps(mount.type, mount.target))
    .flatMap((mount): readonly ServedData[] => {
      const where = { path: mount.target, subpath: mount.subpath }
      if (mount.source === null) return []
      if (mount.type === 'bind') {
        const state = facts.places[mount.source]?.state ?? 'unknown'
        const exists = state !== 'missing' && state !== 'empty'
        return [{ holding: bindHolding(service.name, mount.source, mount.target), exists, ...where }]
      }
      if (mount.type !== 'volume') return []
      const name = facts.model?.volumes.find(volume => volume.key === mount.source)?.name ?? mount.source
      const volume = facts.volumes.find(each => each.name === name)
      return [{ holding: volumeOrPlace(name, volume), exists: volume !== undefined, ...where }]
    })
  if (container === null) return named
  const inherited = anonymousVolumes(facts, container)
    .filter(({ mount }) => keeps('volume', mount.destination))
    .filter(
      ({ mount }) => !service.mounts.some(each => each.target === mount.destination && each.source !== null),
    )
    .map(mounted => ({
      holding: anonymousHolding(container, mounted),
      path: mounted.mount.destination,
      subpath: null,
      exists: true,
    }))
  return [...named, ...inherited]
}

/** The data that a store's container has mounted to write to, as it stands. Empty for what is no store. */
export function mountedData(facts: Facts, container: ContainerFact): readonly ServedData[] {
  const keeps = keeperOf(container.image, imageOfContainer(facts, container))
  const anonymous = new Set(anonymousVolumes(facts, container).map(({ volume }) => volume))
  return container.mounts
    .filter(mount => !mount.readOnly && keeps(mount.type, mount.destination))
    .flatMap((mount): readonly ServedData[] => {
      const where = { path: mount.destination, subpath: null, exists: true }
      if (mount.type === 'bind')
        return [{ holding: bindHolding(container.service, mount.source, mount.destination), ...where }]
      const volume = facts.volumes.find(each => mount.type === 'volume' && each.name === mount.name)
      if (volume === undefined) return []
      const isAnonymous = anonymous.has(volume)
      return [
        {
          holding: isAnonymous ? anonymousHolding(container, { mount, volume }) : volumeHolding(volume),
          ...where,
        },
      ]
    })
}

export function imageOfService(facts: Facts, service: ServiceModel): ImageFact | undefined {
  const references = imageReferences(facts, service)
  return facts.images.find(image => image.references.some(reference => references.includes(reference)))
}

export function imageOfContainer(facts: Facts, container: ContainerFact): ImageFact | undefined {
  return facts.images.find(image => image.id === container.imageId)
}

/**
 * Tells the mounts in which a store keeps its data: in or above the directories of its server, or where the path says by
 * itself that a database lies there. A bind below them is a single file or folder more often than not (`postgresql.conf`,
 * dashboards). Somebody else's tool that looks at a database's files is no store.
 */
function keeperOf(reference: string, image: ImageFact | undefined): (type: string, path: string) => boolean {
  const known = dataPathsOfContainer(reference, image)
  if (known.length === 0) return () => false
  return (type, path) =>
    known.some(data => isWithin(data, path)) ||
    (type === 'volume' && (isDataPath(path) || known.some(data => isWithin(path, data))))
}

function volumeOrPlace(name: string, volume: VolumeFact | undefined): Holding {
  return volume === undefined ? { kind: 'volume', name, createdAt: '' } : volumeHolding(volume)
}

function bindHolding(service: string | null, source: string, path: string): BindHolding {
  return { kind: 'bind', source, service, path }
}
