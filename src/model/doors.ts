/** The ways by which Docker commands come in, and what `install` can place there. */
export const doors = ['plugin', 'alias', 'path', 'agent'] as const

export type Door = (typeof doors)[number]

export const shells = ['bash', 'zsh', 'fish'] as const

export type ShellName = (typeof shells)[number]

/** What `install` has placed, as it is remembered. */
export interface Placed {
  readonly door: Door
  /** The shell, or the agent; empty for the other doors. */
  readonly name: string
  /** The file, absolute. */
  readonly path: string
  /**
   * What was placed: the whole file or, in a start-up file, the lines of ours; of an agent nothing. A character for each
   * byte.
   */
  readonly text: string
  /** Folders that were made for it, the outermost first. */
  readonly folders: readonly string[]
  /** Texts of ours that may stand there instead, where a run was killed before it placed this one. */
  readonly earlier: readonly string[]
}

/** How we are started: both absolute. */
export interface OwnStart {
  readonly node: string
  readonly program: string
  /** The same for whole docker lines. */
  readonly dockerProgram: string
}

/** A program that stands where it would be found, and whether it leads to us. */
export interface FoundProgram {
  readonly path: string
  /** `broken`: one of ours whose Node or files are gone. */
  readonly leads: 'here' | 'elsewhere' | 'broken'
}

/** One that the docker CLI would take for its plugin `compose`. */
export interface FoundPlugin extends FoundProgram {
  /** `extra`: a folder that the docker CLI's configuration adds, which comes first. */
  readonly place: 'extra' | 'user' | 'system'
}

/** A call of Docker in a timer. */
export interface FoundJob {
  readonly by: 'cron' | 'systemd'
  /** The file, or `crontab -l`. */
  readonly place: string
  readonly calls: 'docker compose' | 'docker-compose' | 'docker'
  /** Whether it looks first into a folder of our shims. */
  readonly throughShims: boolean
  /** Whether it runs as another user than this one. */
  readonly asOther: boolean
}

/** What a look at the doors of this machine has found. */
export interface DoorSurvey {
  /** Whether the docker CLI is on the PATH. */
  readonly hasDocker: boolean
  /** In the docker CLI's order: the first one counts. */
  readonly plugins: readonly FoundPlugin[]
  /** The docker CLI's configuration file, and the folders that it adds for plugins. */
  readonly configFile: string
  readonly extraFolders: readonly string[]
  /** Where the user's own plugin belongs. */
  readonly userPlugin: string
  /** In the order of the PATH. */
  readonly onPath: Readonly<Record<'docker' | 'docker-compose', readonly FoundProgram[]>>
  /** The folder of our shims, wherever it stands on the PATH; null where there are none. */
  readonly shims: string | null
  /** The shells of this machine. */
  readonly shells: readonly {
    readonly shell: ShellName
    readonly file: string
    /** What its functions take: nothing, Compose, or all of `docker`. */
    readonly takes: 'nothing' | 'compose' | 'docker'
    /** What they start and is gone; null where all is there. */
    readonly gone: string | null
  }[]
  /** Null where the timers cannot be read. */
  readonly jobs: readonly FoundJob[]
  readonly agents: readonly FoundAgent[]
  readonly isRoot: boolean
  readonly hasSudo: boolean
}

/** A coding agent of this machine. */
export interface FoundAgent {
  readonly name: string
  /** As it is called. */
  readonly title: string
  readonly isGuarded: boolean
  readonly file: string
}

/** One line of `install status`. */
export interface DoorState {
  readonly door: string
  /** - `bypassed`: guarded, but something else comes first */
  readonly state: 'guarded' | 'open' | 'bypassed'
  readonly why: string
  /** The command, or the line, that closes it; null where it is closed or nothing can be done. */
  readonly mend: string | null
}
