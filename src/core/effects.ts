import type { Audience, RuleLevel, RuleSetting, Verdict } from '../model/decision.ts'
import type { Effect, Finding, Rule } from '../model/finding.ts'
import { isLooser, levelFor, levelOf } from './levels.ts'

type AudienceKind = Audience['kind']

/** What is done about an effect where nobody says anything else, and why. */
export interface Reaction {
  readonly verdict: Verdict
  readonly why: string
}

const noCopy: Reaction = { verdict: 'refuse', why: 'no backup can be made of it' }
const personDecides: Reaction = { verdict: 'ask', why: 'a person decides' }
const nobodyDecides: Reaction = { verdict: 'refuse', why: 'nobody is there to decide' }
const agentMayNot: Reaction = { verdict: 'refuse', why: 'an agent may not destroy data' }

/** The application would go on with other data than it has: only a person can know that this is meant. */
const otherData = { person: personDecides, script: nobodyDecides, agent: nobodyDecides }

/** The defaults: who asks decides what an effect leads to. */
export const reactions: Readonly<Record<Effect, Readonly<Record<AudienceKind, Reaction>>>> = {
  destroyed: {
    person: personDecides,
    script: { verdict: 'back-up', why: 'nobody is there to be asked' },
    agent: agentMayNot,
  },
  'destroyed-without-copy': everybody(noCopy),
  'destroyed-if-confirmed': {
    person: { verdict: 'back-up', why: 'Compose asks before it does it' },
    script: { verdict: 'back-up', why: 'nobody is there to be asked' },
    agent: agentMayNot,
  },
  corrupted: otherData,
  hidden: otherData,
  replaced: otherData,
  orphaned: everybody({ verdict: 'back-up', why: 'it is kept, but nothing points to it any more' }),
  'orphaned-without-copy': everybody(noCopy),
  recreated: everybody({ verdict: 'back-up', why: 'no good backup of it is recent enough' }),
  warning: everybody({ verdict: 'warn', why: 'worth knowing, nothing is at stake' }),
}

function everybody(reaction: Reaction): Readonly<Record<AudienceKind, Reaction>> {
  return { person: reaction, script: reaction, agent: reaction }
}

export function effectOf(finding: Finding): Effect {
  if (finding.warning === true) return 'warning'
  switch (finding.outcome) {
    case 'destroyed':
      if (!finding.canBackUp) return 'destroyed-without-copy'
      return finding.composeAsks === true ? 'destroyed-if-confirmed' : 'destroyed'
    case 'orphaned':
      if (finding.wouldUse !== undefined) return 'replaced'
      return finding.canBackUp ? 'orphaned' : 'orphaned-without-copy'
    case 'corrupted':
    case 'hidden':
    case 'recreated':
      return finding.outcome
  }
}

/** What a rule leads to for one kind of audience: each level that may come of it, and from which effects. */
export interface RuleReaction {
  readonly level: RuleLevel
  readonly effects: readonly Effect[]
  readonly configured: boolean
}

/**
 * How a rule reacts to one kind of audience with this setting, in the order of its effects. For an agent a setting
 * never loosens anything.
 */
export function reactionsOf(
  rule: Pick<Rule, 'leadsTo'>,
  kind: AudienceKind,
  setting: RuleSetting | undefined,
): readonly RuleReaction[] {
  const level = levelFor(setting, kind)
  const byLevel = new Map<RuleLevel, { effects: Effect[]; configured: boolean }>()
  for (const effect of rule.leadsTo) {
    const byDefault = levelOf(reactions[effect][kind].verdict)
    const holds = level !== null && !(kind === 'agent' && isLooser(level, byDefault))
    const inForce = holds ? level : byDefault
    const known = byLevel.get(inForce) ?? { effects: [], configured: holds }
    byLevel.set(inForce, { ...known, effects: [...known.effects, effect] })
  }
  return [...byLevel].map(([each, rest]) => ({ level: each, ...rest }))
}

/** The strictest that comes of a rule for one kind of audience: below it a project's file may not go. */
export function strictestOf(
  rule: Pick<Rule, 'leadsTo'>,
  kind: AudienceKind,
  setting: RuleSetting | undefined,
): RuleLevel {
  return reactionsOf(rule, kind, setting)
    .map(({ level }) => level)
    .reduce((most, level) => (isLooser(most, level) ? level : most), 'off')
}
