import type { Answer, Decision, Plan } from './decision.ts'
import type { Failure } from './failure.ts'
import type { Holding } from './holding.ts'
import type { Manifest, RestorePoint, VerifiedPart } from './restore-point.ts'
import type { LedgerService, RunState } from './journal.ts'
import type { Forecast } from './prediction.ts'

/** Everything the program can say while it works. `ui/messages.ts` makes sentences of it; nothing else prints. */
export type Event =
  /** What a guarded command found, before anything is done. */
  | {
      readonly type: 'found'
      readonly decision: Decision
      readonly project: string
      readonly command: readonly string[]
      readonly newest: RestorePoint | null
      /** What the command leaves alone although one might fear for it, and why. */
      readonly kept: readonly { readonly name: string; readonly why: string }[]
    }
  /** `--safe-dry-run`. */
  | { readonly type: 'plan'; readonly forecast: Forecast }
  /** What `plan` shows on standard output, for whoever keeps a summary. */
  | { readonly type: 'foreseen'; readonly forecast: Forecast }
  /** The same for a line of the docker CLI, of which docker itself tells nothing. */
  | { readonly type: 'docker-plan'; readonly plan: Plan; readonly command: readonly string[] }
  /** A copy goes on. `total` and `rate` (bytes, bytes per second) are null while not known. */
  | {
      readonly type: 'progress'
      readonly what: 'backing up' | 'dumping' | 'checking' | 'restoring' | 'copying'
      readonly holding: Holding
      readonly done: number
      readonly total: number | null
      readonly rate: number | null
    }
  | {
      readonly type: 'copied'
      readonly holding: Holding
      readonly bytes: number
      readonly stored: number
      readonly milliseconds: number
    }
  | {
      readonly type: 'saved'
      readonly manifest: Manifest
      readonly bytes: number
      readonly stored: number
      readonly milliseconds: number
    }
  /** A restore point was copied to a folder of the configuration, or was there. */
  | { readonly type: 'copied-to'; readonly text: string }
  /** A restore point taken a moment ago spares another one. */
  | { readonly type: 'backup-spared'; readonly restorePoint: RestorePoint }
  | { readonly type: 'stopped'; readonly containers: readonly RunState[]; readonly why: string }
  | { readonly type: 'resumed'; readonly containers: readonly RunState[] }
  /** Compose is about to run; spinners must be off. */
  | { readonly type: 'compose-starts'; readonly argv: readonly string[] }
  | {
      readonly type: 'compose-ended'
      readonly exitCode: number
      readonly gone: readonly Holding[]
      readonly kept: readonly Holding[]
      readonly restorePoint: string | null
      readonly audience: 'person' | 'script' | 'agent'
    }
  /** What an agent must not do is refused, with the code a person may type. */
  | {
      readonly type: 'refused'
      readonly decision: Decision
      readonly code: string | null
      /** What a project of another name would be with the same files; null where it is no line of Compose's. */
      readonly anotherProject: 'keeps-apart' | 'shares-data' | null
      readonly project: string
      readonly command: readonly string[]
    }
  /** A service came up on other data than it is known to have. Must not be overlooked. */
  | {
      readonly type: 'alarm'
      readonly alarm: {
        readonly service: string
        readonly before: LedgerService['mounts'][number]
        readonly now: LedgerService['mounts'][number]
      }
      /** The words of our own command that brings the old data back; null when nothing holds it. */
      readonly wayBack: readonly string[] | null
      readonly project: string
      /** What was run: its words choose the project. */
      readonly command: readonly string[]
    }
  | { readonly type: 'answered'; readonly answer: Answer }
  /** A run that died was finished or rolled back. */
  | {
      readonly type: 'recovered'
      readonly what: 'rolled-back' | 'finished' | 'cleared'
      readonly details: readonly string[]
    }
  | {
      readonly type: 'undo'
      /** `in-volumes`: the containers that came back as volumes, and how each is mounted. */
      readonly step: 'begin' | 'restored' | 'starting' | 'done' | 'not-started' | 'in-volumes'
      readonly details: readonly string[]
    }
  | {
      readonly type: 'restore'
      readonly step: 'begin' | 'checked' | 'safety' | 'restored' | 'started' | 'put-back'
      readonly holding: Holding | null
      readonly details: readonly string[]
    }
  /** A database is repaired: on a copy of a volume, or on the volume itself. */
  | {
      readonly type: 'repair'
      readonly step: 'trying' | 'repairing'
      readonly service: string
      /** The volume, by name. */
      readonly on: string
    }
  /** A database whose data was put back answers: what is in it, against what was counted when it was saved. */
  | { readonly type: 'confirmed'; readonly part: VerifiedPart }
  /**
   * A dump was read into a running server: `accounts` that it made; `restored` a database, with what is in it; `copied`
   * and `kept`: its name, and the one under which what was in it before is kept.
   */
  | {
      readonly type: 'restore-dump'
      readonly step: 'accounts' | 'restored' | 'copied' | 'kept'
      readonly service: string | null
      readonly details: readonly string[]
    }
  /**
   * A Compose file's text: `change` shows what would be written (the lines of the difference), `written` names the copy
   * of the file as it was and then what each key is, `nothing` says that every name is written already.
   */
  | {
      readonly type: 'pin'
      readonly step: 'change' | 'written' | 'nothing'
      readonly file: string | null
      readonly details: readonly string[]
    }
  /** A volume becomes a service's again. */
  | {
      readonly type: 'adopt'
      readonly step: 'begin' | 'starting' | 'up' | 'not-up'
      readonly details: readonly string[]
    }
  /** A database of a restore point was given out: `found` is what reads it, and what is known of it. */
  | {
      readonly type: 'dump'
      readonly id: string
      readonly name: string
      readonly service: string
      readonly bytes: number
      readonly found: string
      /** Null for standard output. */
      readonly to: string | null
    }
  /** A report was written to a file. */
  | { readonly type: 'report'; readonly file: string; readonly bytes: number }
  /** Something worth knowing that stops nothing. */
  | { readonly type: 'warning'; readonly text: string }
  /** Only with --safe-verbose. */
  | { readonly type: 'detail'; readonly text: string }
  | {
      readonly type: 'failed'
      readonly failure: Failure
      readonly kind: 'guarded' | 'own'
      readonly command: readonly string[]
    }

/** Takes what is said. Text goes to stderr; with `--safe-json` one JSON object per line. */
export interface Reporter {
  readonly say: (event: Event) => void
  /** Ends spinners and gives the terminal back. May be called at any time, more than once. */
  readonly quiet: () => void
}
