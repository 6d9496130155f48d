import { compareExactly, compareFigures, figuresWords } from '../core/figures.ts'
import { once } from '../core/once.ts'
import type { Figure } from '../model/database.ts'
import { Stop } from '../model/failure.ts'
import type { Facts } from '../model/facts.ts'
import type { Invocation } from '../model/invocation.ts'
import type { DatabaseServer, Engine, Store } from '../model/ports.ts'
import type { DatabaseRecord, DumpRecord, RestorePoint } from '../model/restore-point.ts'
import type { Context } from './context.ts'
import { lockProject } from './lock-project.ts'
import { openServer } from './open-server.ts'
import { lookBeforeCopying } from './observe.ts'
import { scopeOf } from './take-restore-point.ts'
import { whileReading } from './while-reading.ts'

export interface RestoreDumpOptions {
  /** Null for the newest good restore point that has dumps. */
  readonly id: string | null
  /** Only this database; null for every one that the restore point has. */
  readonly database: string | null
  /** A new name; null puts it in the place of the one that is there. */
  readonly into: string | null
  /** Whether the one that was there goes when all is well. */
  readonly dropOld: boolean
}

/**
 * `restore [ID] --dump`: reads dumps into the server that runs now. Each goes into a new database first, ends at the
 * first error, and is counted; only then does it take the old one's name, which is kept under another. The server may
 * be of a later version than the one that was dumped.
 */
export async function restoreDump(
  context: Context,
  project: Invocation,
  options: RestoreDumpOptions,
): Promise<number> {
  const { engine, facts } = await lookBeforeCopying(context, project)
  const store = await context.openStore()
  const point = await pointWithDumps(store, facts, options.id)
  await store.unlock(point)
  const chosen = chooseDumps(point, options)
  const lock = await lockProject(context, engine, facts.project.name)
  try {
    await whileReading(store, [point], async () => {
      for (const { dump } of chosen) await context.interruption.race(store.checkDump(point, dump, () => {}))
      const targets = new Map<DatabaseRecord, Pick<Task, 'server' | 'addAccounts'>>()
      for (const { record } of chosen) {
        const server = targets.get(record)?.server ?? serverOf(context, engine, facts, record)
        targets.set(record, {
          server,
          addAccounts: once(() => addAccounts(context, store, point, record, server)),
        })
      }
      for (const { record, dump } of chosen) {
        const target = targets.get(record)
        if (target !== undefined)
          await restoreOne({ context, store, point, record, dump, options, ...target })
      }
    })
    return 0
  } finally {
    await lock.release()
  }
}

async function pointWithDumps(store: Store, facts: Facts, id: string | null): Promise<RestorePoint> {
  if (id !== null) return store.find({ engine: null, project: null }, id)
  const points = await store.list(scopeOf(facts))
  const newest = points.find(point => point.state === 'good' && allDumps(point).length > 0)
  if (newest !== undefined) return newest
  throw new Stop({
    reason: 'not-possible',
    what: `no restore point of ${facts.project.name} holds a dump`,
    how: 'safe-compose backup takes dumps of the databases that run; files, and so SQLite, come back with safe-compose restore',
  })
}

interface ChosenDump {
  readonly record: DatabaseRecord
  readonly dump: DumpRecord & { readonly database: string }
}

/** Dumps of a single database; roles and accounts come by themselves. */
function allDumps({ manifest }: RestorePoint): readonly ChosenDump[] {
  return (manifest.databases ?? []).flatMap(record =>
    record.dumps.flatMap(dump =>
      dump.database === null ? [] : [{ record, dump: { ...dump, database: dump.database } }],
    ),
  )
}

