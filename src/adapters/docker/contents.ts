import { cacheReason } from '../../core/caches.ts'
import { Stop } from '../../model/failure.ts'
import type { ContainerFact, Facts, VolumeFact } from '../../model/facts.ts'
import type { Contents, Holding } from '../../model/holding.ts'
import { isSameDirectory } from './bind.ts'
import { helperPath, openHelper } from './helper.ts'
import { isOneOf, mountsBelow } from './layer.ts'
import { lookThroughApi } from './look-through-api.ts'
import { lookAtFolder } from './look-at-folder.ts'
import { isProven } from './mountpoint.ts'
import type { Session } from './session.ts'

/** What a look found; the names at the root are null where they could not be listed. */
export interface Look extends Omit<Contents, 'cache'> {
  readonly rootNames: readonly string[] | null
}

/**
 * A quick look into each holding, all at the same time: at its files where the mountpoint is proven, else through a
 * container that mounts it, else through a helper. What cannot be looked into counts as filled with the unknown; a
 * holding is only called empty when the whole of it was seen.
 */
export async function lookAtContents(
  session: Session,
  holdings: readonly Holding[],
  facts: Pick<Facts, 'containers' | 'volumes'>,
  budget: number,
): Promise<ReadonlyMap<Holding, Contents>> {
  const deadline = performance.now() + budget
  const contents = await Promise.all(
    holdings.map(async holding => [holding, await contentsOf(session, holding, facts, deadline)] as const),
  )
  return new Map(contents)
}

async function contentsOf(
  session: Session,
  holding: Holding,
  facts: Pick<Facts, 'containers' | 'volumes'>,
  deadline: number,
): Promise<Contents> {
  const { rootNames, ...found } = await lookAt(session, holding, facts, deadline).catch(unknownIfGone)
  const paths = mountsOf(facts.containers, holding).map(({ path }) => path)
  return { ...found, cache: found.database === null ? cacheReason(paths, rootNames) : null }
}

async function lookAt(
  session: Session,
  holding: Holding,
  facts: Pick<Facts, 'containers' | 'volumes'>,
  deadline: number,
): Promise<Look> {
  switch (holding.kind) {
    case 'volume':
    case 'anonymous': {
      // A younger volume of the same name is another one.
      const volume = facts.volumes.find(
        each => each.name === holding.name && each.createdAt === holding.createdAt,
      )
      return volume === undefined ? unknown : lookAtVolume(session, volume, holding, facts, deadline)
    }
    case 'bind':
      return lookAtBind(session, holding, facts, deadline)
    case 'layer':
      return lookAtLayer(session, holding, facts, deadline)
    case 'directory':
      return (await lookAtFolder(holding.path, deadline)) ?? unknown
  }
}

/** Filled, with what nobody knows: never taken for empty. */
const unknown: Look = { empty: false, bytes: null, lastWrite: null, database: null, rootNames: null }

/** What vanishes or cannot be mounted is told by the copy, which fails; a look has no opinion. */
function unknownIfGone(error: unknown): Look {
  if (error instanceof Stop && error.failure.reason === 'not-possible') return unknown
  throw error
}

async function lookAtVolume(
  session: Session,
  volume: VolumeFact,
  holding: Holding,
  facts: Pick<Facts, 'containers'>,
  deadline: number,
): Promise<Look> {
  const proof = await session.mountpointProof()
  if (isProven(proof, volume)) return (await lookAtFolder(volume.mountpoint, deadline)) ?? unknown
  const mount = mountsOf(facts.containers, holding).find(each => !each.shared)
  if (mount !== undefined) {
    const look = await throughApi(session, mount.container, mount.path, deadline)
    // A container may mount a part of the volume only: that alone does not prove it empty.
    if (!look.empty) return look
  }
  const helper = await openHelper(
    session,
    { kind: 'volume', name: volume.name, createdAt: volume.createdAt },
    true,
  )
  try {
    return await throughApi(session, helper.id, helperPath, deadline)
  } finally {
    await helper.close()
  }
}

async function lookAtBind(
  session: Session,
  holding: Extract<Holding, { kind: 'bind' }>,
  facts: Pick<Facts, 'containers'>,
  deadline: number,
): Promise<Look> {
  const mount = mountsOf(facts.containers, holding).find(each => !each.shared)
  const proof = await session.mountpointProof()
  // No container has it yet: the engine's files were proven to be this machine's.
  if (mount === undefined) return (proof.ok ? await lookAtFolder(holding.source, deadline) : null) ?? unknown
  const reachable = proof.ok && (await isSameDirectory(session, mount.container, mount.path, holding.source))
  if (!reachable) return throughApi(session, mount.container, mount.path, deadline)
  return (await lookAtFolder(holding.source, deadline)) ?? unknown
}

/** What is mounted below is no part of the layer. A store that has not made its directory yet has nothing in it. */
async function lookAtLayer(
  session: Session,
  holding: Extract<Holding, { kind: 'layer' }>,
  facts: Pick<Facts, 'containers'>,
  deadline: number,
): Promise<Look> {
  const mounts = facts.containers.find(({ id }) => id === holding.container)?.mounts ?? []
  const isMounted = isOneOf(mountsBelow(mounts, holding.path))
  const look = await lookThroughApi(session, holding.container, holding.path, deadline, isMounted)
  return look ?? { empty: true, bytes: 0, lastWrite: null, database: null, rootNames: [] }
}

/** The engine may refuse to look (a broken mount, a container that is being removed): then nothing is known. */
async function throughApi(
  session: Session,
  container: string,
  path: string,
  deadline: number,
): Promise<Look> {
  return (await lookThroughApi(session, container, path, deadline).catch(unknownIfGone)) ?? unknown
}

/** Where containers have a holding; `shared` where another mount lies below or above it in the same container. */
function mountsOf(
  containers: readonly ContainerFact[],
  holding: Holding,
): readonly { readonly container: string; readonly path: string; readonly shared: boolean }[] {
  return containers.flatMap(container =>
    container.mounts
      .filter(mount =>
        holding.kind === 'bind'
          ? mount.type === 'bind' && mount.source === holding.source
          : 'name' in holding && mount.type === 'volume' && mount.name === holding.name,
      )
      .map(({ destination }) => ({
        container: container.id,
        path: destination,
        shared: container.mounts.some(
          other => other.destination !== destination && other.destination.startsWith(`${destination}/`),
        ),
      })),
  )
}
