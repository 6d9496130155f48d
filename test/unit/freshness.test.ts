import { describe, expect, test } from 'vitest'
import { backupsAmong, freshnessOf, isKnownToBoot } from '../../src/core/freshness.ts'
import { aRestorePoint } from '../fakes/question.ts'

const now = new Date('2026-11-23T20:15:00.000Z')
const hour = 3_600_000

function at(finishedAt: string): ReturnType<typeof aRestorePoint> {
  return aRestorePoint({ finishedAt })
}

describe('freshness', () => {
  test.each([
    [[], 'none'],
    [['2026-11-23T19:15:00Z'], 'fresh'],
    [['2026-11-22T20:15:00Z'], 'fresh'],
    [['2026-11-22T20:14:59Z'], 'old'],
    [['2026-11-23T20:18:00Z'], 'fresh'],
    [['2026-11-24T20:15:00Z'], 'from-the-future'],
    [['2027-11-24T20:15:00Z', '2026-11-23T10:00:00Z'], 'fresh'],
    [['2027-11-24T20:15:00Z', '2026-11-20T10:00:00Z'], 'from-the-future'],
    [['no time at all'], 'old'],
  ])('%j: %s', (times, state) => {
    expect(freshnessOf(times.map(at), 24 * hour, now).state).toBe(state)
  })

  test('names the one by which it is fresh', () => {
    const points = ['2027-11-24T20:15:00Z', '2026-11-23T10:00:00Z'].map(at)
    expect(freshnessOf(points, 24 * hour, now).point).toBe(points[1])
  })
})

test('only whole and good backups count', () => {
  const point = at('2026-11-23T19:15:00Z')
  const with_ = (reason: 'manual' | 'preflight' | 'safety'): typeof point => ({
    ...point,
    manifest: { ...point.manifest, reason },
  })
  const manual = with_('manual')
  expect(
    backupsAmong([
      with_('preflight'),
      manual,
      with_('safety'),
      { ...manual, state: 'damaged' },
      { ...manual, manifest: { ...manual.manifest, only: ['db'] } },
    ]),
  ).toEqual([manual])
})

test('known to boot is what came up, and not what was only read', () => {
  const point = at('2026-11-23T19:15:00Z')
  const tried = { level: 'boot', at: '', milliseconds: 1, well: true, checks: [] } as const
  expect(isKnownToBoot(point)).toBe(false)
  expect(isKnownToBoot({ ...point, verified: tried })).toBe(true)
  expect(isKnownToBoot({ ...point, verified: { ...tried, level: 'read' } })).toBe(false)
  expect(isKnownToBoot({ ...point, verified: { ...tried, well: false } })).toBe(false)
})
