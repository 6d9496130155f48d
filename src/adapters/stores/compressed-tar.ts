import type { TarSource } from '../../model/ports.ts'
import type { TarCounts } from '../../model/restore-point.ts'
import { allWell, feed, outputOf, startChild } from './child.ts'
import { gzipMembers } from './gzip-members.ts'
import { openSlowPipe } from './slow-pipe.ts'
import { listingArgs, readReport, reportArgs } from './tar-report.ts'
import { walkTar } from './tar-walk.ts'

/**
 * Every core, at a level that keeps up with the disk: a tenth more bytes than level 1 for a fifth less time, both ways.
 * One frame, with a checksum of the content.
 */
const zstdArgs = ['-q', '-T0', '--fast=1', '-c'] as const

/** A tar source on its way through a compressor. */
export interface CompressedTar {
  readonly compression: 'zstd' | 'gzip'
  /** To be read to its end; a block is good until the next one is asked for. For gzip each is one whole member. */
  readonly blocks: AsyncIterable<Buffer>
  /** Settles when all that took part has ended. Rejects unless each of them ended well: then the blocks do not count. */
  readonly done: Promise<void>
  /**
   * After `done`: what went in. Null where it did not pass through here and the one who made it did not tell; throws
   * `Error` when what passed through here is no whole tar.
   */
  readonly counts: () => TarCounts | null
  /** Ends everything at once; settles when no program of it runs any more. */
  readonly stop: () => Promise<void>
}

export interface CompressRequest {
  readonly source: TarSource
  /** Path of the zstd program; null compresses with gzip. */
  readonly zstd: string | null
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
  if (zstd !== null && source.command !== null) return joinPrograms(request, source.command, zstd)
  const { stream, done } = await source.open()
  done.catch(() => {})
  const walk = walkTar()
  const take = telling(request.onBytes, chunk => walk.take(chunk))
  const stop = async (): Promise<void> => void stream.destroy()
  if (zstd === null)
    return {
      compression: 'gzip',
      blocks: gzipMembers(seen(stream, take)),
      done,
      counts: walk.end,
      stop,
    }
  const compressor = startChild(zstd, zstdArgs, 'pipe', 'pipe')
  const fed = feed(stream, compressor)
  // It flows already, and nothing has come yet: both are in this very turn.
  stream.on('data', (chunk: Uint8Array) => {
    try {
      take(chunk)
    } catch (error) {
      stream.destroy(error as Error)
    }
  })
  return {
    compression: 'zstd',
    blocks: gathered(outputOf(compressor)),
    done: quiet(allWell([fed, done])),
    counts: walk.end,
    stop: async () => {
      await stop()
      await compressor.kill()
    },
  }
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

/** How often the progress is told. Bytes. */
const tellEvery = 1 << 20

function telling(
  onBytes: (done: number) => void,
  take: (chunk: Uint8Array) => void,
): (chunk: Uint8Array) => void {
  let bytes = 0
  let told = 0
  return chunk => {
    take(chunk)
    bytes += chunk.length
    if (bytes - told < tellEvery) return
    told = bytes
    onBytes(bytes)
  }
}

async function* seen(
  stream: AsyncIterable<Uint8Array>,
  onChunk: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) {
    onChunk(chunk)
    yield chunk
  }
}

/**
 * Small pieces from a pipe, a megabyte at a time: fewer turns to the disk. Each block lies where the one before it lay:
 * memory does not grow with the volume.
 */
async function* gathered(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const block = Buffer.allocUnsafe(1 << 20)
  let size = 0
  for await (const chunk of stream) {
    for (let at = 0; at < chunk.length;) {
      const taken = chunk.copy(block, size, at)
      size += taken
      at += taken
      if (size < block.length) continue
      yield block
      size = 0
    }
  }
  if (size > 0) yield block.subarray(0, size)
}

/** Its rejection is looked at by whoever awaits it, later. */
function quiet<T>(work: Promise<T>): Promise<T> {
  work.catch(() => {})
  return work
}
