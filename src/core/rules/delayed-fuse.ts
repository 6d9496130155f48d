import type { Facts } from '../../model/facts.ts'
import type { Circumstances, Finding, Rule } from '../../model/finding.ts'
import type { Invocation } from '../../model/invocation.ts'
import { displacedInContainers, holdingsToWeigh, weightOf } from '../displaced.ts'
import type { Displaced, Effect } from '../displaced.ts'
import { dataInWords, displacedFinding, insteadInFile, wouldUseInWords } from '../displaced-finding.ts'
import { driftBehind } from '../drift.ts'
import { escapeName } from '../escape.ts'
import { isLitFuse } from '../fuse.ts'
import { isDryRun } from '../invocation.ts'
import { commandOf } from '../reach.ts'

/**
 * A container still has a volume that the file no longer gives it. It goes on working through any number of `up` and
 * `restart`, until the container is removed (`down`, `rm`, scaling to 0) or made anew: then the service starts on
 * something else, at a command that never did any harm before.
 *
 * Nothing is deleted: the data stays in the volume. But once the container is gone, nothing tells which one it was.
 */
export const delayedFuse: Rule = {
  id: 'delayed-fuse',
  title: 'a container has a volume that the file no longer gives it',
  about:
    'Compose hands volumes on from the old container to the new one where the file is silent, and before 2.32 it did ' +
    'not look at renamed volumes at all. So an edit of a mount can have no effect for months, until `down`, `rm`, a ' +
    'recreation, or an upgrade of Compose brings it to bear. What would set it off is asked or refused; at any other ' +
    'command it is a warning.',
  versions: 'all; renamed volumes: made by 2.0 to 2.31, set off also by 2.32',
  instead: 'volumes: { KEY: { name: NAME_IN_USE } }',
  leadsTo: ['replaced', 'warning'],
  citations: [
    'docker/compose#11642',
    'docker/compose#10060',
    'docker/compose#12363',
    'docker/compose#4476',
    'docker/compose#2481',
    'docker/compose#6570',
    'docksal/docksal#695',
  ],
  looksInto: (facts, invocation, circumstances) =>
    holdingsToWeigh(facts, fuses(facts, invocation, circumstances)),
  check: (facts, invocation, circumstances) =>
    fuses(facts, invocation, circumstances).flatMap(each => fuseFindings(facts, invocation, each)),
}

type Fuse = Displaced & { readonly effect: Effect }

/** An anonymous volume whose container is removed loses its name in any case: that is said by another rule. */
function fuses(facts: Facts, invocation: Invocation, circumstances: Circumstances): readonly Fuse[] {
  if (isDryRun(invocation)) return []
  return displacedInContainers(facts, invocation, circumstances).filter(each => {
    if (each.holding.kind === 'bind' && each.expected.kind === 'bind') return false
    if (driftBehind(facts, each) !== null) return false
    return each.effect === 'starts' ? isLitFuse(facts, each) : each.holding.kind !== 'anonymous'
  })
}

function fuseFindings(facts: Facts, invocation: Invocation, fuse: Fuse): readonly Finding[] {
  const weight = weightOf(facts, fuse)
  if (weight === 'none') return []
  return [
    displacedFinding('delayed-fuse', facts, fuse, {
      because: becauseOf(facts, invocation, fuse),
      instead: insteadInFile(fuse),
      warning: weight === 'slight' || fuse.effect === 'waits',
    }),
  ]
}

function becauseOf(facts: Facts, invocation: Invocation, fuse: Fuse): string {
  const service = escapeName(fuse.service.name)
  const data = dataInWords(facts, fuse)
  const other = wouldUseInWords(facts, fuse)
  switch (fuse.effect) {
    case 'starts':
      return `${service} would start on ${other}; its container still uses ${data}, which the file no longer names`
    case 'removed':
      return `after ${commandOf(invocation)}, ${service} would start on ${other}: only its container still knows ${data}, the file does not`
    case 'waits':
      return `${service} still uses ${data}, which the file no longer names: as soon as its container is removed or made anew, it starts on ${other}`
  }
}
