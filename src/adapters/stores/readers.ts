import { randomBytes } from 'node:crypto'
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Stop } from '../../model/failure.ts'
import type { LockOwner } from '../../model/ports.ts'
import { makeFolders, writeDurably } from './durable.ts'
import type { Modes } from './durable.ts'
import { isThere } from './folders.ts'

/**
 * A folder in a project's, in which readers of restore points put their names, and removers theirs. Each writes first and
 * looks then, so that of two at the same moment at least one sees the other: a remover that sees a reader gives up, a
 * reader that sees a remover waits for what comes of it.
 */
export const readersFolder = '.readers'

const readingEnding = '.reading'
const leavingEnding = '.leaving'

/** Milliseconds. A remover that has not gone on by then is dead. */
const removerTakes = 3000
/** Milliseconds. A reader of another machine, of whom nothing can be known, has ended by then. */
const readerTakes = 14 * 24 * 3_600_000

/** Puts a reader's name down. Throws `restore-point-not-found` when the restore point is gone. */
export async function holdPoint(
  path: string,
  owner: LockOwner,
  modes: Modes,
  isStillThere: () => Promise<boolean> = () => isThere(join(path, 'manifest.json')),
): Promise<{ readonly release: () => Promise<void> }> {
  const [project, id] = [dirname(path), basename(path)]
  const folder = join(project, readersFolder)
  const file = join(folder, nameFor(id, readingEnding))
  // The name of one that has ended counts for nothing: that it stays changes nothing of how the reading went.
  const release = (): Promise<void> => rm(file, { force: true }).catch(() => {})
  // Who may not write here, and so could not be kept from reading, reads without a name.
  await readersOf(path, modes)
    .then(() => writeDurably(file, JSON.stringify(owner), modes.file))
    .catch(unlessRefused)
  await removersGone(folder, id)
  if (await isStillThere()) return { release }
  await release()
  throw new Stop({ reason: 'restore-point-not-found', id, candidates: [] })
}

/** Does the work unless somebody reads the restore point. False when somebody does. */
export async function unlessRead(
  path: string,
  isAlive: (owner: LockOwner) => Promise<boolean>,
  modes: Modes,
  work: () => Promise<void>,
): Promise<boolean> {
  const [project, id] = [dirname(path), basename(path)]
  const claim = join(project, readersFolder, nameFor(id, leavingEnding))
  // A disk that is full may have no room for it, and is when room must be made: then it has to do to look.
  const isClaimed = await readersOf(path, modes)
    .then(() => writeFile(claim, '', { mode: modes.file }))
    .then(() => true, unlessRefused)
  try {
    if ((await readIds(project, isAlive)).has(id)) return false
    // Whoever came while we looked, for too long, has taken us for dead and reads.
    if (isClaimed === true && !(await isThere(claim))) return false
    await work()
    await forgetReaders(join(project, readersFolder), id)
    return true
  } finally {
    await rm(claim, { force: true })
  }
}

/** The ids of the restore points in a project's folder that living processes read. */
export async function readIds(
  project: string,
  isAlive: (owner: LockOwner) => Promise<boolean>,
): Promise<ReadonlySet<string>> {
  const folder = join(project, readersFolder)
  const ids = new Set<string>()
  for (const name of await namesIn(folder)) {
    const id = idOf(name)
    if (!name.endsWith(readingEnding) || ids.has(id)) continue
    if (await reads(join(folder, name), isAlive)) ids.add(id)
  }
  return ids
}

async function reads(file: string, isAlive: (owner: LockOwner) => Promise<boolean>): Promise<boolean> {
  try {
    if (Date.now() - (await stat(file)).mtimeMs > readerTakes) return false
    return await isAlive(JSON.parse(await readFile(file, 'utf8')) as LockOwner)
  } catch (error) {
    // It has ended meanwhile; one that cannot be understood may be anybody.
    return (error as NodeJS.ErrnoException).code !== 'ENOENT'
  }
}

async function removersGone(folder: string, id: string): Promise<void> {
  const deadline = Date.now() + removerTakes
  for (;;) {
    const removers = (await namesOf(folder, id)).filter(name => name.endsWith(leavingEnding))
    if (removers.length === 0) return
    if (Date.now() > deadline) {
      for (const name of removers) await rm(join(folder, name), { force: true }).catch(unlessRefused)
      return
    }
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

/** What readers left that died. */
async function forgetReaders(folder: string, id: string): Promise<void> {
  for (const name of await namesOf(folder, id))
    if (name.endsWith(readingEnding)) await rm(join(folder, name), { force: true })
}

function nameFor(id: string, ending: string): string {
  return `${id}~${randomBytes(6).toString('hex')}${ending}`
}

function idOf(name: string): string {
  return name.slice(0, name.lastIndexOf('~'))
}

async function namesOf(folder: string, id: string): Promise<readonly string[]> {
  return (await namesIn(folder)).filter(name => idOf(name) === id)
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

async function readersOf(path: string, modes: Modes): Promise<void> {
  await makeFolders(dirname(path), join(dirname(path), readersFolder), modes)
}

/** Rights, room, or the project's whole folder are missing: what that means is seen by what is looked at next. */
function unlessRefused(error: unknown): void {
  const { code = '' } = error as NodeJS.ErrnoException
  if (!['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOENT'].includes(code)) throw error
}
