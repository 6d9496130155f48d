import { randomBytes } from 'node:crypto'
import { constants, createWriteStream } from 'node:fs'
import { access, lstat, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Stop } from '../../model/failure.ts'
import type { Output } from '../../model/ports.ts'
import { whyNotWritten } from './why-not-written.ts'

/** Standard output. A reader that has seen enough ends it. */
export function standardOutput(stdout: Writable, isTerminal: boolean): Output {
  return {
    isTerminal,
    write: async (stream, whole) => {
      whole.catch(() => {})
      await pipeline(stream, stdout, { end: false }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EPIPE') throw error
      })
      // To a reader that has left it does not matter.
      if (!stdout.errored) await whole
    },
  }
}

/** A file of the user's, only for its owner, which appears when it is whole. Throws `not-possible` where one is there already. */
export async function newFile(path: string): Promise<Output> {
  await refuseThere(path)
  await access(dirname(path), constants.W_OK | constants.X_OK).catch((error: unknown) => {
    throw notWritten(path, whyNotWritten(error), 'name a file in a folder where this user may write')
  })
  return { isTerminal: false, write: (stream, whole) => writeNew(path, stream, whole) }
}

async function writeNew(path: string, stream: Readable, whole: Promise<unknown>): Promise<void> {
  whole.catch(() => {}) // The stream's own error may be handled first.
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`)
  const file = createWriteStream(temporary, { flags: 'wx', mode: 0o600, flush: true })
  let refusal: unknown = null
  file.once('error', error => {
    refusal = error
  })
  try {
    await pipeline(stream, file)
    await whole
    await refuseThere(path)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    if (error !== refusal) throw error
    throw notWritten(
      path,
      whyNotWritten(error),
      'name a file where there is room, and where this user may write',
    )
  }
}

async function refuseThere(path: string): Promise<void> {
  const isThere = await lstat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false
      throw notWritten(path, whyNotWritten(error), 'name another file')
    },
  )
  if (isThere) throw notWritten(path, 'it is there already', 'name a file that is not there')
}

function notWritten(path: string, why: string, how: string): Stop {
  return new Stop({ reason: 'not-possible', what: `${path} cannot be written: ${why}`, how })
}
