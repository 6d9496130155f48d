import type { DumpSource } from '../../model/ports.ts'
import { compressStream, telling } from './compressed-stream.ts'
import { sealedEnding } from './encryption.ts'
import { writeCompressed } from './write-compressed.ts'
import type { Destination, Written } from './write-compressed.ts'

/** `path` is without the compressor's ending. */
export interface DumpRequest extends Destination {
  readonly source: Awaited<ReturnType<DumpSource['open']>>
  /** Bytes of the dump so far. */
  readonly onBytes: (done: number) => void
}

/**
 * Writes a dump as one compressed file. Whether it is whole its maker tells. A server that writes down nothing has
 * failed without saying so.
 *
 * Throws `no-space` or `backup-failed`; the half file is the caller's to remove.
 */
export async function writeDump(request: DumpRequest): Promise<Written & { readonly extension: string }> {
  const { source, zstd, encrypt } = request
  const extension = `${zstd === null ? '.gz' : '.zst'}${encrypt === null ? '' : sealedEnding}`
  const path = `${request.path}${extension}`
  let went = 0
  const tell = telling(request.onBytes, chunk => {
    went += chunk.length
  })
  try {
    return await writeCompressed(
      { ...request, path },
      path.slice(path.lastIndexOf('/') + 1),
      async () => compressStream({ stream: source.stream, done: source.done, zstd, take: tell }),
      async (_, written) => {
        if (went === 0) throw new Error('its server wrote nothing')
        if (went !== written.plainBytes)
          throw new Error(`${went} bytes of it went in and ${written.plainBytes} came back`)
        return { ...written, extension }
      },
    )
  } catch (error) {
    source.stop()
    throw error
  }
}
