import { describe, expect, test } from 'vitest'
import type { Retention, RetentionRow } from '../../src/core/retention-deeds.ts'
import { openTables } from '../../src/ui/tables.ts'
import { ago, aRestorePoint, evening, hours } from '../fakes/question.ts'

const tables = openTables({ width: null, home: '/home/ann' })
const about = { project: 'shop', store: '/home/ann/backups', dryRun: false, now: evening }
const scope = { engine: 'engine-1', project: 'shop' }

function row(id: string, change: Partial<RetentionRow> = {}, marked: string | null = null): RetentionRow {
  const point = aRestorePoint({ id, finishedAt: ago(9 * hours), reason: 'schedule' }, { marked })
  return {
    point,
    keep: false,
    reasons: ['older than 365 d'],
    atOnce: false,
    deed: 'mark',
    failure: null,
    ...change,
  }
}

const rows = [
  row('a', { keep: true, reasons: ['the newest', 'within 7 d'], deed: 'keep' }),
  row('b', { keep: true, reasons: ['within 7 d'], deed: 'unmark' }, ago(hours)),
  row('c'),
  row('d', { deed: 'wait' }, ago(hours)),
  row('e', { deed: 'remove' }, ago(5 * hours)),
  row('f', { deed: 'remove', failure: 'it may not be read or written by this user' }, ago(5 * hours)),
]

describe('prune', () => {
  test('what was done, and why', () => {
    expect(`\n${tables.pruned([{ scope, rows, heldBack: null }], about)}`).toBe(`
project shop · 6 restore points · 1.9 GB · store ~/backups
ID  WHEN     SIZE    PRUNE    WHY
a   9 h ago  322 MB  kept     the newest; within 7 d
b   9 h ago  322 MB  kept     within 7 d; its mark is taken back
c   9 h ago  322 MB  marked   older than 365 d
d   9 h ago  322 MB  waits    older than 365 d; marked 1 h ago
e   9 h ago  322 MB  removed  older than 365 d; marked 5 h ago
f   9 h ago  322 MB  FAILED   it may not be read or written by this user; older than 365 d; marked 5 h ago
1 removed (322 MB), 1 marked (322 MB), 1 marked before (322 MB), 1 could not be changed
marked ones can be restored until a prune 4 h later removes them
`)
  })

  test('what would be done', () => {
    const lines = tables.pruned([{ scope, rows: rows.slice(0, 5), heldBack: null }], {
      ...about,
      dryRun: true,
    })
    expect(lines).toMatch(/^c .* mark +older/m)
    expect(lines).toMatch(/^e .* remove +older/m)
    expect(lines).toContain(
      '1 to remove (322 MB), 1 to mark (322 MB), 1 marked before (322 MB); nothing was changed',
    )
  })

  test('nothing to do, held back, no restore points', () => {
    const kept = rows.slice(0, 1)
    expect(tables.pruned([{ scope, rows: kept, heldBack: null }], about)).toMatch(/\nnothing need go\n$/)
    const held: Retention = { scope, rows: kept, heldBack: 'shop_pg\u001b has only 1 MB' }
    expect(tables.pruned([held], about)).toMatch(/\nheld back, nothing goes: shop_pg\\x1b has only 1 MB\n$/)
    expect(tables.pruned([], { ...about, project: null })).toBe(
      'all projects · no restore points · store ~/backups\n',
    )
  })
})

test('backups shows which are marked', () => {
  const points = [aRestorePoint({}, { marked: ago(2 * hours) })]
  expect(tables.backups(points, about)).toContain('good; marked for removal 2 h ago')
})
