import { Readable } from 'node:stream'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { separate } from '../../src/adapters/docker/exec.ts'

/** A piece of output as the engine frames it. */
function framed(output: 1 | 2, text: string): Buffer {
  const body = Buffer.from(text)
  const head = Buffer.alloc(8)
  head[0] = output
  head.writeUInt32BE(body.length, 4)
  return Buffer.concat([head, body])
}

async function separated(line: Iterable<Buffer>): Promise<{ stdout: string; stderr: string }> {
  const got = { stdout: '', stderr: '' }
  await separate(Readable.from(line, { objectMode: true }), {
    stdout: async chunk => {
      await Promise.resolve()
      got.stdout += chunk.toString('latin1')
    },
    stderr: chunk => {
      got.stderr += chunk.toString('latin1')
    },
  })
  return got
}

const pieces = fc.array(fc.record({ output: fc.constantFrom(1 as const, 2 as const), text: fc.string() }))

test('both outputs come whole and in order, wherever the line is cut', async () => {
  await fc.assert(
    fc.asyncProperty(pieces, fc.infiniteStream(fc.integer({ min: 1, max: 20 })), async (said, cuts) => {
      const whole = Buffer.concat(said.map(({ output, text }) => framed(output, text)))
      const chunks: Buffer[] = []
      for (let at = 0; at < whole.length;) {
        const length = cuts.next().value as number
        chunks.push(whole.subarray(at, at + length))
        at += length
      }
      const text = (output: 1 | 2): string =>
        Buffer.from(said.flatMap(each => (each.output === output ? [each.text] : [])).join('')).toString(
          'latin1',
        )
      expect(await separated(chunks)).toEqual({ stdout: text(1), stderr: text(2) })
    }),
  )
})

test.each([
  ['in a piece', framed(1, 'whole').subarray(0, 10)],
  ['in the head of one', framed(1, 'whole').subarray(0, 5)],
])('a line that breaks off %s is a failure', async (_, line) => {
  await expect(separated([line])).rejects.toThrow('broke off')
})
