import { escapeName } from '../core/escape.ts'
import { isBackupDue } from '../core/schedule/due.ts'
import { localTime } from '../core/schedule/local-time.ts'
import { exitCodes } from '../model/failure.ts'
import type { Invocation } from '../model/invocation.ts'
import type { Runner } from '../model/ports.ts'
import type { JobRun, SchedulePlan } from '../model/schedule.ts'
import type { Context } from './context.ts'
import { planFor, scriptFor } from './schedule.ts'
import type { ScheduleWishes } from './schedule.ts'
import { engineVariables, identify, sayNotBegun, scheduleVariable } from './schedule-tools.ts'
import type { ScheduleTools } from './schedule-tools.ts'

/** Milliseconds. The clock may be set meanwhile, and the machine may sleep: it is looked at again and again. */
const lookAgain = 30_000

/**
 * `schedule serve`: the schedule in the foreground, for containers. Each run is a process of its own. The first signal lets
 * a run that is at work end, the second one ends it.
 */
export async function serveSchedule(
  context: Context,
  project: Invocation,
  wishes: ScheduleWishes,
  tools: ScheduleTools,
): Promise<number> {
  const plan = await planFor(context, await identify(context, project), wishes, tools, 'serve')
  await tools.book.keep(plan, scriptFor(context, project, plan, tools))
  context.interruption.handOver()
  context.print(
    `project ${escapeName(plan.project)} is backed up ${escapeName(plan.rhythm)} (${plan.zone})\n`,
  )
  const ending = watchEnd(tools.runner)
  /** The last run, if it ended before it could remember anything. */
  let lost: readonly JobRun[] = []
  let announced = ''
  while (!ending.asked()) {
    const now = context.host.now()
    const runs = await tools.book.runs(plan.key)
    const last = await tools.calendar.last(plan.expression, plan.zone, now)
    if (isBackupDue([...runs, ...lost], last, now)) {
      lost = await startRun(context, project, plan, tools, ending)
      continue
    }
    const next = await tools.calendar.next(plan.expression, plan.zone, now)
    const words = next === null ? '' : `next run: ${localTime(next, plan.zone)}\n`
    if (words !== announced) context.print(words)
    announced = words
    await tools.runner.sleep(lookAgain, ending.first)
  }
  return ending.askedTwice() ? exitCodes.terminated.code : 0
}

/** Gives the run where the book does not know of it: it is not begun again at once. */
async function startRun(
  context: Context,
  project: Invocation,
  plan: SchedulePlan,
  { book, runner, given }: ScheduleTools,
  ending: Ending,
): Promise<readonly JobRun[]> {
  const began = context.host.now().toISOString()
  const child = runner.start([...project.globalWords, 'schedule', 'run'], {
    directory: context.directory,
    variables: {
      ...context.variables,
      ...engineVariables(context, project),
      ...given,
      [scheduleVariable]: plan.key,
    },
  })
  ending.onSecond(child.end)
  await child.ended.catch((error: unknown) => sayNotBegun(context, context.directory, error))
  const isKnown = (await book.runs(plan.key)).some(run => run.job === 'backup' && run.began >= began)
  if (isKnown) return []
  const ended = context.host.now().toISOString()
  return [{ job: 'backup', began, ended, code: 1, summary: 'it did not begin', restorePoint: null }]
}

interface Ending {
  /** Settles at the first signal. */
  readonly first: Promise<void>
  readonly asked: () => boolean
  readonly askedTwice: () => boolean
  /** What is done at the second signal. */
  readonly onSecond: (end: () => void) => void
}

function watchEnd(runner: Runner): Ending {
  let signals = 0
  let atSecond: () => void = () => {}
  const first = new Promise<void>(resolve => {
    runner.onEnd(() => {
      signals++
      if (signals === 1) resolve()
      if (signals === 2) atSecond()
    })
  })
  return {
    first,
    asked: () => signals > 0,
    askedTwice: () => signals > 1,
    onSecond: end => {
      atSecond = end
    },
  }
}
