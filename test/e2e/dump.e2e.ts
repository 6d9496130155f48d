import { readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import { needTools } from '../engine/apt.ts'
import { eventually, executable, scenario } from './scenario.ts'
import type { Scenario } from './scenario.ts'
import { onTerminal } from './terminal.ts'

/** A database of a restore point as a file that other programs read. */

await needTools({ sqlite3: 'sqlite3' })

/** A project with PostgreSQL, and a program with SQLite, backed up. */
async function backedUp(): Promise<Scenario> {
  const project = await scenario(`
services:
  db:
    image: postgres:15
    environment: { POSTGRES_PASSWORD: secret-word, POSTGRES_DB: shop }
    volumes: ["pgdata:/var/lib/postgresql/data"]
  app: { image: busybox, command: [sleep, "1000"], stop_grace_period: 0s, volumes: ["data:/data"] }
volumes: { pgdata: {}, data: {} }
`)
  expect((await project.bare(['up', '-d'])).code).toBe(0)
  await eventually(() => project.inside('db', 'pg_isready -h 127.0.0.1 -U postgres -d shop'))
  await project.inside(
    'db',
    'psql -q -U postgres shop -c "create table orders as select generate_series(1, 500) as id"',
  )
  for (const [name, rows] of [
    ['notes.db', 900],
    ['shop', 7],
  ] as const) {
    const file = join(project.directory, name)
    await execa('sqlite3', [file], {
      input: `pragma user_version = 3; create table a(i integer primary key, t);
          with recursive n(i) as (select 1 union all select i + 1 from n where i < ${rows}) insert into a select i, 'row ' || i from n;`,
    })
    expect((await project.docker(['cp', file, `${project.container('app')}:/data/${name}`])).code).toBe(0)
  }
  const backup = await project.safe(['backup'])
  expect(backup.code, backup.stderr).toBe(0)
  return project
}

async function idOf(project: Scenario): Promise<string> {
  const [point] = JSON.parse((await project.safe(['backups', '--json'])).stdout) as readonly { id: string }[]
  if (point === undefined) throw new Error('there is no restore point')
  return point.id
}

test('other programs read it: SQLite in SQL, and what the client of a server wrote', async () => {
  const project = await backedUp()
  const notes = await project.safe(['dump', '--database', 'notes.db'])
  expect(notes.code, notes.stderr).toBe(0)
  expect(notes.stderr).toMatch(
    /notes\.db of app: [\d.]+ kB for sqlite3: 1 table, 900 rows, read in again and the same; from /,
  )
  const again = join(project.directory, 'again.db')
  await execa('sqlite3', ['-bail', again], { input: notes.stdout })
  const { stdout } = await execa('sqlite3', [again, 'select count(*), max(t) from a; pragma user_version'])
  expect(stdout).toBe('900|row 99\n3')

  const to = join(project.directory, 'shop.dump')
  const shop = await project.safe(['dump', '--database', 'db:shop', '--to', 'shop.dump'])
  expect(shop.code, shop.stderr).toBe(0)
  expect(shop.stdout).toBe('')
  expect(shop.stderr).toMatch(/shop of db written to shop\.dump: [\d.]+ kB for pg_restore; from /)
  expect((await stat(to)).mode & 0o777).toBe(0o600)
  expect((await project.docker(['cp', to, `${project.container('db')}:/tmp/shop.dump`])).code).toBe(0)
  await project.inside('db', 'createdb -U postgres beside && pg_restore -U postgres -d beside /tmp/shop.dump')
  const count = 'psql -tA -U postgres beside -c "select count(*) from orders"'
  expect(await project.inside('db', count)).toBe('500')

  await writeFile(to, 'mine')
  const second = await project.safe(['dump', '--database', 'db:shop', '--to', 'shop.dump'])
  expect(second.code).toBe(1)
  expect(second.stderr).toContain('it is there already')
  expect(await readFile(to, 'utf8')).toBe('mine')
  expect((await readdir(project.directory)).filter(name => name.endsWith('.tmp'))).toEqual([])
})

test('of several each is named; bytes are kept from a terminal; by its id no engine is needed', async () => {
  const project = await backedUp()
  const id = await idOf(project)
  const which = await project.safe(['dump'])
  expect(which.code).toBe(123)
  expect(which.stdout).toBe('')
  expect(which.stderr).toMatch(
    /holds several, and dump gives one\n.*postgres, db:shop, notes\.db, app:shop, roles/,
  )
  const none = await project.safe(['dump', '--database', 'shopp'])
  expect(none.code).toBe(1)
  expect(none.stderr).toContain('nothing of shopp that could be written down')

  const bytes = onTerminal(process.execPath, [executable, 'dump', '--database', 'db:shop'], project)
  await bytes.sees('the dump of shop is no text for a terminal')
  await bytes.sees(`safe-compose dump ${id} --database db:shop --to FILE`)
  expect(await bytes.ended).toMatchObject({ code: 123 })
  const roles = onTerminal(process.execPath, [executable, 'dump', '--database', 'roles'], project)
  await roles.sees('ALTER ROLE postgres')
  expect(await roles.ended).toMatchObject({ code: 0 })

  const far = await project.safe(['dump', id, '--database', 'app:shop'], {
    variables: { DOCKER_HOST: 'unix:///nowhere/docker.sock' },
  })
  expect(far.code, far.stderr).toBe(0)
  expect(far.stdout).toContain("INSERT INTO a VALUES(7,'row 7');")
})
