import type { Audience, Policy } from '../model/decision.ts'
import type { Reporter } from '../model/event.ts'
import type { Compose, Engine, Guardian, Host, Prompt, Store } from '../model/ports.ts'

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
  /** Loads the Docker client; the same engine at every call. */
  readonly openEngine: () => Promise<Engine>
  readonly openStore: () => Promise<Store>
  readonly guardian: Guardian
  readonly approvals: Approvals
  readonly projects: ProjectMemory
  readonly files: Files
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

/** What is remembered for a project directory in the user's own state. */
export interface ProjectMemory {
  readonly alwaysBacksUp: (directory: string) => Promise<boolean>
  readonly rememberAlways: (directory: string) => Promise<void>
  /** True the first time for this text in this project: warnings are given once per project and change. */
  readonly firstTime: (directory: string, warning: string) => Promise<boolean>
}

export interface Files {
  /** Null when there is no such file or it cannot be read. */
  readonly readText: (path: string) => Promise<string | null>
  readonly directoryState: (path: string) => Promise<'missing' | 'empty' | 'filled'>
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
