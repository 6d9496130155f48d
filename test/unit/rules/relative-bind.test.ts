import { describe, expect, test } from 'vitest'
import { relativeBind } from '../../../src/core/rules/relative-bind.ts'
import type { Facts } from '../../../src/model/facts.ts'
import { aProject, aService } from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

function shop(mount: string, image = 'postgres:16'): Facts {
  return aProject({ services: [aService('db', { image, mounts: [mount] })] })
}

const inside = shop('/srv/shop/pgdata:/var/lib/postgresql/data')

describe('found', () => {
  test.each(['/srv/shop/pgdata:/var/lib/postgresql/data', '/srv/shop/state/pg:/var/lib/postgresql'])(
    '%s',
    mount => {
      const [source = ''] = mount.split(':')
      const [finding] = expectFound(
        relativeBind,
        { line: 'up -d', facts: shop(mount) },
        { [source]: 'orphaned' },
      )
      expect(finding?.warning).toBe(true)
      expect(finding?.because).toContain("the data of db lies in the project's own directory")
    },
  )
})

describe('quiet', () => {
  test.each<readonly [string, Facts]>([
    ['a directory elsewhere', shop('/srv/shop-data/pg:/var/lib/postgresql/data')],
    ['a named volume', shop('pgdata:/var/lib/postgresql/data')],
    [
      'a file of its configuration',
      shop('/srv/shop/postgresql.conf:/var/lib/postgresql/data/postgresql.conf'),
    ],
    ['scripts for the first start', shop('/srv/shop/init:/docker-entrypoint-initdb.d')],
    ['the source code of an application', shop('/srv/shop/src:/app', 'node:22')],
    ['what is only read', shop('/srv/shop/pgdata:/var/lib/postgresql/data:ro')],
  ])('%s', (_, facts) => {
    expectQuiet(relativeBind, { line: 'up -d', facts }, { facts: inside })
  })

  test.each(['down', 'restart'])('%s', line => {
    expectQuiet(relativeBind, { line, facts: inside }, { line: 'up -d' })
  })
})
