import { randomBytes } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { doors } from '../../model/doors.ts'
import type { Placed } from '../../model/doors.ts'
import { Stop } from '../../model/failure.ts'
import type { DoorRecord } from '../../model/ports.ts'
import { makeFolder, removeEmptyFolders } from './folders.ts'

interface Kept {
  /** Folders that were made for the record itself, the outermost first. */
  readonly folders: readonly string[]
  readonly placed: readonly Placed[]
}

/** @param file goes, with the folders that were made for it, when there is nothing left to be remembered */
export function openDoorRecord(file: string): DoorRecord {
  const read = async (): Promise<Kept> => {
    try {
      return keptFrom(JSON.parse(await readFile(file, 'utf8')))
    } catch {
      // Not there yet, or not to be read: what is placed is then known by its marks.
      return { folders: [], placed: [] }
    }
  }
  const write = async (kept: Kept): Promise<void> => {
    try {
      if (kept.placed.length === 0) await forgetAll(file, kept.folders)
      else await replace(file, kept)
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      const what = `what is installed cannot be remembered in ${file}: ${why}`
      throw new Stop(
        {
          reason: 'not-possible',
          what,
          how: `make ${dirname(file)} writable, or set XDG_STATE_HOME; nothing was changed`,
        },
        { cause },
      )
    }
  }
  return {
    all: async () => (await read()).placed,
    add: async placed => {
      const { folders, placed: before } = await read()
      const former = before.find(({ path }) => path === placed.path)
      // Folders that were made the first time are still ours.
      const merged = { ...placed, folders: [...new Set([...(former?.folders ?? []), ...placed.folders])] }
      await write({ folders, placed: [...before.filter(({ path }) => path !== placed.path), merged] })
    },
    forget: async path => {
      const { folders, placed } = await read()
      if (placed.some(each => each.path === path))
        await write({ folders, placed: placed.filter(each => each.path !== path) })
    },
  }
}

async function forgetAll(file: string, folders: readonly string[]): Promise<void> {
  await rm(file, { force: true })
  await removeEmptyFolders(folders)
}

async function replace(file: string, kept: Kept): Promise<void> {
  const made = await makeFolder(dirname(file))
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`
  const text = `${JSON.stringify({ ...kept, folders: [...kept.folders, ...made] }, null, 2)}\n`
  try {
    await writeFile(temporary, text, { flag: 'wx', mode: 0o600, flush: true })
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

function keptFrom(value: unknown): Kept {
  const { folders, placed } = value as Partial<Record<keyof Kept, unknown>>
  return {
    folders: textsIn(folders),
    placed: Array.isArray(placed) ? placed.flatMap(each => placedFrom(each as Partial<Placed>)) : [],
  }
}

function placedFrom({ door, name, path, text, folders }: Partial<Placed>): readonly Placed[] {
  const isKnown = doors.some(each => each === door)
  if (!isKnown || door === undefined || typeof name !== 'string') return []
  if (typeof path !== 'string' || typeof text !== 'string') return []
  return [{ door, name, path, text, folders: textsIn(folders) }]
}

function textsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter(each => typeof each === 'string') : []
}
