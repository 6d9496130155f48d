import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, readFile, realpath, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { resticRepository } from '../../core/store-location.ts'
import { Stop } from '../../model/failure.ts'
import type { CopyPlace, LockOwner, StoreScope } from '../../model/ports.ts'
import { filesOf } from '../../model/restore-point.ts'
import type { RestorePoint, StoredFile } from '../../model/restore-point.ts'
import { clearPartials, removingEnding } from './clear-partials.ts'
import { claimName, partialEnding } from './draft.ts'
import { makeFolders, modesOf, syncFolder, writeDurably } from './durable.ts'
import { explainedFor } from './failures.ts'
import { folderOf, isThere } from './folders.ts'
import { prepareRoot } from './prepare-root.ts'
import { damaged, hashFile } from './read-archive.ts'
import { publishedIn } from './restore-points.ts'
import { leaveForOthers, watchRoom } from './room.ts'
import type { Room } from './room.ts'

export interface CopyPlaceOptions {
  readonly root: string
  readonly owner: () => Promise<LockOwner>
  readonly isAlive: (owner: LockOwner) => Promise<boolean>
  /** Bytes to be left free on a file system of that many bytes. */
  readonly leave?: (total: number) => number
}

/** A folder, laid out as a directory store is, that restore points of another one are copied to. */
export function openCopyPlace(options: CopyPlaceOptions): CopyPlace {
  const { root } = options
  const explained = <T>(work: () => Promise<T>): Promise<T> => explainedFor(root, work, '--to')
  return {
    root,
    ids: scope => explained(async () => new Set(await publishedIn(folderOf(root, scope)))),
    take: (point, onBytes) => explained(() => take(options, point, onBytes)),
  }
}

async function take(
  { root, owner, isAlive, leave = leaveForOthers }: CopyPlaceOptions,
  point: RestorePoint,
  onBytes: (done: number) => void,
): Promise<'copied' | 'there'> {
  if (resticRepository(point.path) !== null)
    throw new Stop({
      reason: 'not-possible',
      what: `${point.id} lies in a restic repository, and copies are made of folders`,
      how: 'copy the repository by its own means: restic copy',
    })
  const manifest = await manifestOf(point)
  await prepareRoot(root, true)
  const folder = folderOf(root, scopeOf(point))
  const modes = await modesOf(root)
  await makeFolders(root, folder, modes)
  await clearPartials(folder, isAlive)
  const final = join(folder, point.id)
  if (await isWholeThere(final, point, manifest)) return 'there'
  const partial = `${final}${partialEnding}`
  if (!(await claimName(folder, partial, { modes, owner: await owner() }))) throw atWork(partial)
  try {
    const room = watchRoom(partial, leave)
    await room.reserve(point.bytes)
    await copyFiles(point, partial, { modes, room, onBytes })
    await writeDurably(join(partial, 'manifest.json'), manifest, modes.file)
    await publish(partial, final)
    return 'copied'
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    throw error
  }
}

function scopeOf({ manifest }: RestorePoint): StoreScope {
  return { engine: manifest.engine.id, project: manifest.project.name }
}

/** Throws `not-possible` for a restore point that is damaged. */
export function refuseDamaged({ id, state, damage }: RestorePoint): void {
  if (state === 'damaged')
    throw new Stop({
      reason: 'not-possible',
      what: `restore point ${id} is damaged and is not copied: ${damage ?? ''}`,
      how: 'choose another one: safe-compose backups',
    })
}

async function manifestOf(point: RestorePoint): Promise<string> {
  refuseDamaged(point)
  const path = join(point.path, 'manifest.json')
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw damaged(path, error)
  })
}

/**
 * Whether every file of it is there with its hash. False where something is missing or damaged: then it is copied anew.
 * Throws `not-possible` where something else has its name (what cannot be told to be a copy of it may be anything), or
 * where it is the restore point itself.
 */
async function isWholeThere(final: string, point: RestorePoint, manifest: string): Promise<boolean> {
  if (!(await isThere(final))) return false
  if ((await realpath(final)) === (await realpath(point.path)))
    throw new Stop({
      reason: 'not-possible',
      what: `${final} is the restore point itself`,
      how: 'name a folder on another disk',
    })
  const there = await readFile(join(final, 'manifest.json'), 'utf8').catch(() => null)
  if (there !== manifest)
    throw new Stop({
      reason: 'not-possible',
      what: `${there === null ? 'something that is no restore point' : 'another restore point'} is in ${final} already`,
      how: 'look at it, and move it away if it is of no use',
    })
  for (const file of filesOf(point.manifest)) {
    const found = await hashFile(join(final, file.path)).catch(() => null)
    if (found?.bytes !== file.bytes || found.sha256 !== file.sha256) return false
  }
  return true
}

interface Target {
  readonly modes: { readonly folder: number; readonly file: number }
  readonly room: Room
  /** Bytes of all files so far. */
  readonly onBytes: (done: number) => void
}

async function copyFiles(point: RestorePoint, partial: string, target: Target): Promise<void> {
  let done = 0
  const folders = new Set<string>([partial])
  for (const file of filesOf(point.manifest)) {
    const to = join(partial, file.path)
    await makeFolders(partial, dirname(to), target.modes)
    for (let folder = dirname(to); folder !== partial; folder = dirname(folder)) folders.add(folder)
    await copyFile(join(point.path, file.path), to, file, {
      ...target,
      onBytes: bytes => target.onBytes(done + bytes),
    })
    done += file.bytes
  }
  for (const folder of folders) await syncFolder(folder)
}

async function copyFile(from: string, to: string, file: StoredFile, target: Target): Promise<void> {
  const { modes, room, onBytes } = target
  const hash = createHash('sha256')
  let bytes = 0
  const written = await open(to, 'wx', modes.file)
  try {
    await written.chmod(modes.file)
    for await (const block of blocksOf(from)) {
      hash.update(block)
      await written.appendFile(block)
      bytes += block.length
      await room.wrote(block.length)
      onBytes(bytes)
    }
    await written.sync()
  } catch (error) {
    throw await room.explain(error)
  } finally {
    await written.close()
  }
  if (bytes !== file.bytes || hash.digest('hex') !== file.sha256)
    throw damaged(from, new Error('it is not what its manifest says'))
  const back = await hashFile(to)
  if (back.sha256 !== file.sha256)
    throw damaged(to, new Error('what was read back is not what was written: the disk is not to be trusted'))
}

/** A file that cannot be read says something of its restore point, not of the folder that it is copied to. */
async function* blocksOf(path: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) yield chunk as Buffer
  } catch (error) {
    throw damaged(path, error)
  }
}

/** What stands there under the same name is damaged: it goes when the new one is in its place. */
async function publish(partial: string, final: string): Promise<void> {
  const leaving = `${final}${removingEnding}`
  if (await isThere(final)) await rename(final, leaving)
  await rename(partial, final)
  await syncFolder(dirname(final))
  // Only now: a folder without it is taken for one whose writer died.
  await rm(join(final, 'owner.json'), { force: true })
  await rm(leaving, { recursive: true, force: true })
}

function atWork(partial: string): Stop {
  return new Stop({
    reason: 'locked',
    by: `it writes ${partial}`,
    how: 'wait until it has ended, then run the command again',
  })
}
