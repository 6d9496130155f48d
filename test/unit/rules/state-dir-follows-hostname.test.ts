import { describe, expect, test } from 'vitest'
import { stateDirFollowsHostname } from '../../../src/core/rules/state-dir-follows-hostname.ts'
import type { Facts, ServiceModel } from '../../../src/model/facts.ts'
import type { Contents } from '../../../src/model/holding.ts'
import {
  aContainer,
  aProject,
  aService,
  aVolume,
  anImage,
  circumstances,
  looked,
  nothingInIt,
  someContents,
  typed,
} from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const line = 'up -d'
const path = '/var/lib/rabbitmq'
const volume = aVolume('shop_queues')
const queues = someContents({
  database: { kind: 'other', label: 'RabbitMQ', path: '', identity: null },
})
const old = aContainer('mq', {
  image: 'rabbitmq:3',
  mounts: [`shop_queues:${path}`],
  details: { hostname: '1f2e3d4c5b6a' },
})

function rabbit(words: Partial<ServiceModel> = {}, contents: Contents = queues, containers = [old]): Facts {
  const mounts = [`queues:${path}`]
  return aProject({
    services: [{ ...aService('mq', { image: 'rabbitmq:3', mounts }), ...words }],
    containers,
    volumes: [volume],
    hashes: { mq: 'hash-2' },
    contents: looked([volume, contents]),
  })
}

describe('found', () => {
  test('recreated without a hostname', () => {
    const [finding] = expectFound(
      stateDirFollowsHostname,
      { line, facts: rabbit() },
      { shop_queues: 'hidden' },
    )
    expect(finding?.remedies).toEqual([
      { kind: 'advice', line: 'write hostname: 1f2e3d4c5b6a into the service mq' },
    ])
    expect(finding?.evidence).toEqual(['its data is under rabbit@1f2e3d4c5b6a'])
  })

  test('after down, where the volume tells', () => {
    const facts = rabbit({}, queues, [])
    const [finding] = expectFound(stateDirFollowsHostname, { line, facts }, { shop_queues: 'hidden' })
    expect(finding?.remedies?.[0]).toMatchObject({ line: expect.stringContaining('rabbit@') })
  })

  test('recreated, and nobody could look', () => {
    expectFound(
      stateDirFollowsHostname,
      { line, facts: { ...rabbit(), contents: {} } },
      { shop_queues: 'hidden' },
    )
  })

  test('an image built from it', () => {
    const own = anImage('shop/mq', { versions: { RABBITMQ_VERSION: '4.1' }, volumes: [path] })
    const facts = { ...rabbit({ image: 'shop/mq' }), images: [own] }
    expectFound(stateDirFollowsHostname, { line, facts }, { shop_queues: 'hidden' })
  })

  test.each(['down', 'rm -fs mq'])('%s takes the name away: a word before', words => {
    const [finding] = expectFound(
      stateDirFollowsHostname,
      { line: words, facts: rabbit() },
      { shop_queues: 'hidden' },
    )
    expect(finding?.warning).toBe(true)
    expect(finding?.instead).toBe('write hostname: 1f2e3d4c5b6a into the service mq')
  })

  test('it is looked into before', () => {
    expect(stateDirFollowsHostname.looksInto?.(rabbit(), typed(line), circumstances())).toHaveLength(1)
  })
})

describe('quiet', () => {
  const unless = { facts: rabbit() }

  test('a hostname, or a name of the node', () => {
    expectQuiet(stateDirFollowsHostname, { line, facts: rabbit({ hostname: 'mq' }) }, unless)
    const settings = { RABBITMQ_NODENAME: 'rabbit@localhost' }
    expectQuiet(stateDirFollowsHostname, { line, facts: rabbit({ settings }) }, unless)
    expectQuiet(stateDirFollowsHostname, { line: 'down', facts: rabbit({ hostname: 'mq' }) }, unless)
  })

  test('nothing in it yet', () => {
    expectQuiet(stateDirFollowsHostname, { line, facts: rabbit({}, nothingInIt) }, unless)
    expectQuiet(stateDirFollowsHostname, { line, facts: rabbit({}, nothingInIt, []) }, unless)
  })

  test('another server', () =>
    expectQuiet(stateDirFollowsHostname, { line, facts: rabbit({ image: 'nats:2' }) }, unless))

  test.each(['stop', 'restart', 'up -d --no-recreate'])('%s', words =>
    expectQuiet(stateDirFollowsHostname, { line: words, ...unless }, { line }),
  )
})
