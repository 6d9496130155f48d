import { PassThrough } from 'node:stream'
import type { Readable, Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { TarCounts } from '../../model/restore-point.ts'
import { allWell, inputOf, outputOf, startChild } from './child.ts'
import { gunzipMembers } from './gzip-members.ts'
import { walkTar } from './tar-walk.ts'

/** How often the progress is told. Bytes. */
const tellEvery = 1 << 20

/** Proves an archive while it grows: what is on disk so far is decompressed and walked through. */
export interface ReadBack {
  /** Whether blocks must stay as they are after `take` (members are worked on side by side). */
  readonly keeps: boolean
  /** The next bytes of the file; for gzip exactly one member. Throws `Error` when they are no good. */
  readonly take: (block: Buffer) => Promise<void>
  /** The file has ended. Throws `Error` unless a whole tar was in it. */
  readonly end: () => Promise<TarCounts>
  /** Settles when no program of it runs any more. */
  readonly stop: () => Promise<void>
}

/**
 * @param zstd path of the program, for an archive that it wrote; null for gzip
 * @param onBytes bytes of the tar that were read back so far
 */
export function readBack(zstd: string | null, onBytes: (done: number) => void): ReadBack {
  const walk = walkTar()
  let bytes = 0
  let told = 0
  const take = (chunk: Uint8Array): void => {
    walk.take(chunk)
    bytes += chunk.length
    if (bytes - told < tellEvery) return
    told = bytes
    onBytes(bytes)
  }
  const { input, read, stop } = zstd === null ? membersReader(take) : programReader(zstd, take)
  // Nobody takes what is still to come: a write that waits must not wait for ever.
  const hangUp = (): void => void input.destroy()
  read.then(hangUp, hangUp)
  return {
    keeps: zstd === null,
    take: async block => {
      try {
        await written(input, block)
      } catch {
        await read
        throw new Error('it seems to end before its end')
      }
    },
    end: async () => {
      input.end()
      await read
      return walk.end()
    },
    stop,
  }
}

/** Settles when the other side has taken the block. */
function written(input: Writable, block: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    input.write(block, error => (error == null ? resolve() : reject(error)))
  })
}

interface Reader {
  readonly input: Writable
  /** Settles when everything that was put in was walked through. */
  readonly read: Promise<void>
  readonly stop: () => Promise<void>
}

function programReader(zstd: string, take: (chunk: Uint8Array) => void): Reader {
  const child = startChild(zstd, ['-d', '-q', '-c'], 'pipe', 'pipe')
  return {
    input: inputOf(child),
    read: allWell([taken(outputOf(child), take), child.done]),
    stop: child.kill,
  }
}

/** Events instead of iteration: a promise for each of the many small chunks would cost as much as the walk. */
function taken(stream: Readable, take: (chunk: Uint8Array) => void): Promise<void> {
  stream.on('data', (chunk: Uint8Array) => {
    try {
      take(chunk)
    } catch (error) {
      stream.destroy(error as Error)
    }
  })
  return finished(stream, { writable: false })
}

function membersReader(take: (chunk: Uint8Array) => void): Reader {
  const input = new PassThrough({ objectMode: true, highWaterMark: 2 })
  const walkMembers = async (): Promise<void> => {
    for await (const tar of gunzipMembers(input)) take(tar)
  }
  return { input, read: walkMembers(), stop: async () => void input.destroy() }
}
