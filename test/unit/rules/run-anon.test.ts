import { describe, expect, test } from 'vitest'
import { runAnon } from '../../../src/core/rules/run-anon.ts'
import { aContainer, aProject, aService, aVolume, anImage, anonymousName } from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const a = anonymousName('a')
const data = '/var/lib/postgresql/data'
const db = aContainer('db', { mounts: [`${a}:${data}`] })
const shop = {
  services: [aService('db'), aService('web', { dependsOn: ['db'] }), aService('mail')],
  containers: [db],
  volumes: [aVolume(a)],
}
const changed = aProject({ ...shop, hashes: { db: 'hash-2', web: 'hash-1' } })
const found = { [`db:${data}`]: 'orphaned' } as const

describe('found', () => {
  test.each(['run web sh', 'scale web=1', 'scale db=1', 'run --rm web'])(
    '%s recreates a changed service without its data',
    line => {
      const [finding] = expectFound(runAnon, { line, facts: changed }, found)
      expect(finding?.canBackUp).toBe(true)
      expect(finding?.instead).toBe('docker compose up -d db')
      expect(finding?.because).toContain('its configuration changed')
    },
  )

  test('a new image', () => {
    const facts = aProject({ ...shop, images: [anImage('db:1', { id: 'sha256:new' })] })
    expectFound(runAnon, { line: 'scale db=1', facts }, found)
  })

  describe('a warning: run --rm deletes what it writes where a server keeps its data', () => {
    const images = [anImage('postgres:15', { volumes: [data] })]
    const services = [aService('db', { image: 'postgres:15' })]

    test('beside a container that has its data there', () => {
      const facts = aProject({ services, images, containers: [db], volumes: [aVolume(a)] })
      const [finding] = expectFound(runAnon, { line: 'run --rm db', facts }, { [`db:${data}`]: 'destroyed' })
      expect(finding?.warning).toBe(true)
      expect(finding?.holding.kind).toBe('anonymous')
    })

    test('without any container', () => {
      const [finding] = expectFound(
        runAnon,
        { line: 'run --rm db', facts: aProject({ services, images }) },
        { [`db:${data}`]: 'destroyed' },
      )
      expect(finding?.warning).toBe(true)
    })
  })
})

describe('quiet', () => {
  test('up hands it on', () =>
    expectQuiet(runAnon, { line: 'up -d', facts: changed }, { line: 'scale db=1' }))
  test('nothing has changed', () =>
    expectQuiet(runAnon, { line: 'run web', facts: aProject(shop) }, { facts: changed }))
  test('without dependencies', () =>
    expectQuiet(runAnon, { line: 'run --no-deps web', facts: changed }, { line: 'run web' }))
  test('the own service of run is left alone', () =>
    expectQuiet(runAnon, { line: 'run db', facts: changed }, { line: 'run web' }))
  test('a service that does not depend on it', () =>
    expectQuiet(runAnon, { line: 'run mail', facts: changed }, { line: 'run web' }))
  test('version 1 recreates nothing then', () =>
    expectQuiet(
      runAnon,
      { line: 'run web', facts: aProject({ ...shop, compose: '1.29.2', hashes: { db: 'hash-2' } }) },
      { facts: changed },
    ))
  test('run --rm with a named volume there, or without --rm', () => {
    const images = [anImage('postgres:15', { volumes: [data] })]
    const bare = aProject({ services: [aService('db', { image: 'postgres:15' })], images })
    const named = aProject({
      services: [aService('db', { image: 'postgres:15', mounts: [`pgdata:${data}`] })],
      images,
    })
    expectQuiet(runAnon, { line: 'run --rm db', facts: named }, { facts: bare })
    expectQuiet(runAnon, { line: 'run db', facts: bare }, { line: 'run --rm db' })
  })
  test('run --rm where the anonymous volume is no database’s', () => {
    const services = [aService('web', { image: 'node:22' })]
    const modules = aProject({ services, images: [anImage('node:22', { volumes: ['/app/node_modules'] })] })
    const store = aProject({ services, images: [anImage('node:22', { volumes: ['/var/lib/mysql'] })] })
    expectQuiet(runAnon, { line: 'run --rm web', facts: modules }, { facts: store })
  })
})
