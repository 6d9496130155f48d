import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { gunzipMembers, gzipMembers } from '../../src/adapters/stores/gzip-members.ts'

const mega = 1 << 20

describe('gzip in members', () => {
  test.each([
    ['nothing', Buffer.alloc(0)],
    ['one byte', Buffer.from('x')],
    ['exactly one block', Buffer.alloc(mega, 'row ')],
    ['one byte more', Buffer.alloc(mega + 1, 'row ')],
    [
      'noise and rows',
      Buffer.concat([randomBytes(3 * mega), Buffer.alloc(2 * mega, 'row '), randomBytes(77)]),
    ],
  ])('%s comes back, by gzip and by us', async (_, content) => {
    const members = await gather(gzipMembers(chunks(content, 70_001)))
    const packed = Buffer.concat(members)
    const byGzip =
      content.length === 0 ? content : execFileSync('gzip', ['-dc'], { input: packed, maxBuffer: 1 << 28 })
    expect(byGzip.equals(content)).toBe(true)
    expect(Buffer.concat(await gather(gunzipMembers(each(members)))).equals(content)).toBe(true)
    expect(members.length).toBe(Math.ceil(content.length / mega))
  })

  test('what does not compress is stored, what does is small', async () => {
    const noise = Buffer.concat(await gather(gzipMembers(chunks(randomBytes(4 * mega), mega))))
    expect(noise.length).toBeGreaterThan(4 * mega)
    expect(noise.length).toBeLessThan(4.01 * mega)
    const rows = Buffer.concat(await gather(gzipMembers(chunks(Buffer.alloc(4 * mega, 'row '), mega))))
    expect(rows.length).toBeLessThan(mega / 10)
  })

  test('an altered member is refused', async () => {
    const [member = Buffer.alloc(0)] = await gather(gzipMembers(chunks(randomBytes(mega), mega)))
    for (const at of [5000, member.length - 6, member.length - 2]) {
      const altered = Buffer.from(member)
      altered.writeUInt8(altered.readUInt8(at) ^ 1, at)
      await expect(gather(gunzipMembers(each([altered])))).rejects.toThrow()
    }
    await expect(gather(gunzipMembers(each([member.subarray(0, -9)])))).rejects.toThrow()
  })

  test('a source that fails fails the whole', async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(10)
      throw new Error('the volume vanished')
    }
    await expect(gather(gzipMembers(failing()))).rejects.toThrow('the volume vanished')
  })
})

async function* chunks(content: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size)
}

async function* each(members: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* members
}

async function gather(source: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const all: Buffer[] = []
  for await (const item of source) all.push(item)
  return all
}
