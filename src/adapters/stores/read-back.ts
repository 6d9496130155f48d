import { PassThrough } from 'node:stream'
import type { Writable } from 'node:stream'
import { inputOf, startChild } from './child.ts'
import { gunzipMembers } from './gzip-members.ts'

/**
 * Proves an archive while it grows: what is on disk so far is decompressed, and every check sum in it compared with
 * what comes out. So that is what went in, and nobody need look at it again.
 */
export interface ReadBack {
  /** Whether blocks must stay as they are after `take` (members are worked on side by side). */
  readonly keeps: boolean
  /** The next bytes of the file; for gzip exactly one member. Throws `Error` when they are no good. */
  readonly take: (block: Buffer) => Promise<void>
  /** The file has ended. Gives how many bytes came out; throws `Error` unless all of it was good. */
  readonly end: () => Promise<number>
  /** Settles when no program of it runs any more. */
  readonly stop: () => Promise<void>
}

/** @param zstd path of the program, for an archive that it wrote; null for gzip */
export function readBack(zstd: string | null): ReadBack {
  const { input, read, stop } = zstd === null ? membersReader() : programReader(zstd)
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
      return read
    },
    stop,
  }
}

/** Settles when the other side has taken the block. */
export function written(input: Writable, block: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    input.write(block, error => (error == null ? resolve() : reject(error)))
  })
}

interface Reader {
  readonly input: Writable
  /** Settles when everything that was put in was read: how many bytes came out. */
  readonly read: Promise<number>
  readonly stop: () => Promise<void>
}

/** What comes out stays in the program: to bring it here would cost more than to make it. */
function programReader(zstd: string): Reader {
  let bytes: number | null = null
  const child = startChild(zstd, ['-t', '-v'], 'pipe', 'ignore', {
    takesLine: line => {
      bytes = bytesIn(line) ?? bytes
      return /^\*\*\*|^Using stdin/.test(line)
    },
  })
  const read = async (): Promise<number> => {
    await child.done
    if (bytes === null) throw new Error('zstd did not say how many bytes it read back')
    return bytes
  }
  return { input: inputOf(child), read: read(), stop: child.kill }
}

/** Of zstd's last line: `/*stdin*\           : 1761116160 bytes`. What it says of its progress stands before it. */
function bytesIn(line: string): number | null {
  const found = /: (\d+) bytes\s*$/.exec(line)
  return found === null ? null : Number(found[1])
}

function membersReader(): Reader {
  const input = new PassThrough({ objectMode: true, highWaterMark: 2 })
  const readMembers = async (): Promise<number> => {
    let bytes = 0
    for await (const tar of gunzipMembers(input)) bytes += tar.length
    return bytes
  }
  return { input, read: readMembers(), stop: async () => void input.destroy() }
}
