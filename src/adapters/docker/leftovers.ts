import type Docker from 'dockerode'
import { removeContainer } from './helper.ts'
import { labels, readHolder } from './owner.ts'
import { scratchName } from './scratch.ts'
import type { Session } from './session.ts'
import { removeVolume } from './volumes.ts'
import type { ListedVolume } from './volumes.ts'

/** How long helpers of other machines are let be, in milliseconds: whether they live cannot be told from here. */
const foreignPatience = 24 * 60 * 60 * 1000

/** Removes helper containers and scratch volumes left by runs that died. Names what was removed. */
export async function clearLeftovers(session: Session): Promise<readonly string[]> {
  const filters = JSON.stringify({ label: [labels.helper] })
  const [containers, volumes] = await Promise.all([
    session.call<readonly Docker.ContainerInfo[]>({
      path: '/containers/json',
      query: { all: '1', filters },
      doing: 'list helpers',
    }),
    session.call<{ readonly Volumes: readonly ListedVolume[] | null }>({
      path: '/volumes',
      query: { filters },
      doing: 'list scratch volumes',
    }),
  ])
  const removed: string[] = []
  for (const container of containers.body) {
    if (!(await isLeftBehind(session, container.Labels[labels.helper]))) continue
    const name = container.Names[0]?.slice(1) ?? container.Id
    // Only a trial runs an image of somebody's, which may bring volumes along.
    await removeContainer(session, container.Id, { withVolumes: name.startsWith(scratchName) })
    removed.push(`helper container ${name}`)
  }
  for (const volume of volumes.body.Volumes ?? []) {
    if (!(await isLeftBehind(session, volume.Labels?.[labels.helper]))) continue
    await removeVolume(session, volume.Name)
    removed.push(`scratch volume ${volume.Name}`)
  }
  return removed
}

async function isLeftBehind(session: Session, label: string | undefined): Promise<boolean> {
  const holder = readHolder(label)
  if (holder === null) return false
  const { host } = await session.owner()
  if (holder.host === host) return !(await session.host.isAlive(holder))
  const age = session.host.now().getTime() - Date.parse(holder.since)
  return age > foreignPatience
}
