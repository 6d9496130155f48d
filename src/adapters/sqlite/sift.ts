import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { contentOf, nextEntry, plainPath, tarBytes } from '../../core/tar-entries.ts'
import { paddingOf } from '../../core/tar-header.ts'

/** A database of a tar, and where it was written. */
export interface SiftedFile {
  /** In the tar; a character for each byte. */
  readonly path: string
  readonly place: string
}

/** What a database is opened with: what it has not taken in yet, and what it would roll back. */
const companions = ['-wal', '-shm', '-journal'] as const

const magic = 'SQLite format 3\0'

/**
 * Writes the SQLite databases of a tar into a folder, under numbers, each with what belongs to it. Everything else passes
 * by; holes must be filled.
 */
export async function siftDatabases(
  tar: AsyncIterable<Buffer>,
  folder: string,
): Promise<readonly SiftedFile[]> {
  const source = tarBytes(tar)
  const databases: SiftedFile[] = []
  /** What may belong to a database that is still to come, by that one's path. */
  const places = new Map<string, string>()
  const placeOf = (path: string): string => {
    const place = places.get(path) ?? join(folder, String(places.size))
    places.set(path, place)
    return place
  }
  for (;;) {
    const entry = await nextEntry(source)
    if (!('block' in entry)) break
    const size = contentOf(entry)
    const path = plainPath(entry.path)
    const ending = companions.find(each => path.endsWith(each))
    const head = size >= magic.length ? await source.take(magic.length) : null
    const isDatabase = head?.toString('latin1') === magic
    if (isDatabase) databases.push({ path, place: placeOf(path) })
    const place = isDatabase
      ? placeOf(path)
      : ending === undefined
        ? null
        : placeOf(path.slice(0, -ending.length)) + ending
    const left = size - (head?.length ?? 0)
    if (place === null) await source.passOver(left)
    else await write(place, head, source.pass(left))
    await source.passOver(paddingOf(size))
  }
  for await (const _ of source.rest());
  return databases
}

async function write(place: string, head: Buffer | null, content: AsyncIterable<Buffer>): Promise<void> {
  const file: FileHandle = await open(place, 'wx', 0o600)
  try {
    if (head !== null) await file.writeFile(head)
    for await (const piece of content) await file.writeFile(piece)
  } finally {
    await file.close()
  }
}
