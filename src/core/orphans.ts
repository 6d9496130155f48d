import type { ContainerFact, Facts } from '../model/facts.ts'
import type { Circumstances } from '../model/finding.ts'
import type { Invocation } from '../model/invocation.ts'
import { composeIsAtLeast, isV1 } from './compose-version.ts'
import { isDryRun, isOn } from './invocation.ts'
import { commandOf, projectContainers, serviceCatalogue } from './reach.ts'

/**
 * The containers that `--remove-orphans` (or COMPOSE_REMOVE_ORPHANS) removes: those of services that the files do not
 * know, and from 2.29 on what `run` left behind. Empty where the command does not remove them.
 */
export function orphansRemoved(
  facts: Facts,
  invocation: Invocation,
  circumstances: Circumstances,
): readonly ContainerFact[] {
  if (isDryRun(invocation) || !removesOrphans(facts, invocation, circumstances)) return []
  const known = knownServices(facts)
  return projectContainers(facts).filter(container =>
    container.oneOff && !isV1(facts)
      ? isLeftBehind(facts, container)
      : !container.oneOff && !known.has(container.service ?? ''),
  )
}

/** Whether the command removes orphans. The flag wins over the variable, also when it says no. */
export function removesOrphans(facts: Facts, invocation: Invocation, circumstances: Circumstances): boolean {
  const command = commandOf(invocation)
  if (!['up', 'down', 'create', 'run'].includes(command)) return false
  if ('remove-orphans' in invocation.flags) return isOn(invocation, 'remove-orphans')
  const value = circumstances.variables['COMPOSE_REMOVE_ORPHANS']
  if (value === undefined || !isYes(value)) return false
  const fromFile = circumstances.envFileOnly?.includes('COMPOSE_REMOVE_ORPHANS') === true
  if (command === 'up') return composeIsAtLeast(facts, fromFile ? '2.27.0' : '2.24.7')
  return command === 'down' && !fromFile && composeIsAtLeast(facts, '2.18.0')
}

/** What Compose takes for yes in its own variables; `yes` and `on` are no. */
function isYes(value: string): boolean {
  return ['1', 't', 'true', 'y'].includes(value.toLowerCase())
}

/**
 * By the files: before 2.23.2 the services of inactive profiles were orphans too. Where Compose goes by the labels on
 * the engine, every service that has a container is known.
 */
function knownServices(facts: Facts): ReadonlySet<string> {
  if (facts.target === 'labels')
    return new Set(
      projectContainers(facts).flatMap(container => (container.oneOff ? [] : (container.service ?? []))),
    )
  const all = isV1(facts) || composeIsAtLeast(facts, '2.23.2')
  return new Set(
    all ? serviceCatalogue(facts).keys() : (facts.model?.services ?? []).map(service => service.name),
  )
}

function isLeftBehind(facts: Facts, container: ContainerFact): boolean {
  return composeIsAtLeast(facts, '2.29.0') && (container.state === 'exited' || container.state === 'dead')
}
