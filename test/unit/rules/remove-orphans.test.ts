import { describe, expect, test } from 'vitest'
import { removeOrphans } from '../../../src/core/rules/remove-orphans.ts'
import { aContainer, aProject, aService, aVolume, anonymousName } from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const a = anonymousName('a')
const old = aContainer('old-db', { mounts: [`${a}:/data`] })
const shop = { services: [aService('web')], containers: [old], volumes: [aVolume(a)] }
const facts = aProject(shop)
const found = { 'old-db:/data': 'orphaned' } as const
const on = { variables: { COMPOSE_REMOVE_ORPHANS: '1' } }
const onInFile = { ...on, envFileOnly: ['COMPOSE_REMOVE_ORPHANS'] }

describe('found', () => {
  test.each([
    'up -d --remove-orphans',
    'down --remove-orphans',
    'create --remove-orphans',
    'run --remove-orphans web',
  ])('%s', line => {
    const [finding] = expectFound(removeOrphans, { line, facts }, found)
    expect(finding?.because).toContain('--remove-orphans leaves the data of old-db at /data')
  })

  test.each(['1', 't', 'TRUE', 'y'])('COMPOSE_REMOVE_ORPHANS=%s', value => {
    const where = { variables: { COMPOSE_REMOVE_ORPHANS: value } }
    const [finding] = expectFound(removeOrphans, { line: 'up -d', facts, where }, found)
    expect(finding?.because).toContain('with COMPOSE_REMOVE_ORPHANS')
    expectFound(removeOrphans, { line: 'down', facts, where }, found)
  })

  test('the variable in .env, at up', () => {
    expectFound(removeOrphans, { line: 'up -d', facts, where: onInFile }, found)
  })

  test('from 2.29 on what run left behind', () => {
    const job = aContainer('web', { name: 'job', oneOff: true, state: 'exited', mounts: [`${a}:/data`] })
    expectFound(
      removeOrphans,
      { line: 'up --remove-orphans', facts: aProject({ ...shop, containers: [job] }) },
      { 'web:/data': 'orphaned' },
    )
  })

  test('before 2.23.2 the services of inactive profiles', () => {
    const facts2 = aProject({ ...shop, compose: '2.20.0', inactive: [aService('old-db')] })
    expectFound(removeOrphans, { line: 'up --remove-orphans', facts: facts2 }, found)
  })

  test('with version 1', () => {
    expectFound(
      removeOrphans,
      { line: 'up --remove-orphans', facts: aProject({ ...shop, compose: '1.29.2' }) },
      found,
    )
  })
})

describe('quiet', () => {
  test('without the flag', () =>
    expectQuiet(removeOrphans, { line: 'up -d', facts }, { line: 'up -d --remove-orphans' }))
  test('kill removes nothing, whatever its flag says', () =>
    expectQuiet(removeOrphans, { line: 'kill --remove-orphans', facts }, { line: 'down --remove-orphans' }))
  test.each(['yes', 'on', '0', 'false', ''])('COMPOSE_REMOVE_ORPHANS=%s is no', value =>
    expectQuiet(
      removeOrphans,
      { line: 'up', facts, where: { variables: { COMPOSE_REMOVE_ORPHANS: value } } },
      { where: on },
    ),
  )
  test('the flag says no and wins', () =>
    expectQuiet(removeOrphans, { line: 'up --remove-orphans=false', facts, where: on }, { line: 'up' }))
  test('down, create and run do not take the variable from .env or at all', () => {
    expectQuiet(removeOrphans, { line: 'down', facts, where: onInFile }, { where: on })
    expectQuiet(removeOrphans, { line: 'create', facts, where: on }, { line: 'up' })
    expectQuiet(removeOrphans, { line: 'run web', facts, where: on }, { line: 'up' })
  })
  test('a service of an inactive profile, from 2.23.2 on', () =>
    expectQuiet(
      removeOrphans,
      { line: 'up --remove-orphans', facts: aProject({ ...shop, inactive: [aService('old-db')] }) },
      { facts },
    ))
  test('a running container that run made', () => {
    const job = aContainer('web', { name: 'job', oneOff: true, mounts: [`${a}:/data`] })
    const withJob = aProject({ ...shop, containers: [job] })
    expectQuiet(
      removeOrphans,
      { line: 'up --remove-orphans', facts: withJob },
      { facts: aProject({ ...shop, containers: [{ ...job, state: 'exited' }] }) },
    )
  })
  test('a dry run', () =>
    expectQuiet(
      removeOrphans,
      { line: 'up --remove-orphans --dry-run', facts },
      { line: 'up --remove-orphans' },
    ))
})
