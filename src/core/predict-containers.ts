import type { ContainerFact, Facts, ServiceModel } from '../model/facts.ts'
import type { Circumstances } from '../model/finding.ts'
import type { Invocation } from '../model/invocation.ts'
import type { ContainerCause, ContainerCondition, PredictedContainer } from '../model/prediction.ts'
import { byName } from './by-name.ts'
import { composeIsAtLeast, isV1 } from './compose-version.ts'
import { escapeName } from './escape.ts'
import { flagText, isOn } from './invocation.ts'
import {
  closure,
  commandOf,
  dependencies,
  namedServices,
  projectContainers,
  reachedServices,
  serviceCatalogue,
  serviceContainers,
  wantedReplicas,
} from './reach.ts'
import type { ReachedService } from './reach.ts'
import { findRecreations, imageReferences } from './recreation.ts'
import type { Recreation } from './recreation.ts'
import { findRemovals } from './removal.ts'
import type { Removal } from './removal.ts'

/** Every container of the project as it will be, those that are created last. */
export function predictContainers(
  facts: Facts,
  invocation: Invocation,
  circumstances: Circumstances,
): readonly PredictedContainer[] {
  const removals = findRemovals(facts, invocation, circumstances)
  const recreations = findRecreations(facts, invocation)
  const replaced = new Set(recreations.filter(({ certain }) => certain).map(({ service }) => service.name))
  const motion = motionOf(facts, invocation, replaced)
  const existing = projectContainers(facts).map(container => {
    const removal = removals.find(each => each.container === container)
    if (removal !== undefined) return removed(container, removal)
    const recreation = recreations.find(each => each.container === container)
    if (recreation?.certain === true) return recreated(facts, invocation, recreation)
    const kept = motion(container)
    return recreation === undefined ? kept : { ...kept, why: recreation.why, certain: false }
  })
  const made = [...createdContainers(facts, invocation, removals), ...oneOffOf(facts, invocation)]
  return [...existing, ...made].toSorted(byName)
}

/** Every container as it is, for commands that do nothing to them. */
export function asTheyAre(facts: Facts, invocation: Invocation): readonly PredictedContainer[] {
  return projectContainers(facts).map(container =>
    predicted(
      container,
      'keep',
      conditionOf(container),
      'untouched',
      untouchedWords(facts, invocation, container),
    ),
  )
}

function predicted(
  container: ContainerFact,
  action: PredictedContainer['action'],
  after: ContainerCondition,
  cause: ContainerCause,
  why: string,
): PredictedContainer {
  return {
    action,
    name: container.name,
    id: container.id,
    service: container.service,
    number: container.number,
    oneOff: container.oneOff,
    before: conditionOf(container),
    after,
    cause,
    why,
    certain: true,
  }
}

function conditionOf({ state }: ContainerFact): ContainerCondition {
  if (state === 'paused') return 'paused'
  return state === 'running' || state === 'restarting' ? 'running' : 'stopped'
}

// ---- Those that go -----------------------------------------------------------------------------------------------

function removed(container: ContainerFact, removal: Removal): PredictedContainer {
  const { cause, why } = removalWords(removal)
  return { ...predicted(container, 'remove', 'absent', cause, why), certain: !removal.asked }
}

function removalWords({ by, container, asked }: Removal): {
  readonly cause: ContainerCause
  readonly why: string
} {
  const service = escapeName(container.service ?? '')
  switch (by) {
    case 'down':
      return { cause: 'command', why: 'down' }
    case 'rm':
      return { cause: 'command', why: asked ? 'rm, if the answer is yes' : 'rm' }
    case 'scale':
      return { cause: 'scaled', why: `more than are wanted of ${service}` }
    case 'orphan':
      return {
        cause: 'orphan',
        why: container.oneOff
          ? '--remove-orphans: a run left it behind'
          : `--remove-orphans: no file knows ${service}`,
      }
    case 'diverged-volume':
      return {
        cause: 'volume',
        why: asked ? 'its volume is made anew, if the answer is yes' : 'its volume is made anew',
      }
  }
}

