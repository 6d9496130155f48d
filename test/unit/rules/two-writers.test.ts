import { describe, expect, test } from 'vitest'
import { twoWriters } from '../../../src/core/rules/two-writers.ts'
import { aContainer, aProject, aService, aVolume } from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const data = '/var/lib/postgresql/data'
const db = aService('db', { image: 'postgres:16', mounts: [`pgdata:${data}`] })
const running = aContainer('db', { image: 'postgres:16', mounts: [`shop_pgdata:${data}`] })
const shop = { services: [db, aService('web')], containers: [running], volumes: [aVolume('shop_pgdata')] }
const found = { shop_pgdata: 'corrupted' } as const

const stranger = aContainer('db', {
  project: 'blog',
  name: 'blog-db-1',
  image: 'postgres:16',
  mounts: [`shop_pgdata:${data}`],
})

describe('found', () => {
  test.each(['up -d --scale db=2', 'up --scale db=3 web db', 'scale db=2'])('replicas: %s', line => {
    const [finding] = expectFound(twoWriters, { line, facts: aProject(shop) }, found)
    expect(finding?.because).toMatch(/^[23] containers of db would write to shop_pgdata at the same time/)
    expect(finding?.instead).toMatch(/db=1$/)
    expect(finding?.warning).toBeUndefined()
  })

  test('replicas as declared, on a directory of the host', () => {
    const services = [aService('db', { image: 'mariadb:11', scale: 2, mounts: ['/srv/db:/var/lib/mysql'] })]
    expectFound(twoWriters, { line: 'up -d', facts: aProject({ services }) }, { '/srv/db': 'corrupted' })
  })

  test('two services of one file', () => {
    const services = [db, aService('postgres', { image: 'postgres:16', mounts: [`pgdata:${data}`] })]
    const [finding] = expectFound(
      twoWriters,
      { line: 'up -d', facts: aProject({ ...shop, services }) },
      found,
    )
    expect(finding?.because).toContain('db and postgres would both write to shop_pgdata')
  })

  test.each(['up -d', 'start', 'run web'])('a container of another project: %s', line => {
    const stopped = { ...running, state: 'exited' as const }
    const services = [db, aService('web', { dependsOn: ['db'] })]
    const facts = aProject({ ...shop, services, containers: [stopped, stranger] })
    const [finding] = expectFound(twoWriters, { line, facts }, found)
    expect(finding?.because).toContain('container blog-db-1 of project blog does')
    expect(finding?.instead).toBe('docker stop blog-db-1')
  })

  test('data at a place of the image maker’s own, where nothing else is mounted', () => {
    const at = (name: string): typeof db =>
      aService(name, { image: 'postgres:16', mounts: ['pgdata:/var/lib/postgresql/16/main'] })
    const facts = aProject({ ...shop, containers: [], services: [at('db'), at('other')] })
    expectFound(twoWriters, { line: 'up -d', facts }, found)
  })

  test('the container of a service that was renamed in the file', () => {
    const services = [aService('postgres', { image: 'postgres:16', mounts: [`pgdata:${data}`] })]
    expectFound(twoWriters, { line: 'up -d', facts: aProject({ ...shop, services }) }, found)
  })

  test('run without words starts a second server', () => {
    const [finding] = expectFound(twoWriters, { line: 'run --rm db', facts: aProject(shop) }, found)
    expect(finding?.instead).toBe('docker compose exec db sh')
  })

  test('what does not exist yet is only worth a word', () => {
    const facts = aProject({ services: [db] })
    const [finding] = expectFound(twoWriters, { line: 'up -d --scale db=2', facts }, found)
    expect(finding?.warning).toBe(true)
  })
})

