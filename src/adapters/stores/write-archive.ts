import type { TarSource } from '../../model/ports.ts'
import type { ArchiveForm } from '../../model/restore-point.ts'
import { compressTar } from './compressed-tar.ts'
import type { CompressedTar } from './compressed-tar.ts'
import { sealedEnding } from './encryption.ts'
import { walkArchive } from './read-archive.ts'
import { writeCompressed } from './write-compressed.ts'
import type { Destination } from './write-compressed.ts'

/** No compressor makes less of a database than this part of it: if not even that fits, it is not begun. */
const smallestPart = 1 / 20

/** `path` is without extension. */
export interface WriteRequest extends Destination {
  readonly source: TarSource
  /** Bytes of tar that went in so far. */
  readonly onBytes: (done: number) => void
}

/**
 * Writes a tar source as one compressed file. That what is on disk was a whole tar is known from the one who made it, or
 * was seen as it passed. A maker that does not tell has its archive walked through from the disk.
 *
 * Throws `no-space` or `backup-failed`; the half file is the caller's to remove.
 */
export async function writeArchive(
  request: WriteRequest,
): Promise<Omit<ArchiveForm, 'path'> & { readonly extension: string }> {
  const { source, zstd, encrypt, signal } = request
  const extension = `${zstd === null ? '.tar.gz' : '.tar.zst'}${encrypt === null ? '' : sealedEnding}`
  const path = `${request.path}${extension}`
  await request.room.reserve(Math.ceil((source.expectedBytes ?? 0) * smallestPart))
  let tarred: CompressedTar
  return writeCompressed(
    { ...request, path },
    path.slice(path.lastIndexOf('/') + 1, -extension.length),
    async () =>
      (tarred = await compressTar({
        source,
        zstd,
        seen: encrypt !== null,
        scratch: `${path}.listing`,
        onBytes: request.onBytes,
      })),
    async (_, { plainBytes, ...written }) => {
      const tar = tarred.counts() ?? (await walkArchive(path, written.compression, zstd, { signal })).tar
      refuseDifference(tar.bytes, plainBytes)
      return { form: 'archive', extension, ...written, tar }
    },
  )
}

function refuseDifference(went: number, came: number): void {
  if (went !== came) throw new Error(`${went} bytes of tar went in and ${came} came back`)
}
