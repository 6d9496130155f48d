import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, test } from 'vitest'
import type { Figure } from '../../src/model/database.ts'
import type { Manifest } from '../../src/model/restore-point.ts'
import { engineApi } from './engine-api.ts'
import { pgbench } from './loads.ts'
import { eventually, executable, runProgram, scenario } from './scenario.ts'
import type { Scenario } from './scenario.ts'
import { backUpUnderLoad, hammered } from './under-load.ts'

/** Databases are asked, counted and dumped by the clients in their own containers. */

async function newest(project: Scenario): Promise<Manifest & { readonly path: string }> {
  const { stdout } = await project.safe(['backups', '--json'])
  const [first] = JSON.parse(stdout) as readonly (Manifest & { path: string })[]
  if (first === undefined) throw new Error('there is no restore point')
  return first
}

function figure(
  figures: readonly Figure[],
  database: string | null,
  of: string | null,
  what: string,
): unknown {
  return figures.find(each => each.database === database && each.of === of && each.what === what)?.value
}

/** A server may write to its files at any time. */
function withoutSize(figures: readonly Figure[]): readonly Figure[] {
  return figures.filter(({ what }) => what !== 'size')
}

/** No container and no volume of a trial. What another test has killed goes with its next run. */
async function nothingIsLeft(): Promise<void> {
  await eventually(async () => (await engineApi().leftBehind()).length === 0)
}

/** Statements given to a client in the container of `db`. */
async function say(project: Scenario, client: readonly string[], statements: string): Promise<string> {
  const label = `label=com.docker.compose.project=${project.name}`
  const { stdout: id } = await project.docker(['ps', '-q', '--filter', label])
  const ended = await project.docker(['exec', '-i', id.trim(), ...client], { input: statements })
  expect(ended.code, ended.stderr).toBe(0)
  return ended.stdout.trim()
}

/** What a dump holds, decompressed by the tools that a person has. */
async function plain(project: Scenario, path: string): Promise<string> {
  const program = path.endsWith('.zst') ? 'zstd -dc' : 'gzip -dc'
  const ended = await runProgram('sh', ['-c', `${program} "$0" | head -c 4000000`, path], project)
  expect(ended.code, ended.stderr).toBe(0)
  return ended.stdout
}

