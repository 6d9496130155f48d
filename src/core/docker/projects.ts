import type { DockerReach } from '../../model/docker-line.ts'
import type { ContainerFact, VolumeFact } from '../../model/facts.ts'
import type { Ledger } from '../../model/journal.ts'
import type { Taken } from './taken.ts'

/** Under this name stands what belongs to no project. No project can be called so: names begin with a letter or digit. */
export const noProject = '_volumes'

/** What a line takes, project by project, each with what it takes there. */
export function byProject(
  taken: Taken,
  ledgers: readonly Ledger[],
): ReadonlyMap<string, Pick<DockerReach, 'volumes' | 'containers'>> {
  const projects = new Map<string, { volumes: string[]; containers: DockerReach['containers'][number][] }>()
  const at = (project: string): { volumes: string[]; containers: DockerReach['containers'][number][] } => {
    const known = projects.get(project) ?? { volumes: [], containers: [] }
    projects.set(project, known)
    return known
  }
  for (const volume of taken.volumes) at(projectOfVolume(volume, ledgers)).volumes.push(volume.name)
  for (const { container, withVolumes } of taken.containers)
    at(projectOfContainer(container)).containers.push({ id: container.id, withVolumes })
  return projects
}

function projectOfContainer(container: ContainerFact): string {
  return container.project ?? noProject
}

/** By its label; else by what is remembered of this engine's projects, as for a volume that was made by hand. */
function projectOfVolume(volume: VolumeFact, ledgers: readonly Ledger[]): string {
  const labelled = volume.labels['com.docker.compose.project'] ?? ''
  if (labelled !== '') return labelled
  const remembered = ledgers.find(({ services }) =>
    services.some(({ mounts }) =>
      mounts.some(mount => mount.name === volume.name && mount.createdAt === volume.createdAt),
    ),
  )
  return remembered?.project ?? noProject
}
