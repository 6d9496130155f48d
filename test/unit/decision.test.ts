import { describe, expect, test } from 'vitest'
import { approvalCode, approvalKey, decide } from '../../src/core/decision.ts'
import type { DecisionGrounds } from '../../src/core/decision.ts'
import { defaultPolicy } from '../../src/core/policy.ts'
import { ruleIds } from '../../src/core/rules/index.ts'
import type { Audience, Decision, Policy, Verdict } from '../../src/model/decision.ts'
import type { Finding, Outcome } from '../../src/model/finding.ts'
import type { Contents, Holding, VolumeHolding } from '../../src/model/holding.ts'
import type { Manifest } from '../../src/model/restore-point.ts'
import { aContainer, aVolume, madeAt, now } from '../fakes/facts.ts'

const person: Audience = { kind: 'person' }
const script: Audience = { kind: 'script', ci: null }
const agent: Audience = { kind: 'agent', name: 'Some Agent', variable: 'SOME_AGENT' }
const audiences = { person, script, agent }

const volume: Holding = { kind: 'volume', name: 'shop_pgdata', createdAt: madeAt }

const layer: Holding = {
  kind: 'layer',
  container: aContainer('vectors').id,
  service: 'vectors',
  number: 1,
  path: '/qdrant/storage',
}

const rulesByOutcome: Readonly<Record<Outcome, string>> = {
  destroyed: 'down-volumes',
  orphaned: 'anonymous-data',
  hidden: 'mount-hidden',
  corrupted: 'two-writers',
  recreated: 'stateful-recreate',
}

function aFinding(outcome: Outcome, words: Partial<Finding> = {}): Finding {
  return {
    rule: rulesByOutcome[outcome],
    outcome,
    holding: volume,
    because: 'because of it',
    evidence: ['seen'],
    usedBy: ['db'],
    instead: null,
    canBackUp: true,
    ...words,
  }
}

const postgres: Contents = {
  empty: false,
  bytes: 1_200_000_000,
  lastWrite: now.toISOString(),
  database: { kind: 'postgresql', label: 'PostgreSQL 15', path: '', identity: '7316' },
  cache: null,
}
const unknown: Contents = { ...postgres, database: null }

interface Words extends Partial<Omit<DecisionGrounds, 'policy'>> {
  readonly finding?: Finding
  readonly contents?: Contents | null
  readonly policy?: Partial<Policy>
}

function decided(audience: Audience, words: Words = {}): Decision {
  const { finding = aFinding('destroyed'), contents = postgres, policy = {}, ...rest } = words
  return decide({
    stakes: [{ finding, contents }],
    restorePoints: [],
    created: [],
    approval: null,
    now,
    volumes: [aVolume('shop_pgdata')],
    audience,
    ...rest,
    policy: { ...defaultPolicy, ...policy },
  })
}

/** Verdict, and whether a copy is made first (`+`). Not at stake: `spared`. */
function outcomeOf(decision: Decision): string {
  const [stake] = decision.stakes
  if (stake === undefined) return 'spared'
  expect(decision.verdict).toBe(stake.verdict)
  return `${stake.verdict}${stake.backUp ? '+' : ''}`
}

function restorePoint(hoursAgo: number, holding: Holding = volume): Manifest {
  const finishedAt = new Date(now.getTime() - hoursAgo * 3_600_000).toISOString()
  return { finishedAt, holdings: [{ holding }] } as unknown as Manifest
}

const destroyed = aFinding('destroyed')
const unsavable = aFinding('destroyed', { rule: 'out-of-reach', canBackUp: false })
const lostByRun = aFinding('orphaned', { rule: 'out-of-sight', canBackUp: false })
const warning = aFinding('destroyed', { rule: 'run-anon', canBackUp: false, warning: true })
const asked = aFinding('destroyed', { rule: 'volume-diverged-yes', composeAsks: true })

type Row = readonly [what: string, words: Words, person: string, script: string, agent: string]

