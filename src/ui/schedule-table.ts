import { escapeName } from '../core/escape.ts'
import { formatAgeOf, formatDuration } from '../core/format.ts'
import { localTime } from '../core/schedule/local-time.ts'
import { schedulerWords } from '../core/schedule/status.ts'
import type { ScheduleReport } from '../core/schedule/status.ts'
import type { JobRun } from '../model/schedule.ts'
import { columns } from './columns.ts'

const signs: Readonly<Record<ScheduleReport['state'], string>> = {
  well: '✔',
  failing: '✗',
  overdue: '✗',
  gone: '✗',
  none: '✗',
  unknown: '?',
}

/** What is installed, how the last runs ended, when the next one begins. Ends with a line break. */
export function scheduleTable(report: ScheduleReport, now: Date): string {
  const { project, state, why, how, plan, running, last, next, log } = report
  const rows = [
    ...(plan === null
      ? []
      : [
          [
            '  backups',
            `${escapeName(plan.rhythm)}, by ${schedulerWords[plan.startedBy]}, installed ${formatAgeOf(plan.since, now)}`,
          ],
          ['  verified', plan.verify === 'off' ? 'never by itself' : plan.verify],
          ...(plan.full === 'off' ? [] : [['  whole host', plan.full]]),
        ]),
    ...last.map(run => [`  last ${jobWords[run.job]}`, runInWords(run, now)]),
    ...(running === null ? [] : [['  at work', `since ${formatAgeOf(running, now)}`]]),
    ...(plan === null || next === null
      ? []
      : [['  next', `${localTime(new Date(next), plan.zone)} (${plan.zone}), ${inTime(next, now)}`]]),
    ...(log === null ? [] : [['  log', escapeName(log)]]),
  ]
  const trouble = why === null ? '' : `: ${escapeName(why)}`
  return `${[
    `${signs[state]} schedule of ${escapeName(project)}${trouble}`,
    ...(how === null ? [] : [`  → ${how}`]),
    ...columns(rows, '   '),
  ].join('\n')}\n`
}

const jobWords: Readonly<Record<JobRun['job'], string>> = {
  backup: 'backup',
  prune: 'prune',
  verify: 'verify',
  full: 'whole host',
}

function runInWords({ began, ended, code, summary, restorePoint }: JobRun, now: Date): string {
  const took = formatDuration(Date.parse(ended) - Date.parse(began))
  const outcome = code === 0 ? 'well' : 'failed'
  const id = restorePoint === null ? '' : ` (${escapeName(restorePoint)})`
  return `${outcome}, ${formatAgeOf(began, now)}, took ${took}${id}${code === 0 ? '' : `: ${escapeName(summary)}`}`
}

function inTime(next: string, now: Date): string {
  const left = Date.parse(next) - now.getTime()
  return left <= 0 ? 'now' : `in ${formatDuration(left)}`
}
