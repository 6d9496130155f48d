import { readFileSync } from 'node:fs'
import { array, assert, constantFrom, integer, option, property, record, subarray } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { defaultPolicy } from '../../src/core/policy.ts'
import { planRetention } from '../../src/core/retention.ts'
import type { RetentionPlan, RetentionQuestion } from '../../src/core/retention.ts'
import type { KeepPolicy } from '../../src/model/decision.ts'
import type { Manifest, RestorePoint } from '../../src/model/restore-point.ts'
import { aRecord, aRestorePoint, aVolume } from '../fakes/question.ts'

const hour = 3_600_000
const day = 24 * hour
const now = new Date('2026-11-24T12:00:00Z')
const policy: KeepPolicy = { ...defaultPolicy.keep, last: 1 }

describe('which restore points stay', () => {
  test('every one for 7 days, then one a day, one a week, one a month', () => {
    const nightly = Array.from({ length: 500 }, (_, days) => point({ days }))
    const kept = plan(nightly).verdicts.filter(({ keep }) => keep)
    const ages = kept.map(
      ({ point: { manifest } }) => (now.getTime() - Date.parse(manifest.finishedAt)) / day,
    )
    expect(ages.filter(age => age < 30)).toHaveLength(30)
    // 25 October to 27 August by week, then the ends of the months.
    expect(kept.slice(30).map(({ point: { manifest } }) => manifest.finishedAt.slice(0, 10))).toEqual([
      '2026-10-25',
      '2026-10-18',
      '2026-10-11',
      '2026-10-04',
      '2026-09-30',
      '2026-09-27',
      '2026-09-20',
      '2026-09-13',
      '2026-09-06',
      '2026-08-31',
      '2026-08-30',
      '2026-07-31',
      '2026-06-30',
      '2026-05-31',
      '2026-04-30',
      '2026-03-31',
      '2026-02-28',
      '2026-01-31',
      '2025-12-31',
      '2025-11-30',
    ])
  })

  test('of several a day the last one stands for it, and each reason is told', () => {
    const points = [0, 6, 240, 246, 1000, 1200, 9000].map(hours => point({ hours }))
    expect(reasons(points)).toEqual({
      '0 h': [
        'the newest',
        'the newest of shop_pgdata',
        'within 7 d',
        'the newest of 2026-11-24',
        'the newest of week 2026-W48',
        'the newest of 2026-11',
      ],
      '6 h': ['within 7 d'],
      '240 h': ['the newest of 2026-11-14', 'the newest of week 2026-W46'],
      '246 h': 'a newer one of its day stays',
      '1000 h': ['the newest of week 2026-W42', 'the newest of 2026-10'],
      '1200 h': ['the newest of week 2026-W41'],
      '9000 h': 'older than 365 d',
    })
  })

  test('days are those of UTC, whatever the offset that a time is written with', () => {
    const points = [
      point({ days: 0 }),
      point({ at: '2026-11-10T01:00:00+03:00' }),
      point({ at: '2026-11-09T21:00:00.000Z' }),
    ]
    expect(plan(points).verdicts.map(({ keep }) => keep)).toEqual([true, true, false])
  })

  test('what was copied before a command takes nobody’s place, nor what holds other data', () => {
    const points = [
      point({ days: 0 }),
      point({ hours: 240, reason: 'safety' }),
      point({ hours: 241, reason: 'preflight' }),
      point({ hours: 242, volumes: ['shop_redis'] }),
      point({ hours: 243 }),
      point({ hours: 244 }),
    ]
    expect(plan(points).verdicts.map(({ keep }) => keep)).toEqual([true, true, true, true, true, false])
  })

  test('nor does one without a dump that of one with it', () => {
    const points = [0, 240, 241, 242].map(hours => point({ hours }))
    const dump = { path: 'dumps/db/shop.dump.zst', form: 'pg-custom' }
    const dumped = points.map((each, index) => {
      const databases = [
        { service: 'db', dumps: index < 2 ? [] : [dump] },
      ] as unknown as Manifest['databases']
      return { ...each, manifest: { ...each.manifest, databases: databases ?? [] } }
    })
    expect(reasons(dumped)).toMatchObject({
      '240 h': ['the newest of 2026-11-14', 'the newest of week 2026-W46'],
      '241 h': [
        'the newest of dumps of db',
        'the newest of 2026-11-14',
        'the newest of week 2026-W46',
        'the newest of 2026-11',
      ],
      '242 h': 'a newer one of its day stays',
    })
  })

  test('none is kept for its age where nothing says for how long', () => {
    const none = { ...policy, all: 0, daily: 0, weekly: 0, monthly: 0 }
    expect(reasons([point({ days: 0 }), point({ days: 1 })], { policy: none })['24 h']).toBe(
      'none is kept for its age',
    )
  })

  test('what was taken by hand follows only when somebody asks for it; with a tag never', () => {
    const points = [
      point({ days: 0 }),
      point({ days: 400, reason: 'manual' }),
      point({ days: 401, reason: 'manual', tag: 'before-v2' }),
    ]
    expect(reasons(points, { byHandToo: false })).toMatchObject({
      '9600 h': ['taken by hand'],
      '9624 h': ['tag before-v2'],
    })
    expect(reasons(points)).toMatchObject({ '9600 h': 'older than 365 d', '9624 h': ['tag before-v2'] })
  })

  test('what is needed, read, or damaged stays', () => {
    const points = [point({ days: 0 }), ...[500, 501, 502, 503].map(days => point({ days }))]
    const [, needed, read, damaged] = points
    const some = points.map(each => (each === damaged ? { ...each, state: 'damaged' as const } : each))
    expect(
      reasons(some, {
        needed: new Map([[needed!.id, 'undo needs it']]),
        reading: new Set([read!.id]),
      }),
    ).toMatchObject({
      '12000 h': ['undo needs it'],
      '12024 h': ['being read'],
      '12048 h': ['damaged: kept for you to look at'],
      '12072 h': 'older than 365 d',
    })
  })

  test('of each volume the newest good one, and the newest that boots', () => {
    const boots = { level: 'boot', well: true, at: now.toISOString(), milliseconds: 1, checks: [] } as const
    const points = [
      point({ days: 0, volumes: ['shop_redis'] }),
      { ...point({ days: 500 }), state: 'damaged' as const },
      point({ days: 501 }),
      { ...point({ days: 502 }), verified: { ...boots, well: false } },
      { ...point({ days: 503 }), verified: { ...boots, level: 'read' as const } },
      { ...point({ days: 504 }), verified: boots },
      { ...point({ days: 505 }), verified: boots },
    ]
    expect(reasons(points)).toMatchObject({
      '12024 h': ['the newest of shop_pgdata'],
      '12048 h': 'older than 365 d',
      '12072 h': 'older than 365 d',
      '12096 h': ['the newest of shop_pgdata that is known to boot'],
      '12120 h': 'older than 365 d',
    })
  })

  test('one that did not pass takes nobody’s place: not as the newest, not for its day', () => {
    const verified = { level: 'boot', well: false, at: '', milliseconds: 1, checks: [] } as const
    const bad = (some: RestorePoint): RestorePoint => ({ ...some, verified })
    const newest = [bad(point({ days: 0 })), point({ days: 500 })]
    expect(reasons(newest)).toMatchObject({
      '0 h': [
        'within 7 d',
        'the newest of 2026-11-24',
        'the newest of week 2026-W48',
        'the newest of 2026-11',
      ],
      '12000 h': ['the newest', 'the newest of shop_pgdata'],
    })
    const ofOneDay = [
      point({ hours: 1 }),
      bad(point({ hours: 241 })),
      point({ hours: 242 }),
      point({ hours: 243 }),
    ]
    expect(plan(ofOneDay).verdicts.map(({ keep }) => keep)).toEqual([true, true, true, false])
  })

  test('what stood before a restore is nobody’s newest', () => {
    const points = [point({ days: 0, reason: 'safety' }), point({ days: 500 })]
    expect(reasons(points)['12000 h']).toEqual(['the newest of shop_pgdata'])
  })

  test('before commands no more than the size; the oldest go at once, and what always stays counts', () => {
    const points = [1, 2, 3, 4].map(hours => point({ hours, reason: 'preflight', bytes: 4_000 }))
    const scheduled = point({ hours: 5, bytes: 50_000 })
    const small = point({ hours: 6, reason: 'safety', bytes: 10 })
    const { verdicts } = plan([...points, scheduled, small], { policy: { ...policy, bytes: 9_000 } })
    expect(verdicts.map(({ keep, atOnce }) => [keep, atOnce])).toEqual([
      [true, false],
      [true, false],
      [false, true],
      [false, true],
      [true, false],
      [false, true],
    ])
    expect(verdicts[2]?.reasons).toEqual(['beyond 9 kB'])
  })

  test.each(vectors())('as restic does: $name ($rules)', ({ keep, times, kept }) => {
    const spans = Object.fromEntries(Object.entries(keep).map(([key, days]) => [key, days * day]))
    const { verdicts } = plan(
      times.toReversed().map(at => point({ at })),
      { policy: { ...policy, ...spans } },
    )
    const stay = verdicts.filter(each => each.keep).map(each => Date.parse(each.point.manifest.finishedAt))
    expect(stay).toEqual(kept.map(time => Date.parse(time)))
  })
})

