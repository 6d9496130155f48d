import { expect, test } from 'vitest'
import { enabledOnly, readModel } from '../../src/core/model.ts'
import type { Model } from '../../src/model/facts.ts'

const seal = (secret: string): string => `sealed ${secret.length}`

function readModelOf(config: unknown): Model {
  return readModel(config, seal)
}

test('a model in long form, as Compose 2 prints it', () => {
  const model = readModelOf({
    name: 'shop',
    services: {
      db: {
        image: 'postgres:15',
        container_name: 'the-db',
        depends_on: { cache: { condition: 'service_started', required: true } },
        deploy: { replicas: 3 },
        labels: { tier: 'data', count: 1, none: null },
        networks: { default: null, back: { aliases: ['x'] } },
        tmpfs: ['/run:size=1m', '/tmp'],
        environment: { PGDATA: '/data/$$x', POSTGRES_PASSWORD: 'four', TOKEN: 'never' },
        command: ['postgres', '-c', 'data_directory=/elsewhere', '-D', '/d'],
        hostname: 'keeper',
        stop_grace_period: '1m30s',
        stop_signal: 'SIGINT',
        volumes: [
          { type: 'volume', source: 'pgdata', target: '/data', volume: { subpath: 'main' } },
          { type: 'volume', target: '/anonymous' },
          { type: 'bind', source: '/srv/x', target: '/x', read_only: true, bind: {} },
          { type: 'tmpfs', target: '/t', tmpfs: { size: '1' } },
        ],
      },
      cache: { build: { context: '/srv' }, scale: 2, network_mode: 'host' },
      idle: { image: 'busybox', scale: 0, deploy: { replicas: 4 } },
    },
    networks: { default: { name: 'shop_default' }, back: { name: 'elsewhere' } },
    volumes: {
      pgdata: {
        name: 'shop_pgdata',
        driver: 'local',
        driver_opts: { o: 'bind', uid: 70 },
        labels: { a: 'b' },
      },
      outside: { name: 'theirs', external: true },
    },
  })
  expect(model).toEqual({
    name: 'shop',
    services: [
      {
        name: 'db',
        image: 'postgres:15',
        build: false,
        scale: 3,
        containerName: 'the-db',
        dependsOn: ['cache'],
        networks: ['shop_default', 'elsewhere'],
        mounts: [
          { type: 'volume', source: 'pgdata', target: '/data', readOnly: false, subpath: 'main' },
          { type: 'volume', source: null, target: '/anonymous', readOnly: false, subpath: null },
          { type: 'bind', source: '/srv/x', target: '/x', readOnly: true, subpath: null },
          { type: 'tmpfs', source: null, target: '/t', readOnly: false, subpath: null },
        ],
        tmpfs: ['/run', '/tmp'],
        labels: { tier: 'data', count: '1', none: '' },
        settings: { PGDATA: '/data/$x', POSTGRES_PASSWORD: 'sealed 4', '--data_directory': '/d' },
        hostname: 'keeper',
        stopGracePeriod: 90_000,
        stopSignal: 'SIGINT',
      },
      expect.objectContaining({ name: 'cache', image: null, build: true, scale: 2 }) as unknown,
      expect.objectContaining({ name: 'idle', scale: 0 }) as unknown,
    ],
    volumes: [
      {
        key: 'pgdata',
        name: 'shop_pgdata',
        external: false,
        driver: 'local',
        driverOptions: { o: 'bind', uid: '70' },
        labels: { a: 'b' },
      },
      { key: 'outside', name: 'theirs', external: true, driver: null, driverOptions: {}, labels: {} },
    ],
  })
})

test('a model in short form, without names, as Compose 1.29 prints it', () => {
  const model = readModel(
    {
      services: {
        db: {
          image: 'postgres:15',
          depends_on: ['cache'],
          links: ['queue:q'],
          volumes_from: ['files:ro', 'container:other'],
          network_mode: 'service:net',
          labels: ['a=b=c', 'bare'],
          tmpfs: '/run',
          volumes: ['pgdata:/data:rw', '/srv/x:/x:ro', '/anonymous', './near:/near', 'pgdata:/again:ro,z'],
        },
      },
      volumes: {
        pgdata: null,
        named: { name: 'chosen' },
        theirs: { external: true },
        old: { external: { name: 'older' } },
      },
    },
    seal,
    'shop',
  )
  expect(model.services[0]).toMatchObject({
    dependsOn: ['cache', 'queue', 'net', 'files'],
    labels: { a: 'b=c', bare: '' },
    tmpfs: ['/run'],
    mounts: [
      { type: 'volume', source: 'pgdata', target: '/data', readOnly: false },
      { type: 'bind', source: '/srv/x', target: '/x', readOnly: true },
      { type: 'volume', source: null, target: '/anonymous', readOnly: false },
      { type: 'bind', source: './near', target: '/near', readOnly: false },
      { type: 'volume', source: 'pgdata', target: '/again', readOnly: true },
    ],
  })
  expect(model.volumes.map(({ key, name, external }) => [key, name, external])).toEqual([
    ['pgdata', 'shop_pgdata', false],
    ['named', 'chosen', false],
    ['theirs', 'theirs', true],
    ['old', 'older', true],
  ])
})

test('services of profiles that are not enabled can be left out', () => {
  const config = {
    name: 'shop',
    services: { web: {}, tool: { profiles: ['tools'] }, debug: { profiles: ['debug', 'more'] } },
    volumes: { unused: {} },
  }
  const namesOf = (profiles: readonly string[]): readonly string[] =>
    readModelOf(enabledOnly(config, profiles)).services.map(({ name }) => name)
  expect(namesOf([''])).toEqual(['web'])
  expect(namesOf(['tools', 'more'])).toEqual(['web', 'tool', 'debug'])
  expect(readModelOf(enabledOnly(config, [])).volumes).toHaveLength(1)
})

test('what it depends on is told apart by how', () => {
  const { services } = readModelOf({
    name: 'shop',
    services: {
      db: {},
      web: { depends_on: { db: { condition: 'service_started', restart: true }, cache: { restart: false } } },
      side: { network_mode: 'service:db', volumes_from: ['web:ro', 'container:x'], pull_policy: 'always' },
    },
  })
  expect(services).toMatchObject([
    { name: 'db', dependsOn: [] },
    { name: 'web', dependsOn: ['db', 'cache'], restartsWith: ['db'] },
    { name: 'side', dependsOn: ['db', 'web'], sharesWith: ['db', 'web'], pullPolicy: 'always' },
  ])
})

test('a Redis that is told to keep nothing', () => {
  const command = ['redis-server', '--save', '', '--appendonly', 'no']
  const { services } = readModelOf({ name: 'shop', services: { cache: { command } } })
  expect(services[0]?.settings).toEqual({ '--save': '', '--appendonly': 'no' })
})

test('an empty project has nothing', () => {
  expect(readModelOf({ name: 'x', services: {} })).toEqual({ name: 'x', services: [], volumes: [] })
})

test.each([[null], [[]], ['text'], [{}], [{ name: 3 }]])('%j is no model', json => {
  expect(() => readModelOf(json)).toThrow()
})
