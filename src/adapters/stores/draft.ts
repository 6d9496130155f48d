import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { encodeManifest } from '../../core/manifest.ts'
import { nextId } from '../../core/restore-point-id.ts'
import { manifestFormat } from '../../model/restore-point.ts'
import type { Manifest, StoredFile } from '../../model/restore-point.ts'
import type { LockOwner, RestorePointDraft } from '../../model/ports.ts'
import { createHash } from 'node:crypto'
import type { Modes } from './directory.ts'
import { syncFolder, writeDurably } from './durable.ts'
import { watchRoom } from './room.ts'
import { writeArchive } from './write-archive.ts'

/** A folder that ends so is being written, or was when its writer died. */
export const partialEnding = '.partial'

export interface DraftOptions {
  /** Of the project. */
  readonly folder: string
  readonly id: string
  readonly zstd: string | null
  readonly modes: Modes
  readonly owner: LockOwner
  readonly leave: (total: number) => number
  readonly sequence: () => Promise<number>
}

/** Begins a restore point under a temporary name that nobody else has. */
export async function beginDraft(options: DraftOptions): Promise<RestorePointDraft> {
  const { folder, modes } = options
  await mkdir(folder, { recursive: true, mode: modes.folder })
  const { id, path } = await claim(folder, options.id, modes.folder)
  await writeDurably(join(path, 'owner.json'), JSON.stringify(options.owner), modes.file)
  const state: StoredFile[] = []
  const room = watchRoom(path, options.leave)
  return {
    id,
    putArchive: async (name, source, onBytes) => {
      await mkdir(join(path, 'volumes'), { recursive: true, mode: modes.folder })
      await room.reserve(0)
      const { extension, ...kept } = await writeArchive({
        path: join(path, 'volumes', name),
        source,
        zstd: options.zstd,
        mode: modes.file,
        room,
        onBytes,
      })
      return { ...kept, path: `volumes/${name}${extension}` }
    },
    putFile: async (name, content) => {
      const target = join(path, name)
      await mkdir(dirname(target), { recursive: true, mode: modes.folder })
      await writeDurably(target, content, modes.file)
      const stored = {
        path: name,
        bytes: Buffer.byteLength(content),
        sha256: createHash('sha256').update(content).digest('hex'),
      }
      state.push(stored)
      return stored
    },
    publish: async fields => {
      const sequence = await options.sequence()
      const manifest: Manifest = { format: manifestFormat, id, sequence, ...fields, state }
      const text = encodeManifest(manifest)
      await syncFolder(join(path, 'volumes')).catch(() => {})
      await writeDurably(join(path, 'manifest.json'), text, modes.file)
      await rm(join(path, 'owner.json'), { force: true })
      const final = join(folder, id)
      await rename(path, final)
      await syncFolder(folder)
      const files = [...manifest.holdings.map(record => record.kept), ...state]
      const bytes = files.reduce((sum, file) => sum + file.bytes, Buffer.byteLength(text))
      return { id, path: final, manifest, bytes, state: 'good', damage: null }
    },
    discard: () => rm(path, { recursive: true, force: true }),
  }
}

/** The first free id of this second: neither published nor being written. */
async function claim(
  folder: string,
  wanted: string,
  mode: number,
): Promise<{ readonly id: string; readonly path: string }> {
  for (let number = 1; ; number++) {
    const id = number === 1 ? wanted : nextId(wanted, number)
    const path = join(folder, `${id}${partialEnding}`)
    try {
      await mkdir(path, { mode })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue
      throw error
    }
    if (!(await isThere(join(folder, id)))) return { id, path }
    await rm(path, { recursive: true, force: true })
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
