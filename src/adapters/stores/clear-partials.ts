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
  const cleared: string[] = []
  for (const name of await foldersIn(folder)) {
    const path = join(folder, name)
    const what = await leftover(name, path, isAlive)
    if (what === null) continue
    await rm(path, { recursive: true, force: true })
    cleared.push(what)
  }
  if (cleared.length > 0) await syncFolder(folder)
  return cleared
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
