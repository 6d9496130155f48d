import type { Readable } from 'node:stream'
import { dumpName } from '../core/dump-name.ts'
import { plural } from '../core/format.ts'
import { shellWord } from '../core/shell-word.ts'
import { Stop } from '../model/failure.ts'
import { nameOfHolding } from '../model/holding.ts'
import type { Invocation } from '../model/invocation.ts'
import type { Output, SqliteTaken, Store } from '../model/ports.ts'
import type { DumpRecord, HoldingRecord, RestorePoint } from '../model/restore-point.ts'
import type { Context } from './context.ts'
import { lookBeforeCopying } from './observe.ts'
import { scopeOf } from './take-restore-point.ts'
import { whileReading } from './while-reading.ts'

export interface DumpOptions {
  /** Null for the newest good restore point of the project that has one. */
  readonly id: string | null
  /** `DATABASE`, or `SERVICE:DATABASE`; null where there is one only. */
  readonly database: string | null
  /** A file that is not there yet; null for standard output. */
  readonly to: string | null
}

/**
 * `dump`: a database of a restore point as other programs read it. What its server's own client wrote down comes as it was
 * written; SQLite, of which a backup holds the files, is written down in SQL now. Nothing is given before all of it was
 * read, and found whole. Changes nothing.
 */
export async function dump(context: Context, project: Invocation, options: DumpOptions): Promise<number> {
  const output = await context.openOutput(options.to)
  const store = await context.openStore()
  const point = await pointWith(context, project, store, options)
  await store.unlock(point)
  const opened: SqliteTaken[] = []
  try {
    await whileReading(store, [point], async () => {
      const written = writtenIn(context, store, point)
      const known = written.filter(one => isMeant(one, options.database))
      // To know what SQLite there is each file has to be read.
      const sqlite = options.database !== null && known.length > 0 ? [] : sqliteIn(point, options.database)
      const more = sqlite.length === 0 ? [] : await takeAll(context, store, point, sqlite, opened)
      const sources = [...written, ...more]
      const chosen = choose(point, sources, options)
      const word = options.database ?? wordFor(chosen, sources)
      if (output.isTerminal && chosen.isBinary)
        throw new Stop({
          reason: 'bad-usage',
          what: `the dump of ${chosen.name} is no text for a terminal`,
          how: `write it to a file: safe-compose dump ${point.id} --database ${shellWord(word)} --to FILE`,
        })
      const { stream, done, bytes, found } = await chosen.open()
      await writeOut(context, output, stream, done)
      const { name, service } = chosen
      context.reporter.say({ type: 'dump', id: point.id, name, service, bytes, found, to: options.to })
    })
    return 0
  } finally {
    for (const taken of opened) await taken.remove()
  }
}

async function pointWith(
  context: Context,
  project: Invocation,
  store: Store,
  { id, database }: DumpOptions,
): Promise<RestorePoint> {
  if (id !== null) return store.find({ engine: null, project: null }, id)
  const { facts } = await lookBeforeCopying(context, project)
  const points = await store.list(scopeOf(facts))
  const newest = points.find(
    point =>
      point.state === 'good' &&
      (writtenIn(context, store, point).some(one => isMeant(one, database)) ||
        sqliteIn(point, database).length > 0),
  )
  if (newest !== undefined) return newest
  throw new Stop({
    reason: 'not-possible',
    what: `no restore point of ${facts.project.name} holds ${database === null ? 'a dump, or SQLite' : `a dump of ${database}`}`,
    how: points.length === 0 ? 'take one: safe-compose backup' : 'see what is there: safe-compose backups',
  })
}

/** What can be given. */
interface Source {
  readonly service: string
  readonly name: string
  /** Whether it holds a database, and not what belongs to all of them. */
  readonly isDatabase: boolean
  readonly isBinary: boolean
  readonly open: () => Promise<{
    readonly stream: Readable
    readonly done: Promise<void>
    readonly bytes: number
    /** What is known of it. */
    readonly found: string
  }>
}

/** Dumps that were taken with the restore point. */
function writtenIn(context: Context, store: Store, point: RestorePoint): readonly Source[] {
  return (point.manifest.databases ?? []).flatMap(({ service, dumps }) =>
    dumps.map(record => ({
      service: service ?? '',
      name: dumpName(record),
      isDatabase: record.database !== null || record.form === 'rdb',
      isBinary: record.form === 'pg-custom' || record.form === 'rdb',
      open: async () => {
        await context.interruption.race(store.checkDump(point, record, () => {}))
        const { stream, done } = await store.openDump(point, record)
        return { stream, done, bytes: record.plainBytes, found: readBy[record.form] }
      },
    })),
  )
}

