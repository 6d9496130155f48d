import { blockSize, paddingOf, paxRecords, readHeader, resized, writeHeader, writePax } from './tar-header.ts'
import type { Header } from './tar-header.ts'

/** What of a tar the engine does not take where it belongs. */
export interface LateEntries {
  /**
   * A tar to be unpacked at the top of the container afterwards: the root's own entry, which the engine passes over,
   * and relative links that lead out of the volume, which older engines refuse, with the directories they lie in.
   */
  readonly tar: () => Buffer
}

/**
 * The same tar as every engine takes it: the holes of sparse files (GNU's PAX format 1.0, which GNU tar writes) filled
 * with zeros, since engines read only short lists of holes; what must come later is left out and kept in `late`, with
 * paths below `place` (`safe-compose/volume`). Everything else passes as it is. Memory: one header, one list of holes,
 * and what comes later.
 */
export function plainTar(
  input: AsyncIterable<Buffer>,
  place: string,
): { readonly tar: AsyncIterable<Buffer>; readonly late: LateEntries } {
  const parts: Buffer[] = []
  return {
    tar: rewrite(
      openSource(input),
      lateCollector(place, part => void parts.push(part)),
    ),
    late: { tar: () => Buffer.concat([...parts, Buffer.alloc(2 * blockSize)]) },
  }
}

async function* rewrite(source: Source, takesLate: (entry: Entry) => boolean): AsyncGenerator<Buffer> {
  for (;;) {
    const entry = await nextEntry(source)
    if (!('block' in entry)) {
      yield entry.rest
      yield* source.rest()
      return
    }
    const { header, stored, raw } = entry
    if (isSparse(entry)) {
      yield* filled(source, entry)
      continue
    }
    const late = takesLate(entry)
    if (!late) yield raw
    const content = contentFlags.includes(header.flag) ? stored : 0
    yield* source.pass(content + paddingOf(content))
  }
}

interface Entry {
  /** All header blocks as they came. */
  readonly raw: Buffer
  /** The entry's own header block. */
  readonly block: Buffer
  readonly header: Header
  readonly records: ReturnType<typeof paxRecords>
  /** Bytes: names need not be text. */
  readonly path: Buffer
  readonly link: Buffer
  readonly stored: number
}

/** The next entry with all that belongs to its header, or what stands at the end. */
async function nextEntry(source: Source): Promise<Entry | { readonly rest: Buffer }> {
  const raw: Buffer[] = []
  let records: ReturnType<typeof paxRecords> = []
  let longPath: Buffer | null = null
  let longLink: Buffer | null = null
  for (;;) {
    const block = await source.take(blockSize)
    if (block === null || block.every(byte => byte === 0)) {
      return { rest: Buffer.concat(block === null ? raw : [...raw, block]) }
    }
    raw.push(block)
    const header = readHeader(block)
    if (!'xgLK'.includes(header.flag)) {
      const record = (key: string): Buffer | undefined => records.find(each => each[0] === key)?.[1]
      return {
        raw: Buffer.concat(raw),
        block,
        header,
        records,
        path: record('path') ?? longPath ?? rawPath(block),
        link: record('linkpath') ?? longLink ?? untilZero(block.subarray(157, 257)),
        stored: Number(record('size')?.toString('latin1') ?? header.size),
      }
    }
    if (header.size > longestExtension) throw new Error('the tar has a header of impossible length')
    const body = await source.take(header.size + paddingOf(header.size))
    if (body === null) throw new Error('the tar breaks off in a header')
    raw.push(body)
    if (header.flag === 'x') records = paxRecords(body.subarray(0, header.size))
    if (header.flag === 'L') longPath = untilZero(body.subarray(0, header.size))
    if (header.flag === 'K') longLink = untilZero(body.subarray(0, header.size))
  }
}

/** Larger than any path or list of attributes. */
const longestExtension = 1 << 24

/** Entries with content after their header. */
const contentFlags: readonly string[] = ['0', '7', 'S']

const zeros = Buffer.alloc(1 << 16)

function isSparse({ records }: Entry): boolean {
  const is = (key: string, value: string): boolean =>
    records.some(record => record[0] === key && record[1].toString('latin1') === value)
  return is('GNU.sparse.major', '1') && is('GNU.sparse.minor', '0')
}

/** Decides which entries come later, and keeps them. True where the entry is left out of its place. */
function lateCollector(place: string, keep: (part: Buffer) => void): (entry: Entry) => boolean {
  /** Directories above the entry at hand, the root first. */
  let above: readonly { readonly path: string; readonly entry: Entry; kept: boolean }[] = []
  return entry => {
    const path = plainPath(entry.path)
    above = above.filter(each => each.path === '' || path.startsWith(`${each.path}/`))
    if (entry.header.flag === '5') {
      if (path === '') keep(moved(entry, place))
      above = [...above, { path, entry, kept: path === '' }]
      return false
    }
    if (entry.header.flag !== '2' || !leadsOut(path, entry.link.toString('latin1'))) return false
    keep(moved(entry, place))
    // Making the link later changes its directory's time, so the directory is told once more.
    const parent = above.at(-1)
    if (parent !== undefined && !parent.kept) {
      keep(moved(parent.entry, place))
      parent.kept = true
    }
    return true
  }
}

/** Without `./` before it or a slash behind it; a character for each byte. */
function plainPath(path: Buffer): string {
  return path
    .toString('latin1')
    .split('/')
    .filter(part => part !== '' && part !== '.')
    .join('/')
}

