import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import type { Writable } from 'node:stream'
import type { TarCounts } from '../../model/restore-point.ts'
import { allWell, inputOf, outputOf, startChild } from './child.ts'
import { gunzipMembers } from './gzip-members.ts'
import { walkTar } from './tar-walk.ts'

/** Proves an archive while it grows: what is on disk so far is decompressed and walked through. */
export interface ReadBack {
  /** The next bytes of the file; for gzip exactly one member. Throws `Error` when they are no good. */
  readonly take: (block: Buffer) => Promise<void>
  /** The file has ended. Throws `Error` unless a whole tar was in it. */
  readonly end: () => Promise<TarCounts>
  readonly stop: () => void
}

/**
 * @param zstd path of the program, for an archive that it wrote; null for gzip
 * @param onBytes bytes of the tar that were read back so far
 */
export function readBack(zstd: string | null, onBytes: (done: number) => void): ReadBack {
  const walk = walkTar()
  const walkThrough = async (tar: AsyncIterable<Uint8Array>): Promise<void> => {
    let bytes = 0
    for await (const chunk of tar) {
      walk.take(chunk)
      bytes += chunk.length
      onBytes(bytes)
    }
  }
  const { input, read, stop } = zstd === null ? membersReader(walkThrough) : programReader(zstd, walkThrough)
  read.catch(() => {})
  return {
    take: async block => {
      if (input.write(block)) return
      await Promise.race([
        once(input, 'drain'),
        read.then(() => {
          throw new Error('it seems to end before its end')
        }),
      ])
    },
    end: async () => {
      input.end()
      await read
      return walk.end()
    },
    stop,
  }
}

interface Reader {
  readonly input: Writable
  /** Settles when everything that was put in was walked through. */
  readonly read: Promise<void>
  readonly stop: () => void
}

function programReader(zstd: string, walkThrough: (tar: AsyncIterable<Uint8Array>) => Promise<void>): Reader {
  const child = startChild(zstd, ['-d', '-q', '-c'], 'pipe', 'pipe')
  return {
    input: inputOf(child),
    read: allWell([walkThrough(outputOf(child)), child.done]),
    stop: child.kill,
  }
}

function membersReader(walkThrough: (tar: AsyncIterable<Uint8Array>) => Promise<void>): Reader {
  const input = new PassThrough({ objectMode: true, highWaterMark: 2 })
  return {
    input,
    read: walkThrough(gunzipMembers(input)),
    stop: () => void input.destroy(),
  }
}
