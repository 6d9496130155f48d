import { globalList } from '../core/invocation.ts'
import { calendarEvents, cronExpression, readCronExpression } from '../core/schedule/cron-expression.ts'
import { jobScript, variablesToCarry } from '../core/schedule/job-script.ts'
import { localTime } from '../core/schedule/local-time.ts'
import { cronOfInterval, minuteOf } from '../core/schedule/rhythm.ts'
import { grace, scheduleReport, schedulerWords } from '../core/schedule/status.ts'
import type { ScheduleReport } from '../core/schedule/status.ts'
import { escapeName } from '../core/escape.ts'
import { listed } from '../core/format.ts'
import { monitorCodes, Stop } from '../model/failure.ts'
import type { Invocation } from '../model/invocation.ts'
import type { PlacedSchedule, Scheduler } from '../model/ports.ts'
import type { SchedulePlan, SchedulerKind, VerifyRhythm } from '../model/schedule.ts'
import type { Context } from './context.ts'
import { hostKey } from './schedule-full.ts'
import { engineVariables, identify, scheduleVariable } from './schedule-tools.ts'
import type { ScheduleIdentity, ScheduleTools } from './schedule-tools.ts'

/** When what is done, as asked for. */
export interface ScheduleWishes {
  /** `6h`; null with an expression. */
  readonly every: string | null
  /** Five fields of cron; null with an interval. */
  readonly cron: string | null
  readonly verify: VerifyRhythm
  readonly full: SchedulePlan['full']
}

export interface InstallOptions extends ScheduleWishes {
  /** Timers of this user or of the machine; null: of the machine for root, else of the user. */
  readonly scope: 'user' | 'system' | null
  /** Only shows what would be placed. */
  readonly print: boolean
}

/**
 * `schedule install`: lets this machine take backups of the project by itself. An earlier schedule of it is replaced. Throws
 * `not-possible` where nothing here starts programs by itself; what belongs there is printed then.
 */
export async function installSchedule(
  context: Context,
  project: Invocation,
  options: InstallOptions,
  tools: ScheduleTools,
): Promise<number> {
  const identity = await identify(context, project)
  const { scheduler, whyNot } = await chooseScheduler(options, tools)
  const plan = await planFor(context, identity, options, tools, scheduler?.kind ?? 'by-hand')
  const script = scriptFor(context, project, plan, tools)
  const placed = placedFor(context, plan, tools)
  if (options.print)
    return printTexts(context, [{ place: placed.script, text: script }], scheduler, placed, tools)
  const before = await tools.book.plan(plan.key)
  const beforeScript = await context.files.readText(placed.script)
  await tools.book.keep(plan, script)
  if (scheduler === null) {
    printTexts(context, [], null, placed, tools)
    throw new Stop({
      reason: 'not-possible',
      what: `nothing on this machine starts backups by itself (${whyNot})`,
      how: 'give the line above to whatever starts jobs here, or keep running: safe-compose schedule serve',
    })
  }
  const changes = await scheduler.install(placed).catch(async (error: unknown) => {
    await (before === null || beforeScript === null
      ? tools.book.forget(plan.key)
      : tools.book.keep(before, beforeScript))
    throw error
  })
  const moved = await removeElsewhere(plan.key, tools, scheduler)
  const left = await outOfReach(plan.key, tools)
  if (left !== null)
    context.reporter.say({ type: 'warning', text: `an earlier schedule of it is still in ${left}` })
  const changed = [...changes, ...moved, ...(beforeScript === script ? [] : [`wrote ${placed.script}`])]
  context.print(installedText(plan, before, changed, await nextRun(plan, tools, context.host.now())))
  return 0
}

/**
 * Takes back exactly what `schedule install` placed. What ran is still known. Throws `not-possible` where it is placed and
 * cannot be taken back: what is left there would start a script that is gone.
 */
