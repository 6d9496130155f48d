import { array, assert, boolean, constant, constantFrom, integer, option, property, record } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { keepAndRemove } from '../../src/core/retention.ts'
import { salvageManifest } from '../../src/core/manifest.ts'
import type { Manifest, RestorePoint } from '../../src/model/restore-point.ts'

const now = new Date('2026-11-24T12:00:00Z')
const keep = { days: 7, last: 3, bytes: 10_000 }
const none: ReadonlySet<string> = new Set()

describe('which restore points stay', () => {
  test('seven days, and the newest three whatever their age', () => {
    const points = [1, 2, 20, 30, 40].map((days, index) => point({ days, sequence: 100 - index }))
    expect(reasons(points)).toEqual({
      'p100-1d': 'one of the newest',
      'p99-2d': 'one of the newest',
      'p98-20d': 'one of the newest',
      'p97-30d': 'removed: older than 7 days',
      'p96-40d': 'removed: older than 7 days',
    })
  })

  test('a fourth one within seven days stays as well', () => {
    const points = [1, 2, 3, 4].map((days, index) => point({ days, sequence: 100 - index }))
    expect(reasons(points)['p97-4d']).toBe('within 7 days')
  })

  test('safety copies go as preflight ones do; manual and tagged ones never', () => {
    const newest = [1, 2, 3].map(days => point({ days, sequence: 1000 - days }))
    const old = [
      point({ days: 90, sequence: 4, reason: 'safety' }),
      point({ days: 90, sequence: 3, reason: 'manual' }),
      point({ days: 90, sequence: 2, tag: 'release' }),
    ]
    expect(reasons([...newest, ...old])).toMatchObject({
      'p4-90d': 'removed: older than 7 days',
      'p3-90d': 'taken by hand',
      'p2-90d': 'tag release',
    })
  })

  test('what undo needs stays', () => {
    const points = [1, 2, 3, 90].map((days, index) => point({ days, sequence: 100 - index }))
    expect(reasons(points, new Set(['p97-90d']))['p97-90d']).toBe('undo needs it')
  })

  test('the oldest beyond the total size go, but never one of the newest', () => {
    const points = [4_000, 4_000, 4_000, 10, 10].map((bytes, index) =>
      point({ days: 1, sequence: 100 - index, bytes }),
    )
    expect(Object.values(reasons(points))).toEqual([
      'one of the newest',
      'one of the newest',
      'one of the newest',
      'removed: beyond the total size',
      'removed: beyond the total size',
    ])
  })

  test('damaged ones stay to be looked at, and do not count as the newest', () => {
    const points = [
      point({ days: 1, sequence: 9, state: 'damaged' }),
      ...[20, 30, 40, 50].map((days, index) => point({ days, sequence: 8 - index })),
    ]
    expect(reasons(points)).toMatchObject({
      'p9-1d': 'damaged: kept for you to look at',
      'p6-40d': 'one of the newest',
      'p5-50d': 'removed: older than 7 days',
    })
  })

  test('a clock that was set back does not make the newest the oldest', () => {
    const points = [400, 1, 2, 3].map((days, index) => point({ days, sequence: 100 - index }))
    expect(reasons(points)['p100-400d']).toBe('one of the newest')
  })

  test('always: each is told of once, and the newest good, needed, tagged and manual ones stay', () => {
    const anyPoint = record({
      days: integer({ min: 0, max: 100 }),
      bytes: integer({ min: 0, max: 9_000 }),
      reason: constantFrom('preflight', 'manual', 'safety'),
      tag: option(constant('t')),
      state: constantFrom('good', 'damaged'),
      needed: boolean(),
    })
    assert(
      property(array(anyPoint, { maxLength: 20 }), integer({ min: 0, max: 5 }), (specs, last) => {
        const points = specs.map((spec, index) => ({
          ...spec,
          point: point({ ...spec, sequence: index + 1 }),
        }))
        const needed = new Set(points.filter(each => each.needed).map(each => each.point.id))
        const plan = keepAndRemove({
          points: points.map(each => each.point),
          keep: { ...keep, last },
          needed,
          now,
        })
        const removed = new Set(plan.remove.map(each => each.point))
        expect(plan.keep.length + removed.size).toBe(points.length)
        for (const each of points)
          if (each.needed || each.tag !== null || each.reason === 'manual')
            expect(removed).not.toContain(each.point)
        const good = points.filter(each => each.state === 'good').toReversed()
        for (const each of good.slice(0, Math.max(last, 1))) expect(removed).not.toContain(each.point)
      }),
    )
  })
})

/** `id: why` in the order of what was given. */
function reasons(points: readonly RestorePoint[], needed = none): Record<string, string> {
  const plan = keepAndRemove({ points, keep, needed, now })
  return Object.fromEntries(
    points.map(each => {
      const kept = plan.keep.find(({ point: found }) => found === each)
      const removed = plan.remove.find(({ point: found }) => found === each)
      return [each.id, kept?.why ?? `removed: ${removed?.why ?? 'not told of'}`]
    }),
  )
}

function point(spec: {
  days: number
  sequence: number
  bytes?: number
  reason?: Manifest['reason']
  tag?: string | null
  state?: RestorePoint['state']
}): RestorePoint {
  const id = `p${spec.sequence}-${spec.days}d`
  const finishedAt = new Date(now.getTime() - spec.days * 24 * 3600_000).toISOString()
  const bare = salvageManifest('', id, { engine: 'e', project: 'shop' })
  const { sequence, reason = 'preflight', tag = null, state = 'good' } = spec
  return {
    id,
    path: `/store/${id}`,
    manifest: { ...bare, format: 1, sequence, finishedAt, reason, tag },
    bytes: spec.bytes ?? 100,
    state,
    damage: state === 'good' ? null : 'a file is missing',
    verified: null,
  }
}
