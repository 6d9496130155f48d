import type { Audience, Policy, Verdict } from '../model/decision.ts'
import type { PlaceFact, RoomFact } from '../model/facts.ts'
import type { Failure } from '../model/failure.ts'
import type { Finding, NamedDirectory } from '../model/finding.ts'
import type { Reporter } from '../model/event.ts'
import type {
  Compose,
  CopyPlace,
  Databases,
  Docker,
  Engine,
  Guardian,
  Host,
  HostSurvey,
  Notifier,
  Output,
  Prompt,
  Store,
  SqliteFiles,
} from '../model/ports.ts'
import type { Notice } from '../model/notice.ts'
import type { RememberedOutcome } from '../core/outcome.ts'
import type { Pin, VolumeDeclarations } from '../core/pins.ts'

/** What every command is given: who asks, what is in force, and the ways to the world. Built once, in `main.ts`. */
export interface Context {
  /** Our own version. */
  readonly version: string
  readonly audience: Audience
  readonly policy: Policy
  readonly variables: Readonly<Record<string, string>>
  /** The working directory. */
  readonly directory: string
  /** What Compose's standard input is: a prompt of its own can be answered by a terminal or by data. */
  readonly stdin: 'terminal' | 'empty' | 'data'
  readonly host: Host
  readonly reporter: Reporter
  /** Results of our own commands, to stdout. */
  readonly print: (text: string) => void
  /** Null where no person can be asked. */
  readonly prompt: Prompt | null
  readonly compose: Compose
  readonly docker: Docker
  /** Loads the Docker client; the same engine at every call. */
  readonly openEngine: () => Promise<Engine>
  /** The engine that a context of the docker CLI names. Throws `bad-engine-endpoint`, `engine-unreachable`. */
  readonly openEngineOf: (dockerContext: string) => Promise<Engine>
  readonly openStore: () => Promise<Store>
  /** A folder that restore points are copied to. */
  /** A folder, or a store as `--safe-store` names it. */
  readonly openCopyPlace: (place: string) => Promise<CopyPlace>
  readonly databases: Databases
  readonly sqlite: SqliteFiles
  /** Where a dump goes: standard output, or a file that is not there yet. Throws `not-possible`. */
  readonly openOutput: (file: string | null) => Promise<Output>
  readonly guardian: Guardian
  readonly notifier: Notifier
  readonly outcomes: OutcomeMemory
  /** What went wrong and how to mend it, as it would be said to a person; escaped. */
  readonly inWords: (failure: Failure) => { readonly what: string; readonly how: readonly string[] }
  readonly approvals: Approvals
  readonly projects: ProjectMemory
  readonly files: Files
  readonly composeFiles: ComposeFiles
  /** A look at this machine, for `doctor`. `store`: the folder of the restore points. */
  readonly survey: (store: string) => Promise<HostSurvey>
  readonly interruption: Interruption
  /** The key under which environment values are hashed for `state/`. */
  readonly secretKey: () => Promise<Uint8Array>
}

/** Refusals that a person may lift, once, for exactly that command on exactly those holdings. */
export interface Approvals {
  /** Remembers a refusal and gives the code that lifts it. */
  readonly remember: (refusal: Refusal) => Promise<string>
  /** The refusal under a code; null when there is none or it is older than 15 minutes. */
  readonly find: (code: string) => Promise<Refusal | null>
  readonly grant: (code: string) => Promise<void>
  /** Uses up a granted approval for this key; its code, or null when there is none. */
  readonly take: (key: string) => Promise<string | null>
}

export interface Refusal {
  /** Command, directory, engine and holdings in one text: what exactly is let through. */
  readonly key: string
  readonly argv: readonly string[]
  readonly directory: string
  readonly engine: string
  readonly project: string
  /** For people, a line each. */
  readonly holdings: readonly string[]
  readonly refusedAt: string
}

/** What came of jobs that ran while nobody was looking, remembered in the user's own state. What cannot be read is not known. */
export interface OutcomeMemory {
  readonly last: (job: Notice['job'], project: string | null) => Promise<RememberedOutcome | null>
  /** Throws where it cannot be written. */
  readonly remember: (outcome: RememberedOutcome) => Promise<void>
  readonly all: () => Promise<readonly RememberedOutcome[]>
  /** When a project was last told to be stale, ISO 8601; null when it never was, or is fresh again. */
  readonly staleToldAt: (project: string) => Promise<string | null>
  /** Throws where it cannot be written. */
  readonly rememberStale: (project: string, toldAt: string | null) => Promise<void>
}

/** What is remembered for a project directory in the user's own state. */
export interface ProjectMemory {
  readonly alwaysBacksUp: (directory: string) => Promise<boolean>
  readonly rememberAlways: (directory: string) => Promise<void>
  /** True the first time for this text in this project: warnings are given once per project and change. */
  readonly firstTime: (directory: string, warning: string) => Promise<boolean>
  /** Remembers what was found, for `explain`. What cannot be remembered stops nothing. */
  readonly rememberFindings: (directory: string, said: readonly SaidFinding[]) => Promise<void>
  /** The newest first. */
  readonly findings: (directory: string) => Promise<readonly SaidFinding[]>
}

/** A finding as it was said. */
export interface SaidFinding {
  readonly id: string
  readonly finding: Finding
  /** As a person thinks of it: `down -v`. */
  readonly command: string
  readonly verdict: Verdict
  readonly at: string
}

export interface Files {
  /** Null when there is no such file or it cannot be read. */
  readonly readText: (path: string) => Promise<string | null>
  /**
   * Replaces a file of ours, known by `mark`, as a whole, readable for everybody. Throws `not-possible`, also where anything
   * else stands there.
   */
  readonly publishText: (path: string, text: string, mark: string) => Promise<void>
  /** What would go with a directory. Never throws: what cannot be read is filled. */
  readonly directory: (path: string) => Promise<Omit<NamedDirectory, 'path'>>
  /** What stands at a path of this machine. Never throws: what cannot be seen is `unknown`. */
  readonly place: (path: string) => Promise<PlaceFact>
  /** The room where a path lies. Null where that cannot be told. */
  readonly room: (path: string) => Promise<RoomFact | null>
}

/** Compose files as text, to be read and changed by the byte. */
export interface ComposeFiles {
  /** Throws `not-possible` where it cannot be read or is not UTF-8. */
  readonly read: (file: string) => Promise<string>
  /** What these files and all that they include say, in Compose's order; those that cannot be read are left out. */
  readonly declarations: (files: readonly string[]) => Promise<readonly VolumeDeclarations[]>
  /** The file's text with the names written into it. Throws `not-possible`. */
  readonly pinned: (file: string, text: string, pins: readonly Pin[]) => Promise<string>
  /** Throws `not-possible` when the file is not `before` any more, or cannot be written. */
  readonly replace: (file: string, before: string, after: string) => Promise<void>
  /** Keeps a copy in our own state, and tells where. */
  readonly keep: (file: string, text: string) => Promise<string>
  /** YAML or JSON as a value. */
  readonly parse: (text: string) => Promise<unknown>
}

/** Ctrl-C and SIGTERM before Compose runs. */
export interface Interruption {
  /** Rejects with `interrupted` as soon as a signal came, else settles as the work does. */
  readonly race: <T>(work: Promise<T>) => Promise<T>
  /** Throws `interrupted` if a signal came. */
  readonly check: () => void
  /** From here on signals are Compose's. */
  readonly handOver: () => void
}
