import { describe, expect, test } from 'vitest'
import { errorsIn } from '../../src/adapters/databases/postgresql/repair.ts'
import { repairedIn } from '../../src/adapters/databases/repair-mysql.ts'
import { mendedIn } from '../../src/adapters/databases/repair-redis.ts'
import { againstSaved, nameOfRepair, outcomeOf, repairWay } from '../../src/core/recovery/repair.ts'
import type { RepairSeen, RepairShown } from '../../src/core/recovery/repair.ts'
import type { DatabaseRecord } from '../../src/model/restore-point.ts'
import type { Figure } from '../../src/model/database.ts'
import { repairPage } from '../../src/ui/repair.ts'
import { aRecord, aRestorePoint, aVolume, ago, evening, hours } from '../fakes/question.ts'

describe('what the programs say', () => {
  test('psql: its errors, and nothing else', () => {
    const stderr = `psql:<stdin>:4: ERROR:  invalid page in block 0 of relation base/5/16398
psql:<stdin>:2: NOTICE:  table "a" has no indexes to reindex
CONTEXT:  while reading
`
    expect(errorsIn(stderr)).toEqual(['ERROR: invalid page in block 0 of relation base/5/16398'])
    expect(errorsIn('')).toEqual([])
  })

  test('mariadb-check: what it repaired, what is gone for it, what it cannot repair', () => {
    const output = `
mysql.db                                           OK
shop.carts
error    : Corrupt
shop.orders
warning  : Table is marked as crashed
error    : Size of datafile is:     10003         Should be: 20000
error    : Corrupt
shop.items
error    : Corrupt

Repairing tables
shop.carts                                         OK
shop.orders
info     : Found block with impossible length 15 at 10000; Skipped
warning  : Number of rows changed from 1000 to 500
status   : OK
shop.items
note     : The storage engine for the table doesn't support repair
`
    expect(repairedIn(output)).toEqual({
      done: ['shop.carts: repaired', 'shop.orders: repaired'],
      lost: ['shop.orders: Number of rows changed from 1000 to 500'],
      left: ["shop.items: The storage engine for the table doesn't support repair"],
    })
    expect(repairedIn('shop.orders          OK\n')).toEqual({ done: [], lost: [], left: [] })
  })

  test('redis-check-aof: how much it cut off, what was whole, what it cannot cut', () => {
    const cut = `log: appendonlydir/appendonly.aof.manifest
Start checking Multi Part AOF
AOF analyzed: filename=appendonly.aof.1.incr.aof, size=315, ok_up_to=255, ok_up_to_line=62, diff=60
This will shrink the AOF appendonly.aof.1.incr.aof from 315 bytes, with 60 bytes, to 255 bytes
Continue? [y/N]: Successfully truncated AOF appendonly.aof.1.incr.aof
All AOF files and manifest are valid
ended: 0
`
    const manifest = 'appendonlydir/appendonly.aof.manifest'
    expect(mendedIn(cut)).toEqual({
      done: [`${manifest}: cut where it cannot be read any further`],
      lost: ['the last 60 B of appendonly.aof.1.incr.aof, of 315 B'],
      left: [],
    })
    const whole = 'log: appendonly.aof\nAOF is valid\nended: 0\n'
    expect(mendedIn(whole)).toEqual({ done: [], lost: [], left: [] })
    const first = `log: appendonlydir/appendonly.aof.manifest
AOF appendonly.aof.1.incr.aof format error
Failed to truncate AOF appendonly.aof.1.incr.aof because it is not the last file
ended: 1
`
    expect(mendedIn(first).left).toEqual([`${manifest}: AOF appendonly.aof.1.incr.aof format error`])
    expect(mendedIn('')).toEqual({ done: [], lost: [], left: [] })
  })
})

const rows = (value: number, exact = true): Figure => ({
  database: 'shop',
  of: 'orders',
  what: 'rows',
  value,
  exact,
})

const reindexed = { done: ['shop: all 12 indexes made anew (REINDEX)'], lost: [], left: [] }

function aSeen(words: Partial<RepairSeen> = {}): RepairSeen {
  return {
    on: 'copy',
    label: 'PostgreSQL 15.6',
    before: { troubles: ['an index is broken'], figures: [rows(5)] },
    repaired: reindexed,
    after: { troubles: [], figures: [rows(5)] },
    against: null,
    ...words,
  }
}

test('the repair is called as the programs of the server are', () => {
  const names = (['MariaDB 10.11', 'MySQL 9.1', null] as const).map(label => nameOfRepair('mysql', label))
  expect(names).toEqual(['mariadb-check --repair', 'mysqlcheck --repair', 'mariadb-check --repair'])
  expect(nameOfRepair('redis', 'Redis 7.0')).toBe('redis-check-aof --fix')
  expect(nameOfRepair('redis', 'Valkey 8.1')).toBe('valkey-check-aof --fix')
  expect(nameOfRepair('postgresql', 'PostgreSQL 15.6')).toBe('REINDEX')
})

