/** How Compose is reached, which decides how its command line is parsed. */
export type ComposeForm =
  /** `docker compose …`: the CLI plugin, v2 and later. */
  | 'plugin'
  /** `docker-compose …`, v2 and later. */
  | 'standalone'
  /** `docker-compose …` 1.29, in Python. */
  | 'v1'

/** A flag's value as Compose holds it: text for a single value (`'true'` for a switch), a list where repeats add up. */
export type FlagValue = string | readonly string[]

/**
 * A Compose command line, parsed as Compose parses it; or one of the docker CLI, as it parses it. It never changes what
 * is passed on.
 */
export interface Invocation {
  /** What is handed to Compose, byte for byte: the words typed less our own `--safe-*` options. */
  readonly argv: readonly string[]
  /** `docker`: a line of the docker CLI that goes to no Compose. */
  readonly form: ComposeForm | 'docker'
  /**
   * The words of `argv` that come before the subcommand and after `compose`: Compose's own globals as typed. In
   * standalone and v1 form, everything before the subcommand.
   */
  readonly globalWords: readonly string[]
  /** The words before `compose` in plugin form (`--context x`); empty otherwise. */
  readonly dockerWords: readonly string[]
  /** The Compose version that the line was read for, such as `2.40.3`; null when it is not known. */
  readonly version: string | null
  /**
   * - `run`: Compose will run the command
   * - `help`: Compose prints help, nothing runs
   * - `error`: Compose rejects the line, nothing runs
   * - `unknown-command`: neither the grammar nor, as far as it tells, Compose knows the word
   */
  readonly outcome: 'run' | 'help' | 'error' | 'unknown-command'
  /** Compose's own words for `error`. */
  readonly error: string | null
  /** The command's path under its first name, aliases resolved: `['down']`, `['bridge', 'convert']`; empty for none. */
  readonly command: readonly string[]
  /** The command's flags under their canonical long names, without dashes. */
  readonly flags: Readonly<Record<string, FlagValue>>
  /** Compose's global flags (`file`, `project-name`, `profile`, `env-file`, `project-directory`, …). */
  readonly globals: Readonly<Record<string, FlagValue>>
  /** The docker CLI's global flags that came before `compose` or were converted (`context`, `host`, `config`, TLS). */
  readonly docker: Readonly<Record<string, FlagValue>>
  /** The positional words after the command: services, `SERVICE COMMAND ARG…` for `run` and `exec`. */
  readonly args: readonly string[]
  /** Flags that the grammar does not know (a newer Compose may): as typed, in order. */
  readonly unknownFlags: readonly string[]
}

/** What a command can do to data, from the grammar. */
export type CommandEffect =
  /** Reads, or touches nothing that holds data: passed straight through. */
  | 'read-only'
  /** May create, recreate, stop or remove what holds data: looked at before it runs. */
  | 'guarded'
