import type { ContainerFact, Facts, ServiceModel } from '../model/facts.ts'
import { imageOfService } from './coming-containers.ts'
import { dataDirectoryOf } from './data-directory.ts'
import { isDataPath, isWithin } from './data-paths.ts'
import { imageReferences } from './recreation.ts'
import { effectiveSettings } from './settings.ts'

/** Whether a server keeps its data at or below this mount of a service. */
export function keepsDataAt(facts: Facts, service: ServiceModel, target: string): boolean {
  const image = imageOfService(facts, service)
  const reference = imageReferences(facts, service)[0] ?? ''
  const looks = dataDirectoryOf(reference, image, effectiveSettings(service, image))
  return isDataPath(target) || (looks !== null && isWithin(looks.path, target))
}

/** The same for a container as it is. */
export function hasDataAt(facts: Facts, container: ContainerFact, target: string): boolean {
  const image = facts.images.find(each => each.id === container.imageId)
  const settings = { ...image?.settings, ...container.details?.settings }
  const looks = dataDirectoryOf(container.image, image, settings)
  return isDataPath(target) || (looks !== null && isWithin(looks.path, target))
}
