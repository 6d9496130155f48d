import type { Host, LockOwner } from '../../model/ports.ts'
import type { Connection, EngineReply, EngineRequest } from './connection.ts'
import type { MountpointProof } from './mountpoint.ts'

/** What every part of the adapter shares while one engine is open. */
export interface Session {
  readonly connection: Connection
  readonly call: <T = unknown>(request: EngineRequest) => Promise<EngineReply<T>>
  readonly host: Host
  readonly owner: () => Promise<LockOwner>
  /** The user's name, for locks and helpers. */
  readonly user: string
  /** Whether this process may read what belongs to others (root). */
  readonly elevated: boolean
  /** The endpoint is a socket of this machine. */
  readonly local: boolean
  /** For programs of the host that are run. */
  readonly variables: Readonly<Record<string, string>>
  /** Ids of the helpers that this process made: what happens to them is our own doing. */
  readonly ownHelpers: Set<string>
  /** Found out once per process. */
  readonly mountpointProof: () => Promise<MountpointProof>
}
