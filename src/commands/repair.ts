import { againstSaved } from '../core/recovery/repair.ts'
import type { AgainstSaved, RepairNext, RepairOutcome, RepairShown } from '../core/recovery/repair.ts'
import { restoreWays } from '../core/recovery/ways.ts'
import { serviceContainers } from '../core/reach.ts'
import type { Figure } from '../model/database.ts'
import { Stop, exitCodes } from '../model/failure.ts'
import type { ContainerFact } from '../model/facts.ts'
import type { Invocation } from '../model/invocation.ts'
import type { Store } from '../model/ports.ts'
import type { RestorePoint } from '../model/restore-point.ts'
import { clearRemains } from './clear-remains.ts'
import type { Context } from './context.ts'
import { holdAgainst } from './hold-against.ts'
import { lockProject } from './lock-project.ts'
import { answerOf, tellingLine } from './look-for-trouble.ts'
import { lookAtProject, lookBeforeCopying } from './observe.ts'
import type { Look } from './observe.ts'
import { quietWriters, runStates } from './quiet-writers.ts'
import { repairIn } from './repair-in.ts'
import { repairTargetOf } from './repair-target.ts'
import type { RepairTarget } from './repair-target.ts'
import { restoreVolumes } from './restore-volumes.ts'
import { fillScratch } from './scratch-server.ts'
import { scopeOf, takeRestorePoint } from './take-restore-point.ts'
import { whileReading } from './while-reading.ts'
import { writesTo } from './writers.ts'

export interface RepairOptions {
  readonly service: string
  /** Goes on to the volume itself, if the copy is well afterwards. */
  readonly apply: boolean
  readonly json: boolean
}

export interface RepairTables {
  readonly repaired: (shown: RepairShown) => string
}

/** Milliseconds for a server that is starting, before anything is done. */
const patience = 10_000

/**
 * `recover --repair SERVICE`: the gentle repair of a database by its own programs, always on a copy first, taken from a
 * restore point of what stands there. Only if the copy is well afterwards, and a person says yes or `apply` does, the
 * same is done to the volume, while nobody else can use it; what comes out worse there is put back as it stood.
 *
 * 0 where there was nothing to repair, or what was asked for ended well; 1 where the repair does not help; 122 where the
 * person says no.
 */
export async function repair(
  context: Context,
  project: Invocation,
  options: RepairOptions,
  tables: RepairTables,
): Promise<number> {
  const look = await lookBeforeCopying(context, project)
  const store = await context.openStore()
  await store.prepare()
  const target = await repairTargetOf(context, look, options.service)
  const job: Job = {
    context,
    project,
    options,
    look,
    store,
    target,
    show: shower(context, project, options, tables),
  }
  const found = await whatIsWrong(job)
  if (found.length === 0) {
    job.show(target, { outcome: null, saved: null, next: { kind: 'none' } })
    return exitCodes.done.code
  }
  const { outcome, saved } = await tryOnCopy(job, found)
  const mayAsk = !options.apply && !options.json && context.audience.kind === 'person' ? context.prompt : null
  const goesOn = outcome.well && (options.apply || mayAsk !== null)
  job.show(target, { outcome, saved, next: goesOn ? { kind: 'none' } : await nextOf(job, outcome) })
  if (!outcome.well) return exitCodes.failed.code
  if (!goesOn) return exitCodes.done.code
  const question = `Do the same to ${target.volume.name} now? ${target.service} stands still meanwhile.`
  if (mayAsk !== null && !(await mayAsk.confirm(question))) {
    context.print('nothing was changed\n')
    return exitCodes.declined.code
  }
  return repairVolume(job, outcome, found)
}

interface Job {
  readonly context: Context
  readonly project: Invocation
  readonly options: RepairOptions
  readonly look: Look
  readonly store: Store
  readonly target: RepairTarget
  readonly show: (target: RepairTarget, step: Pick<RepairShown, 'outcome' | 'saved' | 'next'>) => void
}

function shower(
  context: Context,
  { globalWords }: Invocation,
  { json }: RepairOptions,
  tables: RepairTables,
): Job['show'] {
  const line = (words: readonly string[]): readonly string[] => ['safe-compose', ...globalWords, ...words]
  return ({ service, kind, volume }, step) => {
    context.reporter.quiet()
    const shown = { service, kind, volume: volume.name, line, ...step }
    context.print(json ? `${JSON.stringify(inJson(shown))}\n` : tables.repaired(shown))
  }
}

function inJson({ service, kind, volume, outcome, saved, next, line }: RepairShown): object {
  const commands =
    next.kind === 'apply'
      ? [next.argv]
      : next.kind === 'ways'
        ? next.ways.map(({ argv }) => argv)
        : next.kind === 'done'
          ? [next.takeBack, ...(next.start === null ? [] : [next.start])]
          : []
  return {
    service,
    kind,
    volume,
    restorePoint: saved,
    outcome,
    next: next.kind,
    commands: commands.map(line),
  }
}

