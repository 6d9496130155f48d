import { createHash } from 'node:crypto'
import { readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Stop } from '../../model/failure.ts'
import type { LockOwner, Store } from '../../model/ports.ts'
import type { ArchiveForm, HoldingRecord } from '../../model/restore-point.ts'
import { clearPartials, removingEnding } from './clear-partials.ts'
import { beginDraft } from './draft.ts'
import { modesOf, syncFolder, writeDurably } from './durable.ts'
import { inTheClear, openEncryption, passWhole } from './encryption.ts'
import type { EncryptionOptions } from './encryption.ts'
import { extractArchive } from './extract-archive.ts'
import { explainedFor } from './failures.ts'
import { folderOf, scopesIn } from './folders.ts'
import { localRecords } from './local-records.ts'
import { markEnding, markPoint } from './marks.ts'
import { prepareRoot } from './prepare-root.ts'
import { damaged, hashFile, readArchive } from './read-archive.ts'
import { openDump } from './read-dump.ts'
import { holdPoint, readIds, unlessRead } from './readers.ts'
import { refuseDifference } from './refuse-difference.ts'
import { findPoint, listPoints, publishedIn, verificationFile } from './restore-points.ts'
import { leaveForOthers } from './room.ts'

export interface DirectoryStoreOptions {
  readonly root: string
  /**
   * Whether a person named the root: then a folder that is not there is a slip of the pen or a disk that is not
   * mounted, and only its last part is made. The default root is made whole.
   */
  readonly named?: boolean
  /** Path of the zstd program; null compresses with gzip. */
  readonly zstd: string | null
  /** Absent: nothing is encrypted, and nothing that is can be opened. */
  readonly encryption?: EncryptionOptions
  readonly owner: () => Promise<LockOwner>
  /** Bytes to be left free on a file system of that many bytes. */
  readonly leave?: (total: number) => number
}

/** Restore points as folders: `<root>/<engine>/<project>/<id>/`. What is on disk is told in README.md beside this file. */
export function openDirectoryStore(options: DirectoryStoreOptions): Store {
  const { root, zstd, named = false } = options
  const encryption = options.encryption === undefined ? inTheClear : openEncryption(options.encryption)
  const explained = <T>(work: () => Promise<T>): Promise<T> => explainedFor(root, work)
  // Archives that this run has hashed need not be hashed again before they are unpacked.
  const confirmed = new Set<string>()
  const confirm: Store['confirm'] = async (point, record, onBytes) => {
    const path = join(point.path, record.kept.path)
    refuseDifference(path, record.kept, await hashFile(path, onBytes))
    // What is encrypted was never read back in the clear: its hash alone does not make it good.
    if (point.manifest.encryption === undefined) confirmed.add(await versionOf(path))
  }
  const check: Store['check'] = async (point, record, onBytes) => {
    const decrypt = await encryption.openerOf(point)
    const path = join(point.path, record.kept.path)
    const read = await readArchive(path, archiveOf(path, record).compression, zstd, { decrypt, onBytes })
    refuseDifference(path, record.kept, read)
    if (read.tar.bytes !== record.kept.tar.bytes || read.tar.entries !== record.kept.tar.entries)
      throw new Stop({ reason: 'archive-damaged', path, why: 'it does not hold what the manifest says' })
    confirmed.add(await versionOf(path))
  }
  return {
    name: root,
    root,
    keeps: 'files',
    folders: [root],
    prepare: () => explained(() => prepareRoot(root, named)),
    begin: async (scope, id) =>
      beginDraft({
        root,
        folder: folderOf(root, scope),
        id,
        zstd,
        sealing: encryption.sealing,
        modes: await modesOf(root),
        owner: await options.owner(),
        leave: options.leave ?? leaveForOthers,
        sequence: async () =>
          1 +
          (await listPoints(root, named, scope)).reduce(
            (most, each) => Math.max(most, each.manifest.sequence),
            0,
          ),
      }),
    list: scope => explained(() => listPoints(root, named, scope)),
    ids: scope => explained(async () => new Set(await publishedIn(folderOf(root, scope)))),
    find: (scope, id) => explained(() => findPoint(root, named, scope, id)),
    unlock: async point => void (await encryption.openerOf(point)),
    check,
    confirm,
    extract: async (point, record, sink, onBytes) => {
      const decrypt = await encryption.openerOf(point)
      const path = join(point.path, record.kept.path)
      if (!confirmed.has(await versionOf(path)))
        await (decrypt === null ? confirm : check)(point, record, () => {})
      return extractArchive({
        path,
        compression: archiveOf(path, record).compression,
        zstd,
        decrypt,
        sink,
        sha256: record.kept.sha256,
        expected: record.kept.tar,
        onBytes,
      })
    },
    checkDump: async (point, record, onBytes) => {
      const decrypt = await encryption.openerOf(point)
      const dump = await openDump(join(point.path, record.path), record, zstd, { decrypt, onBytes })
      for await (const chunk of dump.stream) void chunk
      await dump.done
    },
    confirmDump: async (point, record) => {
      const path = join(point.path, record.path)
      refuseDifference(path, record, await hashFile(path))
    },
    openDump: async (point, record) => {
      const decrypt = await encryption.openerOf(point)
      return openDump(join(point.path, record.path), record, zstd, { decrypt })
    },
    readState: async (point, file) => {
      const decrypt = await encryption.openerOf(point)
      const path = join(point.path, file.path)
      try {
        const content = await readFile(path)
        const sha256 = createHash('sha256').update(content).digest('hex')
        refuseDifference(path, file, { bytes: content.length, sha256 })
        return decrypt === null ? content : await passWhole(content, decrypt)
      } catch (error) {
        throw damaged(path, error)
      }
    },
    examine: null,
    recordVerification: (point, verification) =>
      explained(async () => {
        const { file } = await modesOf(root)
        await writeDurably(
          join(point.path, verificationFile),
          `${JSON.stringify(verification, null, 2)}\n`,
          file,
        )
      }),
    scopes: () => explained(() => scopesIn(root, named)),
    mark: (point, since) => explained(async () => markPoint(point, since, (await modesOf(root)).file)),
    hold: point => explained(async () => holdPoint(point.path, await options.owner(), await modesOf(root))),
    beingRead: (scope, isAlive) => explained(() => readIds(folderOf(root, scope), isAlive)),
    remove: (point, isAlive) =>
      explained(async () =>
        unlessRead(point.path, isAlive, await modesOf(root), () => removePoint(point.path)),
      ),
    reclaim: async () => {},
    clearPartials: (scope, isAlive) => explained(() => clearPartials(folderOf(root, scope), isAlive)),
    ...localRecords(root),
  }
}

/** What a kill leaves of it is no restore point any more, and is cleared by the next run. One that is gone is gone. */
async function removePoint(path: string): Promise<void> {
  const leaving = `${path}${removingEnding}`
  const isHere = await rename(path, leaving).then(
    () => true,
    error => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
      throw error
    },
  )
  if (isHere) {
    await syncFolder(join(path, '..'))
    await rm(leaving, { recursive: true, force: true })
  }
  await rm(`${path}${markEnding}`, { force: true })
}

/** What tells one content of a file from another without reading it; a file that is not there has none. */
async function versionOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
    return [path, dev, ino, size, mtimeNs, ctimeNs].join(' ')
  } catch {
    return `${path} missing`
  }
}

/** A manifest from a repository says nothing of files here. */
function archiveOf(path: string, { kept }: HoldingRecord): ArchiveForm {
  if (kept.form === 'archive') return kept
  throw new Stop({ reason: 'archive-damaged', path, why: `it is no archive but kept as ${kept.form}` })
}
