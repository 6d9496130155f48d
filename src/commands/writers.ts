import type { ContainerFact } from '../model/facts.ts'
import type { Holding } from '../model/holding.ts'

/** Whether a container could change what is in a holding, if it runs. */
export function writesTo(container: ContainerFact, holding: Holding): boolean {
  if (holding.kind === 'layer') return container.id === holding.container
  return container.mounts.some(
    mount =>
      !mount.readOnly &&
      (holding.kind === 'bind'
        ? mount.source === holding.source
        : 'name' in holding && mount.name === holding.name),
  )
}
