import { describe, expect, test } from 'vitest'
import { checkUp, lookAlikeVolumes, rulesInCheckUp, worstHealth } from '../../src/core/doctor.ts'
import type { Check, CheckUp } from '../../src/core/doctor.ts'
import { ruleIds } from '../../src/core/rules/index.ts'
import type { Verification } from '../../src/model/restore-point.ts'
import { openTables } from '../../src/ui/tables.ts'
import { aDoorSurvey } from '../fakes/doors.ts'
import { aContainer, aProject, aService, aVolume, nothingInIt, now, someContents } from '../fakes/facts.ts'
import { aFinding, aRestorePoint, aVolume as aHolding } from '../fakes/question.ts'

const data = '/var/lib/postgresql/data'
const shop = {
  services: [
    aService('db', { image: 'postgres:15.6', mounts: [`pgdata:${data}`], stopGracePeriod: 60_000 }),
    aService('web'),
  ],
  containers: [aContainer('db', { image: 'postgres:15.6', mounts: [`shop_pgdata:${data}`] })],
  volumes: [aVolume('shop_pgdata')],
}
const proof = {
  level: 'boot',
  at: '2026-11-20T18:00:00.000Z',
  milliseconds: 1,
  well: true,
  checks: [],
} as const
const fresh = aRestorePoint({ finishedAt: '2026-11-23T18:00:00.000Z' }, { verified: proof })

function examined(change: Partial<CheckUp> = {}): readonly Check[] {
  return checkUp({
    facts: aProject(shop),
    findings: [],
    points: [fresh],
    lookAlikes: [],
    survey: { schedules: ['/etc/cron.d/shop'], free: 212_000_000_000, doors: aDoorSurvey() },
    elsewhere: null,
    policy: { maxAge: 6 * 3_600_000 },
    now,
    line: (...words) => `safe-compose ${words.join(' ')}`,
    ...change,
  })
}

function check(id: string, change: Partial<CheckUp>): Check | undefined {
  return examined(change).find(each => each.id === id)
}

describe('a project that is well', () => {
  test('has nothing to mend', () => {
    const checks = examined()
    expect(checks.filter(each => each.health !== 'well')).toEqual([])
    expect(checks.every(each => each.mend === null && each.found !== '')).toBe(true)
    expect(worstHealth(checks)).toBe('well')
  })
})

test('the disk of this machine says nothing of a store elsewhere', () => {
  const survey = { schedules: ['x'], free: 1_000_000, doors: aDoorSurvey() }
  expect(check('room', { survey, elsewhere: 'restic:sftp:me@nas:/repo' })).toMatchObject({
    health: 'well',
    found: 'kept in restic:sftp:me@nas:/repo, whose room is not seen from here',
  })
})

