import type { Facts } from '../../model/facts.ts'
import type { Finding, Rule } from '../../model/finding.ts'
import { nameOfHolding } from '../../model/holding.ts'
import type { Invocation } from '../../model/invocation.ts'
import { commandLine } from '../command-line.ts'
import { isV1 } from '../compose-version.ts'
import { escapeName } from '../escape.ts'
import { anonymousHolding, anonymousVolumes, mountedVolumes, volumeHolding } from '../holdings.ts'
import type { Recreation } from '../recreation.ts'
import { findRecreations } from '../recreation.ts'
import { imageOfContainer, mountedData } from '../served-data.ts'

/**
 * Compose 1.29 meets an engine whose answers have no `ContainerConfig` any more, and breaks off in the middle of a
 * recreation: the old container is stopped and renamed, a new one is not there.
 *
 * The data stays where it is, and the service is down. A second try ends the same way; `down` and `up`, which many
 * do then, loses anonymous volumes and what lies in the container itself.
 */
export const v1ContainerConfig: Rule = {
  id: 'v1-containerconfig',
  title: 'Compose v1 would break off in the middle of a recreation',
  about:
    'Since API 1.45, and with the containerd image store, the engine tells nothing of `ContainerConfig`. Compose v1 ' +
    "stops and renames the old container, then fails with KeyError: 'ContainerConfig'. The service is down; volumes " +
    'stay. `down` and `up` after it lose anonymous volumes. With COMPOSE_API_VERSION=1.41 it works where the engine ' +
    'still tells it in that version.',
  versions: 'v1',
  instead: 'COMPOSE_API_VERSION=1.41 docker-compose up -d, or Compose v2',
  leadsTo: ['hidden'],
  citations: [
    'docker/compose#11742',
    'docker/compose#11693',
    'docker/compose#12509',
    'docusealco/docuseal#448',
  ],
  check: (facts, invocation) => {
    if (!isV1(facts)) return []
    return findRecreations(facts, invocation)
      .filter(({ container }) => imageOfContainer(facts, container)?.containerConfig === false)
      .flatMap(recreation => findingsFor(facts, invocation, recreation))
  },
}

function findingsFor(
  facts: Facts,
  invocation: Invocation,
  { container, service, why }: Recreation,
): readonly Finding[] {
  const name = escapeName(service.name)
  const anonymous = anonymousVolumes(facts, container).map(mounted => anonymousHolding(container, mounted))
  const named = mountedVolumes(facts, container)
    .filter(({ volume }) => !anonymous.some(holding => holding.name === volume.name))
    .map(({ volume }) => volumeHolding(volume))
  const binds = mountedData(facts, container).flatMap(({ holding }) =>
    holding.kind === 'bind' ? [holding] : [],
  )
  return [...named, ...anonymous, ...binds].map(holding => ({
    rule: 'v1-containerconfig',
    outcome: 'hidden',
    holding,
    because:
      `Compose v1 would stop ${name} to recreate it (${why}) and then fail with KeyError: 'ContainerConfig': ` +
      `${name} would be down, and ${escapeName(nameOfHolding(holding))} without a service`,
    evidence: [`the engine tells no ContainerConfig of the image of container ${escapeName(container.name)}`],
    usedBy: [name],
    instead: `COMPOSE_API_VERSION=1.41 ${commandLine(invocation, invocation.argv)} (where the engine still tells it), or Compose v2`,
    canBackUp: true,
  }))
}
