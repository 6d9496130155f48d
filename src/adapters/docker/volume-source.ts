import { lstat } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { Stop } from '../../model/failure.ts'
import type { Facts } from '../../model/facts.ts'
import type { Holding } from '../../model/holding.ts'
import type { TarSource } from '../../model/ports.ts'
import { isSameDirectory } from './bind.ts'
import { helperPath, isMeant, openHelper, vanished } from './helper.ts'
import type { Helper, HelperMount } from './helper.ts'
import { openLayerSource } from './layer.ts'
import { openDirectorySource, tarSource } from './local-directory.ts'
import { isProven } from './mountpoint.ts'
import type { Session } from './session.ts'
import { findVolume } from './volumes.ts'
import { wholeTar } from './whole-tar.ts'

/**
 * Opens the way out of a holding. Of a volume or a bind-mounted directory: the mountpoint where it is proven, else the
 * archive API; either way a helper holds the volume, so that nobody removes it while it is read, and `close` removes
 * the helper. Entries are written `./…`, the root first. Throws `not-possible` when it is gone.
 */
export async function openSource(
  session: Session,
  holding: Holding,
  facts: Pick<Facts, 'containers'>,
): Promise<TarSource> {
  switch (holding.kind) {
    case 'volume':
    case 'anonymous':
      return volumeSource(session, holding)
    case 'bind':
      return bindSource(session, holding.source, facts)
    case 'layer':
      return openLayerSource(session, { id: holding.container, path: holding.path })
    case 'directory':
      return openDirectorySource(session, holding.path)
  }
}

async function volumeSource(
  session: Session,
  holding: Extract<Holding, { kind: 'volume' | 'anonymous' }>,
): Promise<TarSource> {
  const [volume, proof] = await Promise.all([findVolume(session, holding.name), session.mountpointProof()])
  if (volume === null || !isMeant(volume, holding.createdAt)) throw vanished(holding.name)
  const mount: HelperMount = { kind: 'volume', name: volume.name, createdAt: volume.createdAt }
  const helper = await openHelper(session, mount, true)
  return isProven(proof, volume)
    ? tarSource(session, proof.tar, volume.mountpoint, helper.close)
    : apiSource(session, helper, holding.name)
}

async function bindSource(
  session: Session,
  source: string,
  facts: Pick<Facts, 'containers'>,
): Promise<TarSource> {
  const helper = await openHelper(session, { kind: 'bind', source }, true)
  try {
    const proof = await session.mountpointProof()
    if (!proof.ok || !(await isSameDirectory(session, helper.id, helperPath, source))) {
      return apiSource(session, helper, source)
    }
    if (!(await lstat(source).then(stat => stat.isDirectory() || stat.isSymbolicLink()))) {
      throw new Stop({
        reason: 'not-possible',
        what: `${source} is no directory (mounted by ${usersOf(facts, source)})`,
        how: 'copy it yourself, then run the command again',
      })
    }
    return tarSource(session, proof.tar, source, helper.close)
  } catch (error) {
    await helper.close()
    throw error
  }
}

function usersOf(facts: Pick<Facts, 'containers'>, source: string): string {
  const users = facts.containers.filter(container => container.mounts.some(mount => mount.source === source))
  return users.map(container => container.name).join(', ') || 'no container'
}

function apiSource(session: Session, helper: Helper, name: string): TarSource {
  const streams = new Set<IncomingMessage>()
  return {
    kind: 'api',
    notes: [
      'read through the engine: holes are filled, extended attributes of users and ACLs are left out, times are whole seconds',
      'sockets are left out: servers make them anew',
    ],
    expectedBytes: null,
    command: null,
    open: async () => {
      const response = await session.connection.open({
        path: `/containers/${helper.id}/archive`,
        // With `/.` the entries are written `./…`; without it they would carry the folder's name.
        query: { path: `${helperPath}/.` },
        doing: `read ${name}`,
      })
      streams.add(response)
      return wholeTar(session, response, name)
    },
    close: async () => {
      for (const stream of streams) stream.destroy()
      await helper.close()
    },
  }
}
