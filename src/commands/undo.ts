import { placeNow } from '../core/place-now.ts'
import { isUndoable } from '../core/undoable.ts'
import type { UndoableEntry } from '../core/undoable.ts'
import { Stop } from '../model/failure.ts'
import { nameOfHolding } from '../model/holding.ts'
import type { AnonymousHolding, LayerHolding } from '../model/holding.ts'
import type { Invocation } from '../model/invocation.ts'
import type { JournalEntry, RunState } from '../model/journal.ts'
import type { HoldingRecord, RestorePoint } from '../model/restore-point.ts'
import { clearRemains } from './clear-remains.ts'
import type { Context } from './context.ts'
import { confirmDatabases } from './hold-against.ts'
import { lockProject } from './lock-project.ts'
import { lookAtProject } from './observe.ts'
import type { Look } from './observe.ts'
import { restoreVolumes, specOf } from './restore-volumes.ts'
import type { RestoreTarget } from './restore-volumes.ts'
import { scopeOf } from './take-restore-point.ts'

export interface UndoOptions {
  /** A restore point's or a journal entry's id, or the beginning of one; null for the last command. */
  readonly id: string | null
}

/**
 * Takes back the last guarded command of this project on this engine that destroyed something: its volumes come back
 * with their labels and options, what lay in containers goes into those that stand there now, what was running runs
 * again, nothing is pulled or built. Data that came since is saved first. Where the project is not what it was, only
 * the data comes back and the command to start is named.
 */
export async function undo(context: Context, project: Invocation, options: UndoOptions): Promise<number> {
  const look = await lookAtProject(context, project, { hashes: true })
  const store = await context.openStore()
  const scope = scopeOf(look.facts)
  const entry = chooseEntry(
    await store.journal(scope).read(),
    options.id,
    'no command of this project that went through safe-compose',
  )
  const point = await store.find(scope, entry.restorePoint)
  await store.unlock(point)
  context.reporter.say({ type: 'undo', step: 'begin', details: [commandOf(entry), point.id, entry.openedAt] })

  const lock = await lockProject(context, look.engine, look.facts.project.name)
  try {
    await clearRemains(context, look.engine, store, scope)
    const lost = lostRecords(entry, point)
    const request = {
      engine: look.engine,
      store,
      argv: ['undo', point.id],
      globals: project.globalWords,
      startAgain: true,
    }
    const loose = looseParts(look.facts, lost)
    const whole = [
      ...lost.flatMap(record => wholeTarget(point, record)),
      ...loose.map(part => looseTarget(point, part)),
    ]
    if (whole.length > 0) await restoreVolumes(context, { ...request, facts: look.facts, targets: whole })
    const parts = lost.flatMap(partOf).filter(({ holding }) => holding.service !== null)
    const starter = await howToStart(look, entry, parts)
    const missed = await restoreIntoContainers(context, request, project, { entry, point, parts, starter })
    if (missed.length === 0) await markUndone(context, look, entry)
    const code = await startWhatRan(context, look, entry, starter, missed)
    sayWhere(context, loose)
    const isBack = await confirmDatabases(context, project, {
      point,
      restored: lost.map(({ holding }) => nameOfHolding(holding)),
      started: starter.possible && code === 0 ? starter.services : [],
    })
    return isBack ? code : 1
  } finally {
    await lock.release()
  }
}

/**
 * The one that is named, else the last that can be taken back. Throws `nothing-to-undo`, `restore-point-not-found`.
 *
 * @param whose the commands that there are none of, for people
 */
