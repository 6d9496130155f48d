import { open } from 'node:fs/promises'
import { Stop } from '../../model/failure.ts'
import type { TarSink } from '../../model/ports.ts'
import type { TarCounts } from '../../model/restore-point.ts'
import { extractArchive } from './extract-archive.ts'
import { damaged, openArchive } from './read-archive.ts'
import type { Compression } from './read-archive.ts'
import { walkTar } from './tar-walk.ts'

/** An archive that was made by something else, after it was read to its end. */
export interface ForeignArchive {
  readonly counts: TarCounts
  /** A folder that holds everything else (`data/`, `_data/`) and is not part of the volume; null when there is none. */
  readonly wrapping: string | null
  readonly extract: (sink: TarSink, onBytes: (done: number) => void) => Promise<TarCounts>
}

/** Folders that backup scripts put around a volume's content. */
const wrappings = ['data', '_data', 'volume', 'backup', 'volume-data', 'backup/data']

/**
 * Opens a `.tar`, `.tar.gz` or `.tar.zst` of others, told by its first bytes, and reads it whole before anything is
 * touched. Throws `archive-damaged`; `not-possible` for one whose paths leave its root.
 */
export async function openForeignArchive(path: string, zstd: string | null): Promise<ForeignArchive> {
  const compression = await compressionOf(path)
  const names: string[] = []
  let counts: TarCounts
  try {
    const archive = await openArchive(path, compression, zstd)
    const walk = walkTar(({ name }) => {
      if (names.length < 100_000) names.push(name)
      refuseEscape(path, name)
    })
    for await (const chunk of archive.tar) walk.take(chunk as Uint8Array)
    await archive.done
    counts = walk.end()
  } catch (error) {
    throw damaged(path, error)
  }
  if (counts.entries === 0) throw new Stop({ reason: 'archive-damaged', path, why: 'there is nothing in it' })
  const wrapping = wrappingOf(names)
  return {
    counts,
    wrapping,
    extract: (sink, onBytes) =>
      extractArchive({ path, compression, zstd, sink, sha256: null, expected: null, onBytes }),
  }
}

async function compressionOf(path: string): Promise<Compression> {
  const magic = Buffer.alloc(4)
  try {
    const file = await open(path, 'r')
    try {
      await file.read(magic, 0, 4, 0)
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
  if (magic[0] === 0x1f && magic[1] === 0x8b) return 'gzip'
  return magic.readUInt32LE(0) === 0xfd2fb528 ? 'zstd' : 'none'
}

function refuseEscape(path: string, name: string): void {
  if (!name.split('/').includes('..')) return
  throw new Stop({
    reason: 'not-possible',
    what: `${path} holds ${name}, which would leave the volume`,
    how: 'this archive is not safe to unpack; make a clean one',
  })
}

/** The deepest known wrapping that every entry lies in. */
function wrappingOf(names: readonly string[]): string | null {
  const plain = names
    .map(name => name.replace(/^(\.?\/)+/, '').replace(/\/$/, ''))
    .filter(name => name !== '' && name !== '.')
  const found = wrappings.filter(
    folder =>
      plain.length > 0 &&
      plain.every(name => name === folder || name.startsWith(`${folder}/`) || folder.startsWith(`${name}/`)),
  )
  return found.toSorted((a, b) => b.length - a.length)[0] ?? null
}
