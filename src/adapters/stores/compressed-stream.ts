import type { Readable } from 'node:stream'
import { allWell, feed, outputOf, startChild } from './child.ts'
import { gzipMembers } from './gzip-members.ts'

/**
 * Every core, at a level that keeps up with the disk: a tenth more bytes than level 1 for a fifth less time, both ways.
 * One frame, with a checksum of the content.
 */
export const zstdArgs = ['-q', '-T0', '--fast=1', '-c'] as const

/** Something on its way through a compressor. */
export interface Compressed {
  readonly compression: 'zstd' | 'gzip'
  /** To be read to its end; a block is good until the next one is asked for. For gzip each is one whole member. */
  readonly blocks: AsyncIterable<Buffer>
  /** Settles when all that took part has ended. Rejects unless each of them ended well: then the blocks do not count. */
  readonly done: Promise<void>
  /** Ends everything at once; settles when no program of it runs any more. */
  readonly stop: () => Promise<void>
}

/** Starts the compressor on a stream: the zstd program, or without it gzip in this process. */
export function compressStream(from: {
  readonly stream: Readable
  /** Settles when the stream's maker has ended; rejects unless it ended well. */
  readonly done: Promise<unknown>
  /** Path of the zstd program; null compresses with gzip. */
  readonly zstd: string | null
  /** Sees every piece as it passes; what it throws ends everything. */
  readonly take: (chunk: Uint8Array) => void
}): Compressed {
  const { stream, done, zstd, take } = from
  done.catch(() => {})
  const stop = async (): Promise<void> => void stream.destroy()
  if (zstd === null)
    return {
      compression: 'gzip',
      blocks: gzipMembers(seen(stream, take)),
      done: quiet(done.then(() => {})),
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
    stop: async () => {
      await stop()
      await compressor.kill()
    },
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
export async function* gathered(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
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
export function quiet<T>(work: Promise<T>): Promise<T> {
  work.catch(() => {})
  return work
}

/** How often the progress is told. Bytes. */
const tellEvery = 1 << 20

/** Takes pieces, and tells how many bytes there were so far now and then. */
export function telling(
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
