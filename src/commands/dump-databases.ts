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

/** Milliseconds for counting the rows of one database. */
const countingBudget = 5000

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
  { among, dumps }: { readonly among: readonly Copy[]; readonly dumps: boolean },
): Promise<Dumped> {
  const asked: Asked[] = []
  const names = new Set<string>()
  for (const running of runningServers(context, engine, facts, among)) {
    const one = await askOne(context, draft, running, { dumps, names })
    asked.push(one)
    for (const note of one.notes) context.reporter.say({ type: 'warning', text: note })
  }
  return {
    records: () => Promise.all(asked.map(async one => recordOf(one, await countAgain(one)))),
  }
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
  options: { readonly dumps: boolean; readonly names: Set<string> },
): Promise<Asked> {
  const { server } = running
  const service = serviceOf(running)
  const notes: string[] = []
  const dumps: DumpRecord[] = []
  try {
    const { label } = await context.interruption.race(server.status())
    const before = await context.interruption.race(server.count(countingBudget))
    const sources = options.dumps ? await context.interruption.race(server.dumps()) : []
    const folder = folderFor(service, options.names)
    for (const source of sources) {
      const dump = await takeDump(context, draft, running, `${folder}/${source.name}`, source)
      if (typeof dump === 'string') notes.push(dump)
      else dumps.push(dump)
    }
    return { running, label, before, dumps, notes }
  } catch (error) {
    notes.push(`${service} could not be counted or dumped: ${whyOf(error)}`)
    return { running, label: null, before: [], dumps, notes }
  }
}

/** A sentence where it could not be had. What the store says is another matter: it would fail for everything else too. */
async function takeDump(
  context: Context,
  draft: RestorePointDraft,
  { holding, ...running }: RunningServer,
  path: string,
  source: DumpSource,
): Promise<DumpRecord | string> {
  const started = context.host.now().getTime()
  const what = `${serviceOf(running)}: the dump of ${source.database ?? source.name}`
  try {
    const open = await context.interruption.race(source.open())
    const onBytes = (done: number): void => {
      const elapsed = context.host.now().getTime() - started
      const rate = elapsed > 200 ? (done / elapsed) * 1000 : null
      context.reporter.say({ type: 'progress', what: 'dumping', holding, done, total: null, rate })
    }
    const written = await context.interruption.race(draft.putDump(path, open, onBytes))
    const { figures } = await open.done
    return { ...written, form: source.form, database: source.database, figures }
  } catch (error) {
    return `${what} failed: ${whyOf(error)}`
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
async function countAgain({ running, label }: Asked): Promise<readonly Figure[] | null> {
  if (label === null) return null
  try {
    return await running.server.count(countingBudget)
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
