import { describe, expect, test } from 'vitest'
import { decide } from '../../src/core/decision.ts'
import { defaultPolicy } from '../../src/core/policy.ts'
import type { Audience } from '../../src/model/decision.ts'
import { alarmLines, foundLines, refusedLines } from '../../src/ui/messages.ts'
import { aDecision, aStake, ago, anIncident, evening } from '../fakes/question.ts'

const up = ['compose', 'up', '-d']
const setting = { now: evening, isTerminal: true, command: up }

const incident = anIncident()
const { finding, contents } = incident.stake

function screen(lines: readonly string[]): string {
  return `\n${lines.join('\n')}\n`
}

describe('the incident: an empty volume in place of the data', () => {
  test('a person sees both volumes, and why', () => {
    const decision = aDecision({ stakes: [incident] })
    const found = {
      type: 'found',
      decision,
      project: 'shop-v2',
      command: up,
      newest: null,
      kept: [],
    } as const
    expect(screen(foundLines(found, setting))).toBe(`
safe-compose: db would start on a NEW, EMPTY volume, and its data is in another place

  would be used    shop-v2_pgdata   does not exist yet
  holds the data   shop_pgdata      PostgreSQL 15   1.2 GB   last write 14 min ago

  why: this project was called "shop" until 14 min ago; now it is "shop-v2"
       shop_pgdata: label com.docker.compose.project=shop

`)
  })

  test('a script is refused, with the commands', () => {
    const stakes = [
      aStake(finding, contents, { verdict: 'refuse', why: 'nobody is there to decide', backUp: false }),
    ]
    const decision = aDecision({ verdict: 'refuse', stakes })
    const refused = {
      type: 'refused',
      decision,
      code: null,
      anotherProject: 'shares-data',
      project: 'shop-v2',
      command: up,
    } as const
    expect(screen(refusedLines(refused, setting))).toBe(`
safe-compose: refused: \`up -d\` would start db on shop-v2_pgdata, which does not exist yet; its data is in shop_pgdata (PostgreSQL 15, 1.2 GB, last write 14 min ago).
  why: this project was called "shop" until 14 min ago; now it is "shop-v2"
       shop_pgdata: label com.docker.compose.project=shop
  Nothing was changed. Refused because nobody is there to decide.
  Use the old data:       safe-compose adopt shop_pgdata --as pgdata  (writes \`name: shop_pgdata\` into the Compose file)
  Use it this time only:  docker compose -p shop up -d
  On purpose:        safe-compose --safe-allow project-name-changed up -d
`)
  })

  test.each([
    ['person', { kind: 'person' }, 'ask'],
    ['script', { kind: 'script', ci: null }, 'refuse'],
    ['agent', { kind: 'agent', name: 'a', variable: 'A' }, 'refuse'],
  ] as const)('%s: %j leads to %s, and nothing is copied: nothing touches it', (_, audience, verdict) => {
    expect(decided(audience)).toMatchObject({ verdict, stakes: [{ backUp: false }] })
  })

  test('--safe-allow lets a script start empty', () => {
    expect(decided({ kind: 'script', ci: null }, ['project-name-changed'])).toMatchObject({
      stakes: [{ backUp: false, why: 'allowed by --safe-allow project-name-changed' }],
    })
  })
})

function decided(audience: Audience, allow: readonly string[] = []): ReturnType<typeof decide> {
  return decide({
    stakes: [{ finding, contents }],
    policy: { ...defaultPolicy, allow },
    audience,
    restorePoints: [],
    created: [],
    approval: null,
    now: evening,
    volumes: [],
  })
}

describe('the alarm after the fact', () => {
  const before = {
    type: 'volume',
    name: 'shop_pgdata',
    createdAt: '2026-11-01T08:00:00Z',
    destination: '/var/lib/postgresql/data',
    database: 'PostgreSQL 15',
    identity: '7316000000000000904',
  } as const
  const now = { ...before, name: 'shop_pgdata2', createdAt: ago(9000), identity: '7551000000000000117' }

  test('says what was, what is, and how to stop the writing', () => {
    const alarm = { service: 'db', before, now }
    const wayBack = ['adopt', 'shop_pgdata', '--as', 'pgdata']
    const event = { type: 'alarm', alarm, wayBack, project: 'shop', command: up } as const
    expect(screen(alarmLines(event, setting))).toBe(`
safe-compose: ALERT  db came up on a fresh database
  before   shop_pgdata    PostgreSQL 15, cluster 7316…904
  now      shop_pgdata2   PostgreSQL 15, cluster 7551…117, created 9 s ago
  Stop writing to it:  docker compose stop db
  Look:                safe-compose recover
  Get the old back:    safe-compose adopt shop_pgdata --as pgdata
`)
  })
})
