import type { StoreScope } from '../../src/model/ports.ts'
import type { HoldingRecord, Manifest } from '../../src/model/restore-point.ts'

/** What is said of a restore point with one archive, taken by hand. */
export function manualManifest(
  scope: StoreScope,
  kept: HoldingRecord['kept'],
): Omit<Manifest, 'id' | 'sequence' | 'state' | 'format'> {
  const time = '2026-11-23T20:15:00.000Z'
  return {
    startedAt: time,
    finishedAt: time,
    reason: 'manual',
    tag: null,
    command: null,
    tool: { name: 'safe-compose', version: '0.0.0' },
    compose: null,
    engine: { id: scope.engine, version: '28', host: 'unix:///x' },
    project: { name: scope.project, directory: null, files: [] },
    holdings: [
      {
        holding: { kind: 'volume', name: 'shop_pgdata', createdAt: time },
        volume: { driver: 'local', options: {}, labels: {} },
        kept,
        consistency: 'cold',
        source: 'api',
        database: null,
        usedBy: [],
        lastWrite: null,
        notes: [],
      },
    ],
    notes: [],
  }
}
