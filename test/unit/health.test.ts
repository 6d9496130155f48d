import { describe, expect, test } from 'vitest'
import { healthReport, limits, missingServices, newestPoints, whyStopped } from '../../src/core/health.ts'
import type { AskedCount, DatabaseHealth, HealthLine, SeenDatabase } from '../../src/core/health.ts'
import type { CriticalCount, ServerStatus } from '../../src/model/database.ts'
import { exitCodeOf } from '../../src/model/failure.ts'
import type { Verification } from '../../src/model/restore-point.ts'
import { openTables } from '../../src/ui/tables.ts'
import { aContainer, now } from '../fakes/facts.ts'
import { aRecord, aRestorePoint, aVolume } from '../fakes/question.ts'

const minute = 60_000
const day = 24 * 60 * minute
const before = (milliseconds: number): string => new Date(now.getTime() - milliseconds).toISOString()

const status: ServerStatus = {
  label: 'PostgreSQL 15.6',
  uptime: 3 * 86_400,
  databases: [
    { name: 'shop', bytes: 1_200_000_000 },
    { name: 'metrics', bytes: 88_000_000 },
  ],
  connections: { used: 7, most: 100 },
  lastSave: before(2 * minute),
  replication: [],
  troubles: [],
  keepsNothing: false,
}
const place = {
  kind: 'volume',
  name: 'shop_pgdata',
  path: '/var/lib/docker/volumes/shop_pgdata/_data',
  bytes: 1_400_000_000,
  room: { free: 212_000_000_000, size: 500_000_000_000, at: '/var/lib/docker' },
} as const
const query: CriticalCount = {
  service: 'db',
  database: 'app',
  query: 'select count(*)\n  from auth_user',
  min: 1,
  max: null,
  owner: 'project',
}
const asked = (value: number | null, change: Partial<AskedCount> = {}): AskedCount => ({
  ...query,
  value,
  fault: null,
  ...change,
})

function seen(change: Partial<SeenDatabase> = {}): SeenDatabase {
  return {
    service: 'db',
    label: 'PostgreSQL 15.6',
    kind: 'postgresql',
    stopped: null,
    status,
    silence: null,
    critical: [],
    place,
    restorePoint: { id: '20261122T180000Z-manual', finishedAt: before(day) },
    verified: { id: '20261101T090000Z-manual', finishedAt: before(22 * day), level: 'boot', at: before(1) },
    spared: null,
    ...change,
  }
}

function judged(change: Partial<SeenDatabase>): DatabaseHealth {
  const [database] = healthReport('shop', [seen(change)], [], now).databases
  if (database === undefined) throw new Error('nothing was judged')
  return database
}

function line(change: Partial<SeenDatabase>, id: string): Pick<HealthLine, 'health' | 'found'> | undefined {
  const found = judged(change).lines.find(each => each.id === id)
  return found && { health: found.health, found: found.found }
}

function server(change: Partial<ServerStatus>): Partial<SeenDatabase> {
  return { status: { ...status, ...change } }
}

test('what is well is told with its numbers', () => {
  const { health, lines } = judged({ critical: [asked(12)] })
  expect(health).toBe('well')
  expect(lines.every(each => each.health === 'well')).toBe(true)
  expect(lines.map(({ title, found }) => `${title}: ${found}`)).toEqual([
    'databases: shop 1.2 GB, metrics 88 MB',
    'connections: 7 of 100',
    'last checkpoint: 2 min ago',
    'volume: shop_pgdata, 1.4 GB; 212 GB free at /var/lib/docker',
    'critical: app: select count(*) from auth_user = 12, at least 1',
    'restore point: 20261122T180000Z-manual, 24 h ago',
    'verified: 20261101T090000Z-manual, 22 d ago (it boots)',
  ])
})

