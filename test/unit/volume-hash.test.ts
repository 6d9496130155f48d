import { describe, expect, test } from 'vitest'
import { volumeHash } from '../../src/core/volume-hash.ts'
import type { VolumeModel } from '../../src/model/facts.ts'
import { circumstances } from '../fakes/facts.ts'

const data: VolumeModel = {
  key: 'data',
  name: 'volhash_data',
  external: false,
  driver: null,
  driverOptions: {},
  labels: {},
}
const { sha256 } = circumstances()
const jsonOf = (volume: Partial<VolumeModel>): string => volumeHash({ ...data, ...volume }, text => text)

describe('the labels that Compose 2.40.3 wrote', () => {
  test.each([
    [{}, '9d4c4505d0db69d22434422f028f2a7ac9be11b70bedab78362e1f0b0f28f905'],
    [{ labels: { a: '<b>&é' } }, '7f6f9b9d6dc59a2f25a5b061d01465b745b8a64efa6c4ffe492605ab185e54a5'],
  ])('%o', (volume, hash) => {
    expect(volumeHash({ ...data, ...volume }, sha256)).toBe(hash)
  })
})

describe('the definition as Go writes it', () => {
  test('empty fields are left out, the driver is always there', () => {
    expect(jsonOf({})).toBe('{"name":"volhash_data","driver":"local"}')
    expect(jsonOf({ driver: 'local' })).toBe(jsonOf({}))
  })
  test('fields in the order of the struct, keys by their bytes', () => {
    const volume = {
      driver: 'nfs',
      external: true,
      driverOptions: { o: 'x', device: 'y' },
      labels: { '\uff00': '1', '\u{10000}': '2', B: '3', a: '4' },
    }
    expect(jsonOf(volume)).toBe(
      '{"name":"volhash_data","driver":"nfs","driver_opts":{"device":"y","o":"x"},"external":true,"labels":{"B":"3","a":"4","\uff00":"1","\u{10000}":"2"}}',
    )
  })
  test('markup and line separators are escaped', () => {
    expect(jsonOf({ labels: { a: '<&>\u2028\u2029"\\\n' } })).toContain(
      '"a":"\\u003c\\u0026\\u003e\\u2028\\u2029\\"\\\\\\n"',
    )
  })
})
