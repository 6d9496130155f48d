import { createHash } from 'node:crypto'
import { lstat, mkdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import type { Writable } from 'node:stream'
import { Stop } from '../../model/failure.ts'
import type { TarSink, TarSource } from '../../model/ports.ts'
import { findGnuTar, readingArgs, startTar, writingArgs } from './host-tar.ts'
import { unpackInto } from './read-folder-tar.ts'
import type { Session } from './session.ts'
import { folderTar } from './write-folder-tar.ts'

type LocalSession = Pick<Session, 'variables' | 'elevated'>

/** Opens the way out of a directory of this machine: GNU tar where there is one. */
export async function openDirectorySource(session: LocalSession, path: string): Promise<TarSource> {
  const found = await lstat(path).catch(() => null)
  if (found?.isDirectory() !== true) throw noDirectory(path, found !== null)
  const tar = await findGnuTar(session.variables)
  return tar === null ? ownSource(path) : tarSource(session, tar, path)
}

/** GNU tar at a folder that this process may read. `release` follows when it has ended. */
export function tarSource(
  session: LocalSession,
  tar: string,
  folder: string,
  release: () => Promise<void> = async () => {},
): TarSource {
  const args = writingArgs(folder)
  const children = new Set<() => void>()
  return {
    kind: 'mountpoint',
    notes: ['sockets are left out: servers make them anew'],
    expectedBytes: null,
    command: { program: tar, args },
    directory: folder,
    open: async () => {
      const { child, done } = startTar(tar, args, session.variables)
      child.stdin?.end()
      children.add(() => child.kill())
      return { stream: child.stdout as Readable, done }
    },
    close: async () => {
      for (const kill of children) kill()
      await release()
    },
  }
}

function ownSource(path: string): TarSource {
  return {
    kind: 'mountpoint',
    notes: [
      'read without GNU tar: holes are filled, extended attributes and ACLs are left out',
      'sockets are left out',
    ],
    expectedBytes: null,
    command: null,
    open: async () => {
      const stream = Readable.from(folderTar(path), { objectMode: false })
      return { stream, done: endOf(stream) }
    },
    close: async () => {},
  }
}

function endOf(stream: Readable): Promise<void> {
  const done = new Promise<void>((resolve, reject) => {
    stream.once('end', resolve)
    stream.once('error', reject)
    stream.once('close', () => reject(new Error('it was not read to its end')))
  })
  done.catch(() => {}) // The stream's own error may be handled first.
  return done
}

/**
 * Opens the way into a directory of this machine. Everything is written into a new one beside it, which takes its
 * place when it is settled; what stood there goes then, and not before.
 */
export async function openDirectorySink(session: LocalSession, path: string): Promise<TarSink> {
  const { staging, aside } = besides(path)
  return doing(path, async () => {
    await mkdir(dirname(path), { recursive: true })
    await rm(staging, { recursive: true, force: true })
    await mkdir(staging, { mode: 0o700 })
    const tar = await findGnuTar(session.variables)
    const way = tar === null ? ownWayInto(session, staging) : tarInto(session, tar, staging)
    return {
      kind: 'mountpoint' as const,
      ...way,
      settle: () => doing(path, () => takePlace(path, staging, aside)),
      close: async () => {
        way.stop()
        await rm(staging, { recursive: true, force: true })
      },
    }
  })
}

/** How a tar gets into a folder, and how that is given up. */
type Way = Pick<TarSink, 'command' | 'open'> & { readonly stop: () => void }

/** GNU tar into a folder that this process may write. */
export function tarInto(session: LocalSession, tar: string, folder: string): Way {
  const args = readingArgs(folder, session.elevated)
  const children = new Set<() => void>()
  return {
    command: { program: tar, args },
    open: async () => {
      const { child, done } = startTar(tar, args, session.variables)
      child.stdout?.resume()
      children.add(() => child.kill())
      const stream = child.stdin as Writable
      stream.on('error', () => {}) // A closed pipe is told by tar's own end.
      return { stream, done }
    },
    stop: () => {
      for (const kill of children) kill()
    },
  }
}

function ownWayInto(session: LocalSession, folder: string): Way {
  const streams = new Set<Writable>()
  return {
    command: null,
    open: async () => {
      const stream = new PassThrough()
      streams.add(stream)
      const done = unpackInto(folder, stream, session.elevated)
      done.catch((error: Error) => stream.destroy(error))
      return { stream, done }
    },
    stop: () => {
      for (const stream of streams) stream.destroy()
    },
  }
}

/**
 * Two renames: for the blink of an eye nothing stands there, and both are beside it. An empty directory is replaced in
 * one.
 */
async function takePlace(path: string, staging: string, aside: string): Promise<void> {
  await rm(aside, { recursive: true, force: true })
  try {
    await rename(staging, path)
    return
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'ENOTDIR') throw error
  }
  await rename(path, aside)
  try {
    await rename(staging, path)
  } catch (error) {
    await rename(aside, path)
    throw error
  }
  await rm(aside, { recursive: true, force: true })
}

/** Names beside a directory that a later run finds again, and that fit wherever the directory's own does. */
function besides(path: string): { readonly staging: string; readonly aside: string } {
  const mark = createHash('sha256').update(basename(path)).digest('hex').slice(0, 8)
  const beside = (what: string): string => join(dirname(path), `.safe-compose-${mark}-${what}`)
  return { staging: beside('new'), aside: beside('old') }
}

async function doing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Stop) throw error
    throw new Stop(
      {
        reason: 'not-possible',
        what: `the directory ${path} cannot be put back: ${(error as Error).message}`,
        how: 'see to what it names, then run the command again',
      },
      { cause: error },
    )
  }
}

function noDirectory(path: string, exists: boolean): Stop {
  return new Stop({
    reason: 'not-possible',
    what: exists ? `${path} is no directory` : `the directory ${path} is gone`,
    how: exists ? 'move it away yourself, then run the command again' : 'run the command again',
  })
}
