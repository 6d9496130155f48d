import { Stop } from '../model/failure.ts'
import { nameOfHolding } from '../model/holding.ts'
import type { ContainerFact, Facts } from '../model/facts.ts'
import type { Holding } from '../model/holding.ts'
import type { JournalEntry, RestoreTask } from '../model/journal.ts'
import type { Engine, Store, StoreScope, TarSink } from '../model/ports.ts'
import type { HoldingRecord, RestorePoint, TarCounts } from '../model/restore-point.ts'
import type { Context } from './context.ts'
import { maskedArgv, openEntry } from './entries.ts'
import type { OpenEntry } from './entries.ts'
import { putBack, quietWriters, runStates } from './quiet-writers.ts'
import { scopeOf, takeRestorePoint } from './take-restore-point.ts'

/** One volume to be filled. */
export interface RestoreTarget {
  readonly volume: string
  /** What it is made with if it is not there. */
  readonly spec: NonNullable<HoldingRecord['volume']>
  /** For people and the journal. */
  readonly holding: Holding
  /** Where the content comes from. */
  readonly origin: Origin
}

export type Origin =
  | { readonly kind: 'restore-point'; readonly point: RestorePoint; readonly record: HoldingRecord }
  /** An archive made by something else; `fill` checks and writes it. */
  | {
      readonly kind: 'file'
      readonly path: string
      readonly wrapping: string | null
      readonly fill: (sink: TarSink, onBytes: (done: number) => void) => Promise<TarCounts>
    }

export interface RestoreRequest {
  readonly engine: Engine
  readonly store: Store
  readonly facts: Facts
  readonly argv: readonly string[]
  readonly globals: readonly string[]
  readonly targets: readonly RestoreTarget[]
  /** Start again what ran, when all is well. `undo` starts things itself. */
  readonly startAgain: boolean
  /** Runs with the volumes filled and their users still stopped, before the journal entry is closed. */
  readonly thenBeforeClose?: (entry: OpenEntry) => Promise<void>
}

/**
 * Fills volumes from archives. Never merges: every archive is checked whole first, what stands in the volumes is
 * saved, their users are stopped and cannot start, the volumes are emptied and filled, and what was filled is counted.
 * If a step fails, what stood there is put back. A run that dies half way is finished by the next one.
 *
 * Throws `archive-damaged`, `restore-failed`, `not-possible`, `backup-failed`. The safety restore point, if one was
 * needed, is the result.
 */
export async function restoreVolumes(
  context: Context,
  request: RestoreRequest,
): Promise<RestorePoint | null> {
  const { engine, store, facts, targets } = request
  await checkArchives(context, store, targets)
  const users = usersOf(facts, targets)
  refuseForeignUsers(facts, users)
  const ran = runStates(users, container => (isUp(container) ? 'stopped' : 'nothing'))

  const scope = scopeOf(facts)
  const writers = await quietWriters(context, engine, ran, services =>
    stopServices(context, request, services),
  )
  let entry: OpenEntry | null = null
  try {
    const safety = await saveWhatStands(context, request)
    const tasks: RestoreTask[] = targets.map(target => taskOf(target, safety))
    entry = await openEntry(context, store.journal(scope), {
      kind: 'restore',
      status: 'restoring',
      argv: maskedArgv(request.argv),
      project: facts.project.name,
      engine: facts.engine.id,
      audience: context.audience.kind,
      verdict: 'pass',
      findings: [],
      restorePoint: safety?.id ?? null,
      ran,
      restores: tasks,
    })
    for (const [index, target] of targets.entries()) {
      await fillOrPutBack(context, request, target, safety, targets.slice(0, index + 1))
      tasks[index] = { ...taskOf(target, safety), finished: true }
      await entry.change({ restores: [...tasks] })
    }
    await request.thenBeforeClose?.(entry)
    if (request.startAgain) await writers.resume()
    await entry.close('done')
    return safety
  } catch (error) {
    await writers.resume()
    await entry?.close('rolled-back')
    throw error
  }
}

