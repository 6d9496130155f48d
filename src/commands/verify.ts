import { dumpName } from '../core/dump-name.ts'
import { compareExactly, compareFigures, figuresWords } from '../core/figures.ts'
import type { Comparison } from '../core/figures.ts'
import { formatBytes, formatDuration, plural } from '../core/format.ts'
import type { Figure, ServerKind } from '../model/database.ts'
import { Stop } from '../model/failure.ts'
import type { Facts } from '../model/facts.ts'
import { nameOfHolding } from '../model/holding.ts'
import type { Invocation } from '../model/invocation.ts'
import type { DatabaseServer, Engine, Scratch, Store } from '../model/ports.ts'
import type {
  DatabaseRecord,
  DumpRecord,
  HoldingRecord,
  RestorePoint,
  Verification,
  VerifiedPart,
} from '../model/restore-point.ts'
import type { SqliteCounts, SqliteSight } from '../model/sqlite.ts'
import { isSameCount } from '../core/sqlite-counts.ts'
import { clearRemains } from './clear-remains.ts'
import type { Context } from './context.ts'
import { openServer } from './open-server.ts'
import { newestGood } from './newest-good.ts'
import { lookBeforeCopying } from './observe.ts'
import { fillScratch, settledBy, untilUp } from './scratch-server.ts'
import { scopeOf } from './take-restore-point.ts'
import { whileReading } from './while-reading.ts'
import { whySealed } from './sealed.ts'

export interface VerifyOptions {
  /** Ids; empty: the newest good one. */
  readonly ids: readonly string[]
  readonly all: boolean
  readonly level: Verification['level']
  /** Milliseconds for a server to come up on a copy. */
  readonly patience: number
  readonly json: boolean
}

export interface VerifyTables {
  readonly verified: (point: RestorePoint, verification: Verification) => string
}

/** Milliseconds for counting the rows of one database of a copy. Nobody waits for its server. */
const countingBudget = 60_000

/**
 * `verify`: reads every file of restore points to its end and, at the level `boot`, starts the databases on copies of
 * their files, counts what is in them, and reads their dumps in. The result is kept with each restore point. 1 where one
 * is not well.
 */
export async function verify(
  context: Context,
  project: Invocation,
  options: VerifyOptions,
  tables: VerifyTables,
): Promise<number> {
  const { engine, facts } = await lookBeforeCopying(context, project)
  const store = await context.openStore()
  const points = await choose(store, facts, options)
  if (options.level === 'boot') for (const point of points) await store.unlock(point)
  await clearRemains(context, engine, store, scopeOf(facts))
  const results: { readonly point: RestorePoint; readonly verification: Verification }[] = []
  for (const point of points) {
    const verification = await whileReading(store, [point], async () => {
      const found = await verifyOne({ context, engine, facts, store, point, options })
      if (isNews(point, found)) await store.recordVerification(point, found)
      return found
    })
    results.push({ point, verification })
    if (!options.json) context.print(tables.verified(point, verification))
  }
  if (options.json)
    context.print(
      `${JSON.stringify(
        results.map(({ point, verification }) => ({ id: point.id, ...verification })),
        null,
        2,
      )}\n`,
    )
  const isSound = await examineStore(context, store, options)
  return isSound && results.every(({ verification }) => verification.well) ? 0 : 1
}

/** What is said of the whole says nothing of one restore point, each of which was read to its end. */
async function examineStore(context: Context, store: Store, { json }: VerifyOptions): Promise<boolean> {
  if (store.examine === null) return true
  const { well, found } = await context.interruption.race(store.examine())
  const text = `${store.name}: ${found}`
  if (!well) context.reporter.say({ type: 'warning', text })
  else if (!json) context.print(`${text}\n`)
  return well
}

async function choose(
  store: Store,
  facts: Facts,
  { ids, all }: VerifyOptions,
): Promise<readonly RestorePoint[]> {
  if (ids.length > 0) return Promise.all(ids.map(id => store.find({ engine: null, project: null }, id)))
  return all ? store.list(scopeOf(facts)) : [await newestGood(store, facts)]
}

