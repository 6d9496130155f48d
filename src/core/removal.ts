import type { ContainerFact, Facts } from '../model/facts.ts'
import type { Circumstances } from '../model/finding.ts'
import type { Invocation } from '../model/invocation.ts'
import { composeIsAtLeast, isV1 } from './compose-version.ts'
import { divergedVolumes } from './diverged-volumes.ts'
import { isDryRun, isOn } from './invocation.ts'
import { orphansRemoved, removesOrphans } from './orphans.ts'
import {
  closure,
  commandOf,
  dependencies,
  projectContainers,
  reachedServices,
  serviceCatalogue,
} from './reach.ts'
import { surplusContainers } from './recreation.ts'

/** A container that the command removes without a new one in its place. */
export interface Removal {
  readonly container: ContainerFact
  readonly by: 'down' | 'rm' | 'scale' | 'orphan' | 'diverged-volume'
  /** Its anonymous volumes are deleted with it; otherwise they stay behind without a name. */
  readonly withVolumes: boolean
  /** Compose asks on the terminal, or reads the answer from its standard input, before it does it. */
  readonly asked: boolean
}

/** The containers that a command removes for good, each once, by the first of its ways. Empty with `--dry-run`. */
export function findRemovals(
  facts: Facts,
  invocation: Invocation,
  circumstances: Circumstances,
): readonly Removal[] {
  if (invocation.form === 'docker') return removedByDocker(facts, circumstances)
  if (isDryRun(invocation)) return []
  const removals = [
    ...removedByDown(facts, invocation, circumstances),
    ...removedByRm(facts, invocation, circumstances),
    ...removedByScaling(facts, invocation),
    ...removedAsOrphans(facts, invocation, circumstances),
    ...removedForVolumes(facts, invocation, circumstances),
  ]
  return removals.filter(
    (removal, index) => removals.findIndex(each => each.container === removal.container) === index,
  )
}

/** What a line of the docker CLI removes of this project. */
function removedByDocker(facts: Facts, { reach }: Circumstances): readonly Removal[] {
  return (reach?.containers ?? []).flatMap(({ id, withVolumes }) => {
    const container = facts.containers.find(each => each.id === id)
    if (container === undefined) return []
    return [
      {
        container,
        by: 'rm' as const,
        withVolumes: withVolumes || vanishesWhenStopped(container),
        asked: reach?.asked === true,
      },
    ]
  })
}

/**
 * `down`: the containers of the enabled services, or of those named (by labels also of whoever depends on these).
 * Those made by `run` go along with `--remove-orphans`, and always with version 1.
 */
function removedByDown(
  facts: Facts,
  invocation: Invocation,
  circumstances: Circumstances,
): readonly Removal[] {
  if (commandOf(invocation) !== 'down') return []
  const services = servicesTakenDown(facts, invocation)
  const oneOffs = isV1(facts) || removesOrphans(facts, invocation, circumstances)
  return projectContainers(facts)
    .filter(container => services.has(container.service ?? '') && (oneOffs || !container.oneOff))
    .map(container => ({
      container,
      by: 'down' as const,
      withVolumes: isOn(invocation, 'volumes') || vanishesWhenStopped(container),
      asked: false,
    }))
}

/** By labels, older versions took a name that has no container for no name at all, and took everything down. */
function servicesTakenDown(facts: Facts, invocation: Invocation): ReadonlySet<string> {
  if (isV1(facts)) return new Set(serviceCatalogue(facts).keys())
  if (facts.target === 'labels') {
    const known = new Set(
      projectContainers(facts).flatMap(container => (container.oneOff ? [] : (container.service ?? []))),
    )
    const named = invocation.args.filter(service => known.has(service))
    if (named.length > 0) return withDependents(facts, named)
    return invocation.args.length > 0 && composeIsAtLeast(facts, '2.40.0') ? new Set() : known
  }
  if (facts.model === null) return new Set()
  return new Set(
    invocation.args.length > 0 ? invocation.args : facts.model.services.map(service => service.name),
  )
}

function withDependents(facts: Facts, services: readonly string[]): ReadonlySet<string> {
  const graph = dependencies(facts)
  return closure(services, name =>
    [...graph].filter(([, needs]) => needs.includes(name)).map(([user]) => user),
  )
}

/** Made with `run --rm`, Compose's or docker's: the engine deletes it, with its anonymous volumes, as soon as it stops. */
function vanishesWhenStopped(container: ContainerFact): boolean {
  return (
    container.details?.autoRemove === true && ['running', 'paused', 'restarting'].includes(container.state)
  )
}

/** `rm`: the stopped containers, with `--stop` all. Without `--force` a question stands before it, and silence means no. */
function removedByRm(facts: Facts, invocation: Invocation, circumstances: Circumstances): readonly Removal[] {
  if (commandOf(invocation) !== 'rm') return []
  const asked = !isOn(invocation, 'force')
  if (asked && circumstances.stdin === 'empty') return []
  const declared = new Set((facts.model?.services ?? []).map(service => service.name))
  const named = new Set(invocation.args)
  const reaches = (service: string): boolean => {
    if (named.size > 0) return named.has(service)
    return facts.target === 'labels' || declared.has(service)
  }
  return projectContainers(facts)
    .filter(container => reaches(container.service ?? '') && (isV1(facts) || !container.oneOff))
    .filter(
      container =>
        isOn(invocation, 'stop') || ['created', 'exited', 'dead', 'removing'].includes(container.state),
    )
    .map(container => ({ container, by: 'rm' as const, withVolumes: isOn(invocation, 'volumes'), asked }))
}

function removedByScaling(facts: Facts, invocation: Invocation): readonly Removal[] {
  return reachedServices(facts, invocation)
    .flatMap(reached => surplusContainers(facts, invocation, reached))
    .map(container => ({ container, by: 'scale' as const, withVolumes: false, asked: false }))
}

function removedAsOrphans(
  facts: Facts,
  invocation: Invocation,
  circumstances: Circumstances,
): readonly Removal[] {
  return orphansRemoved(facts, invocation, circumstances).map(container => ({
    container,
    by: 'orphan' as const,
    withVolumes: vanishesWhenStopped(container),
    asked: false,
  }))
}

function removedForVolumes(
  facts: Facts,
  invocation: Invocation,
  circumstances: Circumstances,
): readonly Removal[] {
  return divergedVolumes(facts, invocation, circumstances).flatMap(({ removed, answer }) =>
    removed.map(container => ({
      container,
      by: 'diverged-volume' as const,
      withVolumes: false,
      asked: answer !== 'yes',
    })),
  )
}
