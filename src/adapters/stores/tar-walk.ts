import type { TarCounts } from '../../model/restore-point.ts'

/** Reads a tar as it passes by: feeds on chunks of any size, and tells at the end what was in it. */
export interface TarWalk {
  /** Throws `Error` with the place of the damage. */
  readonly take: (chunk: Uint8Array) => void
  /** Bytes up to and with the two blocks of zeros that end a tar; null as long as they have not passed. */
  readonly endedAt: () => number | null
  /** Throws `Error` if the tar did not end as a whole one does. */
  readonly end: () => TarCounts
}

/** What is told of one entry. */
export interface TarEntry {
  /** The type flag: `0` a file, `5` a directory, `1` a hard link, `2` a symbolic link, … */
  readonly type: string
  readonly name: string
  /** The target of a link; empty for everything else. */
  readonly link: string
  /** Bytes of a file when it is unpacked, holes included. */
  readonly size: number
}

const block = 512

/** Names and maps are gathered in memory; no honest one comes near. Bytes. */
const longestHeader = 16 * 1024 * 1024

/** What an extended header says of the entry after it. */
interface Extension {
  size?: number
  realSize?: number
  path?: string
  link?: string
}

/**
 * Walks headers (checksums, sizes beyond 8 GB, long names of GNU and POSIX, sparse files of both) and passes over
 * contents. A whole tar ends in two blocks of zeros and has nothing but zeros after them.
 */
export function walkTar(onEntry: (entry: TarEntry) => void = () => {}): TarWalk {
  const counts = { bytes: 0, entries: 0, files: 0, directories: 0, links: 0, others: 0, contentBytes: 0 }
  const header = Buffer.alloc(block)
  let filled = 0
  let toSkip = 0
  let zeros = 0
  let endedAt: number | null = null
  let moreSparseMap = false
  let gathered: {
    readonly type: string
    readonly parts: Buffer[]
    left: number
    readonly padding: number
  } | null = null
  let extension: Extension = {}

  const takeHeader = (): void => {
    const at = counts.bytes - block
    if (moreSparseMap) {
      moreSparseMap = header[504] !== 0
      return
    }
    if (isZero(header)) {
      zeros++
      if (zeros === 2) endedAt = counts.bytes
      return
    }
    if (zeros >= 2) throw new Error(`there is something after its end, at byte ${at}`)
    if (zeros === 1) throw new Error(`a block of zeros stands in the middle, at byte ${at}`)
    checkSum(header, at)
    const type = typeOf(header)
    const stored = readNumber(header.subarray(124, 136))
    if (type === 'x' || type === 'g' || type === 'L' || type === 'K') {
      if (stored > longestHeader) throw new Error(`an extended header is too long, at byte ${at}`)
      gathered = { type, parts: [], left: stored, padding: paddingOf(stored) }
      if (stored === 0) gathered = null
      return
    }
    takeEntry(type, extension.size ?? stored)
    extension = {}
  }

  const takeEntry = (type: string, stored: number): void => {
    toSkip = hasBody(type) ? stored + paddingOf(stored) : 0
    moreSparseMap = type === 'S' && header[482] !== 0
    const sparse = type === 'S' ? readNumber(header.subarray(483, 495)) : stored
    const size = isFile(type) ? (extension.realSize ?? sparse) : 0
    count(counts, type, size)
    const isLink = type === '1' || type === '2'
    onEntry({
      type,
      name: extension.path ?? nameIn(header),
      link: isLink ? (extension.link ?? untilZero(header.subarray(157, 257))) : '',
      size,
    })
  }

  /** Returns where the chunk goes on. */
  const gather = (into: NonNullable<typeof gathered>, chunk: Buffer, at: number): number => {
    const size = Math.min(into.left, chunk.length - at)
    into.parts.push(Buffer.from(chunk.subarray(at, at + size)))
    into.left -= size
    if (into.left === 0) {
      const body = Buffer.concat(into.parts)
      if (into.type === 'L') extension.path = untilZero(body)
      else if (into.type === 'K') extension.link = untilZero(body)
      else if (into.type === 'x') extension = { ...extension, ...extensionIn(body) }
      toSkip = into.padding
      gathered = null
    }
    return at + size
  }

  return {
    take: given => {
      const chunk = Buffer.from(given.buffer, given.byteOffset, given.byteLength)
      let at = 0
      while (at < chunk.length) {
        const before = at
        if (gathered !== null) {
          at = gather(gathered, chunk, at)
          counts.bytes += at - before
        } else if (toSkip > 0 && !moreSparseMap) {
          at = Math.min(at + toSkip, chunk.length)
          toSkip -= at - before
          counts.bytes += at - before
        } else {
          at = Math.min(at + block - filled, chunk.length)
          chunk.copy(header, filled, before, at)
          filled += at - before
          counts.bytes += at - before
          if (filled < block) continue
          filled = 0
          takeHeader()
        }
      }
    },
    endedAt: () => endedAt,
    end: () => {
      if (toSkip > 0 || filled > 0 || gathered !== null || moreSparseMap)
        throw new Error(`it is cut off at byte ${counts.bytes}`)
      if (zeros < 2) throw new Error(`its end is missing at byte ${counts.bytes}`)
      return { ...counts }
    },
  }
}

