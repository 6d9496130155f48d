import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { bodyOf, escapedNotice, headlineOf, messageOf } from '../../src/core/notice-text.ts'
import { sortWaiting } from '../../src/core/waiting-notices.ts'
import type { WaitingNotice } from '../../src/core/waiting-notices.ts'
import type { Notice } from '../../src/model/notice.ts'

const notice: Notice = {
  kind: 'failed',
  job: 'backup',
  project: 'shop',
  host: 'db1',
  at: '2026-11-23T20:15:00.000Z',
  summary: 'backup of shop failed: no space left',
  details: ['2 GB are missing', 'make room'],
  restorePoint: '20261123T201500Z-manual',
}

test('a message says what, what to do, where and when', () => {
  expect(messageOf(notice, 1000)).toBe(
    [
      '❌ backup of shop failed: no space left',
      '2 GB are missing',
      'make room',
      'restore point 20261123T201500Z-manual · host db1 · 2026-11-23 20:15 UTC',
    ].join('\n'),
  )
  expect(bodyOf({ ...notice, restorePoint: null, details: [] })).toEqual(['host db1 · 2026-11-23 20:15 UTC'])
})

test('a long one keeps its beginning and its end', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 40 }),
      fc.integer({ min: 50, max: 300 }),
      (details, most) => {
        const message = messageOf({ ...notice, details }, most)
        expect([...message].length).toBeLessThanOrEqual(most)
        expect(message.startsWith(headlineOf(notice).slice(0, 20))).toBe(true)
        expect(message.endsWith('20:15 UTC')).toBe(true)
      },
    ),
  )
})

test('control characters of names end neither a line nor a header', () => {
  const nasty = 'a\r\nBcc: x\u0000\u001b[2J\u202e'
  const texts = escapedNotice({ ...notice, project: nasty, summary: nasty, host: nasty, details: [nasty] })
  for (const text of [texts.project, texts.summary, texts.host, ...texts.details])
    expect(text).toBe(String.raw`a\r\nBcc: x\x00\x1b[2J\u202e`)
})

test('of what waits the newest is sent in its order; the rest is given up', () => {
  const now = new Date('2026-11-23T20:15:00Z')
  const waiting = (id: string, channel: string, minutes: number): WaitingNotice => ({
    id,
    channel,
    notice: { ...notice, at: new Date(now.getTime() - minutes * 60_000).toISOString() },
  })
  const many = Array.from({ length: 22 }, (_, index) => waiting(`n${index}`, 'b', 100 - index))
  const { send, drop } = sortWaiting(
    [
      waiting('new', 'a', 1),
      waiting('old', 'a', 60),
      waiting('older', 'a', 8 * 24 * 60),
      waiting('of another project', 'z', 1),
      waiting('gone', 'z', 8 * 24 * 60),
      ...many,
    ],
    ['a', 'b'],
    now,
  )
  expect(send.map(({ id }) => id)).toEqual(['old', 'new', ...many.slice(2).map(({ id }) => id)])
  expect(drop.map(({ id }) => id).toSorted()).toEqual(['gone', 'n0', 'n1', 'older'])
})
