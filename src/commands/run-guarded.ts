import { ledgerFor } from '../core/ledger.ts'
import { keepAndRemove } from '../core/retention.ts'
import type { ContainerFact, VolumeFact } from '../model/facts.ts'
import type { Holding } from '../model/holding.ts'
import type { ChildEnd } from '../model/ports.ts'
import type { Context } from './context.ts'
import type { Judgement } from './judge.ts'
import type { Look } from './observe.ts'
import type { PreparedRun } from './prepare-run.ts'
import { scopeOf } from './take-restore-point.ts'

/**
 * Lets Compose run and remembers what became of it: the journal entry is closed holding by holding, what Compose left
 * standing still is set going again, the ledger is written. Compose's own end is the result, whatever happens after.
 */
export async function runGuarded(
  context: Context,
  look: Look,
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
  const end = await context.compose.run(run.argv)
  try {
    await remember(context, look, decision, run, end)
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
): Promise<void> {
  const { engine } = look
  const { guarded } = run
  const after = await engine.observe()
  if (guarded !== null) {
    const outcome = decision.stakes.map(({ stake }) => ({
      holding: stake.finding.holding,
      gone: isGone(stake.finding.holding, after.volumes, after.containers),
    }))
    await guarded.resume()
    await guarded.entry.close('done', { outcome, exitCode: end.code })
    await guarded.release()
    context.reporter.say({
      type: 'compose-ended',
      exitCode: end.code ?? 0,
      gone: outcome.filter(each => each.gone).map(each => each.holding),
      kept: outcome.filter(each => !each.gone).map(each => each.holding),
      restorePoint: guarded.restorePoint?.id ?? null,
      audience: context.audience.kind,
    })
  }
  await writeLedger(context, look, after)
  if (guarded !== null) await tidyUp(context, look)
}

/** Gone from the engine, or, without a name of its own, from every container. */
export function isGone(
  holding: Holding,
  volumes: readonly VolumeFact[],
  containers: readonly ContainerFact[],
): boolean {
  switch (holding.kind) {
    case 'volume':
      return !volumes.some(volume => volume.name === holding.name && volume.createdAt === holding.createdAt)
    case 'anonymous':
      return !containers.some(container => container.mounts.some(mount => mount.name === holding.name))
    case 'layer':
      return !containers.some(container => container.id === holding.container)
    case 'bind':
    case 'directory':
      return false
  }
}

async function writeLedger(
  context: Context,
  look: Look,
  after: { containers: readonly ContainerFact[]; volumes: readonly VolumeFact[] },
): Promise<void> {
  const store = await context.openStore()
  const file = store.ledger(scopeOf(look.facts))
  const before = await file.read()
  const next = ledgerFor({
    before,
    facts: look.facts,
    containers: after.containers,
    volumes: after.volumes,
    audience: context.audience.kind,
    now: context.host.now(),
  })
  if (next === null) return
  await store.prepare()
  await file.write(next)
}

/** Preflight restore points do not pile up; what `undo` needs stays. */
async function tidyUp(context: Context, look: Look): Promise<void> {
  const store = await context.openStore()
  const scope = scopeOf(look.facts)
  const [points, entries] = await Promise.all([store.list(scope), store.journal(scope).read()])
  const needed = new Set(
    entries
      .filter(entry => entry.undoneBy === null && entry.outcome.some(each => each.gone))
      .flatMap(entry => entry.restorePoint ?? [])
      .slice(-1),
  )
  const { remove } = keepAndRemove({ points, keep: context.policy.keep, needed, now: context.host.now() })
  for (const { point } of remove) await store.remove(point)
}
