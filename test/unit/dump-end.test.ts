import { PassThrough } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { keepEnd, refused } from '../../src/adapters/databases/server.ts'

const lastLine = '-- Dump completed\n'

test('the end of a dump is known when all of it has passed, also where its reader is slow', async () => {
  const source = new PassThrough({ highWaterMark: 1 << 20 })
  const { stream, end } = keepEnd(source)
  // As much as may wait for a reader when the program has ended.
  for (let piece = 0; piece < 8; piece++) source.write(Buffer.alloc(100_000, 'x'))
  source.end(lastLine)
  let told = ''
  void end.then(text => (told = text))
  await sleep(20)
  expect(told).toBe('')
  let bytes = 0
  for await (const chunk of stream) {
    bytes += (chunk as Buffer).length
    await sleep(1)
  }
  expect(bytes).toBe(800_000 + lastLine.length)
  expect((await end).endsWith(lastLine)).toBe(true)
})

test('a reader that gives up is told what there was', async () => {
  const source = new PassThrough()
  const { stream, end } = keepEnd(source)
  source.write('the first line\n')
  stream.destroy()
  expect(await end).not.toContain(lastLine)
})

test.each([
  [139, 'InnoDB: Starting shutdown...', 'InnoDB: Starting shutdown... (its client was ended by signal 11)'],
  [137, '', 'its client was ended by signal 9'],
  [1, 'one\nERROR 1045: Access denied\nthree', 'ERROR 1045: Access denied'],
  [2, '', 'its client ended with 2'],
])('a client that ended with %d is told in its own words, else how it ended', (code, words, expected) => {
  expect(refused('It', code, words).failure).toMatchObject({ what: `It does not answer: ${expected}` })
})
