import { describe, expect, test } from 'vitest'
import { engineSwitched } from '../../../src/core/rules/engine-switched.ts'
import { aContainer, aLedger, aProject, aService, aVolume } from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const data = '/var/lib/postgresql/data'
const there = aLedger(
  { db: [`shop_pgdata:${data}`], web: ['shop_uploads:/uploads'] },
  { engine: 'engine-0', host: 'unix:///home/ada/.docker/desktop/docker.sock' },
)

function here(words: Parameters<typeof aProject>[0] = {}) {
  return aProject({
    services: [
      aService('db', { image: 'postgres:15', mounts: [`pgdata:${data}`] }),
      aService('web', { mounts: ['uploads:/uploads'] }),
    ],
    otherLedgers: [there],
    ...words,
  })
}

const found = { shop_pgdata: 'hidden' } as const

describe('found', () => {
  test('another endpoint, and nobody said so: where the data is', () => {
    const [finding] = expectFound(engineSwitched, { line: 'up -d', facts: here() }, found)
    expect(finding?.because).toBe(
      'db would start on shop_pgdata, new on the engine at unix:///var/run/docker.sock; its data is in shop_pgdata on the engine at unix:///home/ada/.docker/desktop/docker.sock',
    )
    expect(finding?.warning).toBeUndefined()
    expect(finding?.canBackUp).toBe(false)
    expect(finding?.wouldUse).toEqual({ name: 'shop_pgdata on this engine', state: 'missing' })
  })

  test('a variable in .env does not choose the engine', () => {
    const where = { variables: { DOCKER_HOST: 'tcp://prod:2376' }, envFileOnly: ['DOCKER_HOST'] }
    const [finding] = expectFound(engineSwitched, { line: 'up -d', facts: here(), where }, found)
    expect(finding?.warning).toBeUndefined()
  })

  test.each([
    ['DOCKER_HOST', { DOCKER_HOST: 'ssh://prod' }],
    ['DOCKER_CONTEXT', { DOCKER_CONTEXT: 'prod' }],
  ])('chosen by %s: a warning', (_, variables) => {
    const [finding] = expectFound(
      engineSwitched,
      { line: 'up -d', facts: here(), where: { variables } },
      found,
    )
    expect(finding?.warning).toBe(true)
  })

  test('the same endpoint with another engine behind it: a warning, there is nothing to go back to', () => {
    const otherLedgers = [{ ...there, host: 'unix:///var/run/docker.sock' }]
    const [finding] = expectFound(engineSwitched, { line: 'up -d', facts: here({ otherLedgers }) }, found)
    expect(finding?.warning).toBe(true)
    expect(finding?.instead).toBeNull()
  })
})

describe('quiet', () => {
  const unless = { facts: here(), line: 'up -d' }

  test('the same engine', () => {
    const otherLedgers = [{ ...there, engine: 'engine-1', project: 'old' }]
    expectQuiet(engineSwitched, { line: 'up -d', facts: here({ otherLedgers }) }, unless)
  })

  test('it has been here before', () => {
    const ledger = aLedger({ db: [`shop_pgdata:${data}`] })
    expectQuiet(engineSwitched, { line: 'up -d', facts: here({ ledger }) }, unless)
  })

  test('the volume stands here, or its container runs', () => {
    const volumes = [aVolume('shop_pgdata')]
    expectQuiet(engineSwitched, { line: 'up -d', facts: here({ volumes }) }, unless)
    const containers = [aContainer('db', { mounts: [`shop_pgdata:${data}`] })]
    expectQuiet(engineSwitched, { line: 'up -d', facts: here({ containers, volumes }) }, unless)
  })

  test('an external volume, which Compose does not make', () => {
    const declared = [{ key: 'pgdata', name: 'shop_pgdata', external: true }]
    expectQuiet(engineSwitched, { line: 'up -d', facts: here({ declared }) }, unless)
  })

  test.each(['up -d web', 'down', 'restart', 'up --dry-run'])('%s', line => {
    expectQuiet(engineSwitched, { line, facts: here() }, { line: 'up -d' })
  })
})