const rows: readonly Row[] = [
  // What is found, and nothing else said.
  ['destroyed', {}, 'ask+', 'back-up+', 'refuse'],
  ['orphaned', { finding: aFinding('orphaned') }, 'back-up+', 'back-up+', 'back-up+'],
  ['hidden', { finding: aFinding('hidden') }, 'ask+', 'refuse', 'refuse'],
  ['corrupted', { finding: aFinding('corrupted') }, 'ask+', 'refuse', 'refuse'],
  ['recreated', { finding: aFinding('recreated') }, 'back-up+', 'back-up+', 'back-up+'],
  ['destroyed, no backup possible', { finding: unsavable }, 'refuse', 'refuse', 'refuse'],
  ['orphaned, no backup possible', { finding: lostByRun }, 'refuse', 'refuse', 'refuse'],
  ['destroyed, Compose asks by itself', { finding: asked }, 'back-up+', 'back-up+', 'refuse'],
  ['a warning', { finding: warning }, 'warn', 'warn', 'warn'],
  ['destroyed, contents unknown', { contents: null }, 'ask+', 'back-up+', 'refuse'],
  // What is no stake.
  ['empty', { contents: { ...unknown, empty: true } }, 'spared', 'spared', 'spared'],
  ['a cache', { contents: { ...unknown, cache: 'node_modules' } }, 'spared', 'spared', 'spared'],
  [
    'empty, in the layer of a running store, which may not have written yet',
    {
      finding: aFinding('destroyed', { holding: layer }),
      contents: { ...unknown, empty: true },
      containers: [aContainer('vectors')],
    },
    'ask+',
    'back-up+',
    'refuse',
  ],
  [
    'empty, in the layer of a stopped store',
    {
      finding: aFinding('destroyed', { holding: layer }),
      contents: { ...unknown, empty: true },
      containers: [{ ...aContainer('vectors'), state: 'exited' }],
    },
    'spared',
    'spared',
    'spared',
  ],
  [
    'empty, no backup possible',
    { finding: unsavable, contents: { ...unknown, empty: true } },
    'spared',
    'spared',
    'spared',
  ],
  // A recent copy spares a recreation, and nothing else.
  [
    'recreated, copied 2 h ago',
    { finding: aFinding('recreated'), restorePoints: [restorePoint(2)] },
    'spared',
    'spared',
    'spared',
  ],
  [
    'recreated, copied 7 h ago',
    { finding: aFinding('recreated'), restorePoints: [restorePoint(7)] },
    'back-up+',
    'back-up+',
    'back-up+',
  ],
  [
    'recreated, another volume copied',
    {
      finding: aFinding('recreated'),
      restorePoints: [restorePoint(1, { ...volume, createdAt: 'before' })],
    },
    'back-up+',
    'back-up+',
    'back-up+',
  ],
  ['destroyed, copied a moment ago', { restorePoints: [restorePoint(0)] }, 'ask+', 'back-up+', 'refuse'],
  [
    'orphaned, copied a moment ago',
    { finding: aFinding('orphaned'), restorePoints: [restorePoint(0)] },
    'back-up+',
    'back-up+',
    'back-up+',
  ],
  [
    'recreated, a copy from the future',
    { finding: aFinding('recreated'), restorePoints: [restorePoint(-2)] },
    'back-up+',
    'back-up+',
    'back-up+',
  ],
  [
    'recreated, no backup possible',
    { finding: aFinding('recreated', { canBackUp: false }) },
    'spared',
    'spared',
    'spared',
  ],
  // --safe-yes
  ['destroyed, --safe-yes', { policy: { yes: true } }, 'back-up+', 'back-up+', 'refuse'],
  [
    'hidden, --safe-yes',
    { finding: aFinding('hidden'), policy: { yes: true } },
    'back-up+',
    'refuse',
    'refuse',
  ],
  [
    'destroyed, no backup possible, --safe-yes',
    { finding: unsavable, policy: { yes: true } },
    'refuse',
    'refuse',
    'refuse',
  ],
  // --safe-no-backup
  ['destroyed, --safe-no-backup', { policy: { noBackup: true } }, 'ask', 'warn', 'refuse'],
  [
    'destroyed, --safe-no-backup --safe-yes',
    { policy: { noBackup: true, yes: true } },
    'warn',
    'warn',
    'refuse',
  ],
  [
    'orphaned, --safe-no-backup',
    { finding: aFinding('orphaned'), policy: { noBackup: true } },
    'warn',
    'warn',
    'back-up+',
  ],
  [
    'recreated, --safe-no-backup',
    { finding: aFinding('recreated'), policy: { noBackup: true } },
    'spared',
    'spared',
    'back-up+',
  ],
  [
    'destroyed, no backup possible, --safe-no-backup',
    { finding: unsavable, policy: { noBackup: true } },
    'refuse',
    'refuse',
    'refuse',
  ],
  // --safe-allow
  ['destroyed, allowed', { policy: { allow: ['down-volumes'] } }, 'back-up+', 'back-up+', 'refuse'],
  ['destroyed, another rule allowed', { policy: { allow: ['rm-v'] } }, 'ask+', 'back-up+', 'refuse'],
  [
    'destroyed, no backup possible, allowed',
    { finding: unsavable, policy: { allow: ['out-of-reach'] } },
    'warn',
    'warn',
    'refuse',
  ],
  [
    'orphaned, no backup possible, allowed',
    { finding: lostByRun, policy: { allow: ['out-of-sight'] } },
    'warn',
    'warn',
    'refuse',
  ],
  [
    'hidden, allowed',
    { finding: aFinding('hidden'), policy: { allow: ['mount-hidden'] } },
    'back-up+',
    'back-up+',
    'refuse',
  ],
  [
    'destroyed, allowed, --safe-no-backup',
    { policy: { allow: ['down-volumes'], noBackup: true } },
    'warn',
    'warn',
    'refuse',
  ],
  // Configured levels.
  [
    'destroyed, rule set by audience',
    { policy: { rules: { 'down-volumes': { person: 'refuse', script: 'off', agent: 'back-up' } } } },
    'refuse',
    'spared',
    'refuse',
  ],
  [
    'destroyed, rule set for scripts',
    { policy: { rules: { 'down-volumes': { script: 'refuse' } } } },
    'ask+',
    'refuse',
    'refuse',
  ],
  [
    'recreated, copied 2 h ago, rule raised for agents',
    {
      finding: aFinding('recreated'),
      restorePoints: [restorePoint(2)],
      policy: { rules: { 'stateful-recreate': { agent: 'refuse' } } },
    },
    'spared',
    'spared',
    'refuse',
  ],
  ['destroyed, rule off', { policy: { rules: { 'down-volumes': 'off' } } }, 'spared', 'spared', 'refuse'],
  ['destroyed, rule at warn', { policy: { rules: { 'down-volumes': 'warn' } } }, 'warn', 'warn', 'refuse'],
  [
    'destroyed, rule at back-up',
    { policy: { rules: { 'down-volumes': 'back-up' } } },
    'back-up+',
    'back-up+',
    'refuse',
  ],
  ['destroyed, rule at ask', { policy: { rules: { 'down-volumes': 'ask' } } }, 'ask+', 'refuse', 'refuse'],
  [
    'destroyed, rule at ask, --safe-yes',
    { policy: { rules: { 'down-volumes': 'ask' }, yes: true } },
    'back-up+',
    'back-up+',
    'refuse',
  ],
  [
    'destroyed, rule at refuse',
    { policy: { rules: { 'down-volumes': 'refuse' } } },
    'refuse',
    'refuse',
    'refuse',
  ],
  [
    'destroyed, rule at refuse, allowed',
    { policy: { rules: { 'down-volumes': 'refuse' }, allow: ['down-volumes'] } },
    'back-up+',
    'back-up+',
    'refuse',
  ],
  [
    'destroyed, rule at refuse, --safe-yes',
    { policy: { rules: { 'down-volumes': 'refuse' }, yes: true } },
    'refuse',
    'refuse',
    'refuse',
  ],
  [
    'recreated, rule at refuse',
    { finding: aFinding('recreated'), policy: { rules: { 'stateful-recreate': 'refuse' } } },
    'refuse',
    'refuse',
    'refuse',
  ],
  [
    'recreated, copied just now, rule at ask',
    {
      finding: aFinding('recreated'),
      restorePoints: [restorePoint(0)],
      policy: { rules: { 'stateful-recreate': 'ask' } },
    },
    'ask+',
    'refuse',
    'refuse',
  ],
  [
    'recreated, copied just now, rule at back-up',
    {
      finding: aFinding('recreated'),
      restorePoints: [restorePoint(0)],
      policy: { rules: { 'stateful-recreate': 'back-up' } },
    },
    'spared',
    'spared',
    'spared',
  ],
  [
    'no backup possible, rule at warn',
    { finding: unsavable, policy: { rules: { 'out-of-reach': 'warn' } } },
    'warn',
    'warn',
    'refuse',
  ],
  [
    'no backup possible, rule at back-up',
    { finding: unsavable, policy: { rules: { 'out-of-reach': 'back-up' } } },
    'refuse',
    'refuse',
    'refuse',
  ],
  [
    'no backup possible, rule at ask',
    { finding: unsavable, policy: { rules: { 'out-of-reach': 'ask' } } },
    'ask',
    'refuse',
    'refuse',
  ],
  [
    'a warning, rule at refuse',
    { finding: warning, policy: { rules: { 'run-anon': 'refuse' } } },
    'refuse',
    'refuse',
    'refuse',
  ],
  [
    'a warning, rule off',
    { finding: warning, policy: { rules: { 'run-anon': 'off' } } },
    'spared',
    'spared',
    'warn',
  ],
  // An approval counts for agents alone.
  ['destroyed, approved', { approval: 'K7-2Q9' }, 'ask+', 'back-up+', 'back-up+'],
  [
    'destroyed, approved, --safe-no-backup',
    { approval: 'K7-2Q9', policy: { noBackup: true } },
    'ask',
    'warn',
    'back-up+',
  ],
  ['no backup possible, approved', { finding: unsavable, approval: 'K7-2Q9' }, 'refuse', 'refuse', 'warn'],
  ['hidden, approved', { finding: aFinding('hidden'), approval: 'K7-2Q9' }, 'ask+', 'refuse', 'back-up+'],
]

