import { randomBytes } from 'node:crypto'
import { chmod, chown, mkdir, open, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Stop } from '../../model/failure.ts'

/** A text file as it is, to the byte. Throws `not-possible` where it cannot be read or is not UTF-8. */
export async function readExactly(file: string): Promise<string> {
  const found = await stat(file).catch(() => null)
  if (found?.isFile() === false) throw notPossible(`${file} is no file`, 'name one that is')
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw notPossible(
      `${file} cannot be read: ${error.message}`,
      'make it readable, then run the command again',
    )
  })
  const text = bytes.toString('utf8')
  if (Buffer.from(text).equals(bytes)) return text
  throw notPossible(`${file} is not UTF-8`, 'convert it, then run the command again')
}

/**
 * Replaces the text of a file as a whole: readers see the old one or the new one, also after a power cut. A symbolic
 * link stays one, mode and owner stay. Where the folder or the owner does not allow that (a file of somebody else, one
 * mounted by itself, one with several names), it is written in place. Throws `not-possible` if it is not `before` any more.
 */
export async function replaceFile(file: string, before: string, after: string): Promise<void> {
  const path = await realpath(file).catch(() => file)
  if ((await readExactly(path)) !== before)
    throw notPossible(`${file} was changed meanwhile`, 'run the command again')
  const { mode, uid, gid, nlink } = await stat(path)
  if (nlink === 1 && (await renamed(path, after, { mode: mode & 0o7777, uid, gid }))) return
  await writeInPlace(file, path, after)
}

/** False where it cannot be done this way; then nothing has changed. */
async function renamed(
  path: string,
  text: string,
  { mode, uid, gid }: { readonly mode: number; readonly uid: number; readonly gid: number },
): Promise<boolean> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    await writeFile(temporary, text, { flag: 'wx', mode: 0o600, flush: true })
    const made = await stat(temporary)
    if (made.uid !== uid || made.gid !== gid) await chown(temporary, uid, gid)
    await chmod(temporary, mode)
    await rename(temporary, path)
    return true
  } catch {
    await rm(temporary, { force: true })
    return false
  }
}

async function writeInPlace(file: string, path: string, text: string): Promise<void> {
  try {
    const handle = await open(path, 'r+')
    try {
      await handle.truncate(0)
      await handle.write(text, 0)
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw notPossible(
      `${file} cannot be written: ${why}`,
      'make it writable, then run the command again',
      cause,
    )
  }
}

/** Keeps a copy of a file as it was, for its owner only, and tells where. */
export async function keepCopy(folder: string, file: string, text: string, now: Date): Promise<string> {
  const stamp = now.toISOString().replace(/[-:]|\.\d+/g, '')
  const copy = join(folder, `${stamp}-${randomBytes(2).toString('hex')}-${basename(file)}`)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeFile(copy, text, { flag: 'wx', mode: 0o600, flush: true })
  return copy
}

function notPossible(what: string, how: string, cause?: unknown): Stop {
  return new Stop({ reason: 'not-possible', what, how }, { cause })
}
