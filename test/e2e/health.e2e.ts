import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { DatabaseHealth, HealthReport } from '../../src/core/health.ts'
import { eventually, scenario } from './scenario.ts'
import type { Ended, Scenario } from './scenario.ts'

/** How the databases are, for people and for monitoring. */

const compose = `
services:
  db:
    image: postgres:15
    environment: { POSTGRES_USER: owner, POSTGRES_PASSWORD: secret-word, POSTGRES_DB: shop }
    volumes: ["pgdata:/var/lib/postgresql/data"]
  cache:
    image: redis:7
    command: [redis-server, --requirepass, other-word]
    volumes: ["words:/data"]
volumes: { pgdata: {}, words: {} }
`

async function running(): Promise<Scenario> {
  const project = await scenario(compose)
  expect((await project.bare(['up', '-d'])).code).toBe(0)
  await eventually(() => project.inside('db', 'pg_isready -h 127.0.0.1 -U owner'))
  await sql(project, 'create table orders as select generate_series(1, 3) as id')
  await eventually(() => words(project, 'set word kept'))
  await words(project, 'save')
  return project
}

function sql(project: Scenario, statement: string): Promise<string> {
  return project.inside('db', `psql -tAq -U owner -d shop -c "${statement}"`)
}

function words(project: Scenario, command: string): Promise<string> {
  return project.inside('cache', `REDISCLI_AUTH=other-word redis-cli ${command}`)
}

/** What the user's own configuration says. */
async function user(project: Scenario, text: string): Promise<void> {
  const file = join(project.variables['XDG_CONFIG_HOME'] ?? '', 'safe-compose', 'config.yaml')
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, text)
}

async function reported(project: Scenario, ...services: readonly string[]): Promise<HealthReport> {
  const { stdout } = await project.safe(['health', '--json', ...services])
  return JSON.parse(stdout) as HealthReport
}

function about({ databases }: HealthReport, service: string): DatabaseHealth {
  const found = databases.find(each => each.service === service)
  if (found === undefined) throw new Error(`nothing is said about ${service}`)
  return found
}

function expectEnd(ended: Ended, code: number, ...said: readonly (string | RegExp)[]): void {
  expect(ended.code, ended.stdout + ended.stderr).toBe(code)
  for (const text of said) expect(ended.stdout).toMatch(text)
}

test('well: 0, with versions, sizes, connections, where it lies, and what was kept of it', async () => {
  const project = await running()
  expectEnd(await project.safe(['health']), 1, /! restore point +there is no good one/, '2 degraded')

  expect((await project.safe(['backup'])).code).toBe(0)
  const well = await project.safe(['health'])
  expectEnd(
    well,
    0,
    /^db +PostgreSQL 15\.\d+, up \d/m,
    /^ {2}✔ databases +shop [\d.]+ MB, postgres [\d.]+ MB$/m,
    /^ {2}✔ connections +\d of 100$/m,
    /^ {2}✔ last checkpoint +(just now|\d+ \w+ ago)$/m,
    new RegExp(
      `^  ✔ volume +${project.name}_pgdata, ([\\d.]+ MB|size unknown); [\\d.]+ [GT]B free at /`,
      'm',
    ),
    /^ {2}✔ restore point +\d{8}T\d{6}Z-manual, /m,
    /^ {2}· verified +never$/m,
    /^cache +Redis 7\.\d+\.\d+, up \d/m,
    /^ {2}✔ databases +db0$/m,
    /^2 databases: 2 well\n$/m,
  )

  const report = await reported(project)
  expect(report).toMatchObject({ project: project.name, health: 'well', missing: [] })
  expect(about(report, 'db')).toMatchObject({
    kind: 'postgresql',
    stopped: null,
    status: { connections: { most: 100 }, replication: [], troubles: [] },
    place: { kind: 'volume', name: `${project.name}_pgdata` },
  })
  expect(about(report, 'db').place?.room?.free).toBeGreaterThan(0)
  expect(JSON.stringify(report)).not.toMatch(/secret-word|other-word/)
  expect((await reported(project, 'cache')).databases.map(({ service }) => service)).toEqual(['cache'])

  expect((await project.safe(['verify', '--level', 'read'])).code).toBe(0)
  expectEnd(await project.safe(['health', 'db']), 0, /✔ verified +\S+-manual, .* \(read only\)/)
  // It changed nothing.
  expect(JSON.parse((await project.safe(['backups', '--json'])).stdout)).toHaveLength(1)
})

