import type { Audience } from '../model/decision.ts'
import { dirname } from 'node:path'
import type { DoorState, DoorSurvey, OwnStart, Placed, ShellName } from '../model/doors.ts'
import { Stop } from '../model/failure.ts'
import type { DoorFiles, DoorRecord } from '../model/ports.ts'

/** What `install` and `uninstall` need: no engine, no Compose. */
export interface DoorTools {
  readonly files: DoorFiles
  readonly record: DoorRecord
  readonly survey: () => Promise<DoorSurvey>
  readonly start: OwnStart
  /** Our own version. */
  readonly version: string
  readonly places: DoorPlaces
  /** The real plugin, be it shadowed by ours or not; null where there is none. */
  readonly realPlugin: () => string | null
  /** Node, and all files of this package that are run. */
  readonly ownFiles: () => readonly string[]
  /** Whether what is placed in a folder is for every user. */
  readonly isForAll: (folder: string) => boolean
  /** Why root and other users must not, or cannot, use a file or folder, for people; null where they may. */
  readonly whyNotForAll: (path: string) => Promise<string | null>
  /** The shell of this user, where it is one that we know. */
  readonly shell: ShellName | null
  readonly audience: Audience['kind']
  readonly print: (text: string) => void
  readonly table: (states: readonly DoorState[]) => string
}

/** Absolute paths. */
export interface DoorPlaces {
  readonly home: string
  readonly userPlugins: string
  readonly systemPlugins: string
  /** Where shims go if no other folder is named. */
  readonly shims: string
  readonly startUpFile: (shell: ShellName) => Promise<string>
  readonly resolve: (path: string) => string
}

/**
 * Places a file of ours, or lines. What will be there is remembered before anything is made, so that `uninstall` knows of it
 * also where this run is killed.
 */
export async function placeRemembered(
  { files, record }: DoorTools,
  placed: Omit<Placed, 'folders' | 'earlier'>,
  how: { readonly forAll: boolean; readonly work: () => Promise<void> },
): Promise<void> {
  const folder = dirname(placed.path)
  await record.add({ ...placed, folders: await files.missingFolders(folder), earlier: [] })
  await files.makeFolder(folder, how.forAll)
  await how.work()
  await record.done(placed.path)
}

/** What is left to do where something has been taken back. */
export async function forgetPlaced({ files, record }: DoorTools, path: string): Promise<void> {
  const folders = (await record.all()).find(each => each.path === path)?.folders ?? []
  await files.clearLeftovers(path)
  await files.removeFolders(folders)
  await record.forget(path)
  // What is remembered may have lain in them.
  await files.removeFolders(folders)
}

/** What is typed is not a line of these commands. */
export function doorUsage(what: string, how: string): Stop {
  return new Stop({ reason: 'bad-usage', what, how })
}

export function notPossible(what: string, how: string): Stop {
  return new Stop({ reason: 'not-possible', what, how })
}

/** The text of a file of the user's, a character for each byte; null where there is no such file. Throws `not-possible`. */
export async function textToChange({ files }: DoorTools, file: string): Promise<string | null> {
  const found = await files.look(file)
  if (found.kind === 'missing') return null
  if (found.kind === 'link' && found.real === null)
    throw notPossible(`${file} is a link to a file that is not there`, 'make that file, or remove the link')
  if (found.kind !== 'other' && found.text !== null) return found.text
  throw notPossible(`${file} is no text that can be added to`, 'see what it is: ls -l')
}