export function chooseEntry(
  entries: readonly JournalEntry[],
  id: string | null,
  whose: string,
): UndoableEntry {
  const undoable = entries.filter(isUndoable)
  if (id === null) {
    const last = undoable.at(-1)
    if (last !== undefined) return last
    throw new Stop({ reason: 'nothing-to-undo', why: whyNothing(entries, whose) })
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

function whyNothing(entries: readonly JournalEntry[], whose: string): string {
  const done = entries.findLast(entry => entry.undoneBy !== null)
  if (done !== undefined) return `${commandOf(done)} was already undone, and nothing was destroyed since`
  return `${whose} has destroyed anything`
}

export function commandOf(entry: JournalEntry): string {
  const [first, ...rest] = entry.argv
  return (first === 'compose' ? rest : entry.argv).join(' ')
}

function lostRecords(entry: JournalEntry, point: RestorePoint): readonly HoldingRecord[] {
  const gone = new Set(entry.outcome.filter(each => each.gone).map(each => nameOfHolding(each.holding)))
  return point.manifest.holdings.filter(record => gone.has(nameOfHolding(record.holding)))
}

/** What comes back under its own name: a volume, a directory. */
function wholeTarget(point: RestorePoint, record: HoldingRecord): readonly RestoreTarget[] {
  const { holding } = record
  const origin = { kind: 'restore-point', point, record } as const
  if (holding.kind === 'volume') return [{ volume: holding.name, spec: specOf(record), holding, origin }]
  if (holding.kind === 'directory') return [{ directory: holding.path, holding, origin }]
  return []
}

/** What comes back into a container of its service. */
interface Part {
  readonly holding: AnonymousHolding | LayerHolding
  readonly record: HoldingRecord
}

function partOf(record: HoldingRecord): readonly Part[] {
  const { holding } = record
  return holding.kind === 'anonymous' || holding.kind === 'layer' ? [{ holding, record }] : []
}

/** What lay in a container of no service: how that was made nobody remembers, so its data comes back as a volume. */
interface LoosePart extends Part {
  readonly volume: string
}

/** Named by the container and the folder: `pg-data`. A name that is taken gets a number. */
function looseParts(facts: Look['facts'], lost: readonly HoldingRecord[]): readonly LoosePart[] {
  const taken = new Set(facts.volumes.map(({ name }) => name))
  return lost
    .flatMap(partOf)
    .filter(({ holding }) => holding.service === null)
    .map(part => {
      const { owner, container, path } = part.holding
      const folder = path.slice(path.lastIndexOf('/') + 1)
      const plain = [owner ?? container.slice(0, 12), folder].filter(text => text !== '').join('-')
      let volume = plain
      for (let number = 2; taken.has(volume); number++) volume = `${plain}-${number}`
      taken.add(volume)
      return { ...part, volume }
    })
}

function looseTarget(point: RestorePoint, { holding, record, volume }: LoosePart): RestoreTarget {
  const spec = { driver: 'local', options: {}, labels: {} }
  return { volume, spec, holding, origin: { kind: 'restore-point', point, record } }
}

function sayWhere(context: Context, loose: readonly LoosePart[]): void {
  if (loose.length === 0) return
  const gone = [...new Set(loose.map(({ holding }) => holding.owner ?? holding.container))].join(', ')
  context.reporter.say({
    type: 'undo',
    step: 'in-volumes',
    details: [
      `${gone} was made by hand and is gone; what it kept is in ${loose.length === 1 ? 'a volume' : 'volumes'} now`,
      ...loose.map(({ volume, holding }) => `docker run -v ${volume}:${holding.path} …`),
    ],
  })
}

/** How what ran can be started again, or why it cannot. */
type Starter =
  | { readonly possible: true; readonly globals: readonly string[]; readonly services: readonly string[] }
  | { readonly possible: false; readonly why: string; readonly services: readonly string[] }

/** Containers come back only as they were: the same hash of their configuration, the same images, nothing pulled or built. */
async function howToStart(look: Look, entry: JournalEntry, parts: readonly Part[]): Promise<Starter> {
  const needed = new Set(parts.map(({ holding }) => holding.service))
  const ran = entry.ran.filter(
    state => state.service !== null && (state.state !== 'stopped' || needed.has(state.service)),
  )
  const running = ran.filter(state => state.state !== 'stopped')
  const services = [...new Set(running.flatMap(state => state.service ?? []))]
  if (ran.length === 0) return { possible: true, globals: [], services }
  const { facts } = look
  if (facts.model === null)
    return { possible: false, services, why: facts.modelError ?? 'its Compose file cannot be read' }
  const declared = new Set(facts.model.services.map(service => service.name))
  const missing = [...new Set(ran.flatMap(state => state.service ?? []))].filter(
    service => !declared.has(service),
  )
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
 * What lay in anonymous volumes and in containers themselves has no name that comes back: it goes into the container
 * that its service has now, or into one that is created first and not started. Says what could not be restored and why.
 */
async function restoreIntoContainers(
  context: Context,
  request: Omit<Parameters<typeof restoreVolumes>[1], 'facts' | 'targets'>,
  project: Invocation,
  undone: {
    readonly entry: JournalEntry
    readonly point: RestorePoint
    readonly parts: readonly Part[]
    readonly starter: Starter
  },
): Promise<readonly string[]> {
  const { entry, point, parts, starter } = undone
  if (parts.length === 0) return []
  const before = await lookAtProject(context, project)
  const homeless = parts.filter(({ holding }) => placeNow(before.facts, holding).kind === 'no-container')
  if (homeless.length > 0 && starter.possible) {
    const trouble = await createContainers(context, starter, homeless, entry)
    if (trouble !== null)
      throw new Stop({
        reason: 'not-possible',
        what: `the containers could not be created: ${trouble}`,
        how: `the data is in restore point ${point.id}`,
      })
  }
  const { facts } = homeless.length === 0 ? before : await lookAtProject(context, project)
  const places = parts.map(part => ({ ...part, place: placeNow(facts, part.holding) }))
  const targets = places.flatMap(({ holding, record, place }): readonly RestoreTarget[] => {
    const origin = { kind: 'restore-point', point, record } as const
    if (place.kind === 'layer') return [{ layer: place.layer, holding, origin }]
    if (place.kind === 'volume') return [{ volume: place.volume.name, spec: place.volume, holding, origin }]
    return []
  })
  if (targets.length > 0) await restoreVolumes(context, { ...request, facts, targets })
  return places.flatMap(({ holding, place }) =>
    place.kind === 'no-place'
      ? [place.why]
      : place.kind === 'no-container'
        ? [`${nameOfHolding(holding)}: ${starter.possible ? 'its container was not created' : starter.why}`]
        : [],
  )
}

async function createContainers(
  context: Context,
  starter: Starter & { possible: true },
  parts: readonly Part[],
  entry: JournalEntry,
): Promise<string | null> {
  const services = [...new Set(parts.flatMap(({ holding }) => holding.service ?? []))]
  const quietly = context.compose.fact.form === 'v1' ? [] : ['--pull', 'never']
  const command = [
    'up',
    '--no-start',
    '--no-build',
    ...quietly,
    '--no-deps',
    '--no-recreate',
    ...scales(entry.ran, services, parts),
    ...services,
  ]
  const answer = await context.compose.call(starter.globals, command, { directory: entry.directory })
  return answer.code === 0 ? null : lastLine(answer.stderr)
}

/** As many as ran, and at least those that have something coming. */
function scales(
  ran: readonly RunState[],
  services: readonly string[],
  parts: readonly Part[] = [],
): readonly string[] {
  return services.flatMap(service => {
    const running = ran.filter(state => state.service === service && state.state !== 'stopped').length
    const numbers = parts.flatMap(({ holding }) =>
      holding.service === service ? (holding.number ?? []) : [],
    )
    const count = Math.max(running, ...numbers)
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
  const services = await stillDown(look, entry, starter.services)
  const notStarted = (why: string): void => {
    const ours = ['safe-compose', ...look.globals].join(' ')
    const commands = [
      `${ours} up -d ${services.join(' ')}`.trim(),
      ...(missed.length > 0 ? [`${ours} undo ${entry.restorePoint}`] : []),
    ]
    context.reporter.say({ type: 'undo', step: 'not-started', details: [why, ...commands] })
  }
  if (missed.length > 0) {
    notStarted(missed.join('; '))
    return 1
  }
  if (services.length > 0) {
    if (!starter.possible) {
      notStarted(starter.why)
      return 0
    }
    context.reporter.say({ type: 'undo', step: 'starting', details: services })
    const trouble = await upAgain(context, starter, entry)
    if (trouble !== null) {
      notStarted(trouble)
      return 1
    }
  }
  if (starter.possible) await pauseAgain(look, entry)
  context.reporter.say({ type: 'undo', step: 'done', details: services })
  return 0
}

/** Of what ran, what does not run again by now: a container that was replaced goes on by itself. */
async function stillDown(
  look: Look,
  entry: JournalEntry,
  services: readonly string[],
): Promise<readonly string[]> {
  const { containers } = await look.engine.observe()
  const runs = (state: RunState): boolean =>
    containers.some(
      each =>
        each.project === state.project &&
        each.service === state.service &&
        each.number === state.number &&
        each.state === 'running',
    )
  return services.filter(service =>
    entry.ran.some(state => state.service === service && state.state !== 'stopped' && !runs(state)),
  )
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
