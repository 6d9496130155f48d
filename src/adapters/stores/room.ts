import { statfs } from 'node:fs/promises'
import { Stop } from '../../model/failure.ts'

/** Watches that a file system keeps room for those who live on it. */
export interface Room {
  /** Throws `no-space` when `needed` more bytes would not leave enough. */
  readonly reserve: (needed: number) => Promise<void>
  /** To be called with every write; looks again every few megabytes. */
  readonly wrote: (bytes: number) => Promise<void>
  /** The failure of a write that found the disk full, with what is free; any other error as it is. */
  readonly explain: (error: unknown) => Promise<unknown>
}

/** How often it is looked again. Bytes. */
const interval = 8 * 1024 * 1024

/**
 * @param folder a folder of the file system
 * @param leave bytes to be left free, of a file system of `total` bytes
 */
export function watchRoom(folder: string, leave: (total: number) => number): Room {
  let written = 0
  let lookedAt = 0
  const look = async (needed: number | null): Promise<void> => {
    const { free, total } = await spaceOf(folder)
    if (free - (needed ?? 0) >= leave(total)) return
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
    explain: error => explainNoSpace(error, folder, written),
  }
}

/** The databases may live on the same disk: five per cent, and at least a gigabyte, stay theirs. */
export function leaveForOthers(total: number): number {
  return Math.max(total * 0.05, 1024 ** 3)
}

/** `no-space` for an error that says so, else the error itself. */
export async function explainNoSpace(error: unknown, folder: string, written: number): Promise<unknown> {
  const code = (error as NodeJS.ErrnoException | null)?.code
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error
  const { free } = await spaceOf(folder)
  return new Stop(
    { reason: 'no-space', path: folder, free, needed: null, holding: null, written },
    { cause: error },
  )
}

async function spaceOf(folder: string): Promise<{ readonly free: number; readonly total: number }> {
  const { bavail, blocks, bsize } = await statfs(folder)
  return { free: bavail * bsize, total: blocks * bsize }
}
