import type { SeenData, SeenProject, Sight } from '../../src/core/report.ts'
import type { Holding } from '../../src/model/holding.ts'
import type { JournalEntry } from '../../src/model/journal.ts'
import type { HoldingRecord, RestorePoint, Verification } from '../../src/model/restore-point.ts'
import { aRecord, aRestorePoint, aVolume, ago, evening, hours, minutes, someContents } from './question.ts'

/** What was kept of a holding that had so many bytes. */
export function keptOf(holding: Holding, contentBytes: number): HoldingRecord {
  const record = aRecord(holding)
  return { ...record, kept: { ...record.kept, tar: { ...record.kept.tar, contentBytes } } }
}

/** A restore point taken so many milliseconds before the evening. */
export function pointAt(
  age: number,
  holdings: readonly HoldingRecord[],
  change: Partial<Omit<RestorePoint, 'manifest'>> = {},
): RestorePoint {
  const finishedAt = ago(age)
  const id = `${finishedAt.replaceAll(/[-:]|\.\d+/g, '')}-manual`
  return aRestorePoint({ id, finishedAt, reason: 'manual', holdings }, change)
}

export function verifiedAt(age: number, change: Partial<Verification> = {}): Verification {
  return { level: 'boot', at: ago(age), milliseconds: 14_000, well: true, checks: [], ...change }
}

export function anEntry(change: Partial<JournalEntry> = {}): JournalEntry {
  return {
    id: 'entry-1',
    kind: 'command',
    openedAt: ago(4 * minutes),
    closedAt: ago(3 * minutes),
    status: 'done',
    argv: ['compose', 'down', '-v'],
    directory: '/srv/shop',
    project: 'shop',
    engine: 'engine-1',
    compose: { version: '2.40.3', form: 'plugin' },
    audience: 'person',
    verdict: 'ask',
    findings: [],
    restorePoint: '20261123T201231Z-preflight-down',
    ran: [],
    exitCode: 0,
    outcome: [],
    restores: [],
    undoneBy: null,
    owner: { host: 'here', bootId: 'boot', pid: 1, startedAt: '1' },
    ...change,
  }
}

export function someData(holding: Holding, change: Partial<SeenData> = {}): SeenData {
  return { holding, usedBy: ['db'], contents: someContents({ bytes: 1000 }), spared: null, ...change }
}

export function seenProject(change: Partial<SeenProject> = {}): SeenProject {
  return {
    name: 'shop',
    engine: 'engine-1',
    directory: '/srv/shop',
    data: [],
    volumes: [],
    points: [],
    entries: [],
    checks: [],
    line: (...words) => ['safe-compose', ...words].join(' '),
    ...change,
  }
}

export function aSight(projects: readonly SeenProject[], change: Partial<Sight> = {}): Sight {
  return {
    now: evening,
    version: '0.1.0',
    store: '/var/lib/safe-compose',
    engine: { version: '28.5.2', host: 'unix:///var/run/docker.sock' },
    unseen: [],
    projects,
    ...change,
  }
}

const days = 24 * hours

/** A shop of which three of four volumes are protected, with all that a report can tell of it. */
export function theShop(): SeenProject {
  const [pgdata, redis, media, uploads] = ['pgdata', 'redis', 'media', 'uploads'].map(key =>
    aVolume(`shop_${key}`),
  ) as [Holding, Holding, Holding, Holding]
  const gone = aVolume('shop_search')
  const points = Array.from({ length: 28 }, (_, index) =>
    pointAt(index * 12 * hours + 2 * hours, [
      keptOf(pgdata, 1_180_000_000 - index * 9_000_000 + (index % 3) * 4_000_000),
      keptOf(redis, 38_000_000 - (index % 5) * 3_000_000),
      ...(index > 0 ? [keptOf(media, 2_400_000_000 - index * index * 2_000_000)] : []),
      ...(index > 20 ? [keptOf(gone, 88_000_000)] : []),
    ]),
  ).map((point, index) => {
    if (index === 3) return { ...point, verified: verifiedAt(1 * days) }
    const encryption = { form: 'age', recipients: ['age1x'] } as const
    return index === 1 ? { ...point, manifest: { ...point.manifest, encryption } } : point
  })
  return seenProject({
    data: [
      someData(pgdata, {
        contents: someContents({
          label: 'PostgreSQL 15.6',
          bytes: 1_200_000_000,
          lastWrite: ago(2 * minutes),
        }),
      }),
      someData(redis, {
        usedBy: ['cache', 'worker'],
        contents: someContents({ label: 'Redis 7.2', bytes: 38_000_000, lastWrite: ago(1000) }),
      }),
      someData(media, {
        usedBy: ['web'],
        contents: someContents({ bytes: 2_410_000_000, lastWrite: ago(3 * hours) }),
      }),
      someData(uploads, {
        usedBy: ['web'],
        contents: someContents({ bytes: 310_000_000, lastWrite: ago(40 * minutes) }),
      }),
      someData(
        { kind: 'bind', source: '/srv/shop/conf', service: 'web', path: '/etc/shop' },
        { usedBy: ['web'] },
      ),
      someData(aVolume('shop_node_modules'), {
        contents: someContents({ bytes: 400_000_000, cache: 'node_modules' }),
      }),
    ],
    points,
    entries: [
      anEntry({
        openedAt: ago(20 * days),
        argv: ['compose', 'up', '-d'],
        audience: 'script',
        verdict: 'back-up',
        restorePoint: '20261103T201631Z-preflight-up',
      }),
      anEntry({
        openedAt: ago(6 * days),
        outcome: [
          { holding: pgdata, gone: true },
          { holding: redis, gone: true },
        ],
        undoneBy: ago(6 * days - 9 * minutes),
      }),
      anEntry({
        kind: 'restore',
        openedAt: ago(6 * days - 8 * minutes),
        argv: ['undo', '20261117T201631Z-preflight-down'],
        verdict: 'pass',
        restores: [
          { restorePoint: 'a', holding: 'shop_pgdata', volume: 'shop_pgdata', safety: null, finished: true },
          { restorePoint: 'a', holding: 'shop_redis', volume: 'shop_redis', safety: null, finished: true },
        ],
      }),
      anEntry({
        openedAt: ago(9 * hours),
        argv: ['compose', 'run', '--rm', '-e', 'TOKEN=***', 'web', "sh -c 'migrate'"],
        audience: 'agent',
        verdict: 'back-up',
        exitCode: 1,
      }),
    ],
    checks: [
      {
        id: 'schedule',
        title: 'automatic backups',
        health: 'critical',
        found: 'no timer of this machine takes backups',
        mend: 'safe-compose schedule install',
        fix: null,
      },
      {
        id: 'pinned',
        title: 'volumes pinned',
        health: 'warning',
        found: "pgdata follows the directory's name",
        mend: 'safe-compose pin',
        fix: null,
      },
      { id: 'doors', title: 'doors', health: 'well', found: 'open', mend: null, fix: null },
    ],
  })
}
