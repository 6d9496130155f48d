import { chmod, lstat, mkdir, rmdir } from 'node:fs/promises'
import { dirname } from 'node:path'

/** The folders that are not there on the way to one, itself included: those that `makeFolder` makes, the outermost first. */
export async function missingFolders(path: string): Promise<readonly string[]> {
  const missing: string[] = []
  for (let at = path; dirname(at) !== at; at = dirname(at)) {
    if ((await lstat(at).catch(() => null)) !== null) break
    missing.unshift(at)
  }
  return missing
}

/** With all above it. For everybody, whatever new files are for; else for the user alone. */
export async function makeFolder(path: string, forAll: boolean): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 })
  if (first === undefined || !forAll) return
  for (let at = path; at.length >= first.length; at = dirname(at)) await chmod(at, 0o755)
}

/** The last one first; one that is not empty stays. */
export async function removeEmptyFolders(folders: readonly string[]): Promise<void> {
  for (const folder of folders.toReversed()) await rmdir(folder).catch(() => {})
}