describe('a clock that goes wrong', () => {
  test('ages are counted from the newest: a week without backups makes nothing older', () => {
    const points = [0, 3, 6, 20, 100].map(days => point({ days }))
    const later = new Date(now.getTime() + 300 * day)
    expect(plan(points, { now: later })).toEqual(plan(points))
  })

  test('set back a day: the newest by their sequence stay the newest, and nothing more goes', () => {
    const before = [0, 6, 12, 200, 202].map(hours => point({ hours }))
    const setBack = numbered([point({ hours: 20 }), point({ hours: 26 }), ...before])
    for (const hours of [20, 0]) {
      const { verdicts } = plan(setBack, { now: new Date(now.getTime() - hours * hour) })
      expect(verdicts.map(({ keep }) => keep)).toEqual([true, true, true, true, true, true, false])
      expect(verdicts[0]?.reasons).toContain('the newest')
    }
  })

  test('set ahead for years and back again: nothing was made old by it', () => {
    const rest = [0, 6, 12, 200, 4000].map(hours => point({ hours }))
    const ahead = point({ days: -2000 })
    for (const points of [
      numbered([ahead, ...rest]),
      numbered([...rest.slice(0, 2), ahead, ...rest.slice(2)]),
    ]) {
      expect(plan(points).verdicts.every(({ keep }) => keep)).toBe(true)
    }
  })

  test('a machine that came up in 1970 neither loses its restore points nor those from before', () => {
    const points = numbered([point({ days: 0 }), point({ at: '1970-01-01T00:00:10Z' }), point({ days: 1 })])
    expect(plan(points).verdicts.every(({ keep }) => keep)).toBe(true)
    expect(plan(points, { now: new Date(20_000) }).verdicts.every(({ keep }) => keep)).toBe(true)
  })
})

