import { createHmac } from 'node:crypto'
import type Docker from 'dockerode'
import type { ContainerDetails, ContainerFact, ContainerState, ImageFact } from '../../model/facts.ts'
import { inParallel } from './in-parallel.ts'
import { settingsOf } from '../../core/settings.ts'
import type { Seal } from '../../core/settings.ts'
import { composeFacts, mountFact } from './observe.ts'
import type { Session } from './session.ts'
import { isoTime } from './time.ts'

/** The same containers with their details. Those that vanished meanwhile are left out. */
export async function inspectContainers(
  session: Session,
  containers: readonly ContainerFact[],
): Promise<readonly ContainerFact[]> {
  const found = await inParallel(containers, 12, async container => {
    const inspected = await inspectContainer(session, container.id)
    return inspected === null
      ? []
      : [{ ...container, details: containerDetails(inspected, session.host.seal) }]
  })
  return found.flat()
}

/** One container by id or name, with details; null when there is none. */
export async function findContainer(session: Session, idOrName: string): Promise<ContainerFact | null> {
  const inspected = await inspectContainer(session, idOrName)
  if (inspected === null) return null
  const labels = inspected.Config.Labels ?? {}
  return {
    id: inspected.Id,
    name: inspected.Name.replace(/^\//, ''),
    ...composeFacts(labels),
    state: inspected.State.Status as ContainerState,
    image: inspected.Config.Image,
    imageId: inspected.Image,
    createdAt: isoTime(inspected.Created) ?? '',
    labels,
    mounts: inspected.Mounts.map(mountFact),
    networks: Object.keys(inspected.NetworkSettings.Networks ?? {}),
    details: containerDetails(inspected, session.host.seal),
  }
}

/** What the engine says of a container; null when there is none. */
export async function inspectContainer(
  session: Session,
  idOrName: string,
): Promise<Docker.ContainerInspectInfo | null> {
  const { status, body } = await session.call<Docker.ContainerInspectInfo>({
    path: `/containers/${encodeURIComponent(idOrName)}/json`,
    doing: `look at the container ${idOrName}`,
    accept: [404],
  })
  return status === 404 ? null : body
}

/** Images by reference or id, each once with all the references that lead to it. Unknown ones are left out. */
export async function findImages(
  session: Session,
  references: readonly string[],
  v1Api: string | null,
): Promise<readonly ImageFact[]> {
  const images = new Map<string, ImageFact>()
  const found = await inParallel([...new Set(references)], 12, async reference => {
    const { status, body } = await session.call<Docker.ImageInspectInfo>({
      path: `/images/${reference.split('/').map(encodeURIComponent).join('/')}/json`,
      doing: `look at the image ${reference}`,
      // 400: Compose lets anything stand as an image's name until it is pulled.
      accept: [404, 400],
    })
    if (status >= 300) return []
    const containerConfig = v1Api === null ? null : await hasContainerConfig(session, body, v1Api)
    return [{ reference, body, containerConfig }]
  })
  for (const { reference, body, containerConfig } of found.flat()) {
    const known = images.get(body.Id)
    images.set(body.Id, {
      id: body.Id,
      references: [...(known?.references ?? []), reference],
      digests: body.RepoDigests ?? [],
      volumes: Object.keys(body.Config?.Volumes ?? {}),
      versions: versionsOf(body.Config?.Env ?? []),
      settings: settingsIn(body.Config, session.host.seal),
      containerConfig,
    })
  }
  return [...images.values()]
}

/** From API 1.45 on the engine leaves the field out; with the containerd image store it never had it. */
async function hasContainerConfig(
  session: Session,
  image: Docker.ImageInspectInfo,
  api: string,
): Promise<boolean | null> {
  if (api === 'newest' || api === session.connection.apiVersion) return isThere(image)
  const { status, body } = await session.call<Docker.ImageInspectInfo>({
    path: `/images/${encodeURIComponent(image.Id)}/json`,
    doing: `look at the image ${image.Id} as Compose v1 does`,
    // An engine may no longer speak that version: then v1 fails by itself, before it touches anything.
    accept: [400, 404],
    api,
  })
  return status < 300 ? isThere(body) : null
}

function isThere({ ContainerConfig }: Partial<Docker.ImageInspectInfo>): boolean {
  return ContainerConfig !== undefined && ContainerConfig !== null
}

/**
 * Inspect output of containers as JSON text, each environment value replaced by the first 12 hex digits of its
 * HMAC-SHA256 under `key`: equal values stay recognisable, no value can be read. Vanished containers are left out.
 */
export async function redactedInspect(
  session: Session,
  ids: readonly string[],
  key: Uint8Array,
): Promise<string> {
  const found = await inParallel(ids, 12, async id => {
    const inspected = await inspectContainer(session, id)
    return inspected === null ? [] : [redacted(inspected, key)]
  })
  return `${JSON.stringify(found.flat(), null, 2)}\n`
}

function containerDetails(inspected: Docker.ContainerInspectInfo, seal: Seal): ContainerDetails {
  const { HostConfig: host, State: state, Config: config } = inspected
  const mountedTmpfs = (host.Mounts ?? []).filter(mount => mount.Type === 'tmpfs').map(mount => mount.Target)
  return {
    autoRemove: host.AutoRemove ?? false,
    restartPolicy: host.RestartPolicy?.Name || 'no',
    restartMaximumRetries: host.RestartPolicy?.MaximumRetryCount ?? 0,
    exitCode: state.ExitCode,
    finishedAt: isoTime(state.FinishedAt),
    tmpfs: [...Object.keys(host.Tmpfs ?? {}), ...mountedTmpfs],
    mountedByName: volumesByName(host),
    settings: settingsIn(config, seal),
    hostname: config.Hostname,
    stopTimeout: timeoutOf(config),
    pid: state.Pid,
  }
}

/** Volumes that a container was created with by name: `-v NAME:/path`, or a mount with a source. */
function volumesByName(host: Docker.ContainerInspectInfo['HostConfig']): readonly string[] {
  const bound = (host.Binds ?? []).flatMap(bind => {
    const [source = '', target] = bind.split(':')
    return target === undefined || source.startsWith('/') ? [] : [target]
  })
  const mounted = (host.Mounts ?? []).flatMap(mount =>
    mount.Type === 'volume' && (mount.Source ?? '') !== '' ? [mount.Target] : [],
  )
  return [...bound, ...mounted]
}

interface ConfigWords {
  readonly Env?: readonly string[] | null | undefined
  readonly Cmd?: string | readonly string[] | null | undefined
  readonly Entrypoint?: string | readonly string[] | null | undefined
}

function settingsIn(config: ConfigWords | null | undefined, seal: Seal): ContainerDetails['settings'] {
  const environment = (config?.Env ?? []).map(variable => [
    keyOf(variable),
    variable.slice(keyOf(variable).length + 1),
  ])
  const words = [config?.Entrypoint, config?.Cmd].flatMap(each => each ?? [])
  return settingsOf(Object.fromEntries(environment) as Record<string, string>, words, seal)
}

/** Seconds in the API, and not in the client's types. */
function timeoutOf(config: object): number | null {
  const seconds = (config as { readonly StopTimeout?: number | null }).StopTimeout
  return seconds === undefined || seconds === null ? null : seconds * 1000
}

function keyOf(variable: string): string {
  const equals = variable.indexOf('=')
  return equals < 0 ? variable : variable.slice(0, equals)
}

const versionVariable = /^[A-Z][A-Z0-9]*_(VERSION|MAJOR)$/

function versionsOf(environment: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    environment
      .map(variable => [keyOf(variable), variable.slice(keyOf(variable).length + 1)] as const)
      .filter(([name]) => versionVariable.test(name)),
  )
}

function redacted(inspected: Docker.ContainerInspectInfo, key: Uint8Array): object {
  const hash = (value: string): string =>
    `hmac-sha256:${createHmac('sha256', key).update(value).digest('hex').slice(0, 12)}`
  const environment = (inspected.Config.Env ?? []).map(variable => {
    const name = keyOf(variable)
    return variable === name ? variable : `${name}=${hash(variable.slice(name.length + 1))}`
  })
  return { ...inspected, Config: { ...inspected.Config, Env: environment } }
}
