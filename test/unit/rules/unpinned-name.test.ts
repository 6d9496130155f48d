import { describe, expect, test } from 'vitest'
import { unpinnedName } from '../../../src/core/rules/unpinned-name.ts'
import type { Facts } from '../../../src/model/facts.ts'
import { aProject, aService } from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

type Words = NonNullable<Parameters<typeof aProject>[0]>

const services = [
  aService('db', { image: 'postgres:16', mounts: ['pgdata:/var/lib/postgresql/data'] }),
  aService('cache', { image: 'redis:7', mounts: ['cache:/data'] }),
]

function shop(words: Words = {}): Facts {
  return aProject({ services, ...words })
}

describe('found', () => {
  test.each(['up -d', 'create'])('%s tells all of them in one sentence', line => {
    const found = expectFound(
      unpinnedName,
      { line, facts: shop() },
      { shop_pgdata: 'orphaned', shop_cache: 'orphaned' },
    )
    expect(new Set(found.map(({ because }) => because))).toEqual(
      new Set([
        'shop_pgdata and shop_cache are named after this directory: under another name the project starts empty',
      ]),
    )
    for (const { warning } of found) expect(warning).toBe(true)
  })
})

describe('quiet', () => {
  test.each<readonly [string, Words]>([
    ['a file that says its name', { project: { namedBy: 'file' } }],
    ['a name from the environment', { project: { namedBy: 'env-file' } }],
    [
      'volumes with names of their own',
      {
        declared: [
          { key: 'pgdata', name: 'pgdata' },
          { key: 'cache', external: true },
        ],
      },
    ],
    ['the names that they have, written into the file', { project: { pinned: ['pgdata', 'cache'] } }],
    ['volumes that are no database', { services: [aService('web', { mounts: ['uploads:/uploads'] })] }],
    [
      'directories of the host',
      { services: [aService('db', { image: 'redis:7', mounts: ['/srv/r:/data'] })] },
    ],
  ])('%s', (_, words) => {
    expectQuiet(unpinnedName, { line: 'up -d', facts: shop(words) }, { facts: shop() })
  })

  test.each(['down', 'restart', 'stop'])('%s', line => {
    expectQuiet(unpinnedName, { line, facts: shop() }, { line: 'up -d' })
  })
})