describe('what the configuration asks', () => {
  test('a count that is too small: 1, with the number and the limit; what is no number is named', async () => {
    const project = await running()
    expect((await project.safe(['backup'])).code).toBe(0)
    const critical = (...entries: readonly string[]): Promise<void> =>
      user(project, `critical:\n${entries.map(entry => `  - ${entry}\n`).join('')}`)
    await critical(
      '{ service: db, database: shop, query: "select count(*) from orders;", min: 1 }',
      '{ service: db, database: shop, query: "select avg(id) from orders -- of all", max: 2.5 }',
      '{ service: cache, query: dbsize, min: 1 }',
      '{ service: cache, database: db0, query: "EXISTS word \\"no word\\"", min: 1, max: 1 }',
      // What the user's own file says is meant for other projects as well.
      '{ service: elsewhere, query: dbsize, min: 1 }',
    )
    expectEnd(
      await project.safe(['health']),
      0,
      /✔ critical +shop: select count\(\*\) from orders; = 3, at least 1$/m,
      /✔ critical +shop: select avg\(id\) from orders -- of all = 2, at most 2\.5$/m,
      /✔ critical +dbsize = 1, at least 1$/m,
      /✔ critical +db0: EXISTS word "no word" = 1, 1 to 1$/m,
    )

    await sql(project, 'delete from orders')
    expectEnd(
      await project.safe(['health']),
      1,
      /! critical +shop: select count\(\*\) from orders; = 0, at least 1$/m,
      /! critical +shop: select avg\(id\) from orders -- of all: PostgreSQL gives no answer$/m,
      /^2 databases: 1 well, 1 degraded$/m,
    )

    await sql(project, 'insert into orders values (1), (2)')
    await critical(
      '{ service: db, database: shop, query: "select count(*) from auth_user", min: 1 }',
      '{ service: db, database: shop, query: "select id from orders", min: 1 }',
      `{ service: db, database: shop, query: "select 'no number'" }`,
      '{ service: db, database: none, query: "select 1" }',
      '{ service: db, query: "select 1" }',
      '{ service: cache, database: shop, query: dbsize }',
      '{ service: cache, query: "llen word" }',
    )
    expectEnd(
      await project.safe(['health']),
      1,
      /! critical +shop: select count\(\*\) from auth_user: ERROR: +relation "auth_user" does not exist/,
      /! critical +shop: select id from orders: ERROR: +more than one row returned/,
      /! critical +shop: select 'no number': the answer is no number: no number$/m,
      /! critical +none: select 1: .*database "none" does not exist$/m,
      /! critical +select 1: it names no database$/m,
      /! critical +shop: dbsize: its databases are called by their numbers, not shop$/m,
      /! critical +llen word: the answer is no number: WRONGTYPE/,
      /^2 databases: 2 degraded$/m,
    )
  })

  test('nothing can be written by it, whatever it says', async () => {
    const project = await running()
    const queries = [
      'with gone as (delete from orders returning id) select count(*) from gone',
      '1); commit; drop table orders; select (1',
      "1); copy (select 1) to program 'touch /tmp/pwned'; select (1",
      '1\n\\! touch /tmp/pwned\n',
      "select setval('counter', 7)",
      'select wipe()',
      "1)); rollback; drop table orders; select query_to_xml('select 1', true, false, ''",
      `'; drop table orders; --`,
    ]
    await sql(project, 'create sequence counter')
    await sql(project, "create function wipe() returns int language sql as 'delete from orders returning 1'")
    await user(
      project,
      JSON.stringify({
        critical: [
          ...queries.map(query => ({ service: 'db', database: 'shop', query })),
          { service: 'cache', query: 'flushall' },
          { service: 'cache', query: 'dbsize\nflushall' },
          { service: 'cache', query: 'eval "return redis.call(\'flushall\')" 0' },
        ],
      }),
    )
    const report = await reported(project)
    for (const { query, value, fault } of report.databases.flatMap(({ critical }) => critical)) {
      expect(value, query).toBe(null)
      expect(fault, query).not.toBe('')
    }
    expect(await sql(project, 'select count(*), (select last_value from counter) from orders')).toBe('3|1')
    expect(await words(project, 'get word')).toBe('kept')
    expect(await project.inside('db', 'ls /tmp')).not.toContain('pwned')
  })

  test('a project file may not name any until it is trusted', async () => {
    const project = await running()
    await project.write(
      '.safe-compose.yaml',
      'critical:\n  - service: db\n    database: shop\n    query: select 1\n',
    )
    const stopped = await project.safe(['health'])
    expect(stopped.code, stopped.stdout).toBe(123)
    expect(stopped.stderr).toContain('.safe-compose.yaml:2: critical.0')
    expect(stopped.stderr).toContain('safe-compose trust')
  })
})

test('what does not run is down: 2, with how it ended; the others are told all the same', async () => {
  const project = await running()
  expect((await project.safe(['backup'])).code).toBe(0)
  expect((await project.bare(['stop', 'db'])).code).toBe(0)
  expectEnd(
    await project.safe(['health']),
    2,
    /^db +PostgreSQL 15$/m,
    /✗ reachable +no: its container ended with 0, /,
    new RegExp(`✔ volume +${project.name}_pgdata, .*; .* free at /`),
    /✔ restore point +\S+-manual/,
    /^2 databases: 1 well, 1 down$/m,
  )
  expectEnd(await project.safe(['health', 'cache']), 0, /^1 database: 1 well$/m)
  expect(about(await reported(project), 'db')).toMatchObject({ health: 'down', status: null })

  expect((await project.bare(['rm', '-f', 'db'])).code).toBe(0)
  expectEnd(await project.safe(['health', 'db']), 2, /✗ reachable +no: it has no container$/m)
})

