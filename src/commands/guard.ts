import { planFor } from '../core/plan.ts'
import { Stop } from '../model/failure.ts'
import type { Invocation } from '../model/invocation.ts'
import type { ChildEnd } from '../model/ports.ts'
import type { Context } from './context.ts'
import { judge } from './judge.ts'
import { foresee } from './plan.ts'
import { rememberFindings } from './remember-findings.ts'
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
  if (context.policy.dryRun) return dryRun(context, invocation)
  let line = invocation
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const look = await observeProject(context, line)
    if (look === 'compose-fails-by-itself') return context.compose.run(line.argv)

    const decision = await judge(context, look, line)
    await rememberFindings(context, look, line, decision)
    const plan = planFor(decision, look.facts, line)
    const settled = await settle(context, look, line, decision, plan)
    if (settled === 'look-again') continue
    if ('instead' in settled) {
      line = settled.instead
      continue
    }
    const run = await prepareRun(context, look, line, plan, settled)
    if (run === 'look-again') continue
    return runGuarded(context, look, line, decision, run)
  }
  throw new Stop({ reason: 'refused', why: `the project changed ${attempts} times while it was looked at` })
}

/** What would be done, by Compose and by us before it. Nothing is. */
async function dryRun(context: Context, invocation: Invocation): Promise<ChildEnd> {
  context.reporter.say({ type: 'plan', forecast: await foresee(context, invocation) })
  return { code: 0, signal: null }
}
