import { mkdir, rmdir } from 'node:fs/promises'
import { dirname } from 'node:path'

/** With all above it; gives those that it made, the outermost first. The system's are for everybody, a user's for the user. */
export async function makeFolder(path: string): Promise<readonly string[]> {
  const first = await mkdir(path, { recursive: true, mode: path.startsWith('/usr/') ? 0o755 : 0o700 })
  if (first === undefined) return []
  const made: string[] = []
  for (let at = path; at.length >= first.length; at = dirname(at)) made.unshift(at)
  return made
}

/** The last one first; one that is not empty stays. */
export async function removeEmptyFolders(folders: readonly string[]): Promise<void> {
  for (const folder of folders.toReversed()) await rmdir(folder).catch(() => {})
}