describe('a restore point that is suspiciously small', () => {
  const due = [400, 500].map(days => point({ days }))
  const usual = [1, 2, 3].map(days => point({ days, content: 600_000_000 }))

  test('holds everything back, and says which', () => {
    const { verdicts, heldBack } = plan([point({ days: 0, content: 290_000_000 }), ...usual, ...due])
    expect(heldBack).toBe('shop_pgdata has only 290 MB in 0 h, and 600 MB before')
    expect(verdicts.every(({ keep }) => keep)).toBe(true)
    expect(verdicts.at(-1)?.reasons).toEqual(['retention is held back'])
  })

  test('half is not suspicious, and where nothing is due nothing is said', () => {
    expect(plan([point({ days: 0, content: 300_000_000 }), ...usual, ...due]).heldBack).toBeNull()
    expect(plan([point({ days: 0, content: 1 }), ...usual]).heldBack).toBeNull()
  })

  test('so does a policy that may not be the right one, where something is due by it', () => {
    expect(plan([...usual, ...due], { doubt: 'the disk is gone' }).heldBack).toBe('the disk is gone')
    expect(plan(usual, { doubt: 'the disk is gone' }).heldBack).toBeNull()
  })
})

describe('always', () => {
  const anyPoint = record({
    hours: integer({ min: 1, max: 12_000 }),
    bytes: integer({ min: 0, max: 9_000 }),
    content: constantFrom(600_000_000, 200_000_000),
    reason: constantFrom('preflight', 'manual', 'safety', 'schedule'),
    tag: option(constantFrom('t'), { freq: 6 }),
    volumes: subarray(['a', 'b', 'c'], { minLength: 1 }),
    state: constantFrom('good', 'good', 'good', 'damaged'),
    proof: constantFrom(null, true, false),
  })
  const anyPolicy = record({
    all: integer({ min: 0, max: 10 * day }),
    daily: integer({ min: 0, max: 40 * day }),
    weekly: integer({ min: 0, max: 100 * day }),
    monthly: integer({ min: 0, max: 400 * day }),
    last: integer({ min: 0, max: 4 }),
    bytes: integer({ min: 0, max: 60_000 }),
  })
  /** In order of their sequence; with `jumps` the times are in any order. */
  const history = (jumps: boolean) =>
    array(anyPoint, { maxLength: 25 }).map(specs =>
      numbered(
        (jumps ? specs : specs.toSorted((a, b) => a.hours - b.hours)).map(({ proof, state, ...spec }) => ({
          ...point(spec),
          state,
          verified:
            proof === null
              ? null
              : { level: 'boot' as const, well: proof, at: '', milliseconds: 0, checks: [] },
        })),
      ),
    )

  test.each([false, true])('each is judged once, and what must stay does; clock jumps: %s', jumps => {
    assert(
      property(history(jumps), anyPolicy, integer({ min: 0, max: 3 }), (points, keep, at) => {
        const needed = points[at] === undefined ? [] : [points[at]]
        const read = points[at + 5] === undefined ? [] : [points[at + 5]!]
        const { verdicts } = plan(points, {
          policy: keep,
          needed: new Map(needed.map(({ id }) => [id, 'needed'])),
          reading: new Set(read.map(({ id }) => id)),
        })
        expect(new Set(verdicts.map(each => each.point))).toEqual(new Set(points))
        expect(verdicts).toHaveLength(points.length)
        const stays = new Set(verdicts.filter(each => each.keep).map(each => each.point))
        const good = points.filter(({ state, verified }) => state === 'good' && verified?.well !== false)
        for (const each of [
          ...good.slice(0, Math.max(1, keep.last)),
          ...points.filter(({ state, manifest }) => state === 'damaged' || manifest.tag !== null),
          ...['a', 'b', 'c'].flatMap(name => newestWith(good, name)),
          ...['a', 'b', 'c'].flatMap(name =>
            newestWith(
              good.filter(({ verified }) => verified !== null),
              name,
            ),
          ),
          ...needed,
          ...read,
        ])
          expect(stays).toContain(each)
        for (const { keep: isKept, reasons: why } of verdicts) {
          expect(why.length).toBeGreaterThan(0)
          expect(typeof isKept).toBe('boolean')
        }
      }),
    )
  })

  test('what was pruned once is not pruned again', () => {
    assert(
      property(history(false), anyPolicy, (points, keep) => {
        const kept = keptBy(points, keep)
        expect(keptBy(kept, keep)).toEqual(kept)
      }),
    )
  })

  test('a newer one that is damaged changes nothing', () => {
    assert(
      property(history(true), anyPolicy, (points, keep) => {
        const damaged = { ...point({ hours: 0 }), state: 'damaged' as const }
        expect(keptBy(numbered([damaged, ...points]), keep).slice(1)).toEqual(keptBy(points, keep))
      }),
    )
  })

  test('a newer good one takes away nothing that stays for more than its age', () => {
    assert(
      property(history(true), anyPolicy, (points, keep) => {
        const newer = point({ hours: 0, volumes: ['a', 'b', 'c'] })
        const after = new Set(keptBy(numbered([newer, ...points]), keep).map(({ id }) => id))
        for (const each of points)
          if (each.state === 'damaged' || each.manifest.tag !== null) expect(after).toContain(each.id)
        const proven = points.filter(({ state, verified }) => state === 'good' && verified?.well === true)
        for (const name of ['a', 'b', 'c'])
          for (const each of newestWith(proven, name)) expect(after).toContain(each.id)
      }),
    )
  })

  test('keeping for longer removes nothing that was kept', () => {
    assert(
      property(history(true), anyPolicy, integer({ min: 0, max: 50 * day }), (points, keep, more) => {
        const longer = { ...keep, bytes: 1e12 }
        for (const key of ['all', 'daily', 'weekly', 'monthly'] as const) longer[key] += more
        const [before, after] = [keptBy(points, { ...keep, bytes: 1e12 }), new Set(keptBy(points, longer))]
        for (const each of before) expect(after).toContain(each)
      }),
    )
  })

  function keptBy(points: readonly RestorePoint[], keep: KeepPolicy): readonly RestorePoint[] {
    return plan(points, { policy: keep })
      .verdicts.filter(each => each.keep)
      .map(each => each.point)
  }

  function newestWith(good: readonly RestorePoint[], name: string): readonly RestorePoint[] {
    const found = good.find(
      ({ manifest }) =>
        manifest.reason !== 'safety' &&
        manifest.holdings.some(({ holding }) => holding.kind === 'volume' && holding.name === name),
    )
    return found === undefined ? [] : [found]
  }
})

