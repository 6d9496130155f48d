import { alarmsFor, placesToIdentify, settledBy } from '../core/alarms.ts'
import type { Alarm } from '../core/alarms.ts'
import { ledgerFor } from '../core/ledger.ts'
import { wordsOf } from '../core/read-again.ts'
import type { ContainerFact, VolumeFact } from '../model/facts.ts'
import { Stop } from '../model/failure.ts'
import type { Finding } from '../model/finding.ts'
import type { Holding } from '../model/holding.ts'
import type { Invocation } from '../model/invocation.ts'
import type { ChildEnd, Engine } from '../model/ports.ts'
import type { Context } from './context.ts'
import { copyToPlaces } from './copy.ts'
import { maskedArgv } from './entries.ts'
import type { Case } from './judge.ts'
import type { Look } from './observe.ts'
import type { GuardedRun, PreparedRun } from './prepare-run.ts'
import { applyRetention } from './prune.ts'
import { run } from './run.ts'
import { scopeOf } from './take-restore-point.ts'
import { isAttached, isSame, raiseAlarms, watchAlarms } from './watch-alarms.ts'

/**
 * Lets the command run and remembers what became of it: each journal entry is closed holding by holding, what was left
 * standing still is set going again, the ledger is written. The command's own end is the result, whatever happens after.
 */
