import type { Facts } from '../model/facts.ts'
import { Stop } from '../model/failure.ts'
import { nameOfHolding } from '../model/holding.ts'
import type { Holding } from '../model/holding.ts'
import type { Invocation } from '../model/invocation.ts'
import type {
  CopyQuality,
  Engine,
  OnlineCopy,
  RestorePointDraft,
  StoreScope,
  TarSource,
} from '../model/ports.ts'
import type { HoldingRecord, RestorePoint, RestorePointReason } from '../model/restore-point.ts'
import { wordsOf } from '../core/read-again.ts'
import { restorePointId } from '../core/restore-point-id.ts'
import type { Context } from './context.ts'
import { copyHoldings } from './copy-holdings.ts'
import type { Copy } from './copy-holdings.ts'
import { dumpDatabases } from './dump-databases.ts'
import type { DatabaseRequest } from './dump-databases.ts'
import { maskedArgv } from './entries.ts'
import { warnOfKeys } from './sealed.ts'

export interface RestorePointRequest {
  readonly engine: Engine
  readonly facts: Facts
  /** The command line whose globals tell Compose which files are meant; null without a project. */
  readonly invocation: Invocation | null
  readonly reason: RestorePointReason
  readonly tag: string | null
  /** What was asked for by name; absent or empty where it is all data of the project. */
  readonly only?: readonly string[]
  /** What follows the reason in the id: the guarded command's name, a tag. */
  readonly label: string | null
  readonly copies: readonly Copy[]
  /** How still each holding's writers stood; asked after its copy, unless its server made that. */
  readonly quality: (holding: Holding) => CopyQuality
  /** Which servers are asked what is in them; absent: none. */
  readonly databases?: DatabaseRequest
  /** Brings the writers of these to a standstill for the copies of their files, when the databases have been asked. */
  readonly standstill?: (
    copies: readonly Copy[],
  ) => Promise<{ readonly context: Context; readonly end: () => Promise<void> }>
  /** Called when everything is copied, before it is published: throws if the copies do not count. */
  readonly beforePublish?: () => Promise<void>
}

/**
 * Copies, checks and publishes one restore point. Throws `backup-failed`, `no-space`, `store-unusable` or
 * `interrupted`; then nothing of it is left.
 */
export async function takeRestorePoint(
  context: Context,
  request: RestorePointRequest,
): Promise<RestorePoint> {
  const { engine, facts } = request
  const store = await context.openStore()
  const scope = scopeOf(facts)
  const started = context.host.now()
  const draft = await store.begin(scope, restorePointId(started, request.reason, request.label))
  try {
    // Beside the copies: Compose has to be asked. What fails in it is told after them, and a draft that is discarded
    // takes no more files.
    const keeping = keepState(context, request, draft)
    keeping.catch(() => {})
    const dumped =
      request.databases === undefined
        ? null
        : await dumpDatabases(context, engine, facts, draft, request.databases)
    const holdings = await copyAll(context, request, draft)
    const databases = await dumped?.records()
    const notes = await context.interruption.race(keeping)
    await request.beforePublish?.()
    context.interruption.check()
    const point = await draft.publish({
      startedAt: started.toISOString(),
      finishedAt: context.host.now().toISOString(),
      reason: request.reason,
      tag: request.tag,
      ...(request.only === undefined || request.only.length === 0 ? {} : { only: request.only }),
      // By hand it is no command of Compose's: the line only tells the project.
      command:
        request.invocation === null || request.reason !== 'preflight'
          ? null
          : maskedArgv(wordsOf(request.invocation)),
      tool: { name: 'safe-compose', version: context.version },
      compose: facts.compose,
      engine: { id: facts.engine.id, version: facts.engine.version, host: facts.engine.host },
      project: facts.project,
      holdings,
      ...(databases === undefined || databases.length === 0 ? {} : { databases }),
      notes,
    })
    context.reporter.say({
      type: 'saved',
      manifest: point.manifest,
      bytes: holdings.reduce((sum, record) => sum + record.kept.tar.contentBytes, 0),
      stored: point.bytes,
      milliseconds: context.host.now().getTime() - started.getTime(),
    })
    await warnOfKeys(context, store, facts, point)
    return point
  } catch (error) {
    await draft.discard()
    throw error
  }
}

