import { describe, expect, test } from 'vitest'
import type { DecidedStake } from '../../src/model/decision.ts'
import type { Event } from '../../src/model/event.ts'
import type { Setting } from '../../src/ui/messages.ts'
import {
  backupSparedLines,
  composeEndedLines,
  copiedLines,
  foundLines,
  planLines,
  recoveredLines,
  refusedLines,
  restoreLines,
  resumedLines,
  savedLines,
  stoppedLines,
  undoLines,
  warningLines,
} from '../../src/ui/messages.ts'
import {
  aDecision,
  aFinding,
  aForecast,
  aPlan,
  aRecord,
  aRestorePoint,
  aStake,
  aVolume,
  ago,
  downV,
  evening,
  minutes,
  shopStakes,
  someContents,
} from '../fakes/question.ts'
import type { EventOf } from '../fakes/question.ts'

const onTerminal: Setting = { now: evening, isTerminal: true, command: downV }
const inLog: Setting = { ...onTerminal, isTerminal: false }

function found(change: Partial<EventOf<'found'>> = {}): EventOf<'found'> {
  return {
    type: 'found',
    decision: aDecision(),
    project: 'shop',
    command: downV,
    newest: aRestorePoint(),
    kept: [],
    ...change,
  }
}

function refused(change: Partial<EventOf<'refused'>> = {}): EventOf<'refused'> {
  return {
    type: 'refused',
    decision: aDecision({
      verdict: 'refuse',
      stakes: shopStakes({ verdict: 'refuse', why: 'an agent may not destroy data', backUp: false }),
    }),
    code: 'K7-2Q9',
    anotherProject: 'keeps-apart',
    project: 'shop',
    command: downV,
    ...change,
  }
}

function screen(lines: readonly string[]): string {
  return `\n${lines.join('\n')}\n`
}

describe('down -v at a terminal', () => {
  test('what goes, how much of it, how fresh, what stays, and the newest backup', () => {
    const kept = [{ name: 'shop_uploads', why: 'external' }]
    expect(screen(foundLines(found({ kept }), onTerminal))).toBe(`
safe-compose: this deletes 2 volumes of project shop

  shop_pgdata   PostgreSQL 15   1.2 GB   last write 2 min ago
  shop_redis    Redis 7         38 MB    last write just now
  kept: shop_uploads (external)

  newest good backup of these: 9 h ago (20261123T111500Z-schedule)

`)
  })

  test('who uses it, what is not known, what is not copied', () => {
    const holding = aVolume('shop_pgdata')
    const decision = aDecision({
      stakes: [
        aStake(
          aFinding(holding, { usedBy: ['db', 'container reports-1'] }),
          someContents({ label: 'PostgreSQL 15' }),
        ),
      ],
      spared: [
        { stake: { finding: aFinding(aVolume('shop_tmp')), contents: null }, why: 'it is empty' },
        {
          stake: { finding: aFinding(aVolume('shop_web'), { outcome: 'recreated' }), contents: null },
          why: 'its data is kept',
        },
      ],
    })
    expect(screen(foundLines(found({ decision, newest: null }), onTerminal))).toBe(`
safe-compose: this deletes 1 volume of project shop

  shop_pgdata   PostgreSQL 15   size unknown   used by db and container reports-1
  not backed up: shop_tmp (it is empty)

  there is no backup of this yet

`)
  })

  test('a backup that holds only a part of it says so', () => {
    const newest = aRestorePoint({ holdings: [aRecord(aVolume('shop_pgdata'))] })
    expect(foundLines(found({ newest }), onTerminal)).toContain(
      '  newest good backup: 9 h ago (20261123T111500Z-schedule), without shop_redis',
    )
    const other = aRestorePoint({ holdings: [aRecord(aVolume('shop_other'))] })
    expect(foundLines(found({ newest: other }), onTerminal)).toContain(
      '  there is no backup of this yet; the newest of the project: 9 h ago (20261123T111500Z-schedule)',
    )
  })

  test('a name cannot write on the screen', () => {
    const holding = aVolume('evil\u001B[2J\nsafe-compose: all is well')
    const decision = aDecision({
      stakes: [aStake(aFinding(holding), someContents({ label: 'Post\u0007gres', bytes: 5 }))],
    })
    const text = screen(foundLines(found({ decision, newest: null, project: 'a\u009Bb' }), onTerminal))
    expect(text).toContain('  evil\\x1b[2J\\nsafe-compose: all is well   Post\\x07gres   5 B')
    expect(text).toContain('project a\\x9bb')
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
  })
})

