import { typedToUs } from '../core/command-line.ts'
import { escapeName } from '../core/escape.ts'
import { Stop } from '../model/failure.ts'
import type { Context } from './context.ts'

/**
 * `approve CODE`: a person at a terminal lets exactly one refused command through, once, within 15 minutes. Where an
 * agent is at work, or nobody can be asked, it is refused: an approval that a program could give would be none.
 */
export async function approve(context: Context, code: string): Promise<number> {
  if (context.audience.kind === 'agent' || context.prompt === null)
    throw new Stop({ reason: 'refused', why: 'only a person at a terminal can approve' })
  const refusal = await context.approvals.find(code)
  if (refusal === null)
    throw new Stop({
      reason: 'not-possible',
      what: `no refusal waits under the code ${code}`,
      how: 'codes are good for 15 minutes and for one run: have the command typed again for a new one',
    })
  const words = typedToUs(refusal.argv).map(escapeName).join(' ')
  const question = [
    `Let \`${words}\` run once in ${escapeName(refusal.directory)}?`,
    ...refusal.holdings.map(holding => `  ${escapeName(holding)}`),
    '  (it is backed up first)',
  ].join('\n')
  if (!(await context.prompt.confirm(question))) throw new Stop({ reason: 'declined' })
  await context.approvals.grant(code)
  context.print(`approved once, for 15 minutes: ${words}\n`)
  return 0
}
