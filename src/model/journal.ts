import type { Finding } from './finding.ts'
import type { Holding } from './holding.ts'
import type { Verdict } from './decision.ts'

/** One guarded command or restore: written before anything is touched, closed after it. */
export interface JournalEntry {
  readonly id: string
  /** A command passed on to Compose, or a restore (`undo` is one that takes a command back). */
  readonly kind: 'command' | 'restore'
  /** The same in the entries that one docker line made in several projects; absent for a line of Compose's. */
  readonly together?: string
  readonly openedAt: string
  /** Null while open: a run that died leaves it so, and the next run finishes or rolls back. */
  readonly closedAt: string | null
  /**
   * `copying`: the backup is being made, nothing of the command ran. `running`: Compose was started. `restoring`:
   * volumes are being filled. The others are ends.
   */
  readonly status: 'copying' | 'running' | 'restoring' | 'done' | 'rolled-back' | 'abandoned'
  /** As passed on, values of `-e`/`--env` masked. */
  readonly argv: readonly string[]
  readonly directory: string
  readonly project: string
  readonly engine: string
  readonly compose: { readonly version: string; readonly form: string }
  readonly audience: string
  readonly verdict: Verdict
  readonly findings: readonly Finding[]
  readonly restorePoint: string | null
  /** What ran before, to be started again by a roll-back or by `undo`. */
  readonly ran: readonly RunState[]
  readonly exitCode: number | null
  /** Per holding at stake, looked at after the command. */
  readonly outcome: readonly { readonly holding: Holding; readonly gone: boolean }[]
  /** What a restore fills, so that the next run can finish it: empty for a command. */
  readonly restores: readonly RestoreTask[]
  /** The id of the `undo` that took it back; null while it can be undone. */
  readonly undoneBy: string | null
  /** The process that holds it open: to tell a dead run from a living one. */
  readonly owner: {
    readonly host: string
    readonly bootId: string
    readonly pid: number
    readonly startedAt: string
  }
}

/** One volume, or another place, that a restore fills, and from where. */
export interface RestoreTask {
  readonly restorePoint: string
  /** Which of its holdings, by `nameOfHolding`. */
  readonly holding: string
  readonly volume: string
  /** Where it goes when that is no volume: `volume` is only its name for people then. */
  readonly into?: RestorePlace
  /** The restore point that holds what stood there before; null when nothing did. */
  readonly safety: string | null
  readonly finished: boolean
}

export type RestorePlace =
  /** The writable layer of a service's container, which may be another one by the time that it is finished. */
  | {
      readonly kind: 'layer'
      readonly service: string | null
      readonly number: number | null
      readonly path: string
    }
  | { readonly kind: 'directory'; readonly path: string }

/** How one container stood before it was touched. */
export interface RunState {
  readonly id: string
  readonly name: string
  readonly project: string | null
  readonly service: string | null
  readonly number: number | null
  readonly imageId: string
  readonly image: string
  readonly configHash: string | null
  readonly state: 'running' | 'paused' | 'stopped'
  readonly restartPolicy: string
  readonly restartMaximumRetries: number
  /** What we did to it: to be taken back on a roll-back. */
  readonly done: 'nothing' | 'stopped' | 'paused'
}

/** What is remembered of each service's data in one project on one engine. */
export interface Ledger {
  readonly format: 1
  readonly project: string
  readonly engine: string
  readonly directory: string | null
  /** Device and inode of that directory; null where it could not be told. */
  readonly directoryId: string | null
  /** The endpoint by which the engine was reached, and the Compose that ran. */
  readonly host: string
  readonly compose: string
  readonly updatedAt: string
  readonly services: readonly LedgerService[]
  /** Volumes that this audience itself first created under the guard: name, creation time, audience. */
  readonly created: readonly {
    readonly name: string
    readonly createdAt: string
    readonly audience: string
  }[]
}

export interface LedgerService {
  readonly service: string
  /** The image of its container: reference and id. */
  readonly image: string
  readonly imageId: string
  readonly mounts: readonly {
    readonly type: 'volume' | 'bind'
    readonly name: string
    readonly createdAt: string | null
    readonly destination: string
    /** `PostgreSQL 15`; null where no database was recognised. */
    readonly database: string | null
    /** PostgreSQL's system identifier and the like. */
    readonly identity: string | null
  }[]
}
