import { Stop } from '../model/failure.ts'
import { nameOfHolding } from '../model/holding.ts'
import type { ContainerFact } from '../model/facts.ts'
import type { Invocation } from '../model/invocation.ts'
import type { JournalEntry, RunState } from '../model/journal.ts'
import type { HoldingRecord, RestorePoint } from '../model/restore-point.ts'
import { clearRemains } from './clear-remains.ts'
import type { Context } from './context.ts'
import { lookAtProject } from './observe.ts'
import type { Look } from './observe.ts'
import { restoreVolumes } from './restore-volumes.ts'
import type { RestoreTarget } from './restore-volumes.ts'
import { scopeOf } from './take-restore-point.ts'

export interface UndoOptions {
  /** A restore point's or a journal entry's id, or the beginning of one; null for the last command. */
  readonly id: string | null
}

/**
 * Takes back the last guarded command of this project on this engine that destroyed something: its volumes come back
 * with their labels and options, what was running runs again, nothing is pulled or built. Data that came since is
 * saved first. Where the project is not what it was, only the volumes come back and the command to start is named.
 */
export async function undo(context: Context, project: Invocation, options: UndoOptions): Promise<number> {
  const look = await lookAtProject(context, project)
  const store = await context.openStore()
  const scope = scopeOf(look.facts)
  const entry = chooseEntry(await store.journal(scope).read(), options.id)
  const point = await store.find(scope, entry.restorePoint)
  context.reporter.say({ type: 'undo', step: 'begin', details: [commandOf(entry), point.id, entry.openedAt] })

  const lock = await look.engine.lock(look.facts.project.name, await context.host.owner())
  try {
    await clearRemains(context, look.engine, store, scope)
    const starter = await howToStart(look, entry)
    const lost = lostRecords(entry, point)
    const named = lost.filter(record => record.holding.kind === 'volume')
    const anonymous = lost.filter(record => record.holding.kind === 'anonymous')

    const request = {
      engine: look.engine,
      store,
      argv: ['undo', point.id],
      globals: project.globalWords,
      startAgain: true,
    }
    if (named.length > 0) {
      await restoreVolumes(context, {
        ...request,
        facts: look.facts,
        targets: named.map(record => namedTarget(point, record)),
      })
    }
    const missed = await restoreAnonymous(context, request, project, entry, point, anonymous, starter)
    await markUndone(context, look, entry)
    return await startWhatRan(context, look, entry, starter, missed)
  } finally {
    await lock.release()
  }
}

type UndoableEntry = JournalEntry & { readonly restorePoint: string }

/** Whether `undo` could take it back: something is gone, it is saved, and nobody took it back yet. */
function isUndoable(entry: JournalEntry): entry is UndoableEntry {
  return (
    entry.kind === 'command' &&
    entry.closedAt !== null &&
    entry.restorePoint !== null &&
    entry.undoneBy === null &&
    entry.outcome.some(each => each.gone)
  )
}

function chooseEntry(entries: readonly JournalEntry[], id: string | null): UndoableEntry {
  const undoable = entries.filter(isUndoable)
  if (id === null) {
    const last = undoable.at(-1)
    if (last !== undefined) return last
    throw new Stop({ reason: 'nothing-to-undo', why: whyNothing(entries) })
  }
  const named = entries.filter(entry => (entry.restorePoint ?? '').startsWith(id) || entry.id.startsWith(id))
  const chosen = named.findLast(isUndoable)
  if (chosen !== undefined) return chosen
  const [first] = named
  if (first === undefined)
    throw new Stop({
      reason: 'restore-point-not-found',
      id,
      candidates: undoable.map(entry => entry.restorePoint),
    })
  throw new Stop({
    reason: 'nothing-to-undo',
    why:
      first.undoneBy === null
        ? `${commandOf(first)} destroyed nothing`
        : `${commandOf(first)} was already undone`,
  })
}

