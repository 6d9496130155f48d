import { randomBytes } from 'node:crypto'
import { chmod, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Permission bits of what is written. */
export interface Modes {
  readonly folder: number
  readonly file: number
}

/** Private, unless the root was made for a group (its set-group-id bit is on). */
export async function modesOf(root: string): Promise<Modes> {
  const found = await stat(root).catch(() => null)
  return found !== null && (found.mode & 0o2000) !== 0
    ? { folder: 0o2770, file: 0o660 }
    : { folder: 0o700, file: 0o600 }
}

/** Writes a file whole or not at all: beside it, synced, renamed, its folder synced. */
export async function writeDurably(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const temporary = `${path}.tmp-${randomBytes(6).toString('hex')}`
  try {
    const file = await open(temporary, 'wx', mode)
    try {
      // The umask may have taken the group's bits.
      await file.chmod(mode)
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    await syncFolder(dirname(path))
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** Makes a folder and those between it and `base`, which is there; each with the mode, whatever the umask says. */
export async function makeFolders(base: string, path: string, modes: Modes): Promise<void> {
  if (path === base) return
  const parent = dirname(path)
  await makeFolders(base, parent, modes)
  try {
    await mkdir(path, { mode: modes.folder })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return
    throw error
  }
  await chmod(path, modes.folder)
  await syncFolder(parent)
}

/** A rename counts only when its folder is on disk. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
