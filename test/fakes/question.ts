import type { DecidedStake, Decision, Plan } from '../../src/model/decision.ts'
import type { Event } from '../../src/model/event.ts'
import type { Finding } from '../../src/model/finding.ts'
import type { Contents, Holding } from '../../src/model/holding.ts'
import type { Forecast } from '../../src/model/prediction.ts'
import type { Prompt } from '../../src/model/ports.ts'
import type { Manifest, RestorePoint } from '../../src/model/restore-point.ts'

/** The storyboard's evening. */
export const evening = new Date('2026-11-23T20:16:31.000Z')

export function ago(milliseconds: number): string {
  return new Date(evening.getTime() - milliseconds).toISOString()
}

export const minutes = 60_000
export const hours = 60 * minutes

export function aVolume(name: string): Holding {
  return { kind: 'volume', name, createdAt: '2026-11-01T08:00:00Z' }
}

export function aFinding(holding: Holding, change: Partial<Finding> = {}): Finding {
  return {
    rule: 'down-volumes',
    outcome: 'destroyed',
    holding,
    because: 'down --volumes deletes it',
    evidence: [],
    usedBy: [],
    instead: null,
    canBackUp: true,
    ...change,
  }
}

export function someContents(change: Partial<Contents> & { readonly label?: string } = {}): Contents {
  const { label, ...rest } = change
  return {
    empty: false,
    bytes: null,
    lastWrite: null,
    database: label === undefined ? null : { kind: 'postgresql', label, path: '', identity: null },
    cache: null,
    ...rest,
  }
}

export function aStake(
  finding: Finding,
  contents: Contents | null,
  change: Partial<Omit<DecidedStake, 'stake'>> = {},
): DecidedStake {
  return { stake: { finding, contents }, verdict: 'ask', why: 'a person decides', backUp: true, ...change }
}

/** The two volumes of the storyboard's `down -v`. */
export function shopStakes(change: Partial<Omit<DecidedStake, 'stake'>> = {}): readonly DecidedStake[] {
  const pgdata = someContents({ label: 'PostgreSQL 15', bytes: 1_200_000_000, lastWrite: ago(2 * minutes) })
  const redis = someContents({ label: 'Redis 7', bytes: 38_000_000, lastWrite: ago(1000) })
  return [
    aStake(aFinding(aVolume('shop_pgdata')), pgdata, change),
    aStake(aFinding(aVolume('shop_redis')), redis, change),
  ]
}

export function aDecision(change: Partial<Decision> = {}): Decision {
  return { verdict: 'ask', stakes: shopStakes(), spared: [], ignored: [], approval: null, ...change }
}

export function aPlan(decision: Decision): Plan {
  const copies = decision.stakes
    .filter(stake => stake.backUp)
    .map(({ stake }) => ({
      type: 'copy' as const,
      holding: stake.finding.holding,
      consistency: 'cold' as const,
      cause: 'it would be destroyed',
    }))
  return { decision, steps: [...copies, { type: 'compose', argv: downV, cause: 'the command as typed' }] }
}

export const downV = ['compose', 'down', '-v']

/** A forecast of nothing but what we would do ourselves. */
export function aForecast(plan: Plan, change: Partial<Forecast> = {}): Forecast {
  return {
    takenAt: evening.toISOString(),
    project: 'shop',
    compose: { version: '2.40.3', form: 'plugin' },
    engine: { id: 'engine-1', host: 'unix:///var/run/docker.sock' },
    command: downV,
    prediction: { containers: [], volumes: [], failure: null, notes: [] },
    contents: {},
    restorePoints: {},
    plan,
    ...change,
  }
}

export function aQuestion(change: { readonly backsUp?: boolean } = {}): Parameters<Prompt['ask']>[0] {
  const decision = aDecision({ stakes: shopStakes({ backUp: change.backsUp ?? true }) })
  return {
    decision,
    plan: aPlan(decision),
    project: 'shop',
    command: downV,
    keepCommand: ['compose', 'down'],
    canBackUp: true,
    mayBeAlways: true,
  }
}

/** The night this project is for: the same service, a new project name, an empty volume. */
export function anIncident(): DecidedStake {
  const finding = aFinding(aVolume('shop_pgdata'), {
    rule: 'project-name-changed',
    outcome: 'orphaned',
    because: 'this project was called "shop" until 14 min ago; now it is "shop-v2"',
    evidence: ['shop_pgdata: label com.docker.compose.project=shop'],
    usedBy: ['db'],
    wouldUse: { name: 'shop-v2_pgdata', state: 'missing' },
    remedies: [
      { kind: 'pin', key: 'pgdata', volume: 'shop_pgdata' },
      { kind: 'run', argv: ['compose', '-p', 'shop', 'up', '-d'], words: 'run as -p shop' },
    ],
  })
  const contents = someContents({
    label: 'PostgreSQL 15',
    bytes: 1_200_000_000,
    lastWrite: ago(14 * minutes),
  })
  return aStake(finding, contents, { backUp: false })
}

export function theIncident(): Parameters<Prompt['ask']>[0] {
  const decision = aDecision({ stakes: [anIncident()] })
  const command = ['compose', 'up', '-d']
  return { ...aQuestion(), decision, plan: aPlan(decision), command, keepCommand: null }
}

export function aRestorePoint(
  manifest: Partial<Manifest> = {},
  point: Partial<Omit<RestorePoint, 'manifest'>> = {},
): RestorePoint {
  const id = manifest.id ?? '20261123T111500Z-schedule'
  return {
    id,
    path: `/home/ann/.local/share/safe-compose/engine-1/shop/${id}`,
    bytes: 322_000_000,
    verified: null,
    marked: null,
    state: 'good',
    damage: null,
    ...point,
    manifest: {
      format: 1,
      id,
      sequence: 1,
      startedAt: ago(9 * hours + 3100),
      finishedAt: ago(9 * hours),
      reason: 'preflight',
      tag: null,
      command: downV,
      tool: { name: 'safe-compose', version: '0.1.0' },
      compose: { version: '2.40.3', form: 'plugin' },
      engine: { id: 'engine-1', version: '28.5.2', host: 'unix:///var/run/docker.sock' },
      project: { name: 'shop', directory: '/srv/shop', files: ['/srv/shop/compose.yaml'] },
      holdings: [aRecord(aVolume('shop_pgdata')), aRecord(aVolume('shop_redis'))],
      state: [],
      notes: [],
      ...manifest,
    },
  }
}

export function aRecord(holding: Holding): Manifest['holdings'][number] {
  const name = holding.kind === 'volume' ? holding.name : 'other'
  return {
    holding,
    volume: { driver: 'local', options: {}, labels: {} },
    kept: {
      form: 'archive',
      path: `volumes/${name}.tar.zst`,
      bytes: 161_000_000,
      sha256: 'f'.repeat(64),
      compression: 'zstd',
      tar: {
        bytes: 610_000_000,
        entries: 1500,
        files: 1400,
        directories: 90,
        links: 10,
        others: 0,
        contentBytes: 600_000_000,
      },
    },
    consistency: 'cold',
    source: 'mountpoint',
    database: null,
    usedBy: ['db'],
    lastWrite: null,
    notes: [],
  }
}

export type EventOf<Type extends Event['type']> = Extract<Event, { type: Type }>
