import { constants, createReadStream, fstatSync, openSync, statSync } from 'node:fs'
import type { Stats } from 'node:fs'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { Socket } from 'node:net'
import { resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { isatty, ReadStream as TerminalStream } from 'node:tty'
import { globalList } from '../../core/invocation.ts'
import type { Invocation } from '../../model/invocation.ts'
import { collect } from './own-process.ts'
import type { Variables } from './own-process.ts'

/** What can be read but once (`-f -`, `--env-file <(…)`, a fifo), as it was read, for each who asks for it. */
export interface OneShotInputs {
  readonly descriptors: ReadonlyMap<number, Uint8Array>
  /** By absolute path. */
  readonly fifos: ReadonlyMap<string, Uint8Array>
}

/**
 * Reads every one-shot input among the files of an invocation to its end. These are Compose files and env files,
 * which Compose itself holds in memory. What cannot be read is left for Compose to complain of.
 */
export async function readOneShotInputs(
  invocation: Invocation,
  variables: Variables,
  directory: string,
): Promise<OneShotInputs> {
  const descriptors = new Map<number, Uint8Array>()
  const fifos = new Map<string, Uint8Array>()
  for (const path of pathsOf(invocation, variables)) {
    const fd = descriptorOf(path)
    const fifo = resolve(directory, path)
    if (fd !== null) {
      if (!descriptors.has(fd) && isOneShot(fd, path)) descriptors.set(fd, await collect(openStream(fd)))
    } else if (!fifos.has(fifo) && isFifo(fifo)) {
      fifos.set(fifo, await readToClose(openFifo(fifo)))
    }
  }
  return { descriptors, fifos }
}

/** As long as our end is open, what is written into the fifo again would come to us instead of Compose. */
async function readToClose(stream: Readable): Promise<Uint8Array> {
  const closed = new Promise<void>(done => void stream.once('close', () => done()))
  const bytes = await collect(stream)
  stream.destroy()
  await closed
  return bytes
}

/** The files that Compose reads before it does anything: those typed, else those of the environment. */
function pathsOf(invocation: Invocation, variables: Variables): readonly string[] {
  const files = globalList(invocation, 'file')
  const envFiles = globalList(invocation, 'env-file')
  const separator = variables['COMPOSE_PATH_SEPARATOR'] || ':'
  return [
    ...(files.length > 0 ? files : split(variables['COMPOSE_FILE'], separator)),
    ...(envFiles.length > 0 ? envFiles : split(variables['COMPOSE_ENV_FILES'], ',')),
  ]
}

function split(text: string | undefined, separator: string): readonly string[] {
  return (text ?? '').split(separator).filter(part => part !== '')
}

function descriptorOf(path: string): number | null {
  if (path === '-' || path === '/dev/stdin') return 0
  const numbered = /^\/(?:dev|proc\/self)\/fd\/(\d+)$/.exec(path)
  return numbered === null ? null : Number(numbered[1])
}

/** A file that is opened by its descriptor's name begins anew each time; read as standard input it does not. */
function isOneShot(fd: number, path: string): boolean {
  const found = statusOf(fd)
  return found !== null && (path === '-' || !found.isFile())
}

function statusOf(fd: number): Stats | null {
  try {
    return fstatSync(fd)
  } catch {
    // Not open: Compose says so.
    return null
  }
}

/**
 * Pipes are opened again under another number: it may be closed without a trace, and does not block, so that a signal
 * can end us while we wait. A socket has only the one.
 */
function openStream(fd: number): Readable {
  const found = fstatSync(fd)
  if (found.isSocket()) return readable(fd)
  if (found.isFIFO()) return openFifo(`/dev/fd/${fd}`)
  return isatty(fd)
    ? new TerminalStream(openSync(`/dev/fd/${fd}`, 'r'))
    : createReadStream('', { fd, autoClose: false })
}

function openFifo(path: string): Readable {
  return readable(openSync(path, constants.O_RDONLY | constants.O_NONBLOCK))
}

function readable(fd: number): Readable {
  return new Socket({ fd, readable: true, writable: false })
}

function isFifo(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFIFO() ?? false
}

/**
 * Writes what was read from a fifo into it again as soon as somebody opens it, until `isOver` says that nobody will.
 * Opened without blocking, which fails while there is no reader.
 */
export async function refillFifo(path: string, bytes: Uint8Array, isOver: () => boolean): Promise<void> {
  const fifo = await openForReader(path, isOver)
  if (fifo === null) return
  try {
    for (let from = 0; from < bytes.length && !isOver();) {
      const written = await writeSome(fifo, bytes.subarray(from))
      from += written
      if (written === 0) await sleep(pause)
    }
  } finally {
    await fifo.close()
  }
}

/** Milliseconds between two looks. */
const pause = 5

async function openForReader(path: string, isOver: () => boolean): Promise<FileHandle | null> {
  while (!isOver()) {
    try {
      return await open(path, constants.O_WRONLY | constants.O_NONBLOCK)
    } catch (error) {
      if (codeOf(error) !== 'ENXIO') throw error
    }
    await sleep(pause)
  }
  return null
}

/** How many bytes found room; 0 while the pipe is full. All of them when the reader has gone: it wants no more. */
async function writeSome(fifo: FileHandle, bytes: Uint8Array): Promise<number> {
  try {
    return (await fifo.write(bytes)).bytesWritten
  } catch (error) {
    if (codeOf(error) === 'EAGAIN') return 0
    if (codeOf(error) === 'EPIPE') return bytes.length
    throw error
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
