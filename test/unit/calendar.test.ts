import { describe, expect, test } from 'vitest'
import { dayOf, monthOf, weekOf } from '../../src/core/calendar.ts'

describe('in UTC', () => {
  test.each([
    ['2026-11-24T23:59:59.999Z', '2026-11-24', '2026-W48', '2026-11'],
    ['2026-11-25T01:00:00+02:00', '2026-11-24', '2026-W48', '2026-11'],
    // A week belongs to the year of its Thursday.
    ['2025-12-28T23:59:59Z', '2025-12-28', '2025-W52', '2025-12'],
    ['2025-12-29T00:00:00Z', '2025-12-29', '2026-W01', '2025-12'],
    ['2026-01-04T12:00:00Z', '2026-01-04', '2026-W01', '2026-01'],
    ['2027-01-03T12:00:00Z', '2027-01-03', '2026-W53', '2027-01'],
    ['2024-12-30T00:00:00Z', '2024-12-30', '2025-W01', '2024-12'],
    ['2023-01-01T00:00:00Z', '2023-01-01', '2022-W52', '2023-01'],
  ])('%s', (time, day, week, month) => {
    const read = new Date(time)
    expect([dayOf(read), weekOf(read), monthOf(read)]).toEqual([day, week, month])
  })
})
