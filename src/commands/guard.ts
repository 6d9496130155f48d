import { wordsOf } from '../core/read-again.ts'
import { Stop } from '../model/failure.ts'
import type { Invocation } from '../model/invocation.ts'
import type { ChildEnd } from '../model/ports.ts'
import type { Context } from './context.ts'
import { maskedArgv } from './entries.ts'
import { asOne, judge } from './judge.ts'
import { lookAheadOfDocker } from './observe-docker.ts'
import { foresee } from './plan.ts'
import { rememberFindings } from './remember-findings.ts'
import { observe } from './observe-command.ts'
import { prepareRun } from './prepare-run.ts'
import { run } from './run.ts'
import { runGuarded } from './run-guarded.ts'
import { settle } from './settle.ts'

/** How often the flow starts again when the project changes under it. */
const attempts = 3

/**
 * The product: look, judge, ask if need be, save what is at stake, let the command run, remember what happened.
 * One line may concern several projects: then each has its own decision, restore point and journal entry.
 *
 * It runs only if every backup that the plan calls for has succeeded, and only on what was judged and copied.
 * Throws `refused`, `declined`, `backup-failed` and the like when it does not run.
 */
export async function guard(context: Context, invocation: Invocation): Promise<ChildEnd> {
  if (context.policy.dryRun) return dryRun(context, invocation)
  let line = invocation
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const looks = await observe(context, line)
    if (looks === 'fails-by-itself') return run(context, line)

    const cases = await judge(context, looks, line)
    await rememberFindings(context, cases, line)
    const settled = await settle(context, cases, line)
    if (settled === 'look-again') continue
    if ('instead' in settled) {
      line = settled.instead
      continue
    }
    const prepared = await prepareRun(context, cases, line, settled)
    if (prepared === 'look-again') continue
    return runGuarded(context, cases, line, prepared)
  }
  throw new Stop({ reason: 'refused', why: `the project changed ${attempts} times while it was looked at` })
}

/** What would be done, by the program and by us before it. Nothing is. */
async function dryRun(context: Context, invocation: Invocation): Promise<ChildEnd> {
  if (invocation.form === 'docker') return dryRunDocker(context, invocation)
  context.reporter.say({ type: 'plan', forecast: await foresee(context, invocation) })
  return { code: 0, signal: null }
}

async function dryRunDocker(context: Context, invocation: Invocation): Promise<ChildEnd> {
  const looks = await lookAheadOfDocker(context, invocation)
  const { plan } = asOne(await judge(context, looks, invocation, { ahead: true }))
  context.reporter.say({ type: 'docker-plan', plan, command: maskedArgv(wordsOf(invocation)) })
  return { code: 0, signal: null }
}
