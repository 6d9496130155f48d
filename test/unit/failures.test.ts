import { describe, expect, test } from 'vitest'
import type { Failure } from '../../src/model/failure.ts'
import { failedLines } from '../../src/ui/failures.ts'
import { downV } from '../fakes/question.ts'

function told(failure: Failure, kind: 'guarded' | 'own', running: readonly string[] = []): string {
  const command = kind === 'guarded' ? downV : ['backup']
  return `\n${failedLines({ type: 'failed', failure, kind, command }, running).join('\n')}\n`
}

const noSpace: Failure = {
  reason: 'no-space',
  path: '/var/backups',
  free: 412_000_000,
  needed: 900_000_000,
  holding: 'shop_pgdata',
  written: 812_000_000,
}

describe('a guarded command that did not run', () => {
  test('no room for the backup, and what was stopped runs again', () => {
    expect(told(noSpace, 'guarded', ['db', 'redis'])).toBe(`
safe-compose: NOT run: \`docker compose down -v\`
  the backup of shop_pgdata failed after 812 MB: no space left on /var/backups (412 MB free, about 900 MB needed)
  db and redis were stopped for the copy and are running again. Nothing was deleted.
  make room, or choose another place:  safe-compose --safe-store /another/disk down -v
`)
  })

  test('no room from the start', () => {
    expect(told({ ...noSpace, written: 0, needed: null }, 'guarded', ['db'])).toBe(`
safe-compose: NOT run: \`docker compose down -v\`
  the backup of shop_pgdata was not begun: no space left on /var/backups (412 MB free)
  db was stopped for the copy and is running again. Nothing was deleted.
  make room, or choose another place:  safe-compose --safe-store /another/disk down -v
`)
  })

  test.each<[Failure, string, string]>([
    [
      { reason: 'backup-failed', holding: 'shop_pgdata', why: 'the volume is gone', how: 'run it again' },
      'the backup of shop_pgdata failed: the volume is gone',
      'run it again',
    ],
    [
      { reason: 'store-unusable', path: '/mnt', why: 'it is read-only', how: 'mount it writable' },
      'the store /mnt cannot be used: it is read-only',
      'mount it writable\n  or choose another place:  safe-compose --safe-store /another/disk down -v',
    ],
    [
      { reason: 'locked', by: 'pid 7 on web1', how: 'docker rm safe-compose-lock-1' },
      'another run is at work on this project: pid 7 on web1',
      'docker rm safe-compose-lock-1',
    ],
    [
      { reason: 'engine-unreachable', host: 'tcp://far:2376', why: 'connection refused' },
      'the Docker engine at tcp://far:2376 does not answer: connection refused',
      'see whether it runs (docker info), and whether it is the one you mean (docker context ls)',
    ],
    [
      { reason: 'bad-engine-endpoint', what: 'there is no context far', how: 'docker context ls' },
      'there is no context far',
      'docker context ls',
    ],
    [
      { reason: 'not-possible', what: 'db does not stop', how: 'docker stop db' },
      'db does not stop',
      'docker stop db',
    ],
  ])('$reason', (failure, what, how) => {
    expect(told(failure, 'guarded')).toBe(`
safe-compose: NOT run: \`docker compose down -v\`
  ${what}
  Nothing was deleted.
  ${how}
`)
  })
})

