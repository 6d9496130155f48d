import { byName } from '../core/by-name.ts'
import { labelFacts } from '../core/label-facts.ts'
import type { ContainerFact, Facts, VolumeFact } from '../model/facts.ts'
import type { Engine } from '../model/ports.ts'
import type { Context } from './context.ts'

/** An engine with everything that is on it, and each project of it as far as labels tell. */
export interface SeenEngine {
  readonly engine: Engine
  readonly fact: Facts['engine']
  readonly projects: readonly Facts[]
  /** Volumes that belong to no project. */
  readonly strays: readonly VolumeFact[]
}

const projectLabel = 'com.docker.compose.project'

/** Looks at every project of the engine, without any Compose file. Throws as the engine does when it cannot be seen. */
export async function lookAtEngine(context: Context): Promise<SeenEngine> {
  const engine = await context.openEngine()
  const { engine: fact, containers: all, volumes } = await engine.observe()
  const [inspected, images] = await Promise.all([
    engine.inspect(all.filter(({ project }) => project !== null)),
    engine.images([...new Set(all.map(({ imageId }) => imageId))]),
  ])
  const details = new Map(inspected.map(container => [container.id, container]))
  const containers = all.map(container => details.get(container.id) ?? container)
  const projects = projectsOf(containers, volumes).map((name): Facts => {
    const own = containers.find(({ project }) => project === name)
    const takenAt = context.host.now().toISOString()
    return labelFacts(
      { takenAt, compose: context.compose.fact, engine: fact, containers, volumes, images, ledger: null },
      { name, directory: own?.workingDirectory ?? null, directoryId: null, files: own?.configFiles ?? [] },
    )
  })
  return { engine, fact, projects, strays: straysOf(containers, volumes) }
}

function projectsOf(containers: readonly ContainerFact[], volumes: readonly VolumeFact[]): readonly string[] {
  const names = [
    ...containers.flatMap(({ project }) => project ?? []),
    ...volumes.flatMap(({ labels }) => labels[projectLabel] ?? []),
  ]
  return [...new Set(names)].toSorted()
}

function straysOf(
  containers: readonly ContainerFact[],
  volumes: readonly VolumeFact[],
): readonly VolumeFact[] {
  const used = new Set(
    containers.flatMap(({ project, mounts }) => (project === null ? [] : mounts.map(({ name }) => name))),
  )
  return volumes
    .filter(({ name, labels }) => labels[projectLabel] === undefined && !used.has(name))
    .toSorted(byName)
}
