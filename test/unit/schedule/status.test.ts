import { expect, test } from 'vitest'
import { scheduleReport } from '../../../src/core/schedule/status.ts'
import type { ScheduleReport, ScheduleSight } from '../../../src/core/schedule/status.ts'
import type { JobRun, SchedulePlan } from '../../../src/model/schedule.ts'
import { scheduleTable } from '../../../src/ui/schedule-table.ts'

const now = new Date('2026-11-27T13:30:00.000Z')

const plan: SchedulePlan = {
  format: 1,
  key: 'shop-1',
  project: 'shop',
  directory: '/srv/shop',
  expression: '12 0,6,12,18 * * *',
  rhythm: 'every 6h',
  zone: 'Europe/Berlin',
  verify: 'monthly',
  full: 'off',
  startedBy: 'systemd',
  since: '2026-11-01T00:00:00.000Z',
}

const good: JobRun = {
  job: 'backup',
  began: '2026-11-27T12:14:00.000Z',
  ended: '2026-11-27T12:14:09.000Z',
  code: 0,
  summary: 'backup of shop: 2 volumes, 1.2 GB',
  restorePoint: '20261127T121400Z-schedule',
}

function report(change: Partial<ScheduleSight>): ScheduleReport {
  return scheduleReport({
    project: 'shop',
    plan,
    placed: true,
    runs: [good],
    running: null,
    due: new Date('2026-11-27T12:12:00.000Z'),
    next: new Date('2026-11-27T18:12:00.000Z'),
    log: null,
    now,
    ...change,
  })
}

test.each<[string, Partial<ScheduleSight>, ScheduleReport['state'], RegExp | null]>([
  ['all is well', {}, 'well', null],
  ['nothing is installed', { plan: null, placed: false }, 'none', /nothing starts backups/],
  ['the timer was removed by hand', { placed: false }, 'gone', /installed in systemd, and is not there/],
  [
    'the crontab cannot be read',
    { placed: { unknown: 'crontab -l failed' } },
    'unknown',
    /crontab -l failed/,
  ],
  [
    'the last one failed',
    { runs: [{ ...good, code: 1, summary: 'the disk is full' }] },
    'failing',
    /disk is full/,
  ],
  [
    'the first one failed',
    { runs: [{ ...good, code: 1, summary: 'x', restorePoint: null }], due: null },
    'failing',
    /x/,
  ],
  [
    'the proof failed',
    { runs: [good, { ...good, job: 'verify', code: 1, summary: 'not well' }] },
    'failing',
    /not well/,
  ],
  ['it recovered', { runs: [{ ...good, code: 1, summary: 'x' }, good] }, 'well', null],
  [
    'one was missed',
    { runs: [{ ...good, began: '2026-11-27T06:14:00.000Z' }] },
    'overdue',
    /due 1 h 18 min ago/,
  ],
  ['none ever ran', { runs: [] }, 'overdue', /has not been taken/],
  [
    'none could have run yet',
    { runs: [], plan: { ...plan, since: '2026-11-27T13:00:00.000Z' } },
    'well',
    null,
  ],
  ['the late one is at work', { runs: [], running: '2026-11-27T12:14:00.000Z' }, 'well', null],
  [
    'one hangs since yesterday',
    { runs: [], running: '2026-11-26T12:14:00.000Z' },
    'overdue',
    /has not been taken/,
  ],
])('%s', (_, change, state, why) => {
  const { state: found, why: said } = report(change)
  expect(found).toBe(state)
  if (why === null) expect(said).toBeNull()
  else expect(said).toMatch(why)
})

test('is shown with what it does, how the last runs ended and when the next one begins, in its own time zone', () => {
  expect(scheduleTable(report({ log: '/x/shop-1.log' }), now)).toBe(`✔ schedule of shop
  backups       every 6h, by systemd, installed 26 d ago
  verified      monthly
  last backup   well, 1 h ago, took 9 s (20261127T121400Z-schedule)
  next          2026-11-27 19:12 (Europe/Berlin), in 4 h 42 min
  log           /x/shop-1.log
`)
})

test('trouble stands first, with what mends it, and nothing of it can move a terminal', () => {
  const shown = scheduleTable(
    report({ runs: [{ ...good, code: 1, summary: 'bad \u001B[2J' }], running: '2026-11-27T13:29:00.000Z' }),
    now,
  )
  expect(shown).toBe(`✗ schedule of shop: bad \\x1b[2J
  → try it: safe-compose schedule run --job backup
  backups       every 6h, by systemd, installed 26 d ago
  verified      monthly
  last backup   failed, 1 h ago, took 9 s (20261127T121400Z-schedule): bad \\x1b[2J
  at work       since 1 min ago
  next          2026-11-27 19:12 (Europe/Berlin), in 4 h 42 min
`)
  expect(scheduleTable(report({ plan: null, placed: false, runs: [] }), now)).toBe(
    '✗ schedule of shop: nothing starts backups by itself\n  → safe-compose schedule install\n',
  )
})