/** Finishes a restore that died: fills what it had not finished, then starts what ran. Says what it did, a line each. */
export async function finishRestore(
  context: Context,
  engine: Engine,
  store: Store,
  scope: StoreScope,
  entry: JournalEntry,
): Promise<readonly string[]> {
  const lines: string[] = []
  for (const task of entry.restores) {
    if (task.finished) continue
    const source = task.restorePoint === '' ? task.safety : task.restorePoint
    if (source === null) {
      lines.push(`${task.volume} may be half filled: restore it again from its file`)
      continue
    }
    const point = await store.find(scope, source)
    const record = point.manifest.holdings.find(each => nameOfHolding(each.holding) === task.holding)
    if (record === undefined || record.volume === null) {
      lines.push(`${task.volume} may be half filled: restore point ${source} does not hold it`)
      continue
    }
    await fill(context, engine, store, {
      volume: task.volume,
      spec: record.volume,
      holding: record.holding,
      origin: { kind: 'restore-point', point, record },
    })
    lines.push(`${task.volume} was filled from ${source}`)
  }
  lines.push(...(await putBack(engine, entry.ran)).troubles)
  await store.journal(scope).append({ ...entry, status: 'done', closedAt: context.host.now().toISOString() })
  return lines
}

async function checkArchives(
  context: Context,
  store: Store,
  targets: readonly RestoreTarget[],
): Promise<void> {
  for (const { origin, holding } of targets) {
    if (origin.kind !== 'restore-point') continue
    const onBytes = (done: number): void =>
      context.reporter.say({
        type: 'progress',
        what: 'checking',
        holding,
        done,
        total: origin.record.kept.bytes,
        rate: null,
      })
    await context.interruption.race(store.confirm(origin.point, origin.record, onBytes))
    context.reporter.say({ type: 'restore', step: 'checked', holding, details: [origin.point.id] })
  }
}

function usersOf(facts: Facts, targets: readonly RestoreTarget[]): readonly ContainerFact[] {
  const names = new Set(targets.map(target => target.volume))
  return facts.containers.filter(container =>
    container.mounts.some(mount => mount.name !== null && names.has(mount.name)),
  )
}

function refuseForeignUsers(facts: Facts, users: readonly ContainerFact[]): void {
  const foreign = users.filter(container => container.project !== facts.project.name && isUp(container))
  const [first] = foreign
  if (first === undefined) return
  throw new Stop({
    reason: 'not-possible',
    what: `${foreign.map(container => container.name).join(', ')} uses the volume and is not of project ${facts.project.name}`,
    how: `stop it first (docker stop ${first.name}), then run the command again`,
  })
}

function isUp(container: ContainerFact): boolean {
  return container.state === 'running' || container.state === 'paused' || container.state === 'restarting'
}

async function stopServices(
  context: Context,
  request: RestoreRequest,
  services: readonly string[],
): Promise<boolean> {
  const answer = await context.compose.call(request.globals, ['stop', ...services])
  return answer.code === 0
}

/** Everything that stands in the target volumes now, in one safety restore point; null when nothing does. */
async function saveWhatStands(context: Context, request: RestoreRequest): Promise<RestorePoint | null> {
  const { engine, facts, targets } = request
  const standing = targets.flatMap(
    target => facts.volumes.find(volume => volume.name === target.volume) ?? [],
  )
  if (standing.length === 0) return null
  const holdings = standing.map((volume): Holding => ({
    kind: 'volume',
    name: volume.name,
    createdAt: volume.createdAt,
  }))
  const contents = await engine.contents(holdings, facts, 500)
  const filled = holdings.filter(holding => contents.get(holding)?.empty !== true)
  if (filled.length === 0) return null
  const point = await takeRestorePoint(context, {
    engine,
    facts,
    invocation: null,
    reason: 'safety',
    tag: null,
    label: 'before-restore',
    copies: filled.map(holding => ({ holding, usedBy: [], contents: contents.get(holding) ?? null })),
    quality: () => ({ consistency: 'cold', notes: [] }),
  })
  context.reporter.say({ type: 'restore', step: 'safety', holding: null, details: [point.id] })
  return point
}

function taskOf(target: RestoreTarget, safety: RestorePoint | null): RestoreTask {
  return {
    restorePoint: target.origin.kind === 'restore-point' ? target.origin.point.id : '',
    holding: nameOfHolding(target.holding),
    volume: target.volume,
    safety: safety?.id ?? null,
    finished: false,
  }
}

