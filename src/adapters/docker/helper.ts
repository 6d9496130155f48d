import { Stop } from '../../model/failure.ts'
import type { VolumeFact } from '../../model/facts.ts'
import { createFromEmptyImage } from './helper-image.ts'
import { labels } from './owner.ts'
import type { Holder } from './owner.ts'
import type { Session } from './session.ts'
import { findVolume } from './volumes.ts'

/** A created, never started container that mounts one thing at `helperPath`. */
export interface Helper {
  readonly id: string
  /** Removes it; resolves when it is gone, since a helper left behind would make `down -v` keep the volume. */
  readonly close: () => Promise<void>
}

/** What a helper mounts. */
export type HelperMount =
  | {
      readonly kind: 'volume'
      readonly name: string
      /** When it was made, where that is known: another one of that name is not meant. */
      readonly createdAt: string | null
    }
  | { readonly kind: 'bind'; readonly source: string }

/** Where a helper has its mount. */
export const helperPath = '/safe-compose/volume'

/** Opens a helper on something that exists. Throws `not-possible` when it is gone: nothing is created in its place. */
export async function openHelper(
  session: Session,
  mount: HelperMount,
  readOnly: boolean,
  target = helperPath,
): Promise<Helper> {
  if (mount.kind === 'volume') await requireVolume(session, mount)
  const random = Buffer.from(session.host.random(6)).toString('hex')
  const created = await createFromEmptyImage(session, `safe-compose-helper-${random}`, {
    labels: { [labels.helper]: JSON.stringify(await holderOf(session)) },
    hostConfig: { Mounts: [mountSpec(mount, readOnly, target)] },
    doing: mount.kind === 'volume' ? `mount the volume ${mount.name}` : `mount the directory ${mount.source}`,
  })
  if (created === 'name-taken') throw new Error('Internal error: a random name is taken')
  session.ownHelpers.add(created.id)
  const helper = { id: created.id, close: () => removeContainer(session, created.id) }
  if (mount.kind === 'volume') await refuseResurrected(session, mount, helper)
  return helper
}

/** This process, as labels have it. */
export async function holderOf(session: Session): Promise<Holder> {
  return { ...(await session.owner()), user: session.user, since: session.host.now().toISOString() }
}

/**
 * Removes a container whatever its state, waiting until it is gone. Its volumes stay; `withVolumes`: those go that the
 * engine made for it alone.
 */
export async function removeContainer(
  session: Session,
  id: string,
  { withVolumes = false }: { readonly withVolumes?: boolean } = {},
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const reply = await session.call<{ message?: string }>({
      method: 'DELETE',
      path: `/containers/${id}`,
      query: { force: '1', v: withVolumes ? '1' : '0' },
      doing: `remove the container ${id.slice(0, 12)}`,
      // 409: somebody removes it already. 500: something of it is still in use for a moment.
      accept: [404, 409, ...(attempt < 20 ? [500] : [])],
    })
    if (reply.status === 404) return
    if (reply.status < 300 && (await isGone(session, id))) return
    if (attempt >= 20) {
      throw new Stop({
        reason: 'not-possible',
        what: `the container ${id.slice(0, 12)} cannot be removed: ${reply.body.message ?? 'it stays'}`,
        how: `remove it yourself: docker rm -f ${id.slice(0, 12)}`,
      })
    }
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

async function isGone(session: Session, id: string): Promise<boolean> {
  const { status } = await session.call({
    path: `/containers/${id}/json`,
    doing: `look for the container ${id.slice(0, 12)}`,
    accept: [404],
  })
  return status === 404
}

function mountSpec(mount: HelperMount, readOnly: boolean, target: string): object {
  return mount.kind === 'volume'
    ? {
        Type: 'volume',
        Source: mount.name,
        Target: target,
        ReadOnly: readOnly,
        VolumeOptions: { NoCopy: true },
      }
    : { Type: 'bind', Source: mount.source, Target: target, ReadOnly: readOnly }
}

async function requireVolume(
  session: Session,
  mount: Extract<HelperMount, { kind: 'volume' }>,
): Promise<void> {
  const volume = await findVolume(session, mount.name)
  if (volume !== null && isMeant(volume, mount.createdAt)) return
  throw vanished(mount.name)
}

/** The engine makes a missing volume while it creates a container: one that vanished in between must not come back empty. */
async function refuseResurrected(
  session: Session,
  mount: Extract<HelperMount, { kind: 'volume' }>,
  helper: Helper,
): Promise<void> {
  const volume = await findVolume(session, mount.name)
  if (volume !== null && isMeant(volume, mount.createdAt)) return
  await helper.close()
  if (volume !== null && Object.keys(volume.labels).length === 0) {
    await session.call({
      method: 'DELETE',
      path: `/volumes/${encodeURIComponent(mount.name)}`,
      doing: `remove the volume ${mount.name}`,
      accept: [404, 409],
    })
  }
  throw vanished(mount.name)
}

/** Where one of the times is not known (the engine is too old, or seen from elsewhere), the name has to do. */
export function isMeant(volume: Pick<VolumeFact, 'createdAt'>, createdAt: string | null): boolean {
  return !createdAt || volume.createdAt === '' || volume.createdAt === createdAt
}

export function vanished(name: string): Stop {
  return new Stop({
    reason: 'not-possible',
    what: `the volume ${name} is gone, or another one has its name by now`,
    how: 'look at docker volume ls, then run the command again',
  })
}
