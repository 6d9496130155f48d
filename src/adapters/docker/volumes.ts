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
  return status === 404 ? null : volumeFact(body)
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
  return volumeFact(body)
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
export function volumeFact(volume: ListedVolume): VolumeFact {
  const labels = volume.Labels ?? {}
  return {
    name: volume.Name,
    createdAt: isoTime(volume.CreatedAt) ?? '',
    driver: volume.Driver,
    mountpoint: volume.Mountpoint,
    labels,
    options: volume.Options ?? {},
    anonymous: 'com.docker.volume.anonymous' in labels || /^[0-9a-f]{64}$/.test(volume.Name),
  }
}

function volumePath(name: string): string {
  return `/volumes/${encodeURIComponent(name)}`
}
