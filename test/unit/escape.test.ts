import { expect, test } from 'vitest'
import { escapeName } from '../../src/core/escape.ts'

test.each([
  ['shop_pgdata', 'shop_pgdata'],
  ['with space', 'with space'],
  ['größe 数据 ✔', 'größe 数据 ✔'],
  ['C:\\data', 'C:\\data'],
  ['a\nb\tc\rd', 'a\\nb\\tc\\rd'],
  ['\u001b[31mred', '\\x1b[31mred'],
  ['\u0000\u007f\u009b', '\\x00\\x7f\\x9b'],
  ['a\u202eb\u200bc\u2028', 'a\\u202eb\\u200bc\\u2028'],
  ['\ud800', '\\ud800'],
  ['\u{e0001}', '\\u{e0001}'],
])('%j', (name, shown) => {
  expect(escapeName(name)).toBe(shown)
  expect(escapeName(shown)).toBe(shown)
})
