import { noProject } from '../core/docker/projects.ts'
import { Stop } from '../model/failure.ts'
import type { Engine } from '../model/ports.ts'
import type { Context } from './context.ts'

/** How often, and after how many milliseconds each, the lock of what belongs to nobody is asked for: a minute. */
const attempts = 120
const between = 500

/**
 * Takes a project's lock. What belongs to no project is waited for: two jobs that each remove their own by hand meet
 * there and mean each other no harm. Throws `locked` when somebody holds it.
 */
export async function lockProject(
  context: Context,
  engine: Engine,
  project: string,
): Promise<{ readonly release: () => Promise<void> }> {
  const owner = await context.host.owner()
  for (let attempt = 1; ; attempt++) {
    try {
      return await engine.lock(project, owner)
    } catch (error) {
      const isBusy = error instanceof Stop && error.failure.reason === 'locked'
      if (!isBusy || project !== noProject || attempt === attempts) throw error
    }
    if (attempt === 1)
      context.reporter.say({
        type: 'detail',
        text: 'another run removes what belongs to no project: waiting',
      })
    await context.interruption.race(new Promise(resolve => setTimeout(resolve, between)))
  }
}
