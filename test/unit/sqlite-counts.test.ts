import { expect, test } from 'vitest'
import { isSameCount } from '../../src/core/sqlite-counts.ts'

const counted = { files: 2, tables: 5, rows: 900, uncounted: 0 }

test.each([
  [true, counted, counted],
  [false, { ...counted, rows: 899 }, counted],
  [false, { ...counted, tables: 4 }, counted],
  [false, { ...counted, files: 1 }, counted],
  // Written by an earlier version, which did not tell.
  [true, counted, { files: 2, tables: 5, rows: 900 }],
  [false, counted, { files: 2, tables: 5, rows: 899 }],
  // What neither could read is no excuse for the rest.
  [true, { ...counted, uncounted: 1 }, { ...counted, uncounted: 1 }],
  [false, { ...counted, rows: 899, uncounted: 1 }, { ...counted, uncounted: 1 }],
  // One of the two programs could not read all of it.
  [false, { ...counted, rows: 901, uncounted: 1 }, counted],
  [false, { ...counted, rows: 600 }, { ...counted, rows: 700, uncounted: 1 }],
  [true, { ...counted, rows: 700, uncounted: 1 }, counted],
  [true, counted, { ...counted, rows: 700, uncounted: 1 }],
  [false, { ...counted, tables: 4, uncounted: 1 }, counted],
])('%s: %j against %j', (same, found, before) => {
  expect(isSameCount(found, before)).toBe(same)
})
