import { lchown, lstat, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { doors } from '../../model/doors.ts'
import type { Placed } from '../../model/doors.ts'
import { Stop } from '../../model/failure.ts'
import type { DoorRecord } from '../../model/ports.ts'
import { makeFolder, missingFolders, removeEmptyFolders } from './folders.ts'
import { leftovers, replaceWhole, temporaryName } from './replace-whole.ts'
import type { Writer } from './replace-whole.ts'

interface Kept {
  /** Folders that were made for the record itself, the outermost first. */
  readonly folders: readonly string[]
  readonly placed: readonly Placed[]
}

/**
 * @param file goes, with the folders that were made for it, when there is nothing left to be remembered. A run that is
 *   killed before it is there, or after it has gone, leaves it under a temporary name in front of those folders, so that
 *   the next run knows which they are.
 */
export function openDoorRecord(file: string, writer: Writer): DoorRecord {
  const read = (): Promise<Kept> => readKept(file)
  const write = async (kept: Kept): Promise<void> => {
    try {
      await clearLeftovers(file, writer)
      if (kept.placed.length === 0) await forgetAll(file, kept.folders, writer)
      else await replace(file, kept, writer)
    } catch (cause) {
      throw notRemembered(file, cause)
    }
  }
  return {
    all: async () => (await read()).placed,
    add: async placed => {
      const { folders, placed: before } = await read()
      await write({ folders, placed: [...others(before, placed.path), merged(before, placed)] })
    },
    done: async path => {
      const { folders, placed } = await read()
      const found = placed.find(each => each.path === path)
      if (found === undefined || found.earlier.length === 0) return
      const now = { folders, placed: [...others(placed, path), { ...found, earlier: [] }] }
      // It stands there already, and a text that is remembered for too long harms nobody.
      await write(now).catch(() => {})
    },
    forget: async path => {
      const { folders, placed } = await read()
      const found = placed.find(each => each.path === path)
      if (found === undefined) await clearLeftovers(file, writer)
      else await write({ folders, placed: withFoldersOf(found, others(placed, path)) })
    },
  }
}

function others(placed: readonly Placed[], path: string): readonly Placed[] {
  return placed.filter(each => each.path !== path)
}

/** Folders that were made the first time are still ours; and until it is done, what stood there may stand there. */
function merged(before: readonly Placed[], placed: Placed): Placed {
  const former = before.find(({ path }) => path === placed.path)
  if (former === undefined) return placed
  const texts = new Set([former.text, ...former.earlier, ...placed.earlier])
  texts.delete(placed.text)
  return { ...placed, folders: [...new Set([...former.folders, ...placed.folders])], earlier: [...texts] }
}

/** Folders that were made for one and hold another go with that one. */
function withFoldersOf(gone: Placed, placed: readonly Placed[]): readonly Placed[] {
  return placed.map(each => {
    const shared = gone.folders.filter(folder => each.path.startsWith(`${folder}/`))
    return { ...each, folders: [...new Set([...shared, ...each.folders])] }
  })
}

async function forgetAll(file: string, folders: readonly string[], writer: Writer): Promise<void> {
  const [outermost] = folders
  const aside = join(dirname(outermost ?? file), temporaryName('record', writer))
  await rename(file, aside).catch(() => rm(file, { force: true }))
  await removeEmptyFolders(folders)
  await rm(aside, { force: true })
}

async function replace(file: string, kept: Kept, writer: Writer): Promise<void> {
  const missing = await missingFolders(dirname(file))
  const text = `${JSON.stringify({ ...kept, folders: [...kept.folders, ...missing] }, null, 2)}\n`
  await replaceWhole(file, Buffer.from(text), {
    folder: dirname(missing[0] ?? file),
    kind: 'record',
    writer,
    beforeRename: async temporary => {
      await makeFolder(dirname(file), false)
      await giveToOwner([temporary, ...missing], dirname(missing[0] ?? file))
    },
  })
}

/** Under a sudo that keeps HOME root writes in the home of another, who could not even read it. */
async function giveToOwner(paths: readonly string[], folder: string): Promise<void> {
  const { uid, gid } = await stat(folder)
  // In a folder of theirs a link may come into the place of each: what it leads to is not given away.
  for (const path of paths) if ((await lstat(path)).uid !== uid) await lchown(path, uid, gid).catch(() => {})
}

/** Wherever on the way to the record they may lie. */
async function clearLeftovers(file: string, writer: Writer): Promise<void> {
  for (let at = dirname(file); ; at = dirname(at)) {
    for (const leftover of await leftovers(at, 'record', writer)) {
      const { folders } = await readKept(leftover).catch(() => nothing)
      // Anybody may write where they lie: no other folders are touched.
      await removeEmptyFolders(folders.filter(folder => file.startsWith(`${folder}/`)))
      await rm(leftover, { force: true })
    }
    if (dirname(at) === at) return
  }
}

// ---- Reading -----------------------------------------------------------------------------------------------------

const nothing: Kept = { folders: [], placed: [] }

async function readKept(file: string): Promise<Kept> {
  try {
    return keptFrom(JSON.parse(await readFile(file, 'utf8')))
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return nothing
    throw new Stop(
      {
        reason: 'not-possible',
        what: `what is installed is remembered in ${file}, which cannot be read: ${messageOf(cause)}`,
        how: `make it readable; or, if it is broken: safe-compose uninstall, then mv ${file} ${file}.broken; nothing was changed`,
      },
      { cause },
    )
  }
}

function keptFrom(value: unknown): Kept {
  const { folders, placed } = value as Partial<Record<keyof Kept, unknown>>
  if (!Array.isArray(placed)) throw new Error('it is no list of what was placed')
  return { folders: textsIn(folders), placed: placed.map(each => placedFrom(each as Partial<Placed>)) }
}

/** One that is not understood would be lost when the next one is added. */
function placedFrom({ door, name, path, text, folders, earlier }: Partial<Placed>): Placed {
  const known = doors.find(each => each === door)
  if (known === undefined || typeof name !== 'string' || typeof path !== 'string' || typeof text !== 'string')
    throw new Error('it names something that this version does not know')
  return { door: known, name, path, text, folders: textsIn(folders), earlier: textsIn(earlier) }
}

function textsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter(each => typeof each === 'string') : []
}

function notRemembered(file: string, cause: unknown): Stop {
  return new Stop(
    {
      reason: 'not-possible',
      what: `what is installed cannot be remembered in ${file}: ${messageOf(cause)}`,
      how: `make ${dirname(file)} writable, or set XDG_STATE_HOME; nothing was changed`,
    },
    { cause },
  )
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
