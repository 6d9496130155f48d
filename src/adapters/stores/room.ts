import { statfs } from 'node:fs/promises'
import { Stop } from '../../model/failure.ts'

/** Watches that a file system keeps room for those who live on it. */
export interface Room {
  /** Throws `no-space` when `needed` more bytes would not leave enough. */
  readonly reserve: (needed: number) => Promise<void>
  /** To be called with every write; looks again every few megabytes. */
  readonly wrote: (bytes: number) => Promise<void>
}

/** How often it is looked again. Bytes. */
const interval = 32 * 1024 * 1024

/**
 * @param folder a folder of the file system
 * @param leave bytes to be left free, of a file system of `total` bytes
 */
export function watchRoom(folder: string, leave: (total: number) => number): Room {
  let written = 0
  let lookedAt = 0
  const look = async (needed: number | null): Promise<void> => {
    const { bavail, blocks, bsize } = await statfs(folder)
    const free = bavail * bsize
    if (free - (needed ?? 0) >= leave(blocks * bsize)) return
    throw new Stop({ reason: 'no-space', path: folder, free, needed, holding: null, written })
  }
  return {
    reserve: needed => look(needed),
    wrote: async bytes => {
      written += bytes
      if (written - lookedAt < interval) return
      lookedAt = written
      await look(null)
    },
  }
}

/** The databases may live on the same disk: five per cent, and at least a gigabyte, stay theirs. */
export function leaveForOthers(total: number): number {
  return Math.max(total * 0.05, 1024 ** 3)
}
