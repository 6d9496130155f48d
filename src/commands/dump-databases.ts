import { formatDuration } from '../core/format.ts'
import { someAtOnce } from '../core/some-at-once.ts'
import type { Figure } from '../model/database.ts'
import { Stop } from '../model/failure.ts'
import type { Facts } from '../model/facts.ts'
import { nameOfHolding } from '../model/holding.ts'
import type { DumpSource, Engine, RestorePointDraft } from '../model/ports.ts'
import type { DatabaseRecord, DumpRecord } from '../model/restore-point.ts'
import type { Context } from './context.ts'
import type { Copy } from './copy-holdings.ts'
import { runningServers } from './database-servers.ts'
import type { RunningServer } from './database-servers.ts'
import { limitTime } from './limit-time.ts'
import type { TimeLimit } from './limit-time.ts'

/** Which servers are asked, and how much of their time is taken. */
export interface DatabaseRequest {
  /** Where those that run are looked for. */
  readonly among: readonly Copy[]
  /** Which of them are written down by their own clients as well; `upTo`: those whose files take at most so many bytes. */
  readonly dumps: 'all' | 'none' | { readonly upTo: number }
  /** Milliseconds for counting the rows of one database. */
  readonly countFor: number
  /** Milliseconds for one server, after which the rest of it is left out; null: as long as it takes. */
  readonly patience: number | null
  /** Whether they go on while their files are copied, so that they are counted once more after it. */
  readonly goOn: boolean
  /** How it is said that something could not be had. It is noted in any case. */
  readonly asides: 'warning' | 'detail'
}

/** On request: everything, exactly, however long it takes. */
export function askThoroughly(among: readonly Copy[], dumps: 'all' | 'none'): DatabaseRequest {
  return { among, dumps, countFor: 5000, patience: null, goOn: true, asides: 'warning' }
}

/** Before a command that somebody waits for: what can be had at once. The copy of the files is what counts. */
export function askBriefly(among: readonly Copy[], dumpUpTo: number): DatabaseRequest {
  const dumps = dumpUpTo === 0 ? 'none' : { upTo: dumpUpTo }
  return { among, dumps, countFor: 1000, patience: 15_000, goOn: false, asides: 'detail' }
}

/** What the servers said and wrote down before their files were copied. */
export interface Dumped {
  /** Asks them once more, now that their files are copied, and gives what belongs into the manifest. */
  readonly records: () => Promise<readonly DatabaseRecord[]>
}

/**
 * Counts what is in the databases whose files are about to be copied and, with `dumps`, lets their own clients write
 * them down beside it. A server that does not answer does not stop the copy of its files: it is said, and noted.
 * Throws `no-space`, `store-unusable` or `interrupted`.
 */
export async function dumpDatabases(
  context: Context,
  engine: Engine,
  facts: Facts,
  draft: RestorePointDraft,
  request: DatabaseRequest,
): Promise<Dumped> {
  const asked: Asked[] = []
  const names = new Set<string>()
  for (const running of runningServers(context, engine, facts, request.among)) {
    const limit = request.patience === null ? null : limitServer(context, running, request.patience)
    try {
      asked.push(await askOne(limit?.context ?? context, draft, running, request, names))
    } finally {
      limit?.end()
    }
    for (const text of asked.at(-1)?.notes ?? []) context.reporter.say({ type: request.asides, text })
  }
  const { goOn, countFor } = request
  return {
    records: () =>
      Promise.all(asked.map(async one => recordOf(one, goOn ? await countAgain(one, countFor) : null))),
  }
}

function limitServer(context: Context, running: RunningServer, patience: number): TimeLimit {
  return limitTime(context, patience, () => ({
    reason: 'not-possible',
    what: `it took longer than ${formatDuration(patience)}`,
    how: `take one without hurry: safe-compose backup ${serviceOf(running)}`,
  }))
}

/** A server that was asked. */
interface Asked {
  readonly running: RunningServer
  /** Null where it did not answer. */
  readonly label: string | null
  readonly before: readonly Figure[]
  readonly dumps: readonly DumpRecord[]
  readonly notes: readonly string[]
}

