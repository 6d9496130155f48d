import { describe, expect, test } from 'vitest'
import { alarmsFor, placesToIdentify, wayBack } from '../../src/core/alarms.ts'
import { raiseAlarms } from '../../src/commands/watch-alarms.ts'
import type { VolumeHolding } from '../../src/model/holding.ts'
import type { Ledger } from '../../src/model/journal.ts'
import type { Store } from '../../src/model/ports.ts'
import type { HoldingRecord } from '../../src/model/restore-point.ts'
import { aContainer, aLedger, aProject, aService, aVolume } from '../fakes/facts.ts'
import { aRecord, aRestorePoint } from '../fakes/question.ts'
import { aWorld } from '../fakes/world.ts'

const data = '/var/lib/postgresql/data'
const before = aLedger({ db: [`shop_pgdata:${data}`], web: ['shop_uploads:/uploads'] })

/** The same with one thing otherwise in each mount of a service. */
function changed(service: string, words: Partial<Ledger['services'][number]['mounts'][number]>): Ledger {
  return {
    ...before,
    services: before.services.map(each =>
      each.service === service
        ? { ...each, mounts: each.mounts.map(mount => ({ ...mount, ...words })) }
        : each,
    ),
  }
}

describe('an alarm is raised where a database is known', () => {
  test.each([
    ['another volume', { name: 'shop2_pgdata' }],
    ['the same name, made anew', { createdAt: '2026-11-22T00:00:00.000Z' }],
    ['a directory instead of a volume', { type: 'bind' as const, name: '/srv/pg' }],
  ])('%s', (_, words) => {
    const alarms = alarmsFor({ before, after: changed('db', words), settled: [] })
    expect(alarms.map(alarm => [alarm.service, alarm.before.name])).toEqual([['db', 'shop_pgdata']])
  })

  test('another cluster in the same volume', () => {
    const then = changed('db', { identity: '1' })
    expect(alarmsFor({ before: then, after: changed('db', { identity: '2' }), settled: [] })).toHaveLength(1)
    expect(alarmsFor({ before: then, after: changed('db', { identity: '1' }), settled: [] })).toEqual([])
    expect(alarmsFor({ before: then, after: changed('db', { identity: null }), settled: [] })).toEqual([])
  })
})

describe('none', () => {
  test('where nothing changed, nothing is known, or no database is', () => {
    expect(alarmsFor({ before, after: before, settled: [] })).toEqual([])
    expect(alarmsFor({ before: null, after: before, settled: [] })).toEqual([])
    expect(alarmsFor({ before, after: changed('web', { name: 'other' }), settled: [] })).toEqual([])
    const known = { before: changed('web', { database: 'SQLite' }), settled: [] }
    expect(alarmsFor({ ...known, after: changed('web', { name: 'other' }) })).toHaveLength(1)
  })

  test('about what was asked before', () => {
    const holding = { kind: 'volume', name: 'shop_pgdata', createdAt: '2026-11-01T08:00:00.000Z' } as const
    expect(alarmsFor({ before, after: changed('db', { name: 'new' }), settled: [holding] })).toEqual([])
  })
})

describe('what is to be identified', () => {
  const containers = [
    aContainer('db', { image: 'postgres:15', mounts: [`shop_pgdata:${data}`, 'shop_conf:/etc/pg'] }),
    aContainer('web', { mounts: ['shop_uploads:/uploads'] }),
    aContainer('db', { project: 'other', image: 'postgres:15', mounts: [`other_pgdata:${data}`] }),
  ]

  test('only where this project keeps a database that is not told yet', () => {
    const found = placesToIdentify(aProject(), containers, null)
    expect(found.map(({ name, path }) => [name, path])).toEqual([['shop_pgdata', data]])
    expect(placesToIdentify(aProject(), containers, changed('db', { database: 'PostgreSQL 15' }))).toEqual([])
  })
})

describe('the way back', () => {
  const [db] = before.services
  const [then] = db?.mounts ?? []
  if (then === undefined) throw new Error('the ledger has no database')
  const known = { ...then, database: 'PostgreSQL 15', identity: '7316' }
  const alarm = { service: 'db', before: known, now: { ...known, name: 'new', identity: '7551' } }
  const { model } = aProject({ services: [aService('db', { mounts: [`pgdata:${data}`] })] })
  const kept: VolumeHolding = { kind: 'volume', name: known.name, createdAt: known.createdAt ?? '' }
  const fresh: VolumeHolding = { ...kept, createdAt: '2026-11-22T00:00:00.000Z' }

  test('is adoption while the volume is there, under the key that the file mounts at this place', () => {
    const volumes = [aVolume('shop_pgdata', { createdAt: kept.createdAt })]
    expect(wayBack(alarm, { model, volumes, points: [] })).toEqual(['adopt', 'shop_pgdata', '--as', 'pgdata'])
    expect(wayBack(alarm, { model: null, volumes, points: [] })).toEqual(['adopt', 'shop_pgdata'])
  })

  test('is the newest good restore point that holds this very volume or cluster', () => {
    const volumes = [aVolume('shop_pgdata', { createdAt: fresh.createdAt })]
    const back = (record: HoldingRecord, state: 'good' | 'damaged' = 'good') =>
      wayBack(alarm, { model, volumes, points: [aRestorePoint({ id: 'p1', holdings: [record] }, { state })] })
    const way = ['restore', 'p1', '--volume', 'shop_pgdata']
    const database = { kind: 'postgresql', label: 'PostgreSQL 15', path: '', identity: '7316' } as const
    expect(back(aRecord(kept))).toEqual(way)
    expect(back({ ...aRecord(fresh), database })).toEqual(way)
    expect(back(aRecord(kept), 'damaged')).toBeNull()
    expect(back(aRecord(fresh))).toBeNull()
    expect(back(aRecord({ ...kept, name: 'shop_other' }))).toBeNull()
  })

  test('is not known for a directory', () => {
    const bind = { ...alarm, before: { ...known, type: 'bind' as const, name: '/srv/pg', createdAt: null } }
    expect(wayBack(bind, { model, volumes: [], points: [] })).toBeNull()
  })
})

test('a store that cannot be read does not silence an alarm', async () => {
  const [service] = before.services
  const [mount] = service?.mounts ?? []
  if (mount === undefined) throw new Error('the ledger has no database')
  const alarm = { service: 'db', before: mount, now: { ...mount, createdAt: '2026-11-22T00:00:00.000Z' } }
  const facts = aProject()
  for (const broken of ['open', 'list']) {
    const world = aWorld({ facts })
    const store = await world.context.openStore()
    const openStore = async (): Promise<Store> => {
      if (broken === 'open') throw new Error('no such disk')
      return { ...store, list: () => Promise.reject(new Error('no such disk')) }
    }
    await raiseAlarms({ ...world.context, openStore }, { facts }, [], ['compose', 'restart'], [alarm])
    expect(world.events, broken).toMatchObject([{ type: 'alarm', alarm, wayBack: null }])
  }
})