describe('other losses', () => {
  const anonymous = {
    kind: 'anonymous',
    name: 'f'.repeat(64),
    createdAt: '2026-11-01T08:00:00Z',
    service: 'db',
    number: 1,
    path: '/var/lib/postgresql/data',
    container: 'c1',
  } as const

  test('left behind: why, and what proves it', () => {
    const finding = aFinding(anonymous, {
      rule: 'anonymous-data',
      outcome: 'orphaned',
      because: 'down leaves the data of db in an anonymous volume that nothing points to any more',
      evidence: ['container shop-db-1 mounts it'],
    })
    const contents = someContents({ label: 'PostgreSQL 15', bytes: 1_200_000_000 })
    const decision = aDecision({
      verdict: 'back-up',
      stakes: [aStake(finding, contents, { verdict: 'back-up' })],
    })
    expect(screen(foundLines(found({ decision, newest: null }), onTerminal))).toBe(`
safe-compose: this leaves 1 volume of project shop behind: nothing will point to it any more

  db:/var/lib/postgresql/data   PostgreSQL 15   1.2 GB

  why: down leaves the data of db in an anonymous volume that nothing points to any more
       container shop-db-1 mounts it

  there is no backup of this yet

`)
    expect(foundLines(found({ decision, command: ['compose', 'down'] }), inLog)).toEqual([
      'safe-compose: down leaves db:/var/lib/postgresql/data (PostgreSQL 15, 1.2 GB) behind: nothing will point to it any more',
    ])
  })

  test('a recreated service is one line', () => {
    const because = 'db will be recreated (image postgres:15.4 → postgres:15.6); its volume stays'
    const finding = aFinding(aVolume('shop_pgdata'), {
      rule: 'stateful-recreate',
      outcome: 'recreated',
      because,
    })
    const decision = aDecision({
      verdict: 'back-up',
      stakes: [aStake(finding, null, { verdict: 'back-up' })],
    })
    for (const setting of [onTerminal, inLog]) {
      expect(foundLines(found({ decision }), setting)).toEqual([`safe-compose: ${because}`])
    }
  })

  test('a warning says what to do instead', () => {
    const finding = aFinding(aVolume('x'), {
      rule: 'run-anon',
      because: 'run --rm deletes its own anonymous volumes',
      instead: 'docker compose exec db psql',
      warning: true,
    })
    const decision = aDecision({
      verdict: 'warn',
      stakes: [aStake(finding, null, { verdict: 'warn', backUp: false })],
    })
    expect(foundLines(found({ decision }), onTerminal)).toEqual([
      'safe-compose: warning: run --rm deletes its own anonymous volumes',
      '  instead:  docker compose exec db psql',
    ])
  })

  test('what is said of several volumes in the same words is said once', () => {
    const stakes = ['shop_pgdata', 'shop_cache'].map(name => {
      const words = { rule: 'unpinned-name', because: 'both are unpinned', instead: 'name: shop' }
      return aStake(aFinding(aVolume(name), { ...words, warning: true }), null, {
        verdict: 'warn',
        backUp: false,
      })
    })
    expect(foundLines(found({ decision: aDecision({ verdict: 'warn', stakes }) }), inLog)).toEqual([
      'safe-compose: warning: both are unpinned',
      '  instead:  name: shop',
    ])
  })

  test('what goes without a copy is still said to go', () => {
    const decision = aDecision({ verdict: 'warn', stakes: shopStakes({ verdict: 'warn', backUp: false }) })
    expect(foundLines(found({ decision }), inLog)).toEqual([
      'safe-compose: down -v deletes shop_pgdata (PostgreSQL 15, 1.2 GB) and shop_redis (Redis 7, 38 MB)',
    ])
  })
})

