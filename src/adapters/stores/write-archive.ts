import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import type { Readable } from 'node:stream'
import { Stop } from '../../model/failure.ts'
import type { TarSource } from '../../model/ports.ts'
import type { ArchiveForm } from '../../model/restore-point.ts'
import { startChild } from './child.ts'
import type { Child } from './child.ts'
import { gzipMembers } from './gzip-members.ts'
import { readArchive } from './read-archive.ts'
import type { Room } from './room.ts'

/** Every core, at the level that keeps up with the disk. */
const zstdArgs = ['-q', '-T0', '-1'] as const

export interface WriteRequest {
  /** Without extension. */
  readonly path: string
  readonly source: TarSource
  /** Path of the zstd program; null compresses with gzip in this process. */
  readonly zstd: string | null
  readonly mode: number
  readonly room: Room
  readonly onBytes: (done: number) => void
}

/**
 * Writes a tar source as one compressed file, hashed while it is written and synced, then reads the file back to its
 * end. Throws `no-space` or `backup-failed`; the half file is the caller's to remove.
 */
export async function writeArchive(
  request: WriteRequest,
): Promise<Omit<ArchiveForm, 'path'> & { readonly extension: string }> {
  const compression = request.zstd === null ? 'gzip' : 'zstd'
  const extension = compression === 'zstd' ? '.tar.zst' : '.tar.gz'
  const path = `${request.path}${extension}`
  const written = await failing(path, () => write(request, path))
  const read = await failing(path, () => readArchive(path, compression, request.zstd))
  if (read.sha256 !== written.sha256 || read.bytes !== written.bytes)
    throw backupFailed(path, 'what was read back is not what was written: the disk is not to be trusted')
  if (written.tarBytes !== null && written.tarBytes !== read.tar.bytes)
    throw backupFailed(path, `${written.tarBytes} bytes of tar went in and ${read.tar.bytes} came back`)
  return { form: 'archive', compression, bytes: read.bytes, sha256: read.sha256, tar: read.tar, extension }
}

interface Written {
  readonly bytes: number
  readonly sha256: string
  /** Null where the tar did not pass through this process. */
  readonly tarBytes: number | null
}

async function write(request: WriteRequest, path: string): Promise<Written> {
  const file = await open(path, 'wx', request.mode)
  try {
    const producer = await produce(request)
    try {
      const written = await writeHashed(file, producer.compressed, request, producer.countsTar)
      await producer.done
      await file.sync()
      return { ...written, tarBytes: producer.countsTar ? producer.tarBytes() : null }
    } catch (error) {
      producer.stop()
      // The child's own words say more than the broken pipe that they left behind.
      const told = await producer.done.then(
        () => error,
        (reason: unknown) => (error instanceof Stop ? error : reason),
      )
      throw told
    }
  } finally {
    await file.close()
  }
}

interface Producer {
  readonly compressed: AsyncIterable<Uint8Array>
  /** Rejects unless every part of the chain ended well. */
  readonly done: Promise<unknown>
  readonly countsTar: boolean
  readonly tarBytes: () => number
  readonly stop: () => void
}

async function produce(request: WriteRequest): Promise<Producer> {
  const { source, zstd } = request
  if (zstd !== null && source.command !== null) return tarCompressingItself(source.command, zstd)
  const { stream, done, stop } = await openTar(source)
  let bytes = 0
  const counted = countBytes(stream, size => {
    bytes += size
    request.onBytes(bytes)
  })
  const shared = { countsTar: true, tarBytes: () => bytes }
  if (zstd === null) return { ...shared, compressed: gzipMembers(counted), done, stop }
  const child = startChild(zstd, [...zstdArgs, '-c'], ['pipe', 'pipe'])
  const { stdin, stdout } = pipesOf(child)
  const whole = Promise.all([done, pipeline(counted, stdin), child.done])
  whole.catch(() => {})
  return {
    ...shared,
    compressed: stdout,
    done: whole,
    stop: () => {
      stop()
      child.kill()
    },
  }
}

/** The host's tar runs the compressor itself: its bytes never pass through this process. */
function tarCompressingItself(command: NonNullable<TarSource['command']>, zstd: string): Producer {
  const compressor = [zstd, ...zstdArgs].join(' ')
  const child = startChild(
    command.program,
    ['--use-compress-program', compressor, ...command.args],
    ['ignore', 'pipe'],
  )
  return {
    compressed: pipesOf(child).stdout,
    done: child.done,
    countsTar: false,
    tarBytes: () => 0,
    stop: child.kill,
  }
}

async function openTar(
  source: TarSource,
): Promise<{ readonly stream: Readable; readonly done: Promise<void>; readonly stop: () => void }> {
  const { stream, done } = await source.open()
  done.catch(() => {})
  return { stream, done, stop: () => stream.destroy() }
}

function pipesOf(child: Child): {
  readonly stdin: NonNullable<Child['process']['stdin']>
  readonly stdout: NonNullable<Child['process']['stdout']>
} {
  const { stdin, stdout } = child.process
  return { stdin: stdin as NonNullable<typeof stdin>, stdout: stdout as NonNullable<typeof stdout> }
}

async function* countBytes(
  stream: AsyncIterable<Uint8Array>,
  onChunk: (size: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) {
    onChunk(chunk.length)
    yield chunk
  }
}

async function writeHashed(
  file: FileHandle,
  compressed: AsyncIterable<Uint8Array>,
  request: WriteRequest,
  countsTar: boolean,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of compressed) {
    hash.update(chunk)
    await file.write(chunk)
    bytes += chunk.length
    await request.room.wrote(chunk.length)
    if (!countsTar) request.onBytes(bytes)
  }
  return { bytes, sha256: hash.digest('hex') }
}

async function failing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Stop && error.failure.reason !== 'archive-damaged') throw error
    if (isNoSpace(error))
      throw new Stop(
        { reason: 'no-space', path, free: 0, needed: null, holding: null, written: 0 },
        { cause: error },
      )
    const why =
      error instanceof Stop && error.failure.reason === 'archive-damaged'
        ? error.failure.why
        : error instanceof Error
          ? error.message
          : String(error)
    throw backupFailed(path, why, error)
  }
}

function isNoSpace(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code
  return code === 'ENOSPC' || code === 'EDQUOT'
}

function backupFailed(path: string, why: string, cause?: unknown): Stop {
  const holding = path.slice(path.lastIndexOf('/') + 1).replace(/\.tar\.(zst|gz)$/, '')
  return new Stop(
    { reason: 'backup-failed', holding, why, how: 'mend what it names, then run the command again' },
    { cause },
  )
}
