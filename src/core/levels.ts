import type { Audience, RuleLevel, RuleSetting, Verdict } from '../model/decision.ts'

/** From the least to the most that is done about a finding. */
export const ruleLevels: readonly RuleLevel[] = ['off', 'warn', 'back-up', 'ask', 'refuse']

type AudienceKind = Audience['kind']

export const audienceKinds: readonly AudienceKind[] = ['person', 'script', 'agent']

/** What a setting says about one kind of audience; null where it leaves the default. */
export function levelFor(setting: RuleSetting | undefined, kind: AudienceKind): RuleLevel | null {
  if (setting === undefined) return null
  return typeof setting === 'string' ? setting : (setting[kind] ?? null)
}

/** Two settings of one rule, the later on top of the earlier, audience by audience. */
export function onTop(later: RuleSetting, earlier: RuleSetting | undefined): RuleSetting {
  if (earlier === undefined || typeof later === 'string') return later
  const below = typeof earlier === 'string' ? everybody(earlier) : earlier
  return { ...below, ...later }
}

function everybody(level: RuleLevel): RuleSetting & object {
  return { person: level, script: level, agent: level }
}

export function isLooser(level: RuleLevel, than: RuleLevel): boolean {
  return ruleLevels.indexOf(level) < ruleLevels.indexOf(than)
}

/** The level that leads to a verdict. */
export function levelOf(verdict: Verdict): RuleLevel {
  return verdict === 'pass' ? 'off' : verdict
}
