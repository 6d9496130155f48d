import { dockerText } from '../core/invocation.ts'
import { locateProject } from '../core/project.ts'
import { Stop } from '../model/failure.ts'
import type { Invocation } from '../model/invocation.ts'
import type { Calendar, Runner, ScheduleBook, Scheduler } from '../model/ports.ts'
import type { JobRun } from '../model/schedule.ts'
import type { ScheduleReport } from '../core/schedule/status.ts'
import type { Context } from './context.ts'
import { findProjectName } from './observe.ts'
import type { VerifyTables } from './verify.ts'

/** What the commands of `schedule` need besides the context. */
export interface ScheduleTools {
  readonly book: ScheduleBook
  /** Those that this machine may have, the best first. */
  readonly schedulers: readonly Scheduler[]
  readonly calendar: Calendar
  readonly runner: Runner
  /** The time zone of this machine: an IANA name. */
  readonly zone: string
  /** What starts us, the program by its absolute path. */
  readonly start: readonly string[]
  readonly isRoot: boolean
  /** Options of ours that a timer needs as well, as their variables, with absolute paths. */
  readonly given: Readonly<Record<string, string>>
  readonly tables: VerifyTables & { readonly schedule: (report: ScheduleReport, now: Date) => string }
}

/** Tells a run which schedule it belongs to: set in the script that a timer calls. */
export const scheduleVariable = 'SAFE_COMPOSE_SCHEDULE'

/** A schedule belongs to one project in one directory on one engine. */
export interface ScheduleIdentity {
  readonly key: string
  readonly project: string
  readonly directory: string
}

/** Whose schedule is meant, as far as that can be told without an engine. Throws `not-possible` outside of a project. */
export async function identify(context: Context, project: Invocation): Promise<ScheduleIdentity> {
  const [name, place] = await Promise.all([
    findProjectName(context, project),
    locateProject(project, context.variables, context.directory, context.files.readText),
  ])
  if (name === null)
    throw new Stop({
      reason: 'not-possible',
      what: 'there is no project here to be backed up',
      how: 'go to the directory of its Compose file, or name it: safe-compose -p NAME schedule …',
    })
  const { directory } = place
  const told = JSON.stringify([name, directory, engineVariables(context, project)])
  return { key: `${slugOf(name)}-${context.host.sha256(told).slice(0, 6)}`, project: name, directory }
}

/** Which engine is meant, as variables: flags of docker's own count more than they do. */
export function engineVariables(context: Context, project: Invocation): Readonly<Record<string, string>> {
  const { variables } = context
  const typedContext = dockerText(project, 'context')
  const typedHost = dockerText(project, 'host')
  const host = typedHost ?? (typedContext === null ? variables['DOCKER_HOST'] : null)
  const named = typedContext ?? (typedHost === null ? variables['DOCKER_CONTEXT'] : null)
  const config = dockerText(project, 'config') ?? variables['DOCKER_CONFIG']
  const told = { DOCKER_HOST: host, DOCKER_CONTEXT: named, DOCKER_CONFIG: config }
  return Object.fromEntries(Object.entries(told).flatMap(([name, value]) => (value ? [[name, value]] : [])))
}

/** What a file's name, a unit and a marker in a crontab can all have. */
function slugOf(name: string): string {
  const plain = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/g, '-')
    .slice(0, 40)
    .replaceAll(/^-+|-+$/g, '')
  return plain === '' ? 'project' : plain
}

/** A key that was handed to us. */
export function isScheduleKey(text: string | undefined): text is string {
  return text !== undefined && /^[a-z0-9_-]{1,60}$/.test(text)
}

/** A run that the system would not start, such as in a directory that is gone. */
export function sayNotBegun(context: Context, directory: string, error: unknown): void {
  const why = error instanceof Error ? error.message : String(error)
  context.reporter.say({ type: 'warning', text: `a run in ${directory} could not be started: ${why}` })
}

/** Remembers how a job went. What cannot be remembered is no failure of what was done. */
export async function rememberRun(
  context: Context,
  { book }: ScheduleTools,
  key: string,
  run: JobRun,
): Promise<void> {
  try {
    await book.addRun(key, run)
  } catch (error) {
    if (!(error instanceof Stop) || error.failure.reason !== 'not-possible') throw error
    context.reporter.say({ type: 'warning', text: error.failure.what })
  }
}
