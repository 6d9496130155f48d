import type { Facts } from '../model/facts.ts'
import { dataPathsOfContainer } from './data-paths.ts'
import { projectContainers, serviceCatalogue } from './reach.ts'
import { deletedBehindOurBack, deletedByCommands } from './recovery/deleted.ts'
import { connectedElsewhere } from './recovery/elsewhere.ts'
import { damagedServers, notRunning } from './recovery/servers.ts'
import { serverKindOf } from './store-kind.ts'
import type { Seen, Situation, SituationKind } from './recovery/situation.ts'

/** What is wrong with a project's data, and who is to be stopped before anything is done about it. */
export interface Recovery {
  /** The worst first. */
  readonly situations: readonly Situation[]
  /** Services that run and write to what is at stake; the databases themselves stay up: ways out may need them. */
  readonly writers: readonly string[]
}

/** First what is gone, then what is going, then what is only out of sight, then what is only down. */
const order: readonly SituationKind[] = ['deleted', 'damaged', 'wrong-database', 'not-running']

/** The situations that a look at a project shows, each volume told once where one of them says it all. */
export function recoveryOf(seen: Seen): Recovery {
  const byCommand = deletedByCommands(seen)
  const deleted = new Set(byCommand.flatMap(({ volumes }) => volumes))
  const elsewhere = connectedElsewhere(seen, deleted)
  const told = new Set([...deleted, ...elsewhere.flatMap(({ volumes }) => volumes)])
  const situations = [
    ...byCommand,
    ...deletedBehindOurBack(seen, told),
    ...damagedServers(seen),
    ...elsewhere,
    ...notRunning(seen),
  ].toSorted((one, other) => order.indexOf(one.kind) - order.indexOf(other.kind))
  return { situations, writers: writersTo(seen.facts, situations) }
}

/**
 * Who writes to what is at stake: services that mount it, and those that the file says depend on the database. Where it
 * says of none, every service that shares a network with it may.
 */
function writersTo(facts: Facts, situations: readonly Situation[]): readonly string[] {
  const volumes = new Set(situations.flatMap(situation => situation.volumes))
  const concerned = new Set(
    situations.flatMap(({ service, ways }) => [service, ...ways.flatMap(way => way.services)]),
  )
  const running = projectContainers(facts).filter(({ state, oneOff }) => state === 'running' && !oneOff)
  const others = running.filter(each => !concerned.has(each.service) && !isServer(facts, each))
  const mounting = others.filter(({ mounts }) =>
    mounts.some(({ name, readOnly }) => name !== null && !readOnly && volumes.has(name)),
  )
  const depending = others.filter(({ service }) => dependsOn(facts, service ?? '', concerned))
  const networks = new Set(
    running.filter(({ service }) => concerned.has(service)).flatMap(each => each.networks),
  )
  const near = others.filter(each => each.networks.some(network => networks.has(network)))
  const writers = [...mounting, ...(depending.length > 0 ? depending : near)]
  if (writers.length === 0) return connectable(situations, running)
  return [...new Set(writers.flatMap(({ service }) => service ?? []))].toSorted()
}

/** With nobody else to stop, a database that runs in the wrong place: connecting the old one needs none that runs. */
function connectable(
  situations: readonly Situation[],
  running: readonly Facts['containers'][number][],
): readonly string[] {
  const services = situations.flatMap(({ kind, service, ways }) =>
    kind === 'wrong-database' && ways[0]?.deed.kind === 'adopt' ? (service ?? []) : [],
  )
  const isAll = services.length === situations.length
  return isAll ? services.filter(name => running.some(({ service }) => service === name)) : []
}

function isServer(facts: Facts, { image, imageId }: Facts['containers'][number]): boolean {
  const known = facts.images.find(({ id }) => id === imageId)
  return serverKindOf(image, known) !== null || dataPathsOfContainer(image, known).length > 0
}

/** Straight, or by another service. */
function dependsOn(
  facts: Facts,
  service: string,
  on: ReadonlySet<string | null>,
  seen = new Set<string>(),
): boolean {
  if (seen.has(service)) return false
  seen.add(service)
  const next = serviceCatalogue(facts).get(service)?.dependsOn ?? []
  return next.some(name => on.has(name) || dependsOn(facts, name, on, seen))
}
