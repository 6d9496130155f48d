import { describe, expect, test } from 'vitest'
import { delayedFuse } from '../../../src/core/rules/delayed-fuse.ts'
import type { ServiceModel } from '../../../src/model/facts.ts'
import {
  aContainer,
  aProject,
  aService,
  aVolume,
  anImage,
  anonymousName,
  circumstances,
  looked,
  nothingInIt,
  someContents,
  typed,
} from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const data = '/var/lib/postgresql/data'
const old = aVolume('shop_pgdata')
const fresh = aVolume('pg')
const images = [anImage('postgres:15', { id: 'sha256:db', volumes: [data] })]
const found = { shop_pgdata: 'orphaned' } as const

function db(mounts: readonly string[]): ServiceModel {
  return aService('db', { image: 'postgres:15', mounts })
}

/** The container has shop_pgdata; the file says something else, and Compose left the container alone. */
function laid(service: ServiceModel, words: Parameters<typeof aProject>[0] = {}) {
  return aProject({
    services: [service],
    containers: [aContainer('db', { image: 'postgres:15', mounts: [`shop_pgdata:${data}`] })],
    volumes: [old],
    contents: looked([old, someContents()], [fresh, nothingInIt]),
    images,
    ...words,
  })
}

/** `name:` was added with Compose 2.26, which made the new volume and left the container where it was. */
const named = {
  declared: [{ key: 'pgdata', name: 'pg' }],
  volumes: [old, fresh],
}
const dropped = laid(db([]))

describe('set off', () => {
  test.each(['down', 'rm -fs', 'rm -fs db', 'up -d --scale db=0', 'scale db=0', 'down -t 20'])(
    'the mount line was dropped, and %s takes the container that still has it',
    line => {
      const [finding] = expectFound(delayedFuse, { line, facts: dropped }, found)
      expect(finding?.warning).toBeUndefined()
      expect(finding?.because).toContain('only its container still knows shop_pgdata (PostgreSQL 15)')
      expect(finding?.wouldUse?.name).toBe('a new anonymous volume')
    },
  )

  test('named → anonymous', () => {
    expectFound(delayedFuse, { line: 'down', facts: laid(db([data])) }, found)
  })

  test('named → tmpfs in the long form', () => {
    const service = db([])
    const tmpfs: ServiceModel = {
      ...service,
      mounts: [{ type: 'tmpfs', source: null, target: data, readOnly: false, subpath: null }],
    }
    expectFound(delayedFuse, { line: 'down', facts: laid(tmpfs) }, found)
  })

  test('an upgrade of Compose: 2.32 looks at the volumes, and the plain up recreates', () => {
    const facts = laid(db([`pgdata:${data}`]), named)
    const [finding] = expectFound(delayedFuse, { line: 'up -d', facts }, found)
    expect(finding?.warning).toBeUndefined()
    expect(finding?.because).toBe(
      'db would start on pg, which is empty; its container still uses shop_pgdata (PostgreSQL 15), which the file no longer names',
    )
    expect(finding?.remedies).toEqual([{ kind: 'pin', key: 'pgdata', volume: 'shop_pgdata' }])
  })

  test('before 2.32 by --force-recreate', () => {
    const facts = laid(db([`pgdata:${data}`]), { ...named, compose: '2.26.1' })
    expectFound(delayedFuse, { line: 'up -d --force-recreate', facts }, found)
  })
})

describe('a warning as long as nothing sets it off', () => {
  test.each(['up -d', 'restart', 'stop', 'start', 'kill', 'pause', 'up -d --no-recreate'])('%s', line => {
    const [finding] = expectFound(delayedFuse, { line, facts: dropped }, found)
    expect(finding?.warning).toBe(true)
    expect(finding?.because).toContain('as soon as its container is removed or made anew')
  })

  test('before 2.32 the plain up does not see it', () => {
    const facts = laid(db([`pgdata:${data}`]), { ...named, compose: '2.26.1' })
    const [finding] = expectFound(delayedFuse, { line: 'up -d', facts }, found)
    expect(finding?.warning).toBe(true)
  })

  test('another database stands where it would start: moved on purpose', () => {
    const contents = looked(
      [old, someContents()],
      [
        fresh,
        someContents({ database: { kind: 'postgresql', label: 'PostgreSQL 15', path: '', identity: '2' } }),
      ],
    )
    const facts = laid(db([`pgdata:${data}`]), { ...named, contents })
    const [finding] = expectFound(delayedFuse, { line: 'down', facts }, found)
    expect(finding?.warning).toBe(true)
  })
})

describe('quiet', () => {
  const unless = { facts: dropped, line: 'down' }

  test.each(['down', 'up -d', 'restart', 'rm -fs'])('the file and the container agree: %s', line => {
    expectQuiet(delayedFuse, { line, facts: laid(db([`pgdata:${data}`])) }, unless)
  })

  test('by labels, with the file of another directory at hand', () => {
    const stranger = {
      target: 'labels',
      project: { directory: '/srv/elsewhere', directoryId: '1:5' },
    } as const
    expectQuiet(delayedFuse, { line: '-p shop down', facts: laid(db([]), stranger) }, unless)
  })

  test('a copy of the same database', () => {
    const contents = looked([old, someContents()], [fresh, someContents()])
    expectQuiet(
      delayedFuse,
      { line: 'down', facts: laid(db([`pgdata:${data}`]), { ...named, contents }) },
      unless,
    )
  })

  test('an anonymous volume at down is said by anonymous-data', () => {
    const a = anonymousName('a')
    const containers = [aContainer('db', { image: 'postgres:15', mounts: [`${a}:${data}`] })]
    for (const mounts of [[], [`pgdata:${data}`]])
      expectQuiet(
        delayedFuse,
        { line: 'down', facts: laid(db(mounts), { containers, volumes: [aVolume(a)] }) },
        unless,
      )
  })

  test('an empty volume of a stopped container, a cache, read-only and tmpfs volumes', () => {
    const stopped = [
      aContainer('db', { image: 'postgres:15', state: 'exited', mounts: [`shop_pgdata:${data}`] }),
    ]
    const readOnly = [aContainer('db', { image: 'postgres:15', mounts: [`shop_pgdata:${data}:ro`] })]
    for (const words of [
      { containers: stopped, contents: looked([old, nothingInIt]) },
      { contents: looked([old, someContents({ database: null, cache: 'node_modules' })]) },
      { containers: readOnly },
      { volumes: [aVolume('shop_pgdata', { options: { type: 'tmpfs' } })] },
    ])
      expectQuiet(delayedFuse, { line: 'down', facts: laid(db([]), words) }, unless)
  })

  test('secrets and configuration from the host', () => {
    const containers = [
      aContainer('db', {
        image: 'postgres:15',
        mounts: [`shop_pgdata:${data}`, '/srv/shop/secret:/run/secrets/pg'],
      }),
    ]
    expectQuiet(delayedFuse, { line: 'down', facts: laid(db([`pgdata:${data}`]), { containers }) }, unless)
  })

  test('nothing to look into where the mounts agree', () => {
    const look = (facts: typeof dropped) => delayedFuse.looksInto?.(facts, typed('down'), circumstances())
    expect(look(dropped)).toHaveLength(1)
    expect(look(laid(db([`pgdata:${data}`])))).toEqual([])
  })
})