export async function runGuarded(
  context: Context,
  cases: readonly Case[],
  invocation: Invocation,
  prepared: PreparedRun,
): Promise<ChildEnd> {
  const { argv } = prepared
  for (const guarded of prepared.guarded) {
    await guarded?.entry.change({ status: 'running', restorePoint: guarded.restorePoint?.id ?? null })
    await guarded?.disarm()
  }
  context.reporter.say({ type: 'compose-starts', argv: maskedArgv(wordsOf({ ...invocation, argv })) })
  context.reporter.quiet()
  context.interruption.handOver()
  const [first] = cases
  const beside =
    first !== undefined && isAttached(invocation)
      ? await watchAlarms(context, first.look, argv, settledBy(first.decision))
      : null
  const end = await run(context, { ...invocation, argv })
  try {
    const told = (await beside?.end()) ?? []
    // What fails in one project keeps no other from being set going again.
    const closing: PromiseSettledResult<Closed>[] = []
    for (const [index, each] of cases.entries())
      closing.push(
        ...(await Promise.allSettled([closeEntry(context, each, prepared.guarded[index] ?? null, end)])),
      )
    const closed = closing.flatMap(each => (each.status === 'fulfilled' ? each.value : []))
    sayEnd(context, prepared, closed, end)
    for (const each of closed) {
      await writeLedger(context, each, argv, told)
      if (each.guarded !== null) await tellFailure(context, tidyUp(context, each.look))
    }
    // Nobody waits for it any more.
    for (const saved of prepared.guarded.flatMap(guarded => guarded?.restorePoint ?? []))
      await copyToPlaces(context, saved)
    const failed = closing.find(each => each.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  } catch (error) {
    context.reporter.say({ type: 'warning', text: `what happened could not be recorded: ${String(error)}` })
  }
  return end
}

/** A project after the command. */
interface Closed extends Pick<Case, 'look' | 'decision'> {
  readonly guarded: GuardedRun | null
  readonly after: Aftermath
  /** What became of the holdings at stake. */
  readonly outcome: readonly { readonly holding: Holding; readonly gone: boolean }[]
}

async function closeEntry(
  context: Context,
  { look, decision }: Case,
  guarded: GuardedRun | null,
  end: ChildEnd,
): Promise<Closed> {
  // What was not there before cannot be gone by this command.
  const holdings = holdingsAtStake(decision.stakes.map(({ stake }) => stake.finding)).filter(holding =>
    wasThere(holding, look.facts),
  )
  if (guarded === null)
    return { look, decision, guarded, after: await lookAfter(context, look.engine, []), outcome: [] }
  try {
    const after = await lookAndResume(context, look.engine, holdings, guarded)
    const outcome = holdings.map(holding => ({ holding, gone: isGone(holding, after) }))
    await guarded.entry.close('done', { outcome, exitCode: end.code })
    return { look, decision, guarded, after, outcome }
  } finally {
    await guarded.release()
  }
}

/** What stood still goes on, also where the engine does not answer the look. */
async function lookAndResume(
  context: Context,
  engine: Engine,
  holdings: readonly Holding[],
  guarded: GuardedRun,
): Promise<Aftermath> {
  try {
    return await lookAfter(context, engine, holdings)
  } finally {
    await guarded.resume()
  }
}

function hasLost({ outcome }: Closed): boolean {
  return outcome.some(({ gone }) => gone)
}

function sayEnd(context: Context, { guarded }: PreparedRun, closed: readonly Closed[], end: ChildEnd): void {
  if (guarded.every(each => each === null)) return
  const outcome = closed.flatMap(each => each.outcome)
  // Each of a line's brings all of it back, but for those of projects that lost nothing.
  const byLoss = closed.toSorted((a, b) => Number(hasLost(b)) - Number(hasLost(a)))
  const [restorePoint] = byLoss.flatMap(each => each.guarded?.restorePoint ?? [])
  context.reporter.say({
    type: 'compose-ended',
    exitCode: end.code ?? 0,
    gone: outcome.filter(each => each.gone).map(each => each.holding),
    kept: outcome.filter(each => !each.gone).map(each => each.holding),
    restorePoint: restorePoint?.id ?? null,
    audience: context.audience.kind,
  })
}

/** What can be gone afterwards: a warning may speak of what does not exist yet. */
export function holdingsAtStake(findings: readonly Finding[]): readonly Holding[] {
  return findings.filter(({ warning }) => warning !== true).map(({ holding }) => holding)
}

/** What stands after a command: the engine's, and the directories that it named. */
export interface Aftermath {
  readonly volumes: readonly VolumeFact[]
  readonly containers: readonly ContainerFact[]
  /** Versions by path. */
  readonly directories: Readonly<Record<string, string>>
}

/** Looks at what became of holdings. */
export async function lookAfter(
  context: Context,
  engine: Engine,
  holdings: readonly Holding[],
): Promise<Aftermath> {
  const paths = holdings.flatMap(holding => (holding.kind === 'directory' ? holding.path : []))
  const [{ containers, volumes }, directories] = await Promise.all([
    engine.observe(),
    Promise.all(paths.map(async path => [path, (await context.files.directory(path)).version] as const)),
  ])
  return { containers, volumes, directories: Object.fromEntries(directories) }
}

function wasThere(holding: Holding, { volumes, containers }: Look['facts']): boolean {
  return holding.kind === 'directory' || !isGone(holding, { volumes, containers, directories: {} })
}

/** Gone from the engine, or, without a name of its own, from every container; a directory is if anything in it is. */
export function isGone(holding: Holding, after: Aftermath): boolean {
  const { volumes, containers, directories } = after
  switch (holding.kind) {
    case 'volume':
      return !volumes.some(volume => volume.name === holding.name && volume.createdAt === holding.createdAt)
    case 'anonymous':
      return !containers.some(container => container.mounts.some(mount => mount.name === holding.name))
    case 'layer':
      return !containers.some(container => container.id === holding.container)
    case 'bind':
      return false
    case 'directory':
      return directories[holding.path] !== holding.version
  }
}

async function writeLedger(
  context: Context,
  { look, decision, after, outcome }: Closed,
  argv: readonly string[],
  told: readonly Alarm[],
): Promise<void> {
  const gone = outcome.filter(each => each.gone).map(each => each.holding)
  const store = await context.openStore()
  const file = store.ledger(scopeOf(look.facts))
  const before = await file.read()
  const databases = await look.engine.databases(placesToIdentify(look.facts, after.containers, before))
  const next = ledgerFor({
    before,
    facts: look.facts,
    containers: after.containers,
    volumes: after.volumes,
    databases,
    gone: new Set(gone.flatMap(holding => ('name' in holding ? [holding.name] : []))),
    audience: context.audience.kind,
    now: context.host.now(),
  })
  if (next === null) return
  const alarms = alarmsFor({ before, after: next, settled: settledBy(decision) })
  const untold = alarms.filter(each => !told.some(known => isSame(known, each)))
  await raiseAlarms(context, look, after.volumes, argv, untold)
  await store.prepare()
  await file.write(next)
}

/** What comes after the command is no part of it: that it failed is told, and Compose's own exit code stands. */
async function tellFailure(context: Context, work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!(error instanceof Stop) || error.failure.reason === 'interrupted') throw error
    const why = 'why' in error.failure ? error.failure.why : error.failure.reason
    context.reporter.say({ type: 'warning', text: `old restore points could not be tidied up: ${why}` })
  }
}

/** What is taken before commands does not pile up. What cannot be removed is told, and is no failure of the command. */
async function tidyUp(context: Context, look: Look): Promise<void> {
  const store = await context.openStore()
  const { rows } = await applyRetention(context, store, scopeOf(look.facts), {
    policy: context.policy.keep,
    onPurpose: false,
    dryRun: false,
    skipMarks: false,
  })
  for (const { point, failure } of rows)
    if (failure !== null)
      context.reporter.say({ type: 'warning', text: `${point.id} could not be removed: ${failure}` })
}