describe('who asks, what is found, what is said', () => {
  test.each(rows)('%s', (_, words, ...expected) => {
    const outcomes = Object.values(audiences).map(audience => outcomeOf(decided(audience, words)))
    expect(outcomes).toEqual(expected)
  })

  test('the table is as long as it is meant to be', () => {
    expect(rows.length * Object.keys(audiences).length).toBeGreaterThanOrEqual(150)
  })
})

describe('scratch volumes', () => {
  const hours = (count: number): string => new Date(now.getTime() - count * 3_600_000).toISOString()
  const young: VolumeHolding = { kind: 'volume', name: 'scratch_pgdata', createdAt: hours(3) }
  const finding = aFinding('destroyed', { holding: young })
  const created = (audience: string, holding: VolumeHolding = young): DecisionGrounds['created'] =>
    'createdAt' in holding ? [{ name: holding.name, createdAt: holding.createdAt, audience }] : []

  test.each(['person', 'script', 'agent'] as const)(
    'a %s deletes its own without being asked, after a backup',
    kind => {
      expect(outcomeOf(decided(audiences[kind], { finding, created: created(kind) }))).toBe('back-up+')
    },
  )

  test.each([
    ['made by somebody else', young, created('person')],
    ['never seen under the guard', young, []],
    [
      'another volume of that name',
      young,
      [{ name: 'scratch_pgdata', createdAt: madeAt, audience: 'agent' }],
    ],
    [
      'older than a day',
      { ...young, createdAt: hours(25) },
      created('agent', { ...young, createdAt: hours(25) }),
    ],
    [
      'from the future',
      { ...young, createdAt: hours(-2) },
      created('agent', { ...young, createdAt: hours(-2) }),
    ],
    ['of an unreadable time', { ...young, createdAt: '?' }, created('agent', { ...young, createdAt: '?' })],
  ])('not spared an agent: %s', (_, holding, ledger) => {
    const words = { finding: aFinding('destroyed', { holding }), created: ledger }
    expect(outcomeOf(decided(agent, words))).toBe('refuse')
  })

  test('what cannot be backed up is refused all the same', () => {
    expect(
      outcomeOf(decided(agent, { finding: { ...finding, canBackUp: false }, created: created('agent') })),
    ).toBe('refuse')
  })
})

