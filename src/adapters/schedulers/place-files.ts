import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Stop } from '../../model/failure.ts'
import type { PlacedText } from '../../model/ports.ts'

/**
 * Writes files, readable for everybody, then lets `activate` make them count. If either fails everything is as it was.
 * Gives what is different now, a line each. Throws `not-possible`.
 */
export async function placeFiles(
  texts: readonly PlacedText[],
  activate: () => Promise<void>,
): Promise<readonly string[]> {
  const before = await Promise.all(texts.map(({ place }) => textAt(place)))
  const changed = texts.filter(({ text }, index) => before[index] !== text)
  try {
    for (const { place, text } of changed) await replace(place, text)
    await activate()
  } catch (error) {
    for (const [index, { place }] of texts.entries())
      await putBack(place, before[index] ?? null).catch(() => {})
    throw error instanceof Stop ? error : notWritable(error)
  }
  return changed.map(
    ({ place }) =>
      `${before[texts.findIndex(each => each.place === place)] === null ? 'wrote' : 'changed'} ${place}`,
  )
}

/** Removes files; gives those that were there, a line each. Throws `not-possible`. */
export async function removeFiles(places: readonly string[]): Promise<readonly string[]> {
  const removed: string[] = []
  for (const place of places) {
    if ((await textAt(place)) === null) continue
    try {
      await rm(place)
    } catch (error) {
      throw notWritable(error)
    }
    removed.push(`removed ${place}`)
  }
  return removed
}

/** Null where there is no such file. Throws `not-possible`. */
export async function textAt(place: string): Promise<string | null> {
  try {
    return await readFile(place, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw new Stop({
      reason: 'not-possible',
      what: `${place} cannot be read: ${message}`,
      how: 'make it readable',
    })
  }
}

async function putBack(place: string, text: string | null): Promise<void> {
  await (text === null ? rm(place, { force: true }) : replace(place, text))
}

async function replace(place: string, text: string): Promise<void> {
  await mkdir(dirname(place), { recursive: true })
  const temporary = `${place}.${randomBytes(6).toString('hex')}.tmp`
  try {
    await writeFile(temporary, text, { flag: 'wx', mode: 0o644, flush: true })
    await rename(temporary, place)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

function notWritable(error: unknown): Stop {
  return new Stop(
    {
      reason: 'not-possible',
      what: `the schedule cannot be placed: ${error instanceof Error ? error.message : String(error)}`,
      how: 'make the folder writable, or print what belongs there: safe-compose schedule install --print',
    },
    { cause: error },
  )
}