describe('the same in CI', () => {
  test('one line before, one after the backup', () => {
    const decision = aDecision({ verdict: 'back-up', stakes: shopStakes({ verdict: 'back-up' }) })
    expect(foundLines(found({ decision }), inLog)).toEqual([
      'safe-compose: down -v deletes shop_pgdata (PostgreSQL 15, 1.2 GB) and shop_redis (Redis 7, 38 MB)',
    ])
    expect(savedLines(saved(), true, inLog)).toEqual([
      'safe-compose: saved 20261123T201631Z-preflight-down in 5.2 s; undo with: safe-compose undo 20261123T201631Z-preflight-down',
    ])
  })

  test('the way back names the same project', () => {
    const command = ['compose', '-p', 'my shop', '-f', 'a.yml', 'down', '-v']
    expect(savedLines(saved(), true, { ...inLog, command })[0]).toContain(
      "undo with: safe-compose -p 'my shop' -f a.yml undo 20261123T201631Z-preflight-down",
    )
  })
})

function saved(change: Partial<EventOf<'saved'>['manifest']> = {}): EventOf<'saved'> {
  return {
    type: 'saved',
    manifest: aRestorePoint({ id: '20261123T201631Z-preflight-down', ...change }).manifest,
    bytes: 1_200_000_000,
    stored: 310_000_000,
    milliseconds: 5200,
  }
}

describe('backups', () => {
  test('on a terminal', () => {
    expect(savedLines(saved(), true, onTerminal)).toEqual([
      '  saved       20261123T201631Z-preflight-down  (1.2 GB → 310 MB in 5.2 s, checked)',
    ])
    const copied: EventOf<'copied'> = {
      type: 'copied',
      holding: aVolume('shop_pgdata'),
      bytes: 1_200_000_000,
      stored: 310_000_000,
      milliseconds: 3100,
    }
    expect(copiedLines(copied, onTerminal)).toEqual(['  backed up   shop_pgdata  1.2 GB → 310 MB in 3.1 s'])
    expect(copiedLines(copied, inLog)).toEqual([
      'safe-compose: backed up shop_pgdata: 1.2 GB → 310 MB in 3.1 s',
    ])
  })

  test('by hand, and where nothing is destroyed, there is nothing to undo', () => {
    const line = 'safe-compose: saved 20261123T201631Z-preflight-down in 5.2 s (1.2 GB → 310 MB, checked)'
    expect(savedLines(saved({ reason: 'manual' }), true, { ...inLog, command: null })).toEqual([line])
    expect(savedLines(saved(), false, inLog)).toEqual([line])
  })

  test('a killed writer is told loudly', () => {
    const holdings = [{ ...aRecord(aVolume('shop_pgdata')), consistency: 'crash-consistent' as const }]
    expect(savedLines(saved({ holdings }), true, onTerminal)).toContain(
      'safe-compose: warning: a container did not stop in time and was killed: the copy of shop_pgdata is as after a crash',
    )
  })

  test('spared, stopped, running again', () => {
    const containers = [
      { service: 'db', name: 'shop-db-1' },
      { service: 'db', name: 'shop-db-2' },
      { service: null, name: 'stranger' },
    ] as unknown as EventOf<'stopped'>['containers']
    expect(backupSparedLines({ type: 'backup-spared', restorePoint: aRestorePoint() }, onTerminal)).toEqual([
      'safe-compose: saved 9 h ago already (20261123T111500Z-schedule): no new backup',
    ])
    expect(stoppedLines({ type: 'stopped', containers, why: 'for a cold copy' })).toEqual([
      '  stopped     db and stranger (for a cold copy)',
    ])
    expect(resumedLines({ type: 'resumed', containers })).toEqual(['  running     db and stranger again'])
  })
})