function leadsOut(path: string, link: string): boolean {
  if (link.startsWith('/')) return false
  let depth = path.split('/').length - 1
  for (const part of link.split('/')) {
    if (part === '..') depth--
    else if (part !== '' && part !== '.') depth++
    if (depth < 0) return true
  }
  return false
}

/** The same entry under another folder, its whole names told in a PAX header. */
function moved({ block, header, records, path, link }: Entry, place: string): Buffer {
  const below = Buffer.from(`${place}/${plainPath(path)}`, 'latin1')
  return Buffer.concat([
    paxHeader(header, [
      ...records.filter(([key]) => key !== 'path' && key !== 'linkpath'),
      ['path', below],
      ...(link.length > 0 ? [['linkpath', link] as const] : []),
    ]),
    block,
  ])
}

function paxHeader(header: Header, records: readonly (readonly [string, Buffer])[]): Buffer {
  const { mode, uid, gid, mtime } = header
  const body = writePax(records)
  return Buffer.concat([
    writeHeader({ path: 'PaxHeaders/entry', flag: 'x', size: body.length, mode, uid, gid, mtime }),
    body,
    Buffer.alloc(paddingOf(body.length)),
  ])
}

function rawPath(block: Buffer): Buffer {
  const name = untilZero(block.subarray(0, 100))
  const prefix = block.toString('latin1', 257, 263) === 'ustar\0' ? untilZero(block.subarray(345, 500)) : null
  return prefix === null || prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from('/'), name])
}

function untilZero(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0)
  return end < 0 ? bytes : bytes.subarray(0, end)
}

/** One sparse file as a plain one: its list of holes stands before its data. */
async function* filled(source: Source, entry: Entry): AsyncGenerator<Buffer> {
  const { block, header, records, stored } = entry
  const value = (key: string): Buffer => records.find(record => record[0] === key)?.[1] ?? Buffer.alloc(0)
  const size = Number(value('GNU.sparse.realsize').toString('latin1'))
  const map = await readMap(source)
  const kept = records.filter(([key]) => !key.startsWith('GNU.sparse.') && key !== 'path' && key !== 'size')
  yield paxHeader(header, [...kept, ['path', value('GNU.sparse.name')], ['size', Buffer.from(String(size))]])
  yield resized(block, size)
  let at = 0
  let data = 0
  for (const { offset, length } of map.parts) {
    yield* zeroBytes(offset - at)
    yield* source.pass(length)
    at = offset + length
    data += length
  }
  yield* zeroBytes(size - at + paddingOf(size))
  await source.passOver(stored - map.bytes - data + paddingOf(stored))
}

/** Decimal numbers, a line each: how many parts, then offset and length of each; padded to whole blocks. */
async function readMap(
  source: Source,
): Promise<{ readonly parts: readonly { offset: number; length: number }[]; readonly bytes: number }> {
  const numbers: number[] = []
  let digits = ''
  let bytes = 0
  while (numbers.length === 0 || numbers.length < 1 + 2 * (numbers[0] ?? 0)) {
    const block = await source.take(blockSize)
    if (block === null) throw new Error('the tar breaks off in a list of holes')
    bytes += blockSize
    const lines = (digits + block.toString('latin1')).split('\n')
    digits = (lines.pop() ?? '').replaceAll('\0', '')
    for (const line of lines) numbers.push(Number(line))
    if (numbers.some(number => !Number.isSafeInteger(number) || number < 0)) {
      throw new Error('the tar has a damaged list of holes')
    }
  }
  const [count = 0, ...pairs] = numbers
  const parts = Array.from({ length: count }, (_, index) => ({
    offset: pairs[2 * index] ?? 0,
    length: pairs[2 * index + 1] ?? 0,
  }))
  return { parts, bytes }
}

function* zeroBytes(count: number): Generator<Buffer> {
  for (let left = count; left > 0; left -= zeros.length)
    yield left < zeros.length ? zeros.subarray(0, left) : zeros
}

interface Source {
  /** Exactly so many bytes; null at the end. Throws when it ends in between. */
  readonly take: (count: number) => Promise<Buffer | null>
  readonly pass: (count: number) => AsyncGenerator<Buffer>
  readonly passOver: (count: number) => Promise<void>
  readonly rest: () => AsyncGenerator<Buffer>
}

function openSource(input: AsyncIterable<Buffer>): Source {
  const iterator = input[Symbol.asyncIterator]()
  let current: Buffer = Buffer.alloc(0)
  const more = async (): Promise<boolean> => {
    while (current.length === 0) {
      const next = await iterator.next()
      if (next.done === true) return false
      current = next.value
    }
    return true
  }
  const some = (count: number): Buffer => {
    const piece = current.subarray(0, count)
    current = current.subarray(piece.length)
    return piece
  }
  async function* pass(count: number): AsyncGenerator<Buffer> {
    for (let left = count; left > 0;) {
      if (!(await more())) throw new Error('the tar breaks off')
      const piece = some(left)
      left -= piece.length
      yield piece
    }
  }
  return {
    pass,
    take: async count => {
      if (!(await more())) return null
      if (current.length >= count) return some(count)
      const pieces: Buffer[] = []
      for await (const piece of pass(count)) pieces.push(piece)
      return Buffer.concat(pieces)
    },
    passOver: async count => {
      for await (const _ of pass(count));
    },
    rest: async function* () {
      while (await more()) yield some(current.length)
    },
  }
}
