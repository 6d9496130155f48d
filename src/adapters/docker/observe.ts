import type Docker from 'dockerode'
import type { ContainerFact, ContainerState, EngineFact, MountFact } from '../../model/facts.ts'
import type { Engine } from '../../model/ports.ts'
import { labels as ownLabels } from './owner.ts'
import type { Session } from './session.ts'
import { volumeFact } from './volumes.ts'
import type { ListedVolume } from './volumes.ts'

/** The whole engine in three calls at the same time: who it is, every container, every volume. Our own helpers are left out. */
export async function observe(session: Session): Promise<Awaited<ReturnType<Engine['observe']>>> {
  const [info, containers, volumes] = await Promise.all([
    session.call<EngineInfo>({ path: '/info', doing: 'tell about itself' }),
    session.call<readonly Docker.ContainerInfo[]>({
      path: '/containers/json',
      query: { all: '1' },
      doing: 'list its containers',
    }),
    session.call<{ readonly Volumes: readonly ListedVolume[] | null }>({
      path: '/volumes',
      doing: 'list its volumes',
    }),
  ])
  const volumeFacts = await Promise.all(
    (volumes.body.Volumes ?? [])
      .filter(volume => !isOurs(volume.Labels))
      .map(volume => volumeFact(session, volume)),
  )
  const mountpoints = new Map(volumeFacts.map(volume => [volume.name, volume.mountpoint]))
  return {
    engine: engineFact(session, info.body),
    containers: containers.body
      .filter(container => !isOurs(container.Labels))
      .map(container => withSources(containerFact(container), mountpoints)),
    volumes: volumeFacts,
  }
}

/** Helpers, scratch volumes and locks hold nobody's data and use nobody's volume for longer than a look. */
export function isOurs(labels: Readonly<Record<string, string>> | null | undefined): boolean {
  return labels !== null && labels !== undefined && (ownLabels.helper in labels || ownLabels.lock in labels)
}

/** Facts from a line of the container list. */
function containerFact(container: Docker.ContainerInfo): ContainerFact {
  return {
    id: container.Id,
    name: nameOf(container.Names),
    ...composeFacts(container.Labels ?? {}),
    state: container.State as ContainerState,
    image: container.Image,
    imageId: container.ImageID,
    createdAt: new Date(container.Created * 1000).toISOString(),
    labels: container.Labels ?? {},
    mounts: container.Mounts.map(mountFact),
    networks: Object.keys(container.NetworkSettings?.Networks ?? {}),
    details: null,
  }
}

/** The list leaves out where some volumes lie, the inspection tells. */
function withSources(container: ContainerFact, mountpoints: ReadonlyMap<string, string>): ContainerFact {
  const mounts = container.mounts.map(mount => ({
    ...mount,
    source: mount.source || (mount.name !== null ? (mountpoints.get(mount.name) ?? '') : ''),
  }))
  return { ...container, mounts }
}

/** What Compose's labels say of a container, those of v1 and of v2. */
export function composeFacts(
  labels: Readonly<Record<string, string>>,
): Pick<
  ContainerFact,
  'project' | 'service' | 'number' | 'oneOff' | 'workingDirectory' | 'configFiles' | 'configHash'
> {
  const label = (name: string): string | null => labels[`com.docker.compose.${name}`] || null
  const number = Number(label('container-number') ?? Number.NaN)
  return {
    project: label('project'),
    service: label('service'),
    number: Number.isInteger(number) ? number : null,
    oneOff: label('oneoff')?.toLowerCase() === 'true',
    workingDirectory: label('project.working_dir'),
    configFiles: label('project.config_files')?.split(',') ?? [],
    configHash: label('config-hash'),
  }
}

/** A mount as the list and the inspection write it. */
export function mountFact(mount: {
  readonly Type?: string | undefined
  readonly Name?: string | undefined
  readonly Source: string
  readonly Destination: string
  readonly RW: boolean
}): MountFact {
  const type = (mount.Type || (mount.Name === undefined ? 'bind' : 'volume')) as MountFact['type']
  return {
    type,
    name: mount.Name || null,
    source: mount.Source,
    destination: mount.Destination,
    readOnly: !mount.RW,
  }
}

interface EngineInfo {
  readonly ID: string
  readonly ServerVersion: string
  readonly DockerRootDir: string
  readonly SecurityOptions: readonly string[] | null
}

function engineFact(session: Session, info: EngineInfo): EngineFact {
  return {
    id: info.ID,
    version: info.ServerVersion,
    apiVersion: session.connection.apiVersion,
    host: session.connection.host,
    local: session.local,
    rootDirectory: info.DockerRootDir,
    securityOptions: info.SecurityOptions ?? [],
  }
}

/** A linked container has names with a slash inside; its own is the one without. */
function nameOf(names: readonly string[]): string {
  const own = names.find(name => !name.slice(1).includes('/')) ?? names[0] ?? ''
  return own.replace(/^\//, '')
}
