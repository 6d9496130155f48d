/** What a schedule does: take a restore point, prove one, save every project of the host. */
export type ScheduledJob = 'backup' | 'verify' | 'full'

/** How often a restore point is started on a copy; `off`: never by itself. */
export type VerifyRhythm = 'daily' | 'weekly' | 'monthly' | 'off'

/**
 * What starts the runs.
 *
 * - `systemd`, `systemd-user`: timers of the machine, or of this user
 * - `crontab`, `launchd`: of this user
 * - `serve`: `schedule serve`, which stays in the foreground
 * - `by-hand`: whatever the user has placed the printed lines in
 */
export type SchedulerKind = 'systemd' | 'systemd-user' | 'crontab' | 'launchd' | 'serve' | 'by-hand'

/** The schedule of one project, as it was installed. */
export interface SchedulePlan {
  readonly format: 1
  /** Names its files, units and lines: `shop-1a2b3c`. */
  readonly key: string
  readonly project: string
  readonly directory: string
  /** When backups are due: five fields of cron, in `zone`. */
  readonly expression: string
  /** The same for people: `every 6 h`, or the expression as typed. */
  readonly rhythm: string
  /** An IANA name: `Europe/Berlin`. */
  readonly zone: string
  readonly verify: VerifyRhythm
  readonly full: 'weekly' | 'off'
  readonly startedBy: SchedulerKind
  /** ISO 8601, UTC. */
  readonly since: string
}

/** How one job of a schedule went. Times are ISO 8601, UTC. */
export interface JobRun {
  readonly job: ScheduledJob | 'prune'
  readonly began: string
  readonly ended: string
  /** 0 where it went well. */
  readonly code: number
  /** One sentence. */
  readonly summary: string
  /** Of a backup: its id. */
  readonly restorePoint: string | null
}
