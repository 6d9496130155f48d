import type { ContainerFact, Facts } from '../../model/facts.ts'
import { nameOfHolding } from '../../model/holding.ts'
import { dataPathsOfContainer } from '../data-paths.ts'
import { formatAgeOf } from '../format.ts'
import { projectContainers } from '../reach.ts'
import { serverKindOf } from '../store-kind.ts'
import { isStorePlace } from './places.ts'
import { repairWay, saysLogIsBroken } from './repair.ts'
import type { Seen, ServerSaid, Situation, Way } from './situation.ts'
import { restoreWays, wayOf } from './ways.ts'

/** How many of a check's lines are shown. */
const most = 8

/** What a server's own check found in a database that runs. */
export function damagedServers(seen: Seen): readonly Situation[] {
  return seen.servers
    .filter(({ troubles }) => troubles.length > 0)
    .map(said => {
      const { service, label, troubles } = said
      const more = troubles.length > most ? [`and ${troubles.length - most} more`] : []
      const restores = restoresOf(seen, service, [said.holding])
      const ways = [...repairOfRunning(seen, said), ...restores]
      return {
        kind: 'damaged',
        service,
        title: `${service} finds damage in its own data`,
        evidence: [
          ...(label === null ? [] : [`checked by ${label} itself:`]),
          ...troubles.slice(0, most),
          ...more,
          ...(said.kind === 'redis' ? [inMemory] : []),
          ...heldLines(restores),
        ],
        ways,
        volumes: [said.holding],
      }
    })
}

/** A Redis that cannot read its log has nothing in its memory yet. */
function repairOfLog({ facts }: Seen, container: ContainerFact, said: string): readonly Way[] {
  const service = container.service ?? container.name
  const image = facts.images.find(({ id }) => id === container.imageId)
  const isRedis = serverKindOf(container.image, image) === 'redis'
  const isVolume = volumesOf(facts, container).length > 0
  const label = said.includes('valkey') ? 'Valkey' : null
  return isRedis && isVolume && saysLogIsBroken(said)
    ? [repairWay(service, { kind: 'redis', label }, [service])]
    : []
}

const inMemory =
  'what it has in its memory may be whole: before anything else let it write its files anew (redis-cli BGSAVE, with a log BGREWRITEAOF)'

/** One that keeps everything in its memory has more there than in its files, and is left alone. */
function repairOfRunning({ facts }: Seen, said: ServerSaid): readonly Way[] {
  const { service, kind, holding, container } = said
  const isVolume = volumesOf(facts, container).includes(holding)
  return kind === 'redis' || !isVolume ? [] : [repairWay(service, said, [service])]
}

/** Databases whose container ended by itself or does not stay up, and those that run and do not answer. */
export function notRunning(seen: Seen): readonly Situation[] {
  const { facts } = seen
  const ended = projectContainers(facts).filter(
    each => !each.oneOff && isDatabase(facts, each) && hasFailed(each),
  )
  return [
    ...ended.map(container => endedSituation(seen, container)),
    ...seen.servers.filter(isMute).map(said => muteSituation(seen, said)),
  ]
}

/** What a server said that lets nobody in, or has no client to be asked with: it runs, and cannot be judged. */
const cannotBeAsked =
  /authentication failed|access denied|no such program|NOAUTH|WRONGPASS|NOPERM|permission denied|must be superuser|(role|database|user) .* does not exist|no password supplied/i

function isMute({ label, why }: ServerSaid): boolean {
  return label === null && why !== null && !cannotBeAsked.test(why)
}

function isDatabase(facts: Facts, container: ContainerFact): boolean {
  const image = facts.images.find(({ id }) => id === container.imageId)
  return dataPathsOfContainer(container.image, image).length > 0
}

/** A container that was told to stop ends with 0, or by the signal. */
function hasFailed({ state, details }: ContainerFact): boolean {
  const code = details?.exitCode ?? 0
  if (state === 'restarting') return true
  return (state === 'exited' || state === 'dead') && code !== 0 && code !== terminated
}

const terminated = 143
const killed = 137

/** What servers say of files that another version of them wrote: no restore helps there. */
const otherVersion =
  /incompatible with server|not compatible with (this|the) version|data directory .* (older|newer) version|downgrade/i

function endedSituation(seen: Seen, container: ContainerFact): Situation {
  const { facts, now, lastWords } = seen
  const service = container.service ?? container.name
  const { exitCode = 0, finishedAt = null } = container.details ?? {}
  const said = lastWords.get(container.id) ?? ''
  const when = finishedAt === null ? '' : `, ${formatAgeOf(finishedAt, now)}`
  const names = volumesOf(facts, container)
  const byVersion = otherVersion.test(said)
  const restores = restoresOf(seen, service, names)
  const start = wayOf({
    label: `start ${service} as it is`,
    deed: { kind: 'start', service },
    does: 'a database that was killed puts itself right when it starts',
    services: [service],
    point: null,
  })
  return {
    kind: 'not-running',
    service,
    title: container.state === 'restarting' ? `${service} does not stay up` : `${service} ended by itself`,
    evidence: [
      `its container ${container.name} ended with ${exitCode}${exitCode === killed ? ' (it was killed)' : ''}${when}`,
      ...(said === '' ? [] : [`it said: ${said}`]),
      ...(byVersion
        ? [`its image ${container.image} is of another version than the data: put the old one back`]
        : heldLines(restores)),
    ],
    ways: byVersion
      ? []
      : [
          ...(exitCode === killed && container.state === 'exited' ? [start] : []),
          ...repairOfLog(seen, container, said),
          ...restores,
        ],
    volumes: names,
  }
}

function muteSituation(seen: Seen, { service, container, holding, why }: ServerSaid): Situation {
  const said = seen.lastWords.get(container.id) ?? ''
  const restores = restoresOf(seen, service, [holding])
  return {
    kind: 'not-running',
    service,
    title: `${service} runs and does not answer`,
    evidence: [
      ...(why === null ? [] : [why]),
      ...(said === '' ? [] : [`it said: ${said}`]),
      ...heldLines(restores),
    ],
    // One that is started again and again is seen to run now and then.
    ways: [...repairOfLog(seen, container, said), ...restores],
    volumes: [holding],
  }
}

/** The volumes in which a container keeps its database, by the names that restore points know. */
function volumesOf(facts: Facts, container: ContainerFact): readonly string[] {
  return container.mounts.flatMap(({ type, name, destination, readOnly }) => {
    const isStore = isStorePlace(facts, container.service ?? '', container.image, destination)
    if (type !== 'volume' || name === null || readOnly || !isStore) return []
    const volume = facts.volumes.find(each => each.name === name)
    if (volume?.anonymous !== true) return [name]
    const { service, number, id } = container
    const place = { name, createdAt: volume.createdAt, service, number, path: destination, container: id }
    return [nameOfHolding({ kind: 'anonymous', ...place })]
  })
}

function heldLines(ways: readonly Way[]): readonly string[] {
  return ways.length > 0 ? [] : ['no restore point holds its data']
}

/** Nothing is to be told apart: the volume is the right one and its content is what is wrong, so any good copy of it counts. */
function restoresOf(seen: Seen, service: string, volumes: readonly string[]): readonly Way[] {
  const isDeclared = seen.facts.model?.services.some(({ name }) => name === service) === true
  return volumes.flatMap(name =>
    restoreWays(seen, { name, createdAt: null, identity: null }, { services: isDeclared ? [service] : [] }),
  )
}
