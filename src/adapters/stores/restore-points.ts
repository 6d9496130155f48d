import { readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseManifest, salvageManifest } from '../../core/manifest.ts'
import { Stop } from '../../model/failure.ts'
import { filesOf } from '../../model/restore-point.ts'
import type { RestorePoint, StoredFile, Verification } from '../../model/restore-point.ts'
import { removingEnding } from './clear-partials.ts'
import { beginningEnding, partialEnding } from './draft.ts'
import { engineFolder, enginesIn, entriesIn, expectRoot, foldersIn, safeName } from './folders.ts'
import { markEnding, readMark } from './marks.ts'
import { readersFolder } from './readers.ts'

/** Which projects of which engines; null for every one. */
interface Where {
  readonly engine: string | null
  readonly project: string | null
}

/**
 * Restore points are read one after the other without going round by the thread pool, which would take six times as long
 * for thousands of them. After so many of them everything else has its turn.
 */
const atOnce = 32

/**
 * Every restore point, newest first: within a project by its sequence, which a clock that was set back does not
 * change. One whose manifest cannot be read is `damaged`.
 */
export async function listPoints(
  root: string,
  named: boolean,
  where: Where,
): Promise<readonly RestorePoint[]> {
  const projects = await projectFolders(root, named, where)
  const lists: RestorePoint[][] = []
  for (const folder of projects) {
    const found = await readPoints(await pathsIn(folder))
    lists.push(bySequence(found.map(({ point }) => point)))
  }
  return mergeNewestFirst(lists)
}

/** Restore points of any projects in the order in which they are listed. */
export function newestFirst(points: readonly RestorePoint[]): readonly RestorePoint[] {
  const projects = new Map<string, RestorePoint[]>()
  for (const point of points) {
    const { engine, project } = point.manifest
    const key = `${engine.id}/${project.name}`
    const known = projects.get(key)
    if (known === undefined) projects.set(key, [point])
    else known.push(point)
  }
  return mergeNewestFirst([...projects.values()].map(bySequence))
}

function bySequence(points: readonly RestorePoint[]): RestorePoint[] {
  return points.toSorted((a, b) => b.manifest.sequence - a.manifest.sequence || compare(b.id, a.id))
}

/**
 * By id or unambiguous beginning. Throws `restore-point-not-found`, and `manifest-unreadable` for one that is there and
 * cannot be read.
 */
export async function findPoint(
  root: string,
  named: boolean,
  where: Where,
  id: string,
): Promise<RestorePoint> {
  const folders = await projectFolders(root, named, where)
  const all = (await Promise.all(folders.map(pathsIn)))
    .flat()
    .toSorted((a, b) => compare(basename(b.path), basename(a.path)))
  const exact = all.filter(({ path }) => basename(path) === id)
  const beginning = id === '' ? [] : all.filter(({ path }) => basename(path).startsWith(id))
  const found = await readPoints(exact.length > 0 ? exact : beginning)
  const [first] = found
  if (first !== undefined && found.length === 1) {
    if (first.unreadable !== null) throw first.unreadable
    return first.point
  }
  const candidates =
    found.length > 1 ? found.map(each => each.point.id) : all.slice(0, 5).map(({ path }) => basename(path))
  throw new Stop({ reason: 'restore-point-not-found', id, candidates })
}

/** A folder that may be a restore point. */
interface PointFolder {
  readonly path: string
  readonly isMarked: boolean
}

interface ReadPoint {
  readonly point: RestorePoint
  readonly unreadable: Stop | null
}

/** Folders without a manifest, which are no restore points, are left out. */
async function readPoints(folders: readonly PointFolder[]): Promise<readonly ReadPoint[]> {
  const found: ReadPoint[] = []
  for (let index = 0; index < folders.length; index += atOnce) {
    if (index > 0) await new Promise(resolve => setImmediate(resolve))
    for (const folder of folders.slice(index, index + atOnce)) found.push(...readPoint(folder))
  }
  return found
}