// ---- Those that are replaced or made -----------------------------------------------------------------------------

function recreated(facts: Facts, invocation: Invocation, recreation: Recreation): PredictedContainer {
  const { container, service, cause, why } = recreation
  return {
    ...predicted(container, 'recreate', starts(invocation) ? 'running' : 'stopped', cause, why),
    name: nameOfContainer(facts, invocation, service, container.number ?? 1),
  }
}

function nameOfContainer(
  facts: Facts,
  invocation: Invocation,
  service: ServiceModel,
  number: number,
): string {
  if (service.containerName !== null) return service.containerName
  return [facts.project.name, service.name, String(number)].join(separatorOf(facts, invocation))
}

function separatorOf(facts: Facts, invocation: Invocation): string {
  return isV1(facts) || invocation.globals['compatibility'] === 'true' ? '_' : '-'
}

/** Whether what the command brings into line runs afterwards. */
function starts(invocation: Invocation): boolean {
  return commandOf(invocation) !== 'create' && !isOn(invocation, 'no-start')
}

function createdContainers(
  facts: Facts,
  invocation: Invocation,
  removals: readonly Removal[],
): readonly PredictedContainer[] {
  if (!bringsUp(invocation)) return []
  return reachedServices(facts, invocation).flatMap(reached => {
    const { service } = reached
    // By the time Compose counts, those whose volume is made anew are gone.
    const gone = removals.filter(({ by }) => by === 'diverged-volume').map(({ container }) => container)
    const there = serviceContainers(facts, service.name).filter(container => !gone.includes(container))
    const wanted = wantedOf(facts, invocation, reached, there.length)
    const last = Math.max(0, ...there.map(container => container.number ?? 0))
    const isCertain = !removals.some(({ asked, container }) => asked && container.service === service.name)
    return Array.from({ length: Math.max(0, wanted - there.length) }, (_, index): PredictedContainer => {
      const number = last + 1 + index
      return {
        action: 'create',
        name: nameOfContainer(facts, invocation, service, number),
        id: null,
        service: service.name,
        number,
        oneOff: false,
        before: 'absent',
        after: starts(invocation) ? 'running' : 'stopped',
        cause: 'missing',
        why: there.length === 0 ? 'there is none' : `${wanted} are wanted`,
        certain: isCertain,
      }
    })
  })
}

/** Version 1 makes more than one only where it is told how many; of what a command only depends on it makes none anew. */
function wantedOf(facts: Facts, invocation: Invocation, reached: ReachedService, there: number): number {
  const wanted = wantedReplicas(invocation, reached.service)
  return isV1(facts) && commandOf(invocation) === 'scale' && !reached.selected ? there : wanted
}

function bringsUp(invocation: Invocation): boolean {
  const command = commandOf(invocation)
  return (
    ['up', 'create', 'run', 'scale'].includes(command) || (command === 'watch' && !isOn(invocation, 'no-up'))
  )
}

/** `run` makes one more beside the rest. */
function oneOffOf(facts: Facts, invocation: Invocation): readonly PredictedContainer[] {
  const [name] = commandOf(invocation) === 'run' ? namedServices(invocation) : []
  if (name === undefined) return []
  const separator = separatorOf(facts, invocation)
  const stays = isOn(invocation, 'detach')
  const ends = isOn(invocation, 'rm') ? 'absent' : 'stopped'
  return [
    {
      action: 'create',
      name: flagText(invocation, 'name') ?? [facts.project.name, name, 'run', ''].join(separator),
      id: null,
      service: name,
      number: null,
      oneOff: true,
      before: 'absent',
      after: stays ? 'running' : ends,
      cause: 'command',
      why: stays ? 'run' : `run, until its command ends${ends === 'absent' ? '; then it is removed' : ''}`,
      certain: true,
    },
  ]
}

