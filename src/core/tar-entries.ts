import { blockSize, paddingOf, paxRecords, readHeader } from './tar-header.ts'
import type { Header } from './tar-header.ts'

/** One entry of a tar, before its content. */
export interface Entry {
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
export async function nextEntry(source: TarBytes): Promise<Entry | { readonly rest: Buffer }> {
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

/** Bytes of content that follow its header, without what fills up the last block. */
export function contentOf({ header, stored }: Entry): number {
  return contentFlags.includes(header.flag) ? stored : 0
}

/** Without `./` before it or a slash behind it; a character for each byte. */
export function plainPath(path: Buffer): string {
  return path
    .toString('latin1')
    .split('/')
    .filter(part => part !== '' && part !== '.')
    .join('/')
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

/** The bytes of a tar, taken as they are needed. */
export interface TarBytes {
  /** Exactly so many bytes; null at the end. Throws when it ends in between. */
  readonly take: (count: number) => Promise<Buffer | null>
  readonly pass: (count: number) => AsyncGenerator<Buffer>
  readonly passOver: (count: number) => Promise<void>
  readonly rest: () => AsyncGenerator<Buffer>
}

export function tarBytes(input: AsyncIterable<Buffer>): TarBytes {
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