function typeOf(header: Buffer): string {
  const type = header[156] ?? 0
  if (type !== 0) return String.fromCharCode(type)
  // Before POSIX a directory was a file whose name ends in a slash.
  return nameIn(header).endsWith('/') ? '5' : '0'
}

function count(counts: { -readonly [Key in keyof TarCounts]: number }, type: string, size: number): void {
  counts.entries++
  if (type === '5') counts.directories++
  else if (type === '1' || type === '2') counts.links++
  else if (!isFile(type)) counts.others++
  else {
    counts.files++
    counts.contentBytes += size
  }
}

function isFile(type: string): boolean {
  return type === '0' || type === '7' || type === 'S'
}

/** Links, devices, directories and fifos have no content, whatever their size field says. */
function hasBody(type: string): boolean {
  return !['1', '2', '3', '4', '5', '6'].includes(type)
}

function paddingOf(size: number): number {
  return (block - (size % block)) % block
}

function isZero(header: Buffer): boolean {
  for (let at = 0; at < block; at += 8) if (header.readBigUInt64LE(at) !== 0n) return false
  return true
}

/** Some old tars added signed bytes: either sum will do. */
function checkSum(header: Buffer, at: number): void {
  let sum = 8 * 32
  let signed = sum
  for (let index = 0; index < block; index++) {
    if (index >= 148 && index < 156) continue
    const byte = header[index] ?? 0
    sum += byte
    signed += byte > 127 ? byte - 256 : byte
  }
  const stated = readNumber(header.subarray(148, 156))
  if (stated !== sum && stated !== signed) throw new Error(`a header at byte ${at} is damaged`)
}

/** Octal digits, or a big-endian number where the first bit is set. */
function readNumber(field: Buffer): number {
  const first = field[0] ?? 0
  if ((first & 0x80) === 0) {
    const digits = untilZero(field).trim()
    if (!/^[0-7]*$/.test(digits)) throw new Error('a number in a header is damaged')
    return digits === '' ? 0 : parseInt(digits, 8)
  }
  let value = first & 0x7f
  for (const byte of field.subarray(1)) value = value * 256 + byte
  if (!Number.isSafeInteger(value)) throw new Error('a number in a header is damaged')
  return value
}

function nameIn(header: Buffer): string {
  const name = untilZero(header.subarray(0, 100))
  const isPosix = header.toString('latin1', 257, 262) === 'ustar' && header[262] === 0
  const prefix = isPosix ? untilZero(header.subarray(345, 500)) : ''
  return prefix === '' ? name : `${prefix}/${name}`
}

function untilZero(field: Buffer): string {
  const end = field.indexOf(0)
  return field.toString('utf8', 0, end < 0 ? field.length : end)
}

/** The records of a POSIX extended header: `25 path=some/long/name\n`. */
function extensionIn(body: Buffer): Extension {
  const found: Extension = {}
  let at = 0
  while (at < body.length) {
    const space = body.indexOf(0x20, at)
    const length = space < 0 ? 0 : Number(body.toString('latin1', at, space))
    if (!Number.isInteger(length) || length <= space - at || at + length > body.length)
      throw new Error('an extended header is damaged')
    const record = body.toString('utf8', space + 1, at + length - 1)
    const equals = record.indexOf('=')
    set(found, record.slice(0, equals), record.slice(equals + 1))
    at += length
  }
  return found
}

function set(extension: Extension, key: string, value: string): void {
  switch (key) {
    case 'size':
      extension.size = wholeNumber(value)
      break
    case 'GNU.sparse.size':
    case 'GNU.sparse.realsize':
      extension.realSize = wholeNumber(value)
      break
    // The entry's own name is made up: `GNUSparseFile.123/name`.
    case 'GNU.sparse.name':
      extension.path = value
      break
    case 'path':
      extension.path ??= value
      break
    case 'linkpath':
      extension.link = value
      break
  }
}

function wholeNumber(value: string): number {
  const number = Number(value)
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(number))
    throw new Error('a number in an extended header is damaged')
  return number
}
