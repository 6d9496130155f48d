import { availableParallelism } from 'node:os'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

const gzipBlock = promisify(gzip)

/** Big enough for the ratio, small enough that few of them in flight cost little memory. */
const blockSize = 1 << 20
const probeSize = 1 << 15

/**
 * Compresses on several cores: each megabyte becomes a gzip member of its own, and members follow each other as the
 * format allows, so that `gzip`, `tar xzf` and busybox read the result as one. What does not compress is stored.
 */
export async function* gzipMembers(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const inFlight: Promise<Buffer>[] = []
  const most = availableParallelism() + 1
  for await (const chunk of blocksOf(source)) {
    const member = compress(chunk)
    member.catch(() => {})
    inFlight.push(member)
    if (inFlight.length >= most) yield await (inFlight.shift() as Promise<Buffer>)
  }
  for (const member of inFlight) yield await member
}

async function compress(chunk: Buffer): Promise<Buffer> {
  if (chunk.length <= probeSize) return gzipBlock(chunk, { level: 1 })
  const probe = await gzipBlock(chunk.subarray(0, probeSize), { level: 1 })
  return gzipBlock(chunk, { level: probe.length > probeSize * 0.97 ? 0 : 1 })
}

async function* blocksOf(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let parts: Uint8Array[] = []
  let size = 0
  for await (const chunk of source) {
    let rest = chunk
    while (size + rest.length >= blockSize) {
      const taken = rest.subarray(0, blockSize - size)
      yield Buffer.concat([...parts, taken])
      rest = rest.subarray(taken.length)
      parts = []
      size = 0
    }
    if (rest.length > 0) {
      parts.push(rest)
      size += rest.length
    }
  }
  if (size > 0) yield Buffer.concat(parts)
}