/** Fills one volume; on failure puts back what stood in it and in those filled before it. */
async function fillOrPutBack(
  context: Context,
  request: RestoreRequest,
  target: RestoreTarget,
  safety: RestorePoint | null,
  touched: readonly RestoreTarget[],
): Promise<void> {
  try {
    await fill(context, request.engine, request.store, target)
  } catch (error) {
    const where = await putBackVolumes(context, request, touched, safety)
    const why = error instanceof Stop ? describe(error) : String(error)
    if (error instanceof Stop && error.failure.reason === 'interrupted') throw error
    throw new Stop(
      { reason: 'restore-failed', holding: nameOfHolding(target.holding), why, how: where },
      { cause: error },
    )
  }
}

async function putBackVolumes(
  context: Context,
  request: RestoreRequest,
  touched: readonly RestoreTarget[],
  safety: RestorePoint | null,
): Promise<string> {
  const { engine, store } = request
  try {
    for (const target of touched) {
      const record = safety?.manifest.holdings.find(
        each => each.holding.kind === 'volume' && each.holding.name === target.volume,
      )
      if (safety !== null && record !== undefined) {
        await fill(context, engine, store, {
          ...target,
          holding: record.holding,
          origin: { kind: 'restore-point', point: safety, record },
        })
      } else if (request.facts.volumes.some(volume => volume.name === target.volume)) {
        await engine.emptyVolume(target.volume)
      } else if ((await engine.volume(target.volume)) !== null) {
        await engine.removeVolume(target.volume)
      }
    }
  } catch (error) {
    return safety === null
      ? `what was half restored could not be removed: ${String(error)}`
      : `what stood there before is in restore point ${safety.id}: safe-compose restore ${safety.id} (putting it back failed: ${String(error)})`
  }
  context.reporter.say({
    type: 'restore',
    step: 'put-back',
    holding: null,
    details: touched.map(each => each.volume),
  })
  return 'what stood there before was put back; nothing was lost'
}

async function fill(context: Context, engine: Engine, store: Store, target: RestoreTarget): Promise<void> {
  const { holding, origin } = target
  const standing = await engine.volume(target.volume)
  if (standing === null) await engine.createVolume({ name: target.volume, ...target.spec })
  else await engine.emptyVolume(target.volume)
  const started = context.host.now().getTime()
  const total = origin.kind === 'restore-point' ? origin.record.kept.tar.bytes : null
  const onBytes = (done: number): void => {
    const elapsed = context.host.now().getTime() - started
    const rate = elapsed > 200 ? (done / elapsed) * 1000 : null
    context.reporter.say({ type: 'progress', what: 'restoring', holding, done, total, rate })
  }
  const wrapping = origin.kind === 'file' ? origin.wrapping : null
  const sink = await engine.openSink({
    kind: 'volume',
    name: target.volume,
    ...(wrapping === null ? {} : { wrapping }),
  })
  try {
    const counts = await context.interruption.race(
      origin.kind === 'restore-point'
        ? store.extract(origin.point, origin.record, sink, onBytes)
        : origin.fill(sink, onBytes),
    )
    if (origin.kind === 'restore-point') compareCounts(holding, origin.record.kept.tar, counts)
  } finally {
    await sink.close()
  }
  const milliseconds = context.host.now().getTime() - started
  context.reporter.say({
    type: 'restore',
    step: 'restored',
    holding,
    details: [String(total ?? 0), String(milliseconds), target.volume],
  })
}

function compareCounts(holding: Holding, expected: TarCounts, found: TarCounts): void {
  if (expected.entries === found.entries && expected.contentBytes === found.contentBytes) return
  throw new Stop({
    reason: 'restore-failed',
    holding: nameOfHolding(holding),
    why: `${found.entries} entries with ${found.contentBytes} bytes were written, ${expected.entries} with ${expected.contentBytes} were expected`,
    how: 'run safe-compose restore again',
  })
}

function describe(error: Stop): string {
  const { failure } = error
  if ('why' in failure) return failure.why
  if ('what' in failure) return failure.what
  return failure.reason
}