/** That it can be read says nothing against what was seen when it was started, be that good or bad. */
function isNews({ verified }: RestorePoint, { level, well }: Verification): boolean {
  return level === 'boot' || !well || verified?.level !== 'boot'
}

/** What each step needs. */
interface Trial {
  readonly context: Context
  readonly engine: Engine
  readonly facts: Facts
  readonly store: Store
  readonly point: RestorePoint
  readonly options: VerifyOptions
}

async function verifyOne(trial: Trial): Promise<Verification> {
  const { context, point, options } = trial
  const started = context.host.now()
  const checks: VerifiedPart[] = []
  if (point.state === 'damaged')
    checks.push({ what: point.id, well: false, found: point.damage ?? 'damaged' })
  else {
    checks.push(...(await readAll(trial)))
    if (options.level === 'boot' && checks.every(({ well }) => well)) checks.push(...(await bootAll(trial)))
  }
  return {
    level: options.level,
    at: started.toISOString(),
    milliseconds: context.host.now().getTime() - started.getTime(),
    well: checks.every(({ well }) => well),
    checks,
  }
}

// ---- Reading -----------------------------------------------------------------------------------------------------

/** What nothing here opens is compared with its hashes, and said not to have been looked into. */
async function readAll({ context, store, point }: Trial): Promise<readonly VerifiedPart[]> {
  const sealed = (await whySealed(store, point)) !== null
  const inWords = (found: string): string =>
    sealed ? `${found}, as it was written; encrypted, and not looked into` : `${found}, whole`
  const checks: VerifiedPart[] = []
  for (const record of point.manifest.holdings) {
    const what = nameOfHolding(record.holding)
    const { contentBytes, files } = record.kept.tar
    const onBytes = (done: number): void =>
      context.reporter.say({
        type: 'progress',
        what: 'checking',
        holding: record.holding,
        done,
        total: record.kept.bytes,
        rate: null,
      })
    checks.push(
      await tried(what, async () => {
        await context.interruption.race((sealed ? store.confirm : store.check)(point, record, onBytes))
        return inWords(`${formatBytes(contentBytes)} in ${plural(files, 'file')}`)
      }),
    )
  }
  for (const { record, dump } of dumpsOf(point))
    checks.push(
      await tried(nameOfDump(record, dump), async () => {
        await context.interruption.race(
          sealed ? store.confirmDump(point, dump) : store.checkDump(point, dump, () => {}),
        )
        return inWords(formatBytes(dump.plainBytes))
      }),
    )
  const { state } = point.manifest
  if (!sealed && state.length > 0)
    checks.push(
      await tried('what belongs to it', async () => {
        for (const file of state) await context.interruption.race(store.readState(point, file))
        return inWords(plural(state.length, 'file'))
      }),
    )
  return checks
}

function dumpsOf({ manifest }: RestorePoint): readonly { record: DatabaseRecord; dump: DumpRecord }[] {
  return (manifest.databases ?? []).flatMap(record => record.dumps.map(dump => ({ record, dump })))
}

function nameOfDump({ service }: DatabaseRecord, dump: DumpRecord): string {
  return `${service ?? 'a server'}: dump of ${dumpName(dump)}`
}

/** What cannot be tried is not well; what is no fault of the restore point stops everything. */
async function tried(what: string, work: () => Promise<string | VerifiedPart>): Promise<VerifiedPart> {
  try {
    const found = await work()
    return typeof found === 'string' ? { what, well: true, found } : found
  } catch (error) {
    if (!(error instanceof Stop)) throw error
    const { failure } = error
    switch (failure.reason) {
      case 'archive-damaged':
        return { what, well: false, found: `damaged: ${failure.why}` }
      case 'not-possible':
        return { what, well: false, found: `${failure.what}; ${failure.how}` }
      default:
        throw error
    }
  }
}

