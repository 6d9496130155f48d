import type { DecidedStake, Decision, Plan, Step } from '../model/decision.ts'
import type { Outcome, Stake } from '../model/finding.ts'
import type { Contents } from '../model/holding.ts'
import { nameOfHolding } from '../model/holding.ts'
import { escapeName } from './escape.ts'
import { formatBytes, listed, plural } from './format.ts'

/**
 * A plan as lines of text: what is at stake and why, what is not, what would be done in which order. The same text is
 * the dry run, and what tests compare with. Plain, without colour; names are escaped. Ends without a line break.
 */
export function renderPlan(plan: Plan, program: 'Compose' | 'docker' = 'Compose'): string {
  const { decision, steps } = plan
  const rows = [...decision.stakes.map(stakeRow), ...decision.spared.map(sparedRow)]
  const ignored =
    decision.ignored.length === 0 ? [] : [`ignored, because an agent is at work: ${listed(decision.ignored)}`]
  return [
    summaryOf(decision, program),
    ...block(rows.length === 0 ? [] : aligned(rows)),
    ...block(stepLines(steps)),
    ...block(ignored),
  ].join('\n')
}

/** What a plan's lines begin with. */
const signs: Readonly<Record<Outcome, string>> = {
  destroyed: '✗',
  orphaned: '-',
  recreated: '~',
  hidden: '!',
  corrupted: '!',
}

function summaryOf(decision: Decision, program: string): string {
  const counts = (['destroyed', 'corrupted', 'hidden', 'orphaned', 'recreated'] as const)
    .map(outcome => [outcome, countOf(decision, outcome)] as const)
    .filter(([, count]) => count > 0)
    .map(([outcome, count]) => `${count} ${outcome}`)
  if (counts.length === 0) return 'nothing is at stake'
  const saved = decision.stakes.filter(stake => stake.backUp).length
  const copies = saved === 0 ? 'nothing backed up' : `${plural(saved, 'backup')} first`
  return `${counts.join(', ')}; ${copies}; ${verdictWords(program)[decision.verdict]}`
}

function countOf(decision: Decision, outcome: Outcome): number {
  return decision.stakes.filter(
    ({ stake }) => stake.finding.outcome === outcome && stake.finding.warning !== true,
  ).length
}

function verdictWords(program: string): Readonly<Record<Decision['verdict'], string>> {
  return {
    pass: `then ${program} runs`,
    warn: `then ${program} runs`,
    'back-up': `then ${program} runs`,
    ask: 'you are asked before anything is done',
    refuse: `refused, ${program} does not run`,
  }
}

/** Sign, name, what, why. */
type Row = readonly [string, string, string, string]

function stakeRow({ stake, verdict, why, backUp }: DecidedStake): Row {
  const { finding } = stake
  const sign = finding.warning === true ? '!' : signs[finding.outcome]
  const done = verdict === 'refuse' ? `refused: ${why}` : backUp ? 'backed up first' : `not backed up: ${why}`
  const words = finding.warning === true ? finding.because : `${finding.because} (${done})`
  return [sign, nameIn(stake), whatOf(stake), finding.id === undefined ? words : `${words} [${finding.id}]`]
}

function sparedRow({ stake, why }: Decision['spared'][number]): Row {
  return [signs[stake.finding.outcome], nameIn(stake), whatOf(stake), `not backed up: ${why}`]
}

function nameIn(stake: Stake): string {
  return escapeName(nameOfHolding(stake.finding.holding))
}

function whatOf({ finding, contents }: Stake): string {
  const word = finding.warning === true ? finding.rule : finding.outcome
  return [word, ...contentWords(contents)].join(', ')
}

function contentWords(contents: Contents | null): readonly string[] {
  if (contents === null || contents.empty) return []
  const database = contents.database === null ? [] : [escapeName(contents.database.label)]
  return [...database, contents.bytes === null ? 'size unknown' : formatBytes(contents.bytes)]
}

function aligned(rows: readonly Row[]): readonly string[] {
  const width = (column: 1 | 2): number => Math.max(...rows.map(row => [...row[column]].length))
  const [names, whats] = [width(1), width(2)]
  return rows.map(
    ([sign, name, what, why]) => `${sign} ${padded(name, names)}  ${padded(what, whats)}  ${why}`,
  )
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - [...text].length))
}

function stepLines(steps: readonly Step[]): readonly string[] {
  return steps.map((step, index) => `${index + 1}. ${stepWords(step)}`)
}

function stepWords(step: Step): string {
  switch (step.type) {
    case 'stop':
    case 'pause':
    case 'resume':
      return `${step.type.padEnd(7)}  ${step.cause}`
    case 'copy':
      return `copy     ${escapeName(nameOfHolding(step.holding))} (${step.consistency})`
    case 'compose': {
      const words = step.argv.map(escapeName)
      const [program, rest] = words[0] === 'docker' ? ['docker ', words.slice(1)] : ['compose', words]
      return `${program}  ${rest.join(' ')}  (${step.cause})`
    }
  }
}

/** Set apart by an empty line and indented; nothing for no lines. */
function block(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', ...lines.map(line => `  ${line}`)]
}