/**
 * What servers copy themselves takes as long as it takes: nobody stands still for it. Where one cannot after all, its
 * files are copied with the others.
 */
async function copyAll(
  context: Context,
  { engine, facts, copies, quality, standstill, reason }: RestorePointRequest,
  draft: RestorePointDraft,
): Promise<readonly HoldingRecord[]> {
  const how = { names: new Set<string>(), proven: reason === 'preflight' || reason === 'safety' }
  const records: HoldingRecord[] = []
  const others: Copy[] = []
  for (const copy of copies) {
    const source = copy.online === undefined ? null : await madeOnline(context, copy, copy.online)
    if (source === null) others.push(copy)
    else
      records.push(
        ...(await copyHoldings(context, engine, facts, draft, [{ ...copy, source }], byServer, how)),
      )
  }
  if (others.length === 0) return records
  const still = standstill === undefined ? null : await standstill(others)
  try {
    const within = still?.context ?? context
    return [...records, ...(await copyHoldings(within, engine, facts, draft, others, quality, how))]
  } finally {
    await still?.end()
  }
}

function byServer(): CopyQuality {
  return { consistency: 'online', notes: [] }
}

/** Null, and said with --safe-verbose, where the server cannot. What is still at work when we are ended is waited for. */
async function madeOnline(context: Context, copy: Copy, online: OnlineCopy): Promise<TarSource | null> {
  const { holding, contents } = copy
  const total = contents?.bytes ?? null
  context.reporter.say({ type: 'progress', what: 'backing up', holding, done: 0, total, rate: null })
  const given = new AbortController()
  const making = online.make(given.signal)
  try {
    return await context.interruption.race(making)
  } catch (error) {
    given.abort()
    await making.then(
      source => source.close(),
      () => {},
    )
    if (!(error instanceof Stop && error.failure.reason === 'not-possible')) throw error
    context.reporter.say({
      type: 'detail',
      text: `${copy.usedBy[0] ?? nameOfHolding(holding)} is paused for the copy: ${error.failure.what}`,
    })
    return null
  }
}

export function scopeOf(facts: Facts): StoreScope {
  return { engine: facts.engine.id, project: facts.project.name }
}

/** What is needed to build the project again, and nothing secret. What cannot be had becomes a note. */
async function keepState(
  context: Context,
  request: RestorePointRequest,
  draft: RestorePointDraft,
): Promise<readonly string[]> {
  const { facts, invocation, engine } = request
  const notes: string[] = []
  for (const [index, file] of facts.project.files.entries()) {
    const text = await context.files.readText(file)
    if (text === null) notes.push(`the Compose file ${file} could not be read`)
    else await draft.putFile(`state/compose/${index + 1}-${baseName(file)}`, text)
  }
  if (invocation !== null && facts.model !== null) {
    const config = await unresolvedConfig(context, invocation)
    if (config === null) notes.push('Compose could not print its unresolved model')
    else await draft.putFile('state/config.yaml', config)
  }
  const own = facts.containers.filter(container => container.project === facts.project.name)
  if (own.length > 0) {
    const ids = own.map(container => container.id)
    await draft.putFile('state/inspect.json', await engine.redactedInspect(ids, await context.secretKey()))
  }
  return notes
}

async function unresolvedConfig(context: Context, invocation: Invocation): Promise<string | null> {
  const globals = invocation.globalWords
  const attempts =
    context.compose.fact.form === 'v1'
      ? [['config', '--no-interpolate']]
      : [
          ['config', '--no-interpolate', '--no-env-resolution'],
          ['config', '--no-interpolate'],
        ]
  for (const command of attempts) {
    const answer = await context.compose.call(globals, command)
    if (answer.code === 0) return answer.stdout
  }
  return null
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/[^A-Za-z0-9_.-]+/g, '_') || 'compose.yaml'
}
