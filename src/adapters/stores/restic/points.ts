import { join } from 'node:path'
import { readFile } from 'node:fs/promises'
import { parseManifest, salvageManifest } from '../../../core/manifest.ts'
import { Stop } from '../../../model/failure.ts'
import { bytesStored, filesOf } from '../../../model/restore-point.ts'
import type { Manifest, RestorePoint } from '../../../model/restore-point.ts'
import type { Modes } from '../durable.ts'
import { makeFolders, writeDurably } from '../durable.ts'
import { inParallel } from '../in-parallel.ts'
import { readMark } from '../marks.ts'
import { newestFirst, readVerification } from '../restore-points.ts'
import { openStream, placeOf } from './read-stream.ts'
import type { Repository } from './repository.ts'
import type { Snapshot } from './snapshots.ts'

/** The manifest's name in its snapshot. */
export const manifestFile = 'manifest.json'

/** Each costs a start of restic and of its key. */
const atOnce = 4

/** Folders of this machine that belong to one repository. */
export interface LocalFolders {
  /** Manifests that were read before: a snapshot never changes. */
  readonly manifests: string
  /** What came of trying a restore point, by engine, project and id. */
  readonly verified: string
  /** What is being written, removed or read by this machine, and what it has marked. */
  readonly drafts: string
}

export interface PointsRequest {
  readonly repository: Repository
  readonly root: string
  readonly folders: LocalFolders
  readonly modes: Modes
}

/** What people call a restore point, and what tells it from one of the same id. */
export function pathOf({ name }: Repository, snapshot: string): string {
  return `${name}, snapshot ${snapshot.slice(0, 8)}`
}

interface ReadPoint {
  readonly point: RestorePoint
  readonly unreadable: Stop | null
}

/** Every restore point, newest first; one whose manifest cannot be read, or of which a part is gone, is `damaged`. */
export async function listPoints(
  request: PointsRequest,
  snapshots: readonly Snapshot[],
): Promise<readonly RestorePoint[]> {
  return (await readPoints(request, snapshots)).map(({ point }) => point)
}

/**
 * By id or unambiguous beginning. Throws `restore-point-not-found`, and `manifest-unreadable` for one that is there and
 * cannot be read.
 */
export async function findPoint(
  request: PointsRequest,
  snapshots: readonly Snapshot[],
  id: string,
): Promise<RestorePoint> {
  const ids = snapshots.filter(each => each.isManifest).map(({ point }) => point)
  const exact = snapshots.filter(({ point }) => point === id)
  const beginning = id === '' ? [] : snapshots.filter(({ point }) => point.startsWith(id))
  const found = await readPoints(request, exact.length > 0 ? exact : beginning)
  const [first] = found
  if (first !== undefined && found.length === 1) {
    if (first.unreadable !== null) throw first.unreadable
    return first.point
  }
  const candidates =
    found.length > 1 ? found.map(({ point }) => point.id) : ids.toSorted().toReversed().slice(0, 5)
  throw new Stop({ reason: 'restore-point-not-found', id, candidates })
}

/** Keeps a manifest, so that it need not be fetched. What cannot be kept is fetched. */
export async function keepManifest(
  { root, folders, modes }: PointsRequest,
  snapshot: string,
  text: string,
): Promise<void> {
  try {
    await makeFolders(root, folders.manifests, modes)
    await writeDurably(join(folders.manifests, `${snapshot}.json`), text, modes.file)
  } catch {
    // The next one who wants it asks the repository.
  }
}

async function readPoints(
  request: PointsRequest,
  snapshots: readonly Snapshot[],
): Promise<readonly ReadPoint[]> {
  const there = new Set(snapshots.map(({ id }) => id))
  const read = await inParallel(
    atOnce,
    snapshots.filter(each => each.isManifest),
    snapshot => readPoint(request, snapshot, there),
  )
  const byPoint = new Map(read.map(each => [each.point, each]))
  return newestFirst([...byPoint.keys()]).flatMap(point => byPoint.get(point) ?? [])
}

async function readPoint(
  request: PointsRequest,
  snapshot: Snapshot,
  there: ReadonlySet<string>,
): Promise<ReadPoint> {
  const { repository, folders } = request
  const address = { snapshot: snapshot.id, path: manifestFile }
  const place = placeOf(repository, address)
  const path = pathOf(repository, snapshot.id)
  const own = join(folders.drafts, snapshot.engine, snapshot.project, snapshot.point)
  const text = await manifestText(request, snapshot.id)
  const bytes = Buffer.byteLength(text)
  try {
    const manifest = parseManifest(text, place)
    const damage = damageOf(manifest, there)
    const point: RestorePoint = {
      id: snapshot.point,
      path,
      manifest,
      bytes: filesOf(manifest).reduce((sum, file) => sum + bytesStored(file), bytes),
      state: damage === null ? 'good' : 'damaged',
      damage,
      verified: readVerification(join(folders.verified, snapshot.engine, snapshot.project, snapshot.point)),
      marked: readMark(own),
    }
    return { point, unreadable: null }
  } catch (error) {
    if (!(error instanceof Stop) || error.failure.reason !== 'manifest-unreadable') throw error
    const manifest = salvageManifest(text, snapshot.point, snapshot)
    const damage = `its manifest cannot be read: ${error.failure.why}`
    const point: RestorePoint = {
      id: snapshot.point,
      path,
      manifest,
      bytes,
      state: 'damaged',
      damage,
      verified: null,
      marked: readMark(own),
    }
    return { point, unreadable: error }
  }
}

/** Whether every part has its snapshot; what is in them is looked at by `check`. */
function damageOf({ holdings, databases = [] }: Manifest, there: ReadonlySet<string>): string | null {
  const parts = [...holdings.map(({ kept }) => kept), ...databases.flatMap(({ dumps }) => dumps)]
  for (const part of parts) {
    const snapshot = 'snapshot' in part ? part.snapshot : undefined
    if (snapshot === undefined) return `${part.path} is not in a repository`
    if (!there.has(snapshot)) return `${part.path} is gone: snapshot ${snapshot.slice(0, 8)} was removed`
  }
  return null
}

async function manifestText(request: PointsRequest, snapshot: string): Promise<string> {
  const kept = await readFile(join(request.folders.manifests, `${snapshot}.json`), 'utf8').catch(() => null)
  if (kept !== null) return kept
  const { tar, done } = await openStream(request.repository, { snapshot, path: manifestFile })
  const parts: Buffer[] = []
  for await (const part of tar) parts.push(part as Buffer)
  await done
  const text = Buffer.concat(parts).toString('utf8')
  await keepManifest(request, snapshot, text)
  return text
}
