import { describe, expect, test } from 'vitest'
import { compareExactly, compareFigures, sumOf } from '../../src/core/figures.ts'
import type { Figure } from '../../src/model/database.ts'

function rows(of: string, value: number, exact = true): Figure {
  return { database: 'shop', of, what: 'rows', value, exact }
}

function sequence(value: number): Figure {
  return { database: 'shop', of: 'public.counter', what: 'last value', value, exact: true }
}

describe('a copy of files, counted before and after', () => {
  test('what nothing was written to must be as it was', () => {
    const counted = { before: [rows('orders', 3)], after: [rows('orders', 3)] }
    expect(compareFigures(counted, [rows('orders', 3)]).troubles).toEqual([])
    expect(compareFigures(counted, [rows('orders', 2)]).troubles).toEqual([
      'shop: table orders: 2 rows, counted were 3',
    ])
    expect(compareFigures(counted, []).troubles).toEqual(['shop: table orders is missing'])
  })

  test('what grew meanwhile lies between the two, whichever is more', () => {
    const counted = { before: [rows('orders', 3)], after: [rows('orders', 9)] }
    for (const value of [3, 5, 9])
      expect(compareFigures(counted, [rows('orders', value)]).troubles).toEqual([])
    expect(compareFigures(counted, [rows('orders', 10)]).troubles).toEqual([
      'shop: table orders: 10 rows, counted were 3 before and 9 after the copy',
    ])
    const shrunk = { before: counted.after, after: counted.before }
    expect(compareFigures(shrunk, [rows('orders', 4)]).troubles).toEqual([])
  })

  test('what was dropped meanwhile need not be in it; what came meanwhile may be', () => {
    const counted = { before: [rows('old', 3)], after: [rows('new', 1)] }
    expect(compareFigures(counted, [rows('new', 1)])).toEqual({ troubles: [], differences: [], compared: 0 })
  })

  test('an estimate says only that the table is there', () => {
    const counted = { before: [rows('orders', 1000, false)], after: [rows('orders', 1000, false)] }
    expect(compareFigures(counted, [rows('orders', 7)]).troubles).toEqual([])
    expect(compareFigures(counted, []).troubles).toHaveLength(1)
  })

  test('keys that expire may be gone, and their database with them; others may not', () => {
    const keys = (exact: boolean): Figure => ({ database: 'db0', of: null, what: 'keys', value: 9, exact })
    expect(compareFigures({ before: [keys(false)], after: [keys(false)] }, []).troubles).toEqual([])
    expect(compareFigures({ before: [keys(true)], after: null }, []).troubles).toEqual([
      'db0: keys is missing',
    ])
  })

  test('a sequence may be ahead after a recovery, and must be there', () => {
    const counted = { before: [sequence(10)], after: [sequence(10)] }
    expect(compareFigures(counted, [sequence(42)]).troubles).toEqual([])
    expect(compareFigures(counted, []).troubles).toEqual(['shop: sequence public.counter is missing'])
  })

  test('not counted afterwards: more or less is no fault, missing is', () => {
    const counted = { before: [rows('orders', 3)], after: null }
    const { troubles, differences } = compareFigures(counted, [rows('orders', 4)])
    expect(troubles).toEqual([])
    expect(differences).toEqual(['shop: table orders: 4 rows, counted were 3'])
    expect(compareFigures(counted, []).troubles).toHaveLength(1)
  })
})

test('a dump is what was counted in its own snapshot, to the last number', () => {
  expect(
    compareExactly([rows('orders', 3), sequence(10)], [rows('orders', 3), sequence(10)]).troubles,
  ).toEqual([])
  expect(
    compareExactly([rows('orders', 3), sequence(10)], [rows('orders', 4), sequence(11)]).troubles,
  ).toEqual([
    'shop: table orders: 4 rows, counted were 3',
    'shop: sequence public.counter: 11, counted were 10',
  ])
})

test('a table of the same name in another database is another one', () => {
  const other = { ...rows('orders', 3), database: 'other' }
  expect(compareExactly([rows('orders', 3)], [other]).troubles).toEqual(['shop: table orders is missing'])
})

test('the sum tells whether every row was counted', () => {
  expect(sumOf([rows('a', 1), rows('b', 2), sequence(9)])).toEqual({ tables: 2, rows: 3, exact: true })
  expect(sumOf([rows('a', 1), rows('b', 2, false)])).toEqual({ tables: 2, rows: 3, exact: false })
})
