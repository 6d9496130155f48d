import { describe, expect, test } from 'vitest'
import { placeNow } from '../../src/core/place-now.ts'
import type { AnonymousHolding, LayerHolding } from '../../src/model/holding.ts'
import { aContainer, aProject, aVolume, anonymousName } from '../fakes/facts.ts'

const of = { service: 'db', number: 1, path: '/var/lib/db', container: 'the-old-one' }
const layer: LayerHolding = { kind: 'layer', ...of }
const anonymous: AnonymousHolding = {
  kind: 'anonymous',
  ...of,
  name: anonymousName('a'),
  createdAt: '2026-11-01T08:00:00.000Z',
}

function now(mounts: readonly string[]): ReturnType<typeof aProject> {
  const volumes = mounts.flatMap(mount => (mount.startsWith('/') ? [] : [aVolume(mount.split(':')[0] ?? '')]))
  return aProject({ containers: [aContainer('web'), aContainer('db', { mounts })], volumes })
}

describe('what lay in a layer', () => {
  test('goes into the layer of the container that stands there now', () => {
    expect(placeNow(now([]), layer)).toEqual({
      kind: 'layer',
      layer: { ...layer, container: aContainer('db').id },
    })
  })
  test('goes into the volume that is on the path by now', () => {
    expect(placeNow(now(['shop_data:/var/lib/db']), layer)).toMatchObject({
      kind: 'volume',
      volume: { name: 'shop_data' },
    })
  })
  test.each(['/srv/db:/var/lib/db', 'shop_data:/var/lib', '/srv/db:/var/lib'])(
    'has no place below %s',
    mount => {
      expect(placeNow(now([mount]), layer).kind).toBe('no-place')
    },
  )
  test('a mount inside of it or beside it takes no place away', () => {
    expect(placeNow(now(['/srv/b:/var/lib/db/boards', '/srv/c:/var/lib/db2']), layer).kind).toBe('layer')
  })
})

describe('what lay in an anonymous volume', () => {
  test('goes into the one that is there now', () => {
    expect(placeNow(now([`${anonymousName('b')}:/var/lib/db`]), anonymous)).toMatchObject({
      kind: 'volume',
      volume: { name: anonymousName('b') },
    })
  })
  test('has no place without one', () => {
    expect(placeNow(now([]), anonymous)).toMatchObject({ kind: 'no-place' })
  })
})

test.each([
  ['another number', { number: 2 }],
  ['another service', { service: 'cache' }],
])('there is no container: %s', (_, other) => {
  expect(placeNow(now([]), { ...layer, ...other })).toEqual({ kind: 'no-container' })
})

test('what `run` made is not the service’s container', () => {
  const oneOff = { ...aContainer('db'), oneOff: true }
  expect(placeNow(aProject({ containers: [oneOff] }), layer)).toEqual({ kind: 'no-container' })
})
