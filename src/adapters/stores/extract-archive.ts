import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { setTimeout } from 'node:timers/promises'
import { createHash } from 'node:crypto'
import { Stop } from '../../model/failure.ts'
import type { TarSink } from '../../model/ports.ts'
import type { TarCounts } from '../../model/restore-point.ts'
import { allWell, feed, isEcho, outputOf, startChild } from './child.ts'
import { damaged, openArchive } from './read-archive.ts'
import type { Compression, Frames, OpenArchive } from './read-archive.ts'
import type { Cipher } from './encryption.ts'
import { walkTar } from './tar-walk.ts'

export interface ExtractRequest {
  readonly path: string
  readonly compression: Compression
  /** How many zstd frames it may have: ours have one. */
  readonly frames?: Frames
  readonly zstd: string | null
  /** What opens a file that is encrypted; null or absent for one in the clear. */
  readonly decrypt?: Cipher | null
  readonly sink: TarSink
  /** What the file must hash to. */
  readonly sha256: string
  /** What is in it, for the way that does not see the tar. */
  readonly expected: TarCounts
  readonly onBytes: (done: number) => void
}

/**
 * Writes an archive's content into a sink. The file is hashed on its way, and a hash that differs is `archive-damaged`
 * at the end: whoever calls has checked it before and empties what was filled. What was written is the result.
 */
export async function extractArchive(request: ExtractRequest): Promise<TarCounts> {
  const { compression, zstd, sink, expected } = request
  if (compression === 'zstd' && zstd !== null && sink.command !== null)
    return byPrograms(request, zstd, sink.command, expected)
  return byStream(request)
}

/** The programs and the host's tar are joined directly: only the file itself passes through this process. */
async function byPrograms(
  request: ExtractRequest,
  zstd: string,
  command: NonNullable<TarSink['command']>,
  expected: TarCounts,
): Promise<TarCounts> {
  const { path } = request
  const size = await stat(path).then(
    found => found.size,
    error => {
      throw damaged(path, error)
    },
  )
  const cipher = request.decrypt?.() ?? null
  const decompressor = startChild(
    zstd,
    ['-d', '-q', '-c'],
    cipher === null ? 'pipe' : outputOf(cipher),
    'pipe',
  )
  const tar = startChild(command.program, [...tarArgs, ...command.args], outputOf(decompressor), 'ignore')
  const hash = createHash('sha256')
  let bytes = 0
  const file = createReadStream(path, { highWaterMark: 1 << 20 })
  const fed = cipher === null ? feed(file, decompressor) : allWell([feed(file, cipher), decompressor.done])
  // It flows already, and nothing has come yet: both are in this very turn.
  file.on('data', chunk => {
    hash.update(chunk)
    bytes += chunk.length
    request.onBytes(Math.floor((bytes / Math.max(size, bytes)) * expected.bytes))
  })
  const [decompressing, unpacking] = await Promise.allSettled([fed, tar.done])
  if (decompressing.status === 'rejected' && !isEcho(decompressing.reason))
    throw damaged(path, decompressing.reason)
  if (unpacking.status === 'rejected') throw failed(path, unpacking.reason)
  if (decompressing.status === 'rejected') throw failed(path, decompressing.reason)
  refuseOtherHash(request, hash.digest('hex'))
  return expected
}

/** For GNU tar: 64 KiB a read instead of 10. */
const tarArgs = ['--blocking-factor=128'] as const

async function byStream(request: ExtractRequest): Promise<TarCounts> {
  const archive = await openArchive(request.path, request.compression, request.zstd, {
    frames: request.frames ?? 'one',
    decrypt: request.decrypt ?? null,
  })
  return unpackArchive(request, archive)
}

/** Writes an archive that is open into a sink, as `extractArchive` does. `path` is its name for people. */
export async function unpackArchive(
  request: Pick<ExtractRequest, 'path' | 'sink' | 'onBytes'> & {
    /** Null where what is read is proven in another way. */
    readonly sha256: string | null
  },
  archive: OpenArchive,
): Promise<TarCounts> {
  const { path, sink } = request
  const walk = walkTar()
  const { stream, done } = await sink.open()
  done.catch(() => {})
  let bytes = 0
  let reading: { readonly error: unknown } | null = null
  let handedOver = false
  const passed = pipeline(
    archive.tar,
    async function* (source: AsyncIterable<Uint8Array>) {
      try {
        for await (const chunk of source) {
          const before = bytes
          walk.take(chunk)
          bytes += chunk.length
          request.onBytes(bytes)
          // GNU tar ends there: what only fills the last record up would meet a pipe that is closed.
          const left = (walk.endedAt() ?? bytes) - before
          if (left > 0) yield chunk.subarray(0, left)
        }
        handedOver = true
      } catch (error) {
        if (!isEcho(error)) reading = { error }
        throw error
      }
    },
    stream,
  )
  const passing = await settled(passed)
  // The side that failed first takes the other one down: what it said is the reason.
  const broken = reading as { readonly error: unknown } | null
  if (broken !== null) throw damaged(path, broken.error)
  // A sink that has taken everything may be gone before its stream is known to be closed.
  if (passing !== null && !handedOver) throw failed(path, (await wordsOf(done)) ?? passing)
  const ending = await settled(archive.done)
  if (ending !== null) throw damaged(path, ending)
  const writing = await settled(done)
  if (writing !== null) throw failed(path, writing)
  try {
    const { sha256 } = await archive.done
    refuseOtherHash(request, sha256)
    return walk.end()
  } catch (error) {
    throw damaged(path, error)
  }
}

/** Why it failed; null when it did not. */
async function settled(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => null,
    (error: unknown) => error,
  )
}

/** A moment for the sink to say why it closed. */
async function wordsOf(done: Promise<void>): Promise<unknown> {
  const silence = new AbortController()
  const told = await Promise.race([settled(done), setTimeout(500, null, { signal: silence.signal })])
  silence.abort()
  return told
}

function refuseOtherHash(
  request: { readonly path: string; readonly sha256: string | null },
  sha256: string,
): void {
  if (request.sha256 === null || request.sha256 === sha256) return
  throw new Stop({ reason: 'archive-damaged', path: request.path, why: 'its hash is not the recorded one' })
}

function failed(path: string, error: unknown): Stop {
  if (error instanceof Stop) return error
  const why = error instanceof Error ? error.message : String(error)
  return new Stop(
    {
      reason: 'restore-failed',
      holding: path.slice(path.lastIndexOf('/') + 1),
      why,
      how: 'mend what it names and run it again',
    },
    { cause: error },
  )
}
