import { mkdir, open, readFile, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { randomBytes } from 'node:crypto'

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

/** Made once, kept for the user alone. */
export async function readOrMakeKey(stateFolder: string): Promise<Uint8Array> {
  const path = join(stateFolder, 'key')
  const known = await readFile(path).catch(() => null)
  if (known !== null && known.length === 32) return known
  const key = randomBytes(32)
  await replaceFile(path, key)
  return readFile(path).catch(() => key)
}

/** Whole or not at all: written beside, synced, renamed. Folders 0700, files 0600. */
export async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = `${path}.${randomBytes(6).toString('hex')}`
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