describe('connections', () => {
  test('nine of ten taken are too many', () => {
    expect(line(server({ connections: { used: 89, most: 100 } }), 'connections')).toEqual({
      health: 'well',
      found: '89 of 100',
    })
    expect(line(server({ connections: { used: 90, most: 100 } }), 'connections')).toEqual({
      health: 'degraded',
      found: '90 of 100 (90 % or more)',
    })
  })

  test('without a maximum, or where it does not tell, nothing is held against them', () => {
    expect(line(server({ connections: { used: 5000, most: null } }), 'connections')).toEqual({
      health: 'well',
      found: '5,000',
    })
    expect(line(server({ connections: null }), 'connections')).toBeUndefined()
  })
})

describe('free space', () => {
  const room = (free: number, size: number): Partial<SeenDatabase> => ({
    place: { ...place, room: { free, size, at: '/data' } },
  })

  test.each([
    ['a gigabyte of a small disk', room(1e9, 10e9), 'well', '1 GB free at /data'],
    ['less than that', room(999_999_999, 10e9), 'degraded', '1 GB of 10 GB free at /data (less than 1 GB)'],
    ['five per cent of a large one', room(50e9, 1000e9), 'well', '50 GB free at /data'],
    ['less than that', room(49e9, 1000e9), 'degraded', '49 GB of 1 TB free at /data (less than 5 %)'],
  ] as const)('%s', (_, change, health, found) => {
    expect(line(change, 'place')).toEqual({ health, found: `shop_pgdata, 1.4 GB; ${found}` })
  })

  test('that cannot be told is not counted', () => {
    expect(line({ place: { ...place, bytes: null, room: null } }, 'place')).toEqual({
      health: 'well',
      found: 'shop_pgdata, size unknown; free space unknown',
    })
    expect(line({ place: null }, 'place')).toBeUndefined()
  })
})

describe('critical counts', () => {
  test.each([
    [asked(1), 'well', '= 1, at least 1'],
    [asked(0), 'degraded', '= 0, at least 1'],
    [asked(5, { min: null, max: 5 }), 'well', '= 5, at most 5'],
    [asked(14_210, { min: null, max: 5 }), 'degraded', '= 14,210, at most 5'],
    [asked(0.5, { min: 1, max: 5 }), 'degraded', '= 0.5, 1 to 5'],
    [asked(0, { min: null }), 'well', '= 0'],
  ] as const)('%o', (count, health, found) => {
    expect(line({ critical: [count] }, 'critical')).toEqual({
      health,
      found: `app: select count(*) from auth_user ${found}`,
    })
  })

  test('one that cannot be had is a fault that is named', () => {
    const fault = 'relation "auth_user" does not exist'
    expect(line({ critical: [asked(null, { fault })] }, 'critical')).toEqual({
      health: 'degraded',
      found: `app: select count(*) from auth_user: ${fault}`,
    })
  })

  test('those of a service that is not there: asked by the project, not by the user for every project', () => {
    const user = { ...query, owner: 'user' } as const
    expect(missingServices([query, query, user], ['db'])).toEqual([])
    expect(missingServices([query, query, user], ['cache'])).toEqual(['db'])
    expect(missingServices([user], ['cache'])).toEqual([])
    expect(healthReport('shop', [seen()], ['db2'], now).health).toBe('unknown')
  })
})

describe('replication, and what the server says of itself', () => {
  const replica = (state: string): Partial<SeenDatabase> =>
    server({ replication: [{ with: '10.0.0.2', state, behind: { amount: 3, unit: 'seconds' } }] })

  test('replication that goes on, however far behind, is well; one that has stopped is not', () => {
    expect(line(replica('streaming'), 'replication')).toEqual({
      health: 'well',
      found: '10.0.0.2: streaming, 3 s behind',
    })
    expect(line(replica('stopped'), 'replication')?.health).toBe('degraded')
    expect(line(replica('down'), 'replication')?.health).toBe('degraded')
  })

  test('a trouble degrades', () => {
    expect(line(server({ troubles: ['its last snapshot failed'] }), 'trouble')).toEqual({
      health: 'degraded',
      found: 'its last snapshot failed',
    })
    expect(line({}, 'trouble')).toBeUndefined()
  })

  test('one that keeps nothing: a cache, or a mistake where it has a volume of its own', () => {
    const anonymous = { ...place, kind: 'anonymous', name: 'db:/data' } as const
    const cache = { ...server({ keepsNothing: true }), place: anonymous, restorePoint: null }
    expect(judged(cache).health).toBe('well')
    expect(line(cache, 'restore-point')?.found).toBe('none is needed: it keeps nothing')
    const mistaken = judged(server({ keepsNothing: true }))
    expect(mistaken.health).toBe('degraded')
    expect(mistaken.lines.find(({ id }) => id === 'keeps')?.found).toBe(
      'nothing: it is told to, although shop_pgdata is its own',
    )
  })
})

