import { describe, expect, test } from 'vitest'
import { writableLayer } from '../../../src/core/rules/writable-layer.ts'
import { typedToDocker } from '../../fakes/docker-line.ts'
import { aContainer, aProject, aService, anImage, anonymousName } from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const image = 'mcr.microsoft.com/mssql/server:2022-latest'
const labels = { 'com.docker.compose.image': 'sha256:mssql' }
const container = aContainer('sql', { image, labels })
const shop = {
  services: [aService('sql', { image }), aService('web', { dependsOn: ['sql'] })],
  containers: [container, aContainer('web')],
}
const facts = aProject(shop)
const found = { 'sql:/var/opt/mssql': 'destroyed' } as const

describe('of the docker CLI', () => {
  test('rm and prune, and what keeps the container', () => {
    const stopped = aProject({ ...shop, containers: [{ ...container, state: 'exited' }] })
    const [finding] = expectFound(writableLayer, typedToDocker('docker rm shop-sql-1', stopped), found)
    expect(finding?.because).toBe(
      'docker rm removes the container of sql, and its data at /var/opt/mssql lies in the container itself',
    )
    expect(finding?.instead).toBe('docker stop shop-sql-1')
    expectFound(writableLayer, typedToDocker('docker system prune -f', stopped), found)
    const prune = typedToDocker('docker container prune -f', stopped)
    expectFound(writableLayer, prune, found)
    expectQuiet(writableLayer, typedToDocker(prune.line, facts), prune)
    expectQuiet(writableLayer, typedToDocker('docker rm -l shop-sql-1', stopped), prune)
  })
})

describe('found', () => {
  test.each([
    'down',
    'down sql',
    'rm -fs',
    'up -d --scale sql=0',
    'up -d --force-recreate',
    'create --force-recreate',
    'up -d --pull always',
  ])('%s', line => {
    const [finding] = expectFound(writableLayer, { line, facts }, found)
    expect(finding?.canBackUp).toBe(true)
    expect(finding?.because).toContain('lies in the container itself')
  })

  test.each([
    ['a changed configuration', aProject({ ...shop, hashes: { sql: 'hash-2' } })],
    ['a new image', aProject({ ...shop, images: [anImage(image, { id: 'sha256:new' })] })],
    [
      'a volume that is put on the path',
      aProject({ ...shop, services: [aService('sql', { image, mounts: ['d:/var/opt/mssql'] })] }),
    ],
    [
      'another network',
      aProject({ ...shop, services: [aService('sql', { image, networks: ['shop_back'] })] }),
    ],
  ])('up -d with %s', (_, changed) => {
    expectFound(writableLayer, { line: 'up -d', facts: changed }, found)
  })

  test('an orphan', () => {
    expectFound(
      writableLayer,
      { line: 'up -d --remove-orphans', facts: aProject({ ...shop, services: [aService('web')] }) },
      found,
    )
  })

  test('a mount beside the data does not help', () => {
    const beside = aContainer('sql', { image, labels, mounts: ['/srv/conf:/etc/mssql'] })
    expectFound(writableLayer, { line: 'down', facts: aProject({ ...shop, containers: [beside] }) }, found)
  })

  test('its settings say where it is, whatever lies at the usual place', () => {
    const moved = aContainer('db', {
      image: 'postgres:15',
      mounts: [`${anonymousName('a')}:/var/lib/postgresql/data`],
      details: { settings: { PGDATA: '/pgdata' } },
    })
    const facts = aProject({ services: [aService('db')], containers: [moved] })
    expectFound(writableLayer, { line: 'down', facts }, { 'db:/pgdata': 'destroyed' })
  })

  test('every place where its versions keep it; one inside another is named once', () => {
    const of = (known: string): ReturnType<typeof aProject> =>
      aProject({ services: [aService('db')], containers: [aContainer('db', { image: known })] })
    expectFound(
      writableLayer,
      { line: 'down', facts: of('influxdb:2') },
      {
        'db:/var/lib/influxdb': 'destroyed',
        'db:/var/lib/influxdb2': 'destroyed',
        'db:/var/lib/influxdb3': 'destroyed',
      },
    )
    expectFound(
      writableLayer,
      { line: 'down', facts: of('postgres:15') },
      { 'db:/var/lib/postgresql': 'destroyed' },
    )
  })

  test('the tag has moved on: the name is known from the file', () => {
    const untagged = aContainer('sql', { image: `sha256:${'ab'.repeat(32)}`, labels })
    expectFound(writableLayer, { line: 'down', facts: aProject({ ...shop, containers: [untagged] }) }, found)
  })
})

describe('quiet', () => {
  test.each([
    'up -d',
    'stop',
    'restart',
    'kill',
    'start',
    'up -d --no-recreate',
    'down web',
    'down --dry-run',
  ])('%s', line => expectQuiet(writableLayer, { line, facts }, { line: 'down' }))

  test('ordinary containers', () => {
    const plain = aProject({
      services: [aService('web'), aService('api')],
      containers: [aContainer('web'), aContainer('api')],
    })
    expectQuiet(writableLayer, { line: 'down', facts: plain }, { facts })
  })

  test.each(['data:/var/opt/mssql', 'data:/var/opt', '/srv/sql:/var/opt/mssql'])(
    'a mount covers it: %s',
    mount => {
      const covered = aContainer('sql', { image, labels, mounts: [mount] })
      expectQuiet(
        writableLayer,
        { line: 'down', facts: aProject({ ...shop, containers: [covered] }) },
        { facts },
      )
    },
  )

  test('a postgres with its data one level down', () => {
    const postgres = (mounts: readonly string[]): ReturnType<typeof aProject> =>
      aProject({
        services: [aService('db')],
        containers: [aContainer('db', { image: 'postgres:15', mounts })],
      })
    expectQuiet(
      writableLayer,
      { line: 'down', facts: postgres(['x:/var/lib/postgresql/data']) },
      { facts: postgres([]) },
    )
    expectQuiet(
      writableLayer,
      { line: 'down', facts: postgres(['x:/var/lib/postgresql']) },
      { facts: postgres([]) },
    )
  })

  test('tmpfs over it keeps nothing anyway', () => {
    const volatile = aContainer('sql', { image, labels, details: { tmpfs: ['/var/opt/mssql'] } })
    expectQuiet(
      writableLayer,
      { line: 'down', facts: aProject({ ...shop, containers: [volatile] }) },
      { facts },
    )
  })

  test('a container that never ran', () => {
    const created = aProject({ ...shop, containers: [{ ...container, state: 'created' }] })
    expectQuiet(writableLayer, { line: 'down', facts: created }, { facts })
  })
})