describe('typed by a coding agent', () => {
  test('refused, with the harmless way and the code', () => {
    const [pgdata] = shopStakes({ verdict: 'refuse', why: 'an agent may not destroy data', backUp: false })
    const decision = aDecision({ verdict: 'refuse', stakes: pgdata === undefined ? [] : [pgdata] })
    expect(
      screen(refusedLines(refused({ decision }), inLog)).replaceAll(/scratch-[0-9a-f]{4}/g, 'scratch-7f3a'),
    ).toBe(`
safe-compose: refused: \`down -v\` would delete shop_pgdata (PostgreSQL 15, 1.2 GB, last write 2 min ago).
  Nothing was changed. A person has to decide this.
  If the goal is a clean database for a test, use a project of its own, which deletes nothing:
      docker compose -p scratch-7f3a up -d        … and later: docker compose -p scratch-7f3a down -v
  To allow exactly this once, a person types at a terminal:  safe-compose approve K7-2Q9
`)
  })

  test('the harmless way uses the same files and another project; what was ignored is said', () => {
    const stakes = refused().decision.stakes.map(each => ({
      ...each,
      stake: {
        ...each.stake,
        finding: { ...each.stake.finding, instead: 'docker-compose -f a.yml -p shop down' },
      },
    }))
    const decision = aDecision({ verdict: 'refuse', stakes, ignored: ['--safe-yes', '--safe-no-backup'] })
    const command = ['-f', 'a.yml', '-p', 'shop', 'down', '-v']
    const lines = refusedLines(refused({ decision, command }), inLog)
    expect(lines).toContain('  Ignored, because a coding agent is at work: --safe-yes and --safe-no-backup')
    expect(lines).toContain('  Keeping the data:  docker-compose -f a.yml -p shop down')
    expect(lines.join('\n')).toMatch(
      /^ {6}docker-compose -f a\.yml -p (scratch-[0-9a-f]{4}) up -d {8}… and later: docker-compose -f a\.yml -p \1 down -v$/m,
    )
  })

  test('where another project would share the data, it is not recommended', () => {
    const lines = refusedLines(refused({ anotherProject: 'shares-data' }), inLog)
    expect(lines.join('\n')).not.toContain('scratch-')
    expect(lines).toContain(
      '  If the goal is a clean database for a test, it needs a Compose file of its own: with this one, other projects may share its data.',
    )
  })

  test('codes differ, and so do the projects', () => {
    const names = ['K7-2Q9', 'K7-2QA', '00-000'].map(
      code => /scratch-[0-9a-f]{4}/.exec(refusedLines(refused({ code }), inLog).join('\n'))?.[0],
    )
    expect(new Set(names).size).toBe(3)
  })
})

test('a refusal names what else is worth knowing about the volumes that would go, and about no others', () => {
  const remark = (name: string, because: string): DecidedStake =>
    aStake(aFinding(aVolume(name), { rule: 'down-in-parent', because, warning: true }), null, {
      verdict: 'warn',
      backUp: false,
    })
  const { decision } = refused()
  const stakes = [...decision.stakes, remark('shop_pgdata', 'it is another folder'), remark('x', 'not this')]
  const lines = refusedLines(refused({ decision: { ...decision, stakes } }), inLog)
  expect(lines).toContain('  why: it is another folder')
  expect(lines.join('\n')).not.toContain('not this')
})

test('refused in a script: why, the safe way, and how on purpose', () => {
  const finding = aFinding(
    { kind: 'directory', path: './out', version: '' },
    {
      rule: 'bridge-convert',
      because: 'bridge convert deletes ./out before it writes',
      instead: 'docker compose bridge convert -o ./other',
      canBackUp: false,
    },
  )
  const decision = aDecision({
    verdict: 'refuse',
    stakes: [aStake(finding, null, { verdict: 'refuse', why: 'no backup can be made of it', backUp: false })],
  })
  const command = ['compose', 'bridge', 'convert']
  expect(screen(refusedLines(refused({ decision, code: null, command }), inLog))).toBe(`
safe-compose: refused: \`bridge convert\` would delete ./out (size unknown).
  why: bridge convert deletes ./out before it writes
  No backup can be made of ./out.
  Nothing was changed. Refused because no backup can be made of it.
  Keeping the data:  docker compose bridge convert -o ./other
  On purpose:        safe-compose --safe-allow bridge-convert bridge convert
`)
})

