import { describe, expect, test } from 'vitest'
import { uncoveredDataPath } from '../../../src/core/rules/uncovered-data-path.ts'
import type { Facts } from '../../../src/model/facts.ts'
import {
  aContainer,
  aProject,
  aService,
  aVolume,
  anImage,
  circumstances,
  looked,
  nothingInIt,
  someContents,
  typed,
} from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const data = '/var/lib/postgresql/data'
const image = anImage('postgres:15', { id: 'sha256:pg', volumes: [data], versions: { PG_MAJOR: '15' } })
const db = (mounts: readonly string[], words = {}) =>
  aService('db', { image: 'postgres:15', mounts, ...words })
const first = (mounts: readonly string[], words = {}): Facts =>
  aProject({ services: [db(mounts, words)], images: [image] })
const line = 'up -d'

describe('found: a word, with the line to write', () => {
  test('nothing is mounted', () => {
    const [finding] = expectFound(
      uncoveredDataPath,
      { line, facts: first([]) },
      { [`db:${data}`]: 'orphaned' },
    )
    expect(finding?.warning).toBe(true)
    expect(finding?.instead).toBe(`db: volumes: [db_data:${data}]`)
    expect(finding?.because).toContain('anonymous volume')
  })

  test.each(['/var/lib/postgresql', '/var/lib/postgres', '/data'])('%s is one path off', target => {
    const [finding] = expectFound(
      uncoveredDataPath,
      { line, facts: first([`pgdata:${target}`]) },
      { [`db:${data}`]: 'orphaned' },
    )
    expect(finding?.instead).toBe(`db: volumes: [pgdata:${data}]`)
    expect(finding?.because).toContain(`mounts pgdata at ${target}`)
  })

  test.each([
    ['mongo:7', 'mongo_db:/data', '/data/db', 'mongo_db'],
    ['mariadb:11', 'x:/var/lib/mariadb', '/var/lib/mysql', 'x'],
    ['mysql:8', './x:/var/lib', '/var/lib/mysql', './x'],
    ['redis:7', 'cache:/var/lib/redis', '/data', 'cache'],
    ['postgres:18', 'pg:/var/lib/postgres', '/var/lib/postgresql', 'pg'],
  ])('%s with %s, before its image is there', (reference, mount, path, source) => {
    const facts = aProject({ services: [aService('s', { image: reference, mounts: [mount] })] })
    const [finding] = expectFound(uncoveredDataPath, { line, facts }, { [`s:${path}`]: 'orphaned' })
    expect(finding?.instead).toBe(`s: volumes: [${source}:${path}]`)
  })

  test.each(['create', 'scale db=2', 'run web'])('%s', words => {
    const services = [db([]), aService('web', { dependsOn: ['db'] })]
    expectFound(
      uncoveredDataPath,
      { line: words, facts: aProject({ services, images: [image] }) },
      { [`db:${data}`]: 'orphaned' },
    )
  })

  test('an anonymous volume in the file has no name either', () => {
    expectFound(uncoveredDataPath, { line, facts: first([data]) }, { [`db:${data}`]: 'orphaned' })
  })

  test('a store whose image declares no VOLUME keeps it in the container', () => {
    const facts = aProject({
      services: [aService('graphs', { image: 'grafana/grafana:11' })],
      images: [anImage('grafana/grafana:11')],
    })
    const [finding] = expectFound(
      uncoveredDataPath,
      { line, facts },
      { 'graphs:/var/lib/grafana': 'orphaned' },
    )
    expect(finding?.because).toContain('in the container itself')
  })

  test('an image of one’s own, by what it was built from', () => {
    const own = anImage('shop/db', { volumes: [data], versions: { PG_MAJOR: '16' } })
    const facts = aProject({ services: [aService('db', { image: 'shop/db' })], images: [own] })
    expectFound(uncoveredDataPath, { line, facts }, { [`db:${data}`]: 'orphaned' })
  })

  test('of two services each is told', () => {
    const services = [aService('a', { image: 'mysql:8' }), aService('b', { image: 'mysql:8' })]
    const found = { 'a:/var/lib/mysql': 'orphaned', 'b:/var/lib/mysql': 'orphaned' } as const
    expectFound(uncoveredDataPath, { line, facts: aProject({ services }) }, found)
  })
})

