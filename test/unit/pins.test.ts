import { expect, test } from 'vitest'
import { canonicalConfig, divergencesOf, fileForPin, unpinned, withPins } from '../../src/core/pins.ts'
import type { VolumeDeclarations } from '../../src/core/pins.ts'
import { aContainer, aProject, aService } from '../fakes/facts.ts'

function declares(file: string, words: Partial<VolumeDeclarations> = {}): VolumeDeclarations {
  return { file, volumes: [], mounted: [], includes: [], unfollowed: [], ...words }
}

const plain = (key: string, name: string | null = null, external = false) => ({ key, name, external })

test('a name goes where one stands already, else where the key is declared, else where it is mounted', () => {
  const base = declares('base', { volumes: [plain('a'), plain('b'), plain('c', 'x')], mounted: ['d'] })
  const over = declares('over', { volumes: [plain('b', 'named'), plain('c')], mounted: ['d', 'e'] })
  const files = [base, over]
  expect(['a', 'b', 'c', 'd', 'e', 'f'].map(key => fileForPin(key, files))).toEqual([
    'base',
    'over',
    'base',
    'base',
    'over',
    'base',
  ])
  expect(fileForPin('a', [])).toBeNull()
})

test('unpinned is what no file names; with --external also what is not external', () => {
  const { model } = aProject({ declared: [{ key: 'a' }, { key: 'b' }, { key: 'c' }, { key: 'd' }] })
  const volumes = (model?.volumes ?? []).map(each => ({ ...each, external: each.key === 'c' }))
  const files = [
    declares('f', { volumes: [plain('a'), plain('b', 'named'), plain('c', null, true), plain('d')] }),
  ]
  const keys = (external: boolean): readonly string[] =>
    unpinned({ name: 'shop', services: [], volumes }, files, external).map(({ key }) => key)
  expect(keys(false)).toEqual(['a', 'd'])
  expect(keys(true)).toEqual(['a', 'b', 'd'])
})

test('a container of the service that holds another volume at the place is told, nobody else', () => {
  const facts = aProject({
    services: [aService('db', { mounts: ['pgdata:/data'] })],
    declared: [{ key: 'pgdata' }],
    containers: [
      aContainer('db', { mounts: ['shop_old:/data', 'shop_more:/more'] }),
      aContainer('db', { number: 2, mounts: ['shop_pgdata:/data'] }),
      aContainer('db', { project: 'other', mounts: ['other_pgdata:/data'] }),
    ],
  })
  const [volume] = facts.model?.volumes ?? []
  expect(divergencesOf(facts.model!, facts.containers, volume!)).toEqual([
    { service: 'db', container: 'shop-db-1', volume: 'shop_old' },
  ])
})

test('two answers of config are the same when only the pinned names differ', () => {
  const before = {
    services: { db: { image: 'a', volumes: ['x'] } },
    volumes: { a: { name: 'p_a' }, b: null },
  }
  const after = {
    volumes: { b: { name: 'kept' }, a: { name: 'p_a' } },
    services: { db: { volumes: ['x'], image: 'a' } },
  }
  const pins = [{ key: 'b', volume: 'kept', external: false }]
  expect(canonicalConfig(withPins(before, pins))).toBe(canonicalConfig(after))
  expect(canonicalConfig(withPins(before, [{ ...pins[0]!, external: true }]))).not.toBe(
    canonicalConfig(after),
  )
  const more = { ...after, services: { db: { volumes: ['y'], image: 'a' } } }
  expect(canonicalConfig(withPins(before, pins))).not.toBe(canonicalConfig(more))
})
