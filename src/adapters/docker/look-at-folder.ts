import { lstat, open, opendir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Dirent } from 'node:fs'
import type { DatabaseContents } from '../../model/holding.ts'
import type { Look } from './contents.ts'
import { foldersAmong, isSqlite, recogniseDatabase, soundsLikeSqlite, sqlite } from './recognise.ts'
import type { FileLook } from './recognise.ts'

/**
 * Looks into a folder of this machine. What database it is comes first; then its size, newest write and whether it is
 * empty, as far as the deadline (`performance.now()`) allows: what was not seen whole has no size.
 * Null when it is no folder that can be read.
 */
export async function lookAtFolder(folder: string, deadline: number): Promise<Look | null> {
  const root = await readdir(folder, { withFileTypes: true }).catch(() => null)
  if (root === null) return null
  const [database, walked] = [await databaseIn(folder, root), await walk(folder, deadline)]
  return {
    empty: walked.complete && !walked.anyFile,
    bytes: walked.complete ? walked.bytes : null,
    lastWrite: walked.newest === 0 ? null : new Date(walked.newest).toISOString(),
    database,
    rootNames: root.map(entry => entry.name),
  }
}

async function databaseIn(folder: string, root: readonly Dirent[]): Promise<DatabaseContents | null> {
  const look: FileLook = {
    read: (path, bytes) => readHead(join(folder, path), bytes),
    exists: path =>
      lstat(join(folder, path)).then(
        () => true,
        () => false,
      ),
  }
  const directories = root.filter(entry => entry.isDirectory()).map(entry => entry.name)
  const database = await recogniseDatabase(look, foldersAmong(directories))
  if (database !== null) return database
  const files = root.filter(entry => entry.isFile()).map(entry => entry.name)
  if (await holdsSqlite(folder, files)) return sqlite
  for (const directory of directories.slice(0, 64)) {
    const names = await firstNames(join(folder, directory))
    if (await holdsSqlite(join(folder, directory), names.filter(soundsLikeSqlite))) return sqlite
  }
  return null
}

/** A folder of uploads may hold any number of files, and somebody waits: not all of them are even listed. */
async function firstNames(folder: string): Promise<readonly string[]> {
  const names: string[] = []
  const directory = await opendir(folder, { bufferSize: filesLookedInto }).catch(() => null)
  if (directory === null) return names
  for await (const { name } of directory) {
    names.push(name)
    if (names.length === filesLookedInto) break
  }
  return names
}

const filesLookedInto = 200

async function holdsSqlite(folder: string, names: readonly string[]): Promise<boolean> {
  for (const name of names.slice(0, filesLookedInto)) {
    const head = await readHead(join(folder, name), 16)
    if (head !== null && isSqlite(head)) return true
  }
  return false
}

/** Only regular files: opening a fifo would wait for its writer. */
async function readHead(path: string, bytes: number): Promise<Buffer | null> {
  const stat = await lstat(path).catch(() => null)
  if (stat?.isFile() !== true) return null
  const file = await open(path, 'r').catch(() => null)
  if (file === null) return null
  try {
    const buffer = Buffer.alloc(bytes)
    const { bytesRead } = await file.read(buffer, 0, bytes, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

interface Walked {
  complete: boolean
  anyFile: boolean
  bytes: number
  /** Milliseconds since 1970; 0 for none. */
  newest: number
}

/** Breadth first, so that the files near the root, which change most, are seen before time runs out. */
async function walk(folder: string, deadline: number): Promise<Walked> {
  const walked: Walked = { complete: true, anyFile: false, bytes: 0, newest: 0 }
  const hardLinks = new Set<string>()
  const queue = [folder]
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const path = next
    const directory = await opendir(path, { bufferSize: 256 }).catch(() => null)
    if (directory === null) {
      walked.complete = false
      continue
    }
    let batch: string[] = []
    const lookAtBatch = async (): Promise<void> => {
      const names = batch
      batch = []
      await Promise.all(names.map(name => lookAtFile(join(path, name), walked, hardLinks)))
    }
    for await (const entry of directory) {
      if (performance.now() > deadline) {
        walked.complete = false
        return walked
      }
      if (entry.isDirectory()) queue.push(join(path, entry.name))
      else {
        walked.anyFile = true
        batch.push(entry.name)
        if (batch.length >= 64) await lookAtBatch()
      }
    }
    await lookAtBatch()
  }
  return walked
}

async function lookAtFile(path: string, walked: Walked, hardLinks: Set<string>): Promise<void> {
  const stat = await lstat(path).catch(() => null)
  if (stat === null) return
  walked.newest = Math.max(walked.newest, stat.mtimeMs)
  if (stat.nlink > 1) {
    const key = `${stat.dev}:${stat.ino}`
    if (hardLinks.has(key)) return
    hardLinks.add(key)
  }
  // A file system that counts no blocks gives its length.
  walked.bytes += stat.blocks === undefined ? stat.size : stat.blocks * 512
}
