import { approvalKey, decide, strictest } from '../core/decision.ts'
import { findFindings, holdingsToLookInto } from '../core/findings.ts'
import { planFor } from '../core/plan.ts'
import { wordsOf } from '../core/read-again.ts'
import { believesLabels } from '../core/trust.ts'
import { identityOfHolding } from '../model/holding.ts'
import type { Contents, Holding } from '../model/holding.ts'
import type { Decision, Plan } from '../model/decision.ts'
import type { Finding } from '../model/finding.ts'
import type { Invocation } from '../model/invocation.ts'
import type { RestorePoint } from '../model/restore-point.ts'
import type { Context } from './context.ts'
import type { Look } from './observe.ts'
import { scopeOf } from './take-restore-point.ts'

/** Milliseconds that may be spent on sizes and last writes. */
const contentsBudget = 500

/** What was decided about a look, with what it rests on. */
export interface Judgement extends Decision {
  readonly findings: readonly Finding[]
  /** The newest good restore point of the project; null when there is none. */
  readonly newest: RestorePoint | null
}

/** What was seen of one project, what was decided about it, and the steps that this calls for. */
export interface Case {
  readonly look: Look
  readonly decision: Judgement
  readonly plan: Plan
}

/**
 * Finds, looks into what was found, and decides, project by project. Nothing is asked, and nothing is changed but that
 * an approval is used up; `ahead`: not even that.
 */
export async function judge(
  context: Context,
  looks: readonly Look[],
  invocation: Invocation,
  { ahead }: { readonly ahead: boolean } = { ahead: false },
): Promise<readonly Case[]> {
  const found = looks.map(look => ({
    look,
    findings: findFindings(look.facts, invocation, look.circumstances),
  }))
  const approval = ahead ? null : await takeApproval(context, found, invocation)
  return Promise.all(
    found.map(async ({ look, findings }) => {
      const decision = await decideOn(context, look, findings, approval)
      return { look, decision, plan: planFor(decision, look.facts, invocation) }
    }),
  )
}

async function decideOn(
  context: Context,
  { facts, engine }: Look,
  findings: readonly Finding[],
  approval: string | null,
): Promise<Judgement> {
  if (findings.length === 0) return { ...nothingFound, findings, newest: null }
  const store = await context.openStore()
  const scope = scopeOf(facts)
  const [contents, points, ledger, always] = await Promise.all([
    contentsOf(engine, facts, findings),
    store.list(scope),
    store.ledger(scope).read(),
    facts.project.directory !== null && context.projects.alwaysBacksUp(facts.project.directory),
  ])
  const good = points.filter(point => point.state === 'good')
  const decision = decide({
    stakes: findings.map(finding => ({
      finding,
      contents: contents.get(identityOfHolding(finding.holding)) ?? null,
    })),
    policy: always && context.audience.kind === 'person' ? { ...context.policy, yes: true } : context.policy,
    audience: context.audience,
    restorePoints: good.map(point => point.manifest),
    created: ledger?.created ?? [],
    approval,
    now: context.host.now(),
    volumes: facts.volumes,
    containers: facts.containers,
    images: facts.images,
    trusted: believesLabels(context.policy.disposable, facts),
  })
  return { ...decision, findings, newest: good[0] ?? null }
}

/** Everything that one command means, for those who are asked and told. Several projects are named together. */
export function asOne(cases: readonly Case[]): Omit<Case, 'look'> & { readonly project: string } {
  const decisions = cases.map(({ decision }) => decision)
  const counting = cases.filter(({ decision }) => decision.stakes.length > 0)
  const [only] = cases
  const decision: Judgement = {
    verdict: strictest(decisions.map(({ verdict }) => verdict)),
    stakes: decisions.flatMap(({ stakes }) => stakes),
    spared: decisions.flatMap(({ spared }) => spared),
    ignored: [...new Set(decisions.flatMap(({ ignored }) => ignored))],
    approval: decisions.find(({ approval }) => approval !== null)?.approval ?? null,
    findings: decisions.flatMap(({ findings }) => findings),
    newest: cases.length === 1 && only !== undefined ? only.decision.newest : null,
  }
  return {
    decision,
    plan: { decision, steps: cases.flatMap(({ plan }) => plan.steps) },
    project: (counting.length > 0 ? counting : cases).map(({ look }) => look.facts.project.name).join(', '),
  }
}

const nothingFound: Decision = { verdict: 'pass', stakes: [], spared: [], ignored: [], approval: null }

async function contentsOf(
  engine: Look['engine'],
  facts: Look['facts'],
  findings: readonly Finding[],
): Promise<ReadonlyMap<string, Contents>> {
  const holdings = new Map<string, Holding>()
  for (const holding of holdingsToLookInto(findings)) holdings.set(identityOfHolding(holding), holding)
  const found = await engine.contents([...holdings.values()], facts, contentsBudget)
  return new Map([...found].map(([holding, contents]) => [identityOfHolding(holding), contents]))
}

/** Only an agent needs an approval; anyone else decides at once. */
async function takeApproval(
  context: Context,
  found: readonly { readonly look: Look; readonly findings: readonly Finding[] }[],
  invocation: Invocation,
): Promise<string | null> {
  const key = approvalKeyOf(context, found, invocation)
  return context.audience.kind !== 'agent' || key === null ? null : context.approvals.take(key)
}

/** Exactly this command, in this directory, on these holdings of this engine; null where nothing was found. */
export function approvalKeyOf(
  context: Context,
  found: readonly { readonly look: Look; readonly findings: readonly Finding[] }[],
  invocation: Invocation,
): string | null {
  const [first] = found
  const findings = found.flatMap(each => each.findings)
  if (first === undefined || findings.length === 0) return null
  return approvalKey({
    argv: wordsOf(invocation),
    directory: context.directory,
    engine: first.look.facts.engine.id,
    holdings: findings.map(finding => identityOfHolding(finding.holding)),
  })
}
