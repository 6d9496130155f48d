import type { ContainerFact, Facts } from '../model/facts.ts'
import type { LayerHolding } from '../model/holding.ts'
import { dataPathsOfContainer, isWithin } from './data-paths.ts'
import { serviceCatalogue } from './reach.ts'
import { imageReferences } from './recreation.ts'

/**
 * What a known store keeps in the writable layer of its container: nothing for other images, where a mount covers the
 * data, and if it never ran. Several where its makers and versions differ in the place; what is not used is empty.
 */
export function layersOf(facts: Facts, container: ContainerFact): readonly LayerHolding[] {
  if (container.oneOff || container.state === 'created') return []
  const { id, service, number } = container
  const owner = service === null ? { owner: container.name } : {}
  return pathsInLayer(facts, container).map(path => ({
    kind: 'layer',
    container: id,
    service,
    number,
    path,
    ...owner,
  }))
}

/** Settings that say where the data lies, whatever the image is used to. */
const movingSettings: readonly string[] = ['PGDATA', '--data_directory', '--datadir', '--dbpath', '--dir']

function pathsInLayer(facts: Facts, container: ContainerFact): readonly string[] {
  const image = facts.images.find(each => each.id === container.imageId)
  const usual = dataPathsOfContainer(referenceOf(facts, container), image)
  if (usual.length === 0) return []
  const settings = container.details?.settings ?? {}
  const moved = movingSettings.flatMap(name => settings[name] ?? []).filter(path => path.startsWith('/'))
  const paths = moved.length > 0 ? moved : usual
  const covered = [...container.mounts.map(mount => mount.destination), ...(container.details?.tmpfs ?? [])]
  const isCovered = paths.some(path => covered.some(destination => isWithin(path, destination)))
  return isCovered ? [] : outermost(paths)
}

function outermost(paths: readonly string[]): readonly string[] {
  return [...new Set(paths)].filter(path => !paths.some(other => other !== path && isWithin(path, other)))
}

/** The image's name; when its tag has moved on the engine gives only the id, and the file may still know the name. */
function referenceOf(facts: Facts, container: ContainerFact): string {
  if (!/^(sha256:)?[0-9a-f]{12,64}$/.test(container.image)) return container.image
  const service = serviceCatalogue(facts).get(container.service ?? '')
  return service === undefined ? '' : (imageReferences(facts, service)[0] ?? '')
}
