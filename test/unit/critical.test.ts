import { expect, test } from 'vitest'
import { criticalInWords, isWithinLimits, questionInWords } from '../../src/core/critical.ts'
import type { CriticalCount } from '../../src/model/database.ts'

const count: CriticalCount = {
  service: 'db',
  database: 'app',
  query: 'select count(*)\n  from orders\n',
  min: null,
  max: null,
  owner: 'user',
}

test.each([
  [{}, 'db, app: select count(*) from orders'],
  [{ min: 1 }, 'db, app: select count(*) from orders, at least 1'],
  [{ max: 14_210 }, 'db, app: select count(*) from orders, at most 14,210'],
  [{ min: -0.5, max: 5 }, 'db, app: select count(*) from orders, -0.5 to 5'],
  [{ database: null, query: 'dbsize', min: 1 }, 'db, dbsize, at least 1'],
])('%o in a line', (change, words) => {
  expect(criticalInWords({ ...count, ...change })).toBe(words)
})

test('a long query is cut', () => {
  const words = questionInWords({ ...count, database: null, query: `select ${'a + '.repeat(100)} b` })
  expect(words).toHaveLength(100)
  expect(words.endsWith('…')).toBe(true)
})

test('limits belong to what is within them', () => {
  const limited = { ...count, min: 1, max: 3 }
  expect([0, 1, 3, 4].map(value => isWithinLimits(limited, value))).toEqual([false, true, true, false])
  expect(isWithinLimits(count, -1e9)).toBe(true)
})
