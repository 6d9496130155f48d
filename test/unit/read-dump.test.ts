import { PassThrough } from 'node:stream'
import { finished } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { provenDump } from '../../src/adapters/stores/read-dump.ts'
import type { DumpRecord } from '../../src/model/restore-point.ts'

/** The last of it may be little: then all of it is on its way while the reader is still at what came before. */
const pieces = [...Array.from({ length: 8 }, () => 10_000), 7]
const record: DumpRecord = {
  path: 'dumps/db/shop.dump.zst',
  form: 'pg-custom',
  database: 'shop',
  bytes: 100,
  sha256: 'a hash',
  compression: 'zstd',
  plainBytes: 80_007,
  figures: [],
}

/** What has come out of an archive whose file is read already. */
function archive(): Parameters<typeof provenDump>[2] {
  const tar = new PassThrough({ highWaterMark: 1 << 20 })
  for (const piece of pieces) tar.write(Buffer.alloc(piece, 'x'))
  tar.end()
  const done = finished(tar, { writable: false }).then(() => ({ bytes: 100, sha256: 'a hash' }))
  done.catch(() => {})
  return { tar, done }
}

test('a dump is not called damaged because its reader is slow', async () => {
  const { stream, done } = provenDump('shop.dump', record, archive())
  await sleep(20)
  let bytes = 0
  for await (const chunk of stream) {
    bytes += (chunk as Buffer).length
    await sleep(20)
  }
  expect(bytes).toBe(record.plainBytes)
  await done
})

test('one of which less comes out than went in is', async () => {
  const { stream, done } = provenDump(
    'shop.dump',
    { ...record, plainBytes: record.plainBytes + 1 },
    archive(),
  )
  stream.resume()
  await expect(done).rejects.toMatchObject({ failure: { reason: 'archive-damaged' } })
})

test('a reader that gives up has no whole dump', async () => {
  const { stream, done } = provenDump('shop.dump', record, archive())
  stream.once('data', () => void stream.destroy())
  await expect(done).rejects.toMatchObject({ failure: { reason: 'archive-damaged' } })
})