export async function removeSchedule(
  context: Context,
  project: Invocation,
  tools: ScheduleTools,
): Promise<number> {
  const { key, project: name } = await identify(context, project)
  const plan = await tools.book.plan(key)
  const left = await outOfReach(key, tools)
  if (left !== null)
    throw new Stop({
      reason: 'not-possible',
      what: `the schedule of ${name} cannot be taken back from ${left}`,
      how: 'nothing was changed: do it where that answers, such as in a session of this user',
    })
  const removed = await removeElsewhere(key, tools, null)
  if (plan === null && removed.length === 0) {
    context.print(`project ${escapeName(name)} has no schedule here\n`)
    return 0
  }
  await tools.book.forget(key)
  const lines = [...removed, `removed ${tools.book.script(key)}`].map(line => `  ${escapeName(line)}`)
  const byHand =
    plan?.startedBy === 'by-hand' ? ['  what you placed yourself is still there: remove it as well'] : []
  context.print(
    `${[`project ${escapeName(name)} is no longer backed up by itself`, ...lines, ...byHand].join('\n')}\n`,
  )
  return 0
}

/** `schedule status`: what is installed, how the last runs ended, when the next one is; as monitoring has it. */
export async function scheduleStatus(
  context: Context,
  project: Invocation,
  { json }: { readonly json: boolean },
  tools: ScheduleTools,
): Promise<number> {
  const identity = await identify(context, project)
  const report = await reportOf(context, identity, tools)
  context.print(
    json ? `${JSON.stringify(report, null, 2)}\n` : tools.tables.schedule(report, context.host.now()),
  )
  return statusCodes[report.state]
}

const statusCodes: Readonly<Record<ScheduleReport['state'], number>> = {
  well: monitorCodes.well,
  failing: monitorCodes.warning,
  overdue: monitorCodes.warning,
  gone: monitorCodes.warning,
  none: monitorCodes.warning,
  unknown: monitorCodes.unknown,
}

async function reportOf(
  context: Context,
  { key, project }: ScheduleIdentity,
  tools: ScheduleTools,
): Promise<ScheduleReport> {
  const { book, calendar } = tools
  const now = context.host.now()
  const plan = await book.plan(key)
  const [ownRuns, fullRuns, running, placed] = await Promise.all([
    book.runs(key),
    plan === null || plan.full === 'off' ? [] : book.runs(hostKey),
    book.running(key),
    isPlaced(plan, tools),
  ])
  const keepsLog = plan !== null && plan.startedBy !== 'serve' && !plan.startedBy.startsWith('systemd')
  return scheduleReport({
    project,
    plan,
    placed,
    runs: [...ownRuns, ...fullRuns],
    running,
    due:
      plan === null ? null : await calendar.last(plan.expression, plan.zone, new Date(now.getTime() - grace)),
    next: plan === null ? null : await nextRun(plan, tools, now),
    log: keepsLog ? book.log(key) : null,
    now,
  })
}

async function isPlaced(
  plan: SchedulePlan | null,
  { schedulers }: ScheduleTools,
): Promise<boolean | { readonly unknown: string }> {
  if (plan === null || plan.startedBy === 'serve' || plan.startedBy === 'by-hand') return true
  const scheduler = schedulers.find(({ kind }) => kind === plan.startedBy)
  if (scheduler === undefined) return { unknown: `${schedulerWords[plan.startedBy]} is not at hand here` }
  try {
    return await scheduler.has(plan.key)
  } catch (error) {
    if (!(error instanceof Stop) || error.failure.reason !== 'not-possible') throw error
    return { unknown: error.failure.what }
  }
}

/** The scheduler's own word counts more than what we would expect. */
async function nextRun(
  plan: SchedulePlan,
  { schedulers, calendar }: ScheduleTools,
  now: Date,
): Promise<Date | null> {
  const scheduler = schedulers.find(({ kind }) => kind === plan.startedBy)
  return (await scheduler?.next(plan.key)) ?? calendar.next(plan.expression, plan.zone, now)
}

// ---- What is asked for -------------------------------------------------------------------------------------------

