import { planFor } from '../core/plan.ts'
import { Stop } from '../model/failure.ts'
import type { Invocation } from '../model/invocation.ts'
import type { ChildEnd } from '../model/ports.ts'
import type { Context } from './context.ts'
import { judge } from './judge.ts'
import { observeProject } from './observe.ts'
import { prepareRun } from './prepare-run.ts'
import { runGuarded } from './run-guarded.ts'
import { settle } from './settle.ts'

/** How often the flow starts again when the project changes under it. */
const attempts = 3

/**
 * The product: look, judge, ask if need be, save what is at stake, let Compose run, remember what happened.
 *
 * Compose runs only if every backup that the plan calls for has succeeded, and only on what was judged and copied.
 * Throws `refused`, `declined`, `backup-failed` and the like when it does not run.
 */
export async function guard(context: Context, invocation: Invocation): Promise<ChildEnd> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const look = await observeProject(context, invocation)
    if (look === 'compose-fails-by-itself') return context.compose.run(invocation.argv)

    const decision = await judge(context, look, invocation)
    const plan = planFor(decision, look.facts, invocation)
    if (context.policy.dryRun) return showPlan(context, look.facts.project.name, plan)

    const settled = await settle(context, look, invocation, decision, plan)
    if (settled === 'look-again') continue
    const run = await prepareRun(context, look, invocation, plan, settled)
    if (run === 'look-again') continue
    return runGuarded(context, look, decision, run)
  }
  throw new Stop({ reason: 'refused', why: `the project changed ${attempts} times while it was looked at` })
}

function showPlan(context: Context, project: string, plan: ReturnType<typeof planFor>): ChildEnd {
  context.reporter.say({ type: 'plan', plan, project })
  return { code: 0, signal: null }
}
