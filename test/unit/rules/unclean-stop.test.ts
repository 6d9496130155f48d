import { describe, expect, test } from 'vitest'
import { uncleanStop } from '../../../src/core/rules/unclean-stop.ts'
import { aContainer, aProject, aService, aVolume } from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const data = '/var/lib/postgresql/data'
const db = aContainer('db', { image: 'postgres:16', mounts: [`shop_pgdata:${data}`] })
const cache = aContainer('cache', { image: 'redis:7', mounts: ['shop_cache:/data'] })
const shop = {
  services: [
    aService('db', { image: 'postgres:16', mounts: [`pgdata:${data}`] }),
    aService('cache', { image: 'redis:7', mounts: ['cache:/data'] }),
    aService('web'),
  ],
  containers: [db, cache, aContainer('web')],
  volumes: [aVolume('shop_pgdata'), aVolume('shop_cache')],
}
const both = { shop_pgdata: 'corrupted', shop_cache: 'corrupted' } as const

describe('found', () => {
  test.each(['kill', 'down -t 0', 'stop -t 1', 'restart --timeout=3', 'up -d -t 0 --force-recreate'])(
    '%s',
    line => {
      for (const finding of expectFound(uncleanStop, { line, facts: aProject(shop) }, both))
        expect(finding.warning).toBe(true)
    },
  )

  test('kill names what Redis loses, and the command that does not', () => {
    const [finding] = expectFound(
      uncleanStop,
      { line: 'kill cache', facts: aProject(shop) },
      { shop_cache: 'corrupted' },
    )
    expect(finding?.because).toContain('Redis loses what it has not yet saved to shop_cache')
    expect(finding?.instead).toBe('docker compose stop cache')
  })

  test('a Redis that keeps a log recovers', () => {
    const logging = {
      ...cache,
      details: cache.details && { ...cache.details, settings: { '--appendonly': 'yes' } },
    }
    const facts = aProject({ ...shop, containers: [logging] })
    const [finding] = expectFound(uncleanStop, { line: 'kill', facts }, { shop_cache: 'corrupted' })
    expect(finding?.because).toContain('has to recover shop_cache')
  })

  test('kill -s QUIT, which PostgreSQL takes for a crash', () => {
    const facts = aProject({ ...shop, containers: [db] })
    expectFound(uncleanStop, { line: 'kill -s SIGQUIT', facts }, { shop_pgdata: 'corrupted' })
  })

  test('a container that was made with a short grace period', () => {
    const short = { ...db, details: db.details && { ...db.details, stopTimeout: 1000 } }
    const facts = aProject({ ...shop, containers: [short] })
    expectFound(uncleanStop, { line: 'stop', facts }, { shop_pgdata: 'corrupted' })
  })

  test.each([
    [{ stopGracePeriod: 2000 }, 'is given 2 s to stop'],
    [{ stopSignal: 'SIGTERM' }, 'is to stop on SIGTERM'],
  ])('what the file says: %o', (words, said) => {
    const services = [aService('db', { image: 'postgres:16', mounts: [`pgdata:${data}`], ...words })]
    const facts = aProject({ ...shop, services, containers: [] })
    const [finding] = expectFound(uncleanStop, { line: 'up -d', facts }, { shop_pgdata: 'corrupted' })
    expect(finding?.because).toContain(said)
  })
})

describe('quiet', () => {
  test.each([
    'kill web',
    'kill -s HUP',
    'kill -s SIGINT',
    'stop',
    'down -t 60',
    'stop -t -1',
    'restart -t 10',
    'up -d -t 0',
    'restart -t 0 web',
    '--dry-run down -t 0',
  ])('%s', line => {
    expectQuiet(uncleanStop, { line, facts: aProject(shop) }, { line: 'kill' })
  })

  test('a longer time as typed counts before a short one in the file', () => {
    const short = { ...db, details: db.details && { ...db.details, stopTimeout: 1000 } }
    const facts = aProject({ ...shop, containers: [short] })
    expectQuiet(uncleanStop, { line: 'stop -t 30', facts }, { line: 'stop' })
  })

  test('a database that is stopped already', () => {
    const containers = [{ ...db, state: 'exited' as const }]
    expectQuiet(
      uncleanStop,
      { line: 'down -t 0', facts: aProject({ ...shop, containers }) },
      { facts: aProject(shop) },
    )
  })

  test.each([{ stopGracePeriod: 60_000 }, { stopSignal: 'SIGINT' }, {}])('a file that says %o', words => {
    const of = (more: object): ReturnType<typeof aProject> =>
      aProject({
        ...shop,
        containers: [],
        services: [aService('db', { image: 'postgres:16', mounts: [`pgdata:${data}`], ...more })],
      })
    expectQuiet(uncleanStop, { line: 'up -d', facts: of(words) }, { facts: of({ stopGracePeriod: 1000 }) })
  })
})
