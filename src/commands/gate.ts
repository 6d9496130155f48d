import { backupsAmong, freshnessOf, isKnownToBoot } from '../core/freshness.ts'
import { formatAgeOf, formatDuration } from '../core/format.ts'
import { stalenessInWords } from '../core/outcome.ts'
import { Stop } from '../model/failure.ts'
import type { Invocation } from '../model/invocation.ts'
import type { RestorePoint } from '../model/restore-point.ts'
import type { Context } from './context.ts'
import { findProjectName } from './observe.ts'

export interface GateOptions {
  /** Milliseconds: a good backup must be younger. */
  readonly gate: number
  /** Milliseconds: one that is known to boot must be younger; null where none is asked for. */
  readonly verified: number | null
  readonly json: boolean
}

interface Gate {
  readonly open: boolean
  readonly why: string | null
  readonly how: string | null
  /** The restore points by which it is open. */
  readonly newest: string | null
  readonly verified: string | null
}

/**
 * `backups --gate`: whether a deployment may go on, since this project on this engine has a good backup that is young
 * enough. Throws `not-possible` with why it may not, and what to do; then nothing but JSON was printed.
 */
export async function gate(context: Context, project: Invocation, options: GateOptions): Promise<number> {
  const name = await findProjectName(context, project)
  if (name === null)
    throw new Stop({
      reason: 'not-possible',
      what: 'there is no project here to ask about',
      how: 'go to its directory, or name it: safe-compose -p NAME backups --gate 24h',
    })
  // A store may be shared: what another engine has says nothing about this one.
  const { engine } = await context.interruption.race((await context.openEngine()).observe())
  const store = await context.openStore()
  const points = await store.list({ engine: engine.id, project: name })
  const judged = judge(name, backupsAmong(points), options, context.host.now())
  if (options.json) context.print(`${JSON.stringify({ project: name, ...judged }, null, 2)}\n`)
  if (judged.why !== null) throw new Stop({ reason: 'not-possible', what: judged.why, how: judged.how ?? '' })
  return 0
}

function judge(
  project: string,
  backups: readonly RestorePoint[],
  { gate: limit, verified: verifiedLimit }: GateOptions,
  now: Date,
): Gate {
  const newest = freshnessOf(backups, limit, now)
  const open = { open: true, why: null, how: null, newest: newest.point?.id ?? null, verified: null }
  if (newest.state !== 'fresh')
    return {
      ...open,
      open: false,
      why: `${project} ${stalenessInWords(newest, limit, now)}`,
      how: 'take one, then go on: safe-compose backup',
    }
  if (verifiedLimit === null) return open
  const proven = freshnessOf(backups.filter(isKnownToBoot), verifiedLimit, now)
  if (proven.state === 'fresh') return { ...open, verified: proven.point?.id ?? null }
  const last =
    proven.point === null
      ? `no backup of ${project} is known to boot`
      : `the newest backup of ${project} that is known to boot, ${proven.point.id}, was taken ${formatAgeOf(proven.point.manifest.finishedAt, now)}, longer ago than ${formatDuration(verifiedLimit)}`
  return { ...open, open: false, why: last, how: 'prove the newest one, then go on: safe-compose verify' }
}
