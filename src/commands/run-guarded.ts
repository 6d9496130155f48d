import { alarmsFor, placesToIdentify, settledBy } from '../core/alarms.ts'
import type { Alarm } from '../core/alarms.ts'
import { ledgerFor } from '../core/ledger.ts'
import type { ContainerFact, VolumeFact } from '../model/facts.ts'
import { Stop } from '../model/failure.ts'
import type { Finding } from '../model/finding.ts'
import type { Holding } from '../model/holding.ts'
import type { Invocation } from '../model/invocation.ts'
import type { ChildEnd, Engine } from '../model/ports.ts'
import type { Context } from './context.ts'
import { copyToPlaces } from './copy.ts'
import type { Judgement } from './judge.ts'
import type { Look } from './observe.ts'
import type { PreparedRun } from './prepare-run.ts'
import { applyRetention } from './prune.ts'
import { scopeOf } from './take-restore-point.ts'
import { isAttached, isSame, raiseAlarms, watchAlarms } from './watch-alarms.ts'

/**
 * Lets Compose run and remembers what became of it: the journal entry is closed holding by holding, what Compose left
 * standing still is set going again, the ledger is written. Compose's own end is the result, whatever happens after.
 */
export async function runGuarded(
  context: Context,
  look: Look,
  invocation: Invocation,
  decision: Judgement,
  run: PreparedRun,
): Promise<ChildEnd> {
  const { guarded } = run
  if (guarded !== null) {
    await guarded.entry.change({ status: 'running', restorePoint: guarded.restorePoint?.id ?? null })
    await guarded.disarm()
  }
  context.reporter.say({ type: 'compose-starts', argv: run.argv })
  context.reporter.quiet()
  context.interruption.handOver()
  const beside = isAttached(invocation)
    ? await watchAlarms(context, look, run.argv, settledBy(decision))
    : null
  const end = await context.compose.run(run.argv)
  try {
    const told = (await beside?.end()) ?? []
    await remember(context, look, decision, run, end, told)
    // Nobody waits for it any more.
    const saved = guarded?.restorePoint ?? null
    if (saved !== null) await copyToPlaces(context, saved)
  } catch (error) {
    context.reporter.say({ type: 'warning', text: `what happened could not be recorded: ${String(error)}` })
  }
  return end
}

async function remember(
  context: Context,
  look: Look,
  decision: Judgement,
  run: PreparedRun,
  end: ChildEnd,
  told: readonly Alarm[],
): Promise<void> {
  const { engine } = look
  const { guarded } = run
  // What was not there before cannot be gone by this command.
  const holdings = holdingsAtStake(decision.stakes.map(({ stake }) => stake.finding)).filter(holding =>
    wasThere(holding, look.facts),
  )
  const after = await lookAfter(context, engine, guarded === null ? [] : holdings)
  let gone: readonly Holding[] = []
  if (guarded !== null) {
    const outcome = holdings.map(holding => ({ holding, gone: isGone(holding, after) }))
    gone = outcome.filter(each => each.gone).map(each => each.holding)
    await guarded.resume()
    await guarded.entry.close('done', { outcome, exitCode: end.code })
    await guarded.release()
    context.reporter.say({
      type: 'compose-ended',
      exitCode: end.code ?? 0,
      gone,
      kept: outcome.filter(each => !each.gone).map(each => each.holding),
      restorePoint: guarded.restorePoint?.id ?? null,
      audience: context.audience.kind,
    })
  }
  await writeLedger(context, look, decision, run, after, gone, told)
  if (guarded !== null) await tellFailure(context, tidyUp(context, look))
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
  look: Look,
  decision: Judgement,
  run: PreparedRun,
  after: { containers: readonly ContainerFact[]; volumes: readonly VolumeFact[] },
  gone: readonly Holding[],
  told: readonly Alarm[],
): Promise<void> {
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
  await raiseAlarms(context, look, after.volumes, run.argv, untold)
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
