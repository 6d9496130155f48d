import type { Facts } from '../model/facts.ts'
import type { Circumstances, Finding, Outcome, Rule } from '../model/finding.ts'
import type { Holding } from '../model/holding.ts'
import { identityOfHolding } from '../model/holding.ts'
import type { Invocation } from '../model/invocation.ts'
import { findingId } from './finding-id.ts'
import { rules } from './rules/index.ts'

/**
 * Everything that the rules have to say about a command, the gravest first; about each holding once, by the rule that
 * says the gravest about it. A warning takes nobody's place and gives way to nobody: each rule may have one about each
 * holding. Empty for what Compose does not run: help, lines that it rejects.
 */
export function findFindings(
  facts: Facts,
  invocation: Invocation,
  circumstances: Circumstances,
): readonly Finding[] {
  const all = everyFinding(facts, invocation, circumstances)
  const sorted = all.toSorted((a, b) => gravity(a) - gravity(b))
  const seen = new Set<string>()
  return sorted
    .filter(({ holding, rule, warning }) => {
      const whose = warning === true ? `${rule} ` : ''
      const identity = `${whose}${identityOfHolding(holding)}`
      return !seen.has(identity) && seen.add(identity)
    })
    .map(finding => ({ ...finding, id: findingId(finding, circumstances.sha256) }))
}

/** What every rule has to say, also several about the same holding, in the order of the rules. */
export function everyFinding(
  facts: Facts,
  invocation: Invocation,
  circumstances: Circumstances,
): readonly Finding[] {
  if (invocation.outcome === 'help' || invocation.outcome === 'error') return []
  return rulesFor(invocation).flatMap(rule => rule.check(facts, invocation, circumstances))
}

function rulesFor({ form }: Invocation): readonly Rule[] {
  const whose = form === 'docker' ? 'docker' : undefined
  return rules.filter(({ judges }) => judges === 'both' || judges === whose)
}

/** What the rules want to have looked into before they judge a command. Each once. */
export function holdingsJudgedBy(
  facts: Facts,
  invocation: Invocation,
  circumstances: Circumstances,
): readonly Holding[] {
  if (invocation.outcome === 'help' || invocation.outcome === 'error') return []
  const wanted = rulesFor(invocation).flatMap(
    rule => rule.looksInto?.(facts, invocation, circumstances) ?? [],
  )
  return [...new Map(wanted.map(holding => [identityOfHolding(holding), holding])).values()]
}

/** The holdings worth a look inside: those that exist and may be copied. Each once. */
export function holdingsToLookInto(findings: readonly Finding[]): readonly Holding[] {
  return findings.filter(finding => finding.warning !== true).map(finding => finding.holding)
}

const order: readonly Outcome[] = ['destroyed', 'corrupted', 'hidden', 'orphaned', 'recreated']

/** Smaller is graver. What cannot be backed up comes before what can, a warning after everything. */
function gravity(finding: Finding): number {
  if (finding.warning === true) return 100
  return order.indexOf(finding.outcome) * 2 + (finding.canBackUp ? 1 : 0)
}
