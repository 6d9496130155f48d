import { describe, expect, test } from 'vitest'
import { bindSourceMissingOrMoved } from '../../../src/core/rules/bind-source-missing-or-moved.ts'
import type { ContainerFact, Facts, PlaceFact } from '../../../src/model/facts.ts'
import type { Ledger } from '../../../src/model/journal.ts'
import { aContainer, aLedger, aProject, aService } from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const line = 'up -d'
const path = '/var/lib/mysql'
const image = 'mariadb:10.11'
const filled: PlaceFact = { state: 'filled', id: '1:7' }
const missing: PlaceFact = { state: 'missing', id: null }
const empty: PlaceFact = { state: 'empty', id: '1:8' }
const root = { '/var/lib/docker': filled }

function known(source: string, database: string | null = 'MariaDB 10.11'): Ledger {
  const ledger = aLedger({ db: [`${source}:${path}`] })
  return {
    ...ledger,
    services: ledger.services.map(service => ({
      ...service,
      mounts: service.mounts.map(mount => ({ ...mount, database })),
    })),
  }
}

const ran = (source: string, words: Partial<ContainerFact> = {}): ContainerFact => ({
  ...aContainer('db', {
    image,
    mounts: [`${source}:${path}`],
    details: { finishedAt: '2026-11-22T10:00:00.000Z' },
  }),
  state: 'exited',
  ...words,
})

function project(
  source: string,
  places: Facts['places'],
  words: { ledger?: Ledger; containers?: readonly ContainerFact[]; warnings?: string; hash?: string } = {},
): Facts {
  const { hash = 'hash-2', ...more } = words
  return aProject({
    services: [aService('db', { image, mounts: [`${source}:${path}`] })],
    hashes: { db: hash },
    places: { '/srv/shop': filled, ...places },
    ...more,
  })
}

describe('found', () => {
  test.each([
    ['does not exist', missing],
    ['is empty', empty],
  ])('what was filled %s now', (words, place) => {
    const facts = project('/srv/db', { ...root, '/srv/db': place }, { ledger: known('/srv/db') })
    const [finding] = expectFound(bindSourceMissingOrMoved, { line, facts }, { '/srv/db': 'hidden' })
    expect(finding?.warning).toBeUndefined()
    expect(finding?.because).toBe(`/srv/db ${words}, and MariaDB 10.11 was in it: db would start empty`)
    expect(finding?.wouldUse).toEqual({ name: '/srv/db', state: place.state })
    expect(finding?.canBackUp).toBe(false)
  })

  test('a container has run on it', () => {
    const facts = project('/srv/db', { ...root, '/srv/db': missing }, { containers: [ran('/srv/db')] })
    expectFound(bindSourceMissingOrMoved, { line, facts }, { '/srv/db': 'hidden' })
  })

  test('the file says another path than the container has', () => {
    const facts = project(
      '/pgdata',
      { '/pgdata': missing, '/srv/db': filled },
      { containers: [ran('/srv/db')] },
    )
    const [finding] = expectFound(bindSourceMissingOrMoved, { line, facts }, { '/srv/db': 'hidden' })
    expect(finding?.canBackUp).toBe(true)
    expect(finding?.remedies).toEqual([
      { kind: 'advice', line: `mount /srv/db again: volumes: [/srv/db:${path}]` },
    ])
  })

  test('the same after down, from what is remembered', () => {
    const facts = project('/pgdata', { '/pgdata': empty, '/srv/db': filled }, { ledger: known('/srv/db') })
    expectFound(bindSourceMissingOrMoved, { line, facts }, { '/srv/db': 'hidden' })
  })

  test.each(['start', 'restart', 'start db', 'up -d'])('%s of a stopped container', words => {
    const facts = project(
      '/srv/db',
      { ...root, '/srv/db': missing },
      { containers: [ran('/srv/db')], hash: 'hash-1' },
    )
    expectFound(bindSourceMissingOrMoved, { line: words, facts }, { '/srv/db': 'hidden' })
  })

  test('an image that is no known store, where a database was recognised', () => {
    const facts = project('/srv/db', { ...root, '/srv/db': missing }, { ledger: known('/srv/db') })
    const services = [aService('db', { image: 'shop/own', mounts: [`/srv/db:${path}`] })]
    const model = { name: 'shop', services, volumes: [] }
    expectFound(bindSourceMissingOrMoved, { line, facts: { ...facts, model } }, { '/srv/db': 'hidden' })
  })
})

