/** A program that commands are passed on to: `program`, then `prefixArgs`, then an argv. */
export interface Program {
  /** Absolute path. */
  readonly program: string
  /** What comes before every argv (`docker` after `sudo`). */
  readonly prefixArgs: readonly string[]
  /** What to set in its environment, and what to leave out (null). */
  readonly variables: Readonly<Record<string, string | null>>
  /** The plugin itself is run, as the docker CLI would run it. */
  readonly isBarePlugin: boolean
  /** The name by which the program is called, where that is not its path: the docker CLI tells it its plugins. */
  readonly calledAs?: string
}