// ---- Starting ----------------------------------------------------------------------------------------------------

/** A database in a restore point. */
interface Bootable {
  readonly record: HoldingRecord
  readonly kind: ServerKind
  readonly service: string | null
  readonly image: string
  /** Where its data was mounted. */
  readonly path: string
  /** Null where nobody counted. */
  readonly database: DatabaseRecord | null
  /** The container that the service has now; null where it has none. */
  readonly like: string | null
}

async function bootAll(trial: Trial): Promise<readonly VerifiedPart[]> {
  const checks: VerifiedPart[] = []
  for (const record of trial.point.manifest.holdings) {
    if (record.database?.kind === 'sqlite') checks.push(await lookIntoSqlite(trial, record))
    const bootable = await bootableOf(trial, record)
    if (typeof bootable === 'string')
      checks.push({ what: nameOfHolding(record.holding), well: true, found: bootable })
    else if (bootable !== null) checks.push(...(await boot(trial, bootable)))
  }
  return checks
}

/** No server opens them: their files are taken out of the copy, and check themselves. */
function lookIntoSqlite({ context, store, point }: Trial, record: HoldingRecord): Promise<VerifiedPart> {
  const what = record.usedBy[0] ?? nameOfHolding(record.holding)
  return tried(what, async () => {
    const { look } = context.sqlite
    if (look === null) return 'SQLite, not opened: that needs the program sqlite3, or Node 22.13'
    const given = new AbortController()
    const looking = look(sink => store.extract(point, record, sink, () => {}), given.signal)
    try {
      return sqliteWords(what, await context.interruption.race(looking), record.sqlite)
    } finally {
      given.abort()
      // What it has written goes before we do.
      await looking.catch(() => {})
    }
  })
}

function sqliteWords(
  what: string,
  { troubles, ...found }: SqliteSight,
  counted: HoldingRecord['sqlite'],
): VerifiedPart {
  if (troubles.length > 0) {
    const more = troubles.length > 3 ? `; and ${troubles.length - 3} more` : ''
    return { what, well: false, found: `${troubles.slice(0, 3).join('; ')}${more}` }
  }
  const opened = sqliteWordsOf(found)
  if (counted !== undefined && !isSameCount(found, counted))
    return { what, well: false, found: `${opened}; when it was saved, ${sqliteWordsOf(counted)}` }
  if (found.files === 0) return { what, well: true, found: 'no SQLite database in it' }
  const asCounted = counted === undefined ? '' : 'as counted, '
  const more = found.uncounted === 0 ? '' : `; ${plural(found.uncounted, 'table')} could not be counted`
  return { what, well: true, found: `${opened}, ${asCounted}well by their own check${more}` }
}

function sqliteWordsOf({ files, tables, rows }: SqliteCounts): string {
  return `${plural(files, 'SQLite database')} opened: ${plural(tables, 'table')}, ${plural(rows, 'row')}`
}

/** Null for what is no database that could be started; a sentence for one that nobody knows how to start. */
async function bootableOf({ facts, point }: Trial, record: HoldingRecord): Promise<Bootable | string | null> {
  const name = nameOfHolding(record.holding)
  const database = point.manifest.databases?.find(({ holding }) => holding === name) ?? null
  const kind = database?.kind ?? record.database?.kind
  if (kind !== 'postgresql' && kind !== 'mysql' && kind !== 'redis') return null
  const service = database?.service ?? record.usedBy[0] ?? null
  const container = facts.containers.find(
    each => each.project === facts.project.name && each.service === service && !each.oneOff,
  )
  const mounted = container?.mounts.find(mount => mount.name === name)?.destination
  const path = database?.path ?? mounted
  const image = database?.image.id ?? container?.imageId
  if (path === undefined || path === '' || image === undefined)
    return `not started: its service ${service ?? ''} has no container that tells how`
  return { record, kind, service, image, path, database, like: container?.id ?? null }
}

