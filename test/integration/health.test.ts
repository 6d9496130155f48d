import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { roomAt } from '../../src/adapters/host/files.ts'
import { health } from '../../src/commands/health.ts'
import type { HealthReport } from '../../src/core/health.ts'
import type { CriticalCount } from '../../src/model/database.ts'
import { Stop } from '../../src/model/failure.ts'
import type { Facts } from '../../src/model/facts.ts'
import { openTables } from '../../src/ui/tables.ts'
import { aContainer, anImage, aProject, aService, aVolume, typed } from '../fakes/facts.ts'
import { aRestorePoint } from '../fakes/question.ts'
import { aWorld } from '../fakes/world.ts'
import type { World, WorldWords } from '../fakes/world.ts'

const data = '/var/lib/postgresql/data'
const disposable = { 'safe-compose.backup': 'false' }
const database = { kind: 'postgresql', label: 'PostgreSQL 15', path: '', identity: null } as const
const db = aContainer('db', { image: 'postgres:15', mounts: [`shop_pgdata:${data}`] })
const shop = aProject({
  services: [aService('db', { image: 'postgres:15', mounts: [`pgdata:${data}`] }), aService('web')],
  containers: [db, aContainer('web')],
  volumes: [aVolume('shop_pgdata')],
  images: [anImage('postgres:15')],
})
const count: CriticalCount = {
  service: 'db',
  database: 'shop',
  query: 'select count(*) from orders',
  min: 1,
  max: null,
  owner: 'project',
}

function shopWorld(words: Partial<WorldWords> = {}): World {
  const world = aWorld({ facts: shop, contents: { shop_pgdata: { database } }, ...words })
  world.points.push(aRestorePoint({ finishedAt: '2026-11-23T18:00:00.000Z' }))
  return world
}

async function asked(
  world: World,
  ...services: readonly string[]
): Promise<{ readonly code: number; readonly report: HealthReport }> {
  let printed = ''
  const context = { ...world.context, print: (text: string) => void (printed += text) }
  const tables = openTables({ width: null, home: null })
  const code = await health(context, typed('ps'), { services, json: true }, tables)
  return { code, report: JSON.parse(printed) as HealthReport }
}

function withFacts(change: Partial<Facts>): Facts {
  return { ...shop, ...change }
}

test('a project that is well, and nothing is done to it', async () => {
  const world = shopWorld({ policy: { critical: [count] } })
  const { code, report } = await asked(world)
  expect(code).toBe(0)
  expect(report.databases).toMatchObject([
    {
      service: 'db',
      label: 'postgresql 1.0',
      critical: [{ value: 3, fault: null }],
      place: { path: '/var/lib/docker/volumes/shop_pgdata/_data', room: { free: 500_000_000_000 } },
    },
  ])
  expect(world.log).toEqual([])
})

test('a service that is asked for and keeps nothing: 3 for the project, silence for every other', async () => {
  const elsewhere = { ...count, service: 'db2' }
  expect(await asked(shopWorld({ policy: { critical: [elsewhere] } }))).toMatchObject({
    code: 3,
    report: { health: 'unknown', missing: ['db2'], databases: [{ health: 'well' }] },
  })
  const users = { ...elsewhere, owner: 'user' } as const
  expect((await asked(shopWorld({ policy: { critical: [users] } }))).code).toBe(0)
  expect((await asked(shopWorld({ policy: { critical: [elsewhere] } }), 'db')).code).toBe(0)
})

test('a service that keeps no database cannot be chosen', async () => {
  const failed = await asked(shopWorld(), 'web').catch((error: unknown) => error)
  expect(failed instanceof Stop && failed.failure).toMatchObject({
    reason: 'not-possible',
    what: 'project shop has no service web that keeps a database',
    how: 'name one of: db',
  })
})

describe('free space is told', () => {
  const roomIn = async (facts: Facts): Promise<unknown> =>
    (await asked(shopWorld({ facts }))).report.databases[0]?.place?.room

  test('not of an engine elsewhere, nor of a volume that only gives a name to something', async () => {
    const share = aVolume('shop_pgdata', { options: { type: 'nfs', device: ':/srv' } })
    expect(await roomIn(withFacts({ engine: { ...shop.engine, local: false } }))).toBe(null)
    expect(await roomIn(withFacts({ volumes: [aVolume('shop_pgdata', { driver: 'cloud' })] }))).toBe(null)
    expect(await roomIn(withFacts({ volumes: [share] }))).not.toBe(null)
    const stopped = [{ ...db, state: 'exited' as const }]
    expect(await roomIn(withFacts({ volumes: [share], containers: stopped }))).toBe(null)
    expect(await roomIn(withFacts({ containers: stopped }))).not.toBe(null)
  })

  test('of the file system where a path lies', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'safe-compose-room-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const room = await roomAt(folder)
    expect(room?.free).toBeGreaterThan(0)
    expect(room?.size).toBeGreaterThanOrEqual(room?.free ?? 0)
    expect(`${folder}/`.startsWith(room?.at ?? 'nowhere')).toBe(true)
    expect(await roomAt(join(folder, 'gone'))).toBe(null)
  })
})

test('what is disposable needs no restore point, once the user has seen that it is said to be', async () => {
  const facts = withFacts({ volumes: [aVolume('shop_pgdata', { labels: disposable })] })
  const codeWith = async (seen: readonly string[] | null): Promise<number> => {
    const world = shopWorld({ facts, policy: { disposable: seen } })
    world.points.splice(0)
    return (await asked(world)).code
  }
  expect(await codeWith(null)).toBe(1)
  expect(await codeWith(['volume shop_pgdata'])).toBe(0)
})

test('without the file nobody knows what is missing', async () => {
  const facts = withFacts({ model: null, modelError: 'no configuration file provided', containers: [] })
  const failed = await asked(shopWorld({ facts })).catch((error: unknown) => error)
  expect(failed instanceof Stop && failed.failure.reason).toBe('not-possible')
  const seen = withFacts({ model: null, modelError: 'no configuration file provided' })
  expect((await asked(shopWorld({ facts: seen }))).code).toBe(0)
})
