import { destroys } from '../core/estimate.ts'
import { wordsOf } from '../core/read-again.ts'
import { unreachable, Stop } from '../model/failure.ts'
import { identityOfHolding, nameOfHolding } from '../model/holding.ts'
import type { Holding } from '../model/holding.ts'
import type { DecidedStake, Plan, Step } from '../model/decision.ts'
import type { Invocation } from '../model/invocation.ts'
import type { RunState } from '../model/journal.ts'
import type { CopyQuality, Engine, EngineEvent, Store } from '../model/ports.ts'
import type { RestorePoint } from '../model/restore-point.ts'
import { clearRemains } from './clear-remains.ts'
import type { Context } from './context.ts'
import type { Copy } from './copy-holdings.ts'
import type { OpenEntry } from './entries.ts'
import { entryId, maskedArgv, openEntry } from './entries.ts'
import type { Case } from './judge.ts'
import type { Look } from './observe.ts'
import { observeAgain } from './observe-command.ts'
import { runStates } from './quiet-writers.ts'
import type { Settled } from './settle.ts'
import { askBriefly } from './dump-databases.ts'
import { lockProject } from './lock-project.ts'
import { prepareStandstill } from './standstill.ts'
import type { Standstill } from './standstill.ts'
import { scopeOf, takeRestorePoint } from './take-restore-point.ts'
import { writesTo } from './writers.ts'

/** Everything that the command's run needs to be remembered and, if need be, taken back. */
export interface PreparedRun {
  readonly argv: readonly string[]
  /** For each project, in the order of the cases; null where nothing of it was at stake. */
  readonly guarded: readonly (GuardedRun | null)[]
}

export interface GuardedRun {
  readonly store: Store
  readonly entry: OpenEntry
  readonly restorePoint: RestorePoint | null
  readonly ran: readonly RunState[]
  /** Sets going again what still stands still of what ran. */
  readonly resume: () => Promise<void>
  /** Throws `backup-failed` if what was stopped for the copies has been started since: what it wrote is not in them. */
  readonly refuseStarted: () => Promise<void>
  /** Ends the watch of the child that would put things back if we die. */
  readonly disarm: () => Promise<void>
  readonly release: () => Promise<void>
}

/** What was done so far, to be taken back from the end. */
type Undoing = (() => Promise<void>)[]

/**
 * Carries out the plans up to the command itself: for each project takes the lock, writes the journal entry, quiets the
 * writers, copies and checks; then looks once more. `look-again` when something differs from what was judged;
 * everything runs again then.
 */
export async function prepareRun(
  context: Context,
  cases: readonly Case[],
  invocation: Invocation,
  settled: Settled,
): Promise<PreparedRun | 'look-again'> {
  const isAtStake = ({ decision }: Case): boolean => settled.goesOn && decision.stakes.some(isWorthRecording)
  const nothing = { argv: settled.argv, guarded: cases.map(() => null) }
  if (!cases.some(isAtStake)) return nothing
  const together = invocation.form === 'docker' ? entryId(context) : undefined
  const undo: Undoing = []
  try {
    const guarded: (GuardedRun | null)[] = []
    for (const each of cases)
      guarded.push(
        isAtStake(each) ? await prepareCase(context, each, invocation, settled, { undo, together }) : null,
      )
    const ran = guarded.flatMap(each => each?.ran ?? [])
    const quieted = new Set(ran.filter(({ done }) => done !== 'nothing').map(({ id }) => id))
    if (await observeAgain(context, cases, invocation, quieted)) {
      await unwind(undo)
      return 'look-again'
    }
    // The very last: the look above takes its time, in which somebody may start a server.
    await Promise.all(guarded.map(async each => each?.refuseStarted()))
    context.interruption.check()
    return { argv: settled.argv, guarded }
  } catch (error) {
    await unwind(undo)
    throw error
  }
}