describe('what came of a repair', () => {
  test('well: its own check finds nothing more, and as much is in it', () => {
    expect(outcomeOf(aSeen())).toMatchObject({ well: true, lost: [], left: [], asBefore: true })
  })

  test('not well: the check still finds something, the repair said so, or it does not come up', () => {
    expect(outcomeOf(aSeen({ after: { troubles: ['a page'], figures: [rows(5)] } })).well).toBe(false)
    expect(outcomeOf(aSeen({ repaired: { ...reindexed, left: ['a table'] } })).well).toBe(false)
    expect(outcomeOf(aSeen({ label: null })).well).toBe(false)
  })

  test('rows that were there and are not any more are lost', () => {
    const less = outcomeOf(aSeen({ after: { troubles: [], figures: [rows(3)] } }))
    expect(less).toMatchObject({ well: true, asBefore: false })
    expect(less.lost).toEqual(['shop: table orders: 3 rows, counted were 5'])
  })

  test('a repair that leaves nothing is none', () => {
    const empty = { troubles: [], figures: [] }
    const uncounted = { troubles: [], figures: null }
    expect(outcomeOf(aSeen({ after: { ...empty, figures: [rows(0)] } })).well).toBe(false)
    const against = { words: 'against point-1', counted: 5 }
    expect(outcomeOf(aSeen({ before: uncounted, after: empty, against })).left).toEqual([
      'nothing would be left in it',
    ])
    expect(outcomeOf(aSeen({ before: uncounted, after: empty })).well).toBe(true)
  })
})

describe('against what was counted when it was saved', () => {
  const counted: DatabaseRecord = {
    service: 'db',
    kind: 'postgresql',
    label: 'PostgreSQL 15.6',
    holding: 'shop_pgdata',
    path: '/var/lib/postgresql/data',
    image: { reference: 'postgres:15', id: 'sha256:1' },
    before: [rows(5)],
    after: null,
    dumps: [],
    notes: [],
  }
  const saved = (id: string, reason: 'manual' | 'safety', databases: readonly DatabaseRecord[]) =>
    aRestorePoint({
      id,
      reason,
      finishedAt: ago(2 * hours),
      holdings: [aRecord(aVolume('shop_pgdata'))],
      databases,
    })

  test('the newest that was counted; none that was saved before a restore or a repair', () => {
    const points = [
      saved('damaged', 'safety', [counted]),
      saved('uncounted', 'manual', []),
      saved('counted', 'manual', [counted]),
    ]
    expect(againstSaved(points, 'shop_pgdata', [rows(5)], evening)).toEqual({
      words: 'as counted for counted, 2 h ago',
      counted: 5,
    })
    expect(againstSaved(points, 'shop_pgdata', [rows(3)], evening)?.words).toBe(
      'against counted, 2 h ago: shop: table orders: 3 rows, counted were 5',
    )
    expect(againstSaved(points, 'shop_other', [rows(3)], evening)).toBe(null)
  })
})

describe('what is printed', () => {
  const line = (words: readonly string[]): readonly string[] => ['safe-compose', ...words]
  const page = (words: Partial<RepairShown>): string =>
    `\n${repairPage({
      service: 'db',
      kind: 'postgresql',
      volume: 'shop_pgdata',
      outcome: outcomeOf(aSeen()),
      saved: 'point-1',
      next: { kind: 'none' },
      line,
      ...words,
    })}`

  test('a copy that is well, and the command that goes on', () => {
    const argv = ['recover', '--repair', 'db', '--apply']
    expect(page({ next: { kind: 'apply', argv } })).toBe(`
db: REINDEX, tried on a copy of shop_pgdata (PostgreSQL 15.6)
  found   an index is broken
  done    shop: all 12 indexes made anew (REINDEX)
  lost    nothing: as much is in it as before
✔ the copy is well afterwards: its own check finds no damage; 5 rows in 1 table
  what stood there before is in restore point point-1
nothing was changed; to do the same to shop_pgdata:
  → safe-compose recover --repair db --apply
`)
  })

  test('a copy that is not, every name made harmless, and the next way', () => {
    const [red, after] = ['a\u001B[31mred', { troubles: ['a\u001B[31mred'], figures: [] }]
    const outcome = outcomeOf(aSeen({ before: { troubles: [red], figures: null }, after }))
    const ways = [repairWay('db', { kind: 'postgresql', label: null }, [])]
    expect(page({ outcome, next: { kind: 'ways', ways } })).toBe(`
db: REINDEX, tried on a copy of shop_pgdata (PostgreSQL 15.6)
  found   a\\x1b[31mred
  done    shop: all 12 indexes made anew (REINDEX)
  lost    nothing that it tells of
✗ the copy is not well afterwards:
    a\\x1b[31mred
  what stood there before is in restore point point-1
nothing was changed; the next way is to put shop_pgdata back:
  → safe-compose recover --repair db
      REINDEX makes every index anew, and mends no table; it is tried on a copy, and what stands there now is saved first
`)
    expect(page({ outcome, next: { kind: 'ways', ways: [] } })).toContain(
      'nothing was changed; no restore point holds its data',
    )
  })

  test('the volume itself, how to start what did not run, and how it is taken back', () => {
    const outcome = outcomeOf(aSeen({ on: 'volume' }))
    const takeBack = ['restore', 'point-1', '--volume', 'shop_pgdata']
    const text = page({ outcome, next: { kind: 'done', takeBack, start: ['start', 'db'] } })
    expect(text).toContain('db: REINDEX, done to shop_pgdata (PostgreSQL 15.6)')
    expect(text).toContain('✔ shop_pgdata is well afterwards')
    expect(text).toContain('start it now:  safe-compose start db\n')
    expect(text).toContain('take it back:  safe-compose restore point-1 --volume shop_pgdata\n')
  })

  test('nothing to repair', () => {
    expect(page({ outcome: null, saved: null })).toBe(
      '\n✔ db: its own check finds no damage in shop_pgdata; there is nothing to repair\n',
    )
  })
})
