import { volumeHolding } from '../core/holdings.ts'
import { projectData } from '../core/project-data.ts'
import type { ProjectData } from '../core/project-data.ts'
import { Stop } from '../model/failure.ts'
import { nameOfHolding } from '../model/holding.ts'
import type { Holding } from '../model/holding.ts'
import type { ContainerFact, Facts } from '../model/facts.ts'
import type { Invocation } from '../model/invocation.ts'
import type { OnlineCopy, OnlinePlace, SqlitePlace } from '../model/ports.ts'
import type { RunState } from '../model/journal.ts'
import type { Consistency, RestorePoint } from '../model/restore-point.ts'
import { clearRemains } from './clear-remains.ts'
import type { Context } from './context.ts'
import { copyToPlaces } from './copy.ts'
import type { Copy } from './copy-holdings.ts'
import { runningServers } from './database-servers.ts'
import type { RunningServer } from './database-servers.ts'
import { lookBeforeCopying } from './observe.ts'
import type { Look } from './observe.ts'
import { quietWriters, runStates } from './quiet-writers.ts'
import { askThoroughly } from './dump-databases.ts'
import { limitStandstill } from './limit-time.ts'
import { lockProject } from './lock-project.ts'
import { scopeOf, takeRestorePoint } from './take-restore-point.ts'
import { writesTo } from './writers.ts'

export interface BackupOptions {
  readonly tag: string | null
  /** Services, volumes (by name or key), paths of bind mounts, `SERVICE:PATH`; empty for all data of the project. */
  readonly names: readonly string[]
  /**
   * - `online`: a server that can copies its files itself while it goes on; other writers are frozen
   * - `pause`: all writers are frozen for the copy
   * - `stop`: they are stopped, for a cold copy, and started again
   */
  readonly stillness: 'online' | 'pause' | 'stop'
  /** Whether a pause may last no longer than the policy says; `--pause` waives it. */
  readonly limit: boolean
  /** Whether databases are written down by their own clients as well. */
  readonly dumps: boolean
  /** Why it is taken; absent: by hand. */
  readonly reason?: 'schedule'
}

/**
 * Takes a restore point of the project's data, on request, with dumps of the databases that run. Empty volumes are left
 * out, and said to be. 1 where a database could not be dumped: what could be had is kept.
 */
export async function backup(context: Context, project: Invocation, options: BackupOptions): Promise<number> {
  const look = await lookBeforeCopying(context, project)
  const store = await context.openStore()
  await store.prepare()
  const chosen = await chooseCopies(context, look, options)
  const lock = await lockProject(context, look.engine, look.facts.project.name)
  let point: RestorePoint
  try {
    const clearing = clearRemains(context, look.engine, store, scopeOf(look.facts))
    clearing.catch(() => {}) // Looked at below, when the guardian is armed.
    try {
      point = await copyQuietly(context, look, project, options, chosen, clearing)
    } finally {
      // The lock is not released while it is still at work.
      await clearing.catch(() => {})
    }
  } finally {
    await lock.release()
  }
  // Everything runs again, and nobody waits for the lock.
  await copyToPlaces(context, point)
  return !options.dumps || isComplete(point) ? 0 : 1
}