async function prepareCase(
  context: Context,
  { look, decision, plan }: Case,
  invocation: Invocation,
  settled: Settled,
  { undo, together }: { readonly undo: Undoing; readonly together: string | undefined },
): Promise<GuardedRun> {
  const { engine, facts } = look
  const store = await context.openStore()
  await store.prepare()
  const scope = scopeOf(facts)
  const lock = await lockProject(context, engine, facts.project.name)
  undo.push(() => lock.release())
  const clearing = clearRemains(context, engine, store, scope)
  const cleared = clearing.then(
    () => {},
    () => {}, // Looked at below, when the guardian is armed.
  )
  undo.push(() => cleared)
  const ran = runStates(affectedContainers(look, plan), container => doneTo(plan, container.id))
  const entry = await openEntry(context, store.journal(scope), {
    kind: 'command',
    ...(together === undefined ? {} : { together }),
    status: 'copying',
    argv: maskedArgv(wordsOf(invocation)),
    project: facts.project.name,
    engine: facts.engine.id,
    audience: context.audience.kind,
    verdict: decision.verdict,
    findings: decision.stakes.map(({ stake }) => stake.finding),
    restorePoint: null,
    ran,
    restores: [],
  })
  undo.push(() => entry.close('rolled-back'))
  const guardian = await context.guardian.arm(facts.engine.host, ran)
  undo.push(() => guardian.disarm())
  await clearing
  const copies = plan.steps.some(step => step.type === 'copy')
  const saved = settled.copies && copies ? await save(context, look, invocation, plan, ran) : nothingSaved
  undo.push(saved.resume)
  return {
    store,
    entry,
    restorePoint: saved.point,
    ran,
    resume: saved.resume,
    refuseStarted: saved.refuseStarted,
    disarm: () => guardian.disarm(),
    release: () => lock.release(),
  }
}

/** Also what is destroyed without a copy, on purpose: the journal tells. A mere warning is not. */
function isWorthRecording({ verdict, stake }: DecidedStake): boolean {
  return verdict !== 'warn' || (stake.finding.outcome === 'destroyed' && stake.finding.warning !== true)
}

interface Saved {
  readonly point: RestorePoint | null
  /** Sets going again what was left standing still for Compose, and ends the watch over it. */
  readonly resume: () => Promise<void>
  readonly refuseStarted: () => Promise<void>
}

const nothingSaved: Saved = { point: null, resume: async () => {}, refuseStarted: async () => {} }

async function unwind(undo: Undoing): Promise<void> {
  for (const step of undo.toReversed()) await step()
}

/** The containers that the command concerns: the project's own, whoever else is stopped or paused, and those that keep what is at stake. */
function affectedContainers(look: Look, plan: Plan): Look['facts']['containers'] {
  const touched = new Set(
    plan.steps.flatMap(step => (step.type === 'stop' || step.type === 'pause' ? step.containers : [])),
  )
  const holding = new Set(
    plan.decision.stakes.flatMap(({ stake }) =>
      'container' in stake.finding.holding ? stake.finding.holding.container : [],
    ),
  )
  const { facts } = look
  return facts.containers.filter(
    container =>
      (container.project === facts.project.name && !container.oneOff) ||
      touched.has(container.id) ||
      holding.has(container.id),
  )
}

function doneTo(plan: Plan, id: string): RunState['done'] {
  const holds = (type: 'stop' | 'pause'): boolean =>
    plan.steps.some(step => step.type === type && step.containers.includes(id))
  return holds('stop') ? 'stopped' : holds('pause') ? 'paused' : 'nothing'
}

/**
 * Quiets, copies, publishes. Where something is destroyed the writers stay stopped until Compose runs; elsewhere they
 * run again at once, and a script goes on without the copy if they would stand still for too long.
 */
async function save(
  context: Context,
  look: Look,
  invocation: Invocation,
  plan: Plan,
  ran: readonly RunState[],
): Promise<Saved> {
  const standstill = await prepareStandstill(context, look.engine, ran, {
    longest: destroys(plan) ? null : context.policy.maxStop,
    composeStop: services => stopByCompose(context, invocation, services),
  })
  try {
    const point = await copyAll(context, look, invocation, plan, ran, standstill)
    await standstill.unpause()
    if (destroys(plan))
      return {
        point,
        resume: standstill.resume,
        refuseStarted: async () => {
          await refuseStarted(look.engine, standstill.events(), ran)
          standstill.close()
        },
      }
    await standstill.resume()
    return { ...nothingSaved, point }
  } catch (error) {
    await standstill.resume()
    if (!standstill.expired() || context.audience.kind === 'person') throw error
    context.reporter.say({
      type: 'warning',
      text: 'no backup before this: the copy took too long, and nothing is destroyed',
    })
    return nothingSaved
  }
}

