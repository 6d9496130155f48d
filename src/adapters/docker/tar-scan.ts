import { blockSize, cString, paddingOf, paxRecords, readHeader } from '../../core/tar-header.ts'
import type { Header } from '../../core/tar-header.ts'

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
    const padded = header.size + paddingOf(header.size)
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
    const rest = entry.type === 'file' || header.flag === 'S' ? stored + paddingOf(stored) : 0
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

function readPax(bytes: Buffer): Readonly<Record<string, string>> {
  return Object.fromEntries(paxRecords(bytes).map(([key, value]) => [key, value.toString('utf8')]))
}
