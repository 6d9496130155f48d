import type { Manifest } from '../model/restore-point.ts'
import type { Context } from './context.ts'
import { applyRetention } from './prune.ts'

/** Lets go of restore points that the policy does not keep any more, after a new one was taken. 1 where one could not go. */
export async function keepRestorePoints(context: Context, { engine, project }: Manifest): Promise<number> {
  const store = await context.openStore()
  const scope = { engine: engine.id, project: project.name }
  const { heldBack, rows } = await applyRetention(context, store, scope, {
    policy: context.policy.keep,
    onPurpose: false,
    dryRun: false,
    skipMarks: false,
  })
  const failures = rows.filter(({ failure }) => failure !== null)
  for (const { point, failure } of failures)
    context.reporter.say({ type: 'warning', text: `${point.id} could not be removed: ${failure}` })
  return heldBack === null && failures.length === 0 ? 0 : 1
}