function chooseDumps(point: RestorePoint, { database, into }: RestoreDumpOptions): readonly ChosenDump[] {
  const all = allDumps(point)
  const names = all.map(({ dump }) => dump.database)
  const chosen = database === null ? all : all.filter(({ dump }) => dump.database === database)
  if (chosen.length === 0)
    throw new Stop({
      reason: 'not-possible',
      what:
        database === null
          ? `restore point ${point.id} holds no dump of a database`
          : `restore point ${point.id} holds no dump of ${database}`,
      how:
        names.length > 0
          ? `it holds dumps of: ${names.join(', ')}`
          : `the files come back with: safe-compose restore ${point.id}`,
    })
  if (into !== null && chosen.length !== 1)
    throw new Stop({
      reason: 'bad-usage',
      what: `--into takes one database, and ${point.id} holds dumps of ${names.join(', ')}`,
      how: 'choose one with --database NAME',
    })
  return chosen
}

function serverOf(context: Context, engine: Engine, facts: Facts, record: DatabaseRecord): DatabaseServer {
  const container = facts.containers.find(
    each =>
      each.project === facts.project.name &&
      each.service === record.service &&
      each.state === 'running' &&
      !each.oneOff,
  )
  if (container !== undefined) return openServer(context, record.kind, engine.inside(container.id), container)
  const service = record.service ?? ''
  throw new Stop({
    reason: 'not-possible',
    what: `${service} does not run, and a dump is read by a server`,
    how: `start it: safe-compose up -d ${service}`,
  })
}

async function addAccounts(
  context: Context,
  store: Store,
  point: RestorePoint,
  record: DatabaseRecord,
  server: DatabaseServer,
): Promise<void> {
  const dump = record.dumps.find(each => each.database === null && each.form !== 'rdb')
  if (dump === undefined) return
  const { stream, done } = await store.openDump(point, dump)
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  await done
  const made = await server.addAccounts(Buffer.concat(chunks).toString('utf8'))
  if (made.length > 0)
    context.reporter.say({ type: 'restore-dump', step: 'accounts', service: record.service, details: made })
}

/** What each step needs. */
interface Task {
  readonly context: Context
  readonly store: Store
  readonly point: RestorePoint
  readonly record: DatabaseRecord
  readonly dump: DumpRecord & { readonly database: string }
  readonly server: DatabaseServer
  /** Makes those who are missing on the server, at the first call. */
  readonly addAccounts: () => Promise<void>
  readonly options: RestoreDumpOptions
}

async function restoreOne(task: Task): Promise<void> {
  const { context, record, dump, server, options } = task
  const there = new Set(await server.names())
  if (options.into !== null) {
    if (there.has(options.into))
      throw new Stop({
        reason: 'not-possible',
        what: `${record.service ?? 'the server'} has a database ${options.into} already`,
        how: 'name one that is not there, or leave --into away to put it in its place',
      })
    const figures = await readIn(task, options.into)
    say(task, 'restored', [options.into, asDumped(figures)])
    return
  }
  const { database } = dump
  if (!there.has(database)) {
    const figures = await readIn(task, database)
    say(task, 'restored', [database, asDumped(figures)])
    return
  }
  const stamp = context.host.now().toISOString().replaceAll(/[-:]/g, '').slice(0, 15)
  const keepAs = freeName(`${shortened(database)}_before_${stamp}`, there)
  const figures =
    server.swap === null ? await replaceByCopy(task, keepAs) : await replaceBySwap(task, server.swap, keepAs)
  if (options.dropOld) await server.drop(keepAs)
  say(task, 'restored', [database, asDumped(figures)])
  if (!options.dropOld) say(task, 'kept', [database, keepAs])
}

/** Names that PostgreSQL and MySQL both take have 63 bytes at most, and something is put behind this one. */
function shortened(name: string): string {
  let short = name
  while (new TextEncoder().encode(short).length > 38) short = [...short].slice(0, -1).join('')
  return short
}

function freeName(wanted: string, taken: ReadonlySet<string>): string {
  let name = wanted
  for (let more = 2; taken.has(name); more++) name = `${wanted}_${more}`
  return name
}

