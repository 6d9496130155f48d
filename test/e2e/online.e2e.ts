import { join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, test } from 'vitest'
import type { Manifest } from '../../src/model/restore-point.ts'
import { needTools } from '../engine/apt.ts'
import { engineApi } from './engine-api.ts'
import { scripts, sqlite, transfers } from './loads.ts'
import { eventually, executable, scenario } from './scenario.ts'
import type { Scenario } from './scenario.ts'
import { backUpUnderLoad, underLoad } from './under-load.ts'

/**
 * MariaDB, Redis and Valkey copy their files themselves while they go on, SQLite is copied by what its program's image has.
 * PostgreSQL: databases.e2e.ts.
 */

async function newest(project: Scenario): Promise<Manifest> {
  const { stdout } = await project.safe(['backups', '--json'])
  const [first] = JSON.parse(stdout) as readonly Manifest[]
  if (first === undefined) throw new Error('there is no restore point')
  return first
}

/** No container and no volume in which a copy was prepared. What another test has killed goes with its next run. */
async function nothingIsLeft(): Promise<void> {
  await eventually(async () => (await engineApi().leftBehind()).length === 0)
}

/** Shell: whether what copies is at work in the container of `db`. */
const mariadbCopies = "grep -qs '^mariadb-backup$' /proc/[0-9]*/comm"
const redisCopies = 'grep -qsz ^SC_SNAPSHOT= /proc/[0-9]*/environ'

/** Kills a backup as soon as it is at work in the server's container, and waits until nothing of it is. */
async function killAtWork(project: Scenario, copies: string): Promise<void> {
  const child = execa(process.execPath, [executable, 'backup', '--no-dump'], {
    cwd: project.directory,
    env: project.variables,
    extendEnv: false,
    reject: false,
  })
  await project.inside('db', `timeout 60 sh -c "until ${copies}; do sleep 0.02; done"`)
  child.kill('SIGKILL')
  expect((await child).signal).toBe('SIGKILL')
  await eventually(() => project.inside('db', `! ${copies}`), 30)
}

