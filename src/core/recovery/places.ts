import type { ContainerFact, Facts, ServiceModel } from '../../model/facts.ts'
import type { Contents } from '../../model/holding.ts'
import { isStorePath } from '../displaced.ts'
import { expectedAt } from '../expected-mount.ts'
import { serviceCatalogue, serviceContainers } from '../reach.ts'
import type { Seen, ServerSaid } from './situation.ts'

/** Where a service keeps a database, and what it has there now. */
export interface DatabasePlace {
  readonly service: string
  readonly path: string
  /** The key by which the file mounts a volume there; null where it does not. */
  readonly key: string | null
  readonly type: 'volume' | 'bind'
  /** The volume, or the directory. */
  readonly name: string
  /** When that volume was made; null where it does not exist yet, and for directories. */
  readonly createdAt: string | null
  readonly contents: Contents | undefined
  readonly container: ContainerFact | null
  readonly server: ServerSaid | null
}

/**
 * The places of the project's services where a database lies or should lie: by their containers, and for services
 * without one by the file.
 */
export function databasePlaces(seen: Seen): readonly DatabasePlace[] {
  const { facts } = seen
  const names = new Set([
    ...serviceCatalogue(facts).keys(),
    ...facts.containers.flatMap(each => (each.project === facts.project.name ? (each.service ?? []) : [])),
  ])
  return [...names].flatMap(service => {
    const [container] = serviceContainers(facts, service)
    const model = facts.model?.services.find(each => each.name === service)
    return container === undefined ? placesOfModel(seen, model) : placesOfContainer(seen, container, model)
  })
}

function placesOfContainer(
  seen: Seen,
  container: ContainerFact,
  model: ServiceModel | undefined,
): readonly DatabasePlace[] {
  const { facts } = seen
  const service = container.service ?? ''
  return container.mounts.flatMap((mount): readonly DatabasePlace[] => {
    if (mount.readOnly || (mount.type !== 'volume' && mount.type !== 'bind')) return []
    const name = mount.type === 'volume' ? (mount.name ?? '') : mount.source
    const contents = mount.type === 'volume' ? seen.contents.get(name) : undefined
    if (!isStorePlace(facts, service, container.image, mount.destination) && !contents?.database) return []
    return [
      {
        service,
        path: mount.destination,
        key: keyAt(model, mount.destination),
        type: mount.type,
        name,
        createdAt: createdAtOf(facts, mount.type, name),
        contents,
        container,
        server: seen.servers.find(each => each.container.id === container.id) ?? null,
      },
    ]
  })
}

function placesOfModel(seen: Seen, model: ServiceModel | undefined): readonly DatabasePlace[] {
  const { facts } = seen
  return (model?.mounts ?? []).flatMap((mount): readonly DatabasePlace[] => {
    if (model === undefined || mount.readOnly || mount.source === null) return []
    if (mount.type !== 'volume' && mount.type !== 'bind') return []
    if (!isStorePlace(facts, model.name, model.image ?? '', mount.target)) return []
    const name = expectedAt(facts, model, mount.target).name ?? mount.source
    return [
      {
        service: model.name,
        path: mount.target,
        key: keyAt(model, mount.target),
        type: mount.type,
        name,
        createdAt: createdAtOf(facts, mount.type, name),
        contents: mount.type === 'volume' ? seen.contents.get(name) : undefined,
        container: null,
        server: null,
      },
    ]
  })
}

/** Whether a server keeps its data there, by its path or by the image of its service. */
export function isStorePlace(facts: Facts, service: string, image: string, path: string): boolean {
  const model = serviceCatalogue(facts).get(service)
  return isStorePath(facts, model ?? { ...unknownService, name: service, image }, image, path)
}

/** What stands for a service that the file does not have any more. */
const unknownService: ServiceModel = {
  name: '',
  image: null,
  build: false,
  scale: 1,
  containerName: null,
  dependsOn: [],
  mounts: [],
  tmpfs: [],
  labels: {},
  settings: {},
  hostname: null,
  stopGracePeriod: null,
  stopSignal: null,
}

function keyAt(model: ServiceModel | undefined, path: string): string | null {
  return model?.mounts.find(({ type, target }) => type === 'volume' && target === path)?.source ?? null
}

function createdAtOf(facts: Facts, type: 'volume' | 'bind', name: string): string | null {
  if (type === 'bind') return null
  return facts.volumes.find(volume => volume.name === name)?.createdAt ?? null
}