function whyNothing(entries: readonly JournalEntry[]): string {
  const done = entries.findLast(entry => entry.undoneBy !== null)
  if (done !== undefined) return `${commandOf(done)} was already undone, and nothing was destroyed since`
  return 'no command of this project that went through safe-compose has destroyed anything'
}

export function commandOf(entry: JournalEntry): string {
  const [first, ...rest] = entry.argv
  return (first === 'compose' ? rest : entry.argv).join(' ')
}

function lostRecords(entry: JournalEntry, point: RestorePoint): readonly HoldingRecord[] {
  const gone = new Set(entry.outcome.filter(each => each.gone).map(each => nameOfHolding(each.holding)))
  return point.manifest.holdings.filter(record => gone.has(nameOfHolding(record.holding)))
}

function namedTarget(point: RestorePoint, record: HoldingRecord): RestoreTarget {
  const { holding, volume } = record
  if (holding.kind !== 'volume' || volume === null) throw new Error('Internal error: not a volume')
  return { volume: holding.name, spec: volume, holding, origin: { kind: 'restore-point', point, record } }
}

/** How what ran can be started again, or why it cannot. */
type Starter =
  | { readonly possible: true; readonly globals: readonly string[]; readonly services: readonly string[] }
  | { readonly possible: false; readonly why: string; readonly services: readonly string[] }

/** Containers come back only as they were: the same hash of their configuration, the same images, nothing pulled or built. */
async function howToStart(look: Look, entry: JournalEntry): Promise<Starter> {
  const ran = entry.ran.filter(state => state.state !== 'stopped' && state.service !== null)
  const services = [...new Set(ran.flatMap(state => state.service ?? []))]
  if (services.length === 0) return { possible: true, globals: [], services }
  const { facts } = look
  if (facts.model === null)
    return { possible: false, services, why: facts.modelError ?? 'its Compose file cannot be read' }
  const declared = new Set(facts.model.services.map(service => service.name))
  const missing = services.filter(service => !declared.has(service))
  if (missing.length > 0)
    return { possible: false, services, why: `the file no longer has ${missing.join(', ')}` }
  const images = await look.engine.images([...new Set(ran.flatMap(state => [state.image, state.imageId]))])
  for (const state of ran) {
    const hash = look.facts.hashes[state.service ?? '']
    if (hash !== undefined && state.configHash !== null && hash !== state.configHash)
      return { possible: false, services, why: `the configuration of ${state.service} has changed since` }
    const byTag = images.find(image => image.references.includes(state.image))
    if (byTag === undefined || byTag.id !== state.imageId)
      return { possible: false, services, why: `the image ${state.image} is not the one that ran` }
  }
  return { possible: true, globals: look.globals, services }
}

/**
 * Anonymous volumes have no name that comes back: their containers are created first, not started, and what they
 * mount at the recorded path is filled. Names what could not be restored.
 */
async function restoreAnonymous(
  context: Context,
  request: Omit<Parameters<typeof restoreVolumes>[1], 'facts' | 'targets'>,
  project: Invocation,
  entry: JournalEntry,
  point: RestorePoint,
  records: readonly HoldingRecord[],
  starter: Starter,
): Promise<readonly string[]> {
  if (records.length === 0) return []
  if (!starter.possible) return records.map(record => nameOfHolding(record.holding))
  const services = [
    ...new Set(
      records.flatMap(({ holding }) => (holding.kind === 'anonymous' ? (holding.service ?? []) : [])),
    ),
  ]
  const created = await createContainers(context, starter, services, entry)
  if (created !== null)
    throw new Stop({
      reason: 'not-possible',
      what: `the containers could not be created: ${created}`,
      how: `the data is in restore point ${point.id}`,
    })
  const look = await lookAtProject(context, project)
  const missed: string[] = []
  const targets: RestoreTarget[] = []
  for (const record of records) {
    const volume = mountedNow(look.facts.containers, look.facts.project.name, record)
    const fact = look.facts.volumes.find(each => each.name === volume)
    if (fact === undefined) missed.push(nameOfHolding(record.holding))
    else
      targets.push({
        volume: fact.name,
        spec: { driver: fact.driver, options: fact.options, labels: fact.labels },
        holding: record.holding,
        origin: { kind: 'restore-point', point, record },
      })
  }
  if (targets.length > 0) await restoreVolumes(context, { ...request, facts: look.facts, targets })
  return missed
}