function copyAll(
  context: Context,
  look: Look,
  invocation: Invocation,
  plan: Plan,
  ran: readonly RunState[],
  standstill: Standstill,
): Promise<RestorePoint> {
  const planned = copiesOf(plan)
  const copies = planned.map(({ copy }) => copy)
  const holdings = copies.map(({ holding }) => holding)
  return takeRestorePoint(context, {
    engine: look.engine,
    facts: look.facts,
    invocation,
    reason: 'preflight',
    tag: context.policy.tag,
    label: invocation.command.join('-'),
    copies,
    // They answer as long as they run: the writers stand still only after it.
    databases: askBriefly(copies, context.policy.dumpUpTo),
    standstill: standstill.begin,
    quality: holding => qualityOf(look, holding, planned, standstill.killed()),
    beforePublish: async () => refuseDisturbed(standstill.events(), look, holdings, ran),
  })
}

type PlannedCopy = Extract<Step, { type: 'copy' }>

function copiesOf(plan: Plan): readonly {
  readonly step: PlannedCopy
  readonly copy: Copy
}[] {
  return plan.steps
    .filter((step): step is PlannedCopy => step.type === 'copy')
    .map(step => {
      const stake = plan.decision.stakes.find(
        each => identityOfHolding(each.stake.finding.holding) === identityOfHolding(step.holding),
      )
      return {
        step,
        copy: {
          holding: step.holding,
          usedBy: stake?.stake.finding.usedBy ?? [],
          contents: stake?.stake.contents ?? null,
        },
      }
    })
}

async function stopByCompose(
  context: Context,
  invocation: Invocation,
  services: readonly string[],
): Promise<boolean> {
  // A line of the docker CLI does not tell where the project's files are: the engine stops them one by one.
  if (invocation.form === 'docker') return false
  const answer = await context.compose.call(invocation.globalWords, ['stop', ...services])
  return answer.code === 0
}

function qualityOf(
  look: Look,
  holding: Holding,
  copies: readonly { readonly step: PlannedCopy }[],
  killed: ReadonlySet<string>,
): CopyQuality {
  const planned = copies.find(({ step }) => identityOfHolding(step.holding) === identityOfHolding(holding))
  switch (planned?.step.consistency) {
    case 'cold': {
      const own = writersOf(look, holding).filter(id => killed.has(id))
      return own.length === 0
        ? { consistency: 'cold', notes: [] }
        : {
            consistency: 'crash-consistent',
            notes: ['a container did not stop in its grace period and was killed (exit 137)'],
          }
    }
    case 'paused':
      return { consistency: 'paused', notes: ['the writers were paused for the copy, as after a power cut'] }
    case 'running':
    case undefined:
      return { consistency: 'running', notes: [] }
    default:
      return unreachable(planned?.step.consistency as never)
  }
}

function writersOf(look: Look, holding: Holding): readonly string[] {
  if (holding.kind === 'layer') return [holding.container]
  return look.facts.containers
    .filter(container => writesTo(container, holding))
    .map(container => container.id)
}

/** A start, an unpause or a new writer during the copy makes it a copy of a moving thing: it does not count. */
function refuseDisturbed(
  events: readonly EngineEvent[],
  look: Look,
  holdings: readonly Holding[],
  ran: readonly RunState[],
): void {
  const quieted = new Set(ran.filter(state => state.done !== 'nothing').map(state => state.id))
  const writing = new Map(
    holdings.flatMap(holding => writersOf(look, holding).map(id => [id, holding] as const)),
  )
  for (const event of events) {
    if (!isSettingGoing(event) && event.action !== 'unpause') continue
    const holding = writing.get(event.id)
    if (holding === undefined && !quieted.has(event.id)) continue
    throw started(
      holding === undefined ? event.name : nameOfHolding(holding),
      `${event.name} was started while its data was copied`,
    )
  }
}

/**
 * What was stopped stays stopped until the command runs. Asked and not only listened to: what was started a moment ago
 * may not have been told yet. What was paused is let go on purpose.
 */
async function refuseStarted(
  engine: Engine,
  events: readonly EngineEvent[],
  ran: readonly RunState[],
): Promise<void> {
  const stopped = ran.filter(state => state.done === 'stopped')
  const now = await Promise.all(stopped.map(state => engine.container(state.id)))
  const going = stopped.find(
    ({ id }, index) =>
      now[index]?.state === 'running' || events.some(event => event.id === id && isSettingGoing(event)),
  )
  if (going !== undefined) throw started(going.name, `${going.name} was started after its data was copied`)
}

function isSettingGoing({ action }: EngineEvent): boolean {
  return action === 'start' || action === 'restart'
}

function started(holding: string, why: string): Stop {
  return new Stop({
    reason: 'backup-failed',
    holding,
    why,
    how: 'run the command again; if something starts it on purpose, stop that first',
  })
}
