import { describe, expect, test } from 'vitest'
import { youngerVolume } from '../../../src/core/rules/younger-volume.ts'
import type { Ledger } from '../../../src/model/journal.ts'
import {
  aContainer,
  aLedger,
  aProject,
  aService,
  aVolume,
  circumstances,
  looked,
  madeAt,
  nothingInIt,
  someContents,
  typed,
} from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const data = '/var/lib/postgresql/data'
const younger = aVolume('shop_pgdata', { createdAt: '2026-11-20T10:00:00.000Z' })
const found = { shop_pgdata: 'hidden' } as const

/** The ledger with a database at each mount. */
function remembered(identity: string | null = '7316000000000000904', words: Partial<Ledger> = {}): Ledger {
  const ledger = aLedger({ db: [`shop_pgdata:${data}`] }, words)
  return {
    ...ledger,
    services: ledger.services.map(service => ({
      ...service,
      mounts: service.mounts.map(mount => ({ ...mount, database: 'PostgreSQL 15', identity })),
    })),
  }
}

function after(words: Parameters<typeof aProject>[0] = {}) {
  return aProject({
    services: [aService('db', { image: 'postgres:15', mounts: [`pgdata:${data}`] })],
    volumes: [younger],
    ledger: remembered(),
    contents: looked([younger, nothingInIt]),
    ...words,
  })
}

function database(identity: string | null) {
  return someContents({ database: { kind: 'postgresql', label: 'PostgreSQL 15', path: '', identity } })
}

describe('found', () => {
  test('made anew, and empty', () => {
    const [finding] = expectFound(youngerVolume, { line: 'up -d', facts: after() }, found)
    expect(finding?.because).toBe(
      'db would not find its data in shop_pgdata (PostgreSQL 15): what has that name now is a younger volume, created 2026-11-20T10:00:00.000Z',
    )
    expect(finding?.holding).toEqual({ kind: 'volume', name: 'shop_pgdata', createdAt: madeAt })
    expect(finding?.canBackUp).toBe(false)
    expect(finding?.warning).toBeUndefined()
    expect(finding?.instead).toContain('safe-compose restore ID --volume shop_pgdata')
  })

  test('made anew, with another database in it', () => {
    const facts = after({ contents: looked([younger, database('1')]) })
    const [finding] = expectFound(youngerVolume, { line: 'up -d', facts }, found)
    expect(finding?.because).toContain('a younger volume with another database (PostgreSQL 15)')
    expect(finding?.warning).toBeUndefined()
  })

  test('not there at all', () => {
    const [finding] = expectFound(youngerVolume, { line: 'up -d', facts: after({ volumes: [] }) }, found)
    expect(finding?.because).toContain('it does not exist any more')
    expect(finding?.warning).toBeUndefined()
  })

  test('by the image alone, where no database was recognised', () => {
    const ledger = aLedger({ db: [`shop_pgdata:${data}`] })
    expectFound(youngerVolume, { line: 'up -d', facts: after({ ledger }) }, found)
  })
})

describe('a warning only', () => {
  test.each([
    ['what is in it cannot be told from what was', { contents: looked([younger, database(null)]) }],
    ['nobody could look', { contents: {} }],
    [
      'its container has been on it already',
      {
        containers: [aContainer('db', { mounts: [`shop_pgdata:${data}`] })],
        hashes: { db: 'hash-2' },
      },
    ],
    [
      'it had been made for a try not long ago',
      {
        volumes: [],
        ledger: remembered(null, {
          created: [{ name: 'shop_pgdata', createdAt: madeAt, audience: 'script' }],
        }),
      },
    ],
  ])('%s', (_, words) => {
    const [finding] = expectFound(youngerVolume, { line: 'up -d', facts: after(words) }, found)
    expect(finding?.warning).toBe(true)
  })
})

describe('quiet', () => {
  const unless = { facts: after(), line: 'up -d' }

  test('the same volume', () => {
    expectQuiet(youngerVolume, { line: 'up -d', facts: after({ volumes: [aVolume('shop_pgdata')] }) }, unless)
  })

  test('a restore of the same database', () => {
    const contents = looked([younger, database('7316000000000000904')])
    expectQuiet(youngerVolume, { line: 'up -d', facts: after({ contents }) }, unless)
  })

  test('uploads', () => {
    const services = [aService('web', { mounts: ['uploads:/app/uploads'] })]
    const ledger = aLedger({ web: ['shop_uploads:/app/uploads'] })
    expectQuiet(youngerVolume, { line: 'up -d', facts: after({ services, ledger, volumes: [] }) }, unless)
  })

  test('an external volume that is missing: Compose fails by itself', () => {
    const declared = [{ key: 'pgdata', name: 'shop_pgdata', external: true }]
    expectQuiet(youngerVolume, { line: 'up -d', facts: after({ declared, volumes: [] }) }, unless)
  })

  test('a volume that the file no longer names is judged by other rules', () => {
    const declared = [{ key: 'pgdata', name: 'elsewhere' }]
    expectQuiet(youngerVolume, { line: 'up -d', facts: after({ declared }) }, unless)
  })

  test('nothing remembered', () => {
    const { ledger: _, ...rest } = after()
    expectQuiet(youngerVolume, { line: 'up -d', facts: { ...rest, ledger: null } }, unless)
  })

  test.each(['down', 'stop', 'restart', 'up --dry-run', 'up -d --scale db=0'])('%s', line => {
    expectQuiet(youngerVolume, { line, facts: after() }, { line: 'up -d' })
  })

  test('the same volume is not looked into', () => {
    const look = (facts: ReturnType<typeof after>) =>
      youngerVolume.looksInto?.(facts, typed('up -d'), circumstances())
    expect(look(after())).toEqual([{ kind: 'volume', name: 'shop_pgdata', createdAt: younger.createdAt }])
    expect(look(after({ volumes: [aVolume('shop_pgdata')] }))).toEqual([])
  })
})
