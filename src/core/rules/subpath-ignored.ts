import type { Facts, MountModel, ServiceModel } from '../../model/facts.ts'
import type { Finding, Rule } from '../../model/finding.ts'
import type { Invocation } from '../../model/invocation.ts'
import { servicesBroughtUp } from '../coming-containers.ts'
import { escapeName } from '../escape.ts'
import { volumeHolding } from '../holdings.ts'
import { findUnseenData, holdingsOfUnseenData, knowsSubpaths } from '../unseen-data.ts'
import { dataWords, placeWords, unseenFinding } from '../unseen-finding.ts'

/**
 * `volume: { subpath: … }` mounts one folder of a volume. Engines before API 1.45 (Docker 26) do not know it and mount
 * the whole volume without a word; a subpath that is added later mounts another folder than the one with the data.
 *
 * Either way the server makes an empty database where it looks, and the old files stay beside it.
 */
export const subpathIgnored: Rule = {
  id: 'subpath-ignored',
  title: 'a subpath that the engine ignores, or that leads away from the data',
  about:
    'Engines before Docker 26 ignore volume.subpath and mount the whole volume. And a subpath that is added to a used ' +
    'volume leads to another folder than the one that the data is in. The server makes an empty database there; the ' +
    'old files stay in the volume.',
  versions: 'from 2.24; ignored by engines before 26',
  instead: 'a volume of its own instead of a subpath',
  leadsTo: ['hidden', 'warning'],
  citations: ['moby/moby#45687', 'moby/moby#47687', 'docker/cli#5833'],
  looksInto: holdingsOfUnseenData,
  check: (facts, invocation) => [...hiddenFindings(facts, invocation), ...ignoredFindings(facts, invocation)],
}

function hiddenFindings(facts: Facts, invocation: Invocation): readonly Finding[] {
  return findUnseenData(facts, invocation)
    .filter(({ cause }) => cause === 'subpath')
    .map(unseen => {
      const name = escapeName(unseen.service.name)
      const why = knowsSubpaths(facts)
        ? `the subpath leads to ${escapeName(unseen.wouldUse.name)}`
        : `engine ${escapeName(facts.engine.version)} ignores the subpath`
      return unseenFinding('subpath-ignored', unseen, invocation, {
        because: `${why}, and ${dataWords(unseen)} is in ${placeWords(unseen)}: ${name} would start empty`,
        ways: [`mount the volume of ${unseen.service.name} as it was, without or with the subpath it had`],
      })
    })
}

function ignoredFindings(facts: Facts, invocation: Invocation): readonly Finding[] {
  if (knowsSubpaths(facts)) return []
  return servicesBroughtUp(facts, invocation).flatMap(service =>
    service.mounts
      .filter(mount => mount.subpath !== null)
      .map(mount => warningFor(facts, service, mount, mount.subpath ?? '')),
  )
}

function warningFor(facts: Facts, service: ServiceModel, mount: MountModel, subpath: string): Finding {
  const [name, path] = [escapeName(service.name), escapeName(mount.target)]
  const engineName = facts.model?.volumes.find(volume => volume.key === mount.source)?.name
  const volume = facts.volumes.find(each => each.name === engineName)
  return {
    rule: 'subpath-ignored',
    outcome: 'hidden',
    holding:
      volume === undefined
        ? { kind: 'layer', container: '', service: service.name, number: null, path: mount.target }
        : volumeHolding(volume),
    because: `engine ${escapeName(facts.engine.version)} ignores the subpath ${escapeName(subpath)}: ${name} gets the whole volume at ${path}`,
    evidence: [`the engine speaks API ${escapeName(facts.engine.apiVersion)}; subpaths need 1.45`],
    usedBy: [name],
    instead: `${service.name}: a volume of its own at ${mount.target}`,
    canBackUp: false,
    warning: true,
  }
}
