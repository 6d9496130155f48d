import type { JobRun, ScheduledJob, SchedulePlan, VerifyRhythm } from '../../model/schedule.ts'

/** A backup that failed is tried again after so many milliseconds. */
const retryAfter = 3_600_000

/** Because one project fails, all of them are not copied again sooner than this, in milliseconds. */
const fullAgainAfter = 24 * 3_600_000

/** A run may begin this much earlier than the one before it did, and the day is still over. Milliseconds. */
const slack = 3_600_000

const day = 24 * 3_600_000

const verifyEvery: Readonly<Record<Exclude<VerifyRhythm, 'off'>, number>> = {
  daily: day,
  weekly: 7 * day,
  monthly: 30 * day,
}

/**
 * Whether a backup is due: none was taken since the last moment of the schedule, be it that it was missed or that it
 * failed. One that failed is not tried again at once.
 *
 * @param runs oldest first
 * @param last the last moment of the schedule that is not in the future; null where there was none yet
 */
export function isBackupDue(runs: readonly JobRun[], last: Date | null, now: Date): boolean {
  const known = withoutFuture(runs, now)
  const taken = lastOf(known, 'backup', isTaken)
  if (taken !== null && (last === null || Date.parse(taken.began) >= last.getTime())) return false
  const latest = lastOf(known, 'backup')
  return latest === null || isTaken(latest) || now.getTime() - Date.parse(latest.ended) >= retryAfter
}

/** What a run does: a backup, and with it whatever else has become due. */
export function jobsOf(
  plan: Pick<SchedulePlan, 'verify' | 'full'>,
  runs: readonly JobRun[],
  /** Of the whole host. */
  fullRuns: readonly JobRun[],
  now: Date,
): readonly ScheduledJob[] {
  const { verify, full } = plan
  const isOver = (last: JobRun | null, limit: number): boolean =>
    last === null || now.getTime() - Date.parse(last.began) >= limit - slack
  const knownFull = withoutFuture(fullRuns, now)
  return [
    'backup',
    ...(verify !== 'off' && isOver(lastOf(withoutFuture(runs, now), 'verify', isWell), verifyEvery[verify])
      ? ['verify' as const]
      : []),
    ...(full === 'weekly' &&
    isOver(lastOf(knownFull, 'full', isWell), 7 * day) &&
    isOver(lastOf(knownFull, 'full'), fullAgainAfter)
      ? ['full' as const]
      : []),
  ]
}

/** A run that began in the future was begun by a clock that was wrong: nothing waits for that time. */
export function withoutFuture(runs: readonly JobRun[], now: Date): readonly JobRun[] {
  return runs.filter(({ began }) => Date.parse(began) <= now.getTime() + slack)
}

/** The newest run of a job; null where there is none. */
export function lastOf(
  runs: readonly JobRun[],
  job: JobRun['job'],
  counts: (run: JobRun) => boolean = () => true,
): JobRun | null {
  return runs.findLast(run => run.job === job && counts(run)) ?? null
}

export function isWell({ code }: JobRun): boolean {
  return code === 0
}

/** There is a restore point, though a database may not have been dumped. */
export function isTaken({ code, restorePoint }: JobRun): boolean {
  return code === 0 || restorePoint !== null
}
