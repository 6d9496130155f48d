import { chmod, chown, lchown, link, lutimes, mkdir, open, symlink, utimes } from 'node:fs/promises'
import { plainPath, contentOf, nextEntry, tarBytes } from '../../core/tar-entries.ts'
import type { Entry, TarBytes } from '../../core/tar-entries.ts'
import { tarWithoutHoles } from './plain-tar.ts'
import { paddingOf } from '../../core/tar-header.ts'

/**
 * Unpacks a tar into an empty folder of this machine, for machines without GNU tar. Owners are set where this process
 * may (`elevated`). Throws for what only GNU tar can make: pipes and devices.
 */
export async function unpackInto(
  folder: string,
  tar: AsyncIterable<Buffer>,
  elevated: boolean,
): Promise<void> {
  const source = tarBytes(tarWithoutHoles(tar))
  /** What is written into a directory changes its time, and its mode may forbid it: both are set at the end. */
  const directories: { readonly place: Buffer; readonly entry: Entry }[] = []
  for (;;) {
    const entry = await nextEntry(source)
    if (!('block' in entry)) break
    const place = placeOf(folder, entry.path)
    if (entry.header.flag === '5') {
      await mkdir(place, { recursive: true })
      directories.push({ place, entry })
    } else await makeEntry(folder, place, entry, source, elevated)
    if (entry.header.flag !== '0' && entry.header.flag !== '7') {
      const content = contentOf(entry)
      await source.passOver(content + paddingOf(content))
    }
  }
  for await (const _ of source.rest());
  for (const { place, entry } of directories.toReversed()) await dress(place, entry, elevated)
}

async function makeEntry(
  folder: string,
  place: Buffer,
  entry: Entry,
  source: TarBytes,
  elevated: boolean,
): Promise<void> {
  switch (entry.header.flag) {
    case '0':
    case '7':
      await writeFile(place, entry.stored, source)
      await dress(place, entry, elevated)
      return
    case '1':
      await link(placeOf(folder, entry.link), place)
      return
    case '2':
      await symlink(entry.link, place)
      if (elevated) await lchown(place, idOf(entry, 'uid'), idOf(entry, 'gid'))
      await lutimes(place, timeOf(entry), timeOf(entry))
      return
    default:
      throw new Error(`${place.toString()} is no plain file: only GNU tar can make it`)
  }
}

async function writeFile(place: Buffer, size: number, source: TarBytes): Promise<void> {
  const file = await open(place, 'wx', 0o600)
  try {
    for await (const piece of source.pass(size)) await file.writeFile(piece)
  } finally {
    await file.close()
  }
  await source.passOver(paddingOf(size))
}

/** Owner before mode: giving a file away takes its setuid bit. */
async function dress(place: Buffer, entry: Entry, elevated: boolean): Promise<void> {
  if (elevated) await chown(place, idOf(entry, 'uid'), idOf(entry, 'gid'))
  await chmod(place, entry.header.mode & 0o7777)
  await utimes(place, timeOf(entry), timeOf(entry))
}

function idOf({ records, header }: Entry, key: 'uid' | 'gid'): number {
  return Number(recordOf(records, key) ?? header[key])
}

function timeOf({ records, header }: Entry): number {
  return Number(recordOf(records, 'mtime') ?? header.mtime)
}

function recordOf(records: Entry['records'], key: string): string | undefined {
  return records.find(record => record[0] === key)?.[1].toString('latin1')
}

/** Only below the folder. Bytes: names need not be text. */
function placeOf(folder: string, path: Buffer): Buffer {
  const plain = plainPath(path)
  if (plain.split('/').includes('..')) throw new Error('the tar has a name that leads out of it')
  return Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(plain, 'latin1')])
}
