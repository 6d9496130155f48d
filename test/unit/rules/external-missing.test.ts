import { describe, expect, test } from 'vitest'
import { externalMissing } from '../../../src/core/rules/external-missing.ts'
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

const data = '/var/lib/postgresql/data'
const old = aVolume('shop_pgdata')

function wants(name: string, words: Parameters<typeof aProject>[0] = {}) {
  return aProject({
    services: [aService('db', { image: 'postgres:15', mounts: [`pgdata:${data}`] })],
    declared: [{ key: 'pgdata', name, external: true }],
    volumes: [old],
    contents: looked([old, someContents()]),
    ...words,
  })
}

const facts = wants('pgdata')

describe('found, always as a warning', () => {
  test('what looks like it, so that nobody creates an empty one', () => {
    const [finding] = expectFound(externalMissing, { line: 'up -d', facts }, { shop_pgdata: 'orphaned' })
    expect(finding?.warning).toBe(true)
    expect(finding?.because).toBe(
      'db wants the external volume pgdata, which this engine does not have; do not create an empty one before looking at shop_pgdata (PostgreSQL 15, 1.2 GB)',
    )
    expect(finding?.remedies).toEqual([{ kind: 'pin', key: 'pgdata', volume: 'shop_pgdata' }])
  })

  test.each(['shop-pgdata', 'Shop_PgData', 'prod_shop_pgdata', 'shoppgdata'])('by name: %s', name => {
    const unlabelled = aVolume('shop_pgdata', { labels: {} })
    const contents = looked([unlabelled, someContents()])
    expectFound(
      externalMissing,
      { line: 'up -d', facts: wants(name, { volumes: [unlabelled], contents }) },
      { shop_pgdata: 'orphaned' },
    )
  })

  test('the name says more than the key, which many may have', () => {
    const strangers = Array.from('abcdefgh', letter =>
      aVolume(`${letter}_pgdata`, { labels: { 'com.docker.compose.volume': 'pgdata' } }),
    )
    const contents = looked(...[old, ...strangers].map(each => [each, someContents()] as const))
    const volumes = [...strangers, old]
    expectFound(
      externalMissing,
      { line: 'up -d', facts: wants('shop-pgdata', { volumes, contents }) },
      { shop_pgdata: 'orphaned' },
    )
    expectQuiet(
      externalMissing,
      { line: 'up -d', facts: wants('elsewhere', { volumes, contents }) },
      { facts: wants('shop-pgdata', { volumes, contents }) },
    )
  })

  test('a database comes before other data', () => {
    const files = aVolume('a_pgdata', { labels: {} })
    const contents = looked(
      [files, someContents({ database: null })],
      [old, someContents({ lastWrite: '2020-01-01T00:00:00.000Z' })],
    )
    const [finding] = expectFound(
      externalMissing,
      { line: 'up -d', facts: wants('pgdata', { volumes: [files, old], contents }) },
      { shop_pgdata: 'orphaned' },
    )
    expect(finding?.evidence).toHaveLength(2)
  })
})

describe('quiet', () => {
  const unless = { facts, line: 'up -d' }

  test('it is there', () => {
    expectQuiet(externalMissing, { line: 'up -d', facts: wants('shop_pgdata') }, unless)
  })

  test('nothing looks like it, or what does is empty', () => {
    const stranger = aVolume('other_cache', { labels: {} })
    expectQuiet(externalMissing, { line: 'up -d', facts: wants('pgdata', { volumes: [stranger] }) }, unless)
    const contents = looked([old, nothingInIt])
    expectQuiet(externalMissing, { line: 'up -d', facts: wants('pgdata', { contents }) }, unless)
  })

  test('it is not external, or of a service that is not started', () => {
    expectQuiet(externalMissing, { line: 'up -d', facts: wants('pgdata', { declared: [] }) }, unless)
    const services = [...(facts.model?.services ?? []), aService('web')]
    expectQuiet(
      externalMissing,
      { line: 'up -d web', facts: wants('pgdata', { services }) },
      { line: 'up -d db' },
    )
  })

  test('its service runs already, and nothing starts', () => {
    const containers = [aContainer('db', { mounts: [`shop_pgdata:${data}`] })]
    expectQuiet(
      externalMissing,
      { line: 'up -d', facts: wants('pgdata', { containers, hashes: {}, compose: '2.26.1' }) },
      {
        facts: wants('pgdata', { compose: '2.26.1' }),
      },
    )
  })

  test('only what looks like it is looked into', () => {
    const look = (of: typeof facts) => externalMissing.looksInto?.(of, typed('up -d'), circumstances())
    expect(look(facts)).toHaveLength(1)
    expect(look(wants('shop_pgdata'))).toEqual([])
  })
})
