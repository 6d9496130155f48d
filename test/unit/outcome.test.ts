import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isStaleDue, minuteOf, noticeOf, rememberedOf, staleNotice } from '../../src/core/outcome.ts'
import type { Outcome, RememberedOutcome } from '../../src/core/outcome.ts'
import { aRestorePoint } from '../fakes/question.ts'

const occasion = { host: 'db1', at: '2026-11-23T20:15:00.000Z' }
const failed: Outcome = {
  job: 'backup',
  project: 'shop',
  ok: false,
  summary: 'backup of shop failed: no space left',
  details: ['make room'],
  restorePoint: null,
}
const well: Outcome = { ...failed, ok: true, summary: 'backup of shop: 1 volume, 1 GB', details: [] }

/** What is told of a history, and what is remembered at its end. */
function history(outcomes: readonly Outcome[]): {
  readonly kinds: readonly string[]
  readonly last: RememberedOutcome | null
} {
  let last: RememberedOutcome | null = null
  const kinds: string[] = []
  for (const outcome of outcomes) {
    kinds.push(noticeOf(outcome, last, occasion).kind)
    last = rememberedOf(outcome, last, occasion.at)
  }
  return { kinds, last }
}

describe('what is told of an outcome', () => {
  test('a failure each time, a recovery once', () => {
    expect(history([well, failed, failed, well, well, failed]).kinds).toEqual([
      'succeeded',
      'failed',
      'failed',
      'recovered',
      'succeeded',
      'failed',
    ])
  })

  test('in any history: failures are told, a recovery follows exactly the last of them', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 30 }), oks => {
        const { kinds, last } = history(oks.map(ok => (ok ? well : failed)))
        for (const [index, ok] of oks.entries()) {
          const recovers = ok && oks[index - 1] === false
          expect(kinds[index]).toBe(ok ? (recovers ? 'recovered' : 'succeeded') : 'failed')
        }
        const inARow = oks.length - 1 - oks.lastIndexOf(true)
        expect(last?.failures ?? 0).toBe(inARow)
        expect(last?.failingSince ?? null).toBe(inARow > 0 ? occasion.at : null)
      }),
    )
  })

  test('a recovery says what it is, and for how long it had failed', () => {
    const before = rememberedOf(
      failed,
      rememberedOf(failed, null, '2026-11-22T03:00:00Z'),
      '2026-11-23T03:00:00Z',
    )
    expect(noticeOf(well, before, occasion)).toEqual({
      kind: 'recovered',
      job: 'backup',
      project: 'shop',
      ...occasion,
      summary: 'backup of shop works again',
      details: ['backup of shop: 1 volume, 1 GB', 'it had failed 2 times, since 2026-11-22 03:00 UTC'],
      restorePoint: null,
    })
    expect(noticeOf({ ...well, project: null }, before, occasion).summary).toBe('backup works again')
  })
})

describe('a project without a backup that is young enough', () => {
  const limit = 26 * 3_600_000
  const said = (freshness: Parameters<typeof staleNotice>[1]): string =>
    staleNotice('shop', freshness, limit, occasion).summary

  test('is told of with how long it has none', () => {
    const point = aRestorePoint({ finishedAt: '2026-11-20T16:15:00.000Z' })
    expect(said({ state: 'old', point })).toBe('shop has had no good backup for 3 d 4 h, longer than 1 d 2 h')
    expect(said({ state: 'none', point: null })).toBe('shop has no good backup')
    expect(said({ state: 'from-the-future', point })).toContain('the clock was set back')
  })

  test.each([
    [null, true],
    ['2026-11-23T20:00:00Z', false],
    ['2026-11-22T21:16:00Z', false],
    ['2026-11-22T20:15:00Z', true],
    ['2026-12-31T00:00:00Z', true],
    ['never', true],
  ])('told at %s: due again %s', (toldAt, due) => {
    expect(isStaleDue(toldAt, new Date(occasion.at))).toBe(due)
  })
})

test('a time is told to the minute', () => {
  expect(minuteOf('2026-11-23T20:15:59.999+02:00')).toBe('2026-11-23 18:15 UTC')
  expect(minuteOf('never')).toBe('never')
})
