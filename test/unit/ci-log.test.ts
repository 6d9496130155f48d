import { Writable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import type { Event } from '../../src/model/event.ts'
import { ciReporter } from '../../src/ui/ci.ts'
import { githubLog } from '../../src/ui/github-log.ts'
import { gitlabLog } from '../../src/ui/gitlab-log.ts'
import { logFormOf } from '../../src/ui/log-form.ts'
import type { LogForm } from '../../src/ui/log-form.ts'
import {
  aDecision,
  aFinding,
  aRestorePoint,
  aStake,
  aVolume,
  downV,
  evening,
  shopStakes,
} from '../fakes/question.ts'

const point = aRestorePoint({ id: '20261123T201631Z-preflight-down' })
const stakes = shopStakes({ verdict: 'back-up' })
const found: Event = {
  type: 'found',
  decision: aDecision({ verdict: 'back-up', stakes }),
  project: 'shop',
  command: downV,
  newest: null,
  kept: [],
}
const stopped: Event = {
  type: 'stopped',
  containers: [],
  why: 'nothing may be written after the copy',
}
const saved: Event = {
  type: 'saved',
  manifest: point.manifest,
  bytes: 1_200_000_000,
  stored: 310_000_000,
  milliseconds: 5200,
}
const starts: Event = { type: 'compose-starts', argv: downV }
const ended: Event = {
  type: 'compose-ended',
  exitCode: 0,
  gone: [aVolume('shop_pgdata')],
  kept: [],
  restorePoint: point.id,
  audience: 'script',
}

async function logged(form: LogForm, ...events: readonly Event[]): Promise<readonly string[]> {
  let printed = ''
  const stderr = new Writable({
    write: (chunk: Buffer, _, done) => {
      printed += String(chunk)
      done()
    },
  })
  const reporter = await ciReporter({ stderr, form, verbose: false, now: () => evening })
  for (const event of events) reporter.say(event)
  reporter.quiet()
  expect(printed === '' || printed.endsWith('\n')).toBe(true)
  return printed.split('\n').slice(0, -1)
}

test('the form is that of the system whose variable is true', () => {
  expect(logFormOf({ GITHUB_ACTIONS: 'true', CI: 'true' })).toBe(githubLog)
  expect(logFormOf({ GITLAB_CI: 'true' })).toBe(gitlabLog)
  for (const variables of [{}, { CI: 'true' }, { GITHUB_ACTIONS: 'false' }, { GITHUB_ACTIONS: '' }])
    expect(logFormOf(variables)).toBeNull()
})

describe('GitHub Actions', () => {
  test('a guarded command: what was found folds, what was saved and the way back are seen', async () => {
    expect(await logged(githubLog, found, stopped, saved, starts, ended)).toEqual([
      '::group::safe-compose: down -v deletes shop_pgdata (PostgreSQL 15, 1.2 GB) and shop_redis (Redis 7, 38 MB)',
      '  stopped      (nothing may be written after the copy)',
      '::endgroup::',
      'safe-compose: saved 20261123T201631Z-preflight-down in 5.2 s; undo with: safe-compose undo 20261123T201631Z-preflight-down',
      '::notice title=safe-compose::deleted 1 volume. Bring it back with: safe-compose undo 20261123T201631Z-preflight-down',
    ])
  })

  test('a warning is one annotation with all that belongs to it', async () => {
    const finding = aFinding(aVolume('shop_pgdata'), {
      rule: 'floating-tag',
      outcome: 'recreated',
      warning: true,
      because: 'db follows postgres:latest',
      instead: 'image: postgres:15',
    })
    const decision = aDecision({ verdict: 'warn', stakes: [aStake(finding, null, { verdict: 'warn' })] })
    expect(
      await logged(githubLog, { ...found, decision }, { type: 'warning', text: '100 % of\nit' }),
    ).toEqual([
      '::warning title=safe-compose::db follows postgres:latest%0A  instead:  image: postgres:15',
      String.raw`::warning title=safe-compose::100 %25 of\nit`,
    ])
  })

  test('a failure ends what is open and is one annotation', async () => {
    const failed: Event = {
      type: 'failed',
      kind: 'guarded',
      command: downV,
      failure: { reason: 'backup-failed', holding: 'shop_pgdata', why: 'no space left', how: 'make room' },
    }
    expect(await logged(githubLog, found, failed)).toEqual([
      expect.stringMatching(/^::group::/),
      '::endgroup::',
      [
        '::error title=safe-compose::NOT run: `docker compose down -v`',
        '  the backup of shop_pgdata failed: no space left',
        '  Nothing was deleted.',
        '  make room',
      ].join('%0A'),
    ])
  })

  test('a refusal is an error, said once', async () => {
    const decision = aDecision({ verdict: 'refuse', stakes: shopStakes({ verdict: 'refuse' }) })
    const lines = await logged(
      githubLog,
      { type: 'refused', decision, code: null, anotherProject: null, project: 'shop', command: downV },
      { type: 'failed', kind: 'guarded', command: downV, failure: { reason: 'refused', why: 'data' } },
    )
    expect(lines).toEqual([
      expect.stringMatching(/^::error title=safe-compose::refused: `down -v` would delete .*%0A/),
    ])
  })

  test('no name from a file is a command to the runner', async () => {
    const restored = (name: string): Event => ({ type: 'recovered', what: 'cleared', details: [name] })
    expect(await logged(githubLog, restored('::stop-commands::x'), restored('a ##[add-mask]b'))).toEqual([
      'safe-compose: cleared away what it left',
      String.raw`  \x3a:stop-commands::x`,
      'safe-compose: cleared away what it left',
      String.raw`  a ##\x5badd-mask]b`,
    ])
    const name = 'x\n::error::owned'
    expect(await logged(githubLog, { type: 'warning', text: name })).toEqual([
      String.raw`::warning title=safe-compose::x\n::error::owned`,
    ])
  })

  test('undo and restore fold between their first line and their last', async () => {
    const begin: Event = {
      type: 'undo',
      step: 'begin',
      details: ['down -v', point.id, evening.toISOString()],
    }
    const lines = await logged(
      githubLog,
      begin,
      { type: 'restore', step: 'begin', holding: null, details: ['shop_pgdata'] },
      { type: 'undo', step: 'done', details: ['db'] },
    )
    expect(lines).toEqual([
      expect.stringMatching(/^::group::safe-compose: undo/),
      'safe-compose: restoring shop_pgdata',
      '::endgroup::',
      'safe-compose: undone; running again: db',
    ])
  })
})

describe('GitLab CI', () => {
  test('the same lines, folded in a section', async () => {
    const at = Math.floor(evening.getTime() / 1000)
    const name = `safe_compose_${evening.getTime()}`
    expect(await logged(gitlabLog, found, saved, starts, ended)).toEqual([
      `\u001b[0Ksection_start:${at}:${name}\r\u001b[0Ksafe-compose: down -v deletes shop_pgdata (PostgreSQL 15, 1.2 GB) and shop_redis (Redis 7, 38 MB)`,
      `\u001b[0Ksection_end:${at}:${name}\r\u001b[0K`,
      'safe-compose: saved 20261123T201631Z-preflight-down in 5.2 s; undo with: safe-compose undo 20261123T201631Z-preflight-down',
      'safe-compose: deleted 1 volume. Bring it back with: safe-compose undo 20261123T201631Z-preflight-down',
    ])
    expect(await logged(gitlabLog, { type: 'warning', text: 'look' })).toEqual([
      'safe-compose: warning: look',
    ])
  })
})