// ---- Those that stay ---------------------------------------------------------------------------------------------

type Motion = (container: ContainerFact) => PredictedContainer

/** What the command does to a container that it neither removes nor replaces. */
function motionOf(facts: Facts, invocation: Invocation, replaced: ReadonlySet<string>): Motion {
  const command = commandOf(invocation)
  const rest: Motion = container => ({
    ...predicted(
      container,
      'keep',
      conditionOf(container),
      'untouched',
      untouchedWords(facts, invocation, container),
    ),
  })
  switch (command) {
    case 'stop':
    case 'kill':
    case 'rm':
      return stopping(facts, invocation, rest)
    case 'restart':
      return restarting(facts, invocation, rest)
    case 'start':
      return starting(servicesStarted(facts, invocation), rest)
    default:
      if (!bringsUp(invocation)) return rest
      return bringingUp(facts, invocation, replaced, rest)
  }
}

function untouchedWords(facts: Facts, invocation: Invocation, container: ContainerFact): string {
  if (container.oneOff) return 'made by run'
  if (facts.target === 'model' && !serviceCatalogue(facts).has(container.service ?? ''))
    return 'no file knows its service'
  return `${commandOf(invocation)} does not reach it`
}

function bringingUp(
  facts: Facts,
  invocation: Invocation,
  replaced: ReadonlySet<string>,
  rest: Motion,
): Motion {
  const reached = reachedServices(facts, invocation)
  const names = new Set(reached.map(({ service }) => service.name))
  const start: Motion = starts(invocation)
    ? starting(names, rest)
    : container =>
        names.has(container.service ?? '') && !container.oneOff
          ? predicted(container, 'keep', conditionOf(container), 'unchanged', 'it is as it shall be')
          : rest(container)
  return container => {
    const service = reached.find(each => each.service.name === container.service)?.service
    if (service === undefined || container.oneOff) return start(container)
    const partner = composeIsAtLeast(facts, '2.30.0')
      ? service.restartsWith?.find(name => replaced.has(name) && names.has(name))
      : undefined
    if (partner !== undefined && conditionOf(container) === 'running') {
      const why = `${escapeName(partner)}, on which it depends, is recreated`
      return partnerRestart(container, starts(invocation), why)
    }
    const coming = isOn(invocation, 'no-recreate')
      ? null
      : (unknownImage(facts, invocation, service) ?? unknownHash(facts, service))
    const kept = start(container)
    return coming === null ? kept : { ...kept, why: coming, certain: false }
  }
}

/** Version 1 tells no hash of what only its naming enables. */
function unknownHash(facts: Facts, service: ServiceModel): string | null {
  return facts.hashes[service.name] === undefined ? 'its configuration could not be compared' : null
}

/** An image that is not here yet, or may not be the last one by the file's own word. */
function unknownImage(facts: Facts, invocation: Invocation, service: ServiceModel): string | null {
  const [reference = '', ...others] = imageReferences(facts, service)
  const isHere = facts.images.some(image =>
    image.references.some(each => each === reference || others.includes(each)),
  )
  const name = escapeName(reference)
  if (!isHere) return `${name} is not here, and may not be what it was`
  const policy = flagText(invocation, 'pull') === null && !isV1(facts) ? (service.pullPolicy ?? '') : ''
  if (!/^(always|build|daily|weekly|every_.+)$/.test(policy)) return null
  return `${name} is ${policy === 'build' ? 'built' : 'pulled'} first (pull_policy: ${escapeName(policy)}), and may have changed`
}

/** Compose stops what depends on it before, and starts it after. */
function partnerRestart(container: ContainerFact, isStarted: boolean, why: string): PredictedContainer {
  return isStarted
    ? predicted(container, 'restart', 'running', 'partner', why)
    : predicted(container, 'stop', 'stopped', 'partner', why)
}