describe('MariaDB', () => {
  const load = transfers('mariadb:10.11')
  const client = 'mariadb -uroot -psecret-word -N'

  test('copied while it is written to: one moment of it, with all that lies beside it', async () => {
    const project = await underLoad(load)
    await project.inside(
      'db',
      `cd /var/lib/mysql && echo hello > .my-healthcheck.cnf && chmod 600 .my-healthcheck.cnf &&
       echo hello > 'shop/read me.txt'`,
    )
    const point = await backUpUnderLoad(project, load)
    expect(point.holdings[0]).toMatchObject({ consistency: 'online', source: 'server' })
    expect(JSON.stringify(point)).not.toContain('secret-word')
    await nothingIsLeft()

    expect(await project.inside('db', `${client} shop -e 'select count(*) from bulk'`)).toBe('100000')
    expect(await project.inside('db', 'mariadb -ureader -panother-word -N shop -e "select 1"')).toBe('1')
    const checked = await project.inside('db', 'mariadb-check -uroot -psecret-word --all-databases')
    expect(checked.split('\n').filter(line => !line.endsWith('OK'))).toEqual([])
    expect(
      await project.inside(
        'db',
        `cd /var/lib/mysql && cat .my-healthcheck.cnf 'shop/read me.txt' && stat -c %a .my-healthcheck.cnf ibdata1 mysql`,
      ),
    ).toBe('hello\nhello\n600\n660\n700')
    // What the program needs for itself is no part of a data directory.
    expect(await project.inside('db', 'ls /var/lib/mysql | grep -e backup || echo none')).toBe('none')

    const verified = await project.safe(['verify', '--level', 'boot'])
    expect(verified.code, verified.stdout + verified.stderr).toBe(0)
    expect(verified.stdout).toMatch(/✔ db +MariaDB [\d.]+ came up in/)
  })

  test('killed while it copies: nothing goes on in the server, and the next backup clears the rest', async () => {
    const project = await underLoad(load)
    await killAtWork(project, mariadbCopies)
    // No lock of a backup holds anybody up.
    const written = `timeout 20 ${client} shop -e 'insert into notes (note) values (1); create table after_it (n int)'`
    await project.inside('db', written)
    const again = await project.safe(['backup', '--no-dump'])
    expect(again.code, again.stderr).toBe(0)
    expect((await newest(project)).holdings[0]).toMatchObject({ consistency: 'online' })
    await nothingIsLeft()
    expect(await project.inside('db', 'ls -A /tmp')).toBe('')
  })

  test('one that has lost its place in the log while it copied begins again, and nobody stands still', async () => {
    const project = await underLoad(load)
    // It says so when it has streamed everything else.
    await project.inside(
      'db',
      `cd /usr/bin && mv mariadb-backup real-backup && cat >mariadb-backup <<'SH' && chmod +x mariadb-backup
#!/bin/sh
echo "$*" >>/tmp/started
[ $(wc -l </tmp/started) = 1 ] || exec real-backup "$@"
real-backup "$@"
echo '[00] 2026-11-28 04:16:02 Was only able to copy log from 44776 to 45858760, not 47319331; try increasing innodb_log_file_size' >&2
echo '2026-11-28  4:16:02 0 [Note] InnoDB: Starting shutdown...' >&2
exit 1
SH`,
    )
    const point = await backUpUnderLoad(project, load)
    expect(point.holdings[0]).toMatchObject({ consistency: 'online', source: 'server' })
    const started = await project.inside('db', 'grep -o "log-copy-interval=.*" /tmp/started')
    expect(started.split('\n')).toEqual(['log-copy-interval=200', 'log-copy-interval=1000'])
    await nothingIsLeft()
  })

  test('one whose own copies would leave something out is paused', async () => {
    const project = await underLoad(transfers('mariadb:10.11', ['mariadbd', '--log-bin', '--server-id=1']))
    const backup = await project.safe(['--safe-verbose', 'backup', '--no-dump'])
    expect(backup.code, backup.stderr).toBe(0)
    expect(backup.stderr).toContain('db is paused for the copy: it keeps a binary log')
    expect((await newest(project)).holdings[0]).toMatchObject({ consistency: 'paused' })
  })

  test('one that cannot copy its files after all is paused, with the reason', async () => {
    const project = await underLoad(load)
    await project.inside(
      'db',
      `printf '#!/bin/sh\\necho it will not >&2; exit 1\\n' > "$(command -v mbstream)"; cp "$(command -v mbstream)" /usr/bin/mariadb-backup`,
    )
    const backup = await project.safe(['--safe-verbose', 'backup', '--no-dump'])
    expect(backup.code, backup.stderr).toBe(0)
    expect(backup.stderr).toMatch(/db is paused for the copy: .*it will not/)
    expect((await newest(project)).holdings[0]).toMatchObject({ consistency: 'paused' })
    await nothingIsLeft()
  })
})

/** In an order of its own each time it starts. */
function settingsOf(project: Scenario, cli: string): Promise<string> {
  return project.inside('db', `${cli} config get '*' | paste - - | sort`)
}