/** The first scheduler that works here; why each does not, where none does. */
async function chooseScheduler(
  { scope, print }: InstallOptions,
  { schedulers, isRoot }: ScheduleTools,
): Promise<{ readonly scheduler: Scheduler | null; readonly whyNot: string }> {
  if (scope === 'system' && !isRoot)
    throw new Stop({
      reason: 'not-possible',
      what: 'timers of the machine can only be placed by root',
      how: 'sudo safe-compose schedule install --system, or for yourself: safe-compose schedule install --user',
    })
  const system = scope === 'system' || (scope === null && isRoot)
  const wanted = schedulers.filter(({ kind }) => kind !== (system ? 'systemd-user' : 'systemd'))
  const reasons: string[] = []
  for (const scheduler of wanted) {
    const why = await scheduler.whyNot()
    if (why === null) return { scheduler, whyNot: '' }
    reasons.push(why)
  }
  return { scheduler: print ? (wanted[0] ?? null) : null, whyNot: listed(reasons) }
}

/** The schedule as asked for. Throws `bad-usage` for moments that there are not. */
export async function planFor(
  context: Context,
  identity: ScheduleIdentity,
  wishes: ScheduleWishes,
  tools: ScheduleTools,
  startedBy: SchedulerKind,
): Promise<SchedulePlan> {
  const { every, cron, verify, full } = wishes
  const { zone, calendar, book } = tools
  const now = context.host.now()
  const expression =
    cron === null ? intervalOf(every ?? '6h', offsetOf(context, identity.key)) : expressionOf(cron)
  if ((await calendar.next(expression, zone, now)) === null)
    throw badTime(`--cron ${cron ?? ''} names no day that ever comes`)
  const before = await book.plan(identity.key)
  const isSame = before?.expression === expression && before.startedBy === startedBy
  const rhythm = cron === null ? `every ${(every ?? '6h').trim()}` : `at ${cron.trim()}`
  const since = isSame ? before.since : now.toISOString()
  return { format: 1, ...identity, expression, rhythm, zone, verify, full, startedBy, since }
}

function offsetOf(context: Context, key: string): number {
  return minuteOf(context.host.sha256(key))
}

function intervalOf(every: string, offset: number): string {
  const expression = cronOfInterval(every, offset)
  if (expression !== null) return expression
  throw badTime(
    `--every ${every} is no interval that divides a day: 15m, 20m, 30m, 1h, 2h, 3h, 4h, 6h, 8h, 12h, 1d or 7d`,
  )
}

function expressionOf(cron: string): string {
  const fields = readCronExpression(cron)
  if ('wrong' in fields) throw badTime(`--cron ${JSON.stringify(cron)} cannot be read: ${fields.wrong}`)
  return cronExpression(fields)
}

function badTime(what: string): Stop {
  return new Stop({
    reason: 'bad-usage',
    what,
    how: 'safe-compose schedule install [--every 6h | --cron "30 4 * * *"]',
  })
}