describe('PostgreSQL', () => {
  const compose = (image: string, mount: string): string => `
services:
  db:
    image: ${image}
    environment: { POSTGRES_USER: owner, POSTGRES_PASSWORD: secret-word, POSTGRES_DB: shop }
    volumes: ["pgdata:${mount}"]
volumes: { pgdata: {} }
`
  const fill = `
create table orders as select generate_series(1, 1000) as id;
create table "odd ""name"" é" (n int); insert into "odd ""name"" é" values (1), (2);
create sequence counter; select setval('counter', 9007199254740993);
create role reader; select lo_create(0);
create database "second db";
`
  test.each([
    ['postgres:15', '/var/lib/postgresql/data'],
    ['postgres:17', '/var/lib/postgresql/data'],
    ['postgres:18', '/var/lib/postgresql'],
  ])('%s: counted exactly, dumped in its own snapshot, restored by hand', async (image, mount) => {
    const project = await scenario(compose(image, mount))
    expect((await project.bare(['up', '-d'])).code).toBe(0)
    await eventually(() => project.inside('db', 'pg_isready -h 127.0.0.1 -U owner'))
    await say(project, ['psql', '-q', '-v', 'ON_ERROR_STOP=1', '-U', 'owner', '-d', 'shop'], fill)
    const backup = await project.safe(['backup'])
    expect(backup.code, backup.stderr).toBe(0)
    expect(backup.stderr).toContain('with 4 dumps')

    const point = await newest(project)
    expect(JSON.stringify(point)).not.toContain('secret-word')
    const [record] = point.databases ?? []
    expect(record).toMatchObject({ service: 'db', kind: 'postgresql', holding: `${project.name}_pgdata` })
    expect(record?.label).toMatch(/^PostgreSQL \d+\.\d+$/)
    const before = record?.before ?? []
    expect(withoutSize(record?.after ?? [])).toEqual(withoutSize(before))
    expect(figure(before, null, null, 'databases')).toBe(3)
    expect(figure(before, null, null, 'roles')).toBe(2)
    expect(figure(before, 'shop', 'public.orders', 'rows')).toBe(1000)
    expect(figure(before, 'shop', 'public."odd ""name"" é"', 'rows')).toBe(2)
    expect(figure(before, 'shop', 'public.counter', 'last value')).toBe('9007199254740993')
    expect(figure(before, 'shop', null, 'large objects')).toBe(1)
    expect(figure(before, 'shop', null, 'tables')).toBe(2)
    expect(figure(before, 'shop', null, 'size')).toBeGreaterThan(1_000_000)
    expect(figure(before, 'second db', null, 'tables')).toBe(0)

    const dumps = record?.dumps ?? []
    expect(dumps.map(dump => dump.path.replace(/\.(zst|gz)$/, '')).toSorted()).toEqual([
      'dumps/db/globals.sql',
      'dumps/db/postgres.dump',
      'dumps/db/second_db.dump',
      'dumps/db/shop.dump',
    ])
    const shop = dumps.find(({ database }) => database === 'shop')
    expect(withoutSize(shop?.figures ?? [])).toEqual(
      withoutSize(before).filter(({ database }) => database === 'shop'),
    )
    const globals = dumps.find(({ form }) => form === 'pg-globals')
    expect(await plain(project, `${point.path}/${globals?.path}`)).toContain('CREATE ROLE reader')

    const show = await project.safe(['show', point.id])
    expect(show.stdout).toContain('1,002 rows in 2 tables')

    const verified = await project.safe(['verify'])
    expect(verified.code, verified.stdout + verified.stderr).toBe(0)
    expect(verified.stdout).toMatch(
      /✔ db +PostgreSQL [\d.]+ came up in .*: 1,002 rows in 2 tables, as counted/,
    )
    expect(verified.stdout).toMatch(/✔ db: dump of shop +read in: 1,002 rows in 2 tables, as counted/)
    expect((await project.safe(['backups'])).stdout).toContain('good, boots')
    await nothingIsLeft()
  })

  test.each(['postgres:15', 'postgres:18'])(
    '%s: copied while it is written to, one moment of it',
    async image => {
      const project = await hammered(image)
      const point = await backUpUnderLoad(project, pgbench(image))
      expect(point.holdings[0]).toMatchObject({ consistency: 'online', source: 'server' })
      // What keeps the log for the copy is gone with it, or it would fill the disk.
      expect(
        await project.inside('db', 'psql -tA -U postgres -c "select count(*) from pg_replication_slots"'),
      ).toBe('0')
    },
  )

  test('killed while it copies: nothing is left in the server that would fill its disk', async () => {
    const project = await hammered('postgres:15')
    const slots = (): Promise<string> =>
      project.inside('db', 'psql -tA -U postgres -c "select count(*) from pg_replication_slots"')
    const child = execa(process.execPath, [executable, 'backup', '--no-dump'], {
      cwd: project.directory,
      env: project.variables,
      extendEnv: false,
      reject: false,
    })
    await eventually(async () => (await slots()) === '1')
    child.kill('SIGKILL')
    await child
    await eventually(async () => (await slots()) === '0', 30)
    // A program that waits for its reader would be there for ever, with its connection.
    await eventually(() => project.inside('db', '! grep -qs pg_basebackup /proc/[0-9]*/comm'), 30)
    // PostgreSQL is the first process there: an orphan of ours that ended by a signal would be a crash to it.
    const { stderr: log } = await project.docker(['logs', project.container('db')])
    expect(log).toContain('ready to accept connections')
    expect(log).not.toMatch(/terminated by signal|terminating any other/)
    const again = await project.safe(['backup', '--no-dump'])
    expect(again.code, again.stderr).toBe(0)
  })

  test('one that lets nobody copy it is paused, and that is as good', async () => {
    const project = await hammered('postgres:17')
    await project.inside(
      'db',
      'sed -i "1i local replication all reject" "$PGDATA/pg_hba.conf" && psql -q -U postgres -c "select pg_reload_conf()"',
    )
    const asReplica = `psql -U postgres -d 'dbname=postgres replication=true' -c IDENTIFY_SYSTEM`
    await eventually(() => project.inside('db', `! ${asReplica} 2>/dev/null`))
    const backup = await project.safe(['--safe-verbose', 'backup'])
    expect(backup.code, backup.stderr).toBe(0)
    expect(backup.stderr).toContain('db is paused for the copy: it lets nobody copy it')
    expect((await newest(project)).holdings[0]).toMatchObject({ consistency: 'paused' })
  })

  test('what is counted cannot change in the dump, although the table grows meanwhile', async () => {
    const project = await scenario(compose('postgres:15', '/var/lib/postgresql/data'))
    expect((await project.bare(['up', '-d'])).code).toBe(0)
    await eventually(() => project.inside('db', 'pg_isready -h 127.0.0.1 -U owner'))
    await project.inside('db', 'psql -q -U owner -d shop -c "create table log (n serial)"')
    const writer = project.inside(
      'db',
      'while [ ! -e /tmp/stop ]; do psql -q -U owner -d shop -c "insert into log default values" || sleep 0.1; done',
    )
    const backup = await project.safe(['backup'])
    await project.inside('db', 'touch /tmp/stop')
    await writer
    expect(backup.code, backup.stderr).toBe(0)
    const point = await newest(project)
    const record = point.databases?.[0]
    const dump = record?.dumps.find(({ database }) => database === 'shop')
    const [from, inDump, to] = [record?.before, dump?.figures, record?.after].map(figures =>
      Number(figure(figures ?? [], 'shop', 'public.log', 'rows')),
    ) as [number, number, number]
    expect(from).toBeLessThanOrEqual(inDump)
    expect(inDump).toBeLessThan(to)
    await project.inside('db', 'createdb -U owner copy')
    const container = (
      await project.docker(['ps', '-q', '--filter', `label=com.docker.compose.project=${project.name}`])
    ).stdout.trim()
    const program = dump?.path.endsWith('.zst') ? 'zstd -dc' : 'gzip -dc'
    const load = await runProgram(
      'sh',
      [
        '-c',
        `${program} "$0" | docker exec -i ${container} pg_restore -U owner --exit-on-error -d copy`,
        `${point.path}/${dump?.path}`,
      ],
      project,
    )
    expect(load.code, load.stderr).toBe(0)
    expect(await project.inside('db', 'psql -tA -U owner -d copy -c "select count(*) from log"')).toBe(
      String(inDump),
    )
  })

  test('one that runs and does not answer: said, its files saved, 1', async () => {
    const project = await scenario(compose('postgres:15', '/var/lib/postgresql/data'))
    expect((await project.bare(['up', '-d'])).code).toBe(0)
    await eventually(() => project.inside('db', 'pg_isready -h 127.0.0.1 -U owner'))
    await project.inside(
      'db',
      'sed -i "1i local all all reject\\nhost all all all reject" "$PGDATA/pg_hba.conf" && psql -q -U owner -d shop -c "select pg_reload_conf()"',
    )
    const backup = await project.safe(['backup'])
    expect(backup.stderr).toContain('db could not be counted or dumped: PostgreSQL does not answer:')
    expect(backup.code).toBe(1)
    const point = await newest(project)
    expect(point.holdings).toHaveLength(1)
    expect(point.databases?.[0]?.notes).toHaveLength(1)
    const without = await project.safe(['backup', '--no-dump'])
    expect(without.code).toBe(0)
  })
})