// ---- Before ------------------------------------------------------------------------------------------------------

/** A line each; none where the server that runs finds nothing. Throws `not-possible` where it must be left alone. */
async function whatIsWrong({ context, look, target }: Job): Promise<readonly string[]> {
  const { container, service } = target
  const { engine } = look
  const server = target.open(engine.inside(container.id))
  let hasEnded = false
  const isUp = async (): Promise<boolean> => {
    hasEnded ||= (await engine.container(container.id))?.state !== 'running'
    return !hasEnded
  }
  if (!(await isUp())) return [await lastWordsOf(look, container)]
  const label = await answerOf(context, server, patience, isUp)
  if (target.by === 'files') {
    // One that ends again and again is seen to run now and then.
    if (!hasEnded) throw keepsItInMemory(target)
    return [await lastWordsOf(look, container)]
  }
  if (typeof label !== 'string') return [label.why]
  context.reporter.say({
    type: 'progress',
    what: 'checking',
    holding: target.holding,
    done: 0,
    total: null,
    rate: null,
  })
  try {
    return await context.interruption.race(server.check())
  } catch (error) {
    if (!(error instanceof Stop) || error.failure.reason !== 'not-possible') throw error
    return [`${service} cannot be checked: ${error.failure.what}`]
  }
}

async function lastWordsOf({ engine }: Look, { id, name, state }: ContainerFact): Promise<string> {
  const words = tellingLine(await engine.logs(id).catch(() => ''))
  return words === '' ? `its container ${name} is ${state}` : `it said: ${words}`
}

function keepsItInMemory({ service }: RepairTarget): Stop {
  return new Stop({
    reason: 'not-possible',
    what: `${service} runs, and what it has in its memory is more than what is in its files: they are not repaired under it`,
    how: `let it write them anew: docker compose exec ${service} redis-cli BGREWRITEAOF (without a log: BGSAVE)`,
  })
}

// ---- On a copy ---------------------------------------------------------------------------------------------------

async function tryOnCopy(
  job: Job,
  said: readonly string[],
): Promise<{ readonly outcome: RepairOutcome; readonly saved: string }> {
  const { context, look, store, target } = job
  const { engine, facts } = look
  const against = await againstWhat(job)
  const lock = await lockProject(context, engine, facts.project.name)
  try {
    await clearRemains(context, engine, store, scopeOf(facts))
    const point = await saveAsItIs(job)
    await store.unlock(point)
    context.reporter.say({ type: 'repair', step: 'trying', service: target.service, on: target.volume.name })
    const record = point.manifest.holdings[0]
    if (record === undefined) throw new Error('Internal error: a restore point of one volume holds none')
    const fill = (volume: string): Promise<void> => fillScratch(engine, store, { point, record }, volume)
    const outcome = await whileReading(store, [point], () =>
      repairIn(context, engine, target, { on: 'copy', data: { fill }, said, against }),
    )
    await noteDamage(job, point, outcome)
    return { outcome, saved: point.id }
  } finally {
    await lock.release()
  }
}

/** Nobody is to take a restore point for a good one that holds what was found to be damaged. */
async function noteDamage(
  { context, store, target }: Job,
  point: RestorePoint,
  { found }: RepairOutcome,
): Promise<void> {
  if (found.length === 0) return
  const at = context.host.now().toISOString()
  const checks = [{ what: target.service, well: false, found: found.join('; ') }]
  await store.recordVerification(point, { level: 'boot', at, milliseconds: 0, well: false, checks })
}

/**
 * Its users are only frozen for the copy: a server that is damaged may not come up again once it is stopped, and whether
 * it does is what the copy tells. One that ends again and again is stopped for it, also where it was seen to run just then.
 */
async function saveAsItIs({ context, project, look, target }: Job): Promise<RestorePoint> {
  const { engine, facts } = look
  const { holding, service } = target
  const users = facts.containers.filter(container => writesTo(container, holding))
  const endsAgain = ({ id, state }: ContainerFact): boolean =>
    state === 'restarting' || (state === 'running' && target.by === 'files' && id === target.container.id)
  const ran = runStates(users, container =>
    endsAgain(container) ? 'stopped' : container.state === 'running' ? 'paused' : 'nothing',
  )
  const touched = ran.some(({ done }) => done !== 'nothing')
  const contents = await engine.contents([holding], facts, 500)
  const guardian = await context.guardian.arm(facts.engine.host, ran)
  try {
    return await takeRestorePoint(context, {
      engine,
      facts,
      invocation: null,
      reason: 'safety',
      tag: null,
      only: [service],
      label: 'before-repair',
      copies: [{ holding, usedBy: [service], contents: contents.get(holding) ?? null }],
      standstill: async () => {
        const quiet = await quietWriters(context, engine, ran, async services => {
          const { code } = await context.compose.call(project.globalWords, ['stop', ...services])
          return code === 0
        })
        return { context, end: quiet.resume }
      },
      quality: () => ({ consistency: touched ? 'paused' : 'cold', notes: [] }),
    })
  } finally {
    await guardian.disarm()
  }
}

