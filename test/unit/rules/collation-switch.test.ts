import { describe, expect, test } from 'vitest'
import { collationSwitch } from '../../../src/core/rules/collation-switch.ts'
import type { Facts } from '../../../src/model/facts.ts'
import { aContainer, aProject, aService, aVolume, anImage } from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const data = '/var/lib/postgresql/data'

interface Sides {
  readonly before: string
  readonly now: string
  /** PG_VERSION of the two images. */
  readonly versions?: readonly [string, string]
  readonly volumes?: readonly string[]
}

function switched({ before, now, versions, volumes = ['shop_pgdata'] }: Sides): Facts {
  return aProject({
    services: [aService('db', { image: now, mounts: [`pgdata:${data}`] })],
    containers: [
      aContainer('db', { image: before, imageId: 'sha256:before', mounts: [`shop_pgdata:${data}`] }),
    ],
    hashes: { db: 'hash-2' },
    volumes: volumes.map(name => aVolume(name)),
    images:
      versions === undefined
        ? []
        : [
            anImage('sha256:before', { id: 'sha256:before', versions: { PG_VERSION: versions[0] } }),
            anImage(now, { id: 'sha256:now', versions: { PG_VERSION: versions[1] } }),
          ],
  })
}

const toAlpine: Sides = { before: 'postgres:16-bookworm', now: 'postgres:16-alpine' }

describe('found', () => {
  test.each<readonly [string, Sides]>([
    ['by the tags', toAlpine],
    ['back, with a version of Alpine', { before: 'postgres:16.1-alpine3.19', now: 'postgres:16.1-bullseye' }],
    [
      'by what the images say',
      { before: 'shop/db:3', now: 'postgres:15', versions: ['15.4', '15.4-1.pgdg120+1'] },
    ],
  ])('another C library: %s', (_, sides) => {
    const [finding] = expectFound(
      collationSwitch,
      { line: 'up -d', facts: switched(sides) },
      { shop_pgdata: 'corrupted' },
    )
    expect(finding?.because).toMatch(/sort text differently \((Debian 1\d → Alpine|Alpine → Debian 1\d)\)/)
    expect(finding?.warning).toBeUndefined()
  })

  test.each<readonly [string, Sides]>([
    ['by the tags', { before: 'postgres:16-bookworm', now: 'postgres:16-trixie' }],
    [
      'under one tag',
      { before: 'postgres:15', now: 'postgres:15', versions: ['15.4-1.pgdg120+1', '15.14-1.pgdg130+1'] },
    ],
  ])('another Debian release is worth a word: %s', (_, sides) => {
    const [finding] = expectFound(
      collationSwitch,
      { line: 'up -d', facts: switched(sides) },
      { shop_pgdata: 'corrupted' },
    )
    expect(finding?.warning).toBe(true)
    expect(finding?.because).toContain('Debian 12 → Debian 13')
  })
})

describe('quiet', () => {
  test.each<readonly [string, Sides]>([
    ['a patch of the same variant', { before: 'postgres:16.1-alpine', now: 'postgres:16.2-alpine' }],
    ['another version of Alpine', { before: 'postgres:16-alpine3.18', now: 'postgres:16-alpine3.20' }],
    ['one side that cannot be told', { before: 'postgres:16', now: 'postgres:16-alpine' }],
    ['another server', { before: 'mysql:8-debian-bookworm', now: 'mysql:8-alpine' }],
    ['a volume that does not exist', { ...toAlpine, volumes: [] }],
  ])('%s', (_, sides) => {
    expectQuiet(collationSwitch, { line: 'up -d', facts: switched(sides) }, { facts: switched(toAlpine) })
  })

  test.each(['restart', 'up -d --no-recreate', 'down'])('%s', line => {
    expectQuiet(collationSwitch, { line, facts: switched(toAlpine) }, { line: 'up -d' })
  })
})
