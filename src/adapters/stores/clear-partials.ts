import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { LockOwner } from '../../model/ports.ts'
import { beginningEnding, partialEnding, readOwner } from './draft.ts'
import { syncFolder } from './durable.ts'
import { foldersIn } from './folders.ts'

/** A folder that ends so is being removed: what is left of it goes as well. */
export const removingEnding = '.removing'

/** A writer names itself in its new folder at once; a folder without a name that is older was left by a dead one. Milliseconds. */
const beginningTakes = 60_000

/** Removes what runs that are dead left half written or half removed in a project's folder. Names it for people. */
export async function clearPartials(
  folder: string,
  isAlive: (owner: LockOwner) => Promise<boolean>,
): Promise<readonly string[]> {
  const found = await findLeftovers(folder, isAlive)
  for (const { path } of found) await rm(path, { recursive: true, force: true })
  if (found.length > 0) await syncFolder(folder)
  return found.map(({ what }) => what)
}

/** What a run that is dead left in a project's folder. */
export interface Leftover {
  readonly path: string
  /** Of the restore point. */
  readonly id: string
  /** For people. */
  readonly what: string
}

export async function findLeftovers(
  folder: string,
  isAlive: (owner: LockOwner) => Promise<boolean>,
): Promise<readonly Leftover[]> {
  const found: Leftover[] = []
  for (const name of await foldersIn(folder)) {
    const path = join(folder, name)
    const what = await leftover(name, path, isAlive)
    if (what !== null) found.push({ path, id: name.replace(/\.(partial|removing)(-.*)?$/, ''), what })
  }
  return found
}

/** What a folder is a leftover of; null when it is none. */
async function leftover(
  name: string,
  path: string,
  isAlive: (owner: LockOwner) => Promise<boolean>,
): Promise<string | null> {
  if (name.endsWith(removingEnding))
    return `the half-removed restore point ${name.slice(0, -removingEnding.length)}`
  const partial = name.endsWith(partialEnding)
  if (!partial && !name.endsWith(beginningEnding)) return null
  const owner = await readOwner(path)
  if (owner !== null && (await isAlive(owner))) return null
  if (owner === null && !partial && (await ageOf(path)) < beginningTakes) return null
  return partial
    ? `the half-written restore point ${name.slice(0, -partialEnding.length)}`
    : `the restore point ${name.slice(0, name.indexOf(partialEnding))} that was not begun`
}

async function ageOf(path: string): Promise<number> {
  return Date.now() - (await stat(path)).mtimeMs
}
