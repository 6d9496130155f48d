import { describe, expect, test } from 'vitest'
import { ledgerFor } from '../../src/core/ledger.ts'
import { aContainer, aProject, aVolume, now } from '../fakes/facts.ts'

const volume = aVolume('shop_pgdata', { labels: { 'com.docker.compose.project': 'shop' } })
const mount = {
  type: 'volume',
  name: 'shop_pgdata',
  source: '/v',
  destination: '/var/lib/postgresql/data',
  readOnly: false,
} as const
const db = { ...aContainer('db'), mounts: [mount] }
const facts = aProject()

function ledger(from: Partial<Parameters<typeof ledgerFor>[0]>): ReturnType<typeof ledgerFor> {
  return ledgerFor({
    before: null,
    facts,
    containers: [db],
    volumes: [volume],
    audience: 'script',
    now,
    ...from,
  })
}

describe('the ledger', () => {
  test('remembers which service mounts which volume, and since when the volume is there', () => {
    expect(ledger({})?.services).toEqual([
      {
        service: 'db',
        image: 'db:1',
        imageId: 'sha256:db',
        mounts: [
          {
            type: 'volume',
            name: 'shop_pgdata',
            createdAt: volume.createdAt,
            destination: '/var/lib/postgresql/data',
            database: null,
            identity: null,
          },
        ],
      },
    ])
  })

  test('keeps what was last known of a service whose containers are gone', () => {
    const before = ledger({})
    const after = ledger({ before, containers: [], volumes: [] })
    expect(after?.services ?? before?.services).toEqual(before?.services)
  })

  test('is not written again when nothing changed', () => {
    const before = ledger({ facts: { ...facts, volumes: [volume] } })
    expect(ledger({ before, facts: { ...facts, volumes: [volume] } })).toBeNull()
  })

  test('remembers who first created a volume, and forgets it with the volume', () => {
    const recent = { ...volume, createdAt: now.toISOString() }
    const created = ledger({ volumes: [recent], audience: 'agent' })
    expect(created?.created).toEqual([
      { name: 'shop_pgdata', createdAt: recent.createdAt, audience: 'agent' },
    ])
    expect(ledger({ before: created, volumes: [], containers: [] })?.created).toEqual([])
  })

  test('says nothing of volumes that were there before, or of other projects', () => {
    expect(ledger({ facts: { ...facts, volumes: [volume] } })?.created).toEqual([])
    const stranger = aVolume('other_data', { labels: { 'com.docker.compose.project': 'other' } })
    expect(ledger({ containers: [], volumes: [stranger] })).toBeNull()
  })

  test('writes nothing for a project without data', () => {
    expect(ledger({ containers: [{ ...db, mounts: [] }], volumes: [] })).toBeNull()
  })
})
