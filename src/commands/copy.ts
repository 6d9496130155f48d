import { shellLine } from '../core/command-line.ts'
import { formatBytes, listed } from '../core/format.ts'
import { maskedStore, resticRepository } from '../core/store-location.ts'
import { Stop } from '../model/failure.ts'
import type { Invocation } from '../model/invocation.ts'
import type { CopyPlace, Store } from '../model/ports.ts'
import type { RestorePoint } from '../model/restore-point.ts'
import type { Context } from './context.ts'
import { findProjectName } from './observe.ts'
import { reportOutcome } from './report-outcome.ts'
import { whileReading } from './while-reading.ts'

export interface CopyOptions {
  readonly ids: readonly string[]
  /** Every good restore point of the project, or of every one outside of a project. */
  readonly all: boolean
  /** A folder as typed or absolute, or `restic:REPOSITORY`. */
  readonly to: string
}

/**
 * `copy ID… --to PLACE`: copies restore points to another folder or repository, each file checked on the way and read back.
 * What is there already is checked and left. 1 where one could not be copied; the others are.
 */
export async function copy(context: Context, project: Invocation, options: CopyOptions): Promise<number> {
  const store = await context.openStore()
  const place = await context.openCopyPlace(options.to)
  const points = await choose(context, store, project, options)
  let failed = 0
  for (const point of points) {
    try {
      context.print(`${await copyOne(context, store, place, point)}\n`)
    } catch (error) {
      // What concerns one of several does not keep the others.
      if (!(error instanceof Stop) || points.length === 1 || !isOfThisOne(error)) throw error
      failed += 1
      context.reporter.say({ type: 'failed', failure: error.failure, kind: 'own', command: ['copy'] })
    }
  }
  return failed === 0 ? 0 : 1
}

function isOfThisOne({ failure }: Stop): boolean {
  return ['archive-damaged', 'not-possible', 'locked', 'restore-point-not-found'].includes(failure.reason)
}

async function choose(
  context: Context,
  store: Store,
  project: Invocation,
  { ids, all }: CopyOptions,
): Promise<readonly RestorePoint[]> {
  if (!all) return Promise.all(ids.map(id => store.find({ engine: null, project: null }, id)))
  const points = await store.list({ engine: null, project: await findProjectName(context, project) })
  // The oldest first: what is there when it breaks off is what was there at that time.
  const good = points.filter(({ state }) => state === 'good').toReversed()
  const left = points.filter(({ state }) => state === 'damaged')
  if (left.length > 0)
    warn(context, `damaged, and not copied: ${listed(left.map(({ id }) => id))} (safe-compose backups)`)
  // An empty folder must not be taken for a copy.
  if (good.length === 0) warn(context, `there is no good restore point in ${store.name} to copy`)
  return good
}

function warn(context: Context, text: string): void {
  context.reporter.say({ type: 'warning', text })
}

/** Copies one, and says in words what came of it. */
async function copyOne(
  context: Context,
  store: Store,
  place: CopyPlace,
  point: RestorePoint,
): Promise<string> {
  const came = await whileReading(store, [point], () =>
    context.interruption.race(place.take(point, tellProgress(context, point))),
  )
  return came === 'there'
    ? `${point.id} is in ${place.root} already, and whole`
    : `${point.id} copied to ${place.root} (${formatBytes(point.bytes)}, read back)`
}

function tellProgress(context: Context, point: RestorePoint): (done: number) => void {
  const [first] = point.manifest.holdings
  return done => {
    if (first === undefined) return
    context.reporter.say({
      type: 'progress',
      what: 'copying',
      holding: first.holding,
      done,
      total: point.bytes,
      rate: null,
    })
  }
}

/**
 * Copies what was just saved to every place that the configuration names. One that cannot be had is said, with the
 * command that makes up for it, and told to whoever is on duty where nobody looks on: it never fails what the restore
 * point was taken for.
 */
export async function copyToPlaces(context: Context, point: RestorePoint): Promise<void> {
  const { copies } = context.policy
  if (copies.length === 0) return
  await warnInTheClear(context, point)
  const store = await context.openStore()
  const failures: string[] = []
  for (const root of copies) {
    try {
      const text = await copyOne(context, store, await context.openCopyPlace(root), point)
      context.reporter.say({ type: 'copied-to', text })
    } catch (error) {
      if (error instanceof Stop && error.failure.reason === 'interrupted') throw error
      const why = error instanceof Stop ? context.inWords(error.failure).what : String(error)
      const text = `${point.id} was not copied to ${maskedStore(root)}: ${why}`
      const again = shellLine(['safe-compose', 'copy', point.id, '--to', maskedStore(root)])
      failures.push(text, `when that is mended: ${again}`)
      warn(context, failures.slice(-2).join('; '))
    }
  }
  if (context.audience.kind === 'script') await report(context, point, failures)
}

async function report(
  context: Context,
  { id, manifest }: RestorePoint,
  failures: readonly string[],
): Promise<void> {
  const of = `copy of ${manifest.project.name}`
  const ok = failures.length === 0
  await reportOutcome(context, {
    job: 'copy',
    project: manifest.project.name,
    ok,
    summary: ok
      ? `${of}: ${id} is in ${context.policy.copies.map(maskedStore).join(', ')}`
      : `${of} failed: ${failures[0] ?? ''}`,
    details: failures.slice(1),
    restorePoint: id,
  })
}

/** Nobody can tell from a path whether it leads to another machine. */
async function warnInTheClear(context: Context, { manifest }: RestorePoint): Promise<void> {
  if (manifest.encryption !== undefined) return
  // restic encrypts whatever it keeps.
  const clear = context.policy.copies.filter(place => resticRepository(place) === null)
  if (clear.length === 0) return
  const text = `copies are not encrypted: whoever can read ${clear.join(' or ')} has the data (safe-compose keys generate)`
  const directory = manifest.project.directory ?? context.directory
  if (await context.projects.firstTime(directory, text)) warn(context, text)
}

/** Where copies of a restore point are, by its id: the places of the configuration that have it. */
export async function findCopies(
  context: Context,
  points: readonly RestorePoint[],
): Promise<(point: RestorePoint) => readonly string[]> {
  const known = new Map<string, readonly string[]>()
  const keyOf = ({ id, manifest }: RestorePoint): string =>
    JSON.stringify([manifest.engine.id, manifest.project.name, id])
  for (const root of context.policy.copies) {
    try {
      const place = await context.openCopyPlace(root)
      const idsOf = remembered(place)
      for (const point of points) {
        const { engine, project } = point.manifest
        const ids = await idsOf({ engine: engine.id, project: project.name })
        if (ids.has(point.id)) known.set(keyOf(point), [...(known.get(keyOf(point)) ?? []), root])
      }
    } catch (error) {
      if (!(error instanceof Stop)) throw error
      const { what } = context.inWords(error.failure)
      warn(context, `which copies there are cannot be told: ${what}`)
    }
  }
  return point => known.get(keyOf(point)) ?? []
}

/** Each project's folder is looked into once. */
function remembered(place: CopyPlace): CopyPlace['ids'] {
  const known = new Map<string, ReturnType<CopyPlace['ids']>>()
  return scope => {
    const key = JSON.stringify(scope)
    const asked = known.get(key) ?? place.ids(scope)
    known.set(key, asked)
    return asked
  }
}
