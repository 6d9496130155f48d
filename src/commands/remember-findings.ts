import { wordsOf } from '../core/read-again.ts'
import type { Invocation } from '../model/invocation.ts'
import type { Context, SaidFinding } from './context.ts'
import { maskedArgv } from './entries.ts'
import type { Case } from './judge.ts'

/** What counts of what was found is remembered for `explain`: also what is refused, which no journal entry tells. */
export async function rememberFindings(
  context: Context,
  cases: readonly Case[],
  invocation: Invocation,
): Promise<void> {
  const at = context.host.now().toISOString()
  const command = maskedArgv(wordsOf(invocation))
    .filter((word, index) => !(index === 0 && word === 'compose'))
    .join(' ')
  for (const { look, decision } of cases) {
    const said = decision.stakes.flatMap(({ stake, verdict }): readonly SaidFinding[] => {
      const { finding } = stake
      return finding.id === undefined ? [] : [{ id: finding.id, finding, command, verdict, at }]
    })
    if (said.length === 0) continue
    await context.projects.rememberFindings(look.facts.project.directory ?? context.directory, said)
  }
}
