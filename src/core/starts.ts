import type { Facts, ServiceModel } from '../model/facts.ts'
import type { Invocation } from '../model/invocation.ts'
import { isDryRun, isOn } from './invocation.ts'
import {
  commandOf,
  namedServices,
  reachedServices,
  serviceCatalogue,
  serviceContainers,
  wantedReplicas,
} from './reach.ts'
import type { Recreation } from './recreation.ts'
import { findRecreations } from './recreation.ts'

/** A service of which the command makes a new container. */
export interface Start {
  readonly service: ServiceModel
  /** The containers that it replaces; empty where the service has none. */
  readonly replaced: readonly Recreation[]
}

/**
 * The services that get a new container: those that have none yet, and those whose container is replaced for sure.
 * With `run` also the one that is run, if it has none.
 */
export function findStarts(facts: Facts, invocation: Invocation): readonly Start[] {
  if (!makesContainers(invocation)) return []
  const recreations = findRecreations(facts, invocation).filter(({ certain }) => certain)
  const reached = reachedServices(facts, invocation).map(({ service }) => service)
  return [...ranService(facts, invocation), ...reached].flatMap(service => {
    const replaced = recreations.filter(recreation => recreation.service.name === service.name)
    if (replaced.length > 0) return [{ service, replaced }]
    const has = serviceContainers(facts, service.name).length > 0
    return has || wantedReplicas(invocation, service) === 0 ? [] : [{ service, replaced: [] }]
  })
}

function makesContainers(invocation: Invocation): boolean {
  if (isDryRun(invocation)) return false
  const command = commandOf(invocation)
  if (command === 'watch') return !isOn(invocation, 'no-up')
  return ['up', 'create', 'run', 'scale'].includes(command)
}

function ranService(facts: Facts, invocation: Invocation): readonly ServiceModel[] {
  if (commandOf(invocation) !== 'run') return []
  return namedServices(invocation).flatMap(name => serviceCatalogue(facts).get(name) ?? [])
}
