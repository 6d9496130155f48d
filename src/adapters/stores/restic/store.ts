import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Stop } from '../../../model/failure.ts'
import type { LockOwner, Store, StoreScope } from '../../../model/ports.ts'
import type {
  HoldingRecord,
  ResticStreamForm,
  ResticTreeForm,
  RestorePoint,
  StoredFile,
} from '../../../model/restore-point.ts'
import { removingEnding } from '../clear-partials.ts'
import { makeFolders, modesOf, syncFolder, writeDurably } from '../durable.ts'
import { unpackArchive } from '../extract-archive.ts'
import { explainedFor } from '../failures.ts'
import { decodedName, folderOf } from '../folders.ts'
import { markEnding, markPoint } from '../marks.ts'
import { holdPoint, readIds, unlessRead } from '../readers.ts'
import { localRecords } from '../local-records.ts'
import { prepareRoot } from '../prepare-root.ts'
import { damaged, walkOpened } from '../read-archive.ts'
import type { OpenArchive, ReadResult } from '../read-archive.ts'
import { provenDump } from '../read-dump.ts'
import { refuseDifference } from '../refuse-difference.ts'
import { verificationFile } from '../restore-points.ts'
import { clearLeftovers, noteLot } from './clear.ts'
import { beginDraft } from './draft.ts'
import { examine } from './examine.ts'
import { findPoint, listPoints, pathOf } from './points.ts'
import type { PointsRequest } from './points.ts'
import { pruneNowAndThen } from './prune.ts'
import { openStream, placeOf } from './read-stream.ts'
import type { Address } from './read-stream.ts'
import { forgetPoint } from './remove.ts'
import { openRepository } from './repository.ts'
import type { Repository, RepositoryOptions } from './repository.ts'
import { listSnapshots } from './snapshots.ts'
import { isSameTree, rootEntry } from './tree.ts'
import type { Snapshot } from './snapshots.ts'

export interface ResticStoreOptions extends RepositoryOptions {
  /** The folder of this machine for what does not belong into the repository. */
  readonly root: string
  readonly owner: () => Promise<LockOwner>
}

/**
 * Restore points as snapshots of a restic repository. What is in it, and what stays on this machine, is told in README.md
 * of the folder above.
 */
