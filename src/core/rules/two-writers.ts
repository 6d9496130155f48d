import type { ContainerFact, Facts, ServiceModel } from '../../model/facts.ts'
import type { Circumstances, Finding, Rule } from '../../model/finding.ts'
import { nameOfHolding } from '../../model/holding.ts'
import type { Invocation } from '../../model/invocation.ts'
import { otherCommand } from '../command-line.ts'
import { dataDirectoryOf } from '../data-directory.ts'
import { isWithin } from '../data-paths.ts'
import { escapeName } from '../escape.ts'
import { listed } from '../format.ts'
import { flagText, isDryRun, isOn } from '../invocation.ts'
import {
  commandOf,
  isHelper,
  namedServices,
  projectContainers,
  reachedServices,
  serviceCatalogue,
  serviceContainers,
  wantedReplicas,
} from '../reach.ts'
import { imageReferences } from '../recreation.ts'
import { findRemovals } from '../removal.ts'
import { imageOfService, mountedData, servedData } from '../served-data.ts'
import type { ServedData } from '../served-data.ts'
import { effectiveSettings } from '../settings.ts'

/**
 * Two servers write to the same data directory.
 *
 * In containers neither sees the other's lock: each PostgreSQL is process 1 of its own. Both run, both say that all is
 * well, and the rows of one are overwritten by the other. Nothing that was damaged comes back but from a backup.
 */
export const twoWriters: Rule = {
  id: 'two-writers',
  title: 'two servers would write to the same data',
  about:
    'Replicas of a database, two services, or a container of another project with the same volume: in containers ' +
    'the lock files protect nobody. Both run without an error and overwrite each other; rows are lost for good. ' +
    'Applications that share a folder of uploads are not meant.',
  versions: 'all',
  instead: 'one server for each volume: --scale SERVICE=1',
  leadsTo: ['corrupted', 'warning'],
  citations: [
    'docker-library/postgres#171',
    'baserow/baserow#1618',
    'timescale/timescaledb-docker#38',
    'railwayapp-templates/postgres-ssl#120',
  ],
  check: (facts, invocation, circumstances) => {
    if (isDryRun(invocation) || isOn(invocation, 'no-start')) return []
    const started = startedServices(facts, invocation)
    return [
      ...started.flatMap(service => replicaFindings(facts, invocation, service)),
      ...started.flatMap(service => neighbourFindings(facts, invocation, circumstances, service)),
      ...started.flatMap((service, index) => pairFindings(facts, service, started.slice(0, index))),
      ...ownRunFindings(facts, invocation),
    ]
  },
}

/** The services that run after the command and perhaps did not before. */
function startedServices(facts: Facts, invocation: Invocation): readonly ServiceModel[] {
  switch (commandOf(invocation)) {
    case 'up':
    case 'scale':
    case 'run':
    case 'watch':
      return reachedServices(facts, invocation)
        .map(({ service }) => service)
        .filter(service => wantedReplicas(invocation, service) > 0)
    case 'start': {
      const named = namedServices(invocation)
      return [...serviceCatalogue(facts).values()].filter(
        ({ name }) =>
          (named.length === 0 || named.includes(name)) &&
          serviceContainers(facts, name).some(({ state }) => state === 'exited' || state === 'created'),
      )
    }
    default:
      return []
  }
}

// ---- Replicas ----------------------------------------------------------------------------------------------------

function replicaFindings(facts: Facts, invocation: Invocation, service: ServiceModel): readonly Finding[] {
  const replicas = commandOf(invocation) === 'start' ? 1 : wantedReplicas(invocation, service)
  if (replicas < 2) return []
  const name = escapeName(service.name)
  const one =
    commandOf(invocation) === 'scale'
      ? ['scale', `${service.name}=1`]
      : ['up', '-d', '--scale', `${service.name}=1`]
  return writtenData(facts, service).map(data => ({
    ...findingAbout(data, [name]),
    because: `${replicas} containers of ${name} would write to ${placeOf(data)} at the same time: neither sees the other, and both damage it`,
    evidence: [
      `${name} is to run ${replicas} times`,
      `each mounts ${placeOf(data)} at ${escapeName(data.path)}`,
    ],
    instead: otherCommand(invocation, one),
  }))
}

// ---- Containers that run already -----------------------------------------------------------------------------------

/** Those of other projects, and those of services that the file no longer has: of a renamed service, most often. */
function neighbourFindings(
  facts: Facts,
  invocation: Invocation,
  circumstances: Circumstances,
  service: ServiceModel,
): readonly Finding[] {
  const going = new Set(findRemovals(facts, invocation, circumstances).map(({ container }) => container))
  const known = serviceCatalogue(facts)
  const neighbours = facts.containers.filter(container => {
    if (going.has(container) || isHelper(container) || !isUp(container)) return false
    const isOwn = container.project === facts.project.name
    return !isOwn || (!container.oneOff && !known.has(container.service ?? ''))
  })
  return writtenData(facts, service).flatMap(data => {
    const writer = neighbours.find(container => writesTo(facts, container, data))
    return writer === undefined ? [] : [neighbourFinding(facts, service, data, writer)]
  })
}