describe('safe-compose.backup: "false"', () => {
  const disposable = [aVolume('shop_pgdata', { labels: { 'safe-compose.backup': 'false' } })]

  test('is believed about unknown content', () => {
    expect(outcomeOf(decided(person, { volumes: disposable, contents: unknown }))).toBe('spared')
  })
  test('on a service too', () => {
    const containers = [
      aContainer('web', { mounts: ['shop_pgdata:/u'], labels: { 'safe-compose.backup': 'false' } }),
    ]
    expect(outcomeOf(decided(person, { containers, contents: unknown }))).toBe('spared')
  })
  test('is not believed about a database, unless the project is trusted', () => {
    expect(outcomeOf(decided(person, { volumes: disposable }))).toBe('ask+')
    expect(outcomeOf(decided(person, { volumes: disposable, trusted: true }))).toBe('spared')
  })
  test('is not believed where a database may be and nobody could look', () => {
    const containers = [aContainer('db', { mounts: ['shop_pgdata:/var/lib/postgresql/data'] })]
    const unseen = { ...unknown, bytes: null, lastWrite: null }
    for (const contents of [null, unseen])
      expect(outcomeOf(decided(person, { volumes: disposable, containers, contents }))).toBe('ask+')
  })
  test('any other value means nothing', () => {
    const volumes = [aVolume('shop_pgdata', { labels: { 'safe-compose.backup': 'true' } })]
    expect(outcomeOf(decided(person, { volumes, contents: unknown }))).toBe('ask+')
  })
})

