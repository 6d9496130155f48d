import type { Facts } from '../model/facts.ts'
import type { Displaced } from './displaced.ts'
import { expectedVolume } from './expected-mount.ts'

/**
 * Whether the edit happened earlier than the recreation that now brings it to bear: the service's own configuration
 * is what its container was made from, and the volume that the file names stands already. Versions of Compose before
 * 2.32 made it and left the container on the old one.
 */
export function isLitFuse(facts: Facts, { container, service, expected }: Displaced): boolean {
  if (container === null || expectedVolume(facts, expected) === null) return false
  return facts.hashes[service.name] === container.configHash
}