/** Of the services that `start` and the like start; by labels, whatever has a container and what it depends on. */
export function servicesStarted(facts: Facts, invocation: Invocation): ReadonlySet<string> {
  if (facts.target === 'model')
    return new Set(reachedServices(facts, invocation).map(({ service }) => service.name))
  const graph = dependencies(facts)
  const roots = invocation.args.length > 0 ? invocation.args : [...graph.keys()]
  return closure(roots, name => graph.get(name) ?? [])
}

function starting(names: ReadonlySet<string>, rest: Motion): Motion {
  return container => {
    if (container.oneOff || !names.has(container.service ?? '')) return rest(container)
    return conditionOf(container) === 'stopped'
      ? predicted(container, 'start', 'running', 'command', 'it does not run')
      : predicted(container, 'keep', conditionOf(container), 'unchanged', 'it is as it shall be')
  }
}

function stopping(facts: Facts, invocation: Invocation, rest: Motion): Motion {
  const command = commandOf(invocation)
  const reaches = reachOf(facts, invocation)
  return container => {
    const isMeant = reaches(container) && (!container.oneOff || command === 'kill')
    if (!isMeant || conditionOf(container) === 'stopped' || command === 'rm') return rest(container)
    const isDown = command === 'stop' || isDeadly(flagText(invocation, 'signal'))
    const stopped = predicted(container, 'stop', 'stopped', 'command', command)
    return isDown ? stopped : { ...stopped, why: 'a signal that it may handle', certain: false }
  }
}

function restarting(facts: Facts, invocation: Invocation, rest: Motion): Motion {
  const named = new Set(invocation.args)
  const partners =
    isV1(facts) || isOn(invocation, 'no-deps') ? new Set<string>() : restartedWith(facts, named)
  const reaches = reachOf(facts, invocation)
  return container => {
    const service = container.service ?? ''
    if (container.oneOff || (!reaches(container) && !partners.has(service))) return rest(container)
    if (isV1(facts) && conditionOf(container) === 'stopped') return rest(container)
    return reaches(container)
      ? predicted(container, 'restart', 'running', 'command', 'restart')
      : predicted(container, 'restart', 'running', 'partner', 'what it depends on is restarted')
  }
}

/** Whoever depends on one of these with `restart: true`, by the file or else by the labels. */
function restartedWith(facts: Facts, named: ReadonlySet<string>): ReadonlySet<string> {
  const graph = new Map(
    facts.target === 'labels'
      ? projectContainers(facts).map(
          container => [container.service ?? '', restartersByLabel(container)] as const,
        )
      : [...serviceCatalogue(facts).values()].map(
          service => [service.name, service.restartsWith ?? []] as const,
        ),
  )
  return closure([...named], name =>
    [...graph].filter(([, needs]) => needs.includes(name)).map(([service]) => service),
  )
}

function restartersByLabel(container: ContainerFact): readonly string[] {
  const label = container.labels['com.docker.compose.depends_on'] ?? ''
  return label.split(',').flatMap(entry => {
    const [name = '', , restart] = entry.split(':')
    return restart === 'true' ? [name] : []
  })
}

/** Which containers `stop`, `kill` and `restart` mean: of the services named, or of all that the file enables. */
function reachOf(facts: Facts, invocation: Invocation): (container: ContainerFact) => boolean {
  const named = new Set(invocation.args)
  const orphansToo = commandOf(invocation) === 'kill' && isOn(invocation, 'remove-orphans')
  if (named.size > 0) return container => named.has(container.service ?? '')
  if (facts.target === 'labels' || orphansToo) return () => true
  const enabled = new Set((facts.model?.services ?? []).map(service => service.name))
  return container => enabled.has(container.service ?? '')
}

/** A signal that no program survives; without one it is SIGKILL. */
export function isDeadly(signal: string | null): boolean {
  return signal === null || /^(SIG)?KILL$|^9$/i.test(signal)
}
