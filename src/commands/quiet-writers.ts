import { Stop } from '../model/failure.ts'
import type { ContainerFact } from '../model/facts.ts'
import type { RunState } from '../model/journal.ts'
import type { Engine } from '../model/ports.ts'
import type { Context } from './context.ts'

/** Writers that stand still for a copy, and the way to set them going again. */
export interface QuietWriters {
  /** Containers that were killed because they did not stop in time: their last writes may be missing. */
  readonly killed: ReadonlySet<string>
  /** Sets going what was only paused. */
  readonly unpause: () => Promise<void>
  /** Sets going what stands still, in the reverse order; only what ran before. Never throws: it says what it could not do. */
  readonly resume: () => Promise<void>
}

/**
 * Stops or pauses the containers that `states` marks, in that order. If one of them cannot be, those before it are
 * set going again and the failure is thrown.
 */
export async function quietWriters(
  context: Context,
  engine: Engine,
  states: readonly RunState[],
  composeStop: (services: readonly string[]) => Promise<boolean>,
): Promise<QuietWriters> {
  const stopped = states.filter(state => state.done === 'stopped')
  const paused = states.filter(state => state.done === 'paused')
  const writers = {
    killed: new Set<string>(),
    unpause: () => resume(context, engine, paused),
    resume: () => resume(context, engine, states),
  }
  try {
    for (const state of stopped) await holdRestart(engine, state)
    await stopAll(engine, stopped, composeStop)
    if (stopped.length > 0)
      context.reporter.say({
        type: 'stopped',
        containers: stopped,
        why: 'nothing may be written after the copy',
      })
    const killed = await Promise.all(stopped.map(state => wasKilled(engine, state.id)))
    for (const [index, { id }] of stopped.entries()) if (killed[index] === true) writers.killed.add(id)
    await Promise.all(paused.map(state => engine.pause(state.id)))
  } catch (error) {
    await writers.resume()
    throw error
  }
  return writers
}

/** How containers stand before they are touched, with what will be done to each. */
export function runStates(
  containers: readonly ContainerFact[],
  doing: (container: ContainerFact) => RunState['done'],
): readonly RunState[] {
  return containers.map(container => ({
    id: container.id,
    name: container.name,
    project: container.project,
    service: container.service,
    number: container.number,
    imageId: container.imageId,
    image: container.image,
    configHash: container.configHash,
    state:
      container.state === 'running' || container.state === 'restarting'
        ? 'running'
        : container.state === 'paused'
          ? 'paused'
          : 'stopped',
    restartPolicy: container.details?.restartPolicy ?? 'no',
    restartMaximumRetries: container.details?.restartMaximumRetries ?? 0,
    done: doing(container),
  }))
}

/** Takes back what was done to the containers of a run: unpauses, restores restart policies, starts what ran. */
export async function putBack(
  engine: Engine,
  states: readonly RunState[],
): Promise<{ readonly resumed: readonly RunState[]; readonly troubles: readonly string[] }> {
  const troubles: string[] = []
  const resumed: RunState[] = []
  for (const state of states.toReversed()) {
    if (state.done === 'nothing') continue
    try {
      if (await putBackOne(engine, state)) resumed.push(state)
    } catch (error) {
      troubles.push(`${state.name}: ${reasonOf(error)}`)
    }
  }
  return { resumed, troubles }
}

/** True when it was set going; false when it is gone, or goes already. */
async function putBackOne(engine: Engine, state: RunState): Promise<boolean> {
  const now = await engine.container(state.id)
  if (now === null) return false
  if (state.done === 'paused') {
    if (now.state !== 'paused') return false
    await engine.unpause(state.id)
    return true
  }
  if (holdsRestart(state))
    await engine.setRestartPolicy(state.id, state.restartPolicy, state.restartMaximumRetries)
  if (state.state === 'stopped') return false
  const stood = now.state !== 'running'
  if (stood) await engine.start(state.id)
  if (state.state === 'paused') await engine.pause(state.id)
  return stood
}

async function resume(context: Context, engine: Engine, states: readonly RunState[]): Promise<void> {
  const touched = states.filter(state => state.done !== 'nothing')
  if (touched.length === 0) return
  const { resumed, troubles } = await putBack(engine, touched)
  if (resumed.length > 0) context.reporter.say({ type: 'resumed', containers: resumed })
  for (const trouble of troubles) {
    context.reporter.say({ type: 'warning', text: `could not be set going again: ${trouble}` })
  }
}

/** `restart: always` would start a container again if the engine itself restarts while we copy. */
async function holdRestart(engine: Engine, state: RunState): Promise<void> {
  if (holdsRestart(state)) await engine.setRestartPolicy(state.id, 'no', 0)
}

function holdsRestart(state: RunState): boolean {
  return state.restartPolicy === 'always' || state.restartPolicy === 'unless-stopped'
}

/** The project's own through Compose, which knows hooks, order and grace periods; what it leaves running through the engine. */
async function stopAll(
  engine: Engine,
  states: readonly RunState[],
  composeStop: (services: readonly string[]) => Promise<boolean>,
): Promise<void> {
  if (states.length === 0) return
  const services = await wholeServices(engine, states)
  if (services.length > 0) await composeStop(services)
  for (const state of states) {
    const now = await engine.container(state.id)
    if (now !== null && ['running', 'paused', 'restarting'].includes(now.state)) await engine.stop(state.id)
  }
  for (const state of states) {
    const now = await engine.container(state.id)
    if (now !== null && ['running', 'paused', 'restarting'].includes(now.state)) {
      throw new Stop({
        reason: 'not-possible',
        what: `${state.name} does not stop`,
        how: `stop it yourself (docker stop ${state.name}) and run the command again`,
      })
    }
  }
}

/** Compose stops all containers of a service: only those services of which every running one is to be stopped. */
async function wholeServices(engine: Engine, states: readonly RunState[]): Promise<readonly string[]> {
  const { containers } = await engine.observe()
  const services = new Set(states.flatMap(state => state.service ?? []))
  for (const { id, state, project, service, oneOff } of containers) {
    const isOther = !oneOff && state === 'running' && !states.some(each => each.id === id)
    if (isOther && states.some(each => each.project === project && each.service === service))
      services.delete(service ?? '')
  }
  return [...services]
}

async function wasKilled(engine: Engine, id: string): Promise<boolean> {
  const container = await engine.container(id)
  if (container === null) return false
  const [inspected] = await engine.inspect([container])
  return inspected?.details?.exitCode === 137
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
