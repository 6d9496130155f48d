import type { TarSource } from '../../model/ports.ts'
import { allWell, feed, outputOf, startChild } from './child.ts'
import { gzipMembers } from './gzip-members.ts'

/**
 * Every core, at a level that keeps up with the disk: a tenth more bytes than level 1 for a fifth less time, both ways.
 * One frame, with a checksum of the content.
 */
const zstdArgs = ['-q', '-T0', '--fast=1', '-c'] as const

/** For GNU tar: 64 KiB a write instead of 10, and how many bytes it wrote in all. */
const tarArgs = ['--blocking-factor=128', '--totals'] as const

/** A tar source on its way through a compressor. */
export interface CompressedTar {
  readonly compression: 'zstd' | 'gzip'
  /** To be read to its end; a block is good until the next one is asked for. For gzip each is one whole member. */
  readonly blocks: AsyncIterable<Buffer>
  /** Settles when all that took part has ended. Rejects unless each of them ended well: then the blocks do not count. */
  readonly done: Promise<void>
  /** After `done`: bytes of tar that went in; null where the one who made it did not tell. */
  readonly tarBytes: () => number | null
  /** Ends everything at once; settles when no program of it runs any more. */
  readonly stop: () => Promise<void>
}

/**
 * Starts the compressor on a source: the host's tar and zstd joined directly where both are there, else the tar's
 * stream through zstd or, without the program, through this process.
 *
 * @param zstd path of the program; null compresses with gzip
 */
export async function compressTar(source: TarSource, zstd: string | null): Promise<CompressedTar> {
  if (zstd !== null && source.command !== null) return joinPrograms(source.command, zstd)
  const { stream, done } = await source.open()
  done.catch(() => {})
  let bytes = 0
  const add = (chunk: Uint8Array): void => {
    bytes += chunk.length
  }
  const stop = async (): Promise<void> => void stream.destroy()
  if (zstd === null)
    return {
      compression: 'gzip',
      blocks: gzipMembers(counting(stream, add)),
      done,
      tarBytes: () => bytes,
      stop,
    }
  const compressor = startChild(zstd, zstdArgs, 'pipe', 'pipe')
  const fed = feed(stream, compressor)
  // It flows already, and nothing has come yet: both are in this very turn.
  stream.on('data', add)
  return {
    compression: 'zstd',
    blocks: gathered(outputOf(compressor)),
    done: quiet(allWell([fed, done])),
    tarBytes: () => bytes,
    stop: async () => {
      await stop()
      await compressor.kill()
    },
  }
}

function joinPrograms(command: NonNullable<TarSource['command']>, zstd: string): CompressedTar {
  const tar = startChild(command.program, [...tarArgs, ...command.args], 'ignore', 'pipe')
  const compressor = startChild(zstd, zstdArgs, outputOf(tar), 'pipe')
  return {
    compression: 'zstd',
    blocks: gathered(outputOf(compressor)),
    done: quiet(allWell([compressor.done, tar.done])),
    tarBytes: () => totalsIn(tar.words()),
    stop: async () => {
      await Promise.all([tar.kill(), compressor.kill()])
    },
  }
}

/** GNU tar's `Total bytes written: 1761116160 (1.7GiB, 1.2GiB/s)`. */
function totalsIn(words: string): number | null {
  const found = /^Total bytes written: (\d+)/m.exec(words)
  return found === null ? null : Number(found[1])
}

async function* counting(
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
