import { describe, expect, test } from 'vitest'
import { deedFor, markedFor } from '../../src/core/retention-deeds.ts'
import type { Verdict } from '../../src/core/retention.ts'
import { aRestorePoint } from '../fakes/question.ts'

const now = new Date('2026-11-24T12:00:00Z')
const ago = (milliseconds: number): string => new Date(now.getTime() - milliseconds).toISOString()

function verdict(keep: boolean, marked: string | null, change: Partial<Verdict> = {}): Verdict {
  const point = aRestorePoint({ reason: 'schedule' }, { marked })
  return { point, keep, reasons: ['because'], atOnce: false, ...change }
}

const plain = { now, skipMarks: false }

describe('what is done about a restore point', () => {
  test.each([
    ['kept', true, null, 'keep'],
    ['kept after all', true, ago(1), 'unmark'],
    ['due for the first time', false, null, 'mark'],
    ['marked a moment ago', false, ago(markedFor - 1), 'wait'],
    ['marked some hours ago', false, ago(markedFor), 'remove'],
    ['marked by a clock that was ahead', false, ago(-1), 'mark'],
  ] as const)('%s', (_, keep, marked, deed) => {
    expect(deedFor(verdict(keep, marked), plain)).toBe(deed)
  })

  test('nobody waits for what is beyond the size, or where a person says so', () => {
    expect(deedFor(verdict(false, null, { atOnce: true }), plain)).toBe('remove')
    expect(deedFor(verdict(false, null), { now, skipMarks: true })).toBe('remove')
    expect(deedFor(verdict(true, null), { now, skipMarks: true })).toBe('keep')
  })

  test('what was taken by hand is always marked first', () => {
    const byHand = (marked: string | null): Verdict =>
      verdict(false, null, { point: aRestorePoint({ reason: 'manual' }, { marked }) })
    expect(deedFor(byHand(null), { now, skipMarks: true })).toBe('mark')
    expect(deedFor(byHand(ago(1)), { now, skipMarks: true })).toBe('wait')
    expect(deedFor(byHand(ago(markedFor)), { now, skipMarks: true })).toBe('remove')
  })
})
