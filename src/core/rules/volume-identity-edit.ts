import type { Facts, ServiceModel, VolumeFact } from '../../model/facts.ts'
import type { Finding, Rule } from '../../model/finding.ts'
import type { Invocation } from '../../model/invocation.ts'
import { projectOf } from '../deleted-volumes.ts'
import { displacedByStart, holdingsToWeigh, isStorePath, weightOf } from '../displaced.ts'
import type { Displaced } from '../displaced.ts'
import { dataInWords, displacedFinding, insteadInFile, wouldUseInWords } from '../displaced-finding.ts'
import { driftBehind } from '../drift.ts'
import { escapeName } from '../escape.ts'
import { expectedAt, expectedVolume, seenIn } from '../expected-mount.ts'
import { keyOf } from '../former-name.ts'
import { isLitFuse } from '../fuse.ts'
import { volumeHolding } from '../holdings.ts'
import { findStarts } from '../starts.ts'

/**
 * The file now says another volume for the same place of a service: its key was renamed, `name:` or `external` came or
 * went, a volume became a directory, an anonymous volume or tmpfs, the path inside the container was changed, or the
 * line was dropped. The next container starts there, usually empty.
 *
 * Nothing is deleted: the data stays where it was, and nothing points to it.
 */
export const volumeIdentityEdit: Rule = {
  id: 'volume-identity-edit',
  title: 'the file names another volume than the one that holds the data',
  about:
    'A renamed key, a name: or external: that came or went, a volume that became a directory, an anonymous volume or ' +
    'tmpfs, another path in the container: the new container starts on something else, usually empty, and the data ' +
    'stays behind. Known by the container that is replaced, or by what is remembered of the service.',
  versions: 'all; a changed name: takes effect at once in v1 and from 2.32',
  instead: 'volumes: { KEY: { name: OLD_NAME } }',
  leadsTo: ['replaced', 'warning'],
  citations: [
    'docker/compose#6570',
    'docker/compose#5400',
    'docker/compose#11642',
    'ElioDiNino/Homelab#177',
    'moby/moby#20660',
  ],
  looksInto: (facts, invocation) =>
    holdingsToWeigh(facts, [...edited(facts, invocation), ...droppedKeys(facts, invocation)]),
  check: (facts, invocation) => [
    ...edited(facts, invocation).flatMap(each => editFindings(facts, each)),
    ...droppedKeys(facts, invocation).flatMap(each => droppedFindings(facts, each)),
  ],
}

/** What other rules tell more about is theirs: other files and variables, a volume that an older Compose made already. */
function edited(facts: Facts, invocation: Invocation): readonly Displaced[] {
  return displacedByStart(facts, invocation).filter(
    each =>
      driftBehind(facts, each) === null &&
      !isLitFuse(facts, each) &&
      // One directory instead of another is about directories, not about volumes.
      !(each.holding.kind === 'bind' && each.expected.kind === 'bind'),
  )
}

function editFindings(facts: Facts, displaced: Displaced): readonly Finding[] {
  const weight = weightOf(facts, displaced)
  if (weight === 'none') return []
  const service = escapeName(displaced.service.name)
  return [
    displacedFinding('volume-identity-edit', facts, displaced, {
      because: `${service} would start on ${wouldUseInWords(facts, displaced)}; its data is in ${dataInWords(facts, displaced)}, which the file no longer names at ${escapeName(displaced.path)}`,
      instead: insteadInFile(displaced),
      warning: weight === 'slight',
    }),
  ]
}

// ---- Without a container and without memory ----------------------------------------------------------------------

/**
 * Volumes of this project whose key the file no longer has, that no container uses, where a server would start on a
 * volume that does not exist yet. Nothing says that they belong together but what is in them.
 */
function droppedKeys(facts: Facts, invocation: Invocation): readonly Displaced[] {
  return findStarts(facts, invocation)
    .filter(({ service, replaced }) => replaced.length === 0 && !isKnown(facts, service))
    .flatMap(({ service }) =>
      service.mounts.flatMap(({ target, type }) => {
        const expected = expectedAt(facts, service, target)
        const isMissing = expected.kind === 'volume' && expectedVolume(facts, expected) === null
        if (type !== 'volume' || !isMissing || expected.declared?.external === true) return []
        if (!isStorePath(facts, service, service.image ?? '', target)) return []
        return leftovers(facts).map(volume => ({
          service,
          path: target,
          holding: volumeHolding(volume),
          expected,
          container: null,
          evidence: [
            `volume ${escapeName(volume.name)} of this project has the key ${escapeName(keyOf(volume) ?? '')}, which the file no longer has`,
          ],
          isStore: true,
        }))
      }),
    )
}

function isKnown(facts: Facts, service: ServiceModel): boolean {
  return facts.ledger?.services.some(each => each.service === service.name) === true
}

function leftovers(facts: Facts): readonly VolumeFact[] {
  const declared = [...(facts.model?.volumes ?? []), ...(facts.wholeModel?.volumes ?? [])]
  return facts.volumes.filter(
    volume =>
      projectOf(volume) === facts.project.name &&
      keyOf(volume) !== null &&
      !volume.anonymous &&
      !declared.some(each => each.name === volume.name || each.key === keyOf(volume)) &&
      !facts.containers.some(container => container.mounts.some(mount => mount.name === volume.name)),
  )
}

function droppedFindings(facts: Facts, displaced: Displaced): readonly Finding[] {
  if ((seenIn(facts, displaced.holding)?.database ?? null) === null) return []
  const service = escapeName(displaced.service.name)
  return [
    displacedFinding('volume-identity-edit', facts, displaced, {
      because: `${service} would start on ${wouldUseInWords(facts, displaced)}; ${dataInWords(facts, displaced)} of this project is named nowhere in the file any more and looks like its data`,
      instead: insteadInFile(displaced),
      warning: true,
    }),
  ]
}
