import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { Stop } from '../../model/failure.ts'
import type { Compressed } from './compressed-stream.ts'
import type { Cipher } from './encryption.ts'
import { readBack } from './read-back.ts'
import type { ReadBack } from './read-back.ts'
import type { Room } from './room.ts'
import { sealStream } from './sealed-stream.ts'

/** How much may wait in the page cache, so that the sync at the end is short. Bytes. */
const unsyncedAtMost = 32 * 1024 * 1024

/** Where something is written to, and how. */
export interface Destination {
  readonly path: string
  /** Path of the zstd program; null compresses with gzip in this process. */
  readonly zstd: string | null
  /** What encrypts the compressed file; null leaves it in the clear. */
  readonly encrypt: Cipher | null
  readonly mode: number
  readonly room: Room
  /** Gives up at once: programs are ended, what is written so far stays for the caller to remove. */
  readonly signal: AbortSignal
}

/** What was written, and how many bytes it was before it was compressed. */
export interface Written {
  readonly compression: 'zstd' | 'gzip'
  readonly bytes: number
  readonly sha256: string
  readonly plainBytes: number
}

/**
 * Writes what comes out of a compressor as one file, hashed while it is written, synced at the end. What is on disk is
 * read back and decompressed as it grows, so that it is proven to be what went in. What is encrypted is decompressed on
 * its way into the cipher instead, and read back as the bytes that came out of it. `then` runs when all of it is there.
 *
 * Throws `no-space` or `backup-failed`; the half file is the caller's to remove.
 *
 * @param name for people, of what is saved
 */
export async function writeCompressed<T>(
  to: Destination,
  name: string,
  start: () => Promise<Compressed>,
  then: (compressed: Compressed, written: Written) => Promise<T>,
): Promise<T> {
  const { path, room } = to
  try {
    const file = await open(path, 'wx+', to.mode)
    try {
      await file.chmod(to.mode)
      return await fill(file, to, start, then)
    } finally {
      await file.close()
    }
  } catch (error) {
    const explained = await room.explain(error)
    throw explained instanceof Stop ? explained : backupFailed(name, explained)
  }
}

async function fill<T>(
  file: FileHandle,
  to: Destination,
  start: () => Promise<Compressed>,
  then: (compressed: Compressed, written: Written) => Promise<T>,
): Promise<T> {
  const { signal } = to
  signal.throwIfAborted()
  const compressed = await start()
  const proof = readBack(to.zstd)
  const coming = to.encrypt === null ? compressed : sealStream(compressed, proof, to.encrypt)
  const onDisk = to.encrypt === null ? proof : unread
  const stop = async (): Promise<void> => {
    await Promise.all([coming.stop(), proof.stop()])
  }
  const onAbort = (): void => void stop()
  signal.addEventListener('abort', onAbort)
  try {
    // It may have been given up while the programs were started.
    signal.throwIfAborted()
    const written = await writeProving(file, coming, onDisk, to.room)
    await coming.done
    const plainBytes = await proof.end()
    await file.sync()
    const result = await then(compressed, { compression: compressed.compression, ...written, plainBytes })
    signal.throwIfAborted()
    return result
  } catch (error) {
    await stop()
    throw error
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** What cannot be read without the identity is compared with what was written, and no more. */
const unread: Pick<ReadBack, 'keeps' | 'take'> = { keeps: false, take: async () => {} }

async function writeProving(
  file: FileHandle,
  compressed: Compressed,
  proof: Pick<ReadBack, 'keeps' | 'take'>,
  room: Room,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = createHash('sha256')
  let bytes = 0
  let unsynced = 0
  let syncing: Promise<void> = Promise.resolve()
  let back = Buffer.alloc(0)
  for await (const block of compressed.blocks) {
    hash.update(block)
    await writeWhole(file, block, bytes)
    if (proof.keeps || back.length < block.length) back = Buffer.allocUnsafe(block.length)
    await readSame(file, block, back, bytes)
    await proof.take(back.subarray(0, block.length))
    bytes += block.length
    await room.wrote(block.length)
    unsynced += block.length
    if (unsynced < unsyncedAtMost) continue
    await syncing
    syncing = file.datasync()
    syncing.catch(() => {})
    unsynced = 0
  }
  await syncing
  return { bytes, sha256: hash.digest('hex') }
}

/** A disk that fills up takes a part of a write first, and refuses the next. */
async function writeWhole(file: FileHandle, block: Buffer, position: number): Promise<void> {
  let at = 0
  while (at < block.length) {
    const { bytesWritten } = await file.write(block, at, block.length - at, position + at)
    at += bytesWritten
  }
}

/** Reads what was just written into `back`, which is at least as long. */
async function readSame(file: FileHandle, block: Buffer, back: Buffer, position: number): Promise<void> {
  const { bytesRead } = await file.read(back, 0, block.length, position)
  if (bytesRead !== block.length || !back.subarray(0, bytesRead).equals(block))
    throw new Error(
      `what was read back at byte ${position} is not what was written: the disk is not to be trusted`,
    )
}

/** For people: what failed, and why. */
export function backupFailed(name: string, error: unknown): Stop {
  const why = error instanceof Error ? error.message : String(error)
  return new Stop(
    { reason: 'backup-failed', holding: name, why, how: 'mend what it names, then run the command again' },
    { cause: error },
  )
}
