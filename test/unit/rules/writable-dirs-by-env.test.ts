import { describe, expect, test } from 'vitest'
import { writableDirsByEnv } from '../../../src/core/rules/writable-dirs-by-env.ts'
import type { Facts, Settings } from '../../../src/model/facts.ts'
import type { Contents, DatabaseContents } from '../../../src/model/holding.ts'
import {
  aContainer,
  aProject,
  aService,
  aVolume,
  anImage,
  looked,
  nothingInIt,
  someContents,
} from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const data = '/var/lib/postgresql/data'
const line = 'up -d'
const volume = aVolume('shop_pgdata')
const at = (path: string, others?: DatabaseContents['others']): Contents =>
  someContents({
    database: {
      kind: 'postgresql',
      label: 'PostgreSQL 15',
      path,
      identity: null,
      ...(others === undefined ? {} : { others }),
    },
  })

const image = anImage('postgres:15', {
  id: 'sha256:pg',
  volumes: [data],
  versions: { PG_MAJOR: '15' },
  settings: { PGDATA: data },
})

function postgres(
  settings: Settings,
  words: { before?: Settings; contents?: Contents; mounts?: readonly string[] } = {},
): Facts {
  const mounts = words.mounts ?? [`pgdata:${data}`]
  const old = aContainer('db', {
    image: 'postgres:15',
    imageId: 'sha256:pg',
    mounts: [`shop_pgdata:${data}`],
    details: { settings: { PGDATA: data, ...words.before } },
  })
  return aProject({
    services: [aService('db', { image: 'postgres:15', mounts, settings })],
    images: [image],
    containers: words.before === undefined ? [] : [old],
    volumes: [volume],
    hashes: { db: 'hash-2' },
    contents: looked([volume, words.contents ?? at('')]),
  })
}

const below = { PGDATA: `${data}/pgdata` }

describe('found', () => {
  test('PGDATA is added to a used volume', () => {
    const [finding] = expectFound(
      writableDirsByEnv,
      { line, facts: postgres(below, { before: {} }) },
      { shop_pgdata: 'hidden' },
    )
    expect(finding?.because).toBe(
      `PGDATA makes db look at ${data}/pgdata, and PostgreSQL 15 is in shop_pgdata: db would start empty`,
    )
    expect(finding?.wouldUse).toEqual({ name: 'shop_pgdata, folder pgdata', state: 'missing' })
    expect(finding?.remedies).toEqual([
      { kind: 'advice', line: `set the data directory of db to ${data}, where its data is` },
    ])
  })

  test('after down, by what lies in the volume', () => {
    expectFound(writableDirsByEnv, { line, facts: postgres(below) }, { shop_pgdata: 'hidden' })
  })

  test('PGDATA is taken away again', () => {
    const facts = postgres({}, { before: below, contents: at('pgdata') })
    const [finding] = expectFound(writableDirsByEnv, { line, facts }, { shop_pgdata: 'hidden' })
    expect(finding?.because).toContain('without the setting that it had')
    expect(finding?.because).toContain('the folder pgdata of shop_pgdata')
  })

  test('nobody could look, but a server has run on it', () => {
    const facts = { ...postgres(below, { before: {} }), contents: {} }
    expectFound(writableDirsByEnv, { line, facts }, { shop_pgdata: 'hidden' })
  })

  test.each([
    ['mariadb:11', 'mysql', '/var/lib/mysql', '--datadir', '/var/lib/mysql/eleven'],
    ['mongo:7', 'mongodb', '/data/db', '--dbpath', '/data/db/seven'],
    ['redis:7', 'redis', '/data', '--dir', '/data/seven'],
  ] as const)('%s', (reference, kind, path, option, moved) => {
    const facts = aProject({
      services: [aService('s', { image: reference, mounts: [`d:${path}`], settings: { [option]: moved } })],
      containers: [aContainer('s', { image: reference, mounts: [`shop_d:${path}`] })],
      volumes: [aVolume('shop_d')],
      hashes: { s: 'hash-2' },
      contents: looked([
        aVolume('shop_d'),
        someContents({ database: { kind, label: kind, path: '', identity: null } }),
      ]),
    })
    const [finding] = expectFound(writableDirsByEnv, { line, facts }, { shop_d: 'hidden' })
    expect(finding?.because).toContain(option)
  })
})

describe('quiet', () => {
  const unless = { facts: postgres(below, { before: {} }) }

  test('the setting is as it was', () => {
    const facts = postgres(below, { before: below, contents: at('pgdata') })
    expectQuiet(writableDirsByEnv, { line, facts }, unless)
    expectQuiet(writableDirsByEnv, { line, facts: postgres(below, { contents: at('pgdata') }) }, unless)
  })

  test('a database is there as well: it would start on that', () => {
    const facts = postgres(below, { contents: at('', [{ label: 'PostgreSQL 15', path: 'pgdata' }]) })
    expectQuiet(writableDirsByEnv, { line, facts }, unless)
  })

  test('the first start of a project that has PGDATA from the beginning', () => {
    const facts = { ...postgres(below, { contents: nothingInIt }), volumes: [] }
    expectQuiet(writableDirsByEnv, { line, facts }, unless)
    expectQuiet(writableDirsByEnv, { line, facts: postgres(below, { contents: nothingInIt }) }, unless)
  })

  test('the mount goes along: the same files at another path', () => {
    const facts = postgres({ PGDATA: '/pg' }, { before: {}, mounts: ['pgdata:/pg'] })
    expectQuiet(writableDirsByEnv, { line, facts }, unless)
  })

  test('a server that is none', () => {
    const facts = aProject({
      services: [aService('web', { mounts: ['d:/d'], settings: below })],
      containers: [aContainer('web', { mounts: ['shop_d:/d'] })],
      hashes: { web: 'hash-2' },
      volumes: [aVolume('shop_d')],
    })
    expectQuiet(writableDirsByEnv, { line, facts }, unless)
  })

  test.each(['restart', 'stop', 'up -d --no-recreate', 'down'])('%s', words =>
    expectQuiet(writableDirsByEnv, { line: words, ...unless }, { line }),
  )
})