describe('Redis and Valkey', () => {
  const snapshots = scripts('redis', 'redis:7', ['--rdbcompression', 'no'])
  const log = scripts('redis', 'redis:7', ['--save', '', '--appendonly', 'yes'])

  test.each([
    { what: 'snapshots', load: snapshots },
    { what: 'a log that is rewritten all the time', load: log },
    { what: 'both, in Valkey', load: scripts('valkey', 'valkey:8', ['--appendonly', 'yes']) },
  ])('$what: copied while it is written to, one moment of it', async ({ load }) => {
    const project = await underLoad(load)
    await project.inside('db', 'mkdir /data/mine && echo hello > "/data/mine/read me.txt"')
    const cli = load.isUp.split(' ')[0] ?? ''
    const settings = await settingsOf(project, cli)
    const keys = await project.inside('db', `${cli} dbsize`)
    const point = await backUpUnderLoad(project, load)
    expect(point.holdings[0]).toMatchObject({ consistency: 'online', source: 'server' })
    expect(await settingsOf(project, cli)).toBe(settings)
    // Every transfer writes to the same three.
    expect(Number(await project.inside('db', `${cli} dbsize`)) - Number(keys)).toBe(1)
    expect(await project.inside('db', 'cat "/data/mine/read me.txt"')).toBe('hello')
    expect(await project.inside('db', 'ls /data | grep -e temp || echo none')).toBe('none')
    const verified = await project.safe(['verify', '--level', 'boot'])
    expect(verified.code, verified.stdout + verified.stderr).toBe(0)
    expect(verified.stdout).toMatch(/✔ db +(Redis|Valkey) [\d.]+ came up in/)
  })

  test('where only a log is kept, no snapshot is left behind that would be taken for its data one day', async () => {
    const project = await underLoad(log)
    expect((await project.safe(['backup', '--no-dump'])).code).toBe(0)
    expect(await project.inside('db', 'ls /data')).toBe('appendonlydir')
    expect((await newest(project)).holdings[0]).toMatchObject({ consistency: 'online' })
  })

  test('killed while it copies: nothing goes on in the server, and its settings are its own', async () => {
    const project = await underLoad(snapshots)
    const settings = await settingsOf(project, 'redis-cli')
    await killAtWork(project, redisCopies)
    expect(await settingsOf(project, 'redis-cli')).toBe(settings)
    const again = await project.safe(['backup', '--no-dump'])
    expect(again.code, again.stderr).toBe(0)
    expect((await newest(project)).holdings[0]).toMatchObject({ consistency: 'online' })
  })

  test('one that may not write a snapshot is paused, with the reason', async () => {
    const project = await underLoad(scripts('redis', 'redis:7', ['--rename-command', 'BGSAVE', '']))
    const backup = await project.safe(['--safe-verbose', 'backup', '--no-dump'])
    expect(backup.code, backup.stderr).toBe(0)
    expect(backup.stderr).toMatch(/db is paused for the copy: .*unknown command/)
    expect((await newest(project)).holdings[0]).toMatchObject({ consistency: 'paused' })
  })
})

