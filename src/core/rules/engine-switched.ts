import type { Facts } from '../../model/facts.ts'
import type { Circumstances, Finding, Rule } from '../../model/finding.ts'
import type { Invocation } from '../../model/invocation.ts'
import type { Ledger, LedgerService } from '../../model/journal.ts'
import { isStorePath } from '../displaced.ts'
import { escapeName } from '../escape.ts'
import { expectedAt, replacementOf } from '../expected-mount.ts'
import type { ExpectedMount } from '../expected-mount.ts'
import { dockerText } from '../invocation.ts'
import { findStarts } from '../starts.ts'
import type { Start } from '../starts.ts'

/**
 * The same directory, the same command, another engine: DOCKER_HOST, a context, Docker Desktop's own, rootless, `sudo`
 * with another home. Everything is new there, and the data sits on the engine of yesterday.
 *
 * Nothing is deleted. Refused where the engine changed without a word on the command line or in the environment; an
 * engine that was chosen by name is a warning, once.
 */
export const engineSwitched: Rule = {
  id: 'engine-switched',
  title: 'the data of this project is on another engine',
  about:
    'Volumes belong to one engine. When the current context, DOCKER_HOST or the user changes, the same command starts ' +
    'everything anew on the other engine. Refused where the change came about silently (another endpoint, nothing ' +
    'typed and nothing in the environment); where the engine was chosen by name it is a warning.',
  versions: 'all',
  instead: 'docker --context THE_OTHER compose up -d',
  leadsTo: ['hidden', 'warning'],
  citations: ['docker/desktop-linux#8', 'docker/compose#7330', 'docker/for-win#14126', 'docker/for-mac#5753'],
  check: (facts, invocation, circumstances) => {
    const isWarning = isChosen(invocation, circumstances)
    return leftElsewhere(facts, invocation).map(each => findingOf(facts, each, isWarning))
  },
}

interface Elsewhere {
  readonly start: Start
  readonly ledger: Ledger
  readonly mount: LedgerService['mounts'][number]
  readonly expected: ExpectedMount
}

/** Databases that this directory had on other engines, where on this one nothing stands yet. */
function leftElsewhere(facts: Facts, invocation: Invocation): readonly Elsewhere[] {
  const others = facts.otherLedgers
    .filter(ledger => ledger.engine !== facts.engine.id)
    .toSorted((a, b) => Date.parse(b.updatedAt) - Date.parse(a.updatedAt))
  if (others.length === 0) return []
  return findStarts(facts, invocation)
    .filter(({ service, replaced }) => replaced.length === 0 && !isKnownHere(facts, service.name))
    .flatMap(start => {
      const ledger = others.find(each => each.services.some(({ service }) => service === start.service.name))
      const known = ledger?.services.find(({ service }) => service === start.service.name)
      if (ledger === undefined || known === undefined) return []
      return known.mounts
        .filter(
          mount =>
            mount.type === 'volume' &&
            (mount.database !== null || isStorePath(facts, start.service, known.image, mount.destination)),
        )
        .map(mount => ({
          start,
          ledger,
          mount,
          expected: expectedAt(facts, start.service, mount.destination),
        }))
        .filter(({ expected }) => isNewHere(facts, expected))
    })
}

function isKnownHere(facts: Facts, service: string): boolean {
  return facts.ledger?.services.some(each => each.service === service) === true
}

function isNewHere(facts: Facts, expected: ExpectedMount): boolean {
  if (expected.declared?.external === true) return false
  return expected.kind === 'anonymous' || (expected.kind === 'volume' && isMissing(facts, expected.name))
}

function isMissing(facts: Facts, name: string | null): boolean {
  return !facts.volumes.some(volume => volume.name === name)
}

/** Named on the command line or in the environment: whoever did so knows that it is another engine. */
function isChosen(invocation: Invocation, { variables, envFileOnly = [] }: Circumstances): boolean {
  const typed = ['context', 'host'].some(flag => (dockerText(invocation, flag) ?? '') !== '')
  const set = ['DOCKER_HOST', 'DOCKER_CONTEXT'].some(
    name => (variables[name] ?? '') !== '' && !envFileOnly.includes(name),
  )
  return typed || set
}

function findingOf(
  facts: Facts,
  { start, ledger, mount, expected }: Elsewhere,
  isChosenByName: boolean,
): Finding {
  const service = escapeName(start.service.name)
  const wouldUse = replacementOf(facts, expected)
  const there = escapeName(ledger.host)
  const was = mount.database === null ? '' : ` (${escapeName(mount.database)})`
  // The same endpoint with another engine behind it was set up anew: there is nothing to go back to.
  const isSameEndpoint = ledger.host === facts.engine.host
  const where = isSameEndpoint ? 'an earlier engine at the same place' : `the engine at ${there}`
  const instead = isSameEndpoint ? null : `DOCKER_HOST=${there}, or its context, for this command`
  return {
    rule: 'engine-switched',
    outcome: 'hidden',
    holding: { kind: 'volume', name: mount.name, createdAt: mount.createdAt ?? '' },
    because: `${service} would start on ${escapeName(wouldUse.name)}, new on the engine at ${escapeName(facts.engine.host)}; its data is in ${escapeName(mount.name)}${was} on ${where}`,
    evidence: [
      `this directory's ${service} used ${escapeName(mount.name)} on engine ${escapeName(ledger.engine)} (${there}) until ${ledger.updatedAt}`,
      `this is engine ${escapeName(facts.engine.id)} (${escapeName(facts.engine.host)})`,
    ],
    usedBy: [service],
    instead,
    // It is not on this engine: nothing can be copied from here.
    canBackUp: false,
    wouldUse: { ...wouldUse, name: `${wouldUse.name} on this engine` },
    remedies: instead === null ? [] : [{ kind: 'advice', line: instead }],
    ...(isChosenByName || isSameEndpoint ? { warning: true as const } : {}),
  }
}
