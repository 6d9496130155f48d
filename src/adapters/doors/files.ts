import { randomBytes } from 'node:crypto'
import {
  chmod,
  chown,
  link,
  lstat,
  open,
  readFile,
  readdir,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Stop } from '../../model/failure.ts'
import type { DoorFiles } from '../../model/ports.ts'
import { makeFolder, removeEmptyFolders } from './folders.ts'

/** A character for each byte: what is not ours may be written in any encoding, and stays. */
const encoding = 'latin1'

/** @param self.pid and whether a process of a number runs: what a killed run has left is cleared away */
export function openDoorFiles(self: {
  readonly pid: number
  readonly runs: (pid: number) => boolean
}): DoorFiles {
  const replace = async (path: string, text: string, mode: number): Promise<void> => {
    await clearLeftovers(dirname(path), self.runs)
    const temporary = join(dirname(path), temporaryName(self.pid))
    try {
      await writeFile(temporary, text, { encoding, flag: 'wx', mode: 0o600, flush: true })
      await chmod(temporary, mode)
      await rename(temporary, path)
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
  }
  return {
    look: path => told(path, 'read', () => look(path)),
    makeFolder: path => told(path, 'written', () => makeFolder(path)),
    removeFolders: removeEmptyFolders,
    place: (path, text) => told(path, 'written', () => replace(path, text, 0o755)),
    edit: (path, before, after) =>
      told(path, 'written', async () => {
        const real = await realpath(path).catch(() => path)
        const found = await stat(real).catch(() => null)
        if (found !== null && (found.mode & 0o200) === 0) throw readOnly(path)
        if ((found === null ? null : await readFile(real, encoding)) !== before) throw changedMeanwhile(path)
        if (after === null) return rm(real)
        if (found === null) return replace(real, after, 0o644)
        if (found.nlink === 1 && (await replacedWhole(real, after, found, self))) return
        await writeInPlace(real, after)
      }),
    remove: path => told(path, 'removed', () => rm(path)),
    move: (from, to) => told(from, 'moved', () => rename(from, to)),
    keepAside: (path, aside) =>
      told(path, 'moved', async () => {
        await rm(aside, { force: true })
        // A second name, so that the first one is never without a file. Some file systems have only one.
        await link(path, aside).catch(() => rename(path, aside))
      }),
  }
}

async function look(path: string): ReturnType<DoorFiles['look']> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
    throw error
  })
  if (found === null) return { kind: 'missing' }
  if (found.isSymbolicLink()) {
    const real = await realpath(path).catch(() => null)
    return { kind: 'link', to: await readlink(path), real, text: real === null ? null : await textOf(real) }
  }
  if (!found.isFile()) return { kind: 'other' }
  return { kind: 'file', text: await textOf(path) }
}

/** A plugin may be a program of many megabytes: those are no text. */
const largest = 4_000_000

async function textOf(path: string): Promise<string | null> {
  const found = await stat(path)
  return found.isFile() && found.size <= largest ? readFile(path, encoding) : null
}

/** Its mode and owner stay. False where it cannot be done this way; then nothing has changed. */
async function replacedWhole(
  path: string,
  text: string,
  { mode, uid, gid }: { readonly mode: number; readonly uid: number; readonly gid: number },
  self: { readonly pid: number; readonly runs: (pid: number) => boolean },
): Promise<boolean> {
  await clearLeftovers(dirname(path), self.runs)
  const temporary = join(dirname(path), temporaryName(self.pid))
  try {
    await writeFile(temporary, text, { encoding, flag: 'wx', mode: 0o600, flush: true })
    const made = await stat(temporary)
    if (made.uid !== uid || made.gid !== gid) await chown(temporary, uid, gid)
    await chmod(temporary, mode & 0o7777)
    await rename(temporary, path)
    return true
  } catch {
    await rm(temporary, { force: true })
    return false
  }
}

/** Where the folder or the owner does not allow another file: one of somebody else, or one with several names. */
async function writeInPlace(path: string, text: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.truncate(0)
    await file.write(text, 0, encoding)
    await file.sync()
  } finally {
    await file.close()
  }
}

const temporaryName = (pid: number): string => `.safe-compose-${pid}-${randomBytes(6).toString('hex')}.tmp`

async function clearLeftovers(folder: string, runs: (pid: number) => boolean): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const pid = /^\.safe-compose-(\d+)-[0-9a-f]{12}\.tmp$/.exec(name)?.[1]
    if (pid !== undefined && !runs(Number(pid))) await rm(join(folder, name), { force: true })
  }
}

/** Also for those whom the system would let: a file that another program makes is often so. */
function readOnly(path: string): Stop {
  return new Stop({
    reason: 'not-possible',
    what: `${path} is read-only`,
    how: `if nothing else makes that file: chmod u+w ${path}; then run the command again`,
  })
}

function changedMeanwhile(path: string): Stop {
  return new Stop({
    reason: 'not-possible',
    what: `${path} was changed meanwhile`,
    how: 'run the command again',
  })
}

async function told<T>(
  path: string,
  done: 'read' | 'written' | 'removed' | 'moved',
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof Stop) throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Stop(
      {
        reason: 'not-possible',
        what: `${path} cannot be ${done}: ${why}`,
        how: `let this user write in ${dirname(path)} (${basename(path)}), then run the command again`,
      },
      { cause },
    )
  }
}
