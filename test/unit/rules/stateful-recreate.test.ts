import { describe, expect, test } from 'vitest'
import { statefulRecreate } from '../../../src/core/rules/stateful-recreate.ts'
import { aContainer, aProject, aService, aVolume, anImage, anonymousName } from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const a = anonymousName('a')
const db = aContainer('db', { image: 'postgres:15.4', mounts: ['shop_pgdata:/var/lib/postgresql/data'] })
const shop = {
  services: [
    aService('db', { image: 'postgres:15.6', mounts: ['pgdata:/var/lib/postgresql/data'] }),
    aService('web', { dependsOn: ['db'] }),
  ],
  containers: [db, aContainer('web')],
  volumes: [aVolume('shop_pgdata')],
}
const same = aProject(shop)
const changed = aProject({ ...shop, hashes: { db: 'hash-2', web: 'hash-1' } })
const found = { shop_pgdata: 'recreated' } as const

describe('found', () => {
  test('a changed service, with what changed', () => {
    const [finding] = expectFound(statefulRecreate, { line: 'up -d', facts: changed }, found)
    expect(finding?.because).toBe(
      'db will be recreated (image postgres:15.4 → postgres:15.6); its volume stays',
    )
    expect(finding?.usedBy).toEqual(['db'])
  })

  test.each(['up', 'up web', 'create', 'scale web=2', 'run web', 'up --no-start'])(
    '%s, also as a dependency',
    line => {
      expectFound(statefulRecreate, { line, facts: changed }, found)
    },
  )

  test.each(['up --force-recreate', 'up --force-recreate db', 'up --always-recreate-deps web', 'up -V'])(
    '%s without a change',
    line => {
      expectFound(statefulRecreate, { line, facts: same }, found)
    },
  )

  test('a new image under the same tag', () => {
    const images = [anImage('postgres:15.6', { id: 'sha256:new' })]
    const [finding] = expectFound(
      statefulRecreate,
      { line: 'up -d', facts: aProject({ ...shop, images }) },
      found,
    )
    expect(finding?.because).toContain('there is a new image postgres:15.6')
  })

  test('from 2.32 on a volume that it is to mount', () => {
    const services = [aService('db', { mounts: ['pgdata:/var/lib/postgresql/data', 'wal:/wal'] })]
    const [finding] = expectFound(
      statefulRecreate,
      { line: 'up -d', facts: aProject({ ...shop, services }) },
      found,
    )
    expect(finding?.because).toContain('it is to mount shop_wal')
  })

  test('a build or a pull may bring a new image', () => {
    const built = [aService('db', { build: true, mounts: ['pgdata:/var/lib/postgresql/data'] })]
    const [finding] = expectFound(
      statefulRecreate,
      { line: 'up --build', facts: aProject({ ...shop, services: built }) },
      found,
    )
    expect(finding?.because).toContain('db may be recreated')
    expectFound(statefulRecreate, { line: 'up --pull always', facts: same }, found)
  })

  test('an anonymous volume that is handed on', () => {
    const containers = [aContainer('db', { mounts: [`${a}:/data`] })]
    const facts = aProject({
      services: [aService('db')],
      containers,
      volumes: [aVolume(a)],
      hashes: { db: 'hash-2' },
    })
    expectFound(statefulRecreate, { line: 'up -d', facts }, { 'db:/data': 'recreated' })
  })

  test('a directory of the host where a server keeps its data, and no other', () => {
    const containers = [
      aContainer('db', {
        image: 'postgres:15',
        mounts: ['/srv/pg:/var/lib/postgresql/data', '/srv/conf:/etc/postgresql'],
      }),
    ]
    const facts = aProject({
      ...shop,
      services: [aService('db', { image: 'postgres:15' })],
      containers,
      hashes: { db: 'hash-2' },
    })
    expectFound(statefulRecreate, { line: 'up -d', facts }, { '/srv/pg': 'recreated' })
  })

  test('version 1, by its own hash', () => {
    expectFound(
      statefulRecreate,
      { line: 'up -d', facts: aProject({ ...shop, compose: '1.29.2', hashes: { db: 'hash-2' } }) },
      found,
    )
  })
})

