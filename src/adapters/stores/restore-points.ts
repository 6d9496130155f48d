import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { parseManifest, salvageManifest } from '../../core/manifest.ts'
import { Stop } from '../../model/failure.ts'
import { filesOf } from '../../model/restore-point.ts'
import type { RestorePoint, Verification } from '../../model/restore-point.ts'
import { removingEnding } from './clear-partials.ts'
import { beginningEnding, partialEnding } from './draft.ts'
import { engineFolder, foldersIn, isThere, safeName } from './folders.ts'

/** Which projects of which engines; null for every one. */
interface Where {
  readonly engine: string | null
  readonly project: string | null
}

/** Enough to keep a disk busy, few enough for the limit of open files. */
const atOnce = 24

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
    const found = await inParallel(await idsIn(folder), id => readPoint(join(folder, id)))
    const points = found.flatMap(each => each?.point ?? [])
    lists.push(points.toSorted((a, b) => b.manifest.sequence - a.manifest.sequence || compare(b.id, a.id)))
  }
  return mergeNewestFirst(lists)
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
  const all = (
    await Promise.all(folders.map(async folder => (await idsIn(folder)).map(each => join(folder, each))))
  )
    .flat()
    .toSorted((a, b) => compare(basename(b), basename(a)))
  const exact = all.filter(path => basename(path) === id)
  const beginning = id === '' ? [] : all.filter(path => basename(path).startsWith(id))
  const read = await inParallel(exact.length > 0 ? exact : beginning, readPoint)
  const found = read.flatMap(each => each ?? [])
  const [first] = found
  if (first !== undefined && found.length === 1) {
    if (first.unreadable !== null) throw first.unreadable
    return first.point
  }
  const candidates =
    found.length > 1 ? found.map(each => each.point.id) : all.slice(0, 5).map(path => basename(path))
  throw new Stop({ reason: 'restore-point-not-found', id, candidates })
}

interface ReadPoint {
  readonly point: RestorePoint
  readonly unreadable: Stop | null
}

/** Null for a folder without a manifest, which is no restore point. */
async function readPoint(path: string): Promise<ReadPoint | null> {
  const file = join(path, 'manifest.json')
  const text = await readFile(file, 'utf8').catch(error => {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return null
    throw error
  })
  if (text === null) return null
  try {
    return { point: await statePoint(path, text, file), unreadable: null }
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
    }
    return { point, unreadable: error }
  }
}

/** Good when every file is there at its length; the content is looked at by `check`. */
async function statePoint(path: string, text: string, file: string): Promise<RestorePoint> {
  const manifest = parseManifest(text, file)
  const files = filesOf(manifest)
  const sizes = await Promise.all(
    files.map(async each => ({ ...each, size: await sizeOf(join(path, each.path)) })),
  )
  const wrong = sizes.find(each => each.size !== each.bytes)
  return {
    id: basename(path),
    path,
    manifest,
    verified: await readVerification(path),
    bytes: sizes.reduce((sum, each) => sum + (each.size ?? 0), Buffer.byteLength(text)),
    state: wrong === undefined ? 'good' : 'damaged',
    damage:
      wrong === undefined
        ? null
        : wrong.size === null
          ? `${wrong.path} is missing`
          : `${wrong.path} has ${wrong.size} bytes and should have ${wrong.bytes}`,
  }
}

/** The file is written after the restore point, and may be missing, or of a later version. */
async function readVerification(path: string): Promise<RestorePoint['verified']> {
  const text = await readFile(join(path, verificationFile), 'utf8').catch(() => null)
  if (text === null) return null
  try {
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

async function sizeOf(path: string): Promise<number | null> {
  return stat(path).then(
    found => (found.isFile() ? found.size : null),
    () => null,
  )
}

async function projectFolders(root: string, named: boolean, where: Where): Promise<readonly string[]> {
  // The first backup makes a root, but never the disk that a person meant when naming it.
  if (named && !(await isThere(dirname(root)))) await stat(root)
  const engines = where.engine === null ? await foldersIn(root) : [engineFolder(where.engine)]
  const folders = await Promise.all(
    engines.map(async engine => {
      const projects =
        where.project === null ? await foldersIn(join(root, engine)) : [safeName(where.project)]
      return projects.map(project => join(root, engine, project))
    }),
  )
  return folders.flat()
}

async function idsIn(folder: string): Promise<readonly string[]> {
  const passing = [partialEnding, beginningEnding, removingEnding]
  return (await foldersIn(folder)).filter(id => !passing.some(ending => id.endsWith(ending)))
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

/** A few at a time, results in the order of what came in. */
async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++)
      results[index] = await work(items[index] as T)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker))
  return results
}
