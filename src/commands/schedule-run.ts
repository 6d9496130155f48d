import { isBackupDue, isWell, jobsOf } from '../core/schedule/due.ts'
import { formatAgeOf } from '../core/format.ts'
import { Stop } from '../model/failure.ts'
import type { Invocation } from '../model/invocation.ts'
import type { Manifest } from '../model/restore-point.ts'
import type { JobRun, ScheduledJob, SchedulePlan } from '../model/schedule.ts'
import { backup } from './backup.ts'
import type { Context } from './context.ts'
import { reportOutcome } from './report-outcome.ts'
import {
  backupInWords,
  isInterruption,
  listenForSaved,
  verifyInWords,
  whatHappened,
} from './report-unattended.ts'
import type { InWords } from './report-unattended.ts'
import { hostKey, saveEveryProject } from './schedule-full.ts'
import { identify, isScheduleKey, rememberRun, scheduleVariable } from './schedule-tools.ts'
import type { ScheduleTools } from './schedule-tools.ts'
import { keepRestorePoints } from './keep-restore-points.ts'
import { verify } from './verify.ts'

export interface ScheduledRunOptions {
  /** Only this one; null: a backup, and whatever else is due. */
  readonly job: ScheduledJob | null
  /** Nothing is done, and nothing said, unless a backup is due. */
  readonly ifDue: boolean
}

/** Milliseconds for a server to come up on a copy. Nobody waits for it. */
const bootPatience = 10 * 60_000

/**
 * `schedule run`: what a timer calls. One run at a time for each project; a second one says so and does nothing. How each
 * job went is remembered and, where no person sits at the terminal, told. 1 where one did not go well.
 */
export async function runSchedule(
  context: Context,
  project: Invocation,
  options: ScheduledRunOptions,
  tools: ScheduleTools,
): Promise<number> {
  const { book } = tools
  const told = context.variables[scheduleVariable]
  const { key, project: name } = isScheduleKey(told)
    ? { key: told, project: null }
    : await identify(context, project)
  const plan = await book.plan(key)
  if (options.ifDue && !(await isDue(context, key, plan, tools))) return 0
  const lock = await tellIfNot(context, plan?.project ?? name, book.lock(key, await context.host.owner()))
  if ('since' in lock) {
    sayBusy(context, lock.since, options)
    return 0
  }
  try {
    const jobs = await jobsFor(context, key, plan, options, tools)
    return await runJobs({ context, project, key, name: plan?.project ?? name, tools }, jobs)
  } finally {
    await lock.release()
  }
}

/** A run that cannot even begin is a backup that was not taken. */
async function tellIfNot<T>(context: Context, name: string | null, begun: Promise<T>): Promise<T> {
  try {
    return await begun
  } catch (error) {
    const { what, how } = whatHappened(context, error)
    const summary = `backup${name === null ? '' : ` of ${name}`} failed: ${what}`
    if (context.audience.kind === 'script')
      await reportOutcome(context, {
        job: 'backup',
        project: name,
        ok: false,
        summary,
        details: how,
        restorePoint: null,
      })
    throw error
  }
}

function sayBusy(context: Context, since: string, { ifDue }: ScheduledRunOptions): void {
  const text = `another run is at work, begun ${formatAgeOf(since, context.host.now())}: nothing is done`
  context.reporter.say({ type: ifDue ? 'detail' : 'warning', text })
}

async function isDue(
  context: Context,
  key: string,
  plan: SchedulePlan | null,
  { book, calendar }: ScheduleTools,
): Promise<boolean> {
  if (plan === null) return true
  const now = context.host.now()
  return isBackupDue(await book.runs(key), await calendar.last(plan.expression, plan.zone, now), now)
}

/** Every project is this one too. */
async function jobsFor(
  context: Context,
  key: string,
  plan: SchedulePlan | null,
  { job }: ScheduledRunOptions,
  { book }: ScheduleTools,
): Promise<readonly ScheduledJob[]> {
  if (job !== null) return job === 'full' ? ['backup', 'full'] : [job]
  if (plan === null) return ['backup']
  const [runs, fullRuns] = await Promise.all([book.runs(key), book.runs(hostKey)])
  return jobsOf(plan, runs, fullRuns, context.host.now())
}

