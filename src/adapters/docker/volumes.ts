import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type Docker from 'dockerode'
import { Stop } from '../../model/failure.ts'
import type { VolumeFact } from '../../model/facts.ts'
import type { Engine } from '../../model/ports.ts'
import { isoTime } from './time.ts'
import type { Session } from './session.ts'

/** A volume as the engine lists it. */
export type ListedVolume = Docker.VolumeInspectInfo & { readonly CreatedAt?: string }

/** The volume of this very name; null when there is none. */
export async function findVolume(session: Session, name: string): Promise<VolumeFact | null> {
  const { status, body } = await session.call<ListedVolume>({
    path: volumePath(name),
    doing: `look at the volume ${name}`,
    accept: [404],
  })
  return status === 404 ? null : volumeFact(session, body)
}

/** Creates a volume. The engine takes an existing one for created; here that is `not-possible`. */
export async function createVolume(
  session: Session,
  spec: Parameters<Engine['createVolume']>[0],
): Promise<VolumeFact> {
  if ((await findVolume(session, spec.name)) !== null) {
    throw new Stop({
      reason: 'not-possible',
      what: `a volume called ${spec.name} stands already`,
      how: 'look at docker volume ls, then run the command again',
    })
  }
  const { body } = await session.call<ListedVolume>({
    method: 'POST',
    path: '/volumes/create',
    body: { Name: spec.name, Driver: spec.driver, DriverOpts: spec.options, Labels: spec.labels },
    doing: `create the volume ${spec.name}`,
  })
  return volumeFact(session, body)
}

/** Removes a volume that no container uses. One that is gone already is as good. */
export async function removeVolume(session: Session, name: string): Promise<void> {
  await session.call({
    method: 'DELETE',
    path: volumePath(name),
    doing: `remove the volume ${name}`,
    accept: [404],
  })
}

/** Facts of a volume as the engine tells them. */
export async function volumeFact(session: Session, volume: ListedVolume): Promise<VolumeFact> {
  const labels = volume.Labels ?? {}
  return {
    name: volume.Name,
    createdAt: await creationTime(session, volume),
    driver: volume.Driver,
    mountpoint: volume.Mountpoint,
    labels,
    options: volume.Options ?? {},
    anonymous: 'com.docker.volume.anonymous' in labels || /^[0-9a-f]{64}$/.test(volume.Name),
  }
}

/**
 * Engines before 23 tell the last change of the volume's root directory instead. Where its folder can be seen, that
 * folder's birth stands for it; else nothing is said, and only the name tells volumes apart.
 */
async function creationTime(session: Session, volume: ListedVolume): Promise<string> {
  const major = Number.parseInt(session.connection.version, 10)
  if (volume.Driver !== 'local' || Number.isNaN(major) || major >= 23) return isoTime(volume.CreatedAt) ?? ''
  if (!session.local) return ''
  const folder = await stat(dirname(volume.Mountpoint)).catch(() => null)
  return folder === null ? '' : new Date(folder.birthtimeMs || folder.ctimeMs).toISOString()
}

function volumePath(name: string): string {
  return `/volumes/${encodeURIComponent(name)}`
}
