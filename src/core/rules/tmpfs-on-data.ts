import type { ContainerFact, Facts, ServiceModel } from '../../model/facts.ts'
import type { Circumstances, Finding, Rule } from '../../model/finding.ts'
import type { Invocation } from '../../model/invocation.ts'
import { imageOfService, servicesBroughtUp } from '../coming-containers.ts'
import { dataDirectoryOf } from '../data-directory.ts'
import { dataPathsOfContainer, isWithin } from '../data-paths.ts'
import { escapeName } from '../escape.ts'
import { imageReferences } from '../recreation.ts'
import { effectiveSettings } from '../settings.ts'
import { stoppedContainers } from '../stopped-containers.ts'
import { findUnseenData, holdingsOfUnseenData } from '../unseen-data.ts'
import { dataWords, placeWords, unseenFinding } from '../unseen-finding.ts'

/**
 * Memory (`tmpfs`) is mounted at the place where a server keeps its data, or the volume there is one of memory
 * (`driver_opts: { type: tmpfs }`).
 *
 * Whatever is written there is gone at every stop and restart. If a volume held the data until now, it is hidden: the
 * engine goes on listing the volume, and the memory wins. For a throw-away test database that is what is wanted, so
 * nothing but a hint is given where nothing is hidden.
 */
export const tmpfsOnData: Rule = {
  id: 'tmpfs-on-data',
  title: 'a database keeps its data in memory',
  about:
    'A tmpfs at the data directory of a server holds its data only as long as the container runs: stop, restart and ' +
    'every recreation empty it. A volume at the same place is hidden by it, though the engine lists it as mounted.',
  versions: 'all; both at the same path: up to 2.35',
  instead: 'volumes: [data:/its/data/path] and no tmpfs there',
  leadsTo: ['hidden', 'warning'],
  citations: ['docker/compose#12772', 'moby/moby#37807'],
  looksInto: holdingsOfUnseenData,
  check: (facts, invocation, circumstances) => [
    ...hiddenFindings(facts, invocation),
    ...declaredFindings(facts, invocation),
    ...stoppedFindings(facts, invocation, circumstances),
  ],
}

function hiddenFindings(facts: Facts, invocation: Invocation): readonly Finding[] {
  return findUnseenData(facts, invocation)
    .filter(({ cause }) => cause === 'tmpfs')
    .map(unseen => {
      const name = escapeName(unseen.service.name)
      return unseenFinding('tmpfs-on-data', unseen, invocation, {
        because: `the file puts memory (tmpfs) at ${escapeName(unseen.looks.path)}, and ${dataWords(unseen)} is in ${placeWords(unseen)}: ${name} would start empty, and empty again after each restart`,
        ways: [`take the tmpfs at ${unseen.looks.path} out of ${unseen.service.name}`],
      })
    })
}

function declaredFindings(facts: Facts, invocation: Invocation): readonly Finding[] {
  return servicesBroughtUp(facts, invocation).flatMap(service => {
    const image = imageOfService(facts, service)
    const reference = imageReferences(facts, service)[0] ?? ''
    const looks = dataDirectoryOf(reference, image, effectiveSettings(service, image))
    if (looks === null || !isInMemory(facts, service, looks.path)) return []
    return [warningFor(service.name, looks.path)]
  })
}

/** A tmpfs wins over a volume at the same place; else what is mounted deepest counts. */
function isInMemory(facts: Facts, service: ServiceModel, path: string): boolean {
  const mounts = [
    ...service.mounts.map(({ target, type, source }) => ({
      target,
      memory: type === 'tmpfs' || (type === 'volume' && source !== null && isMemoryVolume(facts, source)),
    })),
    ...service.tmpfs.map(target => ({ target, memory: true })),
  ].filter(({ target }) => isWithin(path, target))
  return mounts.toSorted((a, b) => a.target.length - b.target.length).at(-1)?.memory ?? false
}

function isMemoryVolume(facts: Facts, key: string): boolean {
  const declared = facts.model?.volumes.find(volume => volume.key === key)
  const volume = facts.volumes.find(each => each.name === declared?.name)
  return (volume?.options ?? declared?.driverOptions ?? {})['type'] === 'tmpfs'
}

/** What stops a container empties its memory. */
function stoppedFindings(
  facts: Facts,
  invocation: Invocation,
  circumstances: Circumstances,
): readonly Finding[] {
  return stoppedContainers(facts, invocation, circumstances).flatMap(({ container }) => {
    const path = memoryOf(facts, container)
    return path === null || container.service === null ? [] : [warningFor(container.service, path)]
  })
}

function memoryOf(facts: Facts, container: ContainerFact): string | null {
  const image = facts.images.find(each => each.id === container.imageId)
  const known = dataPathsOfContainer(container.image, image)
  const mounted = container.mounts
    .filter(mount => facts.volumes.find(each => each.name === mount.name)?.options['type'] === 'tmpfs')
    .map(mount => mount.destination)
  const targets = [...(container.details?.tmpfs ?? []), ...mounted]
  return known.find(path => targets.some(target => isWithin(path, target))) ?? null
}

/** The same whether the file or the container tells it: it is to be said once. */
function warningFor(service: string, path: string): Finding {
  const name = escapeName(service)
  return {
    rule: 'tmpfs-on-data',
    outcome: 'destroyed',
    holding: { kind: 'layer', container: '', service, number: null, path },
    because: `${name} keeps its data at ${escapeName(path)} in memory (tmpfs): it is gone at every stop and restart`,
    evidence: [`tmpfs at ${escapeName(path)}`],
    usedBy: [name],
    instead: `${service}: volumes: [${service}_data:${path}]`,
    canBackUp: false,
    warning: true,
  }
}