describe('MariaDB and MySQL', () => {
  test.each([
    { image: 'mariadb:10.11', program: 'mariadb', name: 'MariaDB', version: /^MariaDB 10\.11\.\d+$/ },
    { image: 'mysql:9', program: 'mysql', name: 'MySQL', version: /^MySQL 9\.\d+\.\d+$/ },
  ])(
    '$image: counted, dumped, accounts beside it; restored by hand',
    async ({ image, program, name, version }) => {
      const project = await scenario(`
services:
  db:
    image: ${image}
    environment: { ${name.toUpperCase()}_ROOT_PASSWORD: "s3cr t'word", ${name.toUpperCase()}_DATABASE: shop }
    volumes: ["data:/var/lib/mysql"]
volumes: { data: {} }
`)
      expect((await project.bare(['up', '-d'])).code).toBe(0)
      const client = [program, '--user=root', `--password=s3cr t'word`, '--batch', '--skip-column-names']
      await eventually(
        () =>
          project.inside('db', `${program} -h127.0.0.1 -uroot "-ps3cr t'word" -e "select 1 from dual" shop`),
        120,
      )
      await say(
        project,
        client,
        `use shop;
create table orders (id int primary key, note text);
insert into orders with recursive n (i) as (select 1 union all select i + 1 from n where i < 1000) select i, 'x' from n;
create table \`odd \`\`'name\` (n int); insert into \`odd \`\`'name\` values (1), (2);
create function twice(n int) returns int deterministic return 2 * n;
create user reader@'%' identified by 'another-secret'; grant select on shop.* to reader@'%';
create database other;`,
      )
      const backup = await project.safe(['backup'])
      expect(backup.code, backup.stderr).toBe(0)
      expect(backup.stderr).toContain('with 3 dumps')

      const point = await newest(project)
      expect(JSON.stringify(point)).not.toMatch(/s3cr|another-secret/)
      const [record] = point.databases ?? []
      expect(record).toMatchObject({ service: 'db', kind: 'mysql', holding: `${project.name}_data` })
      expect(record?.label).toMatch(version)
      const before = record?.before ?? []
      expect(record?.after).toEqual(before)
      expect(figure(before, null, null, 'databases')).toBe(2)
      expect(figure(before, null, null, 'users')).toBe(1)
      expect(figure(before, 'shop', 'orders', 'rows')).toBe(1000)
      expect(before.find(({ of }) => of === 'orders')?.exact).toBe(true)
      expect(figure(before, 'shop', "odd `'name", 'rows')).toBe(2)
      expect(figure(before, 'shop', null, 'routines')).toBe(1)
      expect(figure(before, 'other', null, 'tables')).toBe(0)

      const dumps = record?.dumps ?? []
      const pathOf = (name: string): string =>
        `${point.path}/${dumps.find(({ path }) => path.startsWith(`dumps/db/${name}`))?.path}`
      await say(project, client, `drop database shop; drop user reader@'%';`)
      await say(project, client, await plain(project, pathOf('accounts.sql')))
      await say(project, client, 'create database shop')
      await say(project, [...client, 'shop'], await plain(project, pathOf('shop.sql')))
      expect(await say(project, client, 'select count(*), shop.twice(4) from shop.orders')).toBe('1000\t8')
      const reader = [program, '--user=reader', '--password=another-secret', '--batch', '--skip-column-names']
      expect(await say(project, reader, 'select count(*) from shop.orders')).toBe('1000')
      // Root is who it was.
      expect(await say(project, client, 'select 1')).toBe('1')

      const verified = await project.safe(['verify'])
      expect(verified.code, verified.stdout + verified.stderr).toBe(0)
      expect(verified.stdout).toMatch(
        /✔ db +(MariaDB|MySQL) [\d.]+ came up in .*: 1,002 rows in 2 tables, as counted/,
      )
      expect(verified.stdout).toMatch(/✔ db: dump of shop +read in: 1,002 rows in 2 tables, as counted/)
      await nothingIsLeft()
    },
  )
})

