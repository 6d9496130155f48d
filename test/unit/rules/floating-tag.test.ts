import { describe, expect, test } from 'vitest'
import { floatingTag } from '../../../src/core/rules/floating-tag.ts'
import type { Facts } from '../../../src/model/facts.ts'
import { aProject, aService, anImage } from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

function shop(image: string, mounts = ['pgdata:/var/lib/postgresql/data', 'data:/data']): Facts {
  return aProject({ services: [aService('db', { image, mounts })] })
}

describe('found', () => {
  test.each([
    'postgres',
    'postgres:latest',
    'postgres:alpine',
    'postgres:alpine3.19',
    'registry:5000/postgres',
  ])('%s', image => {
    const [finding] = expectFound(
      floatingTag,
      { line: 'up -d', facts: shop(image) },
      { shop_pgdata: 'hidden' },
    )
    expect(finding?.warning).toBe(true)
    expect(finding?.because).toContain(`${image} of db has no fixed version`)
  })

  test('the version that is there now is the one to write', () => {
    const images = [anImage('postgres:latest', { versions: { PG_MAJOR: '16' } })]
    const facts = { ...shop('postgres:latest'), images }
    const [finding] = expectFound(floatingTag, { line: 'up -d', facts }, { shop_pgdata: 'hidden' })
    expect(finding?.instead).toBe('image: postgres:16')
  })

  test('several are told together', () => {
    const services = [
      aService('db', { image: 'postgres', mounts: ['pgdata:/var/lib/postgresql/data'] }),
      aService('cache', { image: 'redis:latest', mounts: ['cache:/data'] }),
    ]
    const found = expectFound(
      floatingTag,
      { line: 'up -d', facts: aProject({ services }) },
      { shop_pgdata: 'hidden', shop_cache: 'hidden' },
    )
    expect(new Set(found.map(({ because }) => because))).toEqual(
      new Set([
        'postgres of db and redis:latest of cache have no fixed version: a pull can bring one that cannot read the data',
      ]),
    )
  })
})

describe('quiet', () => {
  test.each([
    'postgres:16',
    'postgres:16-alpine',
    'postgres@sha256:0123',
    'timescale/timescaledb:latest-pg16',
  ])('%s', image => {
    expectQuiet(floatingTag, { line: 'up -d', facts: shop(image) }, { facts: shop('postgres') })
  })

  test('what keeps no data', () => {
    expectQuiet(floatingTag, { line: 'up -d', facts: shop('redis', []) }, { facts: shop('redis') })
    expectQuiet(floatingTag, { line: 'up -d', facts: shop('nginx') }, { facts: shop('redis') })
  })

  test.each(['down', 'restart', 'run db psql', 'scale db=1'])('%s', line => {
    expectQuiet(floatingTag, { line, facts: shop('postgres') }, { line: 'up -d' })
  })
})