/** One run of a schedule. */
interface Sitting {
  readonly context: Context
  readonly project: Invocation
  readonly key: string
  /** The project's, as far as it is known. */
  readonly name: string | null
  readonly tools: ScheduleTools
}

/** Without a new restore point nothing is proven and nothing removed; other projects are saved all the same. */
async function runJobs(sitting: Sitting, jobs: readonly ScheduledJob[]): Promise<number> {
  const { context, project, tools } = sitting
  const done: JobRun[] = []
  let isSaved = true
  if (jobs.includes('backup')) {
    const { run, saved } = await attempt(
      sitting,
      'backup',
      within => takeBackup(within, project),
      backupInWords,
    )
    done.push(run)
    isSaved = saved !== null
    if (saved !== null)
      done.push(
        (await attempt(sitting, 'prune', within => keepRestorePoints(within, saved), pruneInWords)).run,
      )
  }
  if (jobs.includes('verify') && isSaved)
    done.push(
      (await attempt(sitting, 'verify', within => proveNewest(within, project, tools), verifyInWords)).run,
    )
  if (jobs.includes('full')) done.push(await saveEveryProject({ context, project, tools }))
  return done.every(isWell) ? 0 : 1
}

function takeBackup(context: Context, project: Invocation): Promise<number> {
  return backup(context, project, {
    tag: null,
    names: [],
    stillness: 'online',
    limit: true,
    dumps: true,
    reason: 'schedule',
  })
}

function proveNewest(context: Context, project: Invocation, { tables }: ScheduleTools): Promise<number> {
  const options = { ids: [], all: false, level: 'boot', patience: bootPatience, json: false } as const
  return verify(context, project, options, tables)
}

const pruneInWords: InWords = (of, code) =>
  code === 0
    ? { summary: `${of}: well`, details: [] }
    : {
        summary: `${of} was held back, or could not remove everything`,
        details: ['see: safe-compose prune --dry-run'],
      }

/** Does one job, remembers how it went and tells it. A foreseen failure is said and stops no other job. */
async function attempt(
  sitting: Sitting,
  job: Exclude<JobRun['job'], 'full'>,
  work: (context: Context) => Promise<number>,
  inWords: InWords,
): Promise<{ readonly run: JobRun; readonly saved: Manifest | null }> {
  const { context, key, tools } = sitting
  const began = context.host.now().toISOString()
  const { listening, saved } = listenForSaved(context)
  const outcome = await tried(
    listening,
    work,
    sitting.name === null ? job : `${job} of ${sitting.name}`,
    (of, code) => inWords(of, code, saved()),
  )
  const run: JobRun = {
    job,
    began,
    ended: context.host.now().toISOString(),
    code: outcome.code,
    summary: outcome.summary,
    restorePoint: saved()?.id ?? null,
  }
  await rememberRun(context, tools, key, run)
  if (outcome.thrown !== null) throw outcome.thrown
  const { summary, details } = outcome
  const name = sitting.name ?? saved()?.project.name ?? null
  if (context.audience.kind === 'script')
    await reportOutcome(context, {
      job,
      project: name,
      ok: run.code === 0,
      summary,
      details,
      restorePoint: run.restorePoint,
    })
  return { run, saved: saved() }
}

interface Tried {
  readonly code: number
  readonly summary: string
  readonly details: readonly string[]
  /** What ends the whole run: a signal, or a fault of ours. */
  readonly thrown: unknown
}

async function tried(
  context: Context,
  work: (context: Context) => Promise<number>,
  of: string,
  inWords: (of: string, code: number) => ReturnType<InWords>,
): Promise<Tried> {
  try {
    const code = await work(context)
    return { code, ...inWords(of, code), thrown: null }
  } catch (error) {
    const { what, how } = whatHappened(context, error)
    const failed = { code: 1, summary: `${of} failed: ${what}`, details: how }
    if (!(error instanceof Stop) || isInterruption(error)) return { ...failed, thrown: error }
    context.reporter.say({
      type: 'failed',
      failure: error.failure,
      kind: 'own',
      command: ['schedule', 'run'],
    })
    return { ...failed, thrown: null }
  }
}