describe('quiet', () => {
  test.each(['up -d', 'up -d --pull missing', 'scale web=2', 'run web', 'create', 'up web --force-recreate'])(
    'nothing to recreate: %s',
    line => expectQuiet(statefulRecreate, { line, facts: same }, { facts: changed, line: 'up -d' }),
  )

  test.each([
    'down',
    'rm -fs',
    'stop',
    'restart',
    'start',
    'kill',
    'up --no-recreate',
    'up --no-deps web',
    'up --dry-run',
    'watch --no-up',
    'watch web',
  ])('a changed service and %s', line =>
    expectQuiet(statefulRecreate, { line, facts: changed }, { line: 'up -d' }),
  )

  test('a service without data', () => {
    const facts = aProject({
      services: [aService('web')],
      containers: [aContainer('web')],
      hashes: { web: 'hash-2' },
    })
    expectQuiet(statefulRecreate, { line: 'up -d', facts }, { facts: changed })
  })

  test('read-only mounts', () => {
    const containers = [aContainer('db', { mounts: ['shop_pgdata:/var/lib/postgresql/data:ro'] })]
    expectQuiet(
      statefulRecreate,
      { line: 'up -d', facts: aProject({ ...shop, containers, hashes: { db: 'hash-2' } }) },
      { facts: changed },
    )
  })

  test('hashes that cannot be had say nothing', () =>
    expectQuiet(
      statefulRecreate,
      { line: 'up -d', facts: aProject({ ...shop, hashes: {} }) },
      { facts: changed },
    ))

  test('a service that does not exist yet', () =>
    expectQuiet(
      statefulRecreate,
      { line: 'up -d', facts: aProject({ ...shop, containers: [], hashes: { db: 'hash-2' } }) },
      { facts: changed },
    ))

  test('before 2.32 nobody looks at the mounts', () => {
    const services = [
      aService('db', { image: 'postgres:15.6', mounts: ['pgdata:/var/lib/postgresql/data', 'wal:/wal'] }),
    ]
    const newer = aProject({ ...shop, services })
    expectQuiet(
      statefulRecreate,
      { line: 'up -d', facts: aProject({ ...shop, services, compose: '2.31.0' }) },
      { facts: newer },
    )
  })
})

describe('until 2.29 the dependents of a recreated service are recreated with it', () => {
  const services = [
    aService('db'),
    aService('web', { mounts: ['uploads:/u'], dependsOn: ['db'] }),
    aService('front', { mounts: ['pages:/p'], dependsOn: ['web'] }),
  ]
  const chain = {
    services,
    containers: [
      aContainer('db'),
      aContainer('web', { mounts: ['shop_uploads:/u'] }),
      aContainer('front', { mounts: ['shop_pages:/p'] }),
    ],
    volumes: [aVolume('shop_uploads'), aVolume('shop_pages')],
  }
  const hashes = { db: 'hash-2', web: 'hash-1', front: 'hash-1' }
  const old = aProject({ ...chain, compose: '2.26.1', hashes })

  test('found, through several steps', () => {
    const all = { shop_uploads: 'recreated', shop_pages: 'recreated' } as const
    const [finding] = expectFound(statefulRecreate, { line: 'up -d', facts: old }, all)
    expect(finding?.because).toContain('db, on which it depends, is recreated')
    expectFound(statefulRecreate, { line: 'up -d web', facts: old }, { shop_uploads: 'recreated' })
  })
  test('found: --no-deps alone changes the hash of what depends on something', () => {
    const same = aProject({ ...chain, compose: '2.26.1' })
    expectFound(statefulRecreate, { line: 'up -d --no-deps web', facts: same }, { shop_uploads: 'recreated' })
  })
  test('quiet from 2.30 on, and with version 1', () => {
    expectQuiet(
      statefulRecreate,
      { line: 'up -d', facts: aProject({ ...chain, compose: '2.30.0', hashes }) },
      { facts: old },
    )
    expectQuiet(
      statefulRecreate,
      { line: 'up -d', facts: aProject({ ...chain, compose: '1.29.2', hashes }) },
      { facts: old },
    )
  })
})
