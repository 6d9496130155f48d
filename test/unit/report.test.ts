import { array, assert, boolean, constantFrom, integer, option, property, record, subarray } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { protectionReport } from '../../src/core/report.ts'
import type { HoldingReport, ProjectReport, SeenProject } from '../../src/core/report.ts'
import type { Holding } from '../../src/model/holding.ts'
import { nameOfHolding } from '../../src/model/holding.ts'
import { aVolume, ago, evening, hours, minutes, someContents } from '../fakes/question.ts'
import {
  aSight,
  anEntry,
  keptOf,
  pointAt,
  seenProject,
  someData,
  theShop,
  verifiedAt,
} from '../fakes/report.ts'

const days = 24 * hours
const pgdata = aVolume('shop_pgdata')

function reported(change: Partial<SeenProject>): ProjectReport {
  const [project] = protectionReport(aSight([seenProject(change)])).projects
  if (project === undefined) throw new Error('no project')
  return project
}

function holdingOf(change: Partial<SeenProject>): HoldingReport | undefined {
  return reported(change).holdings[0]
}

describe('what counts as protected', () => {
  const whyNot = (
    points: SeenProject['points'],
    holding: Holding = pgdata,
    more: Partial<SeenProject> = {},
  ) => holdingOf({ data: [someData(holding)], points, ...more })?.unprotected

  test('a good restore point of the last week that holds it', () => {
    expect(whyNot([pointAt(2 * hours, [keptOf(pgdata, 10)])])).toBe(null)
    expect(whyNot([pointAt(8 * days, [keptOf(pgdata, 10)])])).toBe(
      'last backed up 8 d ago, over the limit of 7 d',
    )
    expect(whyNot([])).toBe('in no good restore point')
    expect(whyNot([pointAt(2 * hours, [keptOf(aVolume('shop_other'), 10)])])).toBe('in no good restore point')
  })

  test('not a damaged one, one that was found wanting, nor a copy of what stood in the way', () => {
    const records = [keptOf(pgdata, 10)]
    const wanting = verifiedAt(hours, { well: false })
    const point = pointAt(2 * hours, records)
    expect(whyNot([{ ...point, state: 'damaged' }])).toBe('in no good restore point')
    expect(whyNot([{ ...point, verified: wanting }])).toBe('in no good restore point')
    expect(whyNot([{ ...point, manifest: { ...point.manifest, reason: 'safety' } }])).toBe(
      'in no good restore point',
    )
  })

  test('not what only has the name of what was saved, unless it was filled from there', () => {
    const young: Holding = { kind: 'volume', name: 'shop_pgdata', createdAt: ago(5 * minutes) }
    const points = [pointAt(2 * hours, [keptOf(pgdata, 10)])]
    const restore = anEntry({
      kind: 'restore',
      closedAt: ago(4 * minutes),
      restores: [
        { restorePoint: 'a', holding: 'shop_pgdata', volume: 'shop_pgdata', safety: null, finished: true },
      ],
    })
    const unfinished = { ...restore, restores: restore.restores.map(task => ({ ...task, finished: false })) }
    const why = 'made 5 min ago, after what was last backed up under its name'
    expect(whyNot(points, young)).toBe(why)
    expect(whyNot(points, young, { entries: [unfinished] })).toBe(why)
    expect(whyNot(points, young, { entries: [{ ...restore, closedAt: ago(hours) }] })).toBe(why)
    expect(whyNot(points, young, { entries: [restore] })).toBe(null)
  })
})