interface Vector {
  readonly name: string
  readonly rules: string
  /** In days. */
  readonly keep: Readonly<Record<'all' | 'daily' | 'weekly' | 'monthly', number>>
  readonly times: readonly string[]
  readonly kept: readonly string[]
}

function vectors(): readonly Vector[] {
  const file = new URL('../fixtures/restic-retention.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly vectors: readonly Vector[] }).vectors
}

/** In the order of what was given: the newest first. */
function plan(points: readonly RestorePoint[], change: Partial<RetentionQuestion> = {}): RetentionPlan {
  const isNumbered = new Set(points.map(({ manifest }) => manifest.sequence)).size === points.length
  return planRetention({
    points: isNumbered ? points : numbered(points),
    policy,
    doubt: null,
    needed: new Map(),
    reading: new Set(),
    byHandToo: true,
    now,
    ...change,
  })
}

/** By age: why it stays, or in one text why it goes. */
function reasons(
  points: readonly RestorePoint[],
  change: Partial<RetentionQuestion> = {},
): Record<string, string | readonly string[]> {
  return Object.fromEntries(
    plan(points, change).verdicts.map(({ point: { id }, keep, reasons: why }) => [
      id,
      keep ? why : why.join('; '),
    ]),
  )
}

function numbered(newestFirst: readonly RestorePoint[]): readonly RestorePoint[] {
  return newestFirst.map((each, index) => ({
    ...each,
    manifest: { ...each.manifest, sequence: newestFirst.length - index },
  }))
}

function point(spec: {
  readonly hours?: number
  readonly days?: number
  readonly at?: string
  readonly reason?: Manifest['reason']
  readonly tag?: string | null
  readonly volumes?: readonly string[]
  readonly bytes?: number
  /** Bytes in each volume. */
  readonly content?: number
}): RestorePoint {
  const hours = spec.hours ?? (spec.days ?? 0) * 24
  const { reason = 'schedule', tag = null, volumes = ['shop_pgdata'], bytes = 100 } = spec
  const holdings = volumes.map(name => {
    const bare = aRecord(aVolume(name))
    const { kept } = bare
    return { ...bare, kept: { ...kept, tar: { ...kept.tar, contentBytes: spec.content ?? 600_000_000 } } }
  })
  return aRestorePoint(
    {
      id: spec.at ?? `${hours} h`,
      finishedAt: spec.at ?? new Date(now.getTime() - hours * hour).toISOString(),
      sequence: 0,
      reason,
      tag,
      holdings,
    },
    { bytes },
  )
}
