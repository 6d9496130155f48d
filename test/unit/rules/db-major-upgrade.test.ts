import { describe, expect, test } from 'vitest'
import { dbMajorUpgrade } from '../../../src/core/rules/db-major-upgrade.ts'
import type { Facts } from '../../../src/model/facts.ts'
import type { DatabaseContents } from '../../../src/model/holding.ts'
import {
  aContainer,
  aProject,
  aService,
  aVolume,
  anImage,
  circumstances,
  looked,
  someContents,
  typed,
} from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const volume = aVolume('shop_data')
const paths: Readonly<Record<string, string>> = {
  postgres: '/var/lib/postgresql/data',
  mysql: '/var/lib/mysql',
  mariadb: '/var/lib/mysql',
  redis: '/data',
  valkey: '/data',
}

interface Case {
  /** The image as the file has it now. */
  readonly image: string
  /** What is in the volume. */
  readonly wrote: string
  /** The image of the container that is replaced; without it there is no container. */
  readonly before?: string
  readonly versions?: Readonly<Record<string, string>>
  readonly path?: string
}

function upgrade({ image, wrote, before, versions, path = '' }: Case): Facts {
  const target = paths[image.split(':')[0] ?? ''] ?? ''
  const database: DatabaseContents = { kind: 'postgresql', label: wrote, path, identity: null }
  return aProject({
    services: [aService('db', { image, mounts: [`data:${target}`] })],
    containers:
      before === undefined
        ? []
        : [aContainer('db', { image: before, imageId: 'sha256:old', mounts: [`shop_data:${target}`] })],
    hashes: { db: 'hash-2' },
    volumes: [volume],
    images: versions === undefined ? [] : [anImage(image, { id: 'sha256:new', versions })],
    contents: looked([volume, someContents({ database })]),
  })
}

const to17: Case = { image: 'postgres:17', wrote: 'PostgreSQL 15', before: 'postgres:15' }

describe('found', () => {
  test.each(['up -d', 'create', 'up -d --force-recreate db'])('PostgreSQL cannot start: %s', line => {
    const [finding] = expectFound(dbMajorUpgrade, { line, facts: upgrade(to17) }, { shop_data: 'hidden' })
    expect(finding?.because).toBe(
      'db (postgres:17) cannot start on shop_data, which PostgreSQL 15 wrote; the files stay as they are',
    )
  })

  test('also after down, where no container tells what ran', () => {
    const { before, ...created } = to17
    expect(before).toBeDefined()
    expectFound(dbMajorUpgrade, { line: 'up -d', facts: upgrade(created) }, { shop_data: 'hidden' })
  })

  test.each([
    [
      'what the image says counts before its tag',
      { ...to17, image: 'postgres:latest', versions: { PG_MAJOR: '17' } },
    ],
    ['back to an older one', { image: 'postgres:15', wrote: 'PostgreSQL 17', before: 'postgres:17' }],
    ['the second number, before 10', { image: 'postgres:9.6', wrote: 'PostgreSQL 9.5' }],
    [
      'Redis of a format that it cannot read',
      { image: 'redis:6.2', wrote: 'Redis 7.0', before: 'redis:7.0' },
    ],
  ])('hidden: %s', (_, of) => {
    expectFound(dbMajorUpgrade, { line: 'up -d', facts: upgrade(of) }, { shop_data: 'hidden' })
  })

  test.each([
    ['MySQL back', { image: 'mysql:5.7', wrote: 'MySQL 8.0', before: 'mysql:8.0' }],
    ['MariaDB back', { image: 'mariadb:10.6', wrote: 'MariaDB 10.11' }],
    ['MariaDB on files of MySQL 8', { image: 'mariadb:11.4', wrote: 'MySQL 8.0' }],
  ])('corrupted: %s', (_, of) => {
    expectFound(dbMajorUpgrade, { line: 'up -d', facts: upgrade(of) }, { shop_data: 'corrupted' })
  })

  test.each([
    ['MySQL', { image: 'mysql:8.4', wrote: 'MySQL 8.0', before: 'mysql:8.0' }],
    [
      'MariaDB',
      {
        image: 'mariadb:lts',
        wrote: 'MariaDB 10.11',
        versions: { MARIADB_VERSION: '1:11.4.2+maria~ubu2404' },
      },
    ],
    ['MariaDB on files of MySQL 5.7', { image: 'mariadb:10.6', wrote: 'MySQL 5.7' }],
    ['Redis', { image: 'redis:7.2', wrote: 'Redis 6.2', before: 'redis:6.2' }],
  ])('recreated, after a backup, since there is no way back: %s', (_, of) => {
    const [finding] = expectFound(
      dbMajorUpgrade,
      { line: 'up -d', facts: upgrade(of) },
      { shop_data: 'recreated' },
    )
    expect(finding?.because).toContain('without a backup there is no way back')
  })
})

describe('quiet', () => {
  test.each<readonly [string, Case]>([
    ['a patch', { image: 'postgres:15.6', wrote: 'PostgreSQL 15', before: 'postgres:15.4' }],
    ['the same image', { image: 'postgres:15', wrote: 'PostgreSQL 15', before: 'postgres:15' }],
    [
      'a tag that says nothing, of an image that is not there',
      { image: 'postgres:latest', wrote: 'PostgreSQL 15' },
    ],
    ['a tag that leaves it open', { image: 'redis:7', wrote: 'Redis 7.2' }],
    ['Redis versions that read each other', { image: 'redis:5.0', wrote: 'Redis 6.2' }],
    ['Valkey versions that read each other', { image: 'valkey:8.0', wrote: 'Valkey 8.1' }],
    [
      'a directory for each major version',
      { ...to17, wrote: 'PostgreSQL 17', image: 'postgres:18', path: '17/docker' },
    ],
    ['a version that nobody knows', { ...to17, wrote: 'PostgreSQL' }],
    ['another server', { ...to17, wrote: 'Redis 7.0' }],
  ])('%s', (_, of) => {
    expectQuiet(dbMajorUpgrade, { line: 'up -d', facts: upgrade(of) }, { facts: upgrade(to17) })
  })

  test('what was not looked into', () => {
    const facts = upgrade(to17)
    expectQuiet(dbMajorUpgrade, { line: 'up -d', facts: { ...facts, contents: {} } }, { facts })
  })

  test.each(['up -d --no-recreate', '--dry-run up -d', 'restart', 'down', 'pull'])('%s', line => {
    expectQuiet(dbMajorUpgrade, { line, facts: upgrade(to17) }, { line: 'up -d' })
  })
})

test('it looks only into what another version would start on', () => {
  const lookedInto = (facts: Facts): unknown =>
    dbMajorUpgrade.looksInto?.(facts, typed('up -d'), circumstances())
  expect(lookedInto(upgrade(to17))).toEqual([
    { kind: 'volume', name: 'shop_data', createdAt: volume.createdAt },
  ])
  expect(lookedInto(upgrade({ ...to17, image: 'postgres:15' }))).toEqual([])
})
