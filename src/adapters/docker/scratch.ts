import type Docker from 'dockerode'
import { Stop } from '../../model/failure.ts'
import type { Scratch, ScratchSpec } from '../../model/ports.ts'
import { holderOf, removeContainer } from './helper.ts'
import { insideOf } from './inside.ts'
import { inspectContainer } from './inspect.ts'
import { lastLogs } from './logs.ts'
import { labels } from './owner.ts'
import type { Session } from './session.ts'
import { createVolume, removeVolume } from './volumes.ts'

/** What the names of trials begin with. */
export const scratchName = 'safe-compose-scratch-'

/** Seconds that a server is given to write down what it knows. */
const grace = 600

/**
 * A container of its own, to try a copy in, on a volume of its own, or to work on a volume that is there: no network, no
 * ports, no restarts, no other volume of anybody's. What a run that dies leaves of it is cleared by the next one. Throws
 * `not-possible`.
 */
export async function openScratch(session: Session, spec: ScratchSpec): Promise<Scratch> {
  const random = Buffer.from(session.host.random(6)).toString('hex')
  const label = { [labels.helper]: JSON.stringify(await holderOf(session)) }
  const name = `${scratchName}${random}`
  const { data } = spec
  const volume = 'volume' in data ? data.volume : name
  if ('fill' in data) await createVolume(session, { name, driver: 'local', options: {}, labels: label })
  let container: string | null = null
  const remove = async (): Promise<void> => {
    if (container !== null) await removeContainer(session, container, { withVolumes: true })
    if ('fill' in data) await removeVolume(session, name)
  }
  try {
    if ('fill' in data) await data.fill(name)
    const id = await create(session, name, volume, label, spec)
    container = id
    const inside = insideOf(session, id)
    return {
      start: () => start(session, id, spec),
      inside,
      atRest: async work => {
        const idle = await create(session, `${name}-rest`, volume, label, spec, { idle: true })
        try {
          await start(session, idle, spec)
          return await work({ ...insideOf(session, idle), commandLine: inside.commandLine })
        } finally {
          await removeContainer(session, idle, { withVolumes: true })
        }
      },
      stop: async () => {
        await session.call({
          method: 'POST',
          path: `/containers/${id}/stop`,
          query: { t: String(grace) },
          doing: `stop ${spec.image}`,
          accept: [304],
        })
      },
      state: async () => {
        const inspected = await inspectContainer(session, id)
        return inspected?.State.Running === true ? 'running' : { exitCode: inspected?.State.ExitCode ?? null }
      },
      logs: () => lastLogs(session, id),
      remove,
    }
  } catch (error) {
    await remove()
    throw error
  }
}

async function start(session: Session, id: string, { image, data }: ScratchSpec): Promise<void> {
  await session.call({
    method: 'POST',
    path: `/containers/${id}/start`,
    doing: `start ${image} on ${'fill' in data ? 'a copy of its data' : data.volume}`,
  })
}

async function create(
  session: Session,
  name: string,
  volume: string,
  label: Readonly<Record<string, string>>,
  spec: ScratchSpec,
  { idle = false }: { readonly idle?: boolean } = {},
): Promise<string> {
  const like = spec.like === null ? null : await inspectContainer(session, spec.like)
  const own = like === null ? null : await whatItIsTold(session, like)
  const reply = await session.call<{ Id: string; message?: string }>({
    method: 'POST',
    path: '/containers/create',
    query: { name },
    body: {
      ...own?.program,
      ...(idle ? { Entrypoint: ['sh', '-c', 'while :; do sleep 60; done'], Cmd: null } : {}),
      Env: [...(own?.variables ?? []), ...Object.entries(spec.variables).map(each => each.join('='))],
      Image: spec.image,
      Labels: label,
      // The image's own check may reach for a network that is not there.
      Healthcheck: { Test: ['NONE'] },
      HostConfig: {
        NetworkMode: 'none',
        Mounts: [
          { Type: 'volume', Source: volume, Target: spec.path, VolumeOptions: { NoCopy: true } },
          ...(like === null ? [] : readOnlyBinds(like, spec.path)),
        ],
        ...(like?.HostConfig.ShmSize === undefined ? {} : { ShmSize: like.HostConfig.ShmSize }),
      },
    },
    doing: `make a container from ${spec.image} of its own`,
    accept: [404],
  })
  if (reply.status !== 404) return reply.body.Id
  throw new Stop({
    reason: 'not-possible',
    what: `the image ${spec.image} is not on this engine any more`,
    how: 'pull it (docker pull), then run the command again',
  })
}

/**
 * What a container was told besides what its image says. The rest is the image's, and the copy may have been made under
 * another one: another version's paths would lead nowhere.
 */
async function whatItIsTold(
  session: Session,
  like: Docker.ContainerInspectInfo,
): Promise<{ readonly program: object; readonly variables: readonly string[] }> {
  const { body, status } = await session.call<{ Config: Told | null }>({
    path: `/images/${like.Image}/json`,
    doing: 'look at an image',
    accept: [404],
  })
  const image: Told = status === 404 ? {} : (body.Config ?? {})
  const told: Told = like.Config
  const program = Object.fromEntries(
    programKeys.flatMap(key =>
      JSON.stringify(told[key] ?? null) === JSON.stringify(image[key] ?? null) ? [] : [[key, told[key]]],
    ),
  )
  // Given an entrypoint the engine forgets the image's command.
  if ('Entrypoint' in program) program['Cmd'] = told.Cmd
  const variables = (told.Env ?? []).filter(each => image.Env?.includes(each) !== true)
  return { program, variables }
}

const programKeys = ['Cmd', 'Entrypoint', 'User', 'WorkingDir', 'StopSignal'] as const

type Told = { readonly Env?: readonly string[] | null } & {
  readonly [Key in (typeof programKeys)[number]]?: unknown
}

/** Configuration and secrets come in so. Whatever could be written to stays out. */
function readOnlyBinds(like: Docker.ContainerInspectInfo, besides: string): readonly object[] {
  return like.Mounts.filter(mount => mount.Type === 'bind' && !mount.RW && mount.Destination !== besides).map(
    mount => ({ Type: 'bind', Source: mount.Source, Target: mount.Destination, ReadOnly: true }),
  )
}