describe('passwords that no container tells', () => {
  test('are in a file that the configuration names, or in the client’s own', async () => {
    const project = await scenario(`
services:
  db:
    image: mariadb:10.11
    environment: { MARIADB_ROOT_PASSWORD: first-word, MARIADB_DATABASE: shop }
    volumes: ["data:/var/lib/mysql"]
  cache:
    image: redis:7
    volumes: ["cache:/data"]
volumes: { data: {}, cache: {} }
`)
    expect((await project.bare(['up', '-d'])).code).toBe(0)
    const root = (word: string, line: string): Promise<string> =>
      project.inside('db', `mariadb -h127.0.0.1 -uroot -p${word} -BN -e "${line}"`)
    await eventually(() => root('first-word', 'select 1 from shop.none').catch(theTable), 120)
    await root(
      'first-word',
      "alter user root@'%' identified by 'later-word'; alter user root@localhost identified by 'later-word'",
    )
    await project.inside(
      'cache',
      'redis-cli acl setuser keeper on ">keepers-word" "~*" "+@all" && redis-cli set a b && redis-cli acl setuser default off',
    )
    const refused = await project.safe(['backup'])
    expect(refused.code, refused.stderr).toBe(1)
    expect(refused.stderr).toContain('db could not be counted or dumped')

    const words = join(dirname(project.store), 'words')
    await mkdir(words)
    await writeFile(join(words, 'db'), 'later-word\n')
    const file = join(project.variables['XDG_CONFIG_HOME'] ?? '', 'safe-compose', 'config.yaml')
    await mkdir(dirname(file), { recursive: true })
    await writeFile(
      file,
      `logins:
  - { project: ${project.name}, service: db, passwordFile: ${words}/db }
  - { project: ${project.name}, service: cache, user: keeper, passwordVariable: KEEPERS_WORD }
`,
    )
    const backup = await project.safe(['backup'], { variables: { KEEPERS_WORD: 'keepers-word' } })
    expect(backup.code, backup.stderr).toBe(0)
    expect(backup.stderr).toContain('with 3 dumps')
    expect(JSON.stringify(await newest(project))).not.toMatch(/(later|keepers)-word/)

    await rm(file)
    await root(
      'later-word',
      "create user keeper@'%' identified by 'keepers-word'; grant all on *.* to keeper@'%'",
    )
    // Only the first start needs to know the password.
    await project.write(
      'compose.yaml',
      'services: { db: { image: "mariadb:10.11", volumes: ["data:/var/lib/mysql"] } }\nvolumes: { data: {} }\n',
    )
    expect((await project.bare(['up', '-d'])).code).toBe(0)
    await eventually(() => root('later-word', 'select 1 from shop.none').catch(theTable), 120)
    await project.inside(
      'db',
      'printf \'[client]\\nuser = "keeper"\\npassword=keepers-word\\n\' > ${HOME:-/root}/.my.cnf',
    )
    const mine = await project.safe(['backup', '--no-dump', 'db'])
    expect(mine.code, mine.stderr).toBe(0)
  })
})