export function openResticStore(options: ResticStoreOptions): Store {
  const { root } = options
  const repository = openRepository(options)
  const own = join(root, '.restic', repository.key)
  const folders = {
    manifests: join(own, 'manifests'),
    verified: join(own, 'verified'),
    drafts: join(own, 'drafts'),
  }
  const points = async (): Promise<PointsRequest> => ({
    repository,
    root,
    folders,
    modes: await modesOf(root),
  })
  const open = (file: Address, onBytes: (done: number) => void): Promise<OpenArchive> =>
    openStream(repository, file, onBytes)
  // What this run has read whole need not be read again before it is unpacked: a snapshot does not change.
  const confirmed = new Set<string>()
  const read = async (record: HoldingRecord, onBytes: (done: number) => void): Promise<ReadResult> => {
    const kept = formOf(repository.name, record)
    const place = placeOf(repository, kept)
    try {
      const result = await walkOpened(await open(archiveAt(kept), onBytes))
      if (kept.form === 'restic-stream') refuseDifference(place, kept, result)
      // restic has compared each block of a tree with its hash.
      else if (!isSameTree(kept.tar, result.tar)) throw otherContent()
      confirmed.add(kept.snapshot)
      return result
    } catch (error) {
      throw damaged(place, error)
    }
  }
  const readDump: Store['checkDump'] = async (_, record, onBytes) => {
    const address = addressOf(repository.name, record)
    const dump = provenDump(placeOf(repository, address), record, await open(address, onBytes))
    for await (const chunk of dump.stream) void chunk
    await dump.done
  }
  /** Where this machine says what is done with a restore point. */
  const ownPath = async (point: RestorePoint): Promise<string> => {
    const folder = folderOf(folders.drafts, scopeOf(point.manifest))
    await explainedFor(root, async () => makeFolders(root, folder, await modesOf(root)))
    return join(folder, point.id)
  }
  const removePoint = async (point: RestorePoint, path: string): Promise<void> => {
    const scope = scopeOf(point.manifest)
    const leaving = `${path}${removingEnding}`
    const own = (await listSnapshots(repository, scope, 'now')).find(isManifestOf(repository, point))
    // One that somebody else removed is gone.
    if (own !== undefined) {
      await explainedFor(root, async () => {
        await mkdir(leaving, { recursive: true })
        await syncFolder(dirname(leaving))
        await noteLot(leaving, own.lot, (await modesOf(root)).file)
      })
      await forgetPoint(repository, scope, own)
    }
    await rm(join(folderOf(folders.verified, scope), point.id), { recursive: true, force: true })
    await rm(`${path}${markEnding}`, { force: true })
    await rm(leaving, { recursive: true, force: true })
  }
  return {
    name: repository.name,
    root,
    keeps: 'snapshots',
    folders: [root, ...(repository.folder === null ? [] : [repository.folder])],
    // Of the folder here alone: a command with nothing at stake must not wait for a server, nor fail with it.
    prepare: () => explainedFor(root, () => prepareRoot(root, false)),
    begin: async (scope, id) => {
      const snapshots = await listSnapshots(repository, scope)
      const request = await points()
      const before = await listPoints(request, snapshots)
      return beginDraft({
        ...request,
        scope,
        folder: folderOf(folders.drafts, scope),
        id,
        owner: await options.owner(),
        snapshots,
        sequence: 1 + before.reduce((most, { manifest }) => Math.max(most, manifest.sequence), 0),
      })
    },
    list: async where => listPoints(await points(), await listSnapshots(repository, where)),
    ids: async scope =>
      new Set(
        (await listSnapshots(repository, scope)).filter(each => each.isManifest).map(({ point }) => point),
      ),
    find: async (where, id) => findPoint(await points(), await listSnapshots(repository, where), id),
    // restic has its password from the beginning, or nothing of it works.
    unlock: async () => {},
    check: async (_, record, onBytes) => {
      const { tar } = await read(record, onBytes)
      const { kept } = record
      if (kept.form !== 'restic-tree' && (tar.bytes !== kept.tar.bytes || tar.entries !== kept.tar.entries))
        throw damaged(placeOf(repository, formOf(repository.name, record)), otherContent())
    },
    confirm: async (_, record, onBytes) => void (await read(record, onBytes)),
    extract: async (_, record, sink, onBytes) => {
      const kept = formOf(repository.name, record)
      if (!confirmed.has(kept.snapshot)) await read(record, () => {})
      const sha256 = kept.form === 'restic-stream' ? kept.sha256 : null
      const counts = await unpackArchive(
        { path: placeOf(repository, kept), sink, sha256, onBytes },
        await open(archiveAt(kept), () => {}),
      )
      if (!isSameTree(kept.tar, counts)) throw damaged(placeOf(repository, kept), otherContent())
      return counts
    },
    checkDump: readDump,
    confirmDump: (point, record) => readDump(point, record, () => {}),
    openDump: async (_, record) => {
      const address = addressOf(repository.name, record)
      return provenDump(placeOf(repository, address), record, await open(address, () => {}))
    },
    readState: async (point, file) => {
      const found = await listSnapshots(repository, scopeOf(point.manifest))
      const snapshot = found.find(isManifestOf(repository, point))
      if (snapshot === undefined)
        throw new Stop({ reason: 'restore-point-not-found', id: point.id, candidates: [] })
      const address = { path: file.path, snapshot: snapshot.id }
      const { tar, done } = await open(address, () => {})
      const parts: Buffer[] = []
      for await (const part of tar) parts.push(part as Buffer)
      refuseDifference(placeOf(repository, address), file, await done)
      return Buffer.concat(parts)
    },
    examine: () => examine(repository),
    recordVerification: (point, verification) =>
      explainedFor(root, async () => {
        const modes = await modesOf(root)
        const folder = join(folderOf(folders.verified, scopeOf(point.manifest)), point.id)
        await makeFolders(root, folder, modes)
        await writeDurably(
          join(folder, verificationFile),
          `${JSON.stringify(verification, null, 2)}\n`,
          modes.file,
        )
      }),
    scopes: async () => scopesOf(await listSnapshots(repository, { engine: null, project: null })),
    mark: (point, since) =>
      explainedFor(root, async () => {
        const path = await ownPath(point)
        await markPoint({ path }, since, (await modesOf(root)).file)
      }),
    hold: async point => {
      const where = scopeOf(point.manifest)
      const stillThere = async (): Promise<boolean> =>
        (await listSnapshots(repository, where, 'now')).some(
          each => each.isManifest && each.point === point.id,
        )
      return holdPoint(await ownPath(point), await options.owner(), await modesOf(root), stillThere)
    },
    beingRead: (scope, isAlive) =>
      explainedFor(root, () => readIds(folderOf(folders.drafts, scope), isAlive)),
    remove: async (point, isAlive) => {
      const path = await ownPath(point)
      return unlessRead(path, isAlive, await modesOf(root), () => removePoint(point, path))
    },
    reclaim: async () => pruneNowAndThen(repository, root, own, await modesOf(root)),
    clearPartials: (scope, isAlive) =>
      clearLeftovers(repository, scope, folderOf(folders.drafts, scope), isAlive),
    ...localRecords(root),
  }
}

/** Two restore points can have one id; each has a manifest of its own. */
function isManifestOf(repository: Repository, { id, path }: RestorePoint): (each: Snapshot) => boolean {
  return each => each.isManifest && each.point === id && pathOf(repository, each.id) === path
}

/** A manifest of a directory store that somebody put into a repository says nothing of snapshots. */
function formOf(name: string, { kept }: HoldingRecord): ResticStreamForm | ResticTreeForm {
  if (kept.form !== 'archive') return kept
  throw new Stop({
    reason: 'archive-damaged',
    path: `${kept.path} in ${name}`,
    why: `it is not kept in a repository but as ${kept.form}`,
  })
}

/** Where its tar is to be had. */
function archiveAt(kept: ResticStreamForm | ResticTreeForm): Address {
  const { path, snapshot } = kept
  return kept.form === 'restic-tree' ? { path, snapshot, treeRoot: rootEntry(kept) } : { path, snapshot }
}

function otherContent(): Error {
  return new Error('it does not hold what the manifest says')
}

function addressOf(name: string, { path, snapshot }: StoredFile & { readonly snapshot?: string }): Address {
  if (snapshot !== undefined) return { path, snapshot }
  throw new Stop({
    reason: 'archive-damaged',
    path: `${path} in ${name}`,
    why: 'it is not kept in a repository',
  })
}

function scopeOf({
  engine,
  project,
}: {
  readonly engine: { readonly id: string }
  readonly project: { readonly name: string }
}): StoreScope {
  return { engine: engine.id, project: project.name }
}

/** One whose name was too long for a label cannot be told. */
function scopesOf(snapshots: readonly Snapshot[]): readonly StoreScope[] {
  const labels = new Map(
    snapshots
      .filter(each => each.isManifest)
      .map(({ engine, project }) => [`${engine}/${project}`, { engine, project }]),
  )
  return [...labels.values()]
    .map(({ engine, project }) => ({ engine: decodedName(engine), project: decodedName(project) }))
    .filter(({ engine, project }) => engine !== '' && project !== '')
}