function neighbourFinding(
  facts: Facts,
  service: ServiceModel,
  data: ServedData,
  writer: ContainerFact,
): Finding {
  const name = escapeName(service.name)
  const other = `container ${escapeName(writer.name)}`
  const whose =
    writer.project === null || writer.project === facts.project.name
      ? ''
      : ` of project ${escapeName(writer.project)}`
  return {
    ...findingAbout(data, [name, other]),
    because: `${name} would write to ${placeOf(data)} while ${other}${whose} does: neither sees the other, and both damage it`,
    evidence: [`${other} (${escapeName(writer.image)}) runs and mounts ${placeOf(data)}`],
    instead: `docker stop ${escapeName(writer.name)}`,
  }
}

// ---- Two services ------------------------------------------------------------------------------------------------

function pairFindings(
  facts: Facts,
  service: ServiceModel,
  before: readonly ServiceModel[],
): readonly Finding[] {
  return writtenData(facts, service).flatMap(data => {
    const other = before.find(
      each => isSameData(writtenData(facts, each), data) && !isJobOf(facts, each, service),
    )
    if (other === undefined) return []
    const names = [other.name, service.name].map(escapeName)
    return [
      {
        ...findingAbout(data, names),
        because: `${listed(names)} would both write to ${placeOf(data)}: neither sees the other, and both damage it`,
        evidence: [`${listed(names)} both mount ${placeOf(data)}`],
        instead: `a volume of its own for ${escapeName(service.name)}`,
      },
    ]
  })
}

/** One of them has done its work and ended while the other runs: it prepares the data, and is no server. */
function isJobOf(facts: Facts, one: ServiceModel, other: ServiceModel): boolean {
  const [first, second] = [one, other].map(({ name }) => serviceContainers(facts, name))
  const hasEnded = (containers: readonly ContainerFact[] = []): boolean =>
    containers.length > 0 &&
    containers.every(({ state, details }) => state === 'exited' && details?.exitCode === 0)
  const runs = (containers: readonly ContainerFact[] = []): boolean => containers.some(isUp)
  return (hasEnded(first) && runs(second)) || (runs(first) && hasEnded(second))
}

// ---- `run` ---------------------------------------------------------------------------------------------------------

/** `run db` without words of its own starts a second server beside the one that runs. */
function ownRunFindings(facts: Facts, invocation: Invocation): readonly Finding[] {
  if (commandOf(invocation) !== 'run') return []
  if (invocation.args.length !== 1 || flagText(invocation, 'entrypoint') !== null) return []
  const service = serviceCatalogue(facts).get(invocation.args[0] ?? '')
  if (service === undefined) return []
  const running = projectContainers(facts).filter(each => each.service === service.name && isUp(each))
  const name = escapeName(service.name)
  return writtenData(facts, service).flatMap(data => {
    const writer = running.find(container => writesTo(facts, container, data))
    if (writer === undefined) return []
    const other = `container ${escapeName(writer.name)}`
    return [
      {
        ...findingAbout(data, [name]),
        because: `run ${name} starts a second server on ${placeOf(data)} while ${other} writes to it: both damage it`,
        evidence: [`${other} runs and mounts ${placeOf(data)}`],
        instead: otherCommand(invocation, ['exec', service.name, 'sh']),
      },
    ]
  })
}

// ---- Common --------------------------------------------------------------------------------------------------------

/**
 * Where the server of the service writes as its own. Once its data directory is mounted, a volume beside that one (logs
 * that a replica reads, in `/var/lib/postgresql/archive`) may well be shared.
 */
function writtenData(facts: Facts, service: ServiceModel): readonly ServedData[] {
  const all = servedData(facts, service, null)
  const image = imageOfService(facts, service)
  const reference = imageReferences(facts, service)[0] ?? ''
  const looks = dataDirectoryOf(reference, image, effectiveSettings(service, image))
  if (looks === null || !all.some(({ path }) => isWithin(looks.path, path))) return all
  return all.filter(({ path }) => isWithin(looks.path, path) || isWithin(path, looks.path))
}

function findingAbout(
  data: ServedData,
  usedBy: readonly string[],
): Pick<Finding, 'rule' | 'outcome' | 'holding' | 'usedBy' | 'canBackUp' | 'warning'> {
  return {
    rule: 'two-writers',
    outcome: 'corrupted',
    holding: data.holding,
    usedBy,
    canBackUp: true,
    // What does not exist yet cannot be damaged; but it would be from the first day.
    ...(data.exists ? {} : { warning: true as const }),
  }
}

function placeOf({ holding }: ServedData): string {
  return escapeName(nameOfHolding(holding))
}

function isUp({ state }: ContainerFact): boolean {
  return state === 'running' || state === 'paused' || state === 'restarting'
}

function writesTo(facts: Facts, container: ContainerFact, data: ServedData): boolean {
  return mountedData(facts, container).some(
    mounted => nameOfHolding(mounted.holding) === nameOfHolding(data.holding),
  )
}

function isSameData(others: readonly ServedData[], { holding, subpath }: ServedData): boolean {
  return others.some(
    other => nameOfHolding(other.holding) === nameOfHolding(holding) && other.subpath === subpath,
  )
}