/** It is up as soon as it says that there is no such table. */
function theTable(error: unknown): string {
  if (String(error).includes("doesn't exist")) return 'up'
  throw error
}

describe('Redis', () => {
  const compose = (command: string, image = 'redis:7'): string => `
services:
  db:
    image: ${image}
    command: ${command}
    volumes: ["data:/data"]
volumes: { data: {} }
`
  const filled = async (project: Scenario, password = '', program = 'redis-cli'): Promise<void> => {
    expect((await project.bare(['up', '-d'])).code).toBe(0)
    const cli = `${password === '' ? '' : `REDISCLI_AUTH='${password}' `}${program}`
    await eventually(() => project.inside('db', `${cli} ping | grep PONG`))
    await project.inside('db', `for n in 1 2 3; do ${cli} set key$n kept; done; ${cli} -n 5 set other kept`)
  }

  test.each([
    ['snapshots', '[redis-server, --requirepass, "s3cr t"]', 's3cr t'],
    ['a log', '[redis-server, --save, "", --appendonly, "yes"]', ''],
  ])('with %s: counted, and a snapshot that its own check calls good', async (_, command, password) => {
    const project = await scenario(compose(command))
    await filled(project, password)
    const backup = await project.safe(['backup'])
    expect(backup.code, backup.stderr).toBe(0)
    const point = await newest(project)
    expect(JSON.stringify(point)).not.toContain('s3cr')
    const [record] = point.databases ?? []
    expect(record?.label).toMatch(/^Redis 7\.\d+\.\d+$/)
    expect(figure(record?.before ?? [], 'db0', null, 'keys')).toBe(3)
    expect(figure(record?.before ?? [], 'db5', null, 'keys')).toBe(1)
    expect(figure(record?.before ?? [], null, null, 'memory')).toBeGreaterThan(0)
    expect(figure(record?.before ?? [], null, null, 'log')).toBe(password === '' ? 'on' : 'off')
    const [dump] = record?.dumps ?? []
    expect(dump?.form).toBe('rdb')
    const program = dump?.path.endsWith('.zst') ? 'zstd -dc' : 'gzip -dc'
    const label = `label=com.docker.compose.project=${project.name}`
    const { stdout: id } = await project.docker(['ps', '-q', '--filter', label])
    const checked = await runProgram(
      'sh',
      [
        '-c',
        `${program} "$0" | docker exec -i ${id.trim()} sh -c 'cat > /tmp/copy.rdb && redis-check-rdb /tmp/copy.rdb'`,
        `${point.path}/${dump?.path}`,
      ],
      project,
    )
    expect(checked.code, checked.stdout + checked.stderr).toBe(0)
    expect(checked.stdout).toContain('RDB looks OK')
    const verified = await project.safe(['verify'])
    expect(verified.code, verified.stdout + verified.stderr).toBe(0)
    expect(verified.stdout).toMatch(/✔ db +Redis [\d.]+ came up in .*: 4 keys, as counted/)
    // What it keeps, it keeps as before: a snapshot where there was none would one day be taken for its data.
    if (password === '') expect(await project.inside('db', 'ls /data')).toBe('appendonlydir')
  })

  test('Valkey is asked by its own client, and is called by its own name', async () => {
    const project = await scenario(compose('[valkey-server, --requirepass, "s3cr t"]', 'valkey:8'))
    await filled(project, 's3cr t', 'valkey-cli')
    await project.inside('db', "REDISCLI_AUTH='s3cr t' valkey-cli -n 7 set short life ex 15")
    const backup = await project.safe(['backup'])
    expect(backup.code, backup.stderr).toBe(0)
    const [record] = (await newest(project)).databases ?? []
    // What has gone by itself since is missing nowhere, and neither is its database.
    await eventually(() =>
      project.inside('db', "REDISCLI_AUTH='s3cr t' valkey-cli -n 7 ttl short | grep -e -2"),
    )
    expect(record?.label).toMatch(/^Valkey 8\.\d+\.\d+$/)
    const verified = await project.safe(['verify'])
    expect(verified.code, verified.stdout + verified.stderr).toBe(0)
    expect(verified.stdout).toMatch(/✔ db +Valkey [\d.]+ came up in .*: 4 keys, as counted/)
  })

  test('one that is told to keep nothing: no dump, and no trouble', async () => {
    const project = await scenario(compose('[redis-server, --save, "", --appendonly, "no"]'))
    await filled(project)
    const backup = await project.safe(['backup', '--tag', 'nothing'])
    expect(backup.stderr).not.toContain('could not be')
    expect(await project.inside('db', 'ls /data')).toBe('')
  })
})
