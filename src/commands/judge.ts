import { approvalKey, decide } from '../core/decision.ts'
import { findFindings, holdingsToLookInto } from '../core/findings.ts'
import { believesLabels } from '../core/trust.ts'
import { identityOfHolding } from '../model/holding.ts'
import type { Contents, Holding } from '../model/holding.ts'
import type { Decision } from '../model/decision.ts'
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

/**
 * Finds, looks into what was found, and decides. Nothing is asked, and nothing is changed but that an approval is used
 * up; `ahead`: not even that.
 */
export async function judge(
  context: Context,
  look: Look,
  invocation: Invocation,
  { ahead }: { readonly ahead: boolean } = { ahead: false },
): Promise<Judgement> {
  const { facts, engine } = look
  const findings = findFindings(facts, invocation, look.circumstances)
  if (findings.length === 0) return { ...nothingFound, findings, newest: null }

  const store = await context.openStore()
  const scope = scopeOf(facts)
  const [contents, points, ledger, always] = await Promise.all([
    contentsOf(engine, facts, findings),
    store.list(scope),
    store.ledger(scope).read(),
    context.projects.alwaysBacksUp(facts.project.directory ?? context.directory),
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
    approval: ahead ? null : await takeApproval(context, look, invocation, findings),
    now: context.host.now(),
    volumes: facts.volumes,
    containers: facts.containers,
    images: facts.images,
    trusted: believesLabels(context.policy.disposable, facts),
  })
  return { ...decision, findings, newest: good[0] ?? null }
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
  look: Look,
  invocation: Invocation,
  findings: readonly Finding[],
): Promise<string | null> {
  if (context.audience.kind !== 'agent') return null
  return context.approvals.take(approvalKeyOf(context, look, invocation, findings))
}

/** Exactly this command, in this directory, on these holdings of this engine. */
export function approvalKeyOf(
  context: Context,
  look: Look,
  invocation: Invocation,
  findings: readonly Finding[],
): string {
  return approvalKey({
    argv: invocation.argv,
    directory: context.directory,
    engine: look.facts.engine.id,
    holdings: findings.map(finding => identityOfHolding(finding.holding)),
  })
}
