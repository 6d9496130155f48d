import { contentOf, nextEntry, plainPath, tarBytes } from '../../core/tar-entries.ts'
import type { Entry, TarBytes } from '../../core/tar-entries.ts'
import { blockSize, paddingOf, resized, writeExtension } from '../../core/tar-header.ts'

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
      tarBytes(input),
      lateCollector(place, part => void parts.push(part)),
    ),
    late: { tar: () => Buffer.concat([...parts, Buffer.alloc(2 * blockSize)]) },
  }
}

/** The same tar with the holes of sparse files filled, and nothing else changed. */
export function tarWithoutHoles(input: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  return rewrite(tarBytes(input), () => false)
}

/** The same tar without some of its entries. `isLeftOut` is given paths as `plainPath` has them. */
export async function* tarWithout(
  input: AsyncIterable<Buffer>,
  isLeftOut: (path: string) => boolean,
): AsyncGenerator<Buffer> {
  const source = tarBytes(input)
  for (;;) {
    const entry = await nextEntry(source)
    if (!('block' in entry)) {
      yield entry.rest
      yield* source.rest()
      return
    }
    const content = contentOf(entry)
    if (isLeftOut(plainPath(entry.path))) await source.passOver(content + paddingOf(content))
    else {
      yield entry.raw
      yield* source.pass(content + paddingOf(content))
    }
  }
}

async function* rewrite(source: TarBytes, takesLate: (entry: Entry) => boolean): AsyncGenerator<Buffer> {
  for (;;) {
    const entry = await nextEntry(source)
    if (!('block' in entry)) {
      yield entry.rest
      yield* source.rest()
      return
    }
    if (isSparse(entry)) {
      yield* filled(source, entry)
      continue
    }
    const late = takesLate(entry)
    if (!late) yield entry.raw
    const content = contentOf(entry)
    yield* source.pass(content + paddingOf(content))
  }
}

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
    writeExtension(header, [
      ...records.filter(([key]) => key !== 'path' && key !== 'linkpath'),
      ['path', below],
      ...(link.length > 0 ? [['linkpath', link] as const] : []),
    ]),
    block,
  ])
}

/** One sparse file as a plain one: its list of holes stands before its data. */
async function* filled(source: TarBytes, entry: Entry): AsyncGenerator<Buffer> {
  const { block, header, records, stored } = entry
  const value = (key: string): Buffer => records.find(record => record[0] === key)?.[1] ?? Buffer.alloc(0)
  const size = Number(value('GNU.sparse.realsize').toString('latin1'))
  const map = await readMap(source)
  const kept = records.filter(([key]) => !key.startsWith('GNU.sparse.') && key !== 'path' && key !== 'size')
  yield writeExtension(header, [
    ...kept,
    ['path', value('GNU.sparse.name')],
    ['size', Buffer.from(String(size))],
  ])
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
  source: TarBytes,
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
