import { describe, expect, test } from 'vitest'
import { nextId, restorePointId } from '../../src/core/restore-point-id.ts'

const time = new Date('2025-10-07T20:15:00.123Z')

describe('the id of a restore point', () => {
  test.each([
    ['preflight', 'down', '20251007T201500Z-preflight-down'],
    ['safety', 'before-restore', '20251007T201500Z-safety-before-restore'],
    ['manual', null, '20251007T201500Z-manual'],
    ['manual', 'before upgrade/2', '20251007T201500Z-before-upgrade-2'],
    ['manual', '../../etc', '20251007T201500Z-etc'],
    ['manual', 'v1.2', '20251007T201500Z-v1-2'],
    ['manual', 'x.partial', '20251007T201500Z-x-partial'],
    ['manual', '???', '20251007T201500Z-manual'],
    ['preflight', null, '20251007T201500Z-preflight'],
  ] as const)('%s, %s: %s', (reason, label, id) => {
    expect(restorePointId(time, reason, label)).toBe(id)
  })

  test('fits into a name of a file however long the tag is', () => {
    expect(restorePointId(time, 'manual', 'x'.repeat(500)).length).toBeLessThan(120)
  })

  test('sorts as time goes', () => {
    const later = restorePointId(new Date('2025-10-07T20:15:01Z'), 'manual', null)
    expect(restorePointId(time, 'preflight', 'zzz') < later).toBe(true)
  })

  test('the second one of a second has a number', () => {
    expect(nextId('20251007T201500Z-manual', 2)).toBe('20251007T201500Z-manual.2')
  })
})
