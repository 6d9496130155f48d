import { access, constants, mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseManifest } from '../../core/manifest.ts'
import { Stop } from '../../model/failure.ts'
import type { Ledger } from '../../model/journal.ts'
import type { LockOwner, Store, StoreScope } from '../../model/ports.ts'
import type { HoldingRecord, RestorePoint } from '../../model/restore-point.ts'
import { beginDraft, partialEnding } from './draft.ts'
import { syncFolder, writeDurably } from './durable.ts'
import { extractArchive } from './extract-archive.ts'
import { journalFile } from './journal-file.ts'
import { hashFile, readArchive } from './read-archive.ts'
import { leaveForOthers } from './room.ts'
import { storeReadme } from './store-readme.ts'

export interface DirectoryStoreOptions {
  readonly root: string
  /** Path of the zstd program; null compresses with gzip. */
  readonly zstd: string | null
  readonly owner: () => Promise<LockOwner>
  /** Bytes to be left free on a file system of that many bytes. */
  readonly leave?: (total: number) => number
}

const removingEnding = '.removing'

/** Restore points as folders: `<root>/<engine>/<project>/<id>/`. What is on disk is told in README.md beside this file. */
export function openDirectoryStore(options: DirectoryStoreOptions): Store {
  const { root, zstd } = options
  const folderOf = (scope: StoreScope): string => join(root, safeName(scope.engine), safeName(scope.project))
  const modes = (): Promise<Modes> => modesOf(root)
  const list: Store['list'] = async scope => {
    const folders = await projectFolders(root, scope)
    const points = await Promise.all(folders.map(pointsIn))
    return points.flat().toSorted(newestFirst)
  }
  return {
    root,
    prepare: () => prepareRoot(root),
    begin: async (scope, id) =>
      beginDraft({
        folder: folderOf(scope),
        id,
        zstd,
        modes: await modes(),
        owner: await options.owner(),
        leave: options.leave ?? leaveForOthers,
        sequence: async () =>
          1 + Math.max(0, ...(await pointsIn(folderOf(scope))).map(point => point.manifest.sequence)),
      }),
    list,
    find: async (scope, id) => {
      const unreadable = await unreadableNamed(root, scope, id)
      if (unreadable !== null) throw unreadable
      return choose(await list(scope), id)
    },
    check: async (point, record, onBytes) => {
      const path = join(point.path, record.kept.path)
      const read = await readArchive(path, record.kept.compression, zstd, onBytes)
      refuseDifference(path, record, read)
      if (read.tar.bytes !== record.kept.tar.bytes || read.tar.entries !== record.kept.tar.entries)
        throw new Stop({ reason: 'archive-damaged', path, why: 'it does not hold what the manifest says' })
    },
    confirm: async (point, record, onBytes) => {
      const path = join(point.path, record.kept.path)
      refuseDifference(path, record, await hashFile(path, onBytes))
    },
    extract: (point, record, sink, onBytes) =>
      extractArchive({
        path: join(point.path, record.kept.path),
        compression: record.kept.compression,
        zstd,
        sink,
        sha256: record.kept.sha256,
        expected: record.kept.tar,
        onBytes,
      }),
    remove: async point => {
      const leaving = `${point.path}${removingEnding}`
      await rename(point.path, leaving)
      await rm(leaving, { recursive: true, force: true })
    },
    clearPartials: (scope, isAlive) => clearPartials(folderOf(scope), isAlive),
    journal: scope => ({
      append: async entry =>
        journalFile(join(folderOf(scope), 'journal.jsonl'), (await modes()).file, () =>
          makeFolder(folderOf(scope), modes),
        ).append(entry),
      read: () => journalFile(join(folderOf(scope), 'journal.jsonl'), 0o600, async () => {}).read(),
    }),
    ledger: scope => ({
      read: () => readLedger(join(folderOf(scope), 'ledger.json')),
      write: async ledger => {
        await makeFolder(folderOf(scope), modes)
        const text = `${JSON.stringify(ledger, null, 2)}\n`
        await writeDurably(join(folderOf(scope), 'ledger.json'), text, (await modes()).file)
      },
    }),
  }
}

export interface Modes {
  readonly folder: number
  readonly file: number
}

/** Private, unless the root was made for a group (its set-group-id bit is on). */
async function modesOf(root: string): Promise<Modes> {
  const found = await stat(root).catch(() => null)
  return found !== null && (found.mode & 0o2000) !== 0
    ? { folder: 0o2770, file: 0o660 }
    : { folder: 0o700, file: 0o600 }
}

async function makeFolder(path: string, modes: () => Promise<Modes>): Promise<void> {
  await mkdir(path, { recursive: true, mode: (await modes()).folder })
}

/** Makes the root if need be, and proves that it can be written by writing. */
async function prepareRoot(root: string): Promise<void> {
  try {
    await mkdir(root, { recursive: true, mode: 0o700 })
    const probe = join(root, `.probe-${Date.now()}-${Math.random().toString(36).slice(2)}`)
    await writeFile(probe, 'x', { flag: 'wx' })
    await rm(probe)
    const readme = join(root, 'README.md')
    const there = await access(readme, constants.F_OK).then(
      () => true,
      () => false,
    )
    if (!there) await writeDurably(readme, storeReadme, (await modesOf(root)).file)
  } catch (error) {
    throw new Stop(
      {
        reason: 'store-unusable',
        path: root,
        why: wordsOf(error),
        how: 'make it writable, or choose another place with --safe-store DIR',
      },
      { cause: error },
    )
  }
}