describe('a directory of the host', () => {
  const finding = aFinding('recreated', {
    holding: { kind: 'bind', source: '/srv/pg', service: 'db', path: '/d' },
  })
  test('counts where a database was recognised in it', () => {
    expect(outcomeOf(decided(person, { finding }))).toBe('back-up+')
    expect(outcomeOf(decided(person, { finding, contents: unknown }))).toBe('spared')
    expect(outcomeOf(decided(person, { finding, contents: null }))).toBe('spared')
  })

  test('counts where it is hidden: what stands at its path now says nothing of what was there', () => {
    const hidden = aFinding('hidden', {
      holding: { kind: 'bind', source: '/srv/pg', service: 'db', path: '/d' },
      canBackUp: false,
    })
    const nothing = { ...unknown, empty: true, bytes: 0, lastWrite: null }
    for (const contents of [unknown, nothing, null])
      expect(decided(script, { finding: hidden, contents }).verdict).toBe('refuse')
    expect(decided(script, { finding: aFinding('hidden'), contents: nothing }).verdict).toBe('pass')
  })
})

describe('agents', () => {
  test('what would loosen is ignored and named', () => {
    const decision = decided(agent, {
      policy: {
        yes: true,
        noBackup: true,
        allow: ['down-volumes', 'rm-v'],
        rules: { 'down-volumes': 'warn', 'rm-v': 'off' },
      },
    })
    expect(decision.verdict).toBe('refuse')
    expect(decision.ignored).toEqual([
      '--safe-yes',
      '--safe-no-backup',
      '--safe-allow down-volumes,rm-v',
      'rules: { down-volumes: warn }',
    ])
    const levels = { 'down-volumes': { agent: 'warn', script: 'off' } } as const
    expect(decided(agent, { policy: { rules: levels } }).ignored).toEqual([
      'rules: { down-volumes: { agent: warn } }',
    ])
  })
  test('what tightens is not named', () => {
    expect(decided(agent, { policy: { rules: { 'down-volumes': 'refuse' } } }).ignored).toEqual([])
  })
  test('others have nothing ignored', () => {
    expect(decided(person, { policy: { yes: true } }).ignored).toEqual([])
  })
  test('an approval is used up only where it was needed', () => {
    expect(decided(agent, { approval: 'K7-2Q9' }).approval).toBe('K7-2Q9')
    expect(decided(agent, { approval: 'K7-2Q9', finding: aFinding('orphaned') }).approval).toBeNull()
    expect(decided(person, { approval: 'K7-2Q9' }).approval).toBeNull()
  })
})