async function boot(trial: Trial, bootable: Bootable): Promise<readonly VerifiedPart[]> {
  const { context, engine, store, point } = trial
  const what = bootable.service ?? nameOfHolding(bootable.record.holding)
  const checks: VerifiedPart[] = []
  let scratch: Scratch | null = null
  try {
    const begun = await tried(what, async () => {
      const opening = engine.scratch({
        image: bootable.image,
        like: bootable.like,
        variables: variablesFor(bootable),
        path: bootable.path,
        data: { fill: volume => fillScratch(engine, store, { point, record: bootable.record }, volume) },
      })
      scratch = await settledBy(context, opening)
      const server = openServer(context, bootable.kind, scratch.inside, {
        project: point.manifest.project.name,
        service: bootable.database?.service ?? null,
      })
      const started = context.host.now().getTime()
      await scratch.start()
      const label = await untilUp(context, scratch, server, {
        patience: trial.options.patience,
        on: 'the copy',
      })
      const took = context.host.now().getTime() - started
      const figures = await context.interruption.race(server.count(countingBudget))
      checks.push(...(await loadAll(trial, bootable, server)))
      return counted(what, `${label} came up in ${formatDuration(took)}`, bootable.database, figures)
    })
    return [begun, ...checks]
  } finally {
    await (scratch as Scratch | null)?.remove()
  }
}

/** Without its container nobody tells where in the volume the data is: the copy does. */
function variablesFor({ kind, like, path, record }: Bootable): Readonly<Record<string, string>> {
  if (kind !== 'postgresql' || like !== null) return {}
  const inside = record.database?.path ?? ''
  return { PGDATA: inside === '' ? path : `${path}/${inside}` }
}

/** Each into a new database, beside the one that it was taken of; none stays. */
async function loadAll(
  trial: Trial,
  { database }: Bootable,
  server: DatabaseServer,
): Promise<readonly VerifiedPart[]> {
  const { context, store, point } = trial
  const checks: VerifiedPart[] = []
  for (const dump of database?.dumps ?? []) {
    if (database === null || (dump.database === null && dump.form !== 'rdb')) continue
    const what = nameOfDump(database, dump)
    checks.push(
      await tried(what, async () => {
        const into = `safe_compose_trial_${checks.length + 1}`
        await server.create(into, dump.database)
        const { stream, done } = await store.openDump(point, dump)
        const figures = await context.interruption.race(server.load({ form: dump.form, stream }, into))
        await done
        await server.drop(into)
        const renamed = figures.map(figure => ({ ...figure, database: dump.database }))
        if (dump.form === 'rdb') return 'its own check calls it whole'
        return worded(what, 'read in', renamed, compareDump(database, dump, renamed))
      }),
    )
  }
  return checks
}

function compareDump(database: DatabaseRecord, dump: DumpRecord, found: readonly Figure[]): Comparison {
  if (dump.figures.length > 0) return compareExactly(dump.figures, found)
  const own = (figures: readonly Figure[] | null): readonly Figure[] | null =>
    figures?.filter(figure => figure.database === dump.database) ?? null
  return compareFigures({ before: own(database.before) ?? [], after: own(database.after) }, found)
}

function counted(
  what: string,
  how: string,
  database: DatabaseRecord | null,
  figures: readonly Figure[],
): VerifiedPart {
  const comparison = compareFigures(
    { before: database?.before ?? [], after: database?.after ?? null },
    figures,
  )
  return worded(what, how, figures, comparison)
}

function worded(
  what: string,
  how: string,
  figures: readonly Figure[],
  { troubles, differences, compared }: Comparison,
): VerifiedPart {
  if (troubles.length > 0)
    return { what, well: false, found: `${how}, but ${[...troubles].slice(0, 5).join('; ')}` }
  const against =
    compared === 0
      ? 'nothing was counted to compare with'
      : differences.length > 0
        ? `written to after it was counted: ${differences.slice(0, 3).join('; ')}`
        : 'as counted'
  return { what, well: true, found: `${how}: ${figuresWords(figures)}, ${against}` }
}
