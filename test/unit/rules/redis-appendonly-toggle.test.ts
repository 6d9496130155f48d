import { describe, expect, test } from 'vitest'
import { redisAppendonlyToggle } from '../../../src/core/rules/redis-appendonly-toggle.ts'
import type { ContainerFact, Facts, Settings } from '../../../src/model/facts.ts'
import type { Contents } from '../../../src/model/holding.ts'
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

const line = 'up -d'
const volume = aVolume('shop_cache')
const log = { '--appendonly': 'yes' }
const holds = (snapshot: boolean, hasLog: boolean): Contents =>
  someContents({
    database: {
      kind: 'redis',
      label: 'Redis 7.0',
      path: '',
      identity: null,
      persistence: { snapshot, log: hasLog },
    },
  })

function redis(
  settings: Settings,
  words: { before?: Settings | null; contents?: Contents; container?: Partial<ContainerFact> } = {},
): Facts {
  const before = words.before === undefined ? {} : words.before
  const old = aContainer('cache', {
    image: 'redis:7',
    mounts: ['shop_cache:/data'],
    details: { settings: before ?? {} },
  })
  return aProject({
    services: [aService('cache', { image: 'redis:7', mounts: ['cache:/data'], settings })],
    containers: before === null ? [] : [{ ...old, ...words.container }],
    volumes: [volume],
    hashes: { cache: 'hash-2' },
    contents: looked([volume, words.contents ?? holds(true, false)]),
  })
}

describe('found', () => {
  test('the log is switched on over a snapshot', () => {
    const [finding] = expectFound(
      redisAppendonlyToggle,
      { line, facts: redis(log) },
      { shop_cache: 'hidden' },
    )
    expect(finding?.wouldUse?.state).toBe('empty')
    expect(finding?.canBackUp).toBe(true)
    expect(finding?.instead).toBe('docker compose exec cache redis-cli CONFIG SET appendonly yes')
  })

  test('after down', () => {
    const facts = redis(log, { before: null })
    const [finding] = expectFound(redisAppendonlyToggle, { line, facts }, { shop_cache: 'hidden' })
    expect(finding?.instead).toBeNull()
    expect(finding?.remedies?.[0]).toMatchObject({
      line: expect.stringContaining('start cache without --appendonly yes'),
    })
  })

  test('it is looked into before', () => {
    expect(redisAppendonlyToggle.looksInto?.(redis(log), typed(line), circumstances())).toHaveLength(1)
    expect(redisAppendonlyToggle.looksInto?.(redis({}), typed(line), circumstances())).toEqual([])
  })

  test('a running server without a snapshot yet: a word', () => {
    for (const contents of [nothingInIt, holds(false, false)]) {
      const facts = redis(log, { contents })
      const [finding] = expectFound(redisAppendonlyToggle, { line, facts }, { shop_cache: 'hidden' })
      expect(finding?.warning).toBe(true)
    }
  })
})

describe('quiet', () => {
  const unless = { facts: redis(log) }

  test('the log is there', () => {
    expectQuiet(redisAppendonlyToggle, { line, facts: redis(log, { contents: holds(true, true) }) }, unless)
    expectQuiet(redisAppendonlyToggle, { line, facts: redis(log, { contents: holds(false, true) }) }, unless)
  })

  test('it was on before, or is not switched on', () => {
    expectQuiet(redisAppendonlyToggle, { line, facts: redis(log, { before: log }) }, unless)
    expectQuiet(redisAppendonlyToggle, { line, facts: redis({ '--appendonly': 'no' }) }, unless)
  })

  test('a first start, on nothing', () => {
    const facts = redis(log, { before: null, contents: nothingInIt })
    expectQuiet(redisAppendonlyToggle, { line, facts }, unless)
    expectQuiet(redisAppendonlyToggle, { line, facts: { ...facts, volumes: [] } }, unless)
  })

  test('a server that is no Redis', () => {
    const facts = redis(log)
    const services = [aService('cache', { image: 'shop/tool', mounts: ['cache:/data'], settings: log })]
    const model = { name: 'shop', services, volumes: facts.model?.volumes ?? [] }
    expectQuiet(redisAppendonlyToggle, { line, facts: { ...facts, model } }, unless)
  })

  test.each(['restart', 'down', 'up -d --no-recreate'])('%s', words =>
    expectQuiet(redisAppendonlyToggle, { line: words, ...unless }, { line }),
  )
})