describe('a word only', () => {
  test('nothing proves that the engine sees the same directories', () => {
    const facts = project('/srv/db', { '/srv/db': missing }, { ledger: known('/srv/db') })
    const [finding] = expectFound(bindSourceMissingOrMoved, { line, facts }, { '/srv/db': 'hidden' })
    expect(finding?.warning).toBe(true)
    const inProject = project('/srv/shop/db', { '/srv/shop/db': missing }, { ledger: known('/srv/shop/db') })
    const [sure] = expectFound(
      bindSourceMissingOrMoved,
      { line, facts: inProject },
      { '/srv/shop/db': 'hidden' },
    )
    expect(sure?.warning).toBeUndefined()
  })

  test('a first start outside of the project, or with a variable that is not set', () => {
    const outside = project('/mnt/disk/db', { ...root, '/mnt/disk/db': missing })
    const [finding] = expectFound(
      bindSourceMissingOrMoved,
      { line, facts: outside },
      { '/mnt/disk/db': 'hidden' },
    )
    expect(finding?.warning).toBe(true)
    const warnings =
      'level=warning msg="The \\"DATA_DIR\\" variable is not set. Defaulting to a blank string."'
    const unset = project('/db', { ...root, '/db': missing }, { warnings })
    const [told] = expectFound(bindSourceMissingOrMoved, { line, facts: unset }, { '/db': 'hidden' })
    expect(told?.because).toContain('the variable DATA_DIR is not set')
  })
})

describe('quiet', () => {
  const unless = { facts: project('/srv/db', { ...root, '/srv/db': missing }, { ledger: known('/srv/db') }) }

  test('a first start below the project', () => {
    const facts = project('/srv/shop/db', { ...root, '/srv/shop/db': missing })
    expectQuiet(bindSourceMissingOrMoved, { line, facts }, unless)
  })

  test('it is there', () => {
    const facts = project('/srv/db', { ...root, '/srv/db': filled }, { ledger: known('/srv/db') })
    expectQuiet(bindSourceMissingOrMoved, { line, facts }, unless)
    const other = project('/new', { ...root, '/new': filled }, { ledger: known('/srv/db') })
    expectQuiet(bindSourceMissingOrMoved, { line, facts: other }, unless)
  })

  test('an empty directory of a first start', () => {
    const facts = project('/srv/db', { ...root, '/srv/db': empty })
    expectQuiet(bindSourceMissingOrMoved, { line, facts }, unless)
  })

  test('logs and configuration', () => {
    const services = [
      aService('db', { image, mounts: ['/srv/log:/var/log/mysql', '/srv/conf:/etc/mysql/conf.d:ro'] }),
    ]
    const places = { ...root, '/srv/log': missing, '/srv/conf': missing }
    expectQuiet(bindSourceMissingOrMoved, { line, facts: aProject({ services, places }) }, unless)
  })

  test('another engine than this machine’s: nothing was looked at', () =>
    expectQuiet(bindSourceMissingOrMoved, { line, facts: { ...unless.facts, places: {} } }, unless))

  test('a container that never ran', () => {
    const fresh = ran('/srv/shop/db', { state: 'created' })
    const details = fresh.details === null ? null : { ...fresh.details, finishedAt: null }
    const facts = project(
      '/srv/shop/db',
      { ...root, '/srv/shop/db': missing },
      {
        containers: [{ ...fresh, details }],
      },
    )
    expectQuiet(bindSourceMissingOrMoved, { line, facts }, unless)
  })

  test.each(['stop', 'down', 'up -d --dry-run'])('%s', words =>
    expectQuiet(bindSourceMissingOrMoved, { line: words, ...unless }, { line }),
  )
})
