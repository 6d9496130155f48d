import type { TarSource } from '../../model/ports.ts'
import type { TarCounts } from '../../model/restore-point.ts'
import { allWell, outputOf, startChild } from './child.ts'
import { compressStream, gathered, quiet, telling, zstdArgs } from './compressed-stream.ts'
import type { Compressed } from './compressed-stream.ts'
import { openSlowPipe } from './slow-pipe.ts'
import { listingArgs, readReport, reportArgs } from './tar-report.ts'
import { walkTar } from './tar-walk.ts'

/** A tar source on its way through a compressor. */
export interface CompressedTar extends Compressed {
  /**
   * After `done`: what went in. Null where it did not pass through here and the one who made it did not tell; throws
   * `Error` when what passed through here is no whole tar.
   */
  readonly counts: () => TarCounts | null
}

export interface CompressRequest {
  readonly source: TarSource
  /** Path of the zstd program; null compresses with gzip. */
  readonly zstd: string | null
  /** Whether the tar must be seen on its way, because nobody can look at it afterwards. */
  readonly seen: boolean
  /** A path that nobody has, for a moment. */
  readonly scratch: string
  /** Bytes of tar that went in so far. */
  readonly onBytes: (done: number) => void
}

/**
 * Starts the compressor on a source: the host's tar and zstd joined directly where both are there, else the tar's
 * stream through zstd or, without the program, through this process.
 */
export async function compressTar(request: CompressRequest): Promise<CompressedTar> {
  const { source, zstd } = request
  if (zstd !== null && source.command !== null && !request.seen)
    return joinPrograms(request, source.command, zstd)
  const { stream, done } = await source.open()
  done.catch(() => {})
  const walk = walkTar()
  const take = telling(request.onBytes, chunk => walk.take(chunk))
  return { ...compressStream({ stream, done, zstd, take }), counts: walk.end }
}

/** Nothing of the tar comes through this process: what is in it is told by tar itself. */
async function joinPrograms(
  request: CompressRequest,
  { program, args }: NonNullable<TarSource['command']>,
  zstd: string,
): Promise<CompressedTar> {
  const errors = await openSlowPipe(request.scratch)
  const report = readReport(program, request.onBytes)
  const more = errors === null ? reportArgs : [...reportArgs, ...listingArgs]
  const tar = startChild(program, [...more, ...args], 'ignore', 'pipe', {
    takesLine: report.takesLine,
    errors,
  })
  const compressor = startChild(zstd, zstdArgs, outputOf(tar), 'pipe')
  return {
    compression: 'zstd',
    blocks: gathered(outputOf(compressor)),
    done: quiet(allWell([compressor.done, tar.done])),
    counts: report.counts,
    stop: async () => {
      await Promise.all([tar.kill(), compressor.kill()])
    },
  }
}
