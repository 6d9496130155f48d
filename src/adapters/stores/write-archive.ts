import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { Stop } from '../../model/failure.ts'
import type { TarSource } from '../../model/ports.ts'
import type { ArchiveForm } from '../../model/restore-point.ts'
import { compressTar } from './compressed-tar.ts'
import type { CompressedTar } from './compressed-tar.ts'
import { walkArchive } from './read-archive.ts'
import { readBack } from './read-back.ts'
import type { ReadBack } from './read-back.ts'
import type { Room } from './room.ts'

/** How much may wait in the page cache, so that the sync at the end is short. Bytes. */
const unsyncedAtMost = 32 * 1024 * 1024

/** No compressor makes less of a database than this part of it: if not even that fits, it is not begun. */
const smallestPart = 1 / 20

export interface WriteRequest {
  /** Without extension. */
  readonly path: string
  readonly source: TarSource
  /** Path of the zstd program; null compresses with gzip in this process. */
  readonly zstd: string | null
  readonly mode: number
  readonly room: Room
  /** Gives up at once: programs are ended, what is written so far stays for the caller to remove. */
  readonly signal: AbortSignal
  /** Bytes of tar that went in so far. */
  readonly onBytes: (done: number) => void
}

/**
 * Writes a tar source as one compressed file, hashed while it is written. What is on disk is read back and decompressed
 * as it grows, so that it is proven to be what went in; and that this was a whole tar is known from the one who made it,
 * or was seen as it passed. A maker that does not tell has its archive walked through from the disk. Synced at the end.
 *
 * Throws `no-space` or `backup-failed`; the half file is the caller's to remove.
 */
export async function writeArchive(
  request: WriteRequest,
): Promise<Omit<ArchiveForm, 'path'> & { readonly extension: string }> {
  const { room, source, zstd } = request
  const extension = zstd === null ? '.tar.gz' : '.tar.zst'
  const path = `${request.path}${extension}`
  try {
    await room.reserve(Math.ceil((source.expectedBytes ?? 0) * smallestPart))
    const file = await open(path, 'wx+', request.mode)
    try {
      await file.chmod(request.mode)
      return { form: 'archive', extension, ...(await fill(file, path, request)) }
    } finally {
      await file.close()
    }
  } catch (error) {
    const explained = await room.explain(error)
    throw explained instanceof Stop ? explained : backupFailed(path, explained)
  }
}

async function fill(
  file: FileHandle,
  path: string,
  request: WriteRequest,
): Promise<Pick<ArchiveForm, 'compression' | 'bytes' | 'sha256' | 'tar'>> {
  const { signal, source, zstd } = request
  signal.throwIfAborted()
  const scratch = `${path}.listing`
  const compressed = await compressTar({ source, zstd, scratch, onBytes: request.onBytes })
  const proof = readBack(zstd)
  const stop = async (): Promise<void> => {
    await Promise.all([compressed.stop(), proof.stop()])
  }
  const onAbort = (): void => void stop()
  signal.addEventListener('abort', onAbort)
  try {
    // It may have been given up while the programs were started.
    signal.throwIfAborted()
    const written = await writeProving(file, compressed, proof, request.room)
    await compressed.done
    const bytes = await proof.end()
    await file.sync()
    const { compression } = compressed
    const tar = compressed.counts() ?? (await walkArchive(path, compression, zstd, { signal })).tar
    refuseDifference(tar.bytes, bytes)
    signal.throwIfAborted()
    return { compression, ...written, tar }
  } catch (error) {
    await stop()
    throw error
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

async function writeProving(
  file: FileHandle,
  compressed: CompressedTar,
  proof: ReadBack,
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

function refuseDifference(went: number, came: number): void {
  if (went !== came) throw new Error(`${went} bytes of tar went in and ${came} came back`)
}

function backupFailed(path: string, error: unknown): Stop {
  const holding = path.slice(path.lastIndexOf('/') + 1).replace(/\.tar\.(zst|gz)$/, '')
  const why = error instanceof Error ? error.message : String(error)
  return new Stop(
    { reason: 'backup-failed', holding, why, how: 'mend what it names, then run the command again' },
    { cause: error },
  )
}
