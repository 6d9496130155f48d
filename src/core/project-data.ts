import type { Facts } from '../model/facts.ts'
import { identityOfHolding } from '../model/holding.ts'
import type { Holding } from '../model/holding.ts'
import { anonymousHolding, volumeHolding } from './holdings.ts'
import { layersOf } from './writable-layers.ts'

/** A piece of data of a project, with the services that use it. */
export interface ProjectData {
  readonly holding: Holding
  readonly usedBy: readonly string[]
}

/** Every volume and bind mount of the project's containers, what known stores keep in them, and its unmounted volumes. */
export function projectData(facts: Facts): readonly ProjectData[] {
  const found = new Map<string, { holding: Holding; usedBy: string[] }>()
  const add = (holding: Holding, user: string | null): void => {
    const known = found.get(identityOfHolding(holding)) ?? { holding, usedBy: [] }
    found.set(identityOfHolding(holding), known)
    if (user !== null && !known.usedBy.includes(user)) known.usedBy.push(user)
  }
  for (const container of facts.containers) {
    if (container.project !== facts.project.name) continue
    for (const layer of layersOf(facts, container)) add(layer, container.service)
    for (const mount of container.mounts) {
      const volume =
        mount.type === 'volume' ? facts.volumes.find(each => each.name === mount.name) : undefined
      if (volume !== undefined)
        add(
          volume.anonymous ? anonymousHolding(container, { mount, volume }) : volumeHolding(volume),
          container.service,
        )
      else if (mount.type === 'bind' && !mount.readOnly)
        add(
          { kind: 'bind', source: mount.source, service: container.service, path: mount.destination },
          container.service,
        )
    }
  }
  const declared = new Set(
    (facts.model?.volumes ?? []).filter(volume => !volume.external).map(volume => volume.name),
  )
  for (const volume of facts.volumes) {
    const own =
      volume.labels['com.docker.compose.project'] === facts.project.name || declared.has(volume.name)
    if (own && !volume.anonymous) add(volumeHolding(volume), null)
  }
  return [...found.values()]
}