/** Into a new database, which goes again unless everything is in it that was counted. */
async function readIn(
  { context, store, point, dump, record, server, addAccounts: addThem }: Task,
  into: string,
): Promise<readonly Figure[]> {
  // Outside of what is taken back: one that somebody else made meanwhile is not ours to remove.
  await server.create(into, dump.database)
  try {
    // Owners must be there before their tables; where there is no place for these, nobody is made.
    await addThem()
    const { stream, done } = await store.openDump(point, dump)
    const found = await context.interruption.race(server.load({ form: dump.form, stream }, into))
    await done
    const figures = found.map(figure => ({ ...figure, database: dump.database }))
    const { troubles } = compare(record, dump, figures)
    if (troubles.length === 0) return figures
    throw new Stop({
      reason: 'not-possible',
      what: `what was read in is not what was dumped: ${troubles.slice(0, 5).join('; ')}`,
      how: `try another restore point: safe-compose backups`,
    })
  } catch (error) {
    await server.drop(into).catch(() => {})
    throw error
  }
}

function compare(record: DatabaseRecord, dump: DumpRecord, found: readonly Figure[]) {
  if (dump.figures.length > 0) return compareExactly(dump.figures, found)
  const own = (figures: readonly Figure[] | null): readonly Figure[] | null =>
    figures?.filter(figure => figure.database === dump.database) ?? null
  return compareFigures({ before: own(record.before) ?? [], after: own(record.after) }, found)
}

async function replaceBySwap(
  task: Task,
  swap: NonNullable<DatabaseServer['swap']>,
  keepAs: string,
): Promise<readonly Figure[]> {
  const { dump, server } = task
  const fresh = freeName(`${shortened(dump.database)}_restored`, new Set(await server.names()))
  const figures = await readIn(task, fresh)
  try {
    await swap(fresh, dump.database, keepAs)
  } catch (error) {
    await server.drop(fresh).catch(() => {})
    throw error
  }
  return figures
}

/**
 * Where databases have no new names: the dump is tried in a database of its own, what is there is copied to the name
 * under which it is kept, and only when both are proven is it replaced.
 */
async function replaceByCopy(task: Task, keepAs: string): Promise<readonly Figure[]> {
  const { dump, server } = task
  const { database } = dump
  const trial = freeName(`${shortened(database)}_restored`, new Set(await server.names()))
  await readIn(task, trial)
  await server.drop(trial)
  await copyDatabase(server, database, keepAs)
  // Said before: whoever finds the database half, because this run died, must know where the old one is.
  say(task, 'copied', [database, keepAs])
  await server.drop(database)
  try {
    return await readIn(task, database)
  } catch (error) {
    if (!(error instanceof Stop)) throw error
    const { failure } = error
    throw new Stop(
      {
        reason: 'not-possible',
        what: `${database} could not be replaced: ${failure.reason === 'not-possible' ? failure.what : failure.reason}`,
        how: `what was in it is whole in the database ${keepAs}`,
      },
      { cause: error },
    )
  }
}

async function copyDatabase(server: DatabaseServer, from: string, to: string): Promise<void> {
  const source = (await server.dumps()).find(({ database }) => database === from)
  if (source === undefined)
    throw new Stop({
      reason: 'not-possible',
      what: `there is no database ${from} any more`,
      how: 'look at the server',
    })
  const open = await source.open()
  try {
    await server.create(to, from)
  } catch (error) {
    open.stop()
    throw error
  }
  try {
    const copied = await server.load({ form: source.form, stream: open.stream }, to)
    await open.done
    const counted = (await server.count(60_000)).filter(({ database }) => database === from)
    const { troubles } = compareFigures(
      { before: counted, after: counted },
      copied.map(figure => ({ ...figure, database: from })),
    )
    if (troubles.length > 0)
      throw new Stop({
        reason: 'not-possible',
        what: `${from} is written to while it is copied: ${troubles.slice(0, 3).join('; ')}`,
        how: 'stop what writes to it, then run the command again',
      })
  } catch (error) {
    open.stop()
    await server.drop(to).catch(() => {})
    throw error
  }
}

function asDumped(figures: readonly Figure[]): string {
  return `${figuresWords(figures)}, as dumped`
}

function say(
  { context, record }: Task,
  step: 'restored' | 'copied' | 'kept',
  details: readonly string[],
): void {
  context.reporter.say({ type: 'restore-dump', step, service: record.service, details })
}
