import { expect, test } from 'vitest'
import { calendar } from '../../src/adapters/schedulers/calendar.ts'

const berlin = 'Europe/Berlin'

async function following(expression: string, after: string, count: number): Promise<readonly string[]> {
  const found: string[] = []
  let from = new Date(after)
  for (let index = 0; index < count; index++) {
    const next = await calendar.next(expression, berlin, from)
    if (next === null) break
    found.push(next.toISOString())
    from = next
  }
  return found
}

test('on the day when the clock goes forward, what falls into the hour that is left out runs right after it', async () => {
  expect(await following('30 2 * * *', '2026-03-28T12:00:00Z', 2)).toEqual([
    '2026-03-29T01:00:00.000Z',
    '2026-03-30T00:30:00.000Z',
  ])
  expect(await following('0 0,6,12,18 * * *', '2026-03-28T20:00:00Z', 2)).toEqual([
    '2026-03-28T23:00:00.000Z',
    '2026-03-29T04:00:00.000Z',
  ])
})

test('on the day when the clock goes back, what falls into the hour that comes twice runs once', async () => {
  expect(await following('30 2 * * *', '2026-10-24T12:00:00Z', 2)).toEqual([
    '2026-10-25T00:30:00.000Z',
    '2026-10-26T01:30:00.000Z',
  ])
  expect(await calendar.last('30 2 * * *', berlin, new Date('2026-10-25T12:00:00Z'))).toEqual(
    new Date('2026-10-25T00:30:00Z'),
  )
})

test('every hour is every hour on both days', async () => {
  expect(await following('0 * * * *', '2026-10-24T23:10:00Z', 3)).toEqual([
    '2026-10-25T00:00:00.000Z',
    '2026-10-25T01:00:00.000Z',
    '2026-10-25T02:00:00.000Z',
  ])
  expect(await following('0 * * * *', '2026-03-29T00:10:00Z', 2)).toEqual([
    '2026-03-29T01:00:00.000Z',
    '2026-03-29T02:00:00.000Z',
  ])
})

test('the last moment may be this one', async () => {
  const noon = new Date('2026-11-27T11:00:00Z')
  expect(await calendar.last('0 12 * * *', berlin, noon)).toEqual(noon)
  expect(await calendar.last('0 12 * * *', berlin, new Date(noon.getTime() - 1000))).toEqual(
    new Date('2026-11-26T11:00:00Z'),
  )
})

test('either of two kinds of days is enough, and a day that never comes is none', async () => {
  expect(await following('0 12 13 * 5', '2026-11-27T12:00:00Z', 3)).toEqual([
    '2026-12-04T11:00:00.000Z',
    '2026-12-11T11:00:00.000Z',
    '2026-12-13T11:00:00.000Z',
  ])
  expect(await calendar.next('0 0 30 2 *', berlin, new Date('2026-11-27T12:00:00Z'))).toBeNull()
})
