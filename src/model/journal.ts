import type { Finding } from './finding.ts'
import type { Holding } from './holding.ts'
import type { Verdict } from './decision.ts'

/** One guarded command: written before Compose starts, closed after it. */
export interface JournalEntry {
  readonly id: string
  readonly openedAt: string
  /** Null while open: a run that died leaves it so, and the next run finishes or rolls back. */
  readonly closedAt: string | null
  readonly status: 'copying' | 'running' | 'done' | 'rolled-back' | 'abandoned'
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
  readonly mounts: readonly {
    readonly type: 'volume' | 'bind'
    readonly name: string
    readonly createdAt: string | null
    readonly destination: string
    /** PostgreSQL's system identifier and the like. */
    readonly identity: string | null
  }[]
}
