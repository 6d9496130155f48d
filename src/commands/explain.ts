import { nearest } from '../core/did-you-mean.ts'
import { explanationOf } from '../core/explanation.ts'
import type { Explanation } from '../core/explanation.ts'
import { findingId } from '../core/finding-id.ts'
import { ruleIds, rules } from '../core/rules/index.ts'
import { Stop } from '../model/failure.ts'
import type { Finding, Rule } from '../model/finding.ts'
import type { Invocation } from '../model/invocation.ts'
import type { Context, SaidFinding } from './context.ts'
import { commandOf } from './undo.ts'
import { lookAtProject } from './observe.ts'
import { scopeOf } from './take-restore-point.ts'

/** What is explained, put into words for a terminal; injected so that commands need no knowledge of pages. */
export interface ExplanationPages {
  readonly list: (explanations: readonly Explanation[]) => string
  readonly rule: (explanation: Explanation) => string
  readonly finding: (said: SaidFinding, explanation: Explanation, now: Date) => string
}

/**
 * `explain`: every rule by its family. `explain RULE`: the hazard in plain words, with what it leads to here and now.
 * `explain RULE/xxxx`: what was found, from what was said in this project before, else from its journal.
 *
 * @param directory the project's, as far as it can be told without an engine
 */
export async function explain(
  context: Context,
  project: Invocation,
  options: { readonly what: string | null; readonly json: boolean; readonly directory: string },
  pages: ExplanationPages,
): Promise<number> {
  const { what, json } = options
  const explained = (rule: Rule): Explanation => explanationOf(rule, context.policy.rules[rule.id])
  if (what === null) {
    const all = rules.map(explained)
    context.print(json ? jsonText(all) : pages.list(all))
    return 0
  }
  const rule = ruleNamed(what.split('/', 1)[0] ?? what)
  if (!what.includes('/')) {
    context.print(json ? jsonText(explained(rule)) : pages.rule(explained(rule)))
    return 0
  }
  const said =
    (await context.projects.findings(options.directory)).find(({ id }) => id === what) ??
    (await findInJournal(context, project, what))
  if (said === null) throw unknownFinding(what, rule)
  const page = explained(rule)
  context.print(
    json ? jsonText({ finding: said, rule: page }) : pages.finding(said, page, context.host.now()),
  )
  return 0
}

function ruleNamed(id: string): Rule {
  const rule = rules.find(each => each.id === id)
  if (rule !== undefined) return rule
  const meant = nearest(id, ruleIds)
  throw new Stop({
    reason: 'bad-usage',
    what: `there is no rule ${id}`,
    how: meant === null ? 'see them all: safe-compose explain' : `did you mean ${meant}?`,
  })
}

/** The newest entry that holds it: commands of others on this project are there as well. */
async function findInJournal(context: Context, project: Invocation, id: string): Promise<SaidFinding | null> {
  const look = await lookAtProject(context, project)
  const store = await context.openStore()
  const entries = await store.journal(scopeOf(look.facts)).read()
  for (const entry of entries.toReversed()) {
    const finding = entry.findings.find(each => idOf(context, each) === id)
    if (finding !== undefined)
      return { id, finding, command: commandOf(entry), verdict: entry.verdict, at: entry.openedAt }
  }
  return null
}

function idOf(context: Context, finding: Finding): string {
  return finding.id ?? findingId(finding, context.host.sha256)
}

function unknownFinding(id: string, rule: Rule): Stop {
  return new Stop({
    reason: 'not-possible',
    what: `nothing was found in this project under ${id}`,
    how: `see what the rule is about: safe-compose explain ${rule.id}`,
  })
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
