import { PassThrough, Readable } from 'node:stream'
import type { Writable } from 'node:stream'
import type { IncomingMessage } from 'node:http'
import { isWithin } from '../../core/data-paths.ts'
import { Stop } from '../../model/failure.ts'
import type { MountFact } from '../../model/facts.ts'
import type { TarSink, TarSource } from '../../model/ports.ts'
import { statInContainer } from './bind.ts'
import { inspectContainer } from './inspect.ts'
import { mountFact } from './observe.ts'
import { plainTar, tarWithout } from './plain-tar.ts'
import type { Session } from './session.ts'
import { writeTar } from './tar-write.ts'
import { wholeTar } from './whole-tar.ts'

/** A directory in the writable layer of a container. */
export interface LayerPlace {
  readonly id: string
  readonly path: string
}

/**
 * Opens the way out of a directory in a container's writable layer, which is read through the archive API. What is
 * mounted below it is no part of the layer and is left out. Where nothing is, the tar holds an empty directory.
 */
export async function openLayerSource(session: Session, place: LayerPlace): Promise<TarSource> {
  const container = await requireContainer(session, place)
  const below = mountsBelow(container.Mounts.map(mountFact), place.path)
  const isMissing = (await statInContainer(session, place.id, place.path)) === null
  const streams = new Set<IncomingMessage>()
  return {
    kind: 'api',
    notes: [
      'read through the engine: holes are filled, extended attributes of users and ACLs are left out, times are whole seconds',
      'sockets are left out: servers make them anew',
      ...(isMissing ? [`there was nothing at ${place.path}`] : []),
      ...(below.length === 0 ? [] : [`what is mounted below it is left out: ${below.join(', ')}`]),
    ],
    expectedBytes: null,
    command: null,
    open: async () => {
      if (isMissing) return { stream: Readable.from([emptyDirectory('./')]), done: Promise.resolve() }
      const response = await session.connection.open({
        path: `/containers/${place.id}/archive`,
        query: { path: `${place.path}/.` },
        doing: `read ${place.path} in a container`,
      })
      streams.add(response)
      const whole = wholeTar(session, response, place.path)
      if (below.length === 0) return whole
      const isMounted = isOneOf(below)
      return { stream: Readable.from(tarWithout(whole.stream, isMounted)), done: whole.done }
    },
    close: async () => {
      for (const stream of streams) stream.destroy()
    },
  }
}

/**
 * Opens the way into a directory in the writable layer of a container that does not run. What stands there goes at
 * once: the engine replaces a directory by a file, and the file by an empty directory. Throws `not-possible` where the
 * container runs, or has a mount there or above; where it has one below and files beside it, since they would stay.
 */
export async function openLayerSink(session: Session, place: LayerPlace): Promise<TarSink> {
  const path = await clearLayer(session, place)
  const streams = new Set<Writable>()
  return {
    kind: 'api',
    command: null,
    open: async () => {
      const stream = new PassThrough()
      streams.add(stream)
      const done = uploadTar(session, { ...place, path }, stream, `${place.path} in a container`)
      done.catch(() => {}) // The stream's own error may be handled first.
      return { stream, done }
    },
    close: async () => {
      for (const stream of streams) stream.destroy()
    },
  }
}

/** Writes a tar into a directory of a container that does not run; its root's own entry comes last. */
export async function uploadTar(
  session: Session,
  { id, path }: LayerPlace,
  stream: PassThrough,
  name: string,
): Promise<void> {
  const { tar, late } = plainTar(stream, path.replace(/^\/+/, ''))
  const body = Readable.from(tar, { objectMode: false })
  try {
    await put(session, id, path, body, `write into ${name}`)
  } catch (error) {
    const brokeOff = stream.errored ?? body.errored
    stream.destroy(error as Error)
    throw brokeOff === null ? error : brokenArchive(name, brokeOff)
  }
  // The engine stops at the end of the tar; padding may follow.
  stream.resume()
  await put(session, id, '/', late.tar(), `set the owner of ${name}`)
}

function put(
  session: Session,
  id: string,
  path: string,
  upload: Readable | Buffer,
  doing: string,
): Promise<unknown> {
  return session.call({
    method: 'PUT',
    path: `/containers/${id}/archive`,
    query: { path },
    upload,
    doing,
  })
}

function brokenArchive(name: string, cause: Error): Stop {
  if (cause instanceof Stop) return cause
  return new Stop(
    {
      reason: 'not-possible',
      what: `the archive broke off while it was written into ${name}: ${cause.message}`,
      how: 'run the command again',
    },
    { cause },
  )
}

/** Makes the directory empty, or makes it. Gives its path behind a link. */
async function clearLayer(session: Session, place: LayerPlace): Promise<string> {
  const container = await requireContainer(session, place)
  if (container.State.Running || container.State.Paused) {
    throw new Stop({
      reason: 'not-possible',
      what: `the container ${container.Name.slice(1)} runs: nothing can be put into it`,
      how: `stop it (docker stop ${container.Name.slice(1)}), then run the command again`,
    })
  }
  const mounts = container.Mounts.map(mountFact)
  const over = mounts.find(mount => isWithin(place.path, mount.destination))
  if (over !== undefined) {
    throw new Stop({
      reason: 'not-possible',
      what: `the container ${container.Name.slice(1)} has a mount at ${over.destination}, which would hide it`,
      how: 'restore it into a volume: safe-compose restore ID --volume SERVICE:PATH --to VOLUME',
    })
  }
  const found = await statInContainer(session, place.id, place.path)
  const path = found !== null && found.linkTarget !== '' ? found.linkTarget : place.path
  if (mountsBelow(mounts, place.path).length > 0) return path
  const name = path.replace(/^\/+/, '')
  const entry = { path: name, mode: 0o755, uid: 0, gid: 0, mtime: 0, content: Buffer.alloc(0) }
  const replaced = writeTar([
    { ...entry, flag: '0' },
    { ...entry, path: `${name}/`, flag: '5' },
  ])
  await put(session, place.id, '/', replaced, `clear ${place.path} in a container`)
  return path
}

async function requireContainer(
  session: Session,
  { id, path }: LayerPlace,
): Promise<NonNullable<Awaited<ReturnType<typeof inspectContainer>>>> {
  const container = await inspectContainer(session, id)
  if (container !== null) return container
  throw new Stop({
    reason: 'not-possible',
    what: `the container ${id.slice(0, 12)} with ${path} is gone`,
    how: 'look at docker ps -a, then run the command again',
  })
}

/** Paths of mounts below a directory, relative to it. */
export function mountsBelow(
  mounts: readonly Pick<MountFact, 'destination'>[],
  path: string,
): readonly string[] {
  const root = `${path.replace(/\/+$/, '')}/`
  return mounts
    .map(mount => mount.destination)
    .filter(destination => destination.startsWith(root))
    .map(destination => destination.slice(root.length))
}

/** Whether a path, a character for each byte, is one of these or lies below one. */
export function isOneOf(paths: readonly string[]): (path: string) => boolean {
  const bytes = paths.map(path => Buffer.from(path).toString('latin1'))
  return path => bytes.some(each => path === each || path.startsWith(`${each}/`))
}

function emptyDirectory(path: string): Buffer {
  return writeTar([{ path, flag: '5', mode: 0o755, uid: 0, gid: 0, mtime: 0, content: Buffer.alloc(0) }])
}
