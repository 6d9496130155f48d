import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  calendarEvents,
  cronExpression,
  readCronExpression,
} from '../../../src/core/schedule/cron-expression.ts'
import type { CronFields } from '../../../src/core/schedule/cron-expression.ts'
import { cronOfInterval, minuteOf, quarterHours } from '../../../src/core/schedule/rhythm.ts'

function fieldsOf(text: string): CronFields {
  const fields = readCronExpression(text)
  if ('wrong' in fields) throw new Error(fields.wrong)
  return fields
}

test.each([
  ['30 2 * * *', '30 2 * * *'],
  ['*/15 0-6/3,22 * * MON-FRI', '0,15,30,45 0,3,6,22 * * 1,2,3,4,5'],
  ['5/20 * 1,15 jan,Jul *', '5,25,45 * 1,15 1,7 *'],
  ['0 0 * * 7', '0 0 * * 0'],
  ['0 0 * * 5-7', '0 0 * * 0,5,6'],
  ['*/1 0-23 1-31 1-12 0-7', '* * * * *'],
  ['@daily', '0 0 * * *'],
])('%s is read as %s', (text, same) => {
  expect(cronExpression(fieldsOf(text))).toBe(same)
})

test.each([
  ['30 2 * *', 'it has 4 of 5 fields'],
  ['0 30 2 * * *', 'it has 6 of 5 fields'],
  ['60 * * * *', '60 is no minute'],
  ['0 24 * * *', '24 is no hour'],
  ['0 0 0 * *', '0 is no day of the month'],
  ['0 0 * foo *', 'foo is no month'],
  ['0 0 * * 8', '8 is no day of the week'],
  ['5-1 * * * *', '5-1 is no minute'],
  ['*/0 * * * *', '*/0 is no minute'],
  ['1,,2 * * * *', '1,,2 is no minute'],
  ['1-2-3 * * * *', '1-2-3 is no minute'],
  ['-5 * * * *', '-5 is no minute'],
  ['@reboot', 'it has 1 of 5 fields'],
])('%s is wrong: %s', (text, wrong) => {
  expect(readCronExpression(text)).toEqual({ wrong })
})

test('any fields are written so that they are read the same', () => {
  const field = (from: number, to: number): fc.Arbitrary<readonly number[] | null> =>
    fc.option(
      fc
        .uniqueArray(fc.integer({ min: from, max: to }), { minLength: 1, maxLength: to - from })
        .map(values => values.toSorted((a, b) => a - b)),
    )
  const fields = fc.record({
    minutes: field(0, 59),
    hours: field(0, 23),
    days: field(1, 31),
    months: field(1, 12),
    weekdays: field(0, 6),
  })
  fc.assert(
    fc.property(fields, each => {
      expect(readCronExpression(cronExpression(each))).toEqual(each)
    }),
  )
})

test.each([
  ['12 */6 * * *', ['*-*-* 00,06,12,18:12:00']],
  ['* * * * *', ['*-*-* *:*:00']],
  ['30 4 * * mon', ['Mon *-*-* 04:30:00']],
  ['30 4 1 3 *', ['*-03-01 04:30:00']],
  // Cron takes either kind of days.
  ['30 4 13 * fri', ['*-*-13 04:30:00', 'Fri *-*-* 04:30:00']],
])('%s is, for systemd, %j', (text, events) => {
  expect(calendarEvents(fieldsOf(text))).toEqual(events)
})

test.each([
  ['15m', 20, '5,20,35,50 * * * *'],
  ['30m', 42, '12,42 * * * *'],
  ['1h', 42, '42 * * * *'],
  ['6h', 42, '42 0,6,12,18 * * *'],
  ['60m', 0, '0 * * * *'],
  ['1d', 42, '42 4 * * *'],
  ['24h', 42, '42 4 * * *'],
  ['7d', 42, '42 4 * * 0'],
  ['1w', 42, '42 4 * * 0'],
])('every %s, begun %i minutes past the hour, is %s', (interval, offset, expression) => {
  expect(cronOfInterval(interval, offset)).toBe(expression)
})

test.each(['7h', '5m', '45m', '90m', '2d', '0h', '-6h', '6', 'often', ''])('every %s is none', interval => {
  expect(cronOfInterval(interval, 0)).toBeNull()
})

test('names spread over the hour, and each always has the same minute', () => {
  const minutes = fc
    .sample(fc.integer({ min: 0, max: 0xffffffff }), 500)
    .map(number => minuteOf(number.toString(16).padStart(8, '0')))
  expect(new Set(minutes).size).toBeGreaterThan(40)
  expect(minutes.every(minute => minute >= 0 && minute < 60)).toBe(true)
  expect(quarterHours(59)).toEqual([14, 29, 44, 59])
})
