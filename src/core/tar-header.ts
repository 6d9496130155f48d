/** A tar is a row of blocks of this many bytes. */
export const blockSize = 512

/** The fixed fields of an entry's header, before PAX and GNU extensions have their say. */
export interface Header {
  readonly path: string
  readonly flag: string
  readonly size: number
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly mtime: number
}

/** Reads a header block. Throws when its checksum is wrong. */
export function readHeader(block: Buffer): Header {
  let sum = 0
  for (let index = 0; index < blockSize; index++)
    sum += index >= 148 && index < 156 ? 32 : (block[index] ?? 0)
  if (sum !== numberAt(block, 148, 8)) throw new Error('the tar has a damaged header')
  const prefix = block.toString('latin1', 257, 263) === 'ustar\0' ? cString(block.subarray(345, 500)) : ''
  const name = cString(block.subarray(0, 100))
  return {
    path: prefix === '' ? name : `${prefix}/${name}`,
    flag: String.fromCharCode(block[156] ?? 0).replace('\0', '0'),
    size: numberAt(block, 124, 12),
    mode: numberAt(block, 100, 8),
    uid: numberAt(block, 108, 8),
    gid: numberAt(block, 116, 8),
    mtime: numberAt(block, 136, 12),
  }
}

/** The records of a PAX header, in order: `LENGTH KEY=VALUE\n`, where lengths count bytes. Values may be any bytes. */
export function paxRecords(bytes: Buffer): readonly (readonly [key: string, value: Buffer])[] {
  const records: (readonly [string, Buffer])[] = []
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at)
    const length = Number(bytes.toString('latin1', at, space))
    if (space < 0 || !Number.isInteger(length) || length <= space - at) break
    const record = bytes.subarray(space + 1, at + length - 1)
    const equals = record.indexOf(0x3d)
    if (equals > 0) records.push([record.toString('utf8', 0, equals), record.subarray(equals + 1)])
    at += length
  }
  return records
}

/** The body of a PAX header with these records. */
function writePax(records: readonly (readonly [key: string, value: Buffer])[]): Buffer {
  return Buffer.concat(
    records.flatMap(([key, value]) => {
      const rest = Buffer.byteLength(key) + value.length + 3
      let length = rest + String(rest).length
      if (rest + String(length).length !== length) length = rest + String(length).length
      return [Buffer.from(`${length} ${key}=`), value, Buffer.from('\n')]
    }),
  )
}

/** What stands before an entry whose names or numbers do not fit into its own header: a PAX header with these records. */
export function writeExtension(
  { mode, uid, gid, mtime }: Pick<Header, 'mode' | 'uid' | 'gid' | 'mtime'>,
  records: readonly (readonly [key: string, value: Buffer])[],
): Buffer {
  const body = writePax(records)
  return Buffer.concat([
    writeHeader({ path: 'PaxHeaders/entry', flag: 'x', size: body.length, mode, uid, gid, mtime }),
    body,
    Buffer.alloc(paddingOf(body.length)),
  ])
}

/** A header block for an entry of this type flag. */
export function writeHeader(entry: Omit<Header, 'flag'> & { readonly flag: string }): Buffer {
  const header = Buffer.alloc(blockSize)
  header.write(entry.path, 0, 100, 'utf8')
  writeNumber(header, entry.mode & 0o7777, 100, 8)
  writeNumber(header, entry.uid, 108, 8)
  writeNumber(header, entry.gid, 116, 8)
  writeNumber(header, Math.floor(entry.mtime), 136, 12)
  header.write(entry.flag, 156, 1, 'latin1')
  header.write('ustar\x0000', 257, 8, 'latin1')
  return resized(header, entry.size)
}

/** The same header for another length of content. */
export function resized(block: Buffer, size: number): Buffer {
  const header = Buffer.from(block)
  header.fill(0, 124, 136)
  writeNumber(header, size, 124, 12)
  header.write('        ', 148, 8, 'latin1')
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 8, 'latin1')
  return header
}

/** Bytes that fill up the last block of a content of this length. */
export function paddingOf(size: number): number {
  return (blockSize - (size % blockSize)) % blockSize
}

/** Octal text, or base 256 where the first bit says so. */
function numberAt(block: Buffer, start: number, length: number): number {
  const first = block[start] ?? 0
  if ((first & 0x80) === 0)
    return Number.parseInt(cString(block.subarray(start, start + length)).trim() || '0', 8)
  const negative = (first & 0x40) !== 0
  let value = 0n
  for (let index = start; index < start + length; index++) {
    const byte = block[index] ?? 0
    value = (value << 8n) | BigInt(index === start ? byte & 0x7f : byte)
  }
  const bits = BigInt(length * 8 - 1)
  return Number(negative ? value - (1n << bits) : value)
}

export function cString(bytes: Buffer): string {
  const end = bytes.indexOf(0)
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end)
}

/** Octal where it fits, else base 256 (large ids, times before 1970). */
function writeNumber(header: Buffer, value: number, start: number, length: number): void {
  const octal = value >= 0 ? value.toString(8) : null
  if (octal !== null && octal.length < length) {
    header.write(`${octal.padStart(length - 1, '0')}\0`, start, length, 'latin1')
    return
  }
  let rest = BigInt(value)
  for (let index = start + length - 1; index >= start; index--) {
    header[index] = Number(rest & 0xffn)
    rest >>= 8n
  }
  header[start] = (value < 0 ? 0xff : 0x80) | (header[start] ?? 0)
}
