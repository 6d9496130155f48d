import { dataPathsOfContainer } from '../core/data-paths.ts'
import { serverKindOf } from '../core/store-kind.ts'
import type { ServerKind } from '../model/database.ts'
import type { ContainerFact, Facts } from '../model/facts.ts'
import { identityOfHolding } from '../model/holding.ts'
import type { Contents, Holding } from '../model/holding.ts'
import type { DatabaseServer, Engine } from '../model/ports.ts'
import type { Context } from './context.ts'
import { openServer } from './open-server.ts'
import { writesTo } from './writers.ts'

/** A database server of the project that runs, and where its files lie. */
export interface RunningServer {
  readonly holding: Holding
  /** Where that is mounted in its container. */
  readonly path: string
  readonly container: ContainerFact
  readonly server: DatabaseServer
}

/**
 * The servers behind holdings: the running container that writes where a database was seen, and if several do (a backup
 * of its own, a file manager), the one whose image is known to be such a server. One that has not written anything yet
 * is known by its image alone: what it has in memory is data as well. Containers of other projects are not asked.
 */
export function runningServers(
  context: Context,
  engine: Engine,
  facts: Facts,
  places: readonly { readonly holding: Holding; readonly contents: Contents | null }[],
): readonly RunningServer[] {
  const found = new Map<string, RunningServer>()
  const seenFirst = places.toSorted((one, other) => rank(one.contents) - rank(other.contents))
  for (const { holding, contents } of seenFirst) {
    const container = serverContainer(facts, holding)
    const kind = container === null ? null : kindOf(facts, container, contents)
    if (container === null || kind === null || found.has(`${container.id} ${kind}`)) continue
    const server = openServer(context, kind, engine.inside(container.id), container)
    found.set(`${container.id} ${kind}`, { holding, path: pathOf(container, holding), container, server })
  }
  return [...found.values()].toSorted((one, other) =>
    identityOfHolding(one.holding) < identityOfHolding(other.holding) ? -1 : 1,
  )
}

function pathOf(container: ContainerFact, holding: Holding): string {
  if ('path' in holding) return holding.path
  return container.mounts.find(mount => 'name' in holding && mount.name === holding.name)?.destination ?? ''
}

function rank(contents: Contents | null): number {
  return contents?.database == null ? 1 : 0
}

function kindOf(facts: Facts, container: ContainerFact, contents: Contents | null): ServerKind | null {
  const seen = contents?.database?.kind
  if (seen !== undefined) return isServerKind(seen) ? seen : null
  return serverKindOf(container.image, imageOf(facts, container))
}

function isServerKind(kind: string): kind is ServerKind {
  return kind === 'postgresql' || kind === 'mysql' || kind === 'redis'
}

function serverContainer(facts: Facts, holding: Holding): ContainerFact | null {
  const writers = facts.containers.filter(
    container =>
      container.project === facts.project.name &&
      container.state === 'running' &&
      writesTo(container, holding),
  )
  return writers.find(container => isStore(facts, container)) ?? writers[0] ?? null
}

function isStore(facts: Facts, container: ContainerFact): boolean {
  return dataPathsOfContainer(container.image, imageOf(facts, container)).length > 0
}

function imageOf(facts: Facts, container: ContainerFact): Facts['images'][number] | undefined {
  return facts.images.find(({ id }) => id === container.imageId)
}
