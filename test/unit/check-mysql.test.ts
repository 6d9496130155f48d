import { expect, test } from 'vitest'
import { troublesIn } from '../../src/adapters/databases/check-mysql.ts'

test('tables that are well, in use, or cannot be checked are no trouble', () => {
  const output = `
mysql.db                                           OK
mysql.general_log
note     : The storage engine for the table doesn't support check
shop.orders                                        OK
shop.sessions
warning  : 1 client is using or hasn't closed the table properly
status   : OK
`
  expect(troublesIn(output)).toEqual([])
})

test('what is the matter with a table is told with its name', () => {
  const output = `
shop.customers                                     OK
shop.orders
warning  : Table is marked as crashed
error    : Size of datafile is: 8          Should be: 16
error    : Corrupt
shop.gone
Error    : Table 'shop.gone' doesn't exist in engine
status   : Operation failed
`
  expect(troublesIn(output)).toEqual([
    'shop.orders: Table is marked as crashed',
    'shop.orders: Size of datafile is: 8          Should be: 16',
    'shop.orders: Corrupt',
    "shop.gone: Table 'shop.gone' doesn't exist in engine",
    'shop.gone: Operation failed',
  ])
})
