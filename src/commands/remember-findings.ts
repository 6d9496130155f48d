import type { Invocation } from '../model/invocation.ts'
import type { Context, SaidFinding } from './context.ts'
import { maskedArgv } from './entries.ts'
import type { Judgement } from './judge.ts'
import type { Look } from './observe.ts'

/** What counts of what was found is remembered for `explain`: also what is refused, which no journal entry tells. */
export async function rememberFindings(
  context: Context,
  look: Look,
  invocation: Invocation,
  decision: Judgement,
): Promise<void> {
  const at = context.host.now().toISOString()
  const command = maskedArgv(invocation.argv)
    .filter((word, index) => !(index === 0 && word === 'compose'))
    .join(' ')
  const said = decision.stakes.flatMap(({ stake, verdict }): readonly SaidFinding[] => {
    const { finding } = stake
    return finding.id === undefined ? [] : [{ id: finding.id, finding, command, verdict, at }]
  })
  if (said.length === 0) return
  await context.projects.rememberFindings(look.facts.project.directory ?? context.directory, said)
}