describe('what is not well', () => {
  const warning = { warning: true, because: 'pgdata follows the name of the directory' } as const

  test.each([
    [
      'pinned',
      { findings: [aFinding(aHolding('x'), { rule: 'unpinned-name', ...warning })] },
      'warning',
      'safe-compose pin',
    ],
    [
      'in-place',
      { findings: [aFinding(aHolding('x'), { rule: 'delayed-fuse', outcome: 'orphaned' as const })] },
      'critical',
      'safe-compose explain delayed-fuse',
    ],
    ['restore-point', { points: [] }, 'critical', 'safe-compose backup'],
    ['restore-point', { now: new Date('2026-11-24T20:00:00.000Z') }, 'warning', 'safe-compose backup'],
    [
      'whole',
      {
        points: [aRestorePoint({ id: 'broken' }, { state: 'damaged' as const, damage: 'a file is missing' })],
      },
      'critical',
      'safe-compose show broken',
    ],
    [
      'schedule',
      { survey: { schedules: [], free: 1e12, doors: aDoorSurvey() } },
      'critical',
      'safe-compose schedule install',
    ],
    ['schedule', { survey: { schedules: null, free: 1e12, doors: aDoorSurvey() } }, 'unknown', null],
    [
      'room',
      { survey: { schedules: ['x'], free: 300_000_000, doors: aDoorSurvey() } },
      'critical',
      'make room, or choose another place: store: /mnt/big',
    ],
    [
      'doors',
      { survey: { schedules: ['x'], free: 1e12, doors: aDoorSurvey({ plugins: [] }) } },
      'warning',
      'safe-compose install plugin',
    ],
    [
      'look-alikes',
      { lookAlikes: [{ volume: aVolume('old_pgdata'), contents: someContents() }] },
      'warning',
      'if it is the lost one: safe-compose adopt old_pgdata',
    ],
  ] as const)('%s, and the command that mends it', (id, change, health, mend) => {
    expect(check(id, change)).toMatchObject({ health, mend })
  })

  test('a restore point that was not proven for a month, or never', () => {
    const tried = (change: Partial<Verification>): CheckUp['points'] => [
      aRestorePoint({ id: 'newer' }),
      aRestorePoint({ id: 'tried' }, { verified: { ...proof, ...change } }),
    ]
    expect(check('verified', { points: tried({}) })).toMatchObject({
      title: 'verified, last 30 days',
      health: 'well',
      found: 'tried, 3 d ago',
      mend: null,
    })
    const old = { points: tried({ at: '2026-10-20T18:00:00.000Z' }) }
    expect(check('verified', old)).toMatchObject({
      health: 'warning',
      found: 'tried, 34 d ago',
      mend: 'safe-compose verify',
    })
    for (const points of [tried({ level: 'read' }), tried({ well: false })])
      expect(check('verified', { points })).toMatchObject({ health: 'warning', found: 'never' })
    expect(check('verified', { points: [] })).toBeUndefined()
    expect(check('verified', { facts: aProject({ services: [aService('web')] }) })).toBeUndefined()
  })

  test('an empty look-alike is none', () => {
    const lookAlikes = [{ volume: aVolume('old_pgdata'), contents: nothingInIt }]
    expect(check('look-alikes', { lookAlikes })?.health).toBe('well')
  })

  test('a server that is given no time to stop, or was killed', () => {
    const [db, web] = shop.services
    const hasty = aProject({
      ...shop,
      services: [{ ...db, stopGracePeriod: null }, web] as typeof shop.services,
    })
    expect(check('stop-grace-db', { facts: hasty })).toMatchObject({ health: 'warning', found: '10 s' })
    const killed = aProject({
      ...shop,
      containers: [aContainer('db', { state: 'exited', details: { exitCode: 137 } })],
    })
    expect(check('stop-grace-db', { facts: killed })?.found).toContain('it was killed')
    expect(check('stop-grace-web', { facts: hasty })).toBeUndefined()
  })

  test('a writer of another project, but not a reader', () => {
    const theirs = (mode: string): CheckUp['facts'] =>
      aProject({
        ...shop,
        containers: [aContainer('reports', { project: 'other', mounts: [`shop_pgdata:/in${mode}`] })],
      })
    expect(check('shared', { facts: theirs('') })).toMatchObject({
      health: 'warning',
      found: 'also by other-reports-1 (shop_pgdata)',
    })
    expect(check('shared', { facts: theirs(':ro') })?.health).toBe('well')
  })

  test('mends by itself only what needs no knowledge of the project', () => {
    const findings = ['unpinned-name', 'delayed-fuse'].map(rule =>
      aFinding(aHolding('x'), { rule, outcome: 'orphaned' }),
    )
    const checks = examined({
      findings,
      points: [],
      survey: { schedules: [], free: 0, doors: aDoorSurvey({ plugins: [] }) },
    })
    expect(checks.flatMap(({ id, fix }) => (fix === null ? [] : [[id, fix]]))).toEqual([
      ['pinned', 'pin'],
      ['restore-point', 'backup'],
    ])
    expect(examined().every(({ fix }) => fix === null)).toBe(true)
  })

  test('the worst counts, and what cannot be told is not the worst', () => {
    const of = (health: Check['health']): Check => ({
      id: '',
      title: '',
      health,
      found: '',
      mend: null,
      fix: null,
    })
    expect(worstHealth([of('well'), of('unknown')])).toBe('unknown')
    expect(worstHealth([of('warning'), of('unknown')])).toBe('warning')
    expect(worstHealth([of('critical'), of('warning')])).toBe('critical')
  })
})

test('every rule that the checklist goes through is one', () => {
  expect(rulesInCheckUp.length).toBeGreaterThan(20)
  expect(rulesInCheckUp.filter(rule => !ruleIds.includes(rule))).toEqual([])
})

describe('look-alikes', () => {
  const stranger = aVolume('old_pgdata', { labels: { 'com.docker.compose.volume': 'pgdata' } })

  test('are volumes of the same key that nobody uses', () => {
    const facts = aProject({ ...shop, volumes: [...shop.volumes, stranger, aVolume('old_other')] })
    expect(lookAlikeVolumes(facts).map(volume => volume.name)).toEqual(['old_pgdata'])
  })

  test('are none that somebody uses, whoever', () => {
    const user = aContainer('db', { project: 'old', mounts: [`old_pgdata:${data}`] })
    const facts = aProject({
      ...shop,
      containers: [...shop.containers, user],
      volumes: [...shop.volumes, stranger],
    })
    expect(lookAlikeVolumes(facts)).toEqual([])
  })
})

test('the checklist is a table with a sum', () => {
  const checks: readonly Check[] = [
    {
      id: 'a',
      title: 'volumes pinned',
      health: 'critical',
      found: 'pgdata is not',
      mend: 'safe-compose pin',
      fix: 'pin',
    },
    { id: 'b', title: 'room', health: 'well', found: '212 GB free', mend: null, fix: null },
  ]
  expect(openTables({ width: null, home: null }).doctor(checks)).toBe(
    [
      '✗ volumes pinned   pgdata is not   → safe-compose pin',
      '✔ room             212 GB free',
      '1 well, 1 to mend',
      '',
    ].join('\n'),
  )
})
