import type { ServerKind } from '../model/database.ts'
import type { ContainerFact, Facts, ServiceModel } from '../model/facts.ts'
import { identityOfHolding } from '../model/holding.ts'
import type { Contents, Holding } from '../model/holding.ts'
import { dataPathsOfContainer } from './data-paths.ts'
import { databaseServer } from './database-server.ts'
import { anonymousHolding, anonymousVolumes, mountedVolumes, volumeHolding } from './holdings.ts'
import { projectContainers, serviceContainers } from './reach.ts'
import { imageOfContainer, imageOfService, mountedData, servedData } from './served-data.ts'
import { serverKindOf } from './store-kind.ts'
import { layersOf } from './writable-layers.ts'

/** A database of a project: a service that keeps one. */
export interface ProjectDatabase {
  readonly service: string
  /** The one that runs, where one does; null where the service has none. */
  readonly container: ContainerFact | null
  /** Where its files lie; null where that cannot be told. */
  readonly holding: Holding | null
  readonly contents: Contents | null
  /** As which it can be asked; `file` where there is no server that could be, null where we cannot ask its server. */
  readonly kind: ServerKind | 'file' | null
  /** As its files or its image tell: `PostgreSQL 15`. */
  readonly label: string
}

/** Something that a service can write to. */
export interface ServicePlace {
  readonly service: string
  readonly container: ContainerFact | null
  readonly holding: Holding
}

/** Every place that the project's services can write to, as they run, or else as they are declared. */
export function servicePlaces(facts: Facts): readonly ServicePlace[] {
  return servicesOf(facts).flatMap(({ name, declared, container }) => {
    const holdings = container === null ? declaredHoldings(facts, declared) : holdingsOf(facts, container)
    return holdings.map(holding => ({ service: name, container, holding }))
  })
}

/**
 * The databases of a project: the services that write to a place in which one was seen, and those whose image is that of
 * a server. `contents`: what was seen in the places, by `identityOfHolding`.
 */
export function projectDatabases(
  facts: Facts,
  contents: ReadonlyMap<string, Contents>,
): readonly ProjectDatabase[] {
  const places = servicePlaces(facts)
  const seenIn = (holding: Holding): Contents | null => contents.get(identityOfHolding(holding)) ?? null
  return servicesOf(facts).flatMap(service => {
    const own = places.filter(
      place =>
        place.service === service.name &&
        seenIn(place.holding)?.database != null &&
        isKeeper(facts, place, places),
    )
    const kept = own.find(({ holding }) => kindOfContents(seenIn(holding)) !== null) ?? own[0]
    if (kept === undefined) return byImage(facts, service, seenIn) ?? []
    const seen = seenIn(kept.holding)
    return {
      service: service.name,
      container: service.container,
      holding: kept.holding,
      contents: seen,
      kind: seen?.database?.kind === 'sqlite' ? ('file' as const) : kindOfContents(seen),
      label: seen?.database?.label ?? '',
    }
  })
}

interface Service {
  readonly name: string
  /** Null where only its containers are known. */
  readonly declared: ServiceModel | null
  readonly container: ContainerFact | null
}

/** Those that the file enables, and those that have a container. One that is declared to run nowhere is not missed. */
function servicesOf(facts: Facts): readonly Service[] {
  const declared = facts.model?.services ?? []
  const running = projectContainers(facts).flatMap(({ service, oneOff }) =>
    service === null || oneOff ? [] : [service],
  )
  return [...new Set([...declared.map(({ name }) => name), ...running])].toSorted().flatMap(name => {
    const containers = serviceContainers(facts, name)
    const container = containers.find(({ state }) => state === 'running') ?? containers[0] ?? null
    const service = declared.find(each => each.name === name) ?? null
    return container === null && service?.scale === 0 ? [] : { name, declared: service, container }
  })
}

function holdingsOf(facts: Facts, container: ContainerFact): readonly Holding[] {
  const anonymous = new Set(anonymousVolumes(facts, container).map(({ volume }) => volume))
  return [
    ...mountedVolumes(facts, container)
      .filter(({ mount }) => !mount.readOnly)
      .map(mounted =>
        anonymous.has(mounted.volume) ? anonymousHolding(container, mounted) : volumeHolding(mounted.volume),
      ),
    ...container.mounts
      .filter(mount => mount.type === 'bind' && !mount.readOnly)
      .map(({ source, destination }): Holding => {
        return { kind: 'bind', source, service: container.service, path: destination }
      }),
    ...layersOf(facts, container),
  ]
}

function declaredHoldings(facts: Facts, service: ServiceModel | null): readonly Holding[] {
  if (service === null) return []
  return servedData(facts, service, null).flatMap(({ exists, holding }) => (exists ? holding : []))
}

/** Of several that write to one place (a backup, a file manager) the one whose image is a store, or else the first. */
function isKeeper(facts: Facts, place: ServicePlace, places: readonly ServicePlace[]): boolean {
  const identity = identityOfHolding(place.holding)
  const all = places.filter(({ holding }) => identityOfHolding(holding) === identity)
  const stores = all.filter(({ container, service }) => isStore(facts, service, container))
  return stores.length > 0 ? stores.includes(place) : all[0] === place
}

function isStore(facts: Facts, service: string, container: ContainerFact | null): boolean {
  const { reference, image } = imageOf(facts, service, container)
  return dataPathsOfContainer(reference, image).length > 0
}

function imageOf(facts: Facts, name: string, container: ContainerFact | null) {
  if (container !== null) return { reference: container.image, image: imageOfContainer(facts, container) }
  const service = facts.model?.services.find(each => each.name === name)
  if (service === undefined) return { reference: '', image: undefined }
  return { reference: service.image ?? '', image: imageOfService(facts, service) }
}

function kindOfContents(contents: Contents | null): ServerKind | null {
  const kind = contents?.database?.kind
  return kind === 'postgresql' || kind === 'mysql' || kind === 'redis' ? kind : null
}

/** A server that has written nothing yet, or whose files cannot be looked at. */
function byImage(
  facts: Facts,
  { name, declared, container }: Service,
  seenIn: (holding: Holding) => Contents | null,
): ProjectDatabase | null {
  const { reference, image } = imageOf(facts, name, container)
  const kind = serverKindOf(reference, image)
  const server = databaseServer(reference, image)
  if (kind === null && server === null) return null
  const holdings =
    container === null
      ? declaredHoldings(facts, declared)
      : [...mountedData(facts, container).map(({ holding }) => holding), ...layersOf(facts, container)]
  const holding = holdings[0] ?? null
  const contents = holding === null ? null : seenIn(holding)
  if (container !== null && isClient(kind, container, holding, contents)) return null
  const label = server === null ? reference : `${server.maker} ${server.version.join('.')}`.trim()
  return { service: name, container, holding, contents, kind, label }
}

/**
 * A program of the image that is no server (a dump, a migration): nothing was ever written to the place that the image
 * itself brings along. A Redis that runs may have its data in memory alone.
 */
function isClient(
  kind: ServerKind | null,
  container: ContainerFact,
  holding: Holding | null,
  contents: Contents | null,
): boolean {
  const isOwnPlace = holding?.kind === 'anonymous' || holding?.kind === 'layer'
  const ran = container.state !== 'created'
  const mayHoldInMemory = kind === 'redis' && container.state === 'running'
  return isOwnPlace && contents?.empty === true && ran && !mayHoldInMemory
}
