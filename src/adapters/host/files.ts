import { createHash } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { lstat, opendir, readFile, readdir, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { PlaceFact, RoomFact } from '../../model/facts.ts'
import type { NamedDirectory } from '../../model/finding.ts'

/**
 * Null when there is no such file, it cannot be read, or it can be read but once: what comes through a fifo is Compose's.
 */
export async function readText(path: string): Promise<string | null> {
  try {
    return (await stat(path)).isFile() ? await readFile(path, 'utf8') : null
  } catch {
    return null
  }
}

/** Adds to a file that others write to as well. Null, or why it could not. */
export function appendText(path: string, text: string): string | null {
  try {
    appendFileSync(path, text)
    return null
  } catch (error) {
    return (error as Error).message
  }
}

/** What a command that deletes a directory would take with it. */
export async function directoryAt(path: string): Promise<Omit<NamedDirectory, 'path'>> {
  try {
    if ((await lstat(path)).isSymbolicLink()) return { state: 'empty', version: '' }
    const isEmpty = (await readdir(path)).length === 0
    return { state: isEmpty ? 'empty' : 'filled', version: await versionOf(path) }
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    return { state: isMissing ? 'missing' : 'filled', version: '' }
  }
}

/** A hash of names, kinds, sizes and times of everything below, in a fixed order. */
async function versionOf(folder: string): Promise<string> {
  const hash = createHash('sha256')
  const queue = [folder]
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const path = next
    const names = await readdir(path).catch(() => [])
    for (const name of names.toSorted((a, b) => (a < b ? -1 : 1))) {
      const place = join(path, name)
      const stat = await lstat(place, { bigint: true }).catch(() => null)
      hash.update(
        `${place.slice(folder.length)}\0${stat?.mode}\0${stat?.size}\0${stat?.mtimeNs}\0${stat?.ino}\0`,
      )
      if (stat?.isDirectory() === true) queue.push(place)
    }
  }
  return hash.digest('hex').slice(0, 16)
}

/** What stands at a path of this machine. */
export async function placeAt(path: string): Promise<PlaceFact> {
  try {
    const found = await stat(path, { bigint: true })
    // The number of a directory that is deleted is soon given to another: its birth tells them apart.
    const id = `${found.dev}:${found.ino}:${found.birthtimeNs}`
    return { id, state: found.isDirectory() ? await fullness(path) : 'file' }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return { id: null, state: code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : 'unknown' }
  }
}

async function fullness(path: string): Promise<PlaceFact['state']> {
  try {
    const folder = await opendir(path)
    try {
      return (await folder.read()) === null ? 'empty' : 'filled'
    } finally {
      await folder.close()
    }
  } catch {
    return 'unknown'
  }
}

/** The file system on which a path lies; null where the path is not there, or may not be looked at. */
export async function roomAt(path: string): Promise<RoomFact | null> {
  try {
    const { bavail, blocks, bsize } = await statfs(path)
    return { free: bavail * bsize, size: blocks * bsize, at: await mountedAt(path) }
  } catch {
    return null
  }
}

/** The outermost directory above a path that lies on the same device. */
async function mountedAt(path: string): Promise<string> {
  const { dev } = await stat(path)
  let at = path
  while (dirname(at) !== at && (await stat(dirname(at))).dev === dev) at = dirname(at)
  return at
}
