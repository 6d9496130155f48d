import { Stop } from '../../../model/failure.ts'
import { oldestRestic } from './version.ts'

/** restic ended otherwise than it should. */
export class ResticFailure extends Error {
  /** Null when a signal ended it, we did, or it could not be started. */
  readonly code: number | null

  constructor(code: number | null, message: string) {
    super(message)
    this.name = 'ResticFailure'
    this.code = code
  }
}

/** What restic's exit codes mean, since 0.17.1. */
export const exits = { incomplete: 3, noRepository: 10, locked: 11, wrongPassword: 12 } as const

/** A failure of restic as one of the store, with how to mend it. */
export function unusableRepository(name: string, failure: ResticFailure): Stop {
  const { why, how } = tell(name, failure)
  return new Stop({ reason: 'store-unusable', path: name, why, how }, { cause: failure })
}

/** Whether it failed because another restic is at work. */
export function isLockedOut(error: unknown): boolean {
  const failure = error instanceof Stop ? error.cause : error
  return failure instanceof ResticFailure && failure.code === exits.locked
}

/** Whether a failure says something about the repository as a whole, or the way to it, and not about what is in it. */
export function isAboutAccess({ code, message }: ResticFailure): boolean {
  return (
    code === null ||
    code === exits.noRepository ||
    code === exits.locked ||
    code === exits.wrongPassword ||
    /dial tcp|lookup |connection |unexpected HTTP response|unable to open repository|Resolving password/i.test(
      message,
    )
  )
}

function tell(
  name: string,
  { code, message }: ResticFailure,
): { readonly why: string; readonly how: string } {
  switch (code) {
    case exits.noRepository:
      return {
        why: 'there is no repository',
        how: `look whether that is the right place; if it is, make one: restic -r ${repositoryIn(name)} init`,
      }
    case exits.locked:
      return {
        why: `another restic is at work on it and has locked it: ${message}`,
        how: 'wait until it is done, then run the command again',
      }
    case exits.wrongPassword:
      return {
        why: 'its password is another one',
        how: 'see to RESTIC_PASSWORD_FILE, RESTIC_PASSWORD_COMMAND or RESTIC_PASSWORD',
      }
    default:
      return { why: message, how: howByWords(message) }
  }
}

function howByWords(message: string): string {
  if (/\(40[13]\)/.test(message))
    return 'the server refuses: see to the user and password for it (RESTIC_REST_USERNAME, RESTIC_REST_PASSWORD)'
  if (/no space left|disk quota/i.test(message)) return 'make room there'
  if (/empty password/.test(message)) return howToGivePassword
  return 'see whether it can be reached from here: restic snapshots'
}

export const howToGivePassword =
  'say where its password is: RESTIC_PASSWORD_FILE=/path/to/file, or RESTIC_PASSWORD_COMMAND'

export function noRepositoryNamed(name: string): Stop {
  return new Stop({
    reason: 'store-unusable',
    path: name,
    why: 'no repository is named',
    how: 'name it: --safe-store restic:/path/or/address, or RESTIC_REPOSITORY',
  })
}

export function notInstalled(name: string, why: string): Stop {
  return new Stop({
    reason: 'store-unusable',
    path: name,
    why: `the program restic cannot be run: ${why}`,
    how: `install restic ${oldestRestic} or newer: your system's package (apt install restic, brew install restic), or https://restic.net`,
  })
}

export function tooOld(name: string, version: string): Stop {
  return new Stop({
    reason: 'store-unusable',
    path: name,
    why: `restic ${version} is too old: it keeps half a backup as if it were whole when reading fails`,
    how: `install ${oldestRestic} or newer: https://restic.net`,
  })
}

function repositoryIn(name: string): string {
  const repository = name.slice('restic:'.length)
  return repository === '' ? '"$RESTIC_REPOSITORY"' : repository
}
