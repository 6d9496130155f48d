import { opendir, readFile, readdir, stat } from 'node:fs/promises'
import type { PlaceFact } from '../../model/facts.ts'

/** Null when there is no such file or it cannot be read. */
export async function readText(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch(() => null)
}

/** What a command that clears a directory would find there. */
export async function directoryState(path: string): Promise<'missing' | 'empty' | 'filled'> {
  try {
    return (await readdir(path)).length === 0 ? 'empty' : 'filled'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'missing' : 'filled'
  }
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
