/** One entry of a tar, as its headers tell. */
export interface TarEntry {
  /** As written: `./base/1/2619`. */
  readonly path: string
  readonly type: 'file' | 'directory' | 'link' | 'symlink' | 'other'
  /** Content bytes of a file; of a sparse one its full length. */
  readonly size: number
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Seconds since 1970. */
  readonly mtime: number
  /** The first bytes of a file's content, at most as many as were asked for. */
  readonly head: Buffer
}

/** Takes a tar piece by piece. */
export interface TarScanner {
  readonly push: (chunk: Buffer) => void
  /** True after the two blocks of zeros that end a tar. */
  readonly ended: () => boolean
}

/**
 * Reads the headers of a tar (ustar, PAX, GNU) as it streams by and tells each entry once the first `headBytes` of its
 * content are there. Memory: one header and what PAX says about it. Throws on bytes that are no tar.
 */
export function scanTar(headBytes: number, onEntry: (entry: TarEntry) => void): TarScanner {
  const block = Buffer.alloc(blockSize)
  let filled = 0
  let zeroBlocks = 0
  let skip = 0
  let wanted: { readonly bytes: Buffer; got: number; readonly use: (bytes: Buffer) => void } | null = null
  let records: Readonly<Record<string, string>> = {}
  let longName: string | null = null

  const takeHeader = (): void => {
    if (block.every(byte => byte === 0)) {
      zeroBlocks++
      return
    }
    const header = readHeader(block)
    const padded = Math.ceil(header.size / blockSize) * blockSize
    switch (header.flag) {
      case 'x':
      case 'K':
      case 'L':
        if (header.size > 1 << 24) throw new Error('the tar has a header of impossible length')
        gather(header.size, padded, bytes => {
          if (header.flag === 'x') records = readPax(bytes)
          else if (header.flag === 'L') longName = cString(bytes)
        })
        return
      case 'g':
        skip = padded
        return
      default:
    }
    const stored = Number(records['size'] ?? header.size)
    const entry = describe(header, stored, records, longName)
    records = {}
    longName = null
    const rest = entry.type === 'file' || header.flag === 'S' ? Math.ceil(stored / blockSize) * blockSize : 0
    const head = entry.type === 'file' ? Math.min(headBytes, stored) : 0
    gather(head, rest, bytes => onEntry({ ...entry, head: bytes }))
  }
  const gather = (bytes: number, padded: number, use: (bytes: Buffer) => void): void => {
    skip = padded - bytes
    if (bytes === 0) use(Buffer.alloc(0))
    else wanted = { bytes: Buffer.alloc(bytes), got: 0, use }
  }
  const push = (chunk: Buffer): void => {
    let at = 0
    while (at < chunk.length) {
      if (wanted !== null) {
        const { bytes, use } = wanted
        const copied = chunk.copy(bytes, wanted.got, at)
        wanted.got += copied
        at += copied
        if (wanted.got === bytes.length) {
          wanted = null
          use(bytes)
        }
      } else if (skip > 0) {
        const step = Math.min(skip, chunk.length - at)
        skip -= step
        at += step
      } else {
        const copied = chunk.copy(block, filled, at, at + blockSize - filled)
        filled += copied
        at += copied
        if (filled === blockSize) {
          filled = 0
          if (zeroBlocks < 2) takeHeader()
        }
      }
    }
  }
  return { push, ended: () => zeroBlocks >= 2 }
}

/** A tar of one entry without content: a directory with its owner, mode and time. */
export function directoryTar(entry: Pick<TarEntry, 'mode' | 'uid' | 'gid' | 'mtime'>, path: string): Buffer {
  return writeTar([{ ...entry, path, flag: '5', content: Buffer.alloc(0) }])
}

/** A tar of small files. */
export function filesTar(files: Readonly<Record<string, string>>): Buffer {
  return writeTar(
    Object.entries(files).map(([path, text]) => ({
      path,
      flag: '0',
      mode: 0o600,
      uid: 0,
      gid: 0,
      mtime: 0,
      content: Buffer.from(text),
    })),
  )
}

/** A tar of nothing. */
export const emptyTar: Buffer = Buffer.alloc(1024)

const blockSize = 512

interface Header {
  readonly path: string
  readonly flag: string
  readonly size: number
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly mtime: number
}

function readHeader(block: Buffer): Header {
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

/** PAX records speak louder than the header's own fields. */
function describe(
  header: Header,
  stored: number,
  pax: Readonly<Record<string, string>>,
  longName: string | null,
): Omit<TarEntry, 'head'> {
  const type = typeOf(header.flag)
  return {
    path: pax['GNU.sparse.name'] ?? pax['path'] ?? longName ?? header.path,
    type,
    size: type === 'file' ? Number(pax['GNU.sparse.realsize'] ?? pax['GNU.sparse.size'] ?? stored) : 0,
    mode: header.mode,
    uid: Number(pax['uid'] ?? header.uid),
    gid: Number(pax['gid'] ?? header.gid),
    mtime: Number(pax['mtime'] ?? header.mtime),
  }
}

function typeOf(flag: string): TarEntry['type'] {
  switch (flag) {
    case '0':
    case '7':
      return 'file'
    case '1':
      return 'link'
    case '2':
      return 'symlink'
    case '5':
      return 'directory'
    default:
      return 'other'
  }
}

/** Records of the form `LENGTH KEY=VALUE\n`; lengths count bytes. */
function readPax(bytes: Buffer): Readonly<Record<string, string>> {
  const records: Record<string, string> = {}
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at)
    const length = Number(bytes.toString('latin1', at, space))
    if (space < 0 || !Number.isInteger(length) || length <= space - at) break
    const record = bytes.subarray(space + 1, at + length - 1)
    const equals = record.indexOf(0x3d)
    if (equals > 0) records[record.toString('utf8', 0, equals)] = record.toString('utf8', equals + 1)
    at += length
  }
  return records
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

function cString(bytes: Buffer): string {
  const end = bytes.indexOf(0)
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end)
}

function writeTar(entries: readonly (Omit<Header, 'size'> & { readonly content: Buffer })[]): Buffer {
  const parts = entries.flatMap(entry => {
    const header = Buffer.alloc(blockSize)
    header.write(entry.path, 0, 100, 'utf8')
    writeNumber(header, entry.mode & 0o7777, 100, 8)
    writeNumber(header, entry.uid, 108, 8)
    writeNumber(header, entry.gid, 116, 8)
    writeNumber(header, entry.content.length, 124, 12)
    writeNumber(header, Math.floor(entry.mtime), 136, 12)
    header.write('        ', 148, 8, 'latin1')
    header.write(entry.flag, 156, 1, 'latin1')
    header.write('ustar\x0000', 257, 8, 'latin1')
    const sum = header.reduce((total, byte) => total + byte, 0)
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 8, 'latin1')
    const padding = Buffer.alloc((blockSize - (entry.content.length % blockSize)) % blockSize)
    return [header, entry.content, padding]
  })
  return Buffer.concat([...parts, emptyTar])
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
