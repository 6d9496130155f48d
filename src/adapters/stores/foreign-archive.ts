import { open } from 'node:fs/promises'
import { Stop } from '../../model/failure.ts'
import type { TarSink } from '../../model/ports.ts'
import type { TarCounts } from '../../model/restore-point.ts'
import { extractArchive } from './extract-archive.ts'
import { damaged, openArchive } from './read-archive.ts'
import type { Compression } from './read-archive.ts'
import { walkTar } from './tar-walk.ts'
import type { TarEntry } from './tar-walk.ts'

/** An archive that was made by something else, after it was read to its end. */
export interface ForeignArchive {
  readonly counts: TarCounts
  /** A folder that holds everything else (`data`, `_data`) and is not part of the volume; null when there is none. */
  readonly wrapping: string | null
  readonly extract: (sink: TarSink, onBytes: (done: number) => void) => Promise<TarCounts>
}

/** Folders that backup scripts put around a volume's content. */
const wrappings = ['data', '_data', 'volume', 'backup', 'volume-data', 'backup/data'] as const

/** The folder of a volume on the engine's machine: never a part of its content. */
const mountpointFolder = '_data'

/**
 * Opens a `.tar`, `.tar.gz` or `.tar.zst` of others, told by its first bytes, and reads it whole before anything is
 * touched. Throws `archive-damaged`; `not-possible` for one whose paths leave its root.
 *
 * @param zstd path of the program, null where there is none
 */
export async function openForeignArchive(path: string, zstd: string | null): Promise<ForeignArchive> {
  const compression = await compressionOf(path)
  const wrapping = findWrapping()
  const walk = walkTar(entry => {
    refuseEscape(path, entry)
    wrapping.see(entry.name)
  })
  let counts: TarCounts
  let sha256: string
  try {
    const archive = await openArchive(path, compression, zstd, { frames: 'many' })
    for await (const chunk of archive.tar) walk.take(chunk as Uint8Array)
    sha256 = (await archive.done).sha256
    counts = walk.end()
  } catch (error) {
    throw damaged(path, error)
  }
  if (counts.entries === 0) throw new Stop({ reason: 'archive-damaged', path, why: 'there is nothing in it' })
  return {
    counts,
    wrapping: wrapping.found(),
    extract: (sink, onBytes) =>
      extractArchive({ path, compression, frames: 'many', zstd, sink, sha256, expected: counts, onBytes }),
  }
}

async function compressionOf(path: string): Promise<Compression> {
  const start = await firstBytes(path)
  if (start[0] === 0x1f && start[1] === 0x8b) return 'gzip'
  if (start.readUInt32LE(0) === 0xfd2fb528) return 'zstd'
  // A tar names itself in its first header, but for those from before POSIX; an empty one is zeros.
  if (start.toString('latin1', 257, 262) === 'ustar' || start[0] === 0 || path.endsWith('.tar')) return 'none'
  throw new Stop({
    reason: 'not-possible',
    what: `${path} is neither a tar nor one compressed with gzip or zstd`,
    how: 'unpack it and pack it again with tar, then restore that file',
  })
}

async function firstBytes(path: string): Promise<Buffer> {
  const start = Buffer.alloc(512)
  try {
    const file = await open(path, 'r')
    try {
      await file.read(start, 0, start.length, 0)
    } finally {
      await file.close()
    }
  } catch (error) {
    throw new Stop(
      {
        reason: 'not-possible',
        what: `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
        how: 'name an archive that is there: safe-compose restore --from FILE --volume VOLUME',
      },
      { cause: error },
    )
  }
  return start
}

/** Not even where the one who unpacks would notice: such an archive was not made from a volume. */
function refuseEscape(path: string, entry: TarEntry): void {
  const leaves = (name: string): boolean => name.startsWith('/') || name.split('/').includes('..')
  const leaving = leaves(entry.name)
    ? entry.name
    : entry.type === '1' && leaves(entry.link)
      ? entry.link
      : null
  if (leaving === null) return
  throw new Stop({
    reason: 'not-possible',
    what: `${path} holds ${leaving}, which lies outside of the volume`,
    how: 'pack it again from within the folder: tar -C FOLDER -czf FILE.tar.gz .',
  })
}

/**
 * The deepest known wrapping that every entry lies in. An archive with an entry for its own root (`./`) was packed from
 * within a folder: what stands in it belongs to the volume, a lone `data` too.
 */
function findWrapping(): { readonly see: (name: string) => void; readonly found: () => string | null } {
  let candidates: readonly string[] = wrappings
  const seen = new Set<string>()
  let hasRoot = false
  return {
    see: name => {
      const plain = name.replace(/^(\.\/+)+/, '').replace(/\/+$/, '')
      if (plain === '' || plain === '.') {
        hasRoot = true
        return
      }
      candidates = candidates.filter(folder => {
        const inside = plain === folder || plain.startsWith(`${folder}/`)
        if (inside) seen.add(folder)
        return inside || folder.startsWith(`${plain}/`)
      })
    },
    found: () => {
      const possible = candidates.filter(
        folder => seen.has(folder) && (!hasRoot || folder === mountpointFolder),
      )
      return possible.toSorted((a, b) => b.length - a.length)[0] ?? null
    },
  }
}
