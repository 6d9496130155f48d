import { truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Manifest } from '../../src/model/restore-point.ts'
import { eventually, scenario } from './scenario.ts'
import type { Scenario } from './scenario.ts'

/** A dump goes into a database of its own, is counted, and only then takes the old one's name. */

function postgres(image: string, volume = 'pgdata'): string {
  return `
services:
  db:
    image: ${image}
    environment: { POSTGRES_PASSWORD: secret-word }
    volumes: ["${volume}:/var/lib/postgresql/data"]
volumes: { ${volume}: {} }
`
}

async function up(project: Scenario): Promise<void> {
  expect((await project.bare(['up', '-d'])).code).toBe(0)
  await eventually(() => project.inside('db', 'pg_isready -h 127.0.0.1 -U postgres'))
}

function sql(project: Scenario, statement: string, database = 'postgres'): Promise<string> {
  return project.inside('db', `psql -q -tA -v ON_ERROR_STOP=1 -U postgres -d ${database} -c "${statement}"`)
}

const databases = 'select datname from pg_database where not datistemplate order by 1'

describe('PostgreSQL', () => {
  test('in its place, the old one kept; beside it; and a later version reads it, roles first', async () => {
    const project = await scenario(postgres('postgres:15'))
    await up(project)
    await sql(project, "create role app login password 'apps-own-word'")
    await sql(project, 'create database shop owner app')
    await sql(
      project,
      'create table orders as select generate_series(1, 500) as id; alter table orders owner to app',
      'shop',
    )
    const backup = await project.safe(['backup'])
    expect(backup.code, backup.stderr).toBe(0)
    await sql(project, 'delete from orders where id > 3', 'shop')

    const beside = await project.safe(['restore', '--dump', '--database', 'shop', '--into', 'look'])
    expect(beside.code, beside.stderr).toBe(0)
    expect(await sql(project, 'select count(*) from orders', 'look')).toBe('500')
    expect(await sql(project, 'select count(*) from orders', 'shop')).toBe('3')
    const taken = await project.safe(['restore', '--dump', '--database', 'shop', '--into', 'look'])
    expect(taken.code).toBe(1)
    expect(taken.stderr).toContain('has a database look already')
    // One that takes no connections is in no list of ours, and nobody else's to remove either.
    await sql(project, 'create database hidden allow_connections false')
    const hidden = await project.safe(['restore', '--dump', '--database', 'shop', '--into', 'hidden'])
    expect(hidden.code).toBe(1)
    expect(hidden.stderr).toContain('already exists')
    expect((await sql(project, databases)).split('\n')).toContain('hidden')
    await sql(project, 'drop database hidden')

    // Somebody is connected: it is cut off, and nothing is half.
    const connected = sql(project, 'select pg_sleep(60)', 'shop').catch(() => 'cut off')
    const inPlace = await project.safe(['restore', '--dump', '--database', 'shop'])
    expect(inPlace.code, inPlace.stderr).toBe(0)
    expect(await connected).toBe('cut off')
    expect(await sql(project, 'select count(*) from orders', 'shop')).toBe('500')
    const kept = (await sql(project, databases)).split('\n').find(name => name.startsWith('shop_before_'))
    expect(inPlace.stderr).toContain(`kept as the database ${kept}`)
    expect(await sql(project, 'select count(*) from orders', kept)).toBe('3')
    const dropping = await project.safe(['restore', '--dump', '--database', 'shop', '--drop-old'])
    expect(dropping.code, dropping.stderr).toBe(0)
    expect((await sql(project, databases)).split('\n')).toEqual(['look', 'postgres', 'shop', kept])

    // The next major version, on a volume of its own: no role of the old cluster is there.
    expect((await project.bare(['down'])).code).toBe(0)
    await project.write('compose.yaml', postgres('postgres:17', 'pg17'))
    await up(project)
    const later = await project.safe(['restore', '--dump', '--database', 'shop'])
    expect(later.code, later.stderr).toBe(0)
    expect(later.stderr).toContain('made what was missing of the accounts of db: app')
    expect(later.stderr).not.toContain('apps-own-word')
    expect(await sql(project, 'select count(*) from orders', 'shop')).toBe('500')
    expect(await sql(project, "select tableowner from pg_tables where tablename = 'orders'", 'shop')).toBe(
      'app',
    )
  })

  test('a damaged dump, and one that is not what was counted, never touch what is there', async () => {
    const project = await scenario(postgres('postgres:15'))
    await up(project)
    await sql(project, 'create table orders as select generate_series(1, 500) as id')
    expect((await project.safe(['backup'])).code).toBe(0)
    await sql(project, 'insert into orders values (501)')
    const before = await sql(project, databases)
    const { stdout } = await project.safe(['backups', '--json'])
    const [point] = JSON.parse(stdout) as readonly (Manifest & { path: string })[]
    const dump = point?.databases?.[0]?.dumps.find(({ database }) => database === 'postgres')
    await truncate(join(point?.path ?? '', dump?.path ?? ''), (dump?.bytes ?? 0) - 10)

    const damaged = await project.safe(['restore', point?.id ?? '', '--dump'])
    expect(damaged.code).toBe(1)
    expect(damaged.stderr).toContain('damaged')
    expect(await sql(project, databases)).toBe(before)
    expect(await sql(project, 'select count(*) from orders')).toBe('501')
    const none = await project.safe(['restore', '--dump', '--database', 'nothing'])
    expect(none.code).toBe(1)
    const nonsense = await project.safe(['restore', '--into', 'x'])
    expect(nonsense.code).toBe(123)
  })
})

