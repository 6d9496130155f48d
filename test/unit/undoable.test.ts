import { expect, test } from 'vitest'
import { neededBy } from '../../src/core/undoable.ts'
import type { JournalEntry } from '../../src/model/journal.ts'

const gone = [{ holding: { kind: 'volume', name: 'shop_pgdata', createdAt: '' }, gone: true }] as const
const closed = { kind: 'command', closedAt: '2026-11-24T12:00:00Z', undoneBy: null, restores: [] } as const

test('needed are what undo takes back next, and whatever a run under way reads or wrote', () => {
  const task = { restorePoint: 'source', holding: 'v', volume: 'v', safety: 'stood before', finished: false }
  const entries = [
    { ...closed, restorePoint: 'older', outcome: gone },
    { ...closed, restorePoint: 'last that destroyed', outcome: gone },
    { ...closed, restorePoint: 'destroyed nothing', outcome: [] },
    { ...closed, restorePoint: 'undone', outcome: gone, undoneBy: '2026-11-24T13:00:00Z' },
    { ...closed, restorePoint: 'before a restore', outcome: gone, kind: 'restore' },
    { ...closed, restorePoint: 'of a run', outcome: [], closedAt: null, restores: [task] },
  ] as unknown as readonly JournalEntry[]
  expect(Object.fromEntries(neededBy(entries))).toEqual({
    'last that destroyed': 'undo needs it',
    'of a run': 'a run under way needs it',
    source: 'a run under way needs it',
    'stood before': 'a run under way needs it',
  })
  expect(neededBy([])).toEqual(new Map())
})
