import { describe, expect, test } from 'vitest'
import { projectDatabases, servicePlaces } from '../../src/core/project-databases.ts'
import type { Facts } from '../../src/model/facts.ts'
import { identityOfHolding, nameOfHolding } from '../../src/model/holding.ts'
import type { Contents } from '../../src/model/holding.ts'
import {
  aContainer,
  anImage,
  anonymousName,
  aProject,
  aService,
  aVolume,
  nothingInIt,
  someContents,
} from '../fakes/facts.ts'

const data = '/var/lib/postgresql/data'
const postgres = { image: 'postgres:15', mounts: [`pgdata:${data}`] }
const running = { image: 'postgres:15', mounts: [`shop_pgdata:${data}`] }
const mongo = someContents({
  database: { kind: 'mongodb', label: 'MongoDB', path: '', identity: null },
})
const sqlite = someContents({ database: { kind: 'sqlite', label: 'SQLite', path: '', identity: null } })
const files = someContents({ database: null })

/** `service kind place`, from what was seen in each place by its name. */
function found(facts: Facts, seen: Readonly<Record<string, Contents>> = {}): readonly string[] {
  const contents = new Map(
    servicePlaces(facts).flatMap(({ holding }) => {
      const inside = seen[nameOfHolding(holding)]
      return inside === undefined ? [] : [[identityOfHolding(holding), inside] as const]
    }),
  )
  return projectDatabases(facts, contents).map(
    ({ service, kind, holding, label }) =>
      `${service} ${kind} ${holding === null ? 'nowhere' : nameOfHolding(holding)} ${label}`,
  )
}

describe('a service is a database', () => {
  test('by what is in a place that it writes to', () => {
    const facts = aProject({
      services: [aService('db', postgres), aService('web', { mounts: ['uploads:/uploads'] })],
      containers: [aContainer('db', running), aContainer('web', { mounts: ['shop_uploads:/uploads'] })],
      volumes: [aVolume('shop_pgdata'), aVolume('shop_uploads')],
    })
    expect(found(facts, { shop_pgdata: someContents(), shop_uploads: files })).toEqual([
      'db postgresql shop_pgdata PostgreSQL 15',
    ])
  })

  test('by its image, before it has written anything, and before it has a container', () => {
    const facts = aProject({
      services: [aService('db', postgres), aService('cache', { image: 'redis:7' }), aService('web')],
    })
    expect(found(facts)).toEqual(['cache redis nowhere Redis 7', 'db postgresql nowhere PostgreSQL 15'])
    const volumes = [aVolume('shop_pgdata')]
    expect(found({ ...facts, volumes })).toContain('db postgresql shop_pgdata PostgreSQL 15')
  })

  test('by the image that its own is built from', () => {
    const image = anImage('own/database', { volumes: [data], versions: { PG_MAJOR: '15' } })
    const facts = aProject({
      services: [aService('db', { image: 'own/database' })],
      images: [image],
    })
    expect(found(facts)).toEqual(['db postgresql nowhere PostgreSQL 15'])
  })

  test('by its container, where the file does not name it', () => {
    const facts = aProject({ containers: [aContainer('db', running)], volumes: [aVolume('shop_pgdata')] })
    expect(found(facts, { shop_pgdata: someContents() })).toHaveLength(1)
  })

  test('also of a kind that nobody can ask, and without any server', () => {
    const facts = aProject({
      services: [aService('mongo', { image: 'mongo:7' }), aService('app')],
      containers: [
        aContainer('mongo', { image: 'mongo:7', mounts: ['shop_mongo:/data/db'] }),
        aContainer('app', { mounts: ['shop_files:/files'] }),
      ],
      volumes: [aVolume('shop_mongo'), aVolume('shop_files')],
    })
    expect(found(facts, { shop_mongo: mongo, shop_files: sqlite })).toEqual([
      'app file shop_files SQLite',
      'mongo null shop_mongo MongoDB',
    ])
    expect(found(facts)).toEqual(['mongo null shop_mongo MongoDB 7'])
  })
})

describe('a service is none', () => {
  test('that only reads, or that only writes beside the server', () => {
    const facts = aProject({
      containers: [
        aContainer('db', running),
        aContainer('backup', { mounts: ['shop_pgdata:/in:ro'] }),
        aContainer('browser', { mounts: ['shop_pgdata:/srv'] }),
      ],
      volumes: [aVolume('shop_pgdata')],
    })
    expect(found(facts, { shop_pgdata: someContents() })).toEqual(['db postgresql shop_pgdata PostgreSQL 15'])
  })

  test('that runs a client of the image: the place that the image brings along was never used', () => {
    const anonymous = aVolume(anonymousName('a'))
    const client = (state: 'running' | 'exited'): Facts =>
      aProject({
        services: [aService('dump', { image: 'postgres:15' })],
        containers: [
          aContainer('dump', { state, image: 'postgres:15', mounts: [`${anonymous.name}:${data}`] }),
        ],
        volumes: [anonymous],
      })
    const place = `dump:${data}`
    expect(found(client('running'), { [place]: nothingInIt })).toEqual([])
    expect(found(client('exited'), { [place]: nothingInIt })).toEqual([])
    expect(found(client('exited'), { [place]: someContents() })).toHaveLength(1)
    // A named volume is empty by mistake.
    const db = aProject({
      containers: [aContainer('db', { ...running, state: 'exited' })],
      volumes: [aVolume('shop_pgdata')],
    })
    expect(found(db, { shop_pgdata: nothingInIt })).toHaveLength(1)
  })

  test('a Redis that runs may have its data in memory alone', () => {
    const anonymous = aVolume(anonymousName('b'))
    const cache = (state: 'running' | 'exited'): Facts =>
      aProject({
        containers: [aContainer('cache', { state, image: 'redis:7', mounts: [`${anonymous.name}:/data`] })],
        volumes: [anonymous],
      })
    expect(found(cache('running'), { 'cache:/data': nothingInIt })).toHaveLength(1)
    expect(found(cache('exited'), { 'cache:/data': nothingInIt })).toEqual([])
  })

  test('that is declared to run nowhere, that was made by `run`, or that is of another project', () => {
    const facts = aProject({
      services: [aService('db', { ...postgres, scale: 0 })],
      containers: [
        aContainer('once', { ...running, oneOff: true }),
        aContainer('theirs', { ...running, project: 'other' }),
      ],
      volumes: [aVolume('shop_pgdata')],
    })
    expect(found(facts, { shop_pgdata: someContents() })).toEqual([])
  })
})

test('of several containers the one that runs is asked', () => {
  const facts = aProject({
    containers: [
      aContainer('db', { ...running, number: 1, state: 'exited' }),
      aContainer('db', { ...running, number: 2 }),
    ],
    volumes: [aVolume('shop_pgdata')],
  })
  expect(projectDatabases(facts, new Map()).map(({ container }) => container?.name)).toEqual(['shop-db-2'])
})
