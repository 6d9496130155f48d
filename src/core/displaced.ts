import type { ContainerFact, Facts, MountFact, ServiceModel } from '../model/facts.ts'
import type { Circumstances } from '../model/finding.ts'
import type { Holding } from '../model/holding.ts'
import { identityOfHolding } from '../model/holding.ts'
import type { Invocation } from '../model/invocation.ts'
import type { LedgerService } from '../model/journal.ts'
import { dataPathsOfContainer, isDataPath, isWithin } from './data-paths.ts'
import { escapeName } from './escape.ts'
import {
  expectedAt,
  expectedVolume,
  imageOfService,
  isExpected,
  isHandedOn,
  isMadeHere,
  seenIn,
} from './expected-mount.ts'
import type { ExpectedMount } from './expected-mount.ts'
import { anonymousHolding, volumeHolding } from './holdings.ts'
import { projectContainers, serviceCatalogue } from './reach.ts'
import { findRemovals } from './removal.ts'
import { findStarts } from './starts.ts'
import type { Start } from './starts.ts'

/** Data that a service is known to have had at a path, where the file now puts something else. */
export interface Displaced {
  readonly service: ServiceModel
  readonly path: string
  /** What it had. */
  readonly holding: Holding
  /** What it would have. */
  readonly expected: ExpectedMount
  /** The container that still has it; null where it is only remembered. */
  readonly container: ContainerFact | null
  /** Facts that prove it, a line each. */
  readonly evidence: readonly string[]
  /** A database is known to lie there: by what was seen earlier, or because its server keeps its data at that path. */
  readonly isStore: boolean
}

/** What the command itself does about displaced data. */
export type Effect =
  /** A new container starts on something else. */
  | 'starts'
  /** The only container that knows the data goes. */
  | 'removed'
  /** Nothing yet: the container stays as it is. */
  | 'waits'

/**
 * Data of this project's own services that a new container would not get: containers that the command replaces, and
 * for services without a container what is remembered of them.
 */
export function displacedByStart(facts: Facts, invocation: Invocation): readonly Displaced[] {
  return findStarts(facts, invocation).flatMap(start =>
    start.replaced.length > 0 ? fromReplaced(facts, start) : fromLedger(facts, start),
  )
}

function fromReplaced(facts: Facts, { service, replaced }: Start): readonly Displaced[] {
  const all = replaced.flatMap(({ container, inherits }) =>
    heldOtherwise(facts, service, container).filter(
      ({ path, holding }) => holding.kind === 'bind' || !inherits || !isHandedOn(facts, service, path),
    ),
  )
  return eachOnce(all)
}

function fromLedger(facts: Facts, { service }: Start): readonly Displaced[] {
  const known = facts.ledger?.services.find(each => each.service === service.name)
  if (known === undefined) return []
  return known.mounts.flatMap(mount => {
    const expected = expectedAt(facts, service, mount.destination)
    if (isExpected(expected, mount)) return []
    const holding = rememberedHolding(facts, service, mount)
    if (holding === null) return []
    const line = `${escapeName(service.name)} had ${escapeName(mount.name)} at ${escapeName(mount.destination)} when safe-compose last saw it, ${facts.ledger?.updatedAt ?? ''}`
    return [
      {
        service,
        path: mount.destination,
        holding,
        expected,
        container: null,
        evidence: [line],
        isStore: mount.database !== null || isStorePath(facts, service, known.image, mount.destination),
      },
    ]
  })
}

/** Remembered data that still stands: the very same volume, or a directory that is not known to be gone. */
function rememberedHolding(
  facts: Facts,
  service: ServiceModel,
  mount: LedgerService['mounts'][number],
): Holding | null {
  if (mount.type === 'bind') {
    const isGone = facts.places[mount.name]?.state === 'missing'
    return isGone
      ? null
      : { kind: 'bind', source: mount.name, service: service.name, path: mount.destination }
  }
  const volume = facts.volumes.find(each => each.name === mount.name)
  const isSame = volume !== undefined && (mount.createdAt === null || mount.createdAt === volume.createdAt)
  return isSame ? volumeHolding(volume) : null
}