test('one that runs and does not answer is down; one that lets us not in may be well: 3', async () => {
  const project = await running()
  expect((await project.safe(['backup'])).code).toBe(0)
  await project.inside(
    'db',
    'sed -i "1i local all all reject\\nhost all all all reject" "$PGDATA/pg_hba.conf" && psql -q -U owner -d shop -c "select pg_reload_conf()"',
  )
  expectEnd(
    await project.safe(['health', 'db']),
    3,
    /\? reachable +PostgreSQL does not answer: .*pg_hba\.conf rejects/,
  )
  await words(project, 'config set requirepass another')
  expectEnd(await project.safe(['health', 'cache']), 3, /\? reachable +Redis does not answer: NOAUTH/)

  const idle = await scenario(compose.replaceAll(/command: .*/g, 'command: [sleep, "1000"]'))
  expect((await idle.bare(['up', '-d', 'cache'])).code).toBe(0)
  expectEnd(
    await idle.safe(['health', 'cache']),
    2,
    /✗ reachable +Redis does not answer: Could not connect/,
    /^1 database: 1 down$/m,
  )
})

test('a project without a database is well; where nothing can be told: 3', async () => {
  const project = await scenario('services:\n  web: { image: busybox, command: [sleep, "1000"] }\n')
  expectEnd(await project.safe(['health']), 0, `project ${project.name} keeps no database`)
  const stranger = await project.safe(['health', 'db'])
  expect(stranger.code).toBe(3)
  expect(stranger.stderr).toContain(`project ${project.name} has no service db that keeps a database`)

  const gone = await project.safe(['health'], { variables: { DOCKER_HOST: 'unix:///nowhere/docker.sock' } })
  expect(gone.code, gone.stderr).toBe(3)
  expect(gone.stderr).toContain('/nowhere/docker.sock')
  // Compose looks for a file in every directory above.
  const nowhere = await project.safe(['health'], { directory: '/' })
  expect(nowhere.code, nowhere.stderr).toBe(3)
  expect(nowhere.stderr).toContain('there is no project here')
  const named = await project.safe(['-p', 'nobody', 'health'], { directory: '/' })
  expect(named.code, named.stderr).toBe(3)
})

test.each([
  { image: 'mariadb:10.11', program: 'mariadb', variable: 'MARIADB', label: /^MariaDB 10\.11\.\d+$/ },
  { image: 'mysql:9', program: 'mysql', variable: 'MYSQL', label: /^MySQL 9\.\d+\.\d+$/ },
])('$image is asked in a transaction that reads only', async ({ image, program, variable, label }) => {
  const project = await scenario(`
services:
  db:
    image: ${image}
    environment: { ${variable}_ROOT_PASSWORD: "s3cr t'word", ${variable}_DATABASE: shop }
    volumes: ["data:/var/lib/mysql"]
volumes: { data: {} }
`)
  expect((await project.bare(['up', '-d'])).code).toBe(0)
  const client = `${program} -uroot "-ps3cr t'word" --batch --skip-column-names shop`
  // The server of its first start, which ends soon, listens to nobody outside of the container.
  await eventually(() => project.inside('db', `${client} -h127.0.0.1 -e "select 1"`), 120)
  await project.inside(
    'db',
    `${client} -e "create table orders (id int); insert into orders values (1), (2)"`,
  )
  await project.inside(
    'db',
    `${client} --delimiter=// -e "set global log_bin_trust_function_creators = 1// create function wipe() returns int modifies sql data begin delete from orders; return 1; end"`,
  )
  await user(
    project,
    JSON.stringify({
      critical: [
        'select count(*) from orders where id <> 7;',
        'select count(*) from auth_user',
        '1)); drop table orders; select ((1',
        '1\n\\! touch /tmp/pwned\n',
        "select 'é'",
        'select id from orders',
        'select wipe()',
      ].map(query => ({ service: 'db', database: 'shop', query, min: 1 })),
    }),
  )
  const { health, status, critical } = about(await reported(project), 'db')
  expect(health).toBe('degraded')
  expect(status?.label).toMatch(label)
  const [, , ...rest] = critical
  expect(critical.map(({ value }) => value)).toEqual([2, null, null, null, null, null, null])
  expect(critical[1]?.fault).toContain("Table 'shop.auth_user' doesn't exist")
  expect(rest.map(({ fault }) => fault)).toEqual([
    expect.stringContaining('You have an error in your SQL syntax'),
    expect.stringContaining('You have an error in your SQL syntax'),
    'the answer is no number: é',
    expect.stringContaining('Subquery returns more than 1 row'),
    expect.stringContaining('READ ONLY transaction'),
  ])
  expect(await project.inside('db', `${client} -e "select count(*) from orders"; ls /tmp`)).not.toContain(
    'pwned',
  )
  expect(await project.inside('db', `${client} -e "select count(*) from orders"`)).toBe('2')
})
