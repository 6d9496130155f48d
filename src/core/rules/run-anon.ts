import type { Facts, ServiceModel } from '../../model/facts.ts'
import type { LayerHolding } from '../../model/holding.ts'
import type { Finding, Rule } from '../../model/finding.ts'
import type { Invocation } from '../../model/invocation.ts'
import { anonymousFinding } from '../anonymous-finding.ts'
import { otherCommand } from '../command-line.ts'
import { dataPathsOfImage, isDataPath, isWithin } from '../data-paths.ts'
import { escapeName } from '../escape.ts'
import { anonymousHolding, anonymousVolumes } from '../holdings.ts'
import { isDryRun, isOn } from '../invocation.ts'
import { commandOf, namedServices, serviceCatalogue, serviceContainers } from '../reach.ts'
import { findRecreations, imageReferences } from '../recreation.ts'

/**
 * `run` and `scale` recreate containers whose configuration has changed (`run`: those of the dependencies), and do not
 * give them their anonymous volumes again, as `up` does: a database comes back empty.
 *
 * The old volume stays behind without a name. And `run --rm` deletes, with its own container, the anonymous volumes of
 * that container: what is written there is gone. The service's own anonymous data is not even seen by it.
 */
export const runAnon: Rule = {
  id: 'run-anon',
  title: 'run and scale recreate changed services without their anonymous volumes',
  about:
    'A changed dependency of `run`, or a changed service at `scale`, is recreated with new, empty anonymous volumes; ' +
    'the old ones stay behind without a name (`up` hands them on). `run --rm` deletes its own anonymous volumes when ' +
    'it ends. Named volumes are seen and kept by all of them.',
  leadsTo: ['orphaned', 'warning'],
  versions: 'from 2.0',
  instead: 'up -d SERVICE',
  citations: ['docker/compose#2127', 'docker/for-mac#5753'],
  check: (facts, invocation) => [...droppedFindings(facts, invocation), ...ownFindings(facts, invocation)],
}

function droppedFindings(facts: Facts, invocation: Invocation): readonly Finding[] {
  const command = commandOf(invocation)
  if (command !== 'run' && command !== 'scale') return []
  return findRecreations(facts, invocation)
    .filter(recreation => recreation.certain)
    .flatMap(({ container, service, why }) =>
      anonymousVolumes(facts, container).map(mounted =>
        anonymousFinding('run-anon', facts, container, mounted, {
          outcome: 'orphaned',
          by: `${command} recreates ${escapeName(service.name)} (${why}), starts it empty, and`,
          instead: otherCommand(invocation, ['up', '-d', service.name]),
        }),
      ),
    )
}

/** Where a server keeps its data, `run --rm` has an anonymous volume of its own: empty at first, deleted at the end. */
function ownFindings(facts: Facts, invocation: Invocation): readonly Finding[] {
  if (commandOf(invocation) !== 'run' || !isOn(invocation, 'rm') || isDryRun(invocation)) return []
  const service = serviceCatalogue(facts).get(namedServices(invocation)[0] ?? '')
  if (service === undefined) return []
  return ownDataPaths(facts, service).map(path => ({
    rule: 'run-anon',
    outcome: 'destroyed',
    holding: holdingAt(facts, service, path),
    because:
      `run --rm does not see the data of ${escapeName(service.name)} at ${escapeName(path)}, ` +
      'and what it writes there is deleted when it ends',
    evidence: [`the image declares a VOLUME at ${escapeName(path)}, and the file mounts nothing there`],
    usedBy: [escapeName(service.name)],
    instead: null,
    canBackUp: false,
    warning: true,
  }))
}

function ownDataPaths(facts: Facts, service: ServiceModel): readonly string[] {
  const references = imageReferences(facts, service)
  const image = facts.images.find(each => each.references.some(reference => references.includes(reference)))
  const known = dataPathsOfImage(service.image ?? '')
  return (image?.volumes ?? [])
    .filter(path => isDataPath(path) || known.some(data => isWithin(path, data) || isWithin(data, path)))
    .filter(path => !service.mounts.some(mount => mount.target === path && mount.source !== null))
}

/** The anonymous volume that the service's own container has there, or the place that a new one will have. */
function holdingAt(facts: Facts, service: ServiceModel, path: string): Finding['holding'] {
  for (const container of serviceContainers(facts, service.name)) {
    const mounted = anonymousVolumes(facts, container).find(({ mount }) => mount.destination === path)
    if (mounted !== undefined) return anonymousHolding(container, mounted)
  }
  return { kind: 'layer', container: '', service: service.name, number: null, path } satisfies LayerHolding
}
