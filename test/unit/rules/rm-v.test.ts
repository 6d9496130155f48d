import { describe, expect, test } from 'vitest'
import { rmV } from '../../../src/core/rules/rm-v.ts'
import { typedToDocker } from '../../fakes/docker-line.ts'
import { aContainer, aProject, aService, aVolume, anonymousName } from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const a = anonymousName('a')
const db = aContainer('db', { mounts: [`${a}:/data`, 'shop_conf:/conf'] })
const shop = {
  services: [aService('db'), aService('web')],
  containers: [db],
  volumes: [aVolume(a), aVolume('shop_conf')],
}
const facts = aProject(shop)
const stopped = aProject({ ...shop, containers: [{ ...db, state: 'exited' }] })

describe('found', () => {
  test.each(['rm -fsv', 'rm -fsv db', 'rm --force --stop --volumes'])(
    '%s deletes the anonymous volumes, no named one',
    line => {
      const [finding] = expectFound(rmV, { line, facts }, { 'db:/data': 'destroyed' })
      expect(finding?.because).toBe(
        'rm -v deletes the data of db at /data, which lies in an anonymous volume',
      )
    },
  )

  test('the same without -v is offered', () => {
    const [finding] = expectFound(rmV, { line: 'rm -fsv db', facts }, { 'db:/data': 'destroyed' })
    expect(finding?.instead).toBe('docker compose rm -fs db')
  })

  test('of a stopped container without --stop', () => {
    expectFound(rmV, { line: 'rm -fv', facts: stopped }, { 'db:/data': 'destroyed' })
  })

  test('with version 1, too', () => {
    expectFound(
      rmV,
      { line: 'rm -fsv', facts: aProject({ ...shop, compose: '1.29.2' }) },
      { 'db:/data': 'destroyed' },
    )
  })

  test('the question may be answered by what is piped in', () => {
    const [finding] = expectFound(
      rmV,
      { line: 'rm -v', facts: stopped, where: { stdin: 'data' } },
      { 'db:/data': 'destroyed' },
    )
    expect(finding?.composeAsks).toBeUndefined()
  })
})

describe('docker rm -v, found', () => {
  test('of a running container only with -f', () => {
    const rm = typedToDocker('docker rm -fv shop-db-1', facts)
    const [finding] = expectFound(rmV, rm, { 'db:/data': 'destroyed' })
    expect(finding?.because).toBe(
      'docker rm deletes the data of db at /data, which lies in an anonymous volume',
    )
    expect(finding?.instead).toBe('docker rm -f shop-db-1')
    expectQuiet(rmV, typedToDocker('docker rm -v shop-db-1', facts), rm)
    expectQuiet(rmV, typedToDocker('docker rm -f shop-db-1', facts), rm)
  })

  test('of one that was made with run --rm also without -v', () => {
    const vanishing = aProject({
      ...shop,
      containers: [{ ...db, details: aContainer('db', { details: { autoRemove: true } }).details }],
    })
    const line = 'docker rm -f shop-db-1'
    const rm = typedToDocker(line, vanishing)
    expectFound(rmV, rm, { 'db:/data': 'destroyed' })
    expectQuiet(rmV, typedToDocker(line, facts), rm)
  })

  test('of a container of no project, called by its name', () => {
    const hand = { ...db, id: 'hand', name: 'hand', project: '_volumes', service: null, number: null }
    const alone = aProject({ name: '_volumes', containers: [hand], volumes: [aVolume(a)] })
    expectFound(rmV, typedToDocker('docker rm -fv hand', alone), { 'hand:/data': 'destroyed' })
  })

  test('not where another container has the volume, unless that goes as well', () => {
    const other = aContainer('other', { state: 'exited', mounts: [`${a}:/data`] })
    const shared = aProject({ ...shop, containers: [db, other] })
    const one = typedToDocker('docker rm -fv shop-db-1', shared)
    const all = typedToDocker('docker rm -fv shop-db-1 shop-other-1', shared)
    expectQuiet(rmV, one, all)
  })

  test('a stack takes the volumes of its tasks with it', () => {
    const labels = { 'com.docker.stack.namespace': 'web' }
    const task = {
      ...db,
      id: 'task',
      name: 'web_db.1.x',
      project: '_volumes',
      service: null,
      number: null,
      labels,
    }
    const swarm = aProject({ name: '_volumes', containers: [task], volumes: [aVolume(a)] })
    expectFound(rmV, typedToDocker('docker stack rm web', swarm), { 'web_db.1.x:/data': 'destroyed' })
  })
})

describe('quiet', () => {
  test('without -v', () => expectQuiet(rmV, { line: 'rm -fs', facts }, { line: 'rm -fsv' }))
  test('a running container without --stop', () =>
    expectQuiet(rmV, { line: 'rm -fv', facts }, { line: 'rm -fsv' }))
  test('another service', () => expectQuiet(rmV, { line: 'rm -fsv web', facts }, { line: 'rm -fsv db' }))
  test('nobody to say yes', () => expectQuiet(rmV, { line: 'rm -v', facts: stopped }, { line: 'rm -fv' }))
  test('a dry run', () => expectQuiet(rmV, { line: 'rm -fsv --dry-run', facts }, { line: 'rm -fsv' }))
  test('a container that run made, from version 2 on', () => {
    const job = aProject({ ...shop, containers: [{ ...db, oneOff: true }] })
    expectQuiet(rmV, { line: 'rm -fsv', facts: job }, { facts })
  })
  test('a container of another project', () => {
    const other = aProject({ ...shop, containers: [{ ...db, project: 'blog' }] })
    expectQuiet(rmV, { line: 'rm -fsv', facts: other }, { facts })
  })
})
