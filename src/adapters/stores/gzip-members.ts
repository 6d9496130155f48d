import { availableParallelism } from 'node:os'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'

const gzipBlock = promisify(gzip)
const gunzipBlock = promisify(gunzip)

/** Big enough for the ratio, small enough that few of them in flight cost little memory. */
const blockSize = 1 << 20
const probeSize = 1 << 15

/** An output buffer as large as the block saves many small turns on the thread pool. */
const packing = { level: 1, memLevel: 9, chunkSize: blockSize }

/**
 * Compresses on several cores: each megabyte becomes a gzip member of its own, and members follow each other as the
 * format allows, so that `gzip`, `tar xzf` and busybox read the result as one. What does not compress is stored.
 *
 * @returns one whole member at a time, in order
 */
export async function* gzipMembers(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  yield* inOrder(blocksOf(source), compress)
}

/** The reverse: members as `gzipMembers` made them, on several cores, back to what went in. */
export async function* gunzipMembers(members: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield* inOrder(members, member =>
    gunzipBlock(member, { chunkSize: blockSize + 1, maxOutputLength: blockSize }),
  )
}

/** Works on a few at the same time and gives the results in the order of what came in. */
async function* inOrder<T>(
  source: AsyncIterable<T>,
  work: (item: T) => Promise<Buffer>,
): AsyncGenerator<Buffer> {
  const inFlight: Promise<Buffer>[] = []
  const most = availableParallelism() + 1
  for await (const item of source) {
    const result = work(item)
    result.catch(() => {})
    inFlight.push(result)
    if (inFlight.length >= most) yield await (inFlight.shift() as Promise<Buffer>)
  }
  for (const result of inFlight) yield await result
}

async function compress(chunk: Buffer): Promise<Buffer> {
  if (chunk.length <= probeSize) return gzipBlock(chunk, packing)
  const start = Math.floor((chunk.length - probeSize) / 2)
  const probe = await gzipBlock(chunk.subarray(start, start + probeSize), {
    level: 1,
    chunkSize: 2 * probeSize,
  })
  return gzipBlock(chunk, probe.length > probeSize * 0.97 ? { ...packing, level: 0 } : packing)
}

async function* blocksOf(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let block = Buffer.allocUnsafe(blockSize)
  let size = 0
  for await (const chunk of source) {
    let at = 0
    while (at < chunk.length) {
      const taken = chunk.subarray(at, at + blockSize - size)
      block.set(taken, size)
      size += taken.length
      at += taken.length
      if (size < blockSize) continue
      yield block
      block = Buffer.allocUnsafe(blockSize)
      size = 0
    }
  }
  if (size > 0) yield block.subarray(0, size)
}
