import { describe, expect, test } from 'vitest'
import { renewAnon } from '../../../src/core/rules/renew-anon.ts'
import { aContainer, aProject, aService, aVolume, anonymousName } from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const a = anonymousName('a')
const db = aContainer('db', { mounts: [`${a}:/data`] })
const shop = {
  services: [aService('db'), aService('web', { dependsOn: ['db'] })],
  containers: [db],
  volumes: [aVolume(a)],
}
const facts = aProject(shop)
const found = { 'db:/data': 'orphaned' } as const

describe('found', () => {
  test.each(['up -V', 'up -dV', 'up -d --renew-anon-volumes'])(
    '%s recreates every selected service',
    line => {
      const [finding] = expectFound(renewAnon, { line, facts }, found)
      expect(finding?.canBackUp).toBe(true)
    },
  )
  test('the same without -V is offered', () => {
    const [finding] = expectFound(renewAnon, { line: 'up -dV', facts }, found)
    expect(finding?.instead).toBe('docker compose up -d')
  })
  test('version 1', () => {
    expectFound(renewAnon, { line: 'up -dV', facts: aProject({ ...shop, compose: '1.29.2' }) }, found)
  })
  test('before 2.29.3, what is recreated anyway', () => {
    const old = { ...shop, compose: '2.26.1' }
    expectFound(renewAnon, { line: 'up -dV', facts: aProject({ ...old, hashes: { db: 'hash-2' } }) }, found)
    expectFound(renewAnon, { line: 'up -dV --force-recreate', facts: aProject(old) }, found)
  })
  test('a dependency that has changed', () => {
    expectFound(
      renewAnon,
      { line: 'up -dV web', facts: aProject({ ...shop, hashes: { db: 'hash-2' } }) },
      found,
    )
  })
})

describe('quiet', () => {
  test('without -V', () =>
    expectQuiet(renewAnon, { line: 'up -d --force-recreate', facts }, { line: 'up -dV' }))
  test('before 2.29.3 an unchanged service', () =>
    expectQuiet(renewAnon, { line: 'up -dV', facts: aProject({ ...shop, compose: '2.29.2' }) }, { facts }))
  test('a dependency that has not changed', () =>
    expectQuiet(renewAnon, { line: 'up -dV web', facts }, { line: 'up -dV db' }))
  test('only named volumes', () => {
    const named = aContainer('db', { mounts: ['shop_data:/data'] })
    expectQuiet(
      renewAnon,
      { line: 'up -V', facts: aProject({ ...shop, containers: [named], volumes: [aVolume('shop_data')] }) },
      { facts },
    )
  })
  test('a dry run', () => expectQuiet(renewAnon, { line: 'up -V --dry-run', facts }, { line: 'up -V' }))
})