describe('everything else', () => {
  test.each<[Failure, string[]]>([
    [
      { reason: 'compose-not-found', looked: ['/usr/libexec/docker/cli-plugins', 'PATH'] },
      [
        'safe-compose: no Docker Compose was found',
        '  looked at: /usr/libexec/docker/cli-plugins, PATH',
        '  install Docker Compose, or name it: SAFE_COMPOSE_DOCKER_COMPOSE=/path/to/docker-compose',
      ],
    ],
    [
      { reason: 'compose-not-executable', path: '/opt/compose', why: 'permission denied' },
      [
        'safe-compose: /opt/compose cannot be run: permission denied',
        '  SAFE_COMPOSE_DOCKER_COMPOSE names it: correct that, or unset it to use the one that is installed',
      ],
    ],
    [
      { reason: 'bad-usage', what: 'there is no option --safe-ye', how: 'did you mean --safe-yes?' },
      ['safe-compose: there is no option --safe-ye', '  did you mean --safe-yes?'],
    ],
    [
      {
        reason: 'bad-configuration',
        file: '/srv/shop/.safe-compose.yaml',
        line: 3,
        key: 'keep.last',
        what: '1.5 is not a whole number',
        how: 'write a number, 1 or more',
      },
      [
        'safe-compose: /srv/shop/.safe-compose.yaml:3: keep.last: 1.5 is not a whole number',
        '  write a number, 1 or more',
      ],
    ],
    [
      {
        reason: 'bad-configuration',
        file: '/c.yaml',
        line: null,
        key: null,
        what: 'there is no such file',
        how: 'x',
      },
      ['safe-compose: /c.yaml: there is no such file', '  x'],
    ],
    [
      { reason: 'refused', why: 'nobody is there to decide' },
      ['safe-compose: refused: nobody is there to decide', '  Nothing was changed.'],
    ],
    [{ reason: 'declined' }, ['safe-compose: stopped. Nothing was changed.']],
    [
      { reason: 'interrupted', signal: 'SIGINT' },
      ['safe-compose: ended by Ctrl-C before Compose ran. Nothing was deleted.'],
    ],
    [
      { reason: 'interrupted', signal: 'SIGTERM' },
      ['safe-compose: ended by SIGTERM before Compose ran. Nothing was deleted.'],
    ],
  ])('the same for guarded commands: %j', (failure, lines) => {
    expect(failedLines({ type: 'failed', failure, kind: 'guarded', command: downV }, [])).toEqual(lines)
  })

  test.each<[Failure, string[]]>([
    [
      noSpace,
      [
        'safe-compose: the backup of shop_pgdata failed after 812 MB: no space left on /var/backups (412 MB free, about 900 MB needed)',
        '  make room, or choose another place:  safe-compose --safe-store /another/disk backup',
      ],
    ],
    [
      { ...noSpace, holding: null },
      [
        'safe-compose: no space left on /var/backups (412 MB free, about 900 MB needed)',
        '  make room, or choose another place:  safe-compose --safe-store /another/disk backup',
      ],
    ],
    [
      { reason: 'restore-point-not-found', id: '2026', candidates: ['20261123T1-a', '20261123T2-b'] },
      [
        'safe-compose: several restore points begin with 2026: 20261123T1-a and 20261123T2-b',
        '  all are listed by:  safe-compose backups',
      ],
    ],
    [
      { reason: 'restore-point-not-found', id: 'nope', candidates: ['20261123T1-a'] },
      [
        'safe-compose: there is no restore point nope',
        '  there are: 20261123T1-a',
        '  all are listed by:  safe-compose backups',
      ],
    ],
    [
      { reason: 'restore-point-not-found', id: 'nope', candidates: [] },
      ['safe-compose: there is no restore point nope', '  all are listed by:  safe-compose backups'],
    ],
    [
      { reason: 'archive-damaged', path: '/s/a.tar.zst', why: 'it ends too early' },
      [
        'safe-compose: the archive /s/a.tar.zst is damaged: it ends too early',
        '  nothing was restored from it; choose another restore point:  safe-compose backups',
      ],
    ],
    [
      {
        reason: 'manifest-unreadable',
        path: '/s/manifest.json',
        why: 'it has format 99',
        how: 'use a newer version',
      },
      [
        'safe-compose: the manifest /s/manifest.json cannot be read: it has format 99',
        '  use a newer version',
      ],
    ],
    [
      {
        reason: 'restore-failed',
        holding: 'shop_pgdata',
        why: 'the engine stopped',
        how: 'what stood there was put back',
      },
      [
        'safe-compose: the restore of shop_pgdata failed: the engine stopped',
        '  what stood there was put back',
      ],
    ],
    [{ reason: 'interrupted', signal: 'SIGTERM' }, ['safe-compose: ended by SIGTERM']],
    [
      { reason: 'nothing-to-undo', why: 'down -v was already undone' },
      [
        'safe-compose: nothing to undo: down -v was already undone',
        '  restore points are listed by:  safe-compose backups',
      ],
    ],
  ])('our own commands: %j', (failure, lines) => {
    expect(failedLines({ type: 'failed', failure, kind: 'own', command: ['backup'] }, [])).toEqual(lines)
  })

  test('nothing from outside is printed raw', () => {
    const text = told({ reason: 'backup-failed', holding: 'a\u001B[2J', why: 'b\nc', how: 'd\u202E' }, 'own')
    expect(text).toBe('\nsafe-compose: the backup of a\\x1b[2J failed: b\\nc\n  d\\u202e\n')
  })
})
