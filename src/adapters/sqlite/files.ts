import { mkdtemp, readdir, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, addAbortSignal } from 'node:stream'
import { Stop } from '../../model/failure.ts'
import type { SqliteFiles, SqliteTaken, TarSink } from '../../model/ports.ts'
import { askHere } from './ask.ts'
import type { SqliteProgram } from './ask.ts'
import { copyOnline } from './copy-online.ts'
import { dumpFile } from './dump.ts'
import { lookInto, sumOf } from './look-into.ts'
import type { FileSight } from './look-into.ts'
import { siftDatabases } from './sift.ts'
import type { SiftedFile } from './sift.ts'

/** Who takes files out of a copy; `runs` tells whether a process of a number does. */
interface Taker {
  readonly pid: number
  readonly runs: (pid: number) => boolean
}

/** What reads SQLite on this machine; null where nothing does. */
interface Programs {
  readonly reader: SqliteProgram | null
  /** `sqlite3` itself. */
  readonly shell: SqliteProgram | null
}

export function openSqliteFiles({ reader, shell }: Programs, taker: Taker): SqliteFiles {
  return {
    copyOnline,
    look: reader === null ? null : (fill, signal) => look(reader, taker, fill, signal),
    take: shell === null ? null : (fill, signal) => take(shell, taker, fill, signal),
  }
}

/** What a run that was killed has taken out of a copy is somebody's data. */
async function clearLeftovers({ runs }: Taker): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = /^safe-compose-sqlite-(\d+)-[A-Za-z0-9]{6}$/.exec(name)?.[1]
    if (pid === undefined || runs(Number(pid))) continue
    // Another user's stays: it is not ours to remove.
    await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => {})
  }
}

async function look(
  program: SqliteProgram,
  taker: Taker,
  fill: (sink: TarSink) => Promise<unknown>,
  signal: AbortSignal,
): ReturnType<NonNullable<SqliteFiles['look']>> {
  const { folder, files, remove } = await takeOut(taker, fill, signal)
  try {
    const sights: (FileSight & { readonly name: string })[] = []
    for (const file of files) {
      const sight = await lookInto(askHere(program, signal), file.place)
      // To take its log in it grows: that it finds no room here says nothing against it.
      if (sight.trouble?.includes('disk is full') === true) throw await noRoom(folder)
      sights.push({ name: textOf(file.path), ...sight })
    }
    return sumOf(sights)
  } finally {
    await remove()
  }
}

async function take(
  shell: SqliteProgram,
  taker: Taker,
  fill: (sink: TarSink) => Promise<unknown>,
  signal: AbortSignal,
): Promise<SqliteTaken> {
  const { folder, files, remove } = await takeOut(taker, fill, signal)
  const places = new Map(files.map(({ path, place }) => [textOf(path), place]))
  const given = new AbortController()
  const dumping: Promise<unknown>[] = []
  return {
    names: [...places.keys()],
    dump: name => {
      const place = places.get(name)
      if (place === undefined) throw new Error(`no database ${name} was taken`)
      const dump = dumpFile(shell, { place, name }, given.signal).catch(async (error: unknown) => {
        // A program that cannot write its output to the end may not say so.
        const full = await noRoom(folder)
        throw full.failure.reason === 'no-space' && full.failure.free < 1_000_000 ? full : error
      })
      dumping.push(dump)
      return dump
    },
    remove: async () => {
      given.abort()
      await Promise.allSettled(dumping)
      await remove()
    },
  }
}

/** The databases of a tar in a folder of their own. */
async function takeOut(
  taker: Taker,
  fill: (sink: TarSink) => Promise<unknown>,
  signal: AbortSignal,
): Promise<{
  readonly folder: string
  readonly files: readonly SiftedFile[]
  readonly remove: () => Promise<void>
}> {
  await clearLeftovers(taker)
  const folder = await mkdtemp(join(tmpdir(), `safe-compose-sqlite-${taker.pid}-`))
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true })
  try {
    return { folder, files: await sifted(folder, fill, signal), remove }
  } catch (error) {
    await remove()
    throw error
  }
}

async function sifted(
  folder: string,
  fill: (sink: TarSink) => Promise<unknown>,
  signal: AbortSignal,
): Promise<readonly SiftedFile[]> {
  const stream = addAbortSignal(signal, new PassThrough())
  const sifting = siftDatabases(stream, folder).catch(async (error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOSPC' ? await noRoom(folder) : error
    stream.destroy(why)
    throw why
  })
  sifting.catch(() => {}) // The stream's own error may be handled first.
  const done = sifting.then(() => {})
  done.catch(() => {})
  try {
    await fill({
      kind: 'api',
      command: null,
      open: async () => ({ stream, done }),
      close: async () => void stream.destroy(),
    })
    return await sifting
  } finally {
    stream.destroy()
    await sifting.catch(() => {})
  }
}

/** That there is no room to look says nothing against what is looked at. */
async function noRoom(folder: string): Promise<Stop> {
  const { bavail, bsize } = await statfs(folder)
  return new Stop({
    reason: 'no-space',
    path: folder,
    free: bavail * bsize,
    needed: null,
    holding: null,
    written: 0,
  })
}

function textOf(path: string): string {
  return Buffer.from(path, 'latin1').toString('utf8')
}