describe('after Compose', () => {
  const ended: EventOf<'compose-ended'> = {
    type: 'compose-ended',
    exitCode: 0,
    gone: [aVolume('shop_pgdata'), aVolume('shop_redis')],
    kept: [],
    restorePoint: '20261123T201631Z-preflight-down',
    audience: 'person',
  }

  test.each<[string, Partial<typeof ended>, string[]]>([
    ['a person', {}, ['safe-compose: deleted 2 volumes. Bring them back with: safe-compose undo']],
    [
      'a script',
      { audience: 'script', gone: [aVolume('a')] },
      [
        'safe-compose: deleted 1 volume. Bring it back with: safe-compose undo 20261123T201631Z-preflight-down',
      ],
    ],
    ['nothing gone', { gone: [], kept: [aVolume('a')] }, []],
    ['no backup', { restorePoint: null }, ['safe-compose: deleted 2 volumes. There is no backup of them.']],
    [
      'half of it',
      { exitCode: 17, gone: [aVolume('a')], kept: [aVolume('b')] },
      [
        'safe-compose: Compose ended with 17: deleted 1 volume; b is still there. Bring it back with: safe-compose undo',
      ],
    ],
    [
      'what is no volume',
      { gone: [{ kind: 'layer', container: 'c', service: 'web', number: 1, path: '/data' }] },
      ['safe-compose: gone: web:/data. Bring it back with: safe-compose undo'],
    ],
  ])('%s', (_, change, lines) => {
    expect(composeEndedLines({ ...ended, ...change }, onTerminal)).toEqual(lines)
  })

  test('a run that died is told of', () => {
    const details = [
      'safe-compose down -v of 2026-11-23T20:00:00Z died before Compose ran: nothing was deleted',
    ]
    expect(recoveredLines({ type: 'recovered', what: 'rolled-back', details })).toEqual([
      'safe-compose: an earlier run had died; it was rolled back',
      `  ${details[0]}`,
    ])
  })
})

describe('undo and restore', () => {
  test('undo, step by step', () => {
    const steps: readonly EventOf<'undo'>[] = [
      {
        type: 'undo',
        step: 'begin',
        details: ['down -v', '20261123T201631Z-preflight-down', ago(4 * minutes)],
      },
      { type: 'undo', step: 'starting', details: ['db', 'redis'] },
      { type: 'undo', step: 'done', details: ['db', 'redis'] },
    ]
    expect(steps.flatMap(step => undoLines(step, onTerminal))).toEqual([
      'safe-compose: undo `down -v`, 4 min ago (20261123T201631Z-preflight-down)',
      '  starting    db, redis (running before)',
      'safe-compose: undone; running again: db and redis',
    ])
  })

  test('what could not be started is named with its command', () => {
    const details = ['the configuration of db has changed since', 'safe-compose up -d db']
    expect(undoLines({ type: 'undo', step: 'not-started', details }, inLog)).toEqual([
      'safe-compose: the data is back; nothing was started: the configuration of db has changed since',
      '  start it with:  safe-compose up -d db',
    ])
  })

  test('what is not back yet is said, with the way to it', () => {
    const details = ['db:/data: its container is gone', 'safe-compose up -d db', 'safe-compose undo 2026']
    expect(undoLines({ type: 'undo', step: 'not-started', details }, inLog)).toEqual([
      'safe-compose: not everything is back; nothing was started: db:/data: its container is gone',
      '  start it with:  safe-compose up -d db',
      '  then the rest:  safe-compose undo 2026',
    ])
  })

  test('restored, how much and how long', () => {
    const event: EventOf<'restore'> = {
      type: 'restore',
      step: 'restored',
      holding: aVolume('shop_pgdata'),
      details: ['1200000000', '3900', 'shop_pgdata'],
    }
    expect(restoreLines(event, onTerminal)).toEqual(['  restored    shop_pgdata  1.2 GB in 3.9 s, checked'])
    expect(restoreLines({ ...event, details: ['0', '900', 'copy'] }, inLog)).toEqual([
      'safe-compose: restored copy in 900 ms, checked (from shop_pgdata)',
    ])
  })
})

test('the dry run is the plan, and says that nothing was done', () => {
  const lines = planLines({ type: 'plan', forecast: aForecast(aPlan(aDecision())) })
  expect(lines[0]).toBe('safe-compose: project shop: nothing to do')
  expect(lines).toContain(
    'safe-compose itself: 2 destroyed; 2 backups first; you are asked before anything is done',
  )
  expect(lines.join('\n')).toContain('shop_pgdata')
  expect(lines.at(-1)).toBe('safe-compose: a dry run: nothing was changed, and Compose did not run')
})

test('a warning is one line, whatever is in it', () => {
  const event: Event = { type: 'warning', text: 'a\nb\u001B[31m' }
  expect(warningLines(event)).toEqual(['safe-compose: warning: a\\nb\\x1b[31m'])
})