function readPoint({ path, isMarked }: PointFolder): readonly ReadPoint[] {
  const file = join(path, 'manifest.json')
  const text = readIfThere(file)
  if (text === null) return []
  const marked = isMarked ? readMark(path) : null
  try {
    return [{ point: { ...statePoint(path, text, file), marked }, unreadable: null }]
  } catch (error) {
    if (!(error instanceof Stop) || error.failure.reason !== 'manifest-unreadable') throw error
    const id = basename(path)
    const manifest = salvageManifest(text, id, {
      engine: basename(join(path, '../..')),
      project: basename(join(path, '..')),
    })
    const damage = `its manifest cannot be read: ${error.failure.why}`
    const point: RestorePoint = {
      id,
      path,
      manifest,
      bytes: Buffer.byteLength(text),
      state: 'damaged',
      damage,
      verified: null,
      marked,
    }
    return [{ point, unreadable: error }]
  }
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** Good when every file is there at its length; the content is looked at by `check`. */
function statePoint(path: string, text: string, file: string): Omit<RestorePoint, 'marked'> {
  const manifest = parseManifest(text, file)
  let bytes = Buffer.byteLength(text)
  let damage: string | null = null
  for (const stored of filesOf(manifest)) {
    const size = sizeOf(`${path}/${stored.path}`)
    bytes += size ?? 0
    damage ??= damageOf(stored, size)
  }
  const state = damage === null ? 'good' : 'damaged'
  return { id: basename(path), path, manifest, bytes, state, damage, verified: readVerification(path) }
}

function damageOf({ path, bytes }: StoredFile, size: number | null): string | null {
  if (size === bytes) return null
  return size === null ? `${path} is missing` : `${path} has ${size} bytes and should have ${bytes}`
}

/** The file is written after the restore point, and may be missing, or of a later version. */
export function readVerification(path: string): RestorePoint['verified'] {
  try {
    const file = `${path}/${verificationFile}`
    // Mostly it is not there, which is told faster than by an error.
    if (statSync(file, { throwIfNoEntry: false }) === undefined) return null
    const text = readFileSync(file, 'utf8')
    const read = JSON.parse(text) as Partial<Verification> | null
    return typeof read?.at === 'string' && typeof read.well === 'boolean' && Array.isArray(read.checks)
      ? (read as Verification)
      : null
  } catch {
    return null
  }
}

/** Beside the manifest: what came of trying the restore point. */
export const verificationFile = 'verified.json'

function sizeOf(path: string): number | null {
  try {
    const found = statSync(path, { throwIfNoEntry: false })
    return found?.isFile() === true ? found.size : null
  } catch {
    return null
  }
}

async function projectFolders(root: string, named: boolean, where: Where): Promise<readonly string[]> {
  await expectRoot(root, named)
  const engines = where.engine === null ? await enginesIn(root) : [engineFolder(where.engine)]
  const folders = await Promise.all(
    engines.map(async engine => {
      const projects =
        where.project === null ? await foldersIn(join(root, engine)) : [safeName(where.project)]
      return projects.map(project => join(root, engine, project))
    }),
  )
  return folders.flat()
}

/** The ids of the restore points that are published in a project's folder. */
export async function publishedIn(folder: string): Promise<readonly string[]> {
  return (await pathsIn(folder)).map(({ path }) => basename(path))
}

async function pathsIn(folder: string): Promise<readonly PointFolder[]> {
  const passing = [partialEnding, beginningEnding, removingEnding]
  const { folders, files } = await entriesIn(folder)
  const marks = new Set(files.filter(name => name.endsWith(markEnding)))
  return folders
    .filter(id => id !== readersFolder && !passing.some(ending => id.endsWith(ending)))
    .map(id => ({ path: join(folder, id), isMarked: marks.has(`${id}${markEnding}`) }))
}

/** Takes from the list whose first is the newest, until all are empty: the order within each list stays. */
function mergeNewestFirst(lists: readonly RestorePoint[][]): readonly RestorePoint[] {
  const [only] = lists
  if (lists.length === 1 && only !== undefined) return only
  const left = lists.filter(list => list.length > 0).map(list => ({ list, at: 0 }))
  const merged: RestorePoint[] = []
  for (;;) {
    let newest: { readonly from: (typeof left)[number]; readonly point: RestorePoint } | null = null
    for (const from of left) {
      const point = from.list[from.at]
      if (point === undefined) continue
      if (newest === null || compare(point.manifest.finishedAt, newest.point.manifest.finishedAt) > 0)
        newest = { from, point }
    }
    if (newest === null) return merged
    merged.push(newest.point)
    newest.from.at++
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