describe('restore points', () => {
  const aged = (milliseconds: number): Partial<SeenDatabase> => ({
    restorePoint: { id: 'point', finishedAt: before(milliseconds) },
  })

  test('none, or none that is younger than a week', () => {
    expect(line({ restorePoint: null }, 'restore-point')).toEqual({
      health: 'degraded',
      found: 'there is no good one',
    })
    expect(line(aged(limits.restorePoint), 'restore-point')?.health).toBe('well')
    expect(line(aged(9 * day), 'restore-point')).toEqual({
      health: 'degraded',
      found: 'point, 9 d ago (older than 7 d)',
    })
  })

  test('none is needed for what is disposable', () => {
    const spared = 'its label says so'
    expect(line({ spared, restorePoint: null }, 'restore-point')).toEqual({
      health: 'noted',
      found: 'none is needed: its label says so',
    })
    expect(line({ spared, ...aged(9 * day) }, 'restore-point')?.health).toBe('well')
  })

  test('none was ever tried: said, and not held against it', () => {
    expect(line({ verified: null }, 'verified')).toEqual({ health: 'noted', found: 'never' })
    expect(judged({ verified: null }).health).toBe('well')
  })

  const database = { service: 'db', holding: aVolume('shop_pgdata') }
  const proof = (change: Partial<Verification> = {}): { verified: Verification } => ({
    verified: { level: 'boot', at: before(day), milliseconds: 1, well: true, checks: [], ...change },
  })

  test('the newest that is good and holds this database, and the newest that is known to be so', () => {
    const points = [
      aRestorePoint({ id: 'other', holdings: [aRecord(aVolume('shop_redis'))] }),
      aRestorePoint({ id: 'damaged' }, { state: 'damaged', damage: 'too short' }),
      aRestorePoint({ id: 'does not boot' }, proof({ well: false })),
      aRestorePoint({ id: 'what stood before a restore', reason: 'safety' }),
      aRestorePoint({ id: 'newest' }),
      aRestorePoint({ id: 'proven' }, proof({ level: 'read' })),
      aRestorePoint({ id: 'older' }, proof()),
    ]
    expect(newestPoints(points, database)).toMatchObject({
      restorePoint: { id: 'newest' },
      verified: { id: 'proven', level: 'read' },
    })
    expect(newestPoints(points.slice(0, 4), database)).toEqual({ restorePoint: null, verified: null })
  })
})

