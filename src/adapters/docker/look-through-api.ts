import type { IncomingMessage } from 'node:http'
import { Stop } from '../../model/failure.ts'
import type { DatabaseContents } from '../../model/holding.ts'
import { statInContainer } from './bind.ts'
import type { Look } from './contents.ts'
import { inParallel } from './in-parallel.ts'
import { isSqlite, recogniseDatabase, soundsLikeSqlite, sqlite, usualFolders } from './recognise.ts'
import type { FileLook } from './recognise.ts'
import type { Session } from './session.ts'
import { plainPath } from '../../core/tar-entries.ts'
import { scanTar } from './tar-scan.ts'

/** Nothing of it is left out. */
const nothing = (): boolean => false

/**
 * Looks into a directory of a container, which need not run, through the archive API: single files for the database,
 * then the tar of everything until the deadline (`performance.now()`). Null when nothing is there; throws `not-possible`
 * when the engine cannot look.
 */
export async function lookThroughApi(
  session: Session,
  container: string,
  path: string,
  deadline: number,
  /** Paths below it that do not belong to it, as `plainPath` has them. */
  isLeftOut: (path: string) => boolean = nothing,
): Promise<Look | null> {
  if ((await statInContainer(session, container, path)) === null) return null
  const [known, streamed] = await Promise.all([
    databaseIn(session, container, path),
    streamThrough(session, container, path, deadline, isLeftOut),
  ])
  return {
    empty: streamed.complete && !streamed.anyFile,
    bytes: streamed.complete ? streamed.bytes : null,
    lastWrite: streamed.newest === 0 ? null : new Date(streamed.newest * 1000).toISOString(),
    database: known ?? (streamed.sqlite ? sqlite : null),
    rootNames: streamed.complete ? [...streamed.rootNames] : null,
  }
}

/** Which databases lie in these directories of containers, by the files alone. */
export async function databasesAt(
  session: Session,
  places: readonly { readonly container: string; readonly path: string; readonly name: string }[],
): Promise<ReadonlyMap<string, DatabaseContents>> {
  const found = await inParallel(places, 4, async ({ container, path, name }) => {
    const database = await databaseIn(session, container, path).catch(noneIfGone)
    return database === null ? [] : [[name, database] as const]
  })
  return new Map(found.flat())
}

/** A container that is gone, or a file that is written this very moment, tells nothing. */
function noneIfGone(error: unknown): null {
  if (error instanceof Stop && error.failure.reason === 'not-possible') return null
  throw error
}

async function databaseIn(
  session: Session,
  container: string,
  root: string,
): Promise<DatabaseContents | null> {
  const exists = async (path: string): Promise<boolean> =>
    (await statInContainer(session, container, `${root}/${path}`)) !== null
  const look: FileLook = {
    exists,
    read: async (path, bytes) =>
      (await exists(path)) ? readHead(session, container, `${root}/${path}`, bytes) : null,
  }
  const there = await Promise.all(
    usualFolders.map(async folder => (folder === '' || (await exists(folder)) ? [folder] : [])),
  )
  return recogniseDatabase(look, there.flat())
}

/** One file comes as a tar of one entry. */
async function readHead(
  session: Session,
  container: string,
  path: string,
  bytes: number,
): Promise<Buffer | null> {
  const heads: Buffer[] = []
  await scanArchive(session, container, path, bytes, (entry, stop) => {
    if (entry.type === 'file') heads.push(entry.head)
    stop()
  })
  return heads[0] ?? null
}

interface Streamed {
  complete: boolean
  anyFile: boolean
  bytes: number
  /** Seconds since 1970; 0 for none. */
  newest: number
  sqlite: boolean
  readonly rootNames: Set<string>
}

async function streamThrough(
  session: Session,
  container: string,
  path: string,
  deadline: number,
  isLeftOut: (path: string) => boolean,
): Promise<Streamed> {
  const streamed: Streamed = {
    complete: false,
    anyFile: false,
    bytes: 0,
    newest: 0,
    sqlite: false,
    rootNames: new Set(),
  }
  streamed.complete = await scanArchive(
    session,
    container,
    `${path}/.`,
    16,
    (entry, stop) => {
      if (isLeftOut(plainPath(Buffer.from(entry.path)))) return
      const [first = '', ...below] = entry.path.replace(/^(\.?\/)+/, '').split('/')
      if (first !== '' && first !== '.') streamed.rootNames.add(first)
      if (entry.type !== 'directory') {
        streamed.anyFile = true
        streamed.newest = Math.max(streamed.newest, entry.mtime)
      }
      streamed.bytes += entry.size
      const isNear = below.length === 0 || (below.length === 1 && soundsLikeSqlite(below[0] ?? ''))
      if (isNear && isSqlite(entry.head)) streamed.sqlite = true
      if (performance.now() > deadline && streamed.anyFile) stop()
    },
    () => performance.now() > deadline && streamed.anyFile,
  )
  return streamed
}

/** Reads an archive until it ends or `stop` is called; true when it was read to its end. */
async function scanArchive(
  session: Session,
  container: string,
  path: string,
  headBytes: number,
  onEntry: (entry: Parameters<Parameters<typeof scanTar>[1]>[0], stop: () => void) => void,
  enough: () => boolean = () => false,
): Promise<boolean> {
  const response: IncomingMessage = await session.connection.open({
    path: `/containers/${container}/archive`,
    query: { path },
    doing: `look at ${path} in a container`,
  })
  let stopped = false
  const scanner = scanTar(headBytes, entry => onEntry(entry, () => (stopped = true)))
  try {
    for await (const chunk of response) {
      scanner.push(chunk as Buffer)
      if (stopped || enough()) return false
    }
    return response.complete && scanner.ended()
  } catch (error) {
    throw session.connection.lost(error)
  } finally {
    response.destroy()
  }
}
