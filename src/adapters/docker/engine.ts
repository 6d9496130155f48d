import { userInfo } from 'node:os'
import type { Engine, Host } from '../../model/ports.ts'
import { findEndpoint } from './connect.ts'
import type { EndpointOptions } from './connect.ts'
import { openConnection } from './connection.ts'
import { lookAtContents } from './contents.ts'
import {
  pauseContainer,
  setRestartPolicy,
  startContainer,
  stopContainer,
  unpauseContainer,
} from './control.ts'
import { emptyVolume } from './empty-volume.ts'
import { removeContainer } from './helper.ts'
import { findContainer, findImages, inspectContainers, redactedInspect } from './inspect.ts'
import { clearLeftovers } from './leftovers.ts'
import { lockProject } from './lock.ts'
import { lastLogs } from './logs.ts'
import { insideOf } from './inside.ts'
import { databasesAt } from './look-through-api.ts'
import { proveMountpoints } from './mountpoint.ts'
import type { MountpointProof } from './mountpoint.ts'
import { observe } from './observe.ts'
import { openScratch } from './scratch.ts'
import type { Session } from './session.ts'
import { openSink } from './volume-sink.ts'
import { openSource } from './volume-source.ts'
import { createVolume, findVolume, removeVolume } from './volumes.ts'
import { watchEvents } from './watch.ts'
import { openWorkshop } from './workshop.ts'

/** What an engine is opened with, besides what decides which one. */
export interface EngineOptions extends EndpointOptions {
  readonly host: Host
  /** Whether this process is root: only root may read the folders of volumes. */
  readonly elevated: boolean
  /** False keeps everything on the archive API even where mountpoints could be used. */
  readonly mountpoints?: boolean
}

/** Connects to the engine that the docker CLI would use. Throws `bad-engine-endpoint` or `engine-unreachable`. */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const endpoint = await findEndpoint(options)
  const connection = await openConnection(endpoint, options.variables)
  const session = openSession(options, connection, endpoint.way.kind === 'socket')
  return {
    observe: () => observe(session),
    inspect: containers => inspectContainers(session, containers),
    images: (references, options) => findImages(session, references, options?.v1Api ?? null),
    contents: (holdings, facts, budget) => lookAtContents(session, holdings, facts, budget),
    databases: places => databasesAt(session, places),
    volume: name => findVolume(session, name),
    container: idOrName => findContainer(session, idOrName),
    createVolume: spec => createVolume(session, spec),
    removeVolume: name => removeVolume(session, name),
    stop: id => stopContainer(session, id),
    start: id => startContainer(session, id),
    pause: id => pauseContainer(session, id),
    unpause: id => unpauseContainer(session, id),
    removeContainer: id => removeContainer(session, id),
    setRestartPolicy: (id, policy, maximumRetries) => setRestartPolicy(session, id, policy, maximumRetries),
    redactedInspect: (ids, key) => redactedInspect(session, ids, key),
    readyCopies: async () => {
      await session.mountpointProof().catch(() => {})
    },
    openSource: (holding, facts) => openSource(session, holding, facts),
    openSink: target => openSink(session, target),
    emptyVolume: name => emptyVolume(session, name),
    scratch: spec => openScratch(session, spec),
    workshop: (spec, signal) => openWorkshop(session, spec, signal),
    inside: container => insideOf(session, container),
    logs: id => lastLogs(session, id),
    watch: () => watchEvents(session),
    lock: (project, owner) => lockProject(session, project, owner),
    clearLeftovers: () => clearLeftovers(session),
    close: () => connection.close(),
  }
}

function openSession(options: EngineOptions, connection: Session['connection'], local: boolean): Session {
  let owner: ReturnType<Host['owner']> | null = null
  let proof: Promise<MountpointProof> | null = null
  const session: Session = {
    connection,
    call: request => connection.call(request),
    host: options.host,
    owner: () => (owner ??= options.host.owner()),
    user: userName(options.variables),
    elevated: options.elevated,
    local,
    variables: options.variables,
    ownHelpers: new Set(),
    mountpointProof: () => (proof ??= prove()),
  }
  const prove = async (): Promise<MountpointProof> => {
    if (options.mountpoints === false) return { ok: false, why: 'only the API is to be used' }
    const { body } = await connection.call<{ SecurityOptions: readonly string[] | null }>({
      path: '/info',
      doing: 'tell about itself',
    })
    return proveMountpoints(session, { securityOptions: body.SecurityOptions ?? [] })
  }
  return session
}

/** In a container a user may have a number and no name. */
function userName(variables: Readonly<Record<string, string>>): string {
  try {
    return userInfo().username
  } catch {
    return variables['USER'] || 'a user without a name'
  }
}
