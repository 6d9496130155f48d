import type { ContainerFact, ImageFact } from '../../model/facts.ts'
import { dataPathsOfContainer } from '../data-paths.ts'

/** A project that has containers on the engine, as their labels tell it. */
export interface HostProject {
  readonly name: string
  readonly directory: string | null
  readonly files: readonly string[]
}

/** The projects whose containers keep something, by name. What only answers and forgets has nothing to be saved. */
export function projectsWithData(
  containers: readonly ContainerFact[],
  images: readonly ImageFact[],
): readonly HostProject[] {
  const found = new Map<string, HostProject>()
  for (const container of containers) {
    const { project, oneOff, workingDirectory, configFiles } = container
    if (project === null || oneOff || found.has(project) || !keepsSomething(container, images)) continue
    found.set(project, { name: project, directory: workingDirectory, files: configFiles })
  }
  return [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function keepsSomething({ mounts, image, imageId }: ContainerFact, images: readonly ImageFact[]): boolean {
  const isMounted = mounts.some(({ type, readOnly }) => type === 'volume' || (type === 'bind' && !readOnly))
  return (
    isMounted ||
    dataPathsOfContainer(
      image,
      images.find(({ id }) => id === imageId),
    ).length > 0
  )
}

/** The globals of Compose that choose such a project; without its files where these cannot be read any more. */
export function globalsOf({ name, directory, files }: HostProject, areThere: boolean): readonly string[] {
  const place = areThere && directory !== null ? ['--project-directory', directory] : []
  return ['-p', name, ...place, ...(areThere ? files.flatMap(file => ['-f', file]) : [])]
}
