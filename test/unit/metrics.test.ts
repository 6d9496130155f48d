import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { metricsOf, metricsText } from '../../src/core/metrics.ts'
import type { Measured } from '../../src/core/metrics.ts'
import type { RestorePoint } from '../../src/model/restore-point.ts'
import { readExposition } from '../fakes/exposition.ts'
import { aRestorePoint } from '../fakes/question.ts'

const now = new Date('2026-11-23T20:15:00.000Z')
const nothing: Measured = { version: '1.2.3', now, points: [], outcomes: [] }

function pointOf(project: string, engine: string, change: Partial<RestorePoint> = {}): RestorePoint {
  const point = aRestorePoint({ finishedAt: '2026-11-23T18:00:00.000Z' })
  const { manifest } = point
  return {
    ...point,
    manifest: {
      ...manifest,
      reason: 'manual',
      startedAt: '2026-11-23T17:59:30.000Z',
      project: { ...manifest.project, name: project },
      engine: { ...manifest.engine, id: engine },
    },
    ...change,
  }
}

/** `name{labels}` to value, as a reader of the text understands it. */
function measured(change: Partial<Measured>): ReadonlyMap<string, number> {
  return readExposition(metricsText(metricsOf({ ...nothing, ...change })))
}

describe('metrics', () => {
  test('of nothing: when they were written, and by what', () => {
    expect(measured({})).toEqual(
      new Map([
        ['safe_compose_metrics_timestamp_seconds', now.getTime() / 1000],
        ['safe_compose_build_info{version="1.2.3"}', 1],
      ]),
    )
  })

  test('of a project: times in seconds, sizes in bytes, the newest good backup', () => {
    const tried = {
      level: 'boot',
      at: '2026-11-23T19:00:00Z',
      milliseconds: 1,
      well: true,
      checks: [],
    } as const
    const good = pointOf('shop', 'e1', { bytes: 100, verified: tried })
    const damaged = pointOf('shop', 'e1', { bytes: 7, state: 'damaged' })
    const read = measured({ points: [damaged, good, pointOf('shop', 'e2', { bytes: 1 })] })
    const at = (name: string, more = ''): number | undefined =>
      read.get(`safe_compose_${name}{engine="e1"${more},project="shop"}`)
    expect(at('backup_timestamp_seconds')).toBe(Date.parse('2026-11-23T18:00:00Z') / 1000)
    expect(at('backup_duration_seconds')).toBe(30)
    expect(at('backup_size_bytes')).toBe(100)
    expect(at('backup_good')).toBe(0)
    expect(at('restore_points_bytes')).toBe(107)
    expect(at('verified_timestamp_seconds', ',level="boot"')).toBe(Date.parse('2026-11-23T19:00:00Z') / 1000)
    expect(
      read.get('safe_compose_restore_points{engine="e1",project="shop",reason="manual",state="damaged"}'),
    ).toBe(1)
    expect(read.get('safe_compose_backup_size_bytes{engine="e2",project="shop"}')).toBe(1)
  })

  test('a project that was only copied before commands has no backup', () => {
    const point = pointOf('shop', 'e1')
    const read = measured({ points: [{ ...point, manifest: { ...point.manifest, reason: 'preflight' } }] })
    expect([...read.keys()].filter(name => name.includes('_backup_timestamp'))).toEqual([])
    expect(
      read.get('safe_compose_restore_points{engine="e1",project="shop",reason="preflight",state="good"}'),
    ).toBe(1)
  })

  test('of unattended runs', () => {
    const outcome = { job: 'backup', ok: false, at: '2026-11-23T20:00:00Z', failingSince: null } as const
    const read = measured({ outcomes: [{ ...outcome, project: 'shop', failures: 3 }] })
    expect(read.get('safe_compose_job_ok{job="backup",project="shop"}')).toBe(0)
    expect(read.get('safe_compose_job_failures{job="backup",project="shop"}')).toBe(3)
  })

  test('a time that cannot be read is left out, and a clock that was set back makes no negative time', () => {
    const broken = pointOf('a', 'e')
    const back = pointOf('b', 'e')
    const read = measured({
      points: [
        { ...broken, manifest: { ...broken.manifest, finishedAt: 'never' } },
        { ...back, manifest: { ...back.manifest, startedAt: '2026-11-24T00:00:00Z' } },
      ],
    })
    expect(read.has('safe_compose_backup_timestamp_seconds{engine="e",project="a"}')).toBe(false)
    expect(read.get('safe_compose_backup_duration_seconds{engine="e",project="b"}')).toBe(0)
  })

  test('whatever the names are, a strict reader understands them', () => {
    const name = fc.string({
      unit: fc.constantFrom('a', '"', '\\', '\n', '{', '}', ',', '=', 'ü', ' ', '\r'),
    })
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 8 }), projects => {
        const read = measured({ points: projects.map(project => pointOf(project, 'e', { bytes: 5 })) })
        for (const project of projects)
          expect(
            read.get(`safe_compose_backup_size_bytes{engine="e",project=${JSON.stringify(project)}}`),
          ).toBe(5)
      }),
    )
  })
})

describe('the reader', () => {
  test.each([
    ['a 1', 'a has no TYPE'],
    ['# HELP a x\n# TYPE a gauge\na{b="c} 1', 'cannot be read'],
    ['# HELP a x\n# TYPE a gauge\na{b="\\x"} 1', 'cannot be read'],
    ['# HELP a x\n# TYPE a gauge\na 1\na 2', 'twice'],
    ['# TYPE a gauge\na 1', 'a has no HELP'],
    ['# HELP a x\n# TYPE a gauge\na one', 'cannot be read'],
    ['# HELP a_total x\n# TYPE a_total gauge\na_total 1', 'only a counter'],
    ['# HELP a x\n# TYPE a gauge\na 1\n# HELP b x\n# TYPE b gauge\nb 1\na{c="d"} 1', 'not in one piece'],
  ])('finds what is wrong with %j', (text, expected) => {
    expect(() => readExposition(`${text}\n`)).toThrow(expected)
  })

  test('wants a line break at the end', () => {
    expect(() => readExposition('# HELP a x\n# TYPE a gauge\na 1')).toThrow('line break')
  })
})