describe('SQLite', () => {
  const withProgram = sqlite('/usr/local/bin:/usr/bin:/bin')

  test.each([
    { what: 'by sqlite3', load: withProgram },
    { what: 'by python3', load: sqlite('/usr/bin:/bin') },
  ])('$what: copied while it is written to, one moment of it, with the files beside it', async ({ load }) => {
    await needTools({ sqlite3: 'sqlite3' })
    const project = await underLoad(load)
    const point = await backUpUnderLoad(project, load)
    const [copied] = point.holdings
    expect(copied).toMatchObject({ consistency: 'online', source: 'server', database: { kind: 'sqlite' } })
    expect(copied?.sqlite).toMatchObject({ files: 2, tables: 5 })
    await nothingIsLeft()

    expect(await project.inside('db', 'find /data | sort')).toBe(
      '/data\n/data/shop.db\n/data/sub\n/data/sub/notes.db\n/data/sub/read me.txt',
    )
    expect(
      await project.inside('db', "cat '/data/sub/read me.txt'; stat -c '%u %a' /data/shop.db /data/sub"),
    ).toBe('hello\n1000 640\n1000 755')
    const verified = await project.safe(['verify'])
    expect(verified.code, verified.stdout + verified.stderr).toBe(0)
    expect(verified.stdout).toMatch(
      /✔ db +2 SQLite databases opened: 5 tables, [\d,]+ rows, as counted, well by their own check/,
    )
  })

  test('killed while it copies: the next backup clears the rest, and copies it', async () => {
    const project = await underLoad(withProgram)
    // A database with a log is only read from while somebody has it open.
    const writing = project.inside('db', withProgram.write)
    const child = execa(process.execPath, [executable, 'backup'], {
      cwd: project.directory,
      env: project.variables,
      extendEnv: false,
      reject: false,
    })
    const named = ['--filter', 'name=safe-compose-scratch-', '--filter', `volume=${project.name}_data`]
    await eventually(async () => {
      const { stdout: workshop } = await project.docker(['ps', '-q', ...named])
      const looks = await project.docker(['exec', workshop.trim(), 'ls', '/.safe-compose/copy/shop.db'])
      return looks.code === 0
    }, 30)
    child.kill('SIGKILL')
    expect((await child).signal).toBe('SIGKILL')
    const again = await project.safe(['--safe-verbose', 'backup'])
    expect(again.code, again.stderr).toBe(0)
    expect(again.stderr).not.toContain('is paused')
    expect((await newest(project)).holdings[0]).toMatchObject({ consistency: 'online' })
    await project.inside('db', 'touch /tmp/enough')
    await writing
    await nothingIsLeft()
  })

  test('where it would hold up writers, or more belongs to it than is copied so, it is paused, with the reason', async () => {
    const project = await underLoad(withProgram)
    const reasonAfter = async (change: string): Promise<string> => {
      await project.inside('db', change)
      const backup = await project.safe(['--safe-verbose', 'backup'])
      expect(backup.code, backup.stderr).toBe(0)
      expect((await newest(project)).holdings[0]).toMatchObject({ consistency: 'paused' })
      await nothingIsLeft()
      return backup.stderr
    }
    const old = "touch -d '1 hour ago'"
    expect(
      await reasonAfter(`ln '/data/sub/read me.txt' /data/again.txt && ${old} /data/again.txt`),
    ).toContain('db is paused for the copy: some of its files have several names')
    expect(await reasonAfter('rm /data/again.txt; echo more > /data/log.txt')).toContain(
      'db is paused for the copy: other files beside its databases are written to as well',
    )
    const inPlace = `sqlite3 /data/shop.db 'pragma journal_mode = delete'`
    expect(await reasonAfter(`${inPlace}; ${old} /data/log.txt`)).toContain(
      'db is paused for the copy: shop.db is written in place (not in WAL mode)',
    )
  })

  test('one whose image has nothing that reads it is paused, and one whose application has two volumes', async () => {
    const project = await scenario(`
services:
  app: { image: busybox, command: [sleep, "1000"], stop_grace_period: 0s, volumes: ["one:/data"] }
  both: { image: "python:3", command: [sleep, "1000"], stop_grace_period: 0s, volumes: ["two:/data", "three:/more"] }
volumes: { one: {}, two: {}, three: {} }
`)
    expect((await project.bare(['up', '-d'])).code).toBe(0)
    await project.inside(
      'both',
      "sqlite3 /data/a.db 'pragma journal_mode = wal; create table a (n)'; echo x > /more/x",
    )
    const file = join(project.directory, 'a.db')
    expect((await project.docker(['cp', `${project.container('both')}:/data/a.db`, file])).code).toBe(0)
    expect((await project.docker(['cp', file, `${project.container('app')}:/data/a.db`])).code).toBe(0)
    const backup = await project.safe(['--safe-verbose', 'backup'])
    expect(backup.code, backup.stderr).toBe(0)
    expect(backup.stderr).toContain('app is paused for the copy: its image has neither sqlite3 nor python3')
    expect((await newest(project)).holdings.map(({ consistency }) => consistency)).toEqual(
      Array.from({ length: 3 }, () => 'paused'),
    )
  })

  test('one in a directory of the host, damaged, is copied as it is, and said to be', async () => {
    const project = await scenario(`
services:
  db: { image: "python:3", command: [sleep, "1000"], stop_grace_period: 0s, volumes: ["./data:/data"] }
`)
    expect((await project.bare(['up', '-d'])).code).toBe(0)
    await project.inside('db', withProgram.fill)
    await project.inside(
      'db',
      `dd if=/dev/urandom of=/data/shop.db bs=4096 seek=500 count=1 conv=notrunc
       python3 -c "
import sqlite3, time
held = [sqlite3.connect(name) for name in ('/data/shop.db', '/data/sub/notes.db')]
for each in held: each.execute('select count(*) from sqlite_master').fetchone()
open('/tmp/held', 'w')
time.sleep(1000)" >/dev/null 2>&1 &
       until [ -e /tmp/held ]; do sleep 0.1; done`,
    )
    const backup = await project.safe(['--safe-verbose', 'backup'])
    expect(backup.code, backup.stderr).toBe(0)
    expect(backup.stderr).toMatch(/warning: \S+\/data: shop\.db: .*(malformed|btree|page)/i)
    const copied = (await newest(project)).holdings[0]
    expect(copied).toMatchObject({ consistency: 'online' })
    expect(copied?.notes.join('\n')).toContain('shop.db: ')
    expect((await project.safe(['verify'])).code).toBe(1)
  })
})
