import { allWell, inputOf, outputOf } from './child.ts'
import { gathered, quiet } from './compressed-stream.ts'
import type { Compressed } from './compressed-stream.ts'
import type { Cipher } from './encryption.ts'
import type { ReadBack } from './read-back.ts'
import { written } from './read-back.ts'

/** Of the age format: a payload is a nonce and chunks, each with a tag. Bytes. */
const nonce = 16
const chunk = 64 * 1024
const tag = 16

/** No header of ours is longer: a hundred bytes for each recipient. */
const headerAtMost = 64 * 1024

/**
 * Encrypts what comes out of a compressor, and proves it on its way in: without an identity nobody can look at it again
 * once it is encrypted. That nothing of it is lost inside is seen by how long it became.
 */
export function sealStream(compressed: Compressed, proof: ReadBack, encrypt: Cipher): Compressed {
  const cipher = encrypt()
  const input = inputOf(cipher)
  let went = 0
  const feeding = async (): Promise<void> => {
    try {
      for await (const block of compressed.blocks) {
        await proof.take(block)
        await written(input, block)
        went += block.length
      }
      input.end()
    } catch (error) {
      // Not killed: its own words, if it failed first, tell why.
      input.destroy()
      throw error
    }
  }
  const length = measure()
  return {
    compression: compressed.compression,
    blocks: measured(gathered(outputOf(cipher)), length.take),
    done: quiet(
      allWell([cipher.done, feeding(), compressed.done]).then(() => {
        if (!length.isOf(went))
          throw new Error(`${went} bytes went into the encryption, and what came out is not as long as that`)
      }),
    ),
    stop: async () => {
      await Promise.all([compressed.stop(), cipher.kill()])
    },
  }
}

async function* measured(
  blocks: AsyncIterable<Buffer>,
  take: (block: Buffer) => void,
): AsyncGenerator<Buffer> {
  for await (const block of blocks) {
    take(block)
    yield block
  }
}

/** The length of an encrypted file, and whether it is what so many bytes become. */
function measure(): { readonly take: (block: Buffer) => void; readonly isOf: (plain: number) => boolean } {
  let start = Buffer.alloc(0)
  let bytes = 0
  return {
    take: block => {
      bytes += block.length
      if (start.length < headerAtMost)
        start = Buffer.concat([start, block.subarray(0, headerAtMost - start.length)])
    },
    isOf: plain => {
      const last = start.indexOf('\n--- ')
      const header = start.indexOf('\n', last + 1) + 1
      const chunks = Math.max(1, Math.ceil(plain / chunk))
      return last >= 0 && header > 0 && bytes === header + nonce + plain + chunks * tag
    },
  }
}
