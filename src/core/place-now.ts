import type { Facts, VolumeFact } from '../model/facts.ts'
import { nameOfHolding } from '../model/holding.ts'
import type { AnonymousHolding, LayerHolding } from '../model/holding.ts'
import { isWithin } from './data-paths.ts'

/** Where what belonged to a container of a service goes now. */
export type PlaceNow =
  | { readonly kind: 'volume'; readonly volume: VolumeFact }
  | { readonly kind: 'layer'; readonly layer: LayerHolding }
  /** There is no such container. */
  | { readonly kind: 'no-container' }
  /** There is one, and it has no place for it. */
  | { readonly kind: 'no-place'; readonly why: string }

/**
 * Anonymous and writable-layer data have no name that comes back: service, number and path say where they go. What lay
 * in a layer goes into the volume that the service has at that path by now.
 */
export function placeNow(
  facts: Pick<Facts, 'containers' | 'volumes' | 'project'>,
  holding: AnonymousHolding | LayerHolding,
): PlaceNow {
  const { service, number, path } = holding
  const container = facts.containers.find(
    each =>
      each.project === facts.project.name &&
      each.service === service &&
      each.number === number &&
      !each.oneOff,
  )
  if (container === undefined) return { kind: 'no-container' }
  const mount = container.mounts.find(({ destination }) => destination === path)
  const volume = facts.volumes.find(({ name }) => name === mount?.name)
  if (volume !== undefined) return { kind: 'volume', volume }
  const over = container.mounts.find(({ destination }) => isWithin(path, destination))
  if (holding.kind === 'layer' && over === undefined)
    return { kind: 'layer', layer: { kind: 'layer', container: container.id, service, number, path } }
  const why =
    over === undefined
      ? `${container.name} has no volume at ${path} any more`
      : `${container.name} mounts ${over.source || 'a tmpfs'} at ${over.destination}`
  return { kind: 'no-place', why: `${nameOfHolding(holding)}: ${why}` }
}