async function againstWhat({
  context,
  look,
  store,
  target,
}: Job): Promise<(figures: readonly Figure[]) => AgainstSaved | null> {
  const points = await store.list(scopeOf(look.facts))
  return figures => againstSaved(points, target.volume.name, figures, context.host.now())
}

async function nextOf(job: Job, { well }: RepairOutcome): Promise<RepairNext> {
  const { context, look, store, target, options } = job
  if (well) return { kind: 'apply', argv: ['recover', '--repair', options.service, '--apply'] }
  const { facts } = look
  const all = await store.list(scopeOf(facts))
  // What was saved before a repair is as damaged as what stands there.
  const points = all.filter(({ manifest }) => manifest.reason !== 'safety')
  const wanted = { name: target.volume.name, createdAt: null, identity: null }
  const ways = restoreWays({ facts, points, now: context.host.now() }, wanted, { services: [target.service] })
  return { kind: 'ways', ways }
}

// ---- The volume itself -------------------------------------------------------------------------------------------

async function repairVolume(job: Job, copy: RepairOutcome, said: readonly string[]): Promise<number> {
  const { context, project, options } = job
  // A person may have thought for an hour.
  const look = await lookBeforeCopying(context, project)
  const target = await repairTargetOf(context, look, options.service)
  const before = job.target.volume
  if (target.volume.name !== before.name || target.volume.createdAt !== before.createdAt)
    throw new Stop({
      reason: 'not-possible',
      what: `${options.service} is on another volume by now than the one that was copied`,
      how: `run the command again: safe-compose recover --repair ${options.service}`,
    })
  const now = { ...job, look, target }
  if (target.by === 'files') await whatIsWrong(now)
  const lock = await lockProject(context, look.engine, look.facts.project.name)
  try {
    const { outcome, saved } = await repairInPlace(now, copy, said)
    const isUp = target.container.state === 'running' || target.container.state === 'restarting'
    const takeBack = ['restore', saved, '--volume', target.volume.name]
    const start = isUp ? null : ['start', options.service]
    job.show(target, { outcome, saved, next: { kind: 'done', takeBack, start } })
    return isUp && !(await answersAgain(now)) ? exitCodes.failed.code : exitCodes.done.code
  } finally {
    await lock.release()
  }
}

/** Throws `not-possible` when what stood there was put back, because it is not as well as the copy. */
async function repairInPlace(
  job: Job,
  copy: RepairOutcome,
  said: readonly string[],
): Promise<{ readonly outcome: RepairOutcome; readonly saved: string }> {
  const { context, project, look, store, target, options } = job
  const { engine, facts } = look
  const { volume, holding, service } = target
  const against = await againstWhat(job)
  const outcomes: RepairOutcome[] = []
  const safety = await restoreVolumes(context, {
    engine,
    store,
    facts,
    argv: ['recover', '--repair', options.service, '--apply'],
    globals: project.globalWords,
    before: 'repair',
    startAgain: true,
    targets: [
      {
        volume: volume.name,
        spec: volume,
        holding,
        origin: {
          kind: 'in-place',
          change: async () => {
            context.reporter.say({ type: 'repair', step: 'repairing', service, on: volume.name })
            const data = { volume: volume.name }
            const outcome = await repairIn(context, engine, target, { on: 'volume', data, said, against })
            refuseWorse(copy, outcome)
            outcomes.push(outcome)
          },
        },
      },
    ],
  })
  const [outcome] = outcomes
  if (outcome === undefined || safety === null)
    throw new Error('Internal error: a volume was repaired without being saved')
  await noteDamage(job, safety, outcome)
  return { outcome, saved: safety.id }
}

function refuseWorse(copy: RepairOutcome, outcome: RepairOutcome): void {
  const isWorse = outcome.lost.length > 0 && copy.lost.length === 0
  if (outcome.well && !isWorse) return
  throw new Stop({
    reason: 'not-possible',
    what: outcome.well
      ? `other than on the copy, something is lost: ${outcome.lost[0] ?? ''}`
      : `other than on the copy, it is not well afterwards: ${outcome.left[0] ?? ''}`,
    how: 'see the other ways: safe-compose recover',
  })
}

async function answersAgain({ context, project, target }: Job): Promise<boolean> {
  const { engine, facts } = await lookAtProject(context, project)
  const container = serviceContainers(facts, target.service).find(({ id }) => id === target.container.id)
  const part =
    container === undefined
      ? { what: target.service, well: false, found: 'it has no container any more' }
      : await holdAgainst(
          context,
          engine,
          { container, server: target.open(engine.inside(container.id)), where: target.volume.name },
          null,
        )
  context.reporter.say({ type: 'confirmed', part })
  return part.well
}
