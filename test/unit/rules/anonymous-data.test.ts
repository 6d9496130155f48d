import { describe, expect, test } from 'vitest'
import { anonymousData } from '../../../src/core/rules/anonymous-data.ts'
import { aContainer, aProject, aService, aVolume, anImage, anonymousName } from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const a = anonymousName('a')
const b = anonymousName('b')
const data = '/var/lib/postgresql/data'
const db = aContainer('db', { mounts: [`${a}:${data}`] })
const shop = { services: [aService('db')], containers: [db], volumes: [aVolume(a)] }
const facts = aProject(shop)
const found = { [`db:${data}`]: 'orphaned' } as const

describe('found', () => {
  test('down leaves it behind', () => {
    const [finding] = expectFound(anonymousData, { line: 'down', facts }, found)
    expect(finding?.because).toBe(
      `down leaves the data of db at ${data} in an anonymous volume that nothing points to any more`,
    )
    expect(finding?.instead).toBe('docker compose stop')
    expect(finding?.canBackUp).toBe(true)
  })

  test('down -v deletes it', () => {
    expectFound(anonymousData, { line: 'down -v', facts }, { [`db:${data}`]: 'destroyed' })
  })

  test.each(['rm -fs', 'rm -fs db', 'up -d --scale db=0', 'scale db=0'])('%s leaves it behind', line => {
    expectFound(anonymousData, { line, facts }, found)
  })

  test('scaling down takes the last numbers', () => {
    const second = aContainer('db', { number: 2, mounts: [`${b}:${data}`] })
    const two = aProject({ ...shop, containers: [second, db], volumes: [aVolume(a), aVolume(b)] })
    expectFound(anonymousData, { line: 'up -d --scale db=1', facts: two }, { [`db-2:${data}`]: 'orphaned' })
    expectFound(anonymousData, { line: 'up -d', facts: two }, { [`db-2:${data}`]: 'orphaned' })
  })

  test('rm asks first: a person at the terminal may say yes', () => {
    const stopped = aProject({ ...shop, containers: [{ ...db, state: 'exited' }] })
    const [finding] = expectFound(
      anonymousData,
      { line: 'rm', facts: stopped, where: { stdin: 'terminal' } },
      found,
    )
    expect(finding?.composeAsks).toBe(true)
  })

  test('version 1 takes down what run made as well', () => {
    const job = aContainer('db', { name: 'job', oneOff: true, number: null, mounts: [`${a}:${data}`] })
    expectFound(
      anonymousData,
      { line: 'down', facts: aProject({ ...shop, compose: '1.29.2', containers: [job] }) },
      found,
    )
  })

  test('by labels', () => {
    expectFound(
      anonymousData,
      { line: '-p shop down', facts: { ...facts, target: 'labels', model: null, wholeModel: null } },
      found,
    )
  })

  test('a new image without the VOLUME, or a named volume in its place, drops it at a recreation', () => {
    const changed = { ...shop, hashes: { db: 'hash-2' } }
    const without = aProject({ ...changed, images: [anImage('db:1', { volumes: [] })] })
    expectFound(anonymousData, { line: 'up -d', facts: without }, found)
    const named = aProject({ ...changed, services: [aService('db', { mounts: [`pgdata:${data}`] })] })
    expectFound(anonymousData, { line: 'up -d', facts: named }, found)
  })

  test('a container that the engine deletes when it stops takes its volume with it', () => {
    const job = aContainer('db', {
      name: 'job',
      oneOff: true,
      number: null,
      mounts: [`${a}:${data}`],
      details: { autoRemove: true },
    })
    const withJob = aProject({ ...shop, containers: [job] })
    expectFound(
      anonymousData,
      { line: 'down --remove-orphans', facts: withJob },
      { [`db:${data}`]: 'destroyed' },
    )
  })
})

describe('quiet', () => {
  test.each([
    'stop',
    'restart',
    'kill',
    'up -d',
    'up -d --force-recreate',
    'down --dry-run',
    'up -d --scale db=1',
  ])('%s', line => expectQuiet(anonymousData, { line, facts }, { line: 'down' }))

  test('a named volume at the same place', () => {
    const named = aContainer('db', { mounts: [`shop_pgdata:${data}`] })
    const services = [aService('db', { mounts: [`pgdata:${data}`] })]
    const whole = aProject({ services, containers: [named], volumes: [aVolume('shop_pgdata')] })
    expectQuiet(anonymousData, { line: 'down', facts: whole }, { facts })
  })

  test('an anonymous name that the file declares', () => {
    const adopted = aProject({ ...shop, declared: [{ key: 'pgdata', name: a, external: true }] })
    expectQuiet(anonymousData, { line: 'down', facts: adopted }, { facts })
  })

  test('rm of running containers, or with nobody to say yes', () => {
    expectQuiet(anonymousData, { line: 'rm -f', facts }, { line: 'rm -fs' })
    const stopped = aProject({ ...shop, containers: [{ ...db, state: 'exited' }] })
    expectQuiet(anonymousData, { line: 'rm', facts: stopped }, { line: 'rm -f' })
  })

  test('another container still mounts it', () => {
    const other = aContainer('x', { project: null, name: 'other', mounts: [`${a}:/x`] })
    expectQuiet(
      anonymousData,
      { line: 'down', facts: aProject({ ...shop, containers: [db, other] }) },
      { facts },
    )
  })

  test('another service is taken down', () => {
    const two = aProject({ ...shop, services: [aService('db'), aService('web', { dependsOn: ['db'] })] })
    expectQuiet(anonymousData, { line: 'down web', facts: two }, { line: 'down db' })
  })

  test('a recreation that hands it on', () => {
    const images = [anImage('db:1', { volumes: [data] })]
    const changed = { ...shop, hashes: { db: 'hash-2' } }
    expectQuiet(
      anonymousData,
      { line: 'up -d', facts: aProject({ ...changed, images }) },
      { facts: aProject({ ...changed, images: [anImage('db:1')] }) },
    )
  })

  test('rm -v is told by another rule', () =>
    expectQuiet(anonymousData, { line: 'rm -fsv', facts }, { line: 'rm -fs' }))
})