describe('quiet', () => {
  const twice = { line: 'up -d --scale db=2', facts: aProject(shop) }

  test.each(['up -d', 'up -d --scale db=1', 'up -d --scale web=4', 'restart db', 'start', 'run db psql'])(
    '%s',
    line => {
      expectQuiet(twoWriters, { line, facts: aProject(shop) }, { line: 'up -d --scale db=2' })
    },
  )

  test('application servers that share a folder of uploads', () => {
    const services = [aService('db', { image: 'shop/app:3', mounts: ['pgdata:/app/uploads'] })]
    expectQuiet(twoWriters, { ...twice, facts: aProject({ ...shop, services, containers: [] }) }, twice)
  })

  test('replicas that only read', () => {
    const services = [aService('db', { image: 'postgres:16', mounts: [`pgdata:${data}:ro`] })]
    expectQuiet(twoWriters, { ...twice, facts: aProject({ ...shop, services, containers: [] }) }, twice)
  })

  test('replicas with an anonymous volume each', () => {
    const services = [aService('db', { image: 'postgres:16', mounts: [data] })]
    expectQuiet(twoWriters, { ...twice, facts: aProject({ ...shop, services, containers: [] }) }, twice)
  })

  const beside = { line: 'up -d', facts: aProject({ ...shop, containers: [running, stranger] }) }

  test('a container of another project that is stopped', () => {
    const containers = [running, { ...stranger, state: 'exited' as const }]
    expectQuiet(twoWriters, { line: 'up -d', facts: aProject({ ...shop, containers }) }, beside)
  })

  test('a tool of another project that reads the volume for a backup', () => {
    const tool = aContainer('backup', {
      project: 'tools',
      image: 'offen/docker-volume-backup:v2',
      mounts: ['shop_pgdata:/backup/pgdata'],
    })
    expectQuiet(
      twoWriters,
      { line: 'up -d', facts: aProject({ ...shop, containers: [running, tool] }) },
      beside,
    )
  })

  test('the renamed service where its old container goes first', () => {
    const services = [aService('postgres', { image: 'postgres:16', mounts: [`pgdata:${data}`] })]
    const facts = aProject({ ...shop, services })
    expectQuiet(twoWriters, { line: 'up -d --remove-orphans', facts }, { line: 'up -d' })
  })

  test('a service that prepared the data and has ended', () => {
    const services = [db, aService('init', { image: 'postgres:16', mounts: [`pgdata:${data}`] })]
    const init = aContainer('init', {
      image: 'postgres:16',
      mounts: [`shop_pgdata:${data}`],
      state: 'exited',
    })
    const failed = { ...init, details: init.details === null ? null : { ...init.details, exitCode: 1 } }
    expectQuiet(
      twoWriters,
      { line: 'up -d', facts: aProject({ ...shop, services, containers: [running, init] }) },
      { facts: aProject({ ...shop, services, containers: [running, failed] }) },
    )
  })

  test.each([
    ['16', data],
    ['18', '/var/lib/postgresql'],
  ])('an archive beside the data of PostgreSQL %s, which primary and replica share', (tag, mounted) => {
    const server = (name: string, archive: string): typeof db =>
      aService(name, { image: `postgres:${tag}`, mounts: [`${name}:${mounted}`, `archive:${archive}`] })
    const of = (archive: string): ReturnType<typeof aProject> =>
      aProject({
        services: [server('primary', archive), server('replica', archive)],
        volumes: [aVolume('shop_archive')],
      })
    // Below the data directory of either version it is a part of the data.
    const within = of(tag === '18' ? '/var/lib/postgresql/18/docker/pg_wal' : `${data}/pg_wal`)
    expectQuiet(twoWriters, { line: 'up -d', facts: of('/var/lib/postgresql/archive') }, { facts: within })
  })

  test('two folders of one volume', () => {
    const folder = (name: string, subpath: string): typeof db => ({
      ...aService(name, { image: 'postgres:16', mounts: [`pgdata:${data}`] }),
      mounts: [{ type: 'volume', source: 'pgdata', target: data, readOnly: false, subpath }],
    })
    const of = (second: string): ReturnType<typeof aProject> =>
      aProject({ ...shop, containers: [], services: [folder('a', 'a'), folder('b', second)] })
    expectQuiet(twoWriters, { line: 'up -d', facts: of('b') }, { facts: of('a') })
  })
})
