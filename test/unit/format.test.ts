import { describe, expect, test } from 'vitest'
import {
  formatAge,
  formatAgeOf,
  formatBytes,
  formatCount,
  formatDuration,
  listed,
  parseDuration,
  parseSize,
  plural,
} from '../../src/core/format.ts'
import { nearest } from '../../src/core/did-you-mean.ts'

test.each([
  [0, '0 B'],
  [812, '812 B'],
  [999, '999 B'],
  [1000, '1 kB'],
  [9949, '9.9 kB'],
  [9951, '10 kB'],
  [38_000_000, '38 MB'],
  [999_499_999, '999 MB'],
  [999_600_000, '1 GB'],
  [1_234_000_000, '1.2 GB'],
  [4_100_000_000_000, '4.1 TB'],
  [5e18, '5000 PB'],
  [-1, '0 B'],
])('%d bytes are %s', (bytes, words) => {
  expect(formatBytes(bytes)).toBe(words)
})

test.each([
  [0, '0 ms'],
  [310.4, '310 ms'],
  [999.6, '1 s'],
  [3_140, '3.1 s'],
  [42_000, '42 s'],
  [59_600, '1 min'],
  [125_000, '2 min 5 s'],
  [3_600_000, '1 h'],
  [3_840_000, '1 h 4 min'],
  [90_000_000, '1 d 1 h'],
])('%d ms last %s', (milliseconds, words) => {
  expect(formatDuration(milliseconds)).toBe(words)
})

test.each([
  [-5000, 'just now'],
  [4_999, 'just now'],
  [9_000, '9 s ago'],
  [120_000, '2 min ago'],
  [9 * 3_600_000, '9 h ago'],
  [47 * 3_600_000, '47 h ago'],
  [48 * 3_600_000, '2 d ago'],
  [22 * 86_400_000, '22 d ago'],
])('%d ms back is %s', (milliseconds, words) => {
  expect(formatAge(milliseconds)).toBe(words)
})

test('a time that cannot be read is shown as it is', () => {
  expect(formatAgeOf('2026-11-23T20:14:31Z', new Date('2026-11-23T20:16:31Z'))).toBe('2 min ago')
  expect(formatAgeOf('soon', new Date())).toBe('soon')
})

test('counts and lists', () => {
  expect(formatCount(1_204_118)).toBe('1,204,118')
  expect(formatCount(999)).toBe('999')
  expect(plural(1, 'volume')).toBe('1 volume')
  expect(plural(2, 'volume')).toBe('2 volumes')
  expect([listed([]), listed(['a']), listed(['a', 'b']), listed(['a', 'b', 'c'])]).toEqual([
    '',
    'a',
    'a and b',
    'a, b and c',
  ])
  expect(listed(['a', 'b', 'c', 'd', 'e', 'f', 'g'])).toBe('a, b, c, d and 3 more')
})

describe('what is written in a configuration', () => {
  test.each([
    ['500ms', 500],
    ['10s', 10_000],
    ['90m', 5_400_000],
    ['90 min', 5_400_000],
    ['6h', 21_600_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['7d', 604_800_000],
    ['2w', 1_209_600_000],
    ['', null],
    ['6', null],
    ['6 hours', null],
    ['-6h', null],
    ['6h later', null],
  ])('the time %j is %s', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds)
  })

  test.each([
    ['20GB', 20_000_000_000],
    ['1.5 GB', 1_500_000_000],
    ['500MB', 500_000_000],
    ['1GiB', 1_073_741_824],
    ['3kB', 3000],
    ['1024B', 1024],
    ['20', null],
    ['20 gigs', null],
    ['-1GB', null],
    ['9999999PB', null],
  ])('the size %j is %s', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes)
  })
})

test('the nearest word is offered, a far one is not', () => {
  expect(nearest('--safe-ye', ['--safe-yes', '--safe-json'])).toBe('--safe-yes')
  expect(nearest('preflihgt', ['preflight', 'keep'])).toBe('preflight')
  expect(nearest('colour', ['store', 'rules'])).toBe(null)
})
