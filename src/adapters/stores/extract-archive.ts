import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createHash } from 'node:crypto'
import { Stop } from '../../model/failure.ts'
import type { TarSink } from '../../model/ports.ts'
import type { TarCounts } from '../../model/restore-point.ts'
import { startChild } from './child.ts'
import { damaged, openArchive } from './read-archive.ts'
import type { Compression } from './read-archive.ts'
import { walkTar } from './tar-walk.ts'

export interface ExtractRequest {
  readonly path: string
  readonly compression: Compression
  readonly zstd: string | null
  readonly sink: TarSink
  /** What the archive must hash to; null where it is not known. */
  readonly sha256: string | null
  /** What is known to be in it, for the way that does not see the tar; null where it is not known. */
  readonly expected: TarCounts | null
  readonly onBytes: (done: number) => void
}

/**
 * Writes an archive's content into a sink. The file is hashed on its way, and a hash that differs is `archive-damaged`
 * at the end: whoever calls has checked it before and empties what was filled. What was written is the result.
 */
export async function extractArchive(request: ExtractRequest): Promise<TarCounts> {
  const { compression, zstd, sink, expected } = request
  if (compression === 'zstd' && zstd !== null && sink.command !== null && expected !== null)
    return byTarAlone(request, zstd, sink.command, expected)
  return byStream(request)
}

/** The host's tar decompresses by itself; only the compressed file passes through this process. */
async function byTarAlone(
  request: ExtractRequest,
  zstd: string,
  command: NonNullable<TarSink['command']>,
  expected: TarCounts,
): Promise<TarCounts> {
  const child = startChild(
    command.program,
    ['--use-compress-program', zstd, ...command.args],
    ['pipe', 'ignore'],
  )
  const hash = createHash('sha256')
  let bytes = 0
  const fed = pipeline(
    createReadStream(request.path, { highWaterMark: 1 << 20 }),
    async function* (source: AsyncIterable<Uint8Array>) {
      for await (const chunk of source) {
        hash.update(chunk)
        bytes += chunk.length
        request.onBytes(bytes)
        yield chunk
      }
    },
    child.process.stdin as NodeJS.WritableStream,
  )
  const [ending, feeding] = await Promise.allSettled([child.done, fed])
  if (ending.status === 'rejected') throw failed(request.path, ending.reason)
  if (feeding.status === 'rejected') throw damaged(request.path, feeding.reason)
  refuseOtherHash(request, hash.digest('hex'))
  return expected
}

async function byStream(request: ExtractRequest): Promise<TarCounts> {
  const { path, sink } = request
  const archive = await openArchive(path, request.compression, request.zstd)
  const walk = walkTar()
  const { stream, done } = await sink.open()
  done.catch(() => {})
  let bytes = 0
  const passed = pipeline(
    archive.tar,
    async function* (source: AsyncIterable<Uint8Array>) {
      for await (const chunk of source) {
        walk.take(chunk)
        bytes += chunk.length
        request.onBytes(bytes)
        yield chunk
      }
    },
    stream,
  )
  const [passing, writing] = await Promise.allSettled([passed, passed.then(() => done)])
  if (passing.status === 'rejected') {
    const told = await Promise.race([
      done.then(
        () => null,
        (error: unknown) => error,
      ),
      soon(),
    ])
    throw told === null ? damaged(path, passing.reason) : failed(path, told)
  }
  if (writing.status === 'rejected') throw failed(path, writing.reason)
  try {
    const { sha256 } = await archive.done
    refuseOtherHash(request, sha256)
    return walk.end()
  } catch (error) {
    throw damaged(path, error)
  }
}

/** A moment for the other end to say why it closed. */
function soon(): Promise<null> {
  return new Promise(resolve => setTimeout(() => resolve(null), 500))
}

function refuseOtherHash(request: ExtractRequest, sha256: string): void {
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
