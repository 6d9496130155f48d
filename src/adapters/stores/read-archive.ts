import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { Transform, pipeline as connect } from 'node:stream'
import type { Readable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import * as zlib from 'node:zlib'
import { Stop } from '../../model/failure.ts'
import type { TarCounts } from '../../model/restore-point.ts'
import { allWell, feed, isEcho, outputOf, startChild } from './child.ts'
import type { Cipher } from './encryption.ts'
import { walkTar } from './tar-walk.ts'

export type Compression = 'zstd' | 'gzip' | 'none'

export type Frames = 'one' | 'many'

export interface ReadOptions {
  /** What opens a file that is encrypted; null or absent for one in the clear. */
  readonly decrypt?: Cipher | null
  /** Bytes of the file so far. */
  readonly onBytes?: (done: number) => void
}

/** What was seen of an archive while it was read to its end. */
export interface ReadResult {
  readonly bytes: number
  readonly sha256: string
  readonly tar: TarCounts
}

/** A decompressed tar, and the proof at its end. */
export interface OpenArchive {
  readonly tar: Readable
  /** Settles after the tar was read to its end: of the compressed file. Rejects when it is damaged. */
  readonly done: Promise<{ readonly bytes: number; readonly sha256: string }>
}

/**
 * Reads an archive to its end and counts what is in it. Throws `archive-damaged`.
 *
 * @param zstd path of the program, null where there is none
 */
export async function readArchive(
  path: string,
  compression: Compression,
  zstd: string | null,
  options: ReadOptions = {},
): Promise<ReadResult> {
  try {
    return await walkArchive(path, compression, zstd, options)
  } catch (error) {
    throw damaged(path, error)
  }
}

/** The same for an archive that is not finished yet: the failure is its writer's to name. */
export async function walkArchive(
  path: string,
  compression: Compression,
  zstd: string | null,
  options: ReadOptions & { readonly signal?: AbortSignal },
): Promise<ReadResult> {
  return walkOpened(await openArchive(path, compression, zstd, options), options.signal)
}

/** Reads an archive that is open to its end, and counts what is in it. */
export async function walkOpened(archive: OpenArchive, signal?: AbortSignal): Promise<ReadResult> {
  const walk = walkTar()
  try {
    for await (const chunk of archive.tar) {
      signal?.throwIfAborted()
      walk.take(chunk as Uint8Array)
    }
  } catch (error) {
    throw await firstCause(archive, error)
  }
  const { bytes, sha256 } = await archive.done
  return { bytes, sha256, tar: walk.end() }
}

/** A program that decrypts and fails makes the one that decompresses fail: the first of them tells why. */
async function firstCause({ done }: OpenArchive, error: unknown): Promise<unknown> {
  return done.then(
    () => error,
    (reason: unknown) => (isEcho(reason) ? error : reason),
  )
}

/** Length and hash of a file, without looking inside. Throws `archive-damaged` when it cannot be read. */
export async function hashFile(
  path: string,
  onBytes: (done: number) => void = () => {},
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  try {
    const hash = createHash('sha256')
    let bytes = 0
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
      hash.update(chunk as Uint8Array)
      bytes += (chunk as Uint8Array).length
      onBytes(bytes)
    }
    return { bytes, sha256: hash.digest('hex') }
  } catch (error) {
    throw damaged(path, error)
  }
}

/** Opens an archive for reading; every byte of the file is hashed on the way. */
export async function openArchive(
  path: string,
  compression: Compression,
  zstd: string | null,
  options: ReadOptions & {
    /** How many zstd frames it may have: ours have one. */
    readonly frames?: Frames
  } = {},
): Promise<OpenArchive> {
  const { frames = 'one', decrypt = null, onBytes = () => {} } = options
  const hash = createHash('sha256')
  let bytes = 0
  const hashed = new Transform({
    transform(chunk: Uint8Array, _, next) {
      hash.update(chunk)
      bytes += chunk.length
      onBytes(bytes)
      next(null, chunk)
    },
  })
  const file = createReadStream(path, { highWaterMark: 1 << 20 })
  const opened = decrypted(
    connect(file, hashed, () => {}),
    decrypt,
  )
  const { tar, ended } = await decompress(compression, frames, zstd)(opened.plain)
  const done = allWell([opened.ended, ended, finished(tar, { writable: false })]).then(() => ({
    bytes,
    sha256: hash.digest('hex'),
  }))
  done.catch(() => {})
  return { tar, done }
}

function decrypted(
  input: Readable,
  decrypt: Cipher | null,
): { readonly plain: Readable; readonly ended: Promise<unknown> } {
  if (decrypt === null) return { plain: input, ended: Promise.resolve() }
  const cipher = decrypt()
  const ended = feed(input, cipher)
  ended.catch(() => {})
  return { plain: outputOf(cipher), ended }
}

type Decompressor = (input: Readable) => Promise<{ readonly tar: Readable; readonly ended: Promise<unknown> }>

function decompress(compression: Compression, frames: Frames, zstd: string | null): Decompressor {
  switch (compression) {
    case 'none':
      return async input => ({ tar: input, ended: Promise.resolve() })
    case 'gzip':
      return async input => {
        const gunzip = zlib.createGunzip({ chunkSize: 1 << 20 })
        return { tar: gunzip, ended: pipeline(input, gunzip) }
      }
    case 'zstd':
      return zstd === null
        ? input => decompressWithoutProgram(frames, input)
        : input => decompressByProgram(zstd, input)
  }
}

async function decompressByProgram(zstd: string, input: Readable): ReturnType<Decompressor> {
  const child = startChild(zstd, ['-d', '-q', '-c'], 'pipe', 'pipe')
  const tar = outputOf(child)
  const ended = feed(input, child)
  ended.catch(error => tar.destroy(error as Error))
  return { tar, ended }
}

/**
 * Node's own where it has it, else in JavaScript. Node 22 and 24 stop without a word after the first of several frames:
 * what others made is read in JavaScript there too.
 */
async function decompressWithoutProgram(frames: Frames, input: Readable): ReturnType<Decompressor> {
  const { createZstdDecompress } = zlib as { createZstdDecompress?: (options: object) => Transform }
  const decoder =
    createZstdDecompress === undefined || frames === 'many'
      ? await zstdInJavaScript()
      : createZstdDecompress({ chunkSize: 1 << 20 })
  return { tar: decoder, ended: pipeline(input, decoder) }
}

async function zstdInJavaScript(): Promise<Transform> {
  const { Decompress } = await import('fzstd')
  const decoder = new Transform({
    transform(chunk: Uint8Array, _, next) {
      try {
        reader.push(chunk)
        next()
      } catch (error) {
        next(error as Error)
      }
    },
    flush(next) {
      try {
        reader.push(new Uint8Array(0), true)
        next()
      } catch (error) {
        next(error as Error)
      }
    },
  })
  const reader = new Decompress(data => void decoder.push(Buffer.from(data)))
  return decoder
}

export function damaged(path: string, error: unknown): Stop {
  if (error instanceof Stop) return error
  const why = error instanceof Error ? error.message : String(error)
  return new Stop({ reason: 'archive-damaged', path, why }, { cause: error })
}
