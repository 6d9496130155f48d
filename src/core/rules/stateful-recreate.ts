import type { Facts } from '../../model/facts.ts'
import type { BindHolding } from '../../model/holding.ts'
import type { Finding, Rule } from '../../model/finding.ts'
import type { Invocation } from '../../model/invocation.ts'
import { otherCommand } from '../command-line.ts'
import { dataPathsOfImage, isDataPath, isWithin } from '../data-paths.ts'
import { escapeName } from '../escape.ts'
import { anonymousHolding, anonymousVolumes, mountedVolumes, usersOf, volumeHolding } from '../holdings.ts'
import { commandOf } from '../reach.ts'
import type { Recreation } from '../recreation.ts'
import { findRecreations } from '../recreation.ts'

/**
 * `up`, `create`, `run`, `scale` and `watch` replace the container of a service that keeps data in a volume.
 *
 * Nothing is lost by that alone: the volume stays and the new container mounts it. But it is the moment at which a new
 * image or a new configuration first meets the data. `down` and `rm` leave named volumes as they are and are not meant.
 */
export const statefulRecreate: Rule = {
  id: 'stateful-recreate',
  title: 'a service that holds data is about to be recreated',
  about:
    'The container is replaced and its volumes stay. A new image or configuration meets the data for the first time ' +
    'then: migrations that cannot go back, a changed data directory. A backup is taken if the newest good one is ' +
    'older than preflight.maxAge.',
  leadsTo: ['recreated'],
  versions: 'all',
  instead: 'up -d --no-recreate',
  citations: ['docker/compose#2912', 'docker-library/mysql#1007', 'danny-avila/LibreChat#4155'],
  check: (facts, invocation) =>
    findRecreations(facts, invocation).flatMap(recreation => [
      ...volumeFindings(facts, invocation, recreation),
      ...bindFindings(invocation, recreation),
    ]),
}

function volumeFindings(facts: Facts, invocation: Invocation, recreation: Recreation): readonly Finding[] {
  const { container, inherits } = recreation
  const anonymous = anonymousVolumes(facts, container)
  return mountedVolumes(facts, container)
    .filter(({ mount, volume }) => !mount.readOnly && volume.options['type'] !== 'tmpfs')
    .flatMap(mounted => {
      const isAnonymous = anonymous.some(each => each.volume === mounted.volume)
      if (isAnonymous && !inherits) return []
      const holding = isAnonymous ? anonymousHolding(container, mounted) : volumeHolding(mounted.volume)
      const usedBy = usersOf(facts, mounted.volume).map(escapeName)
      return [findingOf(invocation, recreation, holding, 'its volume stays', usedBy)]
    })
}

/** Of the directories of the host only those at the place where a server keeps its data. */
function bindFindings(invocation: Invocation, recreation: Recreation): readonly Finding[] {
  const { container, service } = recreation
  const known = dataPathsOfImage(service.image ?? container.image)
  return container.mounts
    .filter(mount => mount.type === 'bind' && !mount.readOnly)
    .filter(({ destination }) => isDataPath(destination) || known.some(path => isWithin(destination, path)))
    .map(mount => {
      const holding: BindHolding = {
        kind: 'bind',
        source: mount.source,
        service: container.service,
        path: mount.destination,
      }
      return findingOf(invocation, recreation, holding, 'its directory stays', [escapeName(service.name)])
    })
}

function findingOf(
  invocation: Invocation,
  { container, service, why, certain }: Recreation,
  holding: Finding['holding'],
  stays: string,
  usedBy: readonly string[],
): Finding {
  const name = escapeName(service.name)
  return {
    rule: 'stateful-recreate',
    outcome: 'recreated',
    holding,
    because: `${name} ${certain ? 'will' : 'may'} be recreated (${why}); ${stays}`,
    evidence: [`container ${escapeName(container.name)} is replaced: ${why}`],
    usedBy,
    instead: commandOf(invocation) === 'up' ? otherCommand(invocation, ['up', '-d', '--no-recreate']) : null,
    canBackUp: true,
  }
}