test('what is empty, a cache, disposable or a plain directory is left out, until it was kept all the same', () => {
  const conf: Holding = { kind: 'bind', source: '/srv/conf', service: 'web', path: '/conf' }
  const data = [
    someData(aVolume('a'), { contents: someContents({ empty: true, bytes: 0 }) }),
    someData(aVolume('b'), { contents: someContents({ cache: 'node_modules' }) }),
    someData(aVolume('c'), { spared: 'its label says so' }),
    someData(conf),
    someData(aVolume('d'), { contents: null }),
  ]
  const bare = reported({ data })
  expect(bare.holdings.map(({ name }) => name)).toEqual(['d'])
  expect(bare.leftOut.map(({ name, because }) => `${name}: ${because}`)).toEqual([
    'a: empty',
    'b: a cache that can be made again (node_modules)',
    'c: its label says so',
    '/srv/conf: a directory of the host without a database: it is backed up when it is named',
  ])
  const kept = reported({
    data,
    points: [pointAt(hours, [keptOf(aVolume('a'), 1), keptOf(aVolume('b'), 1), keptOf(conf, 1)])],
  })
  expect(kept.holdings.map(({ name }) => name)).toEqual(['d', 'b', '/srv/conf'])
  expect(kept.leftOut.map(({ because }) => because)).toEqual([
    'empty now; 1 restore point held what was in it',
    'its label says so',
  ])
})

test('a shop, from the verdict to the last command', () => {
  const report = protectionReport(aSight([theShop()]))
  expect(report.verdict).toEqual({ protected: 3, all: 4, sentence: '3 of 4 volumes protected' })
  const [shop] = report.projects
  expect(shop?.holdings.map(({ name }) => name)).toEqual([
    'shop_uploads',
    'shop_pgdata',
    'shop_redis',
    'shop_media',
  ])
  expect(shop?.holdings[1]).toMatchObject({
    what: 'PostgreSQL 15.6',
    bytes: 1_200_000_000,
    copies: 28,
    restorePoint: {
      id: '20261123T181631Z-manual',
      encrypted: false,
      at: expect.stringMatching(/\/20261123T181631Z-manual\/volumes\/shop_pgdata\.tar\.zst$/),
    },
    verified: { level: 'boot', at: ago(days) },
  })
  expect(shop?.holdings[3]?.restorePoint?.encrypted).toBe(true)
  const times = shop?.holdings[1]?.growth.map(({ at }) => at) ?? []
  expect(times).toEqual(times.toSorted())
  expect(shop?.mends).toEqual([
    { weight: 'critical', found: 'shop_uploads: in no good restore point', command: 'safe-compose backup' },
    {
      weight: 'critical',
      found: 'automatic backups: no timer of this machine takes backups',
      command: 'safe-compose schedule install',
    },
    {
      weight: 'warning',
      found: "volumes pinned: pgdata follows the directory's name",
      command: 'safe-compose pin',
    },
  ])
  expect(shop?.gone).toMatchObject([
    { name: 'shop_search', copies: 7, command: expect.stringMatching(/^safe-compose restore \S+ --volume/) },
  ])
  expect(shop?.commands.map(({ argv, outcome, undoneAt }) => [argv[0], outcome, undoneAt !== null])).toEqual([
    ['run', 'deleted nothing; ended with 1', false],
    ['undo', 'put back shop_pgdata and shop_redis', false],
    ['down', 'deleted shop_pgdata and shop_redis', true],
    ['up', 'deleted nothing', false],
  ])
})

test('restore points that are not good, and such that nobody tried, are something to do', () => {
  const point = pointAt(2 * hours, [keptOf(pgdata, 10)])
  const mendsWith = (points: SeenProject['points']): readonly string[] =>
    reported({ data: [someData(pgdata)], points }).mends.map(({ found }) => found)
  const damaged = { ...pointAt(3 * hours, []), state: 'damaged' as const, damage: 'a file is missing' }
  const never = 'no restore point was tried in the last 30 d'
  expect(mendsWith([point])).toEqual([never])
  expect(mendsWith([{ ...point, verified: verifiedAt(31 * days) }])).toEqual([never])
  expect(mendsWith([{ ...point, verified: verifiedAt(days, { level: 'read' }) }])).toEqual([never])
  expect(mendsWith([{ ...point, verified: verifiedAt(days) }])).toEqual([])
  expect(mendsWith([{ ...point, verified: verifiedAt(days) }, damaged])).toEqual([
    `1 restore point not good: ${damaged.id} (a file is missing)`,
  ])
  expect(mendsWith([])).toEqual(['shop_pgdata: in no good restore point'])
})