/** Data that containers of this project still have and the file no longer gives them, with what the command does to it. */
export function displacedInContainers(
  facts: Facts,
  invocation: Invocation,
  circumstances: Circumstances,
): readonly (Displaced & { readonly effect: Effect })[] {
  if (facts.model === null) return []
  const removed = new Set(findRemovals(facts, invocation, circumstances).map(({ container }) => container))
  const starting = new Set(
    displacedByStart(facts, invocation).map(({ holding }) => identityOfHolding(holding)),
  )
  const catalogue = serviceCatalogue(facts)
  const all = projectContainers(facts)
    .filter(container => !container.oneOff && (facts.target === 'model' || isMadeHere(facts, container)))
    .flatMap(container => {
      const service = catalogue.get(container.service ?? '')
      return service === undefined ? [] : heldOtherwise(facts, service, container)
    })
    .map(each => ({ ...each, effect: effectOn(each) }))
  return eachOnce(all)

  function effectOn({ container, holding }: Displaced): Effect {
    if (starting.has(identityOfHolding(holding))) return 'starts'
    return container !== null && removed.has(container) ? 'removed' : 'waits'
  }
}

/** The mounts of a container for which the file has no exact counterpart. */
function heldOtherwise(facts: Facts, service: ServiceModel, container: ContainerFact): readonly Displaced[] {
  return container.mounts.flatMap(mount => {
    const expected = expectedAt(facts, service, mount.destination)
    if (isExpected(expected, mount) || staysUnnamed(facts, expected, mount)) return []
    const holding = heldHolding(facts, container, mount)
    if (holding === null) return []
    const has = mount.type === 'bind' ? mount.source : (mount.name ?? '')
    return [
      {
        service,
        path: mount.destination,
        holding,
        expected,
        container,
        evidence: [
          `container ${escapeName(container.name)} has ${escapeName(has)} at ${escapeName(mount.destination)}`,
        ],
        isStore: isStorePath(facts, service, container.image, mount.destination),
      },
    ]
  })
}

/** An anonymous volume where the file says nothing else: that is another hazard, and no edit. */
function staysUnnamed(facts: Facts, expected: ExpectedMount, mount: MountFact): boolean {
  const volume = facts.volumes.find(each => each.name === mount.name)
  return volume?.anonymous === true && expected.kind !== 'volume' && expected.kind !== 'bind'
}

function heldHolding(facts: Facts, container: ContainerFact, mount: MountFact): Holding | null {
  if (mount.readOnly) return null
  if (mount.type === 'bind')
    return { kind: 'bind', source: mount.source, service: container.service, path: mount.destination }
  const volume = facts.volumes.find(each => each.name === mount.name)
  if (mount.type !== 'volume' || volume === undefined || volume.options['type'] === 'tmpfs') return null
  return volume.anonymous ? anonymousHolding(container, { mount, volume }) : volumeHolding(volume)
}

/** Whether a server keeps its data at this path: known by the path itself, or by the image. */
export function isStorePath(facts: Facts, service: ServiceModel, image: string, path: string): boolean {
  if (isDataPath(path)) return true
  const known = [
    ...dataPathsOfContainer(service.image ?? image, imageOfService(facts, service)),
    ...dataPathsOfContainer(image, undefined),
  ]
  return known.some(data => isWithin(path, data) || isWithin(data, path))
}

function eachOnce<T extends Displaced>(all: readonly T[]): readonly T[] {
  return [...new Map(all.map(each => [identityOfHolding(each.holding), each])).values()]
}

/** What must be looked into to weigh displaced data: the data, and what would take its place. */
export function holdingsToWeigh(
  facts: Facts,
  all: readonly Pick<Displaced, 'holding' | 'expected'>[],
): readonly Holding[] {
  return all.flatMap(({ holding, expected }) => {
    const other = expectedVolume(facts, expected)
    return other === null ? [holding] : [holding, volumeHolding(other)]
  })
}

/**
 * How much displaced data counts. `grave`: an application would start without its database. `slight`: worth a word,
 * because it is other data than a database's, or because a database stands in the new place too.
 */
export function weightOf(
  facts: Facts,
  { holding, expected, isStore, container }: Displaced,
): 'grave' | 'slight' | 'none' {
  // Compose itself fails when an external volume is missing: nothing starts on anything.
  if (expected.declared?.external === true && expectedVolume(facts, expected) === null) return 'none'
  const old = seenIn(facts, holding)
  const other = expectedVolume(facts, expected)
  const now = other === null ? null : seenIn(facts, volumeHolding(other))
  if (old !== null && old.empty && container?.state !== 'running') return 'none'
  if (old !== null && old.cache !== null) return 'none'
  const isDatabase = isStore || (old?.database ?? null) !== null
  if (now?.database) {
    const { identity } = now.database
    if (identity !== null && identity === old?.database?.identity) return 'none'
    return isDatabase ? 'slight' : 'none'
  }
  if (isDatabase) return holding.kind === 'bind' && !isStore ? 'slight' : 'grave'
  return old !== null && !old.empty && now?.empty !== false ? 'slight' : 'none'
}