const readBy: Readonly<Record<DumpRecord['form'], string>> = {
  'pg-custom': 'for pg_restore',
  'pg-globals': 'for psql',
  sql: 'for mariadb or mysql',
  rdb: 'a dump.rdb',
}

/** Where SQLite may be; with the service's name also in what was not taken for it. */
function sqliteIn({ manifest }: RestorePoint, database: string | null): readonly HoldingRecord[] {
  const [service = '', path] = database?.split(/:(.*)/s) ?? []
  const ofService = manifest.holdings.filter(({ usedBy }) => usedBy.includes(service))
  // A file's name may hold a colon as well.
  if (path === undefined || ofService.length === 0)
    return manifest.holdings.filter(({ database: seen }) => seen?.kind === 'sqlite')
  return ofService.filter(
    ({ database: seen }) => seen === null || seen.kind === 'sqlite' || seen.kind === 'other',
  )
}

async function takeAll(
  context: Context,
  store: Store,
  point: RestorePoint,
  records: readonly HoldingRecord[],
  opened: SqliteTaken[],
): Promise<readonly Source[]> {
  const { take } = context.sqlite
  if (take === null)
    throw new Stop({
      reason: 'not-possible',
      what: 'SQLite is written down by the program sqlite3, which is not on this machine',
      how: 'install it (apt install sqlite3), then run the command again',
    })
  const sources: Source[] = []
  for (const record of records) {
    const service = record.usedBy[0] ?? nameOfHolding(record.holding)
    const taken = await settled(context, signal =>
      take(sink => store.extract(point, record, sink, progressOf(context, record)), signal),
    )
    opened.push(taken)
    sources.push(
      ...taken.names.map(name => ({
        service,
        name,
        isDatabase: true,
        isBinary: false,
        open: async () => {
          const { open, bytes, tables, rows, notTried } = await context.interruption.race(taken.dump(name))
          if (notTried !== null)
            context.reporter.say({
              type: 'warning',
              text: `${name} in SQL could not be tried here: ${notTried}; its application may bring that along`,
            })
          const counts = `${plural(tables, 'table')}, ${plural(rows, 'row')}`
          const found = `for sqlite3: ${counts}${notTried === null ? ', read in again and the same' : ''}`
          return { stream: open(), done: Promise.resolve(), bytes, found }
        },
      })),
    )
  }
  return sources
}

/** What has to be waited for when it is given up: it takes somebody's data out of a copy. */
async function settled<T>(context: Context, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const given = new AbortController()
  const working = work(given.signal)
  try {
    return await context.interruption.race(working)
  } catch (error) {
    given.abort()
    await working.catch(() => {})
    throw error
  }
}

function progressOf(context: Context, { holding, kept }: HoldingRecord): (done: number) => void {
  const total = kept.bytes
  return done => {
    context.reporter.say({ type: 'progress', what: 'dumping', holding, done, total, rate: null })
  }
}

async function writeOut(
  context: Context,
  output: Output,
  stream: Readable,
  done: Promise<void>,
): Promise<void> {
  const writing = output.write(stream, done)
  try {
    await context.interruption.race(writing)
  } catch (error) {
    stream.destroy()
    await writing.catch(() => {})
    throw error
  }
}

function isMeant({ service, name }: Pick<Source, 'service' | 'name'>, database: string | null): boolean {
  return database === null || database === name || database === `${service}:${name}`
}

function choose(point: RestorePoint, sources: readonly Source[], { database }: DumpOptions): Source {
  const meant = sources.filter(one => isMeant(one, database))
  const databases = meant.filter(({ isDatabase }) => isDatabase)
  const [only, another] = databases.length === 0 ? meant : databases
  if (only !== undefined && another === undefined) return only
  const inOrder = [true, false].flatMap(first => sources.filter(one => one.isDatabase === first))
  const names = inOrder.map(one => wordFor(one, sources)).join(', ')
  const of = database === null ? '' : ` of ${database}`
  if (only === undefined)
    throw new Stop({
      reason: 'not-possible',
      what: `restore point ${point.id} holds nothing${of} that could be written down`,
      how: names === '' ? `see what it holds: safe-compose show ${point.id}` : `it holds: ${names}`,
    })
  throw new Stop({
    reason: 'bad-usage',
    what: `restore point ${point.id} holds several${of}, and dump gives one`,
    how: `choose with --database: ${names}`,
  })
}

/** By what it is chosen. */
function wordFor({ service, name }: Source, among: readonly Source[]): string {
  return among.filter(each => each.name === name).length > 1 ? `${service}:${name}` : name
}