/** Throws `bad-usage` where the project cannot be found again. */
export function scriptFor(
  context: Context,
  project: Invocation,
  plan: SchedulePlan,
  { start, given, book }: ScheduleTools,
): string {
  const files = globalList(project, 'file')
  const once = files.find(file => file === '-' || /^\/(dev|proc)\//.test(file))
  if (once !== undefined)
    throw new Stop({
      reason: 'bad-usage',
      what: `what comes through ${once} cannot be read again by a timer`,
      how: 'write it into a file, and name that with -f',
    })
  const { carried, secrets } = variablesToCarry({ ...context.variables, ...given })
  // What is served hands on the variables that it has itself.
  if (plan.startedBy !== 'serve') sayOmitted(context, secrets)
  const { DOCKER_HOST: _host, DOCKER_CONTEXT: _context, ...others } = carried
  const variables = {
    ...others,
    ...engineVariables(context, project),
    [scheduleVariable]: plan.key,
  }
  const command = { directory: context.directory, start, globals: project.globalWords, variables }
  const keepsLog = plan.startedBy !== 'systemd' && plan.startedBy !== 'systemd-user'
  return jobScript(plan.project, command, keepsLog ? book.log(plan.key) : null)
}

/** Throws `bad-usage` where backups would go to another store, and nobody would know. */
function sayOmitted(context: Context, secrets: readonly string[]): void {
  if (secrets.includes('SAFE_COMPOSE_STORE'))
    throw new Stop({
      reason: 'bad-usage',
      what: 'the address of the store has a password in it, and is not written into a schedule',
      how: 'write it into the configuration: ~/.config/safe-compose/config.yaml',
    })
  for (const name of secrets)
    context.reporter.say({
      type: 'warning',
      text: `${name} is a secret and is not written into the schedule: keep it in a file of yours that the configuration names`,
    })
}

function placedFor(context: Context, plan: SchedulePlan, { book }: ScheduleTools): PlacedSchedule {
  const fields = readCronExpression(plan.expression)
  return {
    key: plan.key,
    project: plan.project,
    script: book.script(plan.key),
    calendar: 'wrong' in fields ? [] : calendarEvents(fields),
    offset: offsetOf(context, plan.key),
  }
}

/** Everywhere but in that one. */
async function removeElsewhere(
  key: string,
  { schedulers }: ScheduleTools,
  kept: Scheduler | null,
): Promise<readonly string[]> {
  const removed: string[] = []
  for (const scheduler of schedulers) {
    if (scheduler === kept || (await scheduler.whyNot()) !== null) continue
    removed.push(...(await scheduler.remove(key)))
  }
  return removed
}

/** Where it is placed and cannot be taken back now, with why; null where there is no such place. */
async function outOfReach(key: string, { schedulers }: ScheduleTools): Promise<string | null> {
  for (const scheduler of schedulers) {
    const why = await scheduler.whyNot()
    // What cannot even be read, such as the crontab of a cron that is gone, starts nothing.
    if (why !== null && (await scheduler.has(key).catch(() => false)))
      return `${schedulerWords[scheduler.kind]}: ${why}`
  }
  return null
}

// ---- What is said ------------------------------------------------------------------------------------------------

function printTexts(
  context: Context,
  first: readonly { readonly place: string; readonly text: string }[],
  scheduler: Scheduler | null,
  placed: PlacedSchedule,
  { schedulers }: ScheduleTools,
): number {
  const shown = scheduler ?? schedulers.find(({ kind }) => kind === 'crontab')
  const texts = [...first, ...(shown?.texts(placed) ?? [])]
  context.print(texts.map(({ place, text }) => `# ${escapeName(place)}\n${text}`).join('\n'))
  return 0
}

function installedText(
  plan: SchedulePlan,
  before: SchedulePlan | null,
  changes: readonly string[],
  next: Date | null,
): string {
  const { project, rhythm, verify, full, startedBy, zone } = plan
  const verified = verify === 'off' ? 'never verified by itself' : `verified ${verify}`
  const whole = full === 'off' ? '' : ', with every project of this host weekly'
  const was = before === null || before.rhythm === rhythm ? '' : ` (was: ${escapeName(before.rhythm)})`
  return `${[
    `project ${escapeName(project)} is backed up ${escapeName(rhythm)}${was} by ${schedulerWords[startedBy]}, ${verified}${whole}`,
    ...(changes.length === 0 ? ['  nothing changed'] : changes.map(line => `  ${escapeName(line)}`)),
    ...(next === null ? [] : [`  next run: ${localTime(next, zone)} (${zone})`]),
    ...notes[startedBy].map(line => `  ${line}`),
    '  try it now:       safe-compose schedule run',
    '  see how it went:  safe-compose schedule status',
  ].join('\n')}\n`
}

const notes: Readonly<Record<SchedulerKind, readonly string[]>> = {
  systemd: [],
  'systemd-user': ['it runs while you are logged in; always, after: loginctl enable-linger'],
  crontab: ['cron looks every quarter of an hour whether one is due, so that none is missed'],
  launchd: ['launchd looks every quarter of an hour whether one is due; this has not been tried on a Mac'],
  serve: [],
  'by-hand': [],
}
