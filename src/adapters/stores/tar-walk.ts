import type { TarCounts } from '../../model/restore-point.ts'

/** Reads a tar as it passes by: feeds on chunks of any size, and tells at the end what was in it. */
export interface TarWalk {
  /** Throws `Error` with the place of the damage. */
  readonly take: (chunk: Uint8Array) => void
  /** Throws `Error` if the tar did not end as a whole one does. */
  readonly end: () => TarCounts
}

/** What one header says. */
export interface TarHeader {
  readonly type: string
  /** Bytes stored after the header, before padding. */
  readonly size: number
  readonly name: string
}

const block = 512

/**
 * Walks headers (checksums, sizes beyond 8 GB, extended headers, sparse maps) and passes over contents. A whole tar
 * ends in two blocks of zeros and has nothing but zeros after them.
 */
export function walkTar(onHeader: (header: TarHeader) => void = () => {}): TarWalk {
  const counts = { bytes: 0, entries: 0, files: 0, directories: 0, links: 0, others: 0, contentBytes: 0 }
  const header = Buffer.alloc(block)
  let filled = 0
  let toSkip = 0
  let zeros = 0
  let sparseFollows = false
  /** The body of an extended header while it is gathered; null while contents are passed over. */
  let extended: { readonly parts: Buffer[]; left: number; padding: number } | null = null
  let sizeToCome: number | null = null

  const takeHeader = (): void => {
    if (sparseFollows) {
      sparseFollows = header[504] !== 0
      return
    }
    if (isZero(header)) {
      zeros++
      return
    }
    if (zeros >= 2) throw new Error('there is something after its end')
    if (zeros === 1) throw new Error(`a block of zeros stands in the middle, at byte ${counts.bytes - block}`)
    checkSum(header, counts.bytes - block)
    const type = String.fromCharCode(header[156] ?? 0).replace('\0', '0')
    const size = sizeToCome ?? readNumber(header.subarray(124, 136))
    if (type === 'x' || type === 'g') {
      if (size > 1 << 20) throw new Error('an extended header is too long')
      extended = { parts: [], left: size, padding: paddingOf(size) }
      if (size === 0) extended = null
      return
    }
    toSkip = hasBody(type) ? size + paddingOf(size) : 0
    if (type === 'L' || type === 'K') return
    sizeToCome = null
    sparseFollows = type === 'S' && header[482] !== 0
    count(counts, type, size)
    onHeader({ type, size, name: readName(header) })
  }

  const takeExtended = (chunk: Buffer, at: number): number => {
    if (extended === null) return at
    const body = Math.min(extended.left, chunk.length - at)
    extended.parts.push(Buffer.from(chunk.subarray(at, at + body)))
    extended.left -= body
    if (extended.left === 0) {
      sizeToCome = sizeIn(Buffer.concat(extended.parts)) ?? sizeToCome
      toSkip = extended.padding
      extended = null
    }
    return at + body
  }

  return {
    take: given => {
      const chunk = Buffer.from(given.buffer, given.byteOffset, given.byteLength)
      let at = 0
      while (at < chunk.length) {
        if (extended !== null) {
          const next = takeExtended(chunk, at)
          counts.bytes += next - at
          at = next
          continue
        }
        if (toSkip > 0 && !sparseFollows) {
          const step = Math.min(toSkip, chunk.length - at)
          toSkip -= step
          counts.bytes += step
          at += step
          continue
        }
        const step = Math.min(block - filled, chunk.length - at)
        chunk.copy(header, filled, at, at + step)
        filled += step
        counts.bytes += step
        at += step
        if (filled === block) {
          filled = 0
          takeHeader()
        }
      }
    },
    end: () => {
      if (toSkip > 0 || filled > 0 || extended !== null)
        throw new Error(`it is cut off at byte ${counts.bytes}`)
      if (zeros < 2) throw new Error(`its end is missing at byte ${counts.bytes}`)
      return { ...counts }
    },
  }
}

function count(counts: { -readonly [Key in keyof TarCounts]: number }, type: string, size: number): void {
  counts.entries++
  if (type === '5') counts.directories++
  else if (type === '1' || type === '2') counts.links++
  else if (type === '3' || type === '4' || type === '6') counts.others++
  else {
    counts.files++
    counts.contentBytes += size
  }
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

function checkSum(header: Buffer, at: number): void {
  let sum = 8 * 32
  for (let index = 0; index < block; index++) if (index < 148 || index >= 156) sum += header[index] ?? 0
  if (sum !== readNumber(header.subarray(148, 156))) throw new Error(`a header at byte ${at} is damaged`)
}

/** Octal digits, or a big-endian number where the first bit is set. */
function readNumber(field: Buffer): number {
  if (((field[0] ?? 0) & 0x80) === 0) {
    const digits = field
      .toString('latin1')
      .replace(/[\0 ]+$/, '')
      .trim()
    if (!/^[0-7]*$/.test(digits)) throw new Error('a number in a header is damaged')
    return digits === '' ? 0 : parseInt(digits, 8)
  }
  let value = (field[0] ?? 0) & 0x7f
  for (const byte of field.subarray(1)) value = value * 256 + byte
  if (!Number.isSafeInteger(value)) throw new Error('a size in a header is damaged')
  return value
}

function readName(header: Buffer): string {
  const name = untilZero(header.subarray(0, 100))
  const prefix =
    header.toString('latin1', 257, 262) === 'ustar' && header[262] === 0
      ? untilZero(header.subarray(345, 500))
      : ''
  return prefix === '' ? name : `${prefix}/${name}`
}

function untilZero(field: Buffer): string {
  const end = field.indexOf(0)
  return field.toString('utf8', 0, end < 0 ? field.length : end)
}

/** The `size` record of an extended header; null when it has none. */
function sizeIn(body: Buffer): number | null {
  let at = 0
  while (at < body.length) {
    const space = body.indexOf(0x20, at)
    if (space < 0) return null
    const length = Number(body.toString('latin1', at, space))
    if (!Number.isInteger(length) || length <= 0) throw new Error('an extended header is damaged')
    const record = body.toString('utf8', space + 1, at + length - 1)
    if (record.startsWith('size=')) return Number(record.slice('size='.length))
    at += length
  }
  return null
}