test('MariaDB: the old one is copied to where it is kept, routines and triggers with it', async () => {
  const project = await scenario(`
services:
  db:
    image: mariadb:10.11
    environment: { MARIADB_ROOT_PASSWORD: secret-word, MARIADB_DATABASE: shop }
    volumes: ["data:/var/lib/mysql"]
volumes: { data: {} }
`)
  const say = (statements: string, database = 'shop'): Promise<string> =>
    project.inside('db', `mariadb -uroot -psecret-word -BN ${database} -e "${statements}"`)
  expect((await project.bare(['up', '-d'])).code).toBe(0)
  await eventually(() => say('select 1 from dual'), 120)
  await say(
    `create table orders (id int primary key); create table log (id int);
     create trigger logged after insert on orders for each row insert into log values (new.id);
     create view large as select * from orders where id > 400;
     insert into orders select seq from seq_1_to_500;
     create user app@'%' identified by 'apps-own-word'; grant select on shop.* to app@'%'`,
  )
  const backup = await project.safe(['backup'])
  expect(backup.code, backup.stderr).toBe(0)
  await say("delete from orders where id > 3; drop trigger logged; drop user app@'%'")

  // The server's own is there, and in no list of ours.
  const own = await project.safe(['restore', '--dump', '--database', 'shop', '--into', 'mysql'])
  expect(own.code).toBe(1)
  expect(await say('show databases')).toContain('mysql')
  expect(Number(await say('select count(*) from mysql.global_priv'))).toBeGreaterThan(0)

  const restored = await project.safe(['restore', '--dump'])
  expect(restored.code, restored.stderr).toBe(0)
  expect(restored.stderr).toMatch(/shop is copied to shop_before_\w+, and is replaced now/)
  expect(restored.stderr).toContain('app@%')
  expect(await say('select count(*) from orders')).toBe('500')
  expect(await say('select count(*) from large')).toBe('100')
  await say('insert into orders values (501)')
  expect(await say('select count(*) from log')).toBe('501')
  const kept = (await say('show databases')).split('\n').find(name => name.startsWith('shop_before_'))
  expect(await say('select count(*) from orders', kept)).toBe('3')
  expect(
    await project.inside('db', `mariadb -uapp -papps-own-word -BN -e "select count(*) from shop.orders"`),
  ).toBe('501')
})
