import { lstat } from 'node:fs/promises'
import { Transform, finished } from 'node:stream'
import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { Stop } from '../../model/failure.ts'
import { nameOfHolding } from '../../model/holding.ts'
import type { Facts } from '../../model/facts.ts'
import type { Holding } from '../../model/holding.ts'
import type { TarSource } from '../../model/ports.ts'
import { isSameDirectory } from './bind.ts'
import { helperPath, isMeant, openHelper, vanished } from './helper.ts'
import type { Helper, HelperMount } from './helper.ts'
import { startTar, writingArgs } from './host-tar.ts'
import { isProven } from './mountpoint.ts'
import type { Session } from './session.ts'
import { findVolume } from './volumes.ts'

/**
 * Opens the way out of a volume or a bind-mounted directory: the mountpoint where it is proven, else the archive API.
 * Entries are written `./…`, the root first. Either way a helper holds the volume, so that nobody removes it while it
 * is read; `close` removes the helper. Throws `not-possible` when it is gone.
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
    case 'directory':
      throw new Stop({
        reason: 'not-possible',
        what: `${nameOfHolding(holding)} is no volume and no mounted directory: it cannot be copied`,
        how: 'copy it yourself (docker cp), then run the command again',
      })
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
    ? mountpointSource(session, helper, proof.tar, volume.mountpoint)
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
    return mountpointSource(session, helper, proof.tar, source)
  } catch (error) {
    await helper.close()
    throw error
  }
}

function usersOf(facts: Pick<Facts, 'containers'>, source: string): string {
  const users = facts.containers.filter(container => container.mounts.some(mount => mount.source === source))
  return users.map(container => container.name).join(', ') || 'no container'
}

function mountpointSource(session: Session, helper: Helper, tar: string, folder: string): TarSource {
  const args = writingArgs(folder)
  const children = new Set<() => void>()
  return {
    kind: 'mountpoint',
    notes: ['sockets are left out: servers make them anew'],
    expectedBytes: null,
    command: { program: tar, args },
    open: async () => {
      const { child, done } = startTar(tar, args, session.variables)
      child.stdin?.end()
      children.add(() => child.kill())
      return { stream: child.stdout as Readable, done }
    },
    close: async () => {
      for (const kill of children) kill()
      await helper.close()
    },
  }
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

/**
 * The engine only logs what it cannot read and lets the stream end: without the two blocks of zeros at its end the tar
 * is not whole.
 */
function wholeTar(
  session: Session,
  response: IncomingMessage,
  name: string,
): { readonly stream: Readable; readonly done: Promise<void> } {
  let zeros = 0
  const tail = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      zeros = zerosAfter(zeros, chunk)
      next(null, chunk)
    },
    flush(next) {
      const whole = response.complete && zeros >= 1024
      next(whole ? null : cutShort(session, response, name))
    },
  })
  response.once('error', error => tail.destroy(session.connection.lost(error)))
  response.once('close', () => {
    if (!response.complete) tail.destroy(cutShort(session, response, name))
  })
  response.pipe(tail)
  tail.once('close', () => response.destroy())
  const done = promisify(finished)(tail)
  done.catch(() => {}) // The stream's own error may be handled first.
  return { stream: tail, done }
}

function cutShort(session: Session, response: IncomingMessage, name: string): Stop {
  if (!response.complete) return session.connection.lost(new Error('its answer broke off'))
  return new Stop({
    reason: 'not-possible',
    what: `the engine could not read all of ${name}; its own log says why`,
    how: 'look into the log of the engine (journalctl -u docker), then run the command again',
  })
}

/** How many zero bytes stand at the end, given how many stood there before this chunk. */
function zerosAfter(before: number, chunk: Buffer): number {
  let count = 0
  while (count < chunk.length && count < 1024 && chunk[chunk.length - 1 - count] === 0) count++
  return count === chunk.length ? before + count : count
}