async function copyQuietly(
  context: Context,
  look: Look,
  project: Invocation,
  options: BackupOptions,
  { copies, all }: Chosen,
  /** To be waited for before anything is stopped. */
  clearing: Promise<unknown>,
): Promise<RestorePoint> {
  const { engine, facts } = look
  const pausing = options.stillness !== 'stop'
  const writersOf = (some: readonly Copy[]): readonly ContainerFact[] =>
    facts.containers.filter(
      container => isUp(container) && some.some(copy => writesTo(container, copy.holding)),
    )
  const statesOf = (writers: readonly ContainerFact[]): readonly RunState[] =>
    runStates(writers, container =>
      pausing
        ? container.state === 'running'
          ? 'paused'
          : 'nothing'
        : stops(container, facts)
          ? 'stopped'
          : 'paused',
    )
  const expected = writersOf(copies.filter(({ online }) => online === undefined))
  const guardian = await context.guardian.arm(facts.engine.host, statesOf(expected))
  try {
    await clearing
    let writers = expected
    let killed: ReadonlySet<string> = new Set()
    return await takeRestorePoint(context, {
      engine,
      facts,
      invocation: project,
      reason: options.reason ?? 'manual',
      tag: options.tag,
      only: options.names,
      label: options.tag,
      copies,
      databases: askThoroughly(all, options.dumps ? 'all' : 'none'),
      standstill: async still => {
        writers = writersOf(still)
        const ran = statesOf(writers)
        // Those of a server that could not copy its files after all.
        const more = ran.filter(({ id }) => !expected.some(container => container.id === id))
        const second = await context.guardian.arm(facts.engine.host, more)
        try {
          const quiet = await quietWriters(context, engine, ran, async services => {
            const answer = await context.compose.call(project.globalWords, ['stop', ...services])
            return answer.code === 0
          })
          killed = quiet.killed
          const isFrozen = ran.some(({ done }) => done === 'paused')
          const limit =
            options.limit && pausing && isFrozen ? limitStandstill(context, context.policy.maxStop) : null
          return {
            context: limit?.context ?? context,
            end: async () => {
              limit?.end()
              await quiet.resume()
              await second.disarm()
            },
          }
        } catch (error) {
          await second.disarm()
          throw error
        }
      },
      quality: holding => ({
        consistency: consistencyOf(writers, holding, options, killed),
        notes: [],
      }),
    })
  } finally {
    await guardian.disarm()
  }
}

function isComplete({ manifest }: RestorePoint): boolean {
  return (manifest.databases ?? []).every(({ notes }) => notes.length === 0)
}

/** Containers of other projects are never stopped, only paused. */
function stops(container: ContainerFact, facts: Facts): boolean {
  return container.project === facts.project.name
}

function consistencyOf(
  writers: readonly ContainerFact[],
  holding: Holding,
  options: BackupOptions,
  killed: ReadonlySet<string>,
): Consistency {
  const own = writers.filter(container => writesTo(container, holding))
  if (own.some(container => killed.has(container.id))) return 'crash-consistent'
  return own.length === 0 || options.stillness === 'stop' ? 'cold' : 'paused'
}

/** What is to be copied, and all that was chosen, empty or not: a server may have data that it has not written yet. */
interface Chosen {
  readonly copies: readonly Copy[]
  readonly all: readonly Copy[]
}

async function chooseCopies(
  context: Context,
  look: Look,
  { names, stillness }: BackupOptions,
): Promise<Chosen> {
  const { engine, facts } = look
  const all = projectData(facts)
  const chosen = names.length === 0 ? all : names.flatMap(name => named(facts, all, name))
  if (chosen.length === 0)
    throw new Stop({
      reason: 'not-possible',
      what: `project ${facts.project.name} has no data on this engine`,
      how: 'start it first, or name the project: safe-compose -p NAME backup',
    })
  const contents = await engine.contents(
    chosen.map(each => each.holding),
    facts,
    500,
  )
  const copies = chosen.map(each => ({ ...each, contents: contents.get(each.holding) ?? null }))
  // One that has written nothing yet writes when it is dumped.
  const served = new Set(runningServers(context, engine, facts, copies).map(({ holding }) => holding))
  const kept = copies.filter(copy => served.has(copy.holding) || keeps(context, copy, names.length > 0))
  return { copies: stillness === 'online' ? await withOnline(context, look, kept) : kept, all: copies }
}

/**
 * What can be copied while it goes on: by its server, and SQLite by the program in its image. Why something cannot is
 * said with --safe-verbose: pausing it is as good.
 */