function mountedNow(
  containers: readonly ContainerFact[],
  project: string,
  { holding }: HoldingRecord,
): string | null {
  if (holding.kind !== 'anonymous') return null
  const container = containers.find(
    each =>
      each.project === project &&
      each.service === holding.service &&
      each.number === holding.number &&
      !each.oneOff,
  )
  return container?.mounts.find(mount => mount.destination === holding.path)?.name ?? null
}

async function createContainers(
  context: Context,
  starter: Starter & { possible: true },
  services: readonly string[],
  entry: JournalEntry,
): Promise<string | null> {
  const command =
    context.compose.fact.form === 'v1'
      ? ['up', '--no-start', '--no-build', '--no-deps', ...scales(entry.ran, services), ...services]
      : [
          'up',
          '--no-start',
          '--no-build',
          '--pull',
          'never',
          '--no-deps',
          '--no-recreate',
          ...scales(entry.ran, services),
          ...services,
        ]
  const answer = await context.compose.call(starter.globals, command, { directory: entry.directory })
  return answer.code === 0 ? null : lastLine(answer.stderr)
}

function scales(ran: readonly RunState[], services: readonly string[]): readonly string[] {
  return services.flatMap(service => {
    const count = ran.filter(state => state.service === service && state.state !== 'stopped').length
    return count > 1 ? ['--scale', `${service}=${count}`] : []
  })
}

async function markUndone(context: Context, look: Look, entry: JournalEntry): Promise<void> {
  const store = await context.openStore()
  await store.journal(scopeOf(look.facts)).append({ ...entry, undoneBy: context.host.now().toISOString() })
}

async function startWhatRan(
  context: Context,
  look: Look,
  entry: JournalEntry,
  starter: Starter,
  missed: readonly string[],
): Promise<number> {
  const { services } = starter
  if (!starter.possible || missed.length > 0) {
    const why = starter.possible ? `${missed.join(', ')} could not be restored` : starter.why
    const command = ['safe-compose', ...look.globals, 'up', '-d', ...services].join(' ')
    context.reporter.say({ type: 'undo', step: 'not-started', details: [why, command] })
    return missed.length > 0 ? 1 : 0
  }
  if (services.length > 0) {
    context.reporter.say({ type: 'undo', step: 'starting', details: services })
    const trouble = await upAgain(context, starter, entry)
    if (trouble !== null) {
      const command = ['safe-compose', ...look.globals, 'up', '-d', ...services].join(' ')
      context.reporter.say({ type: 'undo', step: 'not-started', details: [trouble, command] })
      return 1
    }
    await pauseAgain(look, entry)
  }
  context.reporter.say({ type: 'undo', step: 'done', details: services })
  return 0
}

async function upAgain(
  context: Context,
  starter: Starter & { possible: true },
  entry: JournalEntry,
): Promise<string | null> {
  const { services } = starter
  const quietly = context.compose.fact.form === 'v1' ? ['--no-build'] : ['--no-build', '--pull', 'never']
  const command = [
    'up',
    '-d',
    '--no-deps',
    '--no-recreate',
    ...quietly,
    ...scales(entry.ran, services),
    ...services,
  ]
  const answer = await context.compose.call(starter.globals, command, { directory: entry.directory })
  return answer.code === 0 ? null : lastLine(answer.stderr)
}

async function pauseAgain(look: Look, entry: JournalEntry): Promise<void> {
  const paused = entry.ran.filter(state => state.state === 'paused')
  if (paused.length === 0) return
  const { containers } = await look.engine.observe()
  for (const state of paused) {
    const now = containers.find(
      each =>
        each.project === state.project && each.service === state.service && each.number === state.number,
    )
    if (now?.state === 'running') await look.engine.pause(now.id)
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? 'Compose said nothing'
}
