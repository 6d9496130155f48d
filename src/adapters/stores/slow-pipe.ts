import { constants } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { startChild } from './child.ts'

/** A pipe from a child for what comes in many small writes and is in no hurry. */
export interface SlowPipe {
  /** For the child. To be closed here once the child has it. */
  readonly input: FileHandle
  /** What was written, until no child has the input any more. */
  readonly read: () => AsyncGenerator<Buffer>
}

/** What a pipe holds. */
const capacity = 1 << 16

/** How long the writer goes on by itself: to be woken for each of its small writes would cost more than they are worth. */
const rest = 10

/**
 * Opens a pipe, which has a name for a moment: Node by itself gives a child a socket and looks at it at once, whatever
 * comes. Null where it cannot be had.
 *
 * @param name a path that nobody has
 */
export async function openSlowPipe(name: string): Promise<SlowPipe | null> {
  try {
    await startChild('mkfifo', ['-m', '600', name], 'ignore', 'ignore').done
    const output = await open(name, constants.O_RDONLY | constants.O_NONBLOCK)
    const input = await open(name, constants.O_WRONLY).catch(async error => {
      await output.close()
      throw error
    })
    return { input, read: () => readSlowly(output) }
  } catch {
    return null
  } finally {
    await rm(name, { force: true })
  }
}

async function* readSlowly(output: FileHandle): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafe(capacity)
  try {
    for (;;) {
      const size = await readSome(output, buffer)
      if (size === 0) return
      if (size !== null) yield buffer.subarray(0, size)
      if (size !== capacity) await setTimeout(rest)
    }
  } finally {
    await output.close()
  }
}

/** Null when nothing has come yet. */
async function readSome(output: FileHandle, buffer: Buffer): Promise<number | null> {
  try {
    return (await output.read(buffer, 0, buffer.length, null)).bytesRead
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return null
    throw error
  }
}
