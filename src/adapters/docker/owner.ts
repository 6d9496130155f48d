import type { LockOwner } from '../../model/ports.ts'

/** Labels on what we make on the engine. */
export const labels = {
  /** On helper containers and scratch volumes: whose they are, as JSON. */
  helper: 'dev.safe-compose.helper',
  /** On lock containers: the project that is locked. */
  lock: 'dev.safe-compose.lock',
  /** On lock containers: who holds it, as JSON. */
  owner: 'dev.safe-compose.owner',
} as const

/** Who made a helper or holds a lock, and since when. */
export interface Holder extends LockOwner {
  readonly user: string
  /** ISO 8601. */
  readonly since: string
}

/** Reads what a label says; null for anything that this program did not write. */
export function readHolder(text: string | undefined): Holder | null {
  if (text === undefined) return null
  try {
    const { host, bootId, pid, startedAt, user, since } = JSON.parse(text) as Partial<Holder>
    if (typeof host !== 'string' || typeof bootId !== 'string' || typeof pid !== 'number') return null
    return { host, bootId, pid, startedAt: startedAt ?? '', user: user ?? '?', since: since ?? '' }
  } catch {
    return null
  }
}
