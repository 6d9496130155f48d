import { lstat, open, readdir, readlink } from 'node:fs/promises'
import type { BigIntStats } from 'node:fs'
import { paddingOf, writeExtension, writeHeader } from '../../core/tar-header.ts'
import { emptyTar } from './tar-write.ts'

/**
 * A folder of this machine as a tar, for machines without GNU tar: entries `./…`, the root first, sorted, numeric
 * owners, hard links, times to the nanosecond. Sockets are left out. Throws where something cannot be read, is a
 * device, or changes while it is read.
 */
export async function* folderTar(folder: string): AsyncGenerator<Buffer> {
  yield* entriesBelow(Buffer.from(folder), Buffer.from('.'), new Map())
  yield emptyTar
}

/** Where files with several names were written first, by device and inode. */
type Links = Map<string, Buffer>

async function* entriesBelow(folder: Buffer, path: Buffer, links: Links): AsyncGenerator<Buffer> {
  const place = join(folder, path)
  const stat = await lstat(place, { bigint: true })
  if (stat.isDirectory()) {
    yield headerOf(stat, '5', join(path, Buffer.alloc(0)))
    const names = await readdir(place, { encoding: 'buffer' })
    for (const name of names.toSorted((a, b) => Buffer.compare(a, b)))
      yield* entriesBelow(folder, join(path, name), links)
    return
  }
  const twin = stat.nlink > 1n ? links.get(`${stat.dev}:${stat.ino}`) : undefined
  if (twin !== undefined) yield headerOf(stat, '1', path, twin)
  else if (stat.isSymbolicLink())
    yield headerOf(stat, '2', path, await readlink(place, { encoding: 'buffer' }))
  else if (stat.isFIFO()) yield headerOf(stat, '6', path)
  else if (stat.isFile()) yield* fileEntry(place, path, stat)
  else if (!stat.isSocket()) throw new Error(`${place.toString()} is a device: only GNU tar can copy it`)
  if (stat.nlink > 1n) links.set(`${stat.dev}:${stat.ino}`, path)
}

async function* fileEntry(place: Buffer, path: Buffer, stat: BigIntStats): AsyncGenerator<Buffer> {
  yield headerOf(stat, '0', path)
  const file = await open(place, 'r')
  try {
    let left = Number(stat.size)
    while (left > 0) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(Math.min(left, 1 << 16)))
      if (bytesRead === 0) break
      left -= bytesRead
      yield buffer.subarray(0, bytesRead)
    }
    const now = await file.stat({ bigint: true })
    if (left > 0 || now.size !== stat.size || now.mtimeNs !== stat.mtimeNs)
      throw new Error(`${place.toString()} changed while it was read`)
  } finally {
    await file.close()
  }
  yield Buffer.alloc(paddingOf(Number(stat.size)))
}

function headerOf(stat: BigIntStats, flag: string, path: Buffer, link?: Buffer): Buffer {
  const fields = {
    mode: Number(stat.mode & 0o7777n),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    mtime: Number(stat.mtimeNs / 1_000_000_000n),
  }
  const records: readonly (readonly [string, Buffer])[] = [
    ['path', path],
    ['mtime', Buffer.from(secondsOf(stat.mtimeNs))],
    ...(link === undefined ? [] : [['linkpath', link] as const]),
  ]
  const size = flag === '0' ? Number(stat.size) : 0
  return Buffer.concat([
    writeExtension(fields, records),
    writeHeader({ ...fields, path: 'entry', flag, size }),
  ])
}

function secondsOf(nanoseconds: bigint): string {
  return `${nanoseconds / 1_000_000_000n}.${String(nanoseconds % 1_000_000_000n).padStart(9, '0')}`
}

function join(folder: Buffer, name: Buffer): Buffer {
  return Buffer.concat([folder, Buffer.from('/'), name])
}