function wordsOf(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EACCES':
    case 'EPERM':
      return 'you may not write there'
    case 'EROFS':
      return 'its file system is read-only'
    case 'ENOTDIR':
    case 'EEXIST':
      return 'it, or a part of its path, is a file'
    case 'ENOSPC':
      return 'no space is left there'
    default:
      return error instanceof Error ? error.message : String(error)
  }
}

/** Engine ids hold colons, project names do not: kept readable, and never a way out of the root. */
export function safeName(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9_.:-]+/g, '_').replace(/^\.+/, '_')
  return plain === '' ? '_' : plain
}

async function projectFolders(
  root: string,
  scope: { readonly engine: string | null; readonly project: string | null },
): Promise<readonly string[]> {
  const engines = scope.engine === null ? await foldersIn(root) : [safeName(scope.engine)]
  const folders = await Promise.all(
    engines.map(async engine => {
      const projects =
        scope.project === null ? await foldersIn(join(root, engine)) : [safeName(scope.project)]
      return projects.map(project => join(root, engine, project))
    }),
  )
  return folders.flat()
}

async function foldersIn(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => [])
  return entries.filter(entry => entry.isDirectory()).map(entry => entry.name)
}

async function pointsIn(folder: string): Promise<readonly RestorePoint[]> {
  const ids = (await foldersIn(folder)).filter(
    id => !id.endsWith(partialEnding) && !id.endsWith(removingEnding),
  )
  const points = await Promise.all(ids.map(id => readPoint(join(folder, id)).catch(() => null)))
  return points.filter(point => point !== null)
}

/** Throws `manifest-unreadable`; null for a folder without a manifest, which is no restore point. */
async function readPoint(path: string): Promise<RestorePoint | null> {
  const file = join(path, 'manifest.json')
  const text = await readFile(file, 'utf8').catch(() => null)
  if (text === null) return null
  const manifest = parseManifest(text, file)
  const kept = [...manifest.holdings.map(record => record.kept), ...manifest.state]
  const sizes = await Promise.all(
    kept.map(async ({ path: name, bytes }) => {
      const size = await stat(join(path, name)).then(
        found => found.size,
        () => null,
      )
      return { name, bytes, size }
    }),
  )
  const wrong = sizes.find(each => each.size !== each.bytes)
  const id = path.slice(path.lastIndexOf('/') + 1)
  return {
    id,
    path,
    manifest,
    bytes: sizes.reduce((sum, each) => sum + (each.size ?? 0), text.length),
    state: wrong === undefined ? 'good' : 'damaged',
    damage:
      wrong === undefined
        ? null
        : wrong.size === null
          ? `${wrong.name} is missing`
          : `${wrong.name} has ${wrong.size} bytes and should have ${wrong.bytes}`,
  }
}

/** A manifest that cannot be read is told as such to whoever names it, not as an unknown id. */
async function unreadableNamed(
  root: string,
  scope: { readonly engine: string | null; readonly project: string | null },
  id: string,
): Promise<Stop | null> {
  for (const folder of await projectFolders(root, scope)) {
    for (const name of await foldersIn(folder)) {
      if (name !== id && !name.startsWith(id)) continue
      try {
        await readPoint(join(folder, name))
      } catch (error) {
        if (error instanceof Stop) return error
      }
    }
  }
  return null
}

function choose(points: readonly RestorePoint[], id: string): RestorePoint {
  const exact = points.filter(point => point.id === id)
  const found = exact.length > 0 ? exact : points.filter(point => point.id.startsWith(id))
  const [first] = found
  if (first !== undefined && found.length === 1) return first
  const candidates = (found.length > 1 ? found : points.slice(0, 5)).map(point => point.id)
  throw new Stop({ reason: 'restore-point-not-found', id, candidates })
}

function newestFirst(a: RestorePoint, b: RestorePoint): number {
  if (a.manifest.project.name === b.manifest.project.name && a.manifest.engine.id === b.manifest.engine.id)
    return b.manifest.sequence - a.manifest.sequence
  return a.manifest.finishedAt < b.manifest.finishedAt ? 1 : -1
}

function refuseDifference(
  path: string,
  record: HoldingRecord,
  read: { readonly bytes: number; readonly sha256: string },
): void {
  if (read.bytes !== record.kept.bytes)
    throw new Stop({
      reason: 'archive-damaged',
      path,
      why: `it has ${read.bytes} bytes and should have ${record.kept.bytes}`,
    })
  if (read.sha256 !== record.kept.sha256)
    throw new Stop({ reason: 'archive-damaged', path, why: 'its hash is not the recorded one' })
}

async function clearPartials(
  folder: string,
  isAlive: (owner: LockOwner) => Promise<boolean>,
): Promise<readonly string[]> {
  const cleared: string[] = []
  for (const name of await foldersIn(folder)) {
    if (!name.endsWith(partialEnding) && !name.endsWith(removingEnding)) continue
    const path = join(folder, name)
    const owner = await readFile(join(path, 'owner.json'), 'utf8').then(
      text => JSON.parse(text) as LockOwner,
      () => null,
    )
    if (name.endsWith(partialEnding) && owner !== null && (await isAlive(owner))) continue
    await rm(path, { recursive: true, force: true })
    cleared.push(`the half-written ${name}`)
  }
  if (cleared.length > 0) await syncFolder(folder)
  return cleared
}

async function readLedger(path: string): Promise<Ledger | null> {
  const text = await readFile(path, 'utf8').catch(() => null)
  if (text === null) return null
  try {
    const ledger = JSON.parse(text) as Ledger
    return ledger.format === 1 ? ledger : null
  } catch {
    return null
  }
}