describe('found: what a mounted volume holds would not be seen', () => {
  const pgdata = aVolume('shop_pgdata')
  const facts = (contents = someContents()): Facts =>
    aProject({
      services: [db(['pgdata:/var/lib/postgresql'])],
      images: [image],
      volumes: [pgdata],
      contents: looked([pgdata, contents]),
    })

  test('the volume with the cluster at its root is mounted at the parent', () => {
    const [finding] = expectFound(
      uncoveredDataPath,
      { line, facts: facts() },
      { shop_pgdata: 'hidden', [`db:${data}`]: 'orphaned' },
    )
    expect(finding?.wouldUse).toEqual({ name: `a new anonymous volume at ${data}`, state: 'missing' })
    expect(finding?.remedies).toEqual([{ kind: 'advice', line: `db: volumes: [pgdata:${data}]` }])
    expect(finding?.canBackUp).toBe(true)
  })

  test('it is looked into before', () => {
    expect(uncoveredDataPath.looksInto?.(facts(), typed(line), circumstances())).toEqual([
      { kind: 'volume', name: 'shop_pgdata', createdAt: pgdata.createdAt },
    ])
  })

  test('recreated by scale after the target was edited: nothing is handed on', () => {
    const old = aContainer('db', {
      image: 'postgres:15',
      imageId: 'sha256:pg',
      mounts: [`shop_pgdata:${data}`],
    })
    const edited = { ...facts(), containers: [old], hashes: { db: 'hash-2' } }
    const found = { shop_pgdata: 'hidden', [`db:${data}`]: 'orphaned' } as const
    expectFound(uncoveredDataPath, { line: 'scale db=1', facts: edited }, found)
  })

  test('quiet where nothing of its kind is in it: only the word is said', () => {
    for (const contents of [nothingInIt, someContents({ database: null })])
      expectFound(uncoveredDataPath, { line, facts: facts(contents) }, { [`db:${data}`]: 'orphaned' })
  })

  test('quiet where the new container is given the old volume again', () => {
    const old = aContainer('db', {
      image: 'postgres:15',
      imageId: 'sha256:pg',
      mounts: [`shop_pgdata:${data}`],
    })
    const edited = { ...facts(), containers: [old], hashes: { db: 'hash-2' } }
    expectFound(uncoveredDataPath, { line, facts: edited }, { [`db:${data}`]: 'orphaned' })
  })
})

describe('quiet', () => {
  const unless = { facts: first([]) }

  test.each([`pgdata:${data}`, `./pg:${data}`, `/srv/pg:${data}`])('%s', mount =>
    expectQuiet(uncoveredDataPath, { line, facts: first([mount]) }, unless),
  )

  test('PGDATA below the mount', () => {
    const facts = first([`pgdata:${data}`], { settings: { PGDATA: `${data}/pgdata` } })
    expectQuiet(uncoveredDataPath, { line, facts }, unless)
  })

  test('PGDATA elsewhere, and mounted there', () => {
    const facts = first(['pgdata:/pg'], { settings: { PGDATA: '/pg/15' } })
    expectQuiet(uncoveredDataPath, { line, facts }, unless)
  })

  test('PostgreSQL 18 with its parent mounted', () => {
    const services = [aService('db', { image: 'postgres:18', mounts: ['pg:/var/lib/postgresql'] })]
    const images = [
      anImage('postgres:18', {
        volumes: ['/var/lib/postgresql'],
        versions: { PG_MAJOR: '18' },
        settings: { PGDATA: '/var/lib/postgresql/18/docker' },
      }),
    ]
    expectQuiet(uncoveredDataPath, { line, facts: aProject({ services, images }) }, unless)
    expectQuiet(uncoveredDataPath, { line, facts: aProject({ services }) }, unless)
  })

  test('a PostgreSQL of which nobody tells the version', () => {
    const services = [aService('db', { image: 'postgres:latest', mounts: ['pg:/var/lib/postgresql'] })]
    expectQuiet(uncoveredDataPath, { line, facts: aProject({ services }) }, unless)
  })

  test('what an image declares beside its data: /tmp, logs, /data/configdb', () => {
    const services = [aService('m', { image: 'mongo:7', mounts: ['m:/data/db'] }), aService('web')]
    const images = [
      anImage('mongo:7', { volumes: ['/data/db', '/data/configdb'] }),
      anImage('web:1', { id: 'sha256:w', volumes: ['/tmp', '/var/log', '/var/www/html'] }),
    ]
    expectQuiet(uncoveredDataPath, { line, facts: aProject({ services, images }) }, unless)
  })

  test('memory there is told by another rule, and what is said to be disposable by none', () => {
    expectQuiet(uncoveredDataPath, { line, facts: first([], { tmpfs: [data] }) }, unless)
    const disposable = first([], { labels: { 'safe-compose.backup': 'false' } })
    expectQuiet(uncoveredDataPath, { line, facts: disposable }, unless)
  })

  test('a Redis that is told to keep nothing', () => {
    const redis = (settings: Readonly<Record<string, string>>): Facts =>
      aProject({ services: [aService('cache', { image: 'redis:7', settings })] })
    const logs = { facts: redis({ '--save': '', '--appendonly': 'yes' }) }
    expectQuiet(uncoveredDataPath, { line, facts: redis({ '--save': '' }) }, logs)
    expectQuiet(uncoveredDataPath, { line, facts: redis({ '--save': '', '--appendonly': 'no' }) }, logs)
    expectQuiet(uncoveredDataPath, { line, facts: redis({ '--save': '' }) }, { facts: redis({}) })
  })

  test.each(['up -d --dry-run', 'stop', 'down', 'up -d --scale db=0', 'restart'])('%s', words =>
    expectQuiet(uncoveredDataPath, { line: words, facts: first([]) }, { line }),
  )
})
