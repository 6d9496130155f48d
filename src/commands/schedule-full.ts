import { escapeName } from '../core/escape.ts'
import { plural } from '../core/format.ts'
import { globalsOf, projectsWithData } from '../core/schedule/host-projects.ts'
import type { HostProject } from '../core/schedule/host-projects.ts'
import { Stop } from '../model/failure.ts'
import type { Invocation } from '../model/invocation.ts'
import type { JobRun } from '../model/schedule.ts'
import type { Context } from './context.ts'
import { reportOutcome } from './report-outcome.ts'
import { isInterruption, whatHappened } from './report-unattended.ts'
import { engineVariables, identify, rememberRun, sayNotBegun, scheduleVariable } from './schedule-tools.ts'
import type { ScheduleTools } from './schedule-tools.ts'

/** Under this key the runs over the whole host are remembered, whichever project's schedule began them. */
export const hostKey = 'every-project'

/** What belongs to a run over the whole host. */
interface HostRun {
  readonly context: Context
  readonly project: Invocation
  readonly tools: ScheduleTools
}

/**
 * Backs up every project that has containers on the engine, each by a run of its own with its own configuration, and reads
 * each new restore point back to the end. The project of this schedule was backed up just before, and is only read back.
 * One that fails stops no other. Never throws what is foreseen: it is in the run.
 */
export async function saveEveryProject(run: HostRun): Promise<JobRun> {
  const { context, tools } = run
  const began = context.host.now().toISOString()
  const lock = await tools.book.lock(hostKey, await context.host.owner())
  const ended = (code: number, summary: string): JobRun => ({
    job: 'full',
    began,
    ended: context.host.now().toISOString(),
    code,
    summary,
    restorePoint: null,
  })
  if ('since' in lock) return ended(0, 'another run over every project is at work')
  try {
    const { code, summary, details } = await saveAll(run)
    const result = ended(code, summary)
    await rememberRun(context, tools, hostKey, result)
    context.print(`${escapeName(summary)}\n`)
    if (context.audience.kind === 'script')
      await reportOutcome(context, {
        job: 'backup',
        project: null,
        ok: code === 0,
        summary,
        details,
        restorePoint: null,
      })
    return result
  } finally {
    await lock.release()
  }
}

interface Saved {
  readonly code: number
  readonly summary: string
  readonly details: readonly string[]
}

async function saveAll(run: HostRun): Promise<Saved> {
  const { context, project } = run
  try {
    const engine = await context.openEngine()
    const { containers } = await context.interruption.race(engine.observe())
    const images = await engine.images([...new Set(containers.map(({ imageId }) => imageId))])
    const own = (await identify(context, project)).project
    const troubles: string[] = []
    const all = projectsWithData(containers, images)
    for (const each of all) {
      context.interruption.check()
      troubles.push(...(await saveOne(run, each, each.name === own)))
    }
    if (troubles.length === 0)
      return { code: 0, summary: `${plural(all.length, 'project')} saved and read back`, details: [] }
    const summary = `${troubles.length} of ${plural(all.length, 'project')} not saved: ${troubles.join(', ')}`
    return { code: 1, summary, details: ['see what each said in the log of this run'] }
  } catch (error) {
    if (!(error instanceof Stop) || error.failure.reason === 'interrupted') throw error
    context.reporter.say({
      type: 'failed',
      failure: error.failure,
      kind: 'own',
      command: ['schedule', 'run'],
    })
    const { what, how } = whatHappened(context, error)
    return { code: 1, summary: `backup of every project failed: ${what}`, details: how }
  }
}

/** What failed: nothing, or the project's name with what could not be done. */
async function saveOne(run: HostRun, project: HostProject, isOwn: boolean): Promise<readonly string[]> {
  const files = await Promise.all(project.files.map(run.context.files.readText))
  const areThere = files.length > 0 && files.every(text => text !== null)
  const globals = globalsOf(project, areThere)
  const directory = areThere && project.directory !== null ? project.directory : '/'
  const start = (words: readonly string[]): Promise<boolean> =>
    ranWell(run, [...globals, ...words], directory)
  if (!isOwn && !(await start(['schedule', 'run', '--job', 'backup']))) return [`${project.name} (backup)`]
  if (!(await start(['verify', '--latest', '--level', 'read']))) return [`${project.name} (reading it back)`]
  return []
}

/** A signal ends the child as well: it puts in order what it has begun, and is waited for. */
async function ranWell(
  { context, project, tools }: HostRun,
  words: readonly string[],
  directory: string,
): Promise<boolean> {
  const inherited = Object.entries(context.variables).filter(
    ([name]) => !name.startsWith('COMPOSE_') && name !== scheduleVariable && !(name in engineNames),
  )
  const variables = { ...Object.fromEntries(inherited), ...engineVariables(context, project), ...tools.given }
  const child = tools.runner.start(words, { directory, variables })
  try {
    return (await context.interruption.race(child.ended)).code === 0
  } catch (error) {
    if (!isInterruption(error)) {
      sayNotBegun(context, directory, error)
      return false
    }
    child.end()
    await child.ended.catch(() => {})
    throw error
  }
}

/** They are told anew: flags of docker's own may have chosen another engine. */
const engineNames = { DOCKER_HOST: true, DOCKER_CONTEXT: true, DOCKER_CONFIG: true }
