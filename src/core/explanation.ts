import type { Audience, RuleLevel, RuleSetting } from '../model/decision.ts'
import type { Effect, Rule } from '../model/finding.ts'
import { reactionsOf } from './effects.ts'
import { audienceKinds } from './levels.ts'

/** Everything that is to be said about a rule, with what it leads to now. Also what `explain --json` prints. */
export interface Explanation {
  readonly id: string
  readonly family: string
  readonly title: string
  readonly about: string
  readonly versions: string
  readonly instead: string
  /** By audience: each level that may come of it, and when. */
  readonly reactions: Readonly<Record<Audience['kind'], readonly ReactionInWords[]>>
  readonly citations: readonly Citation[]
}

export interface ReactionInWords {
  readonly level: RuleLevel
  /** Said by the configuration, and not the default. */
  readonly configured: boolean
  /** When it comes to that, where other levels are possible too; null where there is only this one. */
  readonly when: string | null
}

export interface Citation {
  readonly text: string
  /** Null for what is not on the web. */
  readonly url: string | null
}

export function explanationOf(rule: Rule, setting: RuleSetting | undefined): Explanation {
  const { id, title, about, versions, instead } = rule
  const reactions = Object.fromEntries(
    audienceKinds.map(kind => [kind, inWords(rule, kind, setting)]),
  ) as Explanation['reactions']
  return {
    id,
    family: familyOf(rule),
    title,
    about,
    versions,
    instead,
    reactions,
    citations: rule.citations.map(text => ({ text, url: linkOf(text) })),
  }
}

function inWords(
  rule: Rule,
  kind: Audience['kind'],
  setting: RuleSetting | undefined,
): readonly ReactionInWords[] {
  const all = reactionsOf(rule, kind, setting)
  return all.map(({ level, effects, configured }) => ({
    level,
    configured,
    when: all.length === 1 ? null : effects.map(effect => whenWords[effect]).join(' or '),
  }))
}

const whenWords: Readonly<Record<Effect, string>> = {
  destroyed: 'deleted',
  'destroyed-without-copy': 'deleted and no backup can be made',
  'destroyed-if-confirmed': 'Compose asks as well',
  corrupted: 'damaged',
  hidden: 'hidden',
  replaced: 'something else is used instead',
  orphaned: 'left behind',
  'orphaned-without-copy': 'left behind and no backup can be made',
  recreated: 'recreated',
  warning: 'it is not certain or not there yet',
}

/** By the gravest that a rule leads to. */
const families: readonly { readonly title: string; readonly effects: readonly Effect[] }[] = [
  { title: 'Data is deleted', effects: ['destroyed', 'destroyed-without-copy', 'destroyed-if-confirmed'] },
  { title: 'Data is damaged', effects: ['corrupted'] },
  { title: 'The application would not see its data', effects: ['hidden', 'replaced'] },
  { title: 'Data is left behind', effects: ['orphaned', 'orphaned-without-copy'] },
  { title: 'The container is replaced', effects: ['recreated'] },
  { title: 'Worth knowing', effects: ['warning'] },
]

function familyOf({ id, leadsTo: [gravest] }: Rule): string {
  const family = families.find(({ effects }) => gravest !== undefined && effects.includes(gravest))
  if (family === undefined) throw new Error(`Internal error: the rule ${id} leads to nothing`)
  return family.title
}

/** The explanations by family, the gravest first; empty families are left out. */
export function byFamily(
  explanations: readonly Explanation[],
): readonly { readonly title: string; readonly explanations: readonly Explanation[] }[] {
  return families
    .map(({ title }) => ({ title, explanations: explanations.filter(each => each.family === title) }))
    .filter(family => family.explanations.length > 0)
}

/** `owner/repo#n` is an issue or a pull request; an address is its own link. */
function linkOf(citation: string): string | null {
  const issue = /^([\w.-]+\/[\w.-]+)#(\d+)$/.exec(citation)
  if (issue !== null) return `https://github.com/${issue[1]}/issues/${issue[2]}`
  return /^https?:\/\/\S+$/.test(citation) ? citation : null
}

const levelWords: Readonly<Record<RuleLevel, string>> = {
  off: 'nothing',
  warn: 'say so',
  'back-up': 'back up',
  ask: 'ask',
  refuse: 'refuse',
}

/** `ask if deleted, back up if left behind`. */
export function reactionWords(reactions: readonly ReactionInWords[]): string {
  return reactions
    .map(({ level, when }) => (when === null ? levelWords[level] : `${levelWords[level]} if ${when}`))
    .join(', ')
}
