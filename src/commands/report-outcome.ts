import { backupsAmong, freshnessOf } from '../core/freshness.ts'
import { isStaleDue, noticeOf, rememberedOf, staleNotice } from '../core/outcome.ts'
import type { Outcome } from '../core/outcome.ts'
import { Stop } from '../model/failure.ts'
import type { Context } from './context.ts'

/**
 * Tells whoever is on duty what came of a job that ran while nobody was looking, and remembers it: a failure each time,
 * a success to those who asked for it, the first success after a failure once as a recovery. Then tells, at most once a
 * day, when the project has no good backup that is young enough.
 *
 * Call it once after each backup, verify, prune or copy, however it ended; not for what a signal ended, of which whoever
 * sent it knows. It takes two minutes at most when nobody can be reached. Never throws, and stops nothing: what cannot be
 * told or remembered is said to the reporter.
 */
export async function reportOutcome(context: Context, outcome: Outcome): Promise<void> {
  const before = await context.outcomes.last(outcome.job, outcome.project)
  const at = context.host.now().toISOString()
  const { host } = await context.host.owner()
  await context.notifier.tell(noticeOf(outcome, before, { host, at }))
  // After it was told: if we die in between, it is told twice and not never.
  await remembered(context, context.outcomes.remember(rememberedOf(outcome, before, at)))
  if (outcome.project !== null) await reportStale(context, outcome.project, outcome.ok)
}

/**
 * Tells when a project's newest good backup is older than `notify.staleAfter`, at most once a day. After a failure, one
 * that has none at all is not told of: the store may only be out of reach, and the failure was told.
 */
async function reportStale(context: Context, project: string, afterSuccess: boolean): Promise<void> {
  const { staleAfter, channels } = context.policy
  // The store may be far away: it is not asked for what nobody wants to know.
  if (!channels.some(({ on }) => on.includes('stale'))) return
  const now = context.host.now()
  const toldAt = await context.outcomes.staleToldAt(project)
  const points = await pointsOf(context, project)
  if (points === null) return
  const freshness = freshnessOf(backupsAmong(points), staleAfter, now)
  if (freshness.state === 'fresh') {
    if (toldAt !== null) await remembered(context, context.outcomes.rememberStale(project, null))
    return
  }
  if (!isStaleDue(toldAt, now) || (freshness.state === 'none' && !afterSuccess)) return
  const at = now.toISOString()
  const { host } = await context.host.owner()
  await context.notifier.tell(staleNotice(project, freshness, staleAfter, { host, at }))
  await remembered(context, context.outcomes.rememberStale(project, at))
}

/** Null where the store cannot be read: the job that met that has said so. */
async function pointsOf(
  context: Context,
  project: string,
): Promise<Awaited<ReturnType<Awaited<ReturnType<Context['openStore']>>['list']>> | null> {
  try {
    return await (await context.openStore()).list({ engine: null, project })
  } catch (error) {
    if (!(error instanceof Stop)) throw error
    context.reporter.say({ type: 'detail', text: `the store could not be read: ${error.failure.reason}` })
    return null
  }
}

async function remembered(context: Context, work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    context.reporter.say({ type: 'warning', text: `what came of it could not be remembered: ${why}` })
  }
}
