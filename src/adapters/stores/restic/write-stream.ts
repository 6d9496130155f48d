import { createHash, randomBytes } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { isEcho } from '../child.ts'
import { quiet } from '../compressed-stream.ts'
import { openStream } from './read-stream.ts'
import { exits } from './failures.ts'
import type { ResticFailure } from './failures.ts'
import { GaveUp } from './patience.ts'
import { waitForLock, waitsForLock } from './repository.ts'
import type { Repository } from './repository.ts'
import type { ResticProcess } from './process.ts'

export interface StreamRequest {
  readonly repository: Repository
  /** Its name in the snapshot. */
  readonly path: string
  /** Host and tags. */
  readonly labels: readonly string[]
  /**
   * Called when restic is ready to take it. `done` settles when the stream's maker has ended; it rejects unless that ended
   * well.
   */
  readonly open: () => Promise<{ readonly stream: Readable; readonly done: Promise<unknown> }>
  /** Sees every piece as it passes; what it throws ends everything. */
  readonly take: (chunk: Uint8Array) => void
  /** Called when everything has passed; what it throws ends everything as well. */
  readonly end: () => void
  /** A folder of our own, for a moment. */
  readonly scratch: string
  readonly signal: AbortSignal
}

/** What restic made of a stream. */
export interface Streamed {
  readonly snapshot: string
  readonly bytes: number
  readonly sha256: string
  readonly added: number
}

/** What the command says when it has begun: then restic has its lock, and reads. */
const readyWord = 'ready for the stream'

/**
 * The command whose output restic keeps. It passes descriptor 3 on, and ends well only when a file says that the stream
 * was whole: restic makes no snapshot when the command fails. So none is made when our source fails, and none when we are
 * killed, whatever had come through by then.
 */
const passOn = ['sh', '-c', `echo ${readyWord} >&2; cat <&3 && test -e "$1"`, 'sh'] as const

/**
 * Puts a stream into a snapshot of its own. Where the repository lies on this machine it is read back at once; from
 * elsewhere that would cost as much as the whole volume each time, and restic has proven each block before it sent it.
 *
 * Throws what the stream's maker, `take`, `end` or restic say.
 */
export async function writeStream(request: StreamRequest): Promise<Streamed> {
  const { repository, signal } = request
  const whole = join(request.scratch, `whole-${randomBytes(6).toString('hex')}`)
  const restic = await startReading(request, whole)
  const stop = (): void => void restic.kill()
  signal.addEventListener('abort', stop)
  try {
    signal.throwIfAborted()
    const summary = quiet(readSummary(restic))
    const passed = await pass(request, restic)
    await writeFile(whole, '')
    inputOf(restic).end()
    const ending = await restic.waitFor(restic.ended)
    if (ending.code !== 0) throw repository.failureOf(ending)
    signal.throwIfAborted()
    const { processed, ...made } = await summary
    if (processed !== passed.bytes)
      throw new Error(`${passed.bytes} bytes went in, and restic took ${processed}`)
    if (repository.folder !== null) await readBack(request, made.snapshot, passed.sha256)
    return { ...made, ...passed }
  } catch (error) {
    await restic.kill()
    throw signal.aborted ? signal.reason : await reasonOf(error, restic, repository)
  } finally {
    signal.removeEventListener('abort', stop)
    await rm(whole, { force: true })
  }
}

/** Starts restic until it is ready for the stream. Locked out, it takes stale locks away and waits. */
async function startReading(
  { repository, path, labels, signal }: StreamRequest,
  whole: string,
): Promise<ResticProcess> {
  await repository.ready()
  const start = (more: readonly string[]): ResticProcess =>
    repository.start(
      ['backup', '--json', ...more, ...labels, ...fromCommand, `/${path}`, '--', ...passOn, whole],
      { hasInput: true },
    )
  const failureOf = async (restic: ResticProcess): Promise<ResticFailure | null> => {
    const stop = (): void => void restic.kill()
    signal.addEventListener('abort', stop)
    try {
      if (await restic.waitFor(restic.hears(readyWord))) return null
      return repository.failureOf(await restic.ended)
    } catch (error) {
      return repository.failureOf(await restic.ended, error)
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }
  for (let waits = 0; ; waits++) {
    signal.throwIfAborted()
    const restic = start(waits === 0 ? [] : waitForLock)
    const failure = await failureOf(restic)
    if (failure === null) return restic
    signal.throwIfAborted()
    if (failure.code !== exits.locked || waits === waitsForLock) throw failure
    await repository.unlock()
  }
}

const fromCommand = ['--stdin-from-command', '--stdin-filename'] as const

/** Gives restic all of the stream. Its maker has ended well when this settles. */
async function pass(
  { open, take, end, signal }: StreamRequest,
  restic: ResticProcess,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const { stream, done } = await open()
  done.catch(() => {})
  const hash = createHash('sha256')
  const input = inputOf(restic)
  let bytes = 0
  try {
    // Given up while it was opened.
    signal.throwIfAborted()
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      take(chunk)
      hash.update(chunk)
      bytes += chunk.length
      await restic.waitFor(written(input, chunk))
    }
    await done
    end()
  } finally {
    stream.destroy()
  }
  return { bytes, sha256: hash.digest('hex') }
}

/** Settles when the other side has taken it. */
function written(input: Writable, chunk: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    input.write(chunk, error => (error == null ? resolve() : reject(error)))
  })
}

function inputOf({ input }: ResticProcess): Writable {
  if (input === null) throw new Error('Internal error: a restic without an input')
  return input
}

interface Summary {
  readonly snapshot: string
  /** Bytes of the stream. */
  readonly processed: number
  readonly added: number
}

/** Of the last of restic's JSON lines. They are read all the while: a full pipe would hold restic up. */
async function readSummary({ output }: ResticProcess): Promise<Summary> {
  let last = ''
  for await (const line of createInterface({ input: output })) if (line !== '') last = line
  const summary = JSON.parse(last) as Record<string, unknown>
  return {
    snapshot: String(summary['snapshot_id']),
    processed: Number(summary['total_bytes_processed']),
    added: Number(summary['data_added_packed'] ?? summary['data_added'] ?? 0),
  }
}

async function readBack(
  { repository, path }: StreamRequest,
  snapshot: string,
  sha256: string,
): Promise<void> {
  const { tar, done } = await openStream(repository, { snapshot, path })
  for await (const chunk of tar) void chunk
  if ((await done).sha256 !== sha256)
    throw new Error('what was read back is not what was written: the disk is not to be trusted')
}

/** A stream that broke off only says that restic went away: why, it says itself. */
async function reasonOf(error: unknown, restic: ResticProcess, repository: Repository): Promise<unknown> {
  return error instanceof GaveUp || isEcho(error) ? repository.failureOf(await restic.ended, error) : error
}
