import { Stop } from '../../model/failure.ts'
import type { Holding } from '../../model/holding.ts'
import type { Workshop, WorkshopSpec } from '../../model/ports.ts'
import { startContainer } from './control.ts'
import { holderOf, removeContainer } from './helper.ts'
import { insideOf } from './inside.ts'
import { inspectContainer } from './inspect.ts'
import { labels } from './owner.ts'
import { scratchName } from './scratch.ts'
import type { Session } from './session.ts'
import { openSource } from './volume-source.ts'
import { createVolume, removeVolume } from './volumes.ts'

/**
 * An empty volume in a container that only waits: the image of another one with nothing of what that was told, no
 * network and no secrets. What a run that dies leaves of it is cleared by the next one. Throws `not-possible`.
 */
export async function openWorkshop(
  session: Session,
  spec: WorkshopSpec,
  signal: AbortSignal,
): Promise<Workshop> {
  const like = await inspectContainer(session, spec.like)
  if (like === null)
    throw new Stop({
      reason: 'not-possible',
      what: 'its container is gone',
      how: 'run the command again',
    })
  const random = Buffer.from(session.host.random(6)).toString('hex')
  const name = `${scratchName}${random}`
  const label = { [labels.helper]: JSON.stringify(await holderOf(session)) }
  const volume = await createVolume(session, { name, driver: 'local', options: {}, labels: label })
  let container: string | null = null
  const remove = async (): Promise<void> => {
    signal.removeEventListener('abort', giveUp)
    if (container !== null) await removeContainer(session, container, { withVolumes: true })
    await removeVolume(session, name)
  }
  // All that is at work in it fails then, and what feeds it.
  const giveUp = (): void => void remove().catch(() => {})
  try {
    container = await create(session, { name, image: like.Image, label }, spec)
    await startContainer(session, container)
    if (signal.aborted) giveUp()
    signal.addEventListener('abort', giveUp, { once: true })
    return {
      inside: insideOf(session, container),
      source: async () => {
        const source = await openSource(
          session,
          { kind: 'volume', name, createdAt: volume.createdAt },
          { containers: [] },
        )
        return {
          ...source,
          close: async () => {
            await source.close()
            await remove()
          },
        }
      },
      remove,
    }
  } catch (error) {
    await remove()
    throw error
  }
}

async function create(
  session: Session,
  own: { readonly name: string; readonly image: string; readonly label: Readonly<Record<string, string>> },
  { path, reads }: WorkshopSpec,
): Promise<string> {
  const { status, body } = await session.call<{ Id: string }>({
    method: 'POST',
    path: '/containers/create',
    query: { name: own.name },
    body: {
      Image: own.image,
      Entrypoint: ['sleep'],
      Cmd: ['2147483647'],
      User: '0:0',
      WorkingDir: '/',
      Labels: own.label,
      Healthcheck: { Test: ['NONE'] },
      HostConfig: {
        NetworkMode: 'none',
        Mounts: [
          volumeMount(own.name, path),
          ...(reads === undefined ? [] : [{ ...mountOf(reads.holding, reads.path), ReadOnly: true }]),
        ],
      },
    },
    doing: 'make a container to prepare a copy in',
    accept: [404],
  })
  if (status !== 404) return body.Id
  throw new Stop({
    reason: 'not-possible',
    what: 'its image is not on this engine any more',
    how: 'pull it (docker pull), then run the command again',
  })
}

function mountOf(holding: Holding, path: string): object {
  switch (holding.kind) {
    case 'volume':
    case 'anonymous':
      return volumeMount(holding.name, path)
    case 'bind':
      return { Type: 'bind', Source: holding.source, Target: path }
    default:
      throw new Error(`Internal error: a ${holding.kind} cannot be mounted`)
  }
}

function volumeMount(name: string, path: string): object {
  return { Type: 'volume', Source: name, Target: path, VolumeOptions: { NoCopy: true } }
}
