import { isWithin } from '../core/data-paths.ts'
import { Stop } from '../model/failure.ts'
import { nameOfHolding } from '../model/holding.ts'
import type { ContainerFact, Facts } from '../model/facts.ts'
import type { Holding, LayerHolding } from '../model/holding.ts'
import type { JournalEntry, RestorePlace, RestoreTask } from '../model/journal.ts'
import type { Engine, SinkTarget, Store, StoreScope, TarSink } from '../model/ports.ts'
import type { HoldingRecord, RestorePoint, TarCounts } from '../model/restore-point.ts'
import type { Context } from './context.ts'
import { refuseStoreInside } from './copy-holdings.ts'
import { maskedArgv, openEntry } from './entries.ts'
import type { OpenEntry } from './entries.ts'
import { putBack, quietWriters, runStates } from './quiet-writers.ts'
import type { QuietWriters } from './quiet-writers.ts'
import { scopeOf, takeRestorePoint } from './take-restore-point.ts'
import { whileReading } from './while-reading.ts'

/** One place to be filled. */
export type RestoreTarget = VolumeTarget | LayerTarget | DirectoryTarget

interface Target {
  /** For people and the journal. */
  readonly holding: Holding
  /** Where the content comes from. */
  readonly origin: Origin
}

export interface VolumeTarget extends Target {
  readonly volume: string
  /** What it is made with if it is not there. */
  readonly spec: NonNullable<HoldingRecord['volume']>
}

/** The writable layer of a container, which stands still meanwhile. */
export interface LayerTarget extends Target {
  readonly layer: LayerHolding
}

/** A directory of this machine. */
export interface DirectoryTarget extends Target {
  readonly directory: string
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
  /** What stands there, changed where it lies. */
  | { readonly kind: 'in-place'; readonly change: () => Promise<void> }

export interface RestoreRequest {
  readonly engine: Engine
  readonly store: Store
  readonly facts: Facts
  readonly argv: readonly string[]
  readonly globals: readonly string[]
  readonly targets: readonly RestoreTarget[]
  /** Start again what ran, when all is well. `undo` starts things itself. */
  readonly startAgain: boolean
  /** What the safety restore point is taken before: a word of its id. */
  readonly before?: 'repair'
  /** Runs with the volumes filled and their users still stopped, before the journal entry is closed. */
  readonly thenBeforeClose?: (entry: OpenEntry) => Promise<void>
}

/**
 * Fills volumes, layers and directories from archives. Never merges: every archive is checked whole first, what stands
 * there is saved, its users are stopped and cannot start, it is emptied and filled, and what was filled is counted. If
 * a step fails, what stood there is put back. A run that dies half way is finished by the next one.
 *
 * Throws `archive-damaged`, `restore-failed`, `not-possible`, `backup-failed`. The safety restore point, if one was
 * needed, is the result.
 */
export async function restoreVolumes(
  context: Context,
  request: RestoreRequest,
): Promise<RestorePoint | null> {
  const points = request.targets.flatMap(({ origin }) =>
    origin.kind === 'restore-point' ? [origin.point] : [],
  )
  return whileReading(request.store, [...new Set(points)], () => fillAll(context, request))
}

async function fillAll(context: Context, request: RestoreRequest): Promise<RestorePoint | null> {
  const { engine, store, facts, targets } = request
  await checkArchives(context, store, targets)
  const users = usersOf(facts, targets)
  refuseForeignUsers(facts, users)
  await refuseRemains(request)
  const ran = runStates(users, container => (isUp(container) ? 'stopped' : 'nothing'))

  const scope = scopeOf(facts)
  const entry = await openEntry(context, store.journal(scope), {
    kind: 'restore',
    status: 'copying',
    argv: maskedArgv(request.argv),
    project: facts.project.name,
    engine: facts.engine.id,
    audience: context.audience.kind,
    verdict: 'pass',
    findings: [],
    restorePoint: null,
    ran,
    restores: [],
  })
  let writers: QuietWriters | null = null
  try {
    writers = await quietWriters(context, engine, ran, services => stopServices(context, request, services))
    const safety = await saveWhatStands(context, request)
    // It could not be put back if the restore fails.
    if (safety !== null) await store.unlock(safety)
    const tasks: RestoreTask[] = targets.map(target => taskOf(target, safety))
    await entry.change({ status: 'restoring', restorePoint: safety?.id ?? null, restores: [...tasks] })
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
    await writers?.resume()
    await entry.close('rolled-back')
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
    if (record === undefined) {
      lines.push(`${task.volume} may be half filled: restore point ${source} does not hold it`)
      continue
    }
    const wanted = { holding: record.holding, origin: { kind: 'restore-point', point, record } as const }
    lines.push(
      task.into === undefined
        ? await finishVolume(context, engine, store, { ...wanted, volume: task.volume, spec: specOf(record) })
        : await finishPlace(context, engine, store, scope, { ...wanted, name: task.volume, into: task.into }),
    )
  }
  lines.push(...(await putBack(engine, entry.ran)).troubles)
  await store.journal(scope).append({ ...entry, status: 'done', closedAt: context.host.now().toISOString() })
  return lines
}

async function finishVolume(
  context: Context,
  engine: Engine,
  store: Store,
  target: VolumeTarget & { readonly origin: { readonly point: RestorePoint } },
): Promise<string> {
  await fill(context, engine, store, target)
  return `${target.volume} was filled from ${target.origin.point.id}`
}

/** What cannot be finished any more is said, and where it is: it must not stand in the way of everything else. */
async function finishPlace(
  context: Context,
  engine: Engine,
  store: Store,
  scope: StoreScope,
  wanted: Target & {
    readonly name: string
    readonly into: RestorePlace
    readonly origin: { readonly point: RestorePoint }
  },
): Promise<string> {
  const { into, name, ...target } = wanted
  const { id } = wanted.origin.point
  try {
    if (into.kind === 'directory') await fill(context, engine, store, { ...target, directory: into.path })
    else await finishLayer(context, engine, store, scope, { ...target, into })
    return `${name} was filled from ${id}`
  } catch (error) {
    if (!(error instanceof Stop)) throw error
    return `${name} may be half filled: ${describe(error)}. It is in restore point ${id}`
  }
}

async function finishLayer(
  context: Context,
  engine: Engine,
  store: Store,
  scope: StoreScope,
  { into, ...target }: Target & { readonly into: Extract<RestorePlace, { kind: 'layer' }> },
): Promise<void> {
  const { containers } = await engine.observe()
  const container = containers.find(
    each =>
      each.project === scope.project &&
      each.service === into.service &&
      each.number === into.number &&
      !each.oneOff,
  )
  if (container === undefined)
    throw new Stop({
      reason: 'not-possible',
      what: 'its container is gone',
      how: 'safe-compose undo makes it again',
    })
  const ran = isUp(container)
  if (ran) await engine.stop(container.id)
  await fill(context, engine, store, { ...target, layer: { ...into, container: container.id } })
  if (ran) await engine.start(container.id)
}

/** A layer or a directory that goes into a volume after all: a plain one. */
export function specOf({ volume }: HoldingRecord): VolumeTarget['spec'] {
  return volume ?? { driver: 'local', options: {}, labels: {} }
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
    // What was encrypted when it was written was never read back in the clear.
    const prove = origin.point.manifest.encryption === undefined ? store.confirm : store.check
    await context.interruption.race(prove(origin.point, origin.record, onBytes))
    context.reporter.say({ type: 'restore', step: 'checked', holding, details: [origin.point.id] })
  }
}

