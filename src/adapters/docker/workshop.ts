import { Stop } from '../../model/failure.ts'
import type { Workshop } from '../../model/ports.ts'
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
 * An empty volume in a container that only waits: the server's image with nothing of what its container was told, no
 * network and no secrets. What a run that dies leaves of it is cleared by the next one. Throws `not-possible`.
 */
export async function openWorkshop(
  session: Session,
  spec: { readonly like: string; readonly path: string },
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
  const empty = async (): Promise<void> => {
    if (container !== null) await removeContainer(session, container, { withVolumes: true })
  }
  const remove = async (): Promise<void> => {
    await empty()
    await removeVolume(session, name)
  }
  try {
    container = await create(session, name, like.Image, spec.path, label)
    await startContainer(session, container)
    return {
      inside: insideOf(session, container),
      source: async () => {
        await empty()
        const source = await openSource(
          session,
          { kind: 'volume', name, createdAt: volume.createdAt },
          { containers: [] },
        )
        return {
          ...source,
          close: async () => {
            await source.close()
            await removeVolume(session, name)
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
  name: string,
  image: string,
  path: string,
  label: Readonly<Record<string, string>>,
): Promise<string> {
  const { status, body } = await session.call<{ Id: string }>({
    method: 'POST',
    path: '/containers/create',
    query: { name },
    body: {
      Image: image,
      Entrypoint: ['sleep'],
      Cmd: ['2147483647'],
      User: '0:0',
      WorkingDir: '/',
      Labels: label,
      Healthcheck: { Test: ['NONE'] },
      HostConfig: {
        NetworkMode: 'none',
        Mounts: [{ Type: 'volume', Source: name, Target: path, VolumeOptions: { NoCopy: true } }],
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
