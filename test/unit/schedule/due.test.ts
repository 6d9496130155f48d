import { expect, test } from 'vitest'
import { isBackupDue, jobsOf } from '../../../src/core/schedule/due.ts'
import type { JobRun } from '../../../src/model/schedule.ts'

const now = new Date('2026-11-27T12:30:00.000Z')
const last = new Date('2026-11-27T12:12:00.000Z')

function run(job: JobRun['job'], began: string, change: Partial<JobRun> = {}): JobRun {
  return { job, began, ended: began, code: 0, summary: '', restorePoint: null, ...change }
}

test.each<[string, readonly JobRun[], boolean]>([
  ['nothing ever ran', [], true],
  ['one ran since', [run('backup', '2026-11-27T12:13:00.000Z')], false],
  ['one began at that moment', [run('backup', '2026-11-27T12:12:00.000Z')], false],
  ['the last one is from before', [run('backup', '2026-11-27T06:12:00.000Z')], true],
  ['a week was missed', [run('backup', '2026-11-20T06:12:00.000Z')], true],
  ['only a verify ran since', [run('verify', '2026-11-27T12:13:00.000Z')], true],
  ['it failed just now', [run('backup', '2026-11-27T12:13:00.000Z', { code: 1 })], false],
  ['it failed an hour ago', [run('backup', '2026-11-27T11:29:00.000Z', { code: 1 })], true],
  [
    'it is there, without a dump',
    [
      run('backup', '2026-11-27T11:12:00.000Z'),
      run('backup', '2026-11-27T12:13:00.000Z', { code: 1, restorePoint: 'x' }),
    ],
    false,
  ],
  ['a clock that was wrong ran it next year', [run('backup', '2027-11-27T11:12:00.000Z')], true],
])('due or not: %s', (_, runs, due) => {
  expect(isBackupDue(runs, last, now)).toBe(due)
})

test('before the first moment of a schedule, one backup is enough', () => {
  expect(isBackupDue([], null, now)).toBe(true)
  expect(isBackupDue([run('backup', '2026-11-27T11:12:00.000Z')], null, now)).toBe(false)
})

test('with a backup comes what has become due', () => {
  const monthly = { verify: 'monthly', full: 'weekly' } as const
  expect(jobsOf(monthly, [], [], now)).toEqual(['backup', 'verify', 'full'])
  const recent = [run('verify', '2026-11-10T12:00:00.000Z')]
  const full = [run('full', '2026-11-20T13:00:00.000Z')]
  expect(jobsOf(monthly, recent, full, now)).toEqual(['backup', 'full'])
  expect(jobsOf(monthly, recent, [run('full', '2026-11-21T13:00:00.000Z')], now)).toEqual(['backup'])
  expect(jobsOf({ verify: 'weekly', full: 'off' }, recent, [], now)).toEqual(['backup', 'verify'])
  expect(jobsOf({ verify: 'off', full: 'off' }, [], [], now)).toEqual(['backup'])
  const fullFailed = [run('full', '2026-11-27T06:00:00.000Z', { code: 1 })]
  expect(jobsOf({ verify: 'off', full: 'weekly' }, [], fullFailed, now)).toEqual(['backup'])
  const fullFailedYesterday = [run('full', '2026-11-26T12:40:00.000Z', { code: 1 })]
  expect(jobsOf({ verify: 'off', full: 'weekly' }, [], fullFailedYesterday, now)).toEqual(['backup', 'full'])
  const failed = [run('verify', '2026-11-27T06:00:00.000Z', { code: 1 })]
  expect(jobsOf({ verify: 'monthly', full: 'off' }, failed, [], now)).toEqual(['backup', 'verify'])
})
