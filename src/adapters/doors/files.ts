import {
  chmod,
  chown,
  link,
  lstat,
  open,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  stat,
} from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { Stop } from '../../model/failure.ts'
import type { DoorFiles } from '../../model/ports.ts'
import { makeFolder, missingFolders, removeEmptyFolders } from './folders.ts'
import { leftovers, replaceWhole } from './replace-whole.ts'
import type { Writer } from './replace-whole.ts'

/** A character for each byte: what is not ours may be written in any encoding, and stays. */
const encoding = 'latin1'

/** Files as they are, in the names that the program was given. */
export function openDoorFiles(writer: Writer): DoorFiles {
  return {
    look: path => told(path, 'read', () => look(path)),
    isSame,
    missingFolders,
    makeFolder: (path, forAll) => told(path, 'written', () => makeFolder(path, forAll)),
    removeFolders: removeEmptyFolders,
    clearLeftovers: async path => clearLeftovers(dirname(await realpath(path).catch(() => path)), writer),
    place: (path, text) => told(path, 'written', () => place(path, text, 0o755, writer)),
    edit: (path, before, after) => told(path, 'written', () => edit(path, before, after, writer)),
    remove: path => told(path, 'removed', () => rm(path)),
    move: (from, to) => told(from, 'moved', () => rename(from, to)),
    keepAside: (path, aside) => told(path, 'moved', () => keepAside(path, aside)),
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

async function isSame(path: string, other: string): Promise<boolean> {
  const [one, two] = await Promise.all([path, other].map(each => lstat(each).catch(() => null)))
  return one != null && two != null && one.ino === two.ino && one.dev === two.dev
}

/** @returns where the one went that was kept there before; null where none was */
async function keepAside(path: string, aside: string): Promise<string | null> {
  if (await isSame(path, aside)) return null
  const older = (await isThere(aside)) ? await firstFree(aside) : null
  if (older !== null) await rename(aside, older)
  // A second name, so that the first one is never without a file. Some file systems have only one.
  await link(path, aside).catch(() => rename(path, aside))
  return older
}

async function firstFree(path: string): Promise<string> {
  for (let number = 1; ; number++) if (!(await isThere(`${path}.${number}`))) return `${path}.${number}`
}

async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null)) !== null
}

async function clearLeftovers(folder: string, writer: Writer): Promise<void> {
  for (const leftover of await leftovers(folder, 'file', writer)) await rm(leftover, { force: true })
}

// ---- Writing -----------------------------------------------------------------------------------------------------

async function place(path: string, text: string, mode: number, writer: Writer): Promise<void> {
  const folder = dirname(path)
  await clearLeftovers(folder, writer)
  await replaceWhole(path, Buffer.from(text, encoding), {
    folder,
    kind: 'file',
    writer,
    beforeRename: temporary => chmod(temporary, mode),
  })
}

async function edit(
  path: string,
  before: string | null,
  after: string | null,
  writer: Writer,
): Promise<void> {
  const real = await realpath(path).catch(() => path)
  const found = await stat(real).catch(() => null)
  if (found !== null && (found.mode & 0o200) === 0) throw readOnly(path)
  const now = found === null ? null : await readFile(real)
  if ((now?.toString(encoding) ?? null) !== before) throw changedMeanwhile(path)
  if (after === null) return rm(real)
  if (now === null || found === null) return place(real, after, 0o644, writer)
  const bytes = Buffer.from(after, encoding)
  if (found.nlink === 1 && (await replacedWhole(real, bytes, found, writer))) return
  await writeInPlace(real, bytes, now)
}

/** What it fails with where the folder, the owner or a mount allows no other file: then the file itself may be written. */
const refusals = new Set(['EACCES', 'EPERM', 'EROFS', 'EXDEV', 'EBUSY'])

/** Its mode and owner stay. False where it cannot be done this way; then nothing has changed. */
async function replacedWhole(
  path: string,
  bytes: Buffer,
  { mode, uid, gid }: { readonly mode: number; readonly uid: number; readonly gid: number },
  writer: Writer,
): Promise<boolean> {
  const folder = dirname(path)
  await clearLeftovers(folder, writer)
  const asItWas = async (temporary: string): Promise<void> => {
    const made = await stat(temporary)
    if (made.uid !== uid || made.gid !== gid) await chown(temporary, uid, gid)
    await chmod(temporary, mode & 0o7777)
  }
  try {
    await replaceWhole(path, bytes, { folder, kind: 'file', writer, beforeRename: asItWas })
    return true
  } catch (error) {
    if (refusals.has((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
}

/** For one of somebody else, one with several names, or one that is mounted. If it fails, it is as it was. */
async function writeInPlace(path: string, bytes: Buffer, before: Buffer): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await overwrite(file, bytes)
  } catch (error) {
    await overwrite(file, before).catch((again: unknown) => {
      const both = `${String(error)}; and what stood there cannot be put back: ${String(again)}`
      throw new Error(both, { cause: error })
    })
    throw error
  } finally {
    await file.close()
  }
}

/** Shortened last: until then nothing is lost that is not written anew. */
async function overwrite(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at, bytes.length - at, at)).bytesWritten
  await file.truncate(bytes.length)
  await file.sync()
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
    const isFull = ['ENOSPC', 'EDQUOT'].includes((cause as NodeJS.ErrnoException).code ?? '')
    const first = isFull
      ? `make room where ${dirname(path)} is`
      : `let this user write in ${dirname(path)} (${basename(path)})`
    throw new Stop(
      {
        reason: 'not-possible',
        what: `${path} cannot be ${done}: ${why}`,
        how: `${first}, then run the command again`,
      },
      { cause },
    )
  }
}
