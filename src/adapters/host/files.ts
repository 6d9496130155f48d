import { readFile, readdir } from 'node:fs/promises'

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
