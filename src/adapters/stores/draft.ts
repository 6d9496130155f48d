import { createHash, randomBytes } from 'node:crypto'
import { readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { encodeManifest, isInside } from '../../core/manifest.ts'
import { nextId } from '../../core/restore-point-id.ts'
import { Stop } from '../../model/failure.ts'
import { filesOf, manifestFormat } from '../../model/restore-point.ts'
import type { Manifest, StoredFile } from '../../model/restore-point.ts'
import type { LockOwner, RestorePointDraft } from '../../model/ports.ts'
import { makeFolders, syncFolder, writeDurably } from './durable.ts'
import type { Modes } from './durable.ts'
import { passWhole, sealedEnding } from './encryption.ts'
import type { Cipher, Encryption } from './encryption.ts'
import { unusable } from './failures.ts'
import { isThere } from './folders.ts'
import { watchRoom } from './room.ts'
import { openWorks } from './works.ts'
import { writeArchive } from './write-archive.ts'
import { backupFailed } from './write-compressed.ts'
import { writeDump } from './write-dump.ts'

/** A folder that ends so is being written, or was when its writer died. */
export const partialEnding = '.partial'
/** For the moment until its owner's name is in it. */
export const beginningEnding = '.beginning'

export interface DraftOptions {
  /** Of the store. */
  readonly root: string
  /** Of the project. */
  readonly folder: string
  readonly id: string
  readonly zstd: string | null
  /** Null leaves everything in the clear. */
  readonly sealing: Encryption['sealing']
  readonly modes: Modes
  readonly owner: LockOwner
  readonly leave: (total: number) => number
  readonly sequence: () => Promise<number>
}

/** Begins a restore point under a temporary name that nobody else has. Throws `store-unusable`, `no-space`. */
export async function beginDraft(options: DraftOptions): Promise<RestorePointDraft> {
  const { root, folder, modes, sealing } = options
  const encrypt = sealing?.encrypt ?? null
  const { id, path } = await explained(root, () => claim(options))
  const state: StoredFile[] = []
  const room = watchRoom(path, options.leave)
  const work = openWorks()
  return {
    id,
    putArchive: async (name, source, onBytes) => {
      await work.run(() => explained(root, () => makeFolders(path, join(path, 'volumes'), modes)))
      const { extension, ...kept } = await work.run(() =>
        writeArchive({
          path: join(path, insideOnly(join('volumes', name))),
          source,
          zstd: options.zstd,
          encrypt,
          mode: modes.file,
          room,
          signal: work.signal,
          onBytes,
        }),
      )
      return { ...kept, path: `volumes/${name}${extension}` }
    },
    putDump: async (name, source, onBytes) => {
      const target = join(path, insideOnly(join('dumps', name)))
      await work.run(() => explained(root, () => makeFolders(path, dirname(target), modes)))
      const { extension, ...written } = await work.run(() =>
        writeDump({
          path: target,
          source,
          zstd: options.zstd,
          encrypt,
          mode: modes.file,
          room,
          signal: work.signal,
          onBytes,
        }),
      )
      return { ...written, path: `dumps/${name}${extension}` }
    },
    putFile: async (name, content) => {
      const file = insideOnly(encrypt === null ? name : `${name}${sealedEnding}`)
      const target = join(path, file)
      const bytes = await work.run(async () => {
        const written = encrypt === null ? Buffer.from(content) : await sealed(file, content, encrypt)
        await explained(root, async () => {
          await makeFolders(path, dirname(target), modes)
          await writeDurably(target, written, modes.file)
        })
        return written
      })
      const stored = { path: file, bytes: bytes.length, sha256: sha256Of(bytes) }
      state.push(stored)
      return stored
    },
    publish: async fields => {
      const manifest: Manifest = {
        format: manifestFormat,
        id,
        sequence: await options.sequence(),
        ...fields,
        ...(sealing === null ? {} : { encryption: { form: 'age', recipients: sealing.recipients } }),
        state,
      }
      const text = encodeManifest(manifest)
      const final = join(folder, id)
      await explained(root, async () => {
        for (const each of foldersOf(manifest)) await syncFolder(join(path, each))
        await writeDurably(join(path, 'manifest.json'), text, modes.file)
        await rename(path, final)
        await syncFolder(folder)
      })
      // Only now: a folder without it is taken for one whose writer died.
      await rm(join(final, 'owner.json'), { force: true })
      const bytes = filesOf(manifest).reduce((sum, file) => sum + file.bytes, Buffer.byteLength(text))
      return { id, path: final, manifest, bytes, state: 'good', damage: null, verified: null, marked: null }
    },
    discard: async () => {
      await work.giveUp()
      await rm(path, { recursive: true, force: true })
      await syncFolder(folder)
    },
  }
}

/**
 * Takes the first id of this second that is neither published nor being written. The folder appears together with its
 * owner's name, so that nobody takes it for a dead run's.
 */
export async function claim(
  options: Pick<DraftOptions, 'root' | 'folder' | 'id' | 'modes' | 'owner'> & {
    /** Ids that are published elsewhere than in the folder. */
    readonly taken?: ReadonlySet<string>
  },
): Promise<{ readonly id: string; readonly path: string }> {
  const { root, folder, modes, owner } = options
  await makeFolders(root, folder, modes)
  for (let number = 1; ; number++) {
    const id = number === 1 ? options.id : nextId(options.id, number)
    const path = join(folder, `${id}${partialEnding}`)
    if (options.taken?.has(id) === true) continue
    if ((await isThere(path)) || (await isThere(join(folder, id)))) continue
    if (!(await claimName(folder, path, { modes, owner }))) continue
    if (!(await isThere(join(folder, id)))) return { id, path }
    await rm(path, { recursive: true, force: true })
  }
}

/** Makes a folder that is known to be its owner's from the moment it is there. False when somebody else has the name. */
export async function claimName(
  folder: string,
  path: string,
  { modes, owner }: Pick<DraftOptions, 'modes' | 'owner'>,
): Promise<boolean> {
  const preparing = `${path}-${randomBytes(6).toString('hex')}${beginningEnding}`
  await makeFolders(folder, preparing, modes)
  await writeDurably(join(preparing, 'owner.json'), JSON.stringify(owner), modes.file)
  return takeName(preparing, path)
}

/** False when somebody else has the name: a folder that is not empty is never replaced by a rename. */
async function takeName(preparing: string, path: string): Promise<boolean> {
  try {
    await rename(preparing, path)
    return true
  } catch (error) {
    await rm(preparing, { recursive: true, force: true })
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false
    throw error
  }
}

/** Who writes a partial restore point; null where that cannot be read: its writer died while it began. */
export async function readOwner(path: string): Promise<LockOwner | null> {
  try {
    const owner = JSON.parse(await readFile(join(path, 'owner.json'), 'utf8')) as LockOwner | null
    return typeof owner?.pid === 'number' ? owner : null
  } catch {
    return null
  }
}

/** Every folder below the restore point that holds a file, and its parents. */
function foldersOf(manifest: Manifest): ReadonlySet<string> {
  const folders = new Set<string>()
  for (const { path } of filesOf(manifest))
    for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) folders.add(folder)
  return folders
}

async function sealed(name: string, content: string | Uint8Array, encrypt: Cipher): Promise<Buffer> {
  try {
    return await passWhole(content, encrypt)
  } catch (error) {
    throw backupFailed(name, error)
  }
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function insideOnly(path: string): string {
  if (isInside(path)) return path
  throw new Error(`Internal error: ${path} lies outside of the restore point`)
}

async function explained<T>(root: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Stop) throw error
    throw await unusable(root, error)
  }
}
