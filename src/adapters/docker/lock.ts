import { createHash } from 'node:crypto'
import { Stop } from '../../model/failure.ts'
import type { LockOwner } from '../../model/ports.ts'
import { createFromEmptyImage } from './helper-image.ts'
import { removeContainer } from './helper.ts'
import { inspectContainer } from './inspect.ts'
import { labels, readHolder } from './owner.ts'
import type { Holder } from './owner.ts'
import type { Session } from './session.ts'

/**
 * Takes the lock of a project on this engine: a never started container whose name only one can have, whoever asks and
 * from wherever. A lock whose owner died on this host is broken. Throws `locked` when somebody holds it.
 */
export async function lockProject(
  session: Session,
  project: string,
  owner: LockOwner,
): Promise<{ readonly release: () => Promise<void> }> {
  const name = lockName(project)
  const holder: Holder = { ...owner, user: session.user, since: session.host.now().toISOString() }
  for (let attempt = 1; attempt <= 10; attempt++) {
    const created = await createFromEmptyImage(session, name, {
      labels: { [labels.lock]: project, [labels.owner]: JSON.stringify(holder) },
      hostConfig: {},
      doing: `lock the project ${project}`,
    })
    if (created !== 'name-taken') return { release: () => removeContainer(session, created.id) }
    await breakIfDead(session, project, name)
  }
  throw locked(session, name, 'somebody who takes and leaves it all the time')
}

/** By id, not by name: whoever comes second must not remove the lock of whoever came first. */
async function breakIfDead(session: Session, project: string, name: string): Promise<void> {
  const standing = await inspectContainer(session, name)
  if (standing === null) return
  const found = standing.Config.Labels ?? {}
  if (found[labels.lock] === undefined) {
    throw locked(session, name, `a container of that name that is no lock`)
  }
  const holder = readHolder(found[labels.owner])
  if (holder === null) throw locked(session, name, 'somebody unknown')
  if (found[labels.lock] === project && !(await session.host.isAlive(holder))) {
    await removeContainer(session, standing.Id)
    return
  }
  const where = `${holder.user}@${holder.host}, process ${holder.pid}`
  throw locked(session, name, holder.since === '' ? where : `${where}, since ${holder.since}`)
}

function lockName(project: string): string {
  return `safe-compose-lock-${createHash('sha256').update(project).digest('hex').slice(0, 16)}`
}

function locked(session: Session, name: string, by: string): Stop {
  const { host } = session.connection
  const docker = host === 'unix:///var/run/docker.sock' ? 'docker' : `docker --host ${host}`
  return new Stop({
    reason: 'locked',
    by,
    how: `wait until it is done; if nothing runs there any more, remove the lock: ${docker} rm ${name}`,
  })
}
