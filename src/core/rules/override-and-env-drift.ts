import type { Facts } from '../../model/facts.ts'
import type { Circumstances, Finding, Rule } from '../../model/finding.ts'
import type { Invocation } from '../../model/invocation.ts'
import { displacedByStart, displacedInContainers, holdingsToWeigh, weightOf } from '../displaced.ts'
import type { Displaced } from '../displaced.ts'
import { dataInWords, displacedFinding, wouldUseInWords } from '../displaced-finding.ts'
import { driftBehind } from '../drift.ts'
import { escapeName } from '../escape.ts'
import { identityOfHolding } from '../../model/holding.ts'
import { isDryRun } from '../invocation.ts'

/**
 * Nobody edited anything, and yet the file says another volume: another set of `-f` files, an override that came or
 * is missing, COMPOSE_FILE, a profile, a `.env` that is not read, a variable that is not set (`hz_${STAGE}_pg` becomes
 * `hz__pg`). The container that is made from it starts on something else.
 *
 * Nothing is deleted; the same words as last time bring everything back.
 */
export const overrideAndEnvDrift: Rule = {
  id: 'override-and-env-drift',
  title: 'other files or variables than last time lead to another volume',
  about:
    'The volume of a service depends on which -f files, overrides, profiles and variables are read. With others than ' +
    'last time its container is made anew on another volume or directory, usually an empty one. Compose only warns ' +
    'of variables that are not set. Commands that do not start anything on it are left alone.',
  versions: 'all',
  instead: 'the same -f files and variables as last time',
  leadsTo: ['replaced', 'warning'],
  citations: ['docker/compose#6570', 'docker/compose#11642'],
  looksInto: (facts, invocation, circumstances) =>
    holdingsToWeigh(facts, drifted(facts, invocation, circumstances)),
  check: (facts, invocation, circumstances) =>
    drifted(facts, invocation, circumstances).flatMap(each => driftFindings(facts, each)),
}

type Drifted = Displaced & { readonly cause: string; readonly starts: boolean }

/** With `down` and `rm` fewer words are enough, and the next `up` has them all again: no more than a warning there. */
function drifted(facts: Facts, invocation: Invocation, circumstances: Circumstances): readonly Drifted[] {
  if (isDryRun(invocation)) return []
  const starting = displacedByStart(facts, invocation).map(each => ({ ...each, starts: true }))
  const known = new Set(starting.map(({ holding }) => identityOfHolding(holding)))
  const going = displacedInContainers(facts, invocation, circumstances)
    .filter(({ effect, holding }) => effect === 'removed' && !known.has(identityOfHolding(holding)))
    .map(each => ({ ...each, starts: false }))
  return [...starting, ...going].flatMap(each => {
    const cause = driftBehind(facts, each)
    return cause === null ? [] : [{ ...each, cause }]
  })
}

function driftFindings(facts: Facts, each: Drifted): readonly Finding[] {
  const weight = weightOf(facts, each)
  if (weight === 'none') return []
  const service = escapeName(each.service.name)
  const other = wouldUseInWords(facts, each)
  const data = dataInWords(facts, each)
  const finding = displacedFinding('override-and-env-drift', facts, each, {
    because: each.starts
      ? `${service} would start on ${other}; its data is in ${data}: ${each.cause}`
      : `by what this run reads, ${service} uses ${other}, and its container uses ${data}: ${each.cause}`,
    evidence: [each.cause],
    remedies: [{ kind: 'advice', line: adviceFor(facts, each) }],
    instead: adviceFor(facts, each),
    warning: weight === 'slight' || !each.starts,
  })
  return [finding]
}

function adviceFor(facts: Facts, { container, cause }: Drifted): string {
  if (cause.includes(' not set')) return 'set the variable, in the shell or in .env, and run it again'
  const files = (container?.configFiles ?? []).map(file => {
    const directory = facts.project.directory ?? ''
    return file.startsWith(`${directory}/`) ? file.slice(directory.length + 1) : file
  })
  return `the files of last time: ${files.map(file => `-f ${escapeName(file)}`).join(' ')}`
}
