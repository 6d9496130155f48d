import { describe, expect, test } from 'vitest'
import { initEnvIgnored } from '../../../src/core/rules/init-env-ignored.ts'
import type { Facts, Settings } from '../../../src/model/facts.ts'
import {
  aContainer,
  aProject,
  aService,
  aVolume,
  circumstances,
  looked,
  nothingInIt,
  someContents,
  typed,
} from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const volume = aVolume('shop_data')

function changed(before: Settings, now: Settings, contents = someContents(), image = 'postgres:16'): Facts {
  const path = image.startsWith('postgres') ? '/var/lib/postgresql/data' : '/var/lib/mysql'
  return aProject({
    services: [aService('db', { image, mounts: [`data:${path}`], settings: now })],
    containers: [aContainer('db', { image, mounts: [`shop_data:${path}`], details: { settings: before } })],
    hashes: { db: 'hash-2' },
    volumes: [volume],
    contents: looked([volume, contents]),
  })
}

const password = [{ POSTGRES_PASSWORD: 'sealed-1' }, { POSTGRES_PASSWORD: 'sealed-2' }] as const

describe('found', () => {
  test.each<readonly [string, Settings, Settings, string]>([
    ['password', ...password, `psql -U postgres, then ALTER ROLE "postgres" PASSWORD '…'`],
    ['database', {}, { POSTGRES_USER: 'shop', POSTGRES_DB: 'shop' }, 'CREATE DATABASE "shop"'],
    ['user', { POSTGRES_USER: 'a' }, { POSTGRES_USER: 'b' }, 'CREATE ROLE "b"'],
  ])('PostgreSQL: %s', (_, before, now, remedy) => {
    const [finding] = expectFound(
      initEnvIgnored,
      { line: 'up -d', facts: changed(before, now) },
      { shop_data: 'recreated' },
    )
    expect(finding?.warning).toBe(true)
    expect(finding?.instead).toContain(remedy)
    expect(finding?.instead).not.toContain('sealed')
  })

  test('MariaDB', () => {
    const facts = changed(
      {},
      { MARIADB_ROOT_PASSWORD: 'sealed', MARIADB_DATABASE: 'shop' },
      someContents(),
      'mariadb:11',
    )
    const [finding] = expectFound(initEnvIgnored, { line: 'up -d', facts }, { shop_data: 'recreated' })
    expect(finding?.because).toContain('MARIADB_DATABASE and MARIADB_ROOT_PASSWORD of db changed')
    expect(finding?.instead).toContain("ALTER USER root IDENTIFIED BY '…'; CREATE DATABASE `shop`")
  })
})

describe('quiet', () => {
  test.each<readonly [string, Facts]>([
    ['an empty data directory', changed(...password, nothingInIt)],
    ['the same values', changed(password[0], password[0])],
    ['a variable that is taken away', changed(password[0], {})],
    ['another place for the data, which is not read once', changed({ PGDATA: '/a' }, { PGDATA: '/b' })],
  ])('%s', (_, facts) => {
    expectQuiet(initEnvIgnored, { line: 'up -d', facts }, { facts: changed(...password) })
  })

  test.each(['restart', 'up -d --no-recreate', 'stop'])('%s', line => {
    expectQuiet(initEnvIgnored, { line, facts: changed(...password) }, { line: 'up -d' })
  })
})

test('it looks only into what is set up otherwise', () => {
  const lookedInto = (facts: Facts): unknown =>
    initEnvIgnored.looksInto?.(facts, typed('up -d'), circumstances())
  expect(lookedInto(changed(...password))).toHaveLength(1)
  expect(lookedInto(changed(password[0], password[0]))).toEqual([])
})
