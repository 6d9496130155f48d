import { PassThrough, Readable } from 'node:stream'
import type { Writable } from 'node:stream'
import { Stop } from '../../model/failure.ts'
import type { SinkTarget, TarSink } from '../../model/ports.ts'
import { helperPath, openHelper, vanished } from './helper.ts'
import type { Helper } from './helper.ts'
import { readingArgs, startTar } from './host-tar.ts'
import { inspectContainer } from './inspect.ts'
import { isProven } from './mountpoint.ts'
import type { Session } from './session.ts'
import { plainTar } from './plain-tar.ts'
import { findVolume } from './volumes.ts'

/**
 * Opens the way into a volume that is expected to be empty: by the mountpoint where it is proven, else through the
 * archive API. Numeric owners, modes and times as in the tar, those of the root directory included. `done` of what
 * `open` gives settles when everything is in the volume.
 */
export async function openSink(session: Session, target: SinkTarget): Promise<TarSink> {
  const name = target.kind === 'volume' ? target.name : await volumeAt(session, target.id, target.path)
  const [volume, proof] = await Promise.all([findVolume(session, name), session.mountpointProof()])
  if (volume === null) throw vanished(name)
  if (volume.driver === 'local' && volume.options['type'] === 'tmpfs') {
    throw new Stop({
      reason: 'not-possible',
      what: `the volume ${name} lives in memory (tmpfs) while a container runs, and nowhere else`,
      how: `restore into another volume, then copy it in while the service runs`,
    })
  }
  const meant = { kind: 'volume', name, createdAt: volume.createdAt } as const
  const wrapping = target.kind === 'volume' ? target.wrapping : undefined
  if (wrapping !== undefined) {
    // The volume is mounted where the archive has its folder, so that only what lies in it lands in the volume.
    const nested = await openHelper(session, meant, false, `${helperPath}/${wrapping}`)
    return apiSink(session, nested, name)
  }
  const helper = await openHelper(session, meant, false)
  return isProven(proof, volume)
    ? mountpointSink(session, helper, proof.tar, volume.mountpoint)
    : apiSink(session, helper, name)
}

/** The volume that a container has at a path. */
async function volumeAt(session: Session, container: string, path: string): Promise<string> {
  const inspected = await inspectContainer(session, container)
  const mount = inspected?.Mounts.find(each => each.Destination === path && each.Type === 'volume')
  if (mount?.Name !== undefined) return mount.Name
  throw new Stop({
    reason: 'not-possible',
    what:
      inspected === null
        ? `the container ${container} is gone`
        : `the container ${inspected.Name.slice(1)} has no volume at ${path}`,
    how: 'look whether the service still has a volume there, then run the command again',
  })
}

function mountpointSink(session: Session, helper: Helper, tar: string, folder: string): TarSink {
  const args = readingArgs(folder)
  const children = new Set<() => void>()
  return {
    kind: 'mountpoint',
    command: { program: tar, args },
    open: async () => {
      const { child, done } = startTar(tar, args, session.variables)
      child.stdout?.resume()
      children.add(() => child.kill())
      const stream = child.stdin as Writable
      stream.on('error', () => {}) // A closed pipe is told by tar's own end.
      return { stream, done }
    },
    close: async () => {
      for (const kill of children) kill()
      await helper.close()
    },
  }
}

function apiSink(session: Session, helper: Helper, name: string): TarSink {
  const streams = new Set<Writable>()
  return {
    kind: 'api',
    command: null,
    open: async () => {
      const stream = new PassThrough()
      streams.add(stream)
      const done = upload(session, helper, name, stream)
      done.catch(() => {}) // The stream's own error may be handled first.
      return { stream, done }
    },
    close: async () => {
      for (const stream of streams) stream.destroy()
      await helper.close()
    },
  }
}

async function upload(session: Session, helper: Helper, name: string, stream: PassThrough): Promise<void> {
  const { tar, late } = plainTar(stream, helperPath.slice(1))
  const body = Readable.from(tar, { objectMode: false })
  try {
    await session.call({
      method: 'PUT',
      path: `/containers/${helper.id}/archive`,
      query: { path: helperPath },
      upload: body,
      doing: `write into the volume ${name}`,
    })
  } catch (error) {
    const brokeOff = stream.errored ?? body.errored
    stream.destroy(error as Error)
    throw brokeOff === null ? error : brokenArchive(name, brokeOff)
  }
  // The engine stops at the end of the tar; padding may follow.
  stream.resume()
  await session.call({
    method: 'PUT',
    path: `/containers/${helper.id}/archive`,
    query: { path: '/' },
    upload: late.tar(),
    doing: `set the owner of the volume ${name}`,
  })
}

function brokenArchive(name: string, cause: Error): Stop {
  if (cause instanceof Stop) return cause
  return new Stop(
    {
      reason: 'not-possible',
      what: `the archive broke off while it was written into the volume ${name}: ${cause.message}`,
      how: 'run the command again',
    },
    { cause },
  )
}
