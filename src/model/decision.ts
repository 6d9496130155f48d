import type { Channel } from './channel.ts'
import type { CriticalCount, Login } from './database.ts'
import type { Remedy, Stake } from './finding.ts'
import type { Holding } from './holding.ts'

/** Who is asking. Told by the agent's variables first, then CI's, then the terminal (stdin and stderr). */
export type Audience =
  | { readonly kind: 'person' }
  | { readonly kind: 'script'; readonly ci: string | null }
  | { readonly kind: 'agent'; readonly name: string; readonly variable: string }

/** What is done about the findings. */
export type Verdict = 'pass' | 'warn' | 'back-up' | 'ask' | 'refuse'

/** A verdict for each stake, and for the command the strictest of them. */
export interface Decision {
  readonly verdict: Verdict
  /** Every stake that counts, each with its own verdict and the reason for it. */
  readonly stakes: readonly DecidedStake[]
  /** Found, but not at stake: empty, a cache, disposable. With why. */
  readonly spared: readonly { readonly stake: Stake; readonly why: string }[]
  /** Loosening options that were ignored because an agent is at work: as typed. */
  readonly ignored: readonly string[]
  /** The code of an approval that a person gave and that this run uses up; null when there is none. */
  readonly approval: string | null
}

export interface DecidedStake {
  readonly stake: Stake
  readonly verdict: Verdict
  readonly why: string
  /** Whether it is copied before Compose runs. */
  readonly backUp: boolean
}

/** Settings in force: built in, then configuration, environment and flags on top. */
export interface Policy {
  /** Per rule id: what it leads to instead of the default of the audience. */
  readonly rules: Readonly<Record<string, RuleSetting>>
  /** `--safe-yes`: the person's answer is "back up and go on". */
  readonly yes: boolean
  /** `--safe-no-backup`. */
  readonly noBackup: boolean
  /** `--safe-allow`: these rules are let through, after a backup. */
  readonly allow: readonly string[]
  readonly dryRun: boolean
  readonly json: boolean
  readonly verbose: boolean
  /** `--safe-tag`: what restore points of a guarded command and of `backup` are marked with; null for no mark. */
  readonly tag: string | null
  /** `--safe-store`, else null for the default root. */
  readonly store: string | null
  /** Milliseconds: a good restore point younger than this spares another at a recreation. */
  readonly maxAge: number
  /** Milliseconds: a copy predicted to take longer is announced and asked for. */
  readonly patience: number
  /** Milliseconds: the longest pause where nothing is destroyed. */
  readonly maxStop: number
  /** Bytes: databases whose files take no more are dumped as well before a command. */
  readonly dumpUpTo: number
  readonly keep: KeepPolicy
  /** What `health` asks the databases besides how they are. */
  readonly critical: readonly CriticalCount[]
  /** How databases are logged in to; the last one for a service counts. */
  readonly logins: readonly Login[]
  /** Who is told what happened while nobody was looking. */
  readonly channels: readonly Channel[]
  /** Milliseconds: a project whose newest good restore point is older is told of. */
  readonly staleAfter: number
  /**
   * To whom backups are encrypted (`age1…`; nobody: they are not), and the file with the identity that opens them; null
   * where none is named.
   */
  readonly encrypt: { readonly recipients: readonly string[]; readonly identityFile: string | null }
  /** Folders that restore points are copied to, absolute. */
  readonly copies: readonly string[]
  /**
   * What the user saw to be declared disposable when trusting this project, as `disposablesOf` writes it: only then
   * `safe-compose.backup: "false"` is believed about a database. Null where the project is not trusted.
   */
  readonly disposable: readonly string[] | null
}

/** How long restore points are kept. Milliseconds, counted back from the newest one of a project. */
export interface KeepPolicy {
  /** Every one. */
  readonly all: number
  /** The newest of each day, week, month. */
  readonly daily: number
  readonly weekly: number
  readonly monthly: number
  /** So many of the newest, whatever their age. */
  readonly last: number
  /** Bytes: of what was copied before commands and restores, the oldest go when it takes more. */
  readonly bytes: number
}

export type RuleLevel = 'off' | 'warn' | 'back-up' | 'ask' | 'refuse'

/** One level for everybody, or one for each kind of audience; who is left out keeps the default. */
export type RuleSetting = RuleLevel | Readonly<Partial<Record<Audience['kind'], RuleLevel>>>

/** What a person at the terminal answered. */
export type Answer =
  | 'back-up-and-go-on'
  | 'always-in-this-project'
  /** Run the same command without what deletes. */
  | 'keep-the-data'
  | 'stop'
  /** Take this way out; what then is to be run is judged anew. */
  | { readonly remedy: Exclude<Remedy, { kind: 'advice' }> }

/** One step of a plan. Data, each with its cause; the executor holds no policy. */
export type Step =
  | { readonly type: 'stop'; readonly containers: readonly string[]; readonly cause: string }
  | { readonly type: 'pause'; readonly containers: readonly string[]; readonly cause: string }
  | {
      readonly type: 'copy'
      readonly holding: Holding
      readonly consistency: 'cold' | 'paused' | 'running'
      readonly cause: string
    }
  | { readonly type: 'resume'; readonly containers: readonly string[]; readonly cause: string }
  | { readonly type: 'compose'; readonly argv: readonly string[]; readonly cause: string }

export interface Plan {
  readonly decision: Decision
  readonly steps: readonly Step[]
}
