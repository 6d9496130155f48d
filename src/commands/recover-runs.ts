import { programOf, typedToUs } from '../core/command-line.ts'
import type { JournalEntry } from '../model/journal.ts'
import { unreachable } from '../model/failure.ts'
import type { Engine, Store, StoreScope } from '../model/ports.ts'
import { clearRemains } from './clear-remains.ts'
import type { Context } from './context.ts'
import { lockProject } from './lock-project.ts'
import { putBack } from './quiet-writers.ts'
import { finishRestore } from './restore-volumes.ts'
import { holdingsAtStake, isGone, lookAfter } from './run-guarded.ts'

/**
 * Finishes or rolls back what runs that died left open, before anything else starts: what was stopped or paused runs
 * again, what is half filled is filled, half-written restore points and helpers are cleared. True when anything was
 * changed, so that facts must be looked at again.
 */
export async function recoverRuns(
  context: Context,
  engine: Engine,
  store: Store,
  scope: StoreScope,
): Promise<boolean> {
  const journal = store.journal(scope)
  let changed = false
  for (const entry of await journal.read()) {
    if (entry.closedAt !== null || (await context.host.isAlive(entry.owner))) continue
    const details = await recover(context, engine, store, scope, entry)
    context.reporter.say({
      type: 'recovered',
      what: entry.status === 'copying' ? 'rolled-back' : 'finished',
      details,
    })
    changed = true
  }
  if (!changed) return false
  const cleared = await clearRemains(context, engine, store, scope)
  if (cleared.length > 0) context.reporter.say({ type: 'recovered', what: 'cleared', details: cleared })
  return true
}

async function recover(
  context: Context,
  engine: Engine,
  store: Store,
  scope: StoreScope,
  entry: JournalEntry,
): Promise<readonly string[]> {
  const lock = await lockProject(context, engine, scope.project)
  try {
    const journal = store.journal(scope)
    const end = { closedAt: context.host.now().toISOString() }
    const words = typedToUs(entry.argv).join(' ')
    const program = programOf(entry.argv)
    switch (entry.status) {
      case 'copying': {
        const { troubles } = await putBack(engine, entry.ran)
        await journal.append({ ...entry, ...end, status: 'rolled-back' })
        return [`${words} of ${entry.openedAt} died before ${program} ran: nothing was deleted`, ...troubles]
      }
      case 'running': {
        const holdings = holdingsAtStake(entry.findings)
        const after = await lookAfter(context, engine, holdings)
        const outcome = holdings.map(holding => ({ holding, gone: isGone(holding, after) }))
        const { troubles } = await putBack(engine, entry.ran)
        await journal.append({ ...entry, ...end, status: 'done', outcome })
        const lost = outcome.filter(each => each.gone).length
        return [
          `${words} of ${entry.openedAt} died while ${program} ran: ${lost} of ${outcome.length} holdings are gone`,
          ...(lost > 0 && entry.restorePoint !== null
            ? [`they are in restore point ${entry.restorePoint}`]
            : []),
          ...(entry.argv[0] === 'adopt' ? [`type it again to finish it: ${words}`] : []),
          ...troubles,
        ]
      }
      case 'restoring': {
        // A repair works on a volume with a server of its own, which would write into what is filled now.
        const cleared = await engine.clearLeftovers()
        const finished = await finishRestore(context, engine, store, scope, entry)
        return [
          isRepair(entry)
            ? `the repair of ${entry.openedAt} died half way: what stood there before is back`
            : `the restore of ${entry.openedAt} died half way and was finished`,
          ...finished,
          ...cleared,
        ]
      }
      case 'done':
      case 'rolled-back':
      case 'abandoned':
        await journal.append({ ...entry, ...end })
        return []
      default:
        return unreachable(entry.status)
    }
  } finally {
    await lock.release()
  }
}

/** Of a repair nothing is finished: what it had begun goes. */
function isRepair({ argv }: JournalEntry): boolean {
  return argv[0] === 'recover'
}
