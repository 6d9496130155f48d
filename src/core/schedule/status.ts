import type { JobRun, SchedulePlan, SchedulerKind } from '../../model/schedule.ts'
import { formatDuration } from '../format.ts'
import { isTaken, isWell, lastOf, withoutFuture } from './due.ts'

/** How a schedule is, for people, programs and monitoring. */
export interface ScheduleReport {
  readonly project: string
  /**
   * - `well`: the last runs ended well, in time
   * - `failing`: the last one of a job did not
   * - `overdue`: a run that should have begun has not
   * - `gone`: it was installed, and is not there any more
   * - `none`: nothing was installed
   * - `unknown`: what would start it cannot be asked
   */
  readonly state: 'well' | 'failing' | 'overdue' | 'gone' | 'none' | 'unknown'
  readonly why: string | null
  readonly how: string | null
  readonly plan: SchedulePlan | null
  /** Since when a run is at work, ISO 8601. */
  readonly running: string | null
  /** The newest of each job. */
  readonly last: readonly JobRun[]
  /** When the next run begins, ISO 8601. */
  readonly next: string | null
  readonly log: string | null
}

/** What can be seen of a schedule. */
export interface ScheduleSight {
  readonly project: string
  readonly plan: SchedulePlan | null
  /** Whether what should start it has it; in words why that cannot be told. */
  readonly placed: boolean | { readonly unknown: string }
  readonly runs: readonly JobRun[]
  readonly running: string | null
  /** The last moment of the schedule that is `grace` ago or longer. */
  readonly due: Date | null
  readonly next: Date | null
  readonly log: string | null
  readonly now: Date
}

/** So late may a backup begin, in milliseconds: other runs, delays on purpose, a machine that just starts. */
export const grace = 3_600_000

const jobs = ['backup', 'prune', 'verify', 'full'] as const

export function scheduleReport(sight: ScheduleSight): ScheduleReport {
  const { project, plan, running, next, log } = sight
  const runs = withoutFuture(sight.runs, sight.now)
  return {
    project,
    ...verdict({ ...sight, runs }),
    plan,
    running,
    last: jobs.flatMap(job => lastOf(runs, job) ?? []),
    next: plan === null ? null : (next?.toISOString() ?? null),
    log,
  }
}

const install = 'safe-compose schedule install'

function verdict(sight: ScheduleSight): Pick<ScheduleReport, 'state' | 'why' | 'how'> {
  const { plan, placed, runs, running, due, now } = sight
  if (plan === null) return { state: 'none', why: 'nothing starts backups by itself', how: install }
  if (placed === false)
    return {
      state: 'gone',
      why: `it was installed in ${schedulerWords[plan.startedBy]}, and is not there any more`,
      how: install,
    }
  const failed = failedOf(runs)
  if (failed !== null)
    return {
      state: 'failing',
      why: failed.summary,
      how: `try it: safe-compose schedule run --job ${failed.job === 'prune' ? 'backup' : failed.job}`,
    }
  const taken = lastOf(runs, 'backup', isTaken)
  const begun = running === null ? null : Date.parse(running)
  const isAtWork = begun !== null && now.getTime() - begun < 24 * 3_600_000
  // What was due before it was installed was due for nobody.
  const isMissed =
    due !== null &&
    due.getTime() > Date.parse(plan.since) &&
    !(taken !== null && Date.parse(taken.began) >= due.getTime())
  if (isMissed && !isAtWork)
    return {
      state: 'overdue',
      why: `the backup that was due ${formatDuration(now.getTime() - due.getTime())} ago has not been taken`,
      how:
        begun === null
          ? howToStart[plan.startedBy]
          : `a run is at work since ${running ?? ''}: see what it waits for`,
    }
  if (typeof placed === 'object')
    return {
      state: 'unknown',
      why: `whether it is still installed cannot be told: ${placed.unknown}`,
      how: null,
    }
  return { state: 'well', why: null, how: null }
}

function failedOf(runs: readonly JobRun[]): JobRun | null {
  return jobs.map(job => lastOf(runs, job)).find(run => run !== null && !isWell(run)) ?? null
}

export const schedulerWords: Readonly<Record<SchedulerKind, string>> = {
  systemd: 'systemd',
  'systemd-user': "systemd's timers of this user",
  crontab: "this user's crontab",
  launchd: 'launchd',
  serve: 'schedule serve',
  'by-hand': 'what you placed by hand',
}

const howToStart: Readonly<Record<SchedulerKind, string>> = {
  systemd: 'is the timer active? systemctl list-timers',
  'systemd-user':
    'is the timer active, and may it run while you are away? systemctl --user list-timers, loginctl enable-linger',
  crontab: 'is the cron daemon running?',
  launchd: 'is the agent loaded? launchctl list',
  serve: 'is `safe-compose schedule serve` running?',
  'by-hand': 'is what was printed placed where it is started? safe-compose schedule install --print',
}
