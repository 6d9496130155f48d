import { PassThrough } from 'node:stream'
import type { Writable } from 'node:stream'
import { Stop } from '../../model/failure.ts'
import type { SinkTarget, TarSink } from '../../model/ports.ts'
import { helperPath, openHelper, vanished } from './helper.ts'
import type { Helper } from './helper.ts'
import { inspectContainer } from './inspect.ts'
import { openLayerSink, uploadTar } from './layer.ts'
import { openDirectorySink, tarInto } from './local-directory.ts'
import { isProven } from './mountpoint.ts'
import type { Session } from './session.ts'
import { findVolume } from './volumes.ts'

/**
 * Opens the way into a volume that is expected to be empty: by the mountpoint where it is proven, else through the
 * archive API; or into a layer or a directory, whose present content goes. Numeric owners, modes and times as in the
 * tar, those of the root directory included. `done` of what `open` gives settles when everything is there.
 */
export async function openSink(session: Session, target: SinkTarget): Promise<TarSink> {
  if (target.kind === 'layer') return openLayerSink(session, target)
  if (target.kind === 'directory') return openDirectorySink(session, target.path)
  return openVolumeSink(session, target)
}

async function openVolumeSink(
  session: Session,
  target: Extract<SinkTarget, { kind: 'volume' | 'container' }>,
): Promise<TarSink> {
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
  const { stop, ...way } = tarInto(session, tar, folder)
  return {
    kind: 'mountpoint',
    ...way,
    close: async () => {
      stop()
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
      const done = uploadTar(session, { id: helper.id, path: helperPath }, stream, `the volume ${name}`)
      done.catch(() => {}) // The stream's own error may be handled first.
      return { stream, done }
    },
    close: async () => {
      for (const stream of streams) stream.destroy()
      await helper.close()
    },
  }
}
