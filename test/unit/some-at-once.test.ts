import { expect, test } from 'vitest'
import { someAtOnce } from '../../src/core/some-at-once.ts'

/** Work that ends when it is told to, and says who is at it. */
function workshop() {
  const ends = new Map<string, { readonly well: () => void; readonly fail: (error: Error) => void }>()
  return {
    atWork: () => [...ends.keys()],
    work: async (item: string): Promise<string> => {
      try {
        await new Promise<void>((resolve, reject) => {
          ends.set(item, { well: resolve, fail: reject })
        })
        return item.toUpperCase()
      } finally {
        ends.delete(item)
      }
    },
    end: async (item: string, error?: Error): Promise<void> => {
      if (error === undefined) ends.get(item)?.well()
      else ends.get(item)?.fail(error)
      await new Promise(resolve => setImmediate(resolve))
    },
  }
}

test('so many at a time, and what came of them in their order', async () => {
  const { atWork, work, end } = workshop()
  const all = someAtOnce(['a', 'b', 'c', 'd'], 2, work)
  expect(atWork()).toEqual(['a', 'b'])
  await end('b')
  expect(atWork()).toEqual(['a', 'c'])
  await end('c')
  await end('d')
  await end('a')
  expect(await all).toEqual(['A', 'B', 'C', 'D'])
  expect(await someAtOnce([], 2, work)).toEqual([])
})

test('after a failure none is begun, and those at work are waited for', async () => {
  const { atWork, work, end } = workshop()
  let settled = false
  const all = someAtOnce(['a', 'b', 'c', 'd'], 2, work)
  const ended = all
    .catch((error: unknown) => error)
    .finally(() => {
      settled = true
    })
  await end('a', new Error('no room'))
  expect(atWork()).toEqual(['b'])
  expect(settled).toBe(false)
  await end('b')
  expect(await ended).toMatchObject({ message: 'no room' })
  expect(atWork()).toEqual([])
})
