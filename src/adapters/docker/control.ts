import { Stop } from '../../model/failure.ts'
import { inspectContainer } from './inspect.ts'
import type { Session } from './session.ts'

/** Stops a container in its own grace period. One that does not run is as good. */
export async function stopContainer(session: Session, id: string): Promise<void> {
  await act(session, id, 'stop')
}

/** Starts a container. One that runs is as good. */
export async function startContainer(session: Session, id: string): Promise<void> {
  await act(session, id, 'start')
}

/**
 * Freezes a container and makes sure that it is frozen: under load the engine fails now and then, and a copy of a
 * running database would pass for a paused one. Tries three times, then throws `not-possible`.
 */
export async function pauseContainer(session: Session, id: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const { status, body } = await session.call<{ message?: string }>({
      method: 'POST',
      path: `/containers/${id}/pause`,
      doing: `pause the container ${short(id)}`,
      accept: [409, 500],
    })
    const state = (await inspectContainer(session, id))?.State
    if (state?.Paused === true) return
    if (attempt < 3 && state?.Running === true) {
      await new Promise(resolve => setTimeout(resolve, 200))
      continue
    }
    throw new Stop({
      reason: 'not-possible',
      what: `the container ${short(id)} could not be paused: ${reasonOf(status, body)}`,
      how: `look at it (docker inspect ${short(id)}), then run the command again`,
    })
  }
}

/** Sets a paused container going again. One that is not paused is as good. */
export async function unpauseContainer(session: Session, id: string): Promise<void> {
  const { status, body } = await session.call<{ message?: string }>({
    method: 'POST',
    path: `/containers/${id}/unpause`,
    doing: `unpause the container ${short(id)}`,
    accept: [409, 500],
  })
  if (status < 300 || (await inspectContainer(session, id))?.State.Paused === false) return
  throw new Stop({
    reason: 'not-possible',
    what: `the container ${short(id)} could not be unpaused: ${reasonOf(status, body)}`,
    how: `set it going yourself: docker unpause ${short(id)}`,
  })
}

/** Changes the restart policy of a container that stays as it is otherwise. */
export async function setRestartPolicy(
  session: Session,
  id: string,
  policy: string,
  maximumRetries: number,
): Promise<void> {
  await session.call({
    method: 'POST',
    path: `/containers/${id}/update`,
    body: {
      RestartPolicy: { Name: policy, MaximumRetryCount: policy === 'on-failure' ? maximumRetries : 0 },
    },
    doing: `set the restart policy of the container ${short(id)}`,
  })
}

/** 304: it is so already. */
async function act(session: Session, id: string, action: 'stop' | 'start'): Promise<void> {
  await session.call({
    method: 'POST',
    path: `/containers/${id}/${action}`,
    doing: `${action} the container ${short(id)}`,
    accept: [304],
  })
}

function reasonOf(status: number, body: { readonly message?: string }): string {
  return status < 300 ? 'the engine said it was, but it is not' : (body.message ?? `status ${status}`)
}

function short(id: string): string {
  return /^[0-9a-f]{64}$/.test(id) ? id.slice(0, 12) : id
}