describe('what cannot be seen', () => {
  const points = [pointAt(2 * hours, [keptOf(pgdata, 10)]), pointAt(9 * days, [keptOf(aVolume('old'), 5)])]

  test('of an engine that does not answer the store tells, and the verdict says so', () => {
    const report = protectionReport(aSight([seenProject({ data: null, points })], { engine: null }))
    expect(report.verdict.sentence).toBe('1 of 2 volumes protected, by the store alone')
    expect(report.projects[0]).toMatchObject({ gone: [], leftOut: [] })
    const nothing = protectionReport(aSight([seenProject({ data: null })], { engine: null }))
    expect(nothing.verdict.sentence).toBe('nothing is known to be kept')
  })

  test('what lies on another engine is told and does not count', () => {
    const here = seenProject({ data: [someData(pgdata)], points: points.slice(0, 1) })
    const there = seenProject({ name: 'there', engine: 'engine-2', data: null, points, line: null })
    const report = protectionReport(aSight([here, there]))
    expect(report.verdict.sentence).toBe('1 of 1 volume protected')
    expect(report.projects[1]?.mends).toMatchObject([
      { found: expect.stringContaining('old: last backed up'), command: null },
      { command: null },
    ])
  })

  test('nothing on the engine: what is kept of what was there', () => {
    const sentence = (change: Partial<SeenProject>): string =>
      reported({ data: [], ...change }).verdict.sentence
    expect(sentence({})).toBe('no data on the engine, and none kept')
    expect(sentence({ points })).toBe('no data on the engine; kept of what was there: 2 volumes')
    expect(sentence({ points, volumes: ['shop_pgdata'] })).toBe(
      'no data on the engine; kept of what was there: 1 volume',
    )
  })
})

test.each([
  [anEntry({ status: 'copying', closedAt: null }), 'not finished: a backup was being made'],
  [anEntry({ status: 'running', closedAt: null }), 'not finished: Compose was running'],
  [anEntry({ status: 'restoring', closedAt: null }), 'not finished: data was being put back'],
  [anEntry({ status: 'rolled-back' }), 'it did not run'],
  [anEntry({ status: 'rolled-back', kind: 'restore' }), 'taken back: everything is as it was before'],
  [anEntry({ status: 'abandoned' }), 'given up'],
  [anEntry({ kind: 'restore' }), 'put nothing back'],
])('how a command ended (%#)', (entry, outcome) => {
  expect(reported({ entries: [entry] }).commands).toMatchObject([{ outcome }])
})

test('for any history every piece of data is told once, and only what counts is called protected', () => {
  const names = ['a', 'b', 'c'] as const
  const aPoint = record({
    age: integer({ min: 0, max: 20 * days }),
    holds: subarray([...names]),
    state: constantFrom('good' as const, 'damaged' as const),
    well: option(boolean(), { nil: null }),
  })
  assert(
    property(array(aPoint, { maxLength: 12 }), subarray([...names]), (all, there) => {
      const points = all
        .toSorted((one, other) => one.age - other.age)
        .map(({ age, holds, state, well }) => ({
          ...pointAt(
            age,
            holds.map(name => keptOf(aVolume(name), 1)),
          ),
          state,
          verified: well === null ? null : verifiedAt(0, { well }),
        }))
      const report = reported({ data: there.map(name => someData(aVolume(name))), points })
      const told = [...report.holdings, ...report.gone].map(({ name }) => name)
      expect(new Set(told).size).toBe(told.length)
      expect(report.holdings.map(({ name }) => name).toSorted()).toEqual(there)
      for (const { name, unprotected } of report.holdings) {
        const isKept = points.some(
          ({ manifest, state, verified }) =>
            state === 'good' &&
            verified?.well !== false &&
            evening.getTime() - Date.parse(manifest.finishedAt) <= 7 * days &&
            manifest.holdings.some(({ holding }) => nameOfHolding(holding) === name),
        )
        expect(unprotected === null).toBe(isKept)
      }
    }),
  )
})