async function withOnline(
  context: Context,
  { engine, facts }: Look,
  copies: readonly Copy[],
): Promise<readonly Copy[]> {
  const online = new Map<Copy['holding'], OnlineCopy>()
  const take = async (
    { holding, container }: Pick<RunningServer, 'holding' | 'container'>,
    asking: Promise<OnlineCopy | { readonly whyNot: string }>,
  ): Promise<void> => {
    const found = await context.interruption.race(asking).catch(whyNot)
    if ('whyNot' in found)
      context.reporter.say({
        type: 'detail',
        text: `${container.service ?? container.name} is paused for the copy: ${found.whyNot}`,
      })
    else online.set(holding, found)
  }
  /**
   * A container that is paused for the copy of another volume of its own cannot copy anything itself, and what it has in
   * both belongs together.
   */
  const standsStill = (container: ContainerFact, besides: Copy['holding']): boolean =>
    copies.some(copy => copy.holding !== besides && writesTo(container, copy.holding))
  for (const { holding, path, server, container } of runningServers(context, engine, facts, copies)) {
    if (holding.kind !== 'volume' || path === '' || standsStill(container, holding)) continue
    const others = facts.containers.filter(
      each => each.id !== container.id && isUp(each) && writesTo(each, holding),
    )
    const place: OnlinePlace = {
      path,
      shared: others.length > 0,
      workshop: signal => engine.workshop({ like: container.id, path }, signal),
    }
    await take({ holding, container }, server.copyOnline(place))
  }
  for (const { holding, contents } of copies) {
    if (contents?.database?.kind !== 'sqlite' || (holding.kind !== 'volume' && holding.kind !== 'bind'))
      continue
    const writers = facts.containers.filter(each => isUp(each) && writesTo(each, holding))
    const container = writers.find(({ state }) => state === 'running')
    if (container === undefined || writers.some(each => standsStill(each, holding))) continue
    const { copy, data } = workshopPaths
    const place: SqlitePlace = {
      inside: engine.inside(container.id),
      data,
      copy,
      workshop: signal =>
        engine.workshop({ like: container.id, path: copy, reads: { holding, path: data } }, signal),
    }
    await take({ holding, container }, context.sqlite.copyOnline(place))
  }
  return copies.map(copy => {
    const own = online.get(copy.holding)
    return own === undefined ? copy : { ...copy, online: own }
  })
}

/** Where no image has anything. */
const workshopPaths = { copy: '/.safe-compose/copy', data: '/.safe-compose/data' }

function whyNot(error: unknown): { readonly whyNot: string } {
  if (error instanceof Stop && error.failure.reason === 'not-possible') return { whyNot: error.failure.what }
  throw error
}

function keeps(context: Context, copy: Copy, wanted: boolean): boolean {
  const name = nameOfHolding(copy.holding)
  if (copy.holding.kind === 'bind') return wanted || copy.contents?.database !== null
  if (copy.contents?.empty === true) {
    context.reporter.say({ type: 'warning', text: `${name} is empty: left out` })
    return false
  }
  if (copy.contents?.cache !== null && copy.contents?.cache !== undefined && !wanted) {
    context.reporter.say({ type: 'warning', text: `${name} is a cache (${copy.contents.cache}): left out` })
    return false
  }
  return true
}

/** What a word of the user's means: a service, a volume's name or key, a bind mount's path, `SERVICE:PATH`. */
function named(facts: Facts, all: readonly ProjectData[], word: string): readonly ProjectData[] {
  const key = facts.model?.volumes.find(volume => volume.key === word)?.name
  const byName = all.filter(
    ({ holding }) =>
      nameOfHolding(holding) === word ||
      ('name' in holding && (holding.name === word || holding.name === key)),
  )
  if (byName.length > 0) return byName
  const byService = all.filter(({ usedBy }) => usedBy.includes(word))
  if (byService.length > 0) return byService
  const external = facts.volumes.find(volume => volume.name === word || volume.name === key)
  if (external !== undefined) return [{ holding: volumeHolding(external), usedBy: [] }]
  throw new Stop({
    reason: 'not-possible',
    what: `project ${facts.project.name} has no service or volume ${word}`,
    how: `name one of: ${all.map(({ holding }) => nameOfHolding(holding)).join(', ') || 'nothing to name'}`,
  })
}

function isUp(container: ContainerFact): boolean {
  return container.state === 'running' || container.state === 'paused' || container.state === 'restarting'
}
