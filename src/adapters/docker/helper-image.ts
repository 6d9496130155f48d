import type { Session } from './session.ts'
import { emptyTar } from './tar-write.ts'

/** The image of everything that we create and never start: no file, no volume, no registry. */
export const emptyImage = 'safe-compose/empty:1'

const [repository = '', tag = ''] = emptyImage.split(':')

/** Creates a container from the empty image, which is imported when the engine does not have it. Gives its id. */
export async function createFromEmptyImage(
  session: Session,
  name: string,
  spec: {
    readonly labels: Readonly<Record<string, string>>
    readonly hostConfig: object
    readonly doing: string
  },
): Promise<{ readonly id: string } | 'name-taken'> {
  const create = () =>
    session.call<{ Id: string }>({
      method: 'POST',
      path: '/containers/create',
      query: { name },
      body: {
        Image: emptyImage,
        // Never run; the engine wants a word.
        Cmd: ['never-started'],
        Labels: spec.labels,
        NetworkDisabled: true,
        HostConfig: { NetworkMode: 'none', ...spec.hostConfig },
      },
      doing: spec.doing,
      accept: [404, 409],
    })
  let reply = await create()
  if (reply.status === 404) {
    await importEmptyImage(session)
    reply = await create()
  }
  if (reply.status === 409) return 'name-taken'
  if (reply.status >= 300) {
    await session.call({ path: `/images/${emptyImage}/json`, doing: `find the image ${emptyImage}` })
    throw new Error(`Internal error: ${spec.doing}: the engine answered ${reply.status}`)
  }
  return { id: reply.body.Id }
}

async function importEmptyImage(session: Session): Promise<void> {
  await session.call({
    method: 'POST',
    path: '/images/create',
    query: { fromSrc: '-', repo: repository, tag, changes: 'LABEL dev.safe-compose.image=empty' },
    upload: emptyTar,
    doing: 'import the empty image that helpers are made from',
  })
}