async function askOne(
  context: Context,
  draft: RestorePointDraft,
  running: RunningServer,
  request: DatabaseRequest,
  names: Set<string>,
): Promise<Asked> {
  const { server } = running
  const service = serviceOf(running)
  const notes: string[] = []
  const dumps: DumpRecord[] = []
  let counted: Pick<Asked, 'label' | 'before'> = { label: null, before: [] }
  try {
    const { label } = await context.interruption.race(server.status())
    counted = { label, before: await context.interruption.race(server.count(request.countFor)) }
    const sources = isDumped(running, request) ? await context.interruption.race(server.dumps()) : []
    const folder = folderFor(service, names)
    const onBytes = progressOf(context, running)
    const taken = await someAtOnce(sources, dumpsAtOnce, source =>
      takeDump(context, draft, running, { source, path: `${folder}/${source.name}`, onBytes: onBytes() }),
    )
    for (const dump of taken)
      if (typeof dump === 'string') notes.push(dump)
      else dumps.push(dump)
  } catch (error) {
    const what = counted.label === null ? 'counted or dumped' : 'dumped'
    notes.push(`${service} could not be ${what}: ${whyOf(error)}`)
  }
  return { running, ...counted, dumps, notes }
}

function isDumped({ holding }: RunningServer, { among, dumps }: DatabaseRequest): boolean {
  if (dumps === 'all' || dumps === 'none') return dumps === 'all'
  const bytes = among.find(copy => copy.holding === holding)?.contents?.bytes ?? null
  return bytes !== null && bytes <= dumps.upTo
}

/** Of one server: each takes a connection or two of it, and a core of its machine. */
const dumpsAtOnce = 3

/** Tells of all dumps of a server together. Each call gives what one of them tells. */
function progressOf(context: Context, { holding }: RunningServer): () => (done: number) => void {
  const started = context.host.now().getTime()
  const parts: number[] = []
  return () => {
    const part = parts.push(0) - 1
    return bytes => {
      parts[part] = bytes
      const done = parts.reduce((sum, each) => sum + each, 0)
      const elapsed = context.host.now().getTime() - started
      const rate = elapsed > 200 ? (done / elapsed) * 1000 : null
      context.reporter.say({ type: 'progress', what: 'dumping', holding, done, total: null, rate })
    }
  }
}

/** A sentence where it could not be had. What the store says is another matter: it would fail for everything else too. */
async function takeDump(
  context: Context,
  draft: RestorePointDraft,
  running: RunningServer,
  {
    source,
    path,
    onBytes,
  }: { readonly source: DumpSource; readonly path: string; readonly onBytes: (done: number) => void },
): Promise<DumpRecord | string> {
  const what = `${serviceOf(running)}: the dump of ${source.database ?? source.name}`
  try {
    const open = await openInTime(context, source)
    const written = await writeInTime(context, open, draft.putDump(path, open, onBytes))
    const { figures } = await open.done
    return { ...written, form: source.form, database: source.database, figures }
  } catch (error) {
    return `${what} failed: ${whyOf(error)}`
  }
}

/** One that opens only after the time is over is given up. */
async function openInTime(context: Context, source: DumpSource): ReturnType<DumpSource['open']> {
  const opening = source.open()
  try {
    return await context.interruption.race(opening)
  } catch (error) {
    opening.then(
      open => open.stop(),
      () => {},
    )
    throw error
  }
}

/** Nothing is written into the draft any more when it settles. */
async function writeInTime<T>(
  context: Context,
  open: Awaited<ReturnType<DumpSource['open']>>,
  writing: Promise<T>,
): Promise<T> {
  try {
    return await context.interruption.race(writing)
  } catch (error) {
    open.stop()
    await writing.catch(() => {})
    throw error
  }
}

/** In words. Throws on what concerns more than this one server. */
function whyOf(error: unknown): string {
  if (!(error instanceof Stop)) throw error
  const { failure } = error
  if (failure.reason === 'not-possible') return failure.what
  if (failure.reason === 'backup-failed') return failure.why
  if (failure.reason === 'engine-unreachable') return failure.why
  throw error
}

/** Null where it cannot be asked any more: then nobody knows what it wrote meanwhile. */
async function countAgain({ running, label }: Asked, budget: number): Promise<readonly Figure[] | null> {
  if (label === null) return null
  try {
    return await running.server.count(budget)
  } catch (error) {
    whyOf(error)
    return null
  }
}

function recordOf(asked: Asked, after: readonly Figure[] | null): DatabaseRecord {
  const { running, label, before, dumps, notes } = asked
  const { container } = running
  return {
    service: container.service,
    kind: running.server.kind,
    label: label ?? '',
    holding: nameOfHolding(running.holding),
    path: running.path,
    image: { reference: container.image, id: container.imageId },
    before,
    after,
    dumps,
    notes,
  }
}

function serviceOf({ container }: Pick<RunningServer, 'container'>): string {
  return container.service ?? container.name
}

/** One for each server: two of them may have databases of the same name. */
function folderFor(service: string, taken: Set<string>): string {
  const plain = service.replace(/[^A-Za-z0-9_.-]+/g, '_').replace(/^[_.-]+/, '') || 'server'
  let name = plain
  for (let more = 2; taken.has(name); more++) name = `${plain}.${more}`
  taken.add(name)
  return name
}
