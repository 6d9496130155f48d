import { expect, test } from 'vitest'
import { findKey, servicesOf } from '../../src/core/adoption.ts'
import { kindOfImage } from '../../src/core/store-kind.ts'
import { aProject, aService, aVolume, anImage, someContents } from '../fakes/facts.ts'

const postgres = someContents()
const unknown = someContents({ database: null })

const shop = aProject({
  services: [
    aService('db', { image: 'postgres:15', mounts: ['pgdata:/var/lib/postgresql/data'] }),
    aService('cache', { image: 'redis:7', mounts: ['basket:/data'] }),
    aService('web', { mounts: ['uploads:/srv'] }),
  ],
})

function keyOf(...words: Parameters<typeof findKey>): string | readonly string[] {
  const found = findKey(...words)
  return found.ok ? found.volume.key : found.keys
}

test('the one service that keeps this kind of database', () => {
  expect(keyOf(shop, aVolume('a'.repeat(64)), postgres, null)).toBe('pgdata')
})

test('what was asked for, if the project has it', () => {
  expect(keyOf(shop, aVolume('old_pgdata'), postgres, 'uploads')).toBe('uploads')
  expect(keyOf(shop, aVolume('old_pgdata'), postgres, 'nothing')).toEqual(['pgdata', 'basket', 'uploads'])
})

test('of unknown content: the key that it was made for, else it must be said', () => {
  expect(keyOf(shop, aVolume('old_uploads'), unknown, null)).toBe('uploads')
  expect(keyOf(shop, aVolume('a'.repeat(64)), unknown, null)).toEqual(['pgdata', 'basket', 'uploads'])
})

test('two services of the kind: the key that it was made for decides, never the first one', () => {
  const two = aProject({
    services: [
      aService('db', { image: 'postgres:15', mounts: ['pgdata:/var/lib/postgresql/data'] }),
      aService('metrics', { image: 'postgis/postgis:15-3.3', mounts: ['metrics:/var/lib/postgresql/data'] }),
    ],
  })
  expect(keyOf(two, aVolume('old_metrics'), postgres, null)).toBe('metrics')
  expect(keyOf(two, aVolume('a'.repeat(64)), postgres, null)).toEqual(['pgdata', 'metrics'])
})

test('a database that no service keeps is not given to a service of another kind by its label', () => {
  const only = aProject({ services: [aService('cache', { image: 'redis:7', mounts: ['pgdata:/data'] })] })
  expect(keyOf(only, aVolume('old_pgdata'), postgres, null)).toEqual(['pgdata'])
})

test('an image of ones own is known by what it was built from', () => {
  expect(kindOfImage('me/db:1', anImage('me/db:1', { versions: { PG_MAJOR: '15' } }))).toBe('postgresql')
  expect(kindOfImage('quay.io/x/mariadb@sha256:1', undefined)).toBe('mysql')
  expect(kindOfImage('me/db:1', undefined)).toBeNull()
})

test('the services that mount a key, each with its place', () => {
  expect(servicesOf(shop, 'pgdata')).toEqual([{ service: 'db', target: '/var/lib/postgresql/data' }])
  expect(servicesOf(shop, 'nobody')).toEqual([])
})
