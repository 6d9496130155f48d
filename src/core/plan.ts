import type { DecidedStake, Decision, Plan, Step } from '../model/decision.ts'
import type { ContainerFact, Facts } from '../model/facts.ts'
import type { Holding } from '../model/holding.ts'
import type { Invocation } from '../model/invocation.ts'
import { isWithin } from './data-paths.ts'
import { escapeName } from './escape.ts'
import { listed } from './format.ts'
import { wordsOf } from './read-again.ts'
import { commandOf, dependencies, isHelper } from './reach.ts'

export { renderPlan } from './render-plan.ts'

/**
 * The steps that a decision calls for, up to and with Compose itself. Where something is destroyed, the project's own
 * writers are stopped, their data is copied cold, and they stay stopped until Compose runs. Elsewhere, and for
 * containers of other projects everywhere, the writers are paused for the copies and go on before Compose runs. No
 * steps where the command is refused.
 */
export function planFor(decision: Decision, facts: Facts, invocation: Invocation): Plan {
  if (decision.verdict === 'refuse') return { decision, steps: [] }
  const copied = decision.stakes.filter(stake => stake.backUp)
  const writers = inStoppingOrder(facts, writersOf(facts, copied))
  const destroys = copied.some(({ stake }) => stake.finding.outcome === 'destroyed')
  const stopped = destroys ? writers.filter(container => mayStop(facts, invocation, container)) : []
  const paused = writers.filter(container => !stopped.includes(container))
  return {
    decision,
    steps: [
      ...stopSteps(stopped),
      ...pauseSteps(paused, destroys),
      ...copied.map(stake => copyStep(facts, stake, stopped)),
      ...resumeSteps(paused),
      { type: 'compose', argv: wordsOf(invocation), cause: 'the command as typed' },
    ],
  }
}

// ---- Who writes --------------------------------------------------------------------------------------------------

/** Running containers that mount one of the holdings writable. One that is paused already writes nothing. */
function writersOf(facts: Facts, copied: readonly DecidedStake[]): readonly ContainerFact[] {
  return facts.containers.filter(
    container =>
      isRunning(container) && copied.some(({ stake }) => writesTo(container, stake.finding.holding)),
  )
}

function isRunning(container: ContainerFact): boolean {
  return (container.state === 'running' || container.state === 'restarting') && !isHelper(container)
}

function writesTo(container: ContainerFact, holding: Holding): boolean {
  switch (holding.kind) {
    case 'volume':
    case 'anonymous':
      return container.mounts.some(mount => !mount.readOnly && mount.name === holding.name)
    case 'bind':
      return container.mounts.some(
        mount =>
          !mount.readOnly &&
          mount.type === 'bind' &&
          (isWithin(mount.source, holding.source) || isWithin(holding.source, mount.source)),
      )
    case 'layer':
      return container.id === holding.container
    case 'directory':
      return false
  }
}

/**
 * Only the project's own containers are stopped, never those of others or of Swarm. What `run` made goes on unless the
 * command takes it down as well, and one that the engine deletes when it stops is never stopped.
 */
function mayStop(facts: Facts, invocation: Invocation, container: ContainerFact): boolean {
  if (container.project !== facts.project.name || container.details?.autoRemove === true) return false
  if ('com.docker.swarm.service.id' in container.labels) return false
  return !container.oneOff || commandOf(invocation) === 'down'
}

/** Who depends on others first, so that nobody's database goes away under it. */
function inStoppingOrder(facts: Facts, containers: readonly ContainerFact[]): readonly ContainerFact[] {
  const graph = dependencies(facts)
  const depths = new Map<string, number>()
  const depth = (service: string): number => {
    const known = depths.get(service)
    if (known !== undefined) return known
    depths.set(service, 0)
    const own = Math.max(0, ...(graph.get(service) ?? []).map(each => 1 + depth(each)))
    depths.set(service, own)
    return own
  }
  const order = (container: ContainerFact): number => depth(container.service ?? '')
  return containers.toSorted((a, b) => order(b) - order(a) || (a.name < b.name ? -1 : 1))
}

// ---- Steps -------------------------------------------------------------------------------------------------------

function stopSteps(containers: readonly ContainerFact[]): readonly Step[] {
  if (containers.length === 0) return []
  const cause = `${namesOf(containers)} must write nothing after the copy: stopped until Compose runs`
  return [{ type: 'stop', containers: idsOf(containers), cause }]
}

function pauseSteps(containers: readonly ContainerFact[], destroys: boolean): readonly Step[] {
  if (containers.length === 0) return []
  const cause = destroys
    ? `${namesOf(containers)} also writes to it and may not be stopped`
    : `${namesOf(containers)} must not write while the data is copied`
  return [{ type: 'pause', containers: idsOf(containers), cause }]
}

function resumeSteps(containers: readonly ContainerFact[]): readonly Step[] {
  if (containers.length === 0) return []
  const back = containers.toReversed()
  return [{ type: 'resume', containers: idsOf(back), cause: `the copy is done: ${namesOf(back)} goes on` }]
}

function copyStep(facts: Facts, { stake }: DecidedStake, stopped: readonly ContainerFact[]): Step {
  const { holding, because } = stake.finding
  const frozen = facts.containers.some(
    container =>
      !stopped.includes(container) &&
      (isRunning(container) || container.state === 'paused') &&
      writesTo(container, holding),
  )
  return { type: 'copy', holding, consistency: frozen ? 'paused' : 'cold', cause: because }
}

function idsOf(containers: readonly ContainerFact[]): readonly string[] {
  return containers.map(container => container.id)
}

function namesOf(containers: readonly ContainerFact[]): string {
  return listed(containers.map(container => escapeName(container.name)))
}
