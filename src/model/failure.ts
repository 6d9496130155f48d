/** Everything that can go wrong in a way we foresee. One class carries it; `main.ts` turns it into words and an exit code. */
export type Failure =
  /** No Compose was found, or only ourselves. */
  | { readonly reason: 'compose-not-found'; readonly looked: readonly string[] }
  /** The program named by SAFE_COMPOSE_DOCKER_COMPOSE cannot be run. */
  | { readonly reason: 'compose-not-executable'; readonly path: string; readonly why: string }
  /** No docker was found, or only ourselves. */
  | { readonly reason: 'docker-not-found'; readonly looked: readonly string[] }
  /** The program named by SAFE_COMPOSE_DOCKER cannot be run. */
  | { readonly reason: 'docker-not-executable'; readonly path: string; readonly why: string }
  /** One of our own options, variables or arguments is wrong. */
  | { readonly reason: 'bad-usage'; readonly what: string; readonly how: string }
  /** A configuration file is wrong. */
  | {
      readonly reason: 'bad-configuration'
      readonly file: string
      readonly line: number | null
      readonly key: string | null
      readonly what: string
      readonly how: string
    }
  /** The engine does not answer, or stopped answering. */
  | { readonly reason: 'engine-unreachable'; readonly host: string; readonly why: string }
  /** The engine's endpoint cannot be made out (an unknown context, missing TLS files). */
  | { readonly reason: 'bad-engine-endpoint'; readonly what: string; readonly how: string }
  /** Nothing of the command ran, on purpose. */
  | { readonly reason: 'refused'; readonly why: string }
  /** The person chose to stop. */
  | { readonly reason: 'declined' }
  /** A backup that the command needs could not be made, so the command did not run. */
  | { readonly reason: 'backup-failed'; readonly holding: string; readonly why: string; readonly how: string }
  /** The store's folder cannot be used. */
  | { readonly reason: 'store-unusable'; readonly path: string; readonly why: string; readonly how: string }
  /** Too little room, before or during a write. Bytes. */
  | {
      readonly reason: 'no-space'
      readonly path: string
      readonly free: number
      readonly needed: number | null
      readonly holding: string | null
      readonly written: number
    }
  /** Another run holds the lock of this engine and project. */
  | { readonly reason: 'locked'; readonly by: string; readonly how: string }
  /** No restore point has that id, or several begin so. */
  | {
      readonly reason: 'restore-point-not-found'
      readonly id: string
      readonly candidates: readonly string[]
    }
  /** An archive does not hold what its manifest says. */
  | { readonly reason: 'archive-damaged'; readonly path: string; readonly why: string }
  /** A restore point is encrypted, and nothing on this machine opens it. */
  | {
      readonly reason: 'no-identity'
      readonly id: string
      readonly recipients: readonly string[]
      readonly why: string
    }
  /** A manifest cannot be read, or was written by a newer version. */
  | {
      readonly reason: 'manifest-unreadable'
      readonly path: string
      readonly why: string
      readonly how: string
    }
  /** A restore did not finish; what stood before was put back, or where it is. */
  | {
      readonly reason: 'restore-failed'
      readonly holding: string
      readonly why: string
      readonly how: string
    }
  /** `undo` found nothing that it could take back. */
  | { readonly reason: 'nothing-to-undo'; readonly why: string }
  /** A thing on the engine is not there, or not as it must be. */
  | {
      readonly reason: 'not-possible'
      readonly what: string
      readonly how: string
      /** It is only we who cannot: the thing itself may be well. */
      readonly mayBeWell?: true
    }
  /** A signal ended us. */
  | { readonly reason: 'interrupted'; readonly signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP' }

/** The one way in which a foreseen failure travels. Anything else that is thrown is a fault of ours. */
export class Stop extends Error {
  readonly failure: Failure

  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.reason, options)
    this.name = 'Stop'
    this.failure = failure
  }
}

/** Our exit codes. When Compose ran, its own code stands instead. README and `--help` are checked against this table. */
export const exitCodes = {
  done: { code: 0, meaning: 'done' },
  failed: { code: 1, meaning: 'one of our own commands failed, or found something' },
  refused: { code: 120, meaning: 'refused: Compose did not run, nothing was changed' },
  backupFailed: { code: 121, meaning: 'the backup failed: Compose did not run' },
  declined: { code: 122, meaning: 'declined by the person at the terminal: Compose did not run' },
  badUsage: { code: 123, meaning: 'our options or configuration are wrong' },
  notFound: { code: 127, meaning: 'no Compose, or no docker, was found' },
  interrupted: { code: 130, meaning: 'ended by Ctrl-C before Compose ran' },
  terminated: { code: 143, meaning: 'ended by SIGTERM before Compose ran' },
} as const

/** What `doctor` and `health` end with, as monitoring has it. */
export const monitorCodes = { well: 0, warning: 1, critical: 2, unknown: 3 } as const

/**
 * The exit code of a failure. `guarded`: of a command that was to be passed on to Compose. `own`: of one of our own
 * commands, where a failed backup or a missing engine is a plain 1. `monitor`: of one that monitoring asks, which then
 * cannot tell.
 */
export function exitCodeOf(failure: Failure, kind: 'guarded' | 'own' | 'monitor'): number {
  switch (failure.reason) {
    case 'compose-not-found':
    case 'compose-not-executable':
    case 'docker-not-found':
    case 'docker-not-executable':
      return exitCodes.notFound.code
    case 'bad-usage':
    case 'bad-configuration':
      return exitCodes.badUsage.code
    case 'declined':
      return exitCodes.declined.code
    case 'refused':
      return exitCodes.refused.code
    case 'interrupted':
      return failure.signal === 'SIGINT'
        ? exitCodes.interrupted.code
        : failure.signal === 'SIGTERM'
          ? exitCodes.terminated.code
          : 129
    case 'backup-failed':
    case 'engine-unreachable':
    case 'bad-engine-endpoint':
    case 'store-unusable':
    case 'no-space':
    case 'locked':
    case 'archive-damaged':
    case 'no-identity':
    case 'manifest-unreadable':
    case 'restore-failed':
    case 'restore-point-not-found':
    case 'nothing-to-undo':
    case 'not-possible':
      return plainCodes[kind]
    default:
      return unreachable(failure)
  }
}

const plainCodes = {
  guarded: exitCodes.backupFailed.code,
  own: exitCodes.failed.code,
  monitor: monitorCodes.unknown,
} as const

/** For the `default` of a switch over a union: forgetting a member is a compile error. */
export function unreachable(value: never): never {
  throw new Error(`Internal error: not foreseen: ${JSON.stringify(value)}`)
}