describe('what does not run or does not answer', () => {
  test('is down, and the rest is told all the same', () => {
    const database = judged({ stopped: 'its container ended with 137, 3 min ago', status: null })
    expect(database.health).toBe('down')
    expect(database.lines.map(({ id, health }) => [id, health])).toEqual([
      ['reachable', 'down'],
      ['place', 'well'],
      ['restore-point', 'well'],
      ['verified', 'well'],
    ])
  })

  test('is down when it runs and does not answer; unknown when it is only we who may not', () => {
    const silent = (mayBeWell: boolean): DatabaseHealth =>
      judged({ status: null, silence: { why: 'it does not answer', mayBeWell } })
    expect(silent(false).health).toBe('down')
    expect(silent(true).health).toBe('unknown')
  })

  test('is unknown where nobody can ask it; a file has no server', () => {
    expect(judged({ status: null, kind: null }).health).toBe('unknown')
    expect(judged({ status: null, kind: null, stopped: 'it has no container' }).health).toBe('down')
    expect(judged({ status: null, kind: 'file' }).health).toBe('well')
    expect(judged({ status: null, kind: 'file', stopped: 'it has no container' }).health).toBe('down')
  })

  test.each([
    ['running', null],
    ['paused', 'its container is paused'],
    ['created', 'its container was never started'],
    ['restarting', 'its container starts again and again: it ended with 1, 3 min ago'],
    ['exited', 'its container ended with 1, 3 min ago'],
    ['dead', 'its container ended with 1, 3 min ago'],
  ] as const)('%s', (state, why) => {
    const container = aContainer('db', { state, details: { exitCode: 1, finishedAt: before(3 * minute) } })
    expect(whyStopped(container, now)).toBe(why)
    expect(whyStopped(null, now)).toBe('it has no container')
  })
})

describe('the worst counts', () => {
  const down = seen({ stopped: 'it has no container', status: null })
  const degraded = seen({ restorePoint: null })
  const unknown = seen({ status: null, kind: null })

  test('and what cannot be told is not the worst', () => {
    const healthOf = (...all: readonly SeenDatabase[]): string => healthReport('shop', all, [], now).health
    expect(healthOf()).toBe('well')
    expect(healthOf(seen(), seen())).toBe('well')
    expect(healthOf(seen(), unknown)).toBe('unknown')
    expect(healthOf(unknown, degraded)).toBe('degraded')
    expect(healthOf(down, degraded, unknown)).toBe('down')
  })

  test('an engine that does not answer is no database that is down', () => {
    const failure = { reason: 'engine-unreachable', host: 'unix:///x', why: 'refused' } as const
    expect(exitCodeOf(failure, 'monitor')).toBe(3)
    expect(exitCodeOf(failure, 'own')).toBe(1)
    expect(exitCodeOf(failure, 'guarded')).toBe(121)
    const usage = { reason: 'bad-usage', what: '', how: '' } as const
    expect(exitCodeOf(usage, 'monitor')).toBe(123)
  })
})

describe('the table', () => {
  const { health: table } = openTables({ width: null, home: null })

  test('a block for each database, and the sum', () => {
    const cache = seen({
      service: 'cache',
      label: 'Redis',
      kind: 'redis',
      stopped: 'it has no container',
      status: null,
      place: null,
      verified: null,
    })
    const report = healthReport('shop', [seen({ critical: [asked(0)] }), cache], ['db2'], now)
    expect(`\n${table(report)}`).toBe(`
db      PostgreSQL 15.6, up 3 d
  ✔ databases         shop 1.2 GB, metrics 88 MB
  ✔ connections       7 of 100
  ✔ last checkpoint   2 min ago
  ✔ volume            shop_pgdata, 1.4 GB; 212 GB free at /var/lib/docker
  ! critical          app: select count(*) from auth_user = 0, at least 1
  ✔ restore point     20261122T180000Z-manual, 24 h ago
  ✔ verified          20261101T090000Z-manual, 22 d ago (it boots)

cache   Redis
  ✗ reachable         no: it has no container
  ✔ restore point     20261122T180000Z-manual, 24 h ago
  · verified          never

? critical names db2, which keeps no database in this project
2 databases: 1 degraded, 1 down, 1 unknown
`)
  })

  test('none', () => {
    expect(table(healthReport('shop', [], [], now))).toBe('project shop keeps no database\n')
  })

  test('names from outside are shown, not obeyed', () => {
    const databases = [{ name: 'a\u001B[2J\nb', bytes: 10 }]
    const shown = table(healthReport('shop', [seen(server({ databases }))], ['x\u202E'], now))
    expect(shown).toContain(String.raw`a\x1b[2J\nb 10 B`)
    expect(shown).toContain(String.raw`x\u202e`)
  })
})
