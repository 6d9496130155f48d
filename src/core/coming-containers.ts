import type { ContainerFact, Facts, ImageFact, ServiceModel } from '../model/facts.ts'
import type { Invocation } from '../model/invocation.ts'
import { isDryRun, isOn } from './invocation.ts'
import { commandOf, reachedServices, serviceContainers, wantedReplicas } from './reach.ts'
import { findRecreations, imageReferences } from './recreation.ts'

/** A container that the command makes: the first one of a service, or one in the place of an old one. */
export interface ComingContainer {
  readonly service: ServiceModel
  /** The one that it replaces; null where the service has none. */
  readonly replaces: ContainerFact | null
  /** Whether it is given the volumes of the old one at places that the image or the file leaves without a source. */
  readonly inherits: boolean
}

/** What `up`, `create`, `run`, `scale` and `watch` will make, of the services that they bring into line with the file. */
export function comingContainers(facts: Facts, invocation: Invocation): readonly ComingContainer[] {
  const replaced = findRecreations(facts, invocation).map(({ service, container, inherits }) => ({
    service,
    replaces: container,
    inherits,
  }))
  const first = servicesBroughtUp(facts, invocation)
    .filter(service => serviceContainers(facts, service.name).length === 0)
    .map(service => ({ service, replaces: null, inherits: false }))
  return [...replaced, ...first]
}

/** The services of which the command leaves at least one container. */
export function servicesBroughtUp(facts: Facts, invocation: Invocation): readonly ServiceModel[] {
  const command = commandOf(invocation)
  if (isDryRun(invocation) || !makers.has(command)) return []
  if (command === 'watch' && isOn(invocation, 'no-up')) return []
  return reachedServices(facts, invocation)
    .map(({ service }) => service)
    .filter(service => wantedReplicas(invocation, service) > 0)
}

const makers: ReadonlySet<string> = new Set(['up', 'create', 'run', 'scale', 'watch'])

/** The image that a new container of the service will be made from; absent where the engine does not have it yet. */
export function imageOfService(facts: Facts, service: ServiceModel): ImageFact | undefined {
  const names = imageReferences(facts, service)
  return facts.images.find(image => image.references.some(reference => names.includes(reference)))
}
