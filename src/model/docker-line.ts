import type { FlagValue, Invocation } from './invocation.ts'
import type { Ledger } from './journal.ts'

/** A command line of the docker CLI, parsed as it parses it. It never changes what is passed on. */
export interface DockerLine {
  /** The words after `docker`, byte for byte. */
  readonly argv: readonly string[]
  /** Those of them before the command. */
  readonly dockerWords: readonly string[]
  /**
   * - `run`: docker will run the command
   * - `help`: docker prints help, nothing runs
   * - `error`: docker rejects the line, nothing runs
   * - `unknown-command`: the grammar does not know the word; docker may, or may have a plugin of that name
   */
  readonly outcome: Invocation['outcome']
  /** Docker's own words for `error`. */
  readonly error: string | null
  /**
   * The command's path under its first name, aliases resolved: `['volume', 'rm']`, and `['container', 'rm']` for `rm`;
   * `['compose']` for whatever goes to Compose; empty for none.
   */
  readonly command: readonly string[]
  /** The command's flags under their long names, without dashes. */
  readonly flags: Readonly<Record<string, FlagValue>>
  /** The docker CLI's own flags, before the command (`context`, `host`, `config`, TLS). */
  readonly docker: Readonly<Record<string, FlagValue>>
  /** The positional words after the command; of a command whose flags are not read, and of Compose, all words. */
  readonly args: readonly string[]
  /** Flags that the grammar does not know (a newer docker may): as typed, in order. */
  readonly unknownFlags: readonly string[]
}

/** What a docker command can do to data, from the grammar. */
export type DockerEffect =
  /** Reads, or touches nothing that holds data: passed straight through. */
  | 'read-only'
  /** May remove what holds data, or start on other data: looked at before it runs. */
  | 'guarded'
  /** Goes to Compose, which has its own grammar. */
  | 'compose'

/** What a line says by itself that it destroys: nobody has looked at the engine. */
export interface Danger {
  /** In words, without control characters: `the volumes a, b`. */
  readonly what: string
  /**
   * - `volumes`: volumes, named ones too, or on some engines
   * - `anonymous`: containers with their anonymous volumes
   * - `containers`: containers with what is in their writable layer
   */
  readonly kind: 'volumes' | 'anonymous' | 'containers'
}

/** What a line of the docker CLI does to one project's data, told before anything of it is looked into. */
export interface DockerReach {
  /** Names of the volumes that it removes by themselves. */
  readonly volumes: readonly string[]
  /** Ids of the containers that it removes, and whether their anonymous volumes go with them. */
  readonly containers: readonly { readonly id: string; readonly withVolumes: boolean }[]
  /** The ids of all containers that it removes, whatever project they are of. */
  readonly going: readonly string[]
  /** Docker asks before it does it. */
  readonly asked: boolean
  /** The newest restore point that holds a volume of the name that is created here, and how that was made. */
  readonly remembered: RememberedVolume | null
  /** What is remembered of this directory on another engine than the one that is turned to. */
  readonly leftBehind: Ledger | null
}

export interface RememberedVolume {
  readonly name: string
  readonly createdAt: string
  readonly driver: string
  readonly options: Readonly<Record<string, string>>
  readonly restorePoint: string
}