describe('the whole command', () => {
  const other: Holding = { kind: 'volume', name: 'shop_redis', createdAt: madeAt }
  const all = (findings: readonly Finding[], audience = person): Decision =>
    decided(audience, { stakes: findings.map(finding => ({ finding, contents: postgres })) })

  test.each<[readonly Finding[], Verdict]>([
    [[], 'pass'],
    [[warning], 'warn'],
    [[warning, aFinding('recreated')], 'back-up'],
    [[aFinding('recreated'), destroyed], 'ask'],
    [[destroyed, aFinding('destroyed', { holding: other, canBackUp: false })], 'refuse'],
  ])('is as strict as its strictest stake: %#', (findings, verdict) => {
    expect(all(findings).verdict).toBe(verdict)
  })

  test('every stake keeps its own verdict and reason', () => {
    const { stakes } = all([destroyed, aFinding('recreated', { holding: other })])
    expect(stakes.map(({ verdict, backUp }) => [verdict, backUp])).toEqual([
      ['ask', true],
      ['back-up', true],
    ])
    for (const stake of stakes) expect(stake.why).not.toBe('')
  })

  test('nothing but spared stakes passes', () => {
    const decision = decided(person, { contents: { ...unknown, empty: true } })
    expect(decision).toMatchObject({ verdict: 'pass', stakes: [] })
    expect(decision.spared.map(each => each.why)).toEqual(['it is empty'])
  })
})

describe('approvals', () => {
  const key = {
    argv: ['compose', 'down', '-v'],
    directory: '/srv/shop',
    engine: 'e1',
    holdings: ['volume b', 'volume a'],
  }

  test('the key does not depend on the order of the holdings, but on everything else', () => {
    expect(approvalKey({ ...key, holdings: ['volume a', 'volume b'] })).toBe(approvalKey(key))
    const others = [
      { ...key, argv: ['compose', 'down -v'] },
      { ...key, directory: '/srv/other' },
      { ...key, engine: 'e2' },
      { ...key, holdings: ['volume a'] },
    ]
    for (const other of others) expect(approvalKey(other)).not.toBe(approvalKey(key))
  })

  test('codes can be read out: no letter that looks like another', () => {
    expect(approvalCode(new Uint8Array([0, 1, 2, 3, 4]))).toBe('01-234')
    for (let byte = 0; byte < 256; byte++)
      expect(approvalCode(new Uint8Array(5).fill(byte))).toMatch(
        /^[0-9A-HJKMNP-TV-Z]{2}-[0-9A-HJKMNP-TV-Z]{3}$/,
      )
    expect(() => approvalCode(new Uint8Array(4))).toThrow('five random bytes')
  })
})

test('the rules of this table exist, but for those that are still to come', () => {
  const known = rows
    .flatMap(([, words]) => words.finding?.rule ?? [])
    .filter(rule => !['mount-hidden', 'two-writers', 'out-of-reach', 'out-of-sight'].includes(rule))
  expect(ruleIds).toEqual(expect.arrayContaining(known))
})
