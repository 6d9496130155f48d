import type { ContainerFact, Facts, ServiceModel } from '../model/facts.ts'
import type { Invocation } from '../model/invocation.ts'
import { flagList, isOn } from './invocation.ts'

/** A service that a command brings into line with the file. */
export interface ReachedService {
  readonly service: ServiceModel
  /** Named on the command line, or nothing was named; otherwise a dependency of such a one. */
  readonly selected: boolean
}

/**
 * The services that `up`, `create`, `run`, `scale` and `watch` bring into line with the file: those named or all
 * enabled ones, and their dependencies. Of `run` only the dependencies: its own container is a new one beside the rest.
 */
export function reachedServices(facts: Facts, invocation: Invocation): readonly ReachedService[] {
  const catalogue = serviceCatalogue(facts)
  const named = namedServices(invocation)
  const roots = named.length > 0 ? named : (facts.model?.services ?? []).map(service => service.name)
  const names = isOn(invocation, 'no-deps')
    ? new Set(roots)
    : closure(roots, name => dependenciesOf(catalogue, name))
  const selected = new Set(roots)
  if (commandOf(invocation) === 'run') for (const root of roots) names.delete(root)
  return [...names].flatMap(name => {
    const service = catalogue.get(name)
    return service === undefined ? [] : [{ service, selected: selected.has(name) }]
  })
}

/** The last word of the command's path: `alpha watch` is `watch`. Empty when there is no command. */
export function commandOf(invocation: Invocation): string {
  return invocation.command.at(-1) ?? ''
}

/** The services on the command line; empty when none is named. */
export function namedServices(invocation: Invocation): readonly string[] {
  switch (commandOf(invocation)) {
    case 'run':
      return invocation.args.slice(0, 1)
    case 'scale':
      return invocation.args.flatMap(word => replicasIn(word)?.service ?? [])
    default:
      return invocation.args
  }
}

/** How many containers of a service the command leaves: `--scale`, the words of `scale`, else as declared. */
export function wantedReplicas(invocation: Invocation, service: ServiceModel): number {
  const words = commandOf(invocation) === 'scale' ? invocation.args : flagList(invocation, 'scale')
  const given = words.flatMap(word => replicasIn(word) ?? []).findLast(each => each.service === service.name)
  return given?.replicas ?? service.scale
}

function replicasIn(word: string): { readonly service: string; readonly replicas: number } | null {
  const match = /^(.+)=(\d+)$/.exec(word)
  return match === null ? null : { service: match[1] ?? '', replicas: Number(match[2]) }
}

/** Every service that the files know, those of inactive profiles included. */
export function serviceCatalogue(facts: Facts): ReadonlyMap<string, ServiceModel> {
  const services = [...(facts.wholeModel?.services ?? []), ...(facts.model?.services ?? [])]
  return new Map(services.map(service => [service.name, service]))
}

function dependenciesOf(catalogue: ReadonlyMap<string, ServiceModel>, name: string): readonly string[] {
  return catalogue.get(name)?.dependsOn ?? []
}

/** What can be come to from `roots` by following `next`, the roots first. */
export function closure(roots: readonly string[], next: (name: string) => readonly string[]): Set<string> {
  const found = new Set<string>()
  const visit = (name: string): void => {
    if (found.has(name)) return
    found.add(name)
    for (const each of next(name)) visit(each)
  }
  for (const root of roots) visit(root)
  return found
}

/** Service to the services that it depends on: by the file, and by the labels of containers that the file does not know. */
export function dependencies(facts: Facts): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>()
  for (const container of projectContainers(facts)) {
    if (container.service !== null) found.set(container.service, dependenciesByLabel(container))
  }
  for (const service of serviceCatalogue(facts).values()) found.set(service.name, service.dependsOn)
  return found
}

function dependenciesByLabel(container: ContainerFact): readonly string[] {
  const label = container.labels['com.docker.compose.depends_on'] ?? ''
  return label.split(',').flatMap(entry => entry.split(':')[0] || [])
}

/** The project's containers, those made by `run` included, our own helpers not. */
export function projectContainers(facts: Facts): readonly ContainerFact[] {
  return facts.containers.filter(
    container => container.project === facts.project.name && !isHelper(container),
  )
}

/** The containers of one service, those made by `run` not included. */
export function serviceContainers(facts: Facts, service: string): readonly ContainerFact[] {
  return projectContainers(facts).filter(container => container.service === service && !container.oneOff)
}

/** A container that safe-compose made for a copy: it is gone before Compose runs. */
export function isHelper(container: ContainerFact): boolean {
  return 'dev.safe-compose.helper' in container.labels
}
