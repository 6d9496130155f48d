import type { Notice } from '../model/notice.ts'
import { formatDuration, plural } from './format.ts'
import type { Freshness } from './freshness.ts'

/** What came of a job. */
export interface Outcome {
  readonly job: Notice['job']
  /** Null where it concerns the whole host. */
  readonly project: string | null
  readonly ok: boolean
  /** One sentence: `backup of shop failed: no space left on /var/backups`. */
  readonly summary: string
  /** What else is worth knowing, a line each; after a failure the last one says what to do about it. */
  readonly details: readonly string[]
  /** Its id; null where none was made or meant. */
  readonly restorePoint: string | null
}

/** What is remembered of a project's job. Times are ISO 8601, UTC. */
export interface RememberedOutcome {
  readonly job: Notice['job']
  readonly project: string | null
  readonly ok: boolean
  readonly at: string
  /** Since when it fails, and how often in a row; null and 0 when it does not. */
  readonly failingSince: string | null
  readonly failures: number
}

/** Where and when. */
export interface Occasion {
  readonly host: string
  /** ISO 8601, UTC. */
  readonly at: string
}

/** What is to be told of an outcome: a failure each time, and the first success after one as a recovery. */
export function noticeOf(outcome: Outcome, before: RememberedOutcome | null, { host, at }: Occasion): Notice {
  const { job, project, ok, summary, details, restorePoint } = outcome
  const common = { job, project, host, at, restorePoint }
  if (!ok) return { ...common, kind: 'failed', summary, details }
  if (before === null || before.ok) return { ...common, kind: 'succeeded', summary, details }
  const since = before.failingSince ?? before.at
  return {
    ...common,
    kind: 'recovered',
    summary: `${job}${project === null ? '' : ` of ${project}`} works again`,
    details: [
      summary,
      ...details,
      `it had failed ${plural(before.failures, 'time')}, since ${minuteOf(since)}`,
    ],
  }
}

export function rememberedOf(
  { job, project, ok }: Outcome,
  before: RememberedOutcome | null,
  at: string,
): RememberedOutcome {
  if (ok) return { job, project, ok, at, failingSince: null, failures: 0 }
  return {
    job,
    project,
    ok,
    at,
    failingSince: before?.failingSince ?? at,
    failures: (before?.failures ?? 0) + 1,
  }
}

/** What is to be told of a project that has no good restore point younger than `limit` (milliseconds). */
export function staleNotice(
  project: string,
  { state, point }: Freshness,
  limit: number,
  { host, at }: Occasion,
): Notice {
  return {
    kind: 'stale',
    job: 'backup',
    project,
    host,
    at,
    summary: `${project} ${stalenessInWords({ state, point }, limit, new Date(at))}`,
    details: [
      `take one: safe-compose -p ${project} backup`,
      'see whether backups are taken by themselves: safe-compose doctor',
    ],
    restorePoint: point?.id ?? null,
  }
}

/** What follows a project's name: `has no good backup`, `has had no good backup for 3 d 4 h, longer than 1 d 2 h`. */
export function stalenessInWords({ state, point }: Freshness, limit: number, now: Date): string {
  if (point === null || state === 'none') return 'has no good backup'
  if (state === 'from-the-future')
    return `has a newest backup from the future (${minuteOf(point.manifest.finishedAt)}): the clock was set back`
  const age = now.getTime() - Date.parse(point.manifest.finishedAt)
  return `has had no good backup for ${formatDuration(age)}, longer than ${formatDuration(limit)}`
}

/** A stale project is told of so often, in milliseconds; a little less than a day, since runs come at about the same time. */
const staleEvery = 23 * 3_600_000

/** Whether it is time to tell of it again. A time from the future counts as none. */
export function isStaleDue(toldAt: string | null, now: Date): boolean {
  if (toldAt === null) return true
  const since = now.getTime() - Date.parse(toldAt)
  return !(since >= 0 && since < staleEvery)
}

/** `2026-11-27 03:00 UTC`; as it is where it cannot be read. */
export function minuteOf(time: string): string {
  const at = Date.parse(time)
  return Number.isNaN(at) ? time : `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