function usersOf(facts: Facts, targets: readonly RestoreTarget[]): readonly ContainerFact[] {
  const volumes = new Set(targets.flatMap(target => ('volume' in target ? target.volume : [])))
  const layers = new Set(targets.flatMap(target => ('layer' in target ? target.layer.container : [])))
  return facts.containers.filter(
    container =>
      layers.has(container.id) ||
      container.mounts.some(mount => mount.name !== null && volumes.has(mount.name)),
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

/**
 * A layer is emptied as a whole. With a mount inside it that cannot be, and what lies beside the mount would stay. In a
 * container that never ran that is only what its image brings.
 */
async function refuseRemains({ engine, facts, targets }: RestoreRequest): Promise<void> {
  for (const target of targets) {
    if (!('layer' in target)) continue
    const { layer } = target
    const container = facts.containers.find(({ id }) => id === layer.container)
    const inside = container?.mounts.find(({ destination }) => isWithin(destination, layer.path))
    if (container === undefined || container.state === 'created' || inside === undefined) continue
    const contents = await engine.contents([layer], facts, 500)
    if (contents.get(layer)?.empty === true) continue
    const how =
      target.origin.kind === 'restore-point' ? `, then: safe-compose undo ${target.origin.point.id}` : ''
    throw new Stop({
      reason: 'not-possible',
      what: `${container.name} has a mount at ${inside.destination}, and what lies beside it in ${layer.path} cannot be replaced`,
      how: `save that if need be and remove the container: docker rm -f ${container.name}${how}`,
    })
  }
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

/** Everything that stands in the targets now, in one safety restore point; null when nothing does. */
async function saveWhatStands(context: Context, request: RestoreRequest): Promise<RestorePoint | null> {
  const { engine, facts } = request
  const holdings = await whatStands(context, request)
  if (holdings.length === 0) return null
  const contents = await engine.contents(holdings, facts, 500)
  const filled = holdings.filter(holding => contents.get(holding)?.empty !== true)
  if (filled.length === 0) return null
  const point = await takeRestorePoint(context, {
    engine,
    facts,
    invocation: null,
    reason: 'safety',
    tag: null,
    label: `before-${request.before ?? 'restore'}`,
    copies: filled.map(holding => ({ holding, usedBy: [], contents: contents.get(holding) ?? null })),
    quality: () => ({ consistency: 'cold', notes: [] }),
  })
  context.reporter.say({ type: 'restore', step: 'safety', holding: null, details: [point.id] })
  return point
}

async function whatStands(context: Context, { facts, targets }: RestoreRequest): Promise<readonly Holding[]> {
  const standing = await Promise.all(
    targets.map(async (target): Promise<readonly Holding[]> => {
      if ('layer' in target) return [target.layer]
      if ('directory' in target) {
        const { state, version } = await context.files.directory(target.directory)
        return state === 'missing' ? [] : [{ kind: 'directory', path: target.directory, version }]
      }
      const volume = facts.volumes.find(({ name }) => name === target.volume)
      return volume === undefined ? [] : [{ kind: 'volume', name: volume.name, createdAt: volume.createdAt }]
    }),
  )
  return standing.flat()
}

/** Whether a holding is what stood where a target goes. */
function stoodAt(target: RestoreTarget, holding: Holding): boolean {
  if ('layer' in target)
    return (
      holding.kind === 'layer' &&
      holding.container === target.layer.container &&
      holding.path === target.layer.path
    )
  if ('directory' in target) return holding.kind === 'directory' && holding.path === target.directory
  return holding.kind === 'volume' && holding.name === target.volume
}

/** What a target is called. */
export function nameOfTarget(target: RestoreTarget): string {
  if ('layer' in target) return nameOfHolding(target.layer)
  return 'directory' in target ? target.directory : target.volume
}

function taskOf(target: RestoreTarget, safety: RestorePoint | null): RestoreTask {
  return {
    restorePoint: target.origin.kind === 'restore-point' ? target.origin.point.id : '',
    holding: nameOfHolding(target.holding),
    volume: nameOfTarget(target),
    ...intoOf(target),
    safety: safety?.id ?? null,
    finished: false,
  }
}

function intoOf(target: RestoreTarget): Pick<RestoreTask, 'into'> {
  if ('directory' in target) return { into: { kind: 'directory', path: target.directory } }
  if (!('layer' in target)) return {}
  const { service, number, path } = target.layer
  return { into: { kind: 'layer', service, number, path } }
}

/** Fills one target; on failure puts back what stood in it and in those filled before it. */
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
    if (target.origin.kind === 'in-place')
      throw new Stop({
        reason: 'not-possible',
        what: `${nameOfHolding(target.holding)} could not be repaired: ${why}`,
        how: where,
      })
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
      const record = safety?.manifest.holdings.find(each => stoodAt(target, each.holding))
      if (safety !== null && record !== undefined) {
        const origin = { kind: 'restore-point', point: safety, record } as const
        await fill(context, engine, store, { ...target, holding: record.holding, origin })
      } else await empty(engine, request.facts, target)
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
    details: touched.map(nameOfTarget),
  })
  return 'what stood there before was put back; nothing was lost'
}

/** Nothing stood there: nothing is there again. */
async function empty(engine: Engine, facts: Facts, target: RestoreTarget): Promise<void> {
  if (!('volume' in target)) {
    const sink = await engine.openSink(sinkTargetOf(target))
    try {
      await sink.settle?.()
    } finally {
      await sink.close()
    }
  } else if (facts.volumes.some(({ name }) => name === target.volume)) {
    await engine.emptyVolume(target.volume)
  } else if ((await engine.volume(target.volume)) !== null) {
    await engine.removeVolume(target.volume)
  }
}

function sinkTargetOf(target: RestoreTarget): SinkTarget {
  if ('layer' in target) return { kind: 'layer', id: target.layer.container, path: target.layer.path }
  if ('directory' in target) return { kind: 'directory', path: target.directory }
  const wrapping = target.origin.kind === 'file' ? target.origin.wrapping : null
  return { kind: 'volume', name: target.volume, ...(wrapping === null ? {} : { wrapping }) }
}

async function fill(context: Context, engine: Engine, store: Store, target: RestoreTarget): Promise<void> {
  const { holding, origin } = target
  if (origin.kind === 'in-place') return origin.change()
  if ('directory' in target) refuseStoreInside(store, target.directory)
  if ('volume' in target) {
    const standing = await engine.volume(target.volume)
    if (standing === null) await engine.createVolume({ name: target.volume, ...target.spec })
    else await engine.emptyVolume(target.volume)
  }
  const started = context.host.now().getTime()
  const total = origin.kind === 'restore-point' ? origin.record.kept.tar.bytes : null
  const onBytes = (done: number): void => {
    const elapsed = context.host.now().getTime() - started
    const rate = elapsed > 200 ? (done / elapsed) * 1000 : null
    context.reporter.say({ type: 'progress', what: 'restoring', holding, done, total, rate })
  }
  const sink = await engine.openSink(sinkTargetOf(target))
  try {
    const counts = await context.interruption.race(
      origin.kind === 'restore-point'
        ? store.extract(origin.point, origin.record, sink, onBytes)
        : origin.fill(sink, onBytes),
    )
    if (origin.kind === 'restore-point') compareCounts(holding, origin.record.kept.tar, counts)
    await sink.settle?.()
  } finally {
    await sink.close()
  }
  const milliseconds = context.host.now().getTime() - started
  context.reporter.say({
    type: 'restore',
    step: 'restored',
    holding,
    details: [String(total ?? 0), String(milliseconds), nameOfTarget(target)],
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
