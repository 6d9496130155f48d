import { rename } from 'node:fs/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { eventually, executable, scenario } from './scenario.ts'
import type { Ended, Scenario } from './scenario.ts'
import { keys, onTerminal } from './terminal.ts'

/** A key of its own: what other tests leave behind must not look like this project's data. */
const data = 'recoverydata'
const shop = `
services:
  db:
    image: postgres:15
    environment: { POSTGRES_PASSWORD: secret-word }
    volumes: [${data}:/var/lib/postgresql/data]
    stop_grace_period: 60s
volumes: { ${data}: {} }
`
const shopAndWeb = shop.replace(
  '\nvolumes:',
  `
  web:
    image: busybox
    command: ["sh", "-c", "trap 'exit 0' TERM; while true; do sleep 0.1; done"]
    depends_on: [db]
volumes:`,
)

interface Found {
  readonly stopFirst: readonly string[] | null
  readonly situations: readonly {
    readonly kind: string
    readonly service: string | null
    readonly title: string
    readonly evidence: readonly string[]
    readonly ways: readonly { readonly command: readonly string[] }[]
  }[]
}

async function sql(project: Scenario, line: string, directory = project.directory): Promise<string> {
  return eventually(async () => {
    const words = ['exec', '-T', 'db', 'psql', '-h', '127.0.0.1', '-U', 'postgres', '-Atc', line]
    const variables = { PGPASSWORD: 'secret-word' }
    const { code, stdout, stderr } = await project.bare(words, { directory, variables })
    if (code !== 0) throw new Error(stderr)
    return stdout.trim()
  }, 90)
}

const row = 'select what from orders'

/** A database with one row that everything is about. Started by Compose alone, or under the guard. */
async function shopWithARow(compose = shop, start: 'bare' | 'safe' = 'bare'): Promise<Scenario> {
  const project = await scenario(compose)
  const up = await project[start](['up', '-d'])
  expect(up.code, up.stderr).toBe(0)
  await sql(project, "create table orders (what text); insert into orders values ('kept')")
  return project
}

async function backUp(project: Scenario): Promise<void> {
  const backup = await project.safe(['backup'])
  expect(backup.code, backup.stderr).toBe(0)
}

/** What is printed, and the same as data. */
async function recover(project: Scenario, directory = project.directory): Promise<Ended & { found: Found }> {
  const printed = await project.safe(['recover'], { directory })
  const json = await project.safe(['recover', '--json'], { directory })
  expect(json.code, json.stderr).toBe(printed.code)
  return { ...printed, found: JSON.parse(json.stdout) as Found }
}

/** The words of the first printed command that is `word`, without the program's name. */
function commandIn(stdout: string, word: string): readonly string[] {
  const [, words] = new RegExp(`→ safe-compose (${word} .+)$`, 'm').exec(stdout) ?? []
  if (words === undefined) throw new Error(`no ${word} in:\n${stdout}`)
  return words.split(' ')
}

describe('recover without a terminal only looks, and prints the way out', () => {
  test('a project that is well: 0, and what was seen', async () => {
    const project = await shopWithARow()
    const run = await recover(project)
    expect(run.code, run.stdout + run.stderr).toBe(0)
    expect(run.stdout).toContain(`project ${project.name}: nothing wrong found`)
    expect(run.stdout).toMatch(
      /✔ db +PostgreSQL 15\S* answers: 1 row in 1 table; its own check finds no damage/,
    )
    expect(run.stdout).toContain('there is no restore point yet:  safe-compose backup')
    expect(run.found.situations).toEqual([])
  })

  test('a volume that bare Compose deleted comes back from the restore point', async () => {
    const project = await shopWithARow()
    await backUp(project)
    expect((await project.bare(['down', '-v'])).code).toBe(0)
    const run = await recover(project)
    expect(run.code, run.stdout + run.stderr).toBe(1)
    expect(run.stdout).toContain(`✗ ${project.name}_${data} is not on this engine any more`)
    expect(run.stdout).toMatch(/restore point \S+ \(.+\) holds it: PostgreSQL 15, .+, 1 row/)
    expect(run.found.situations.map(({ kind }) => kind)).toEqual(['deleted'])
    expect(await project.volumes(), 'it only looks').toEqual([])
    const back = await project.safe(commandIn(run.stdout, 'restore'))
    expect(back.code, back.stderr).toBe(0)
    expect((await project.safe(['up', '-d'])).code).toBe(0)
    expect(await sql(project, row)).toBe('kept')
    expect((await recover(project)).code).toBe(0)
  })

  test('what a guarded command deleted is undone', async () => {
    const project = await shopWithARow(shop, 'safe')
    expect((await project.safe(['down', '-v'])).code).toBe(0)
    const run = await recover(project)
    expect(run.code, run.stdout + run.stderr).toBe(1)
    expect(run.stdout).toContain(`\`down -v\` deleted ${project.name}_${data}`)
    const back = await project.safe(commandIn(run.stdout, 'undo'))
    expect(back.code, back.stderr).toBe(0)
    expect(await sql(project, row)).toBe('kept')
    expect((await recover(project)).code).toBe(0)
  })

  test('the incident: both volumes are named, and the printed command connects the old one', async () => {
    const project = await shopWithARow(shopAndWeb, 'safe')
    const directory = `${project.directory}v2`
    expect((await project.safe(['down'])).code).toBe(0)
    await rename(project.directory, directory)
    onTestFinished(async () => {
      await project.bare(['down', '-v'], { directory })
    })
    expect((await project.bare(['up', '-d'], { directory })).code).toBe(0)
    await sql(project, 'select 1', directory)
    const run = await recover(project, directory)
    expect(run.code, run.stdout + run.stderr).toBe(1)
    expect(run.stdout).toContain('✗ db runs on a fresh, empty database')
    expect(run.stdout).toMatch(
      new RegExp(`db runs on volume ${project.name}v2_${data}, made .+: PostgreSQL 15\\S*, nothing in it`),
    )
    expect(run.stdout).toMatch(
      new RegExp(`volume ${project.name}_${data} holds PostgreSQL 15, .+last written`),
    )
    expect(run.stdout).toContain(`this project was called ${project.name} `)
    expect(run.stdout).toContain('stop the writers first:  safe-compose stop web')
    expect(run.found.stopFirst).toEqual(['safe-compose', 'stop', 'web'])
    const words = commandIn(run.stdout, 'adopt')
    expect(words).toEqual(['adopt', `${project.name}_${data}`, '--as', data])
    const back = await project.safe([...words, '--yes'], { directory })
    expect(back.code, back.stderr).toBe(0)
    expect(await sql(project, row, directory)).toBe('kept')
    const after = await recover(project, directory)
    expect(after.code, after.stdout).toBe(0)
  })

  test('never seen before: a fresh database is held against the volume that was left', async () => {
    const project = await shopWithARow()
    expect((await project.bare(['down'])).code).toBe(0)
    await project.write('compose.yaml', shop.replaceAll(`${data}:`, `${data}new:`))
    expect((await project.bare(['up', '-d'])).code).toBe(0)
    await sql(project, 'select 1')
    const run = await recover(project)
    expect(run.code, run.stdout + run.stderr).toBe(1)
    expect(run.stdout).toContain(`volume ${project.name}_${data} holds PostgreSQL 15`)
    expect(run.found.situations.map(({ kind }) => kind)).toEqual(['wrong-database'])
    const back = await project.safe([...commandIn(run.stdout, 'adopt'), '--yes'])
    expect(back.code, back.stderr).toBe(0)
    expect(await sql(project, row)).toBe('kept')
  })

  test('a page of a table that was written over: named in the words of the server', async () => {
    const project = await shopWithARow()
    await backUp(project)
    const file = await sql(project, "select pg_relation_filepath('orders')")
    expect((await project.bare(['stop'])).code).toBe(0)
    const broken = await project.docker([
      'run',
      '--rm',
      '-v',
      `${project.name}_${data}:/d`,
      'busybox',
      'sh',
      '-c',
      `yes | head -c 8192 | dd of=/d/${file} conv=notrunc`,
    ])
    expect(broken.code, broken.stderr).toBe(0)
    expect((await project.bare(['start'])).code).toBe(0)
    await sql(project, 'select 1')
    const run = await recover(project)
    expect(run.code, run.stdout + run.stderr).toBe(1)
    expect(run.stdout).toContain('✗ db finds damage in its own data')
    expect(run.stdout).toMatch(
      /postgres: Dumping the contents of table "orders" failed; ERROR: +invalid page in block 0/,
    )
    const back = await project.safe(commandIn(run.stdout, 'restore'))
    expect(back.code, back.stderr).toBe(0)
    expect(await sql(project, row)).toBe('kept')
    expect((await recover(project)).code).toBe(0)
  })

  test('a server that does not start tells why', async () => {
    const project = await shopWithARow()
    await backUp(project)
    expect((await project.bare(['stop'])).code).toBe(0)
    const mount = `${project.name}_${data}:/d`
    const broken = await project.docker(['run', '--rm', '-v', mount, 'busybox', 'rm', '/d/global/pg_control'])
    expect(broken.code, broken.stderr).toBe(0)
    await project.bare(['start'])
    await eventually(async () => (await project.containers()).some(each => each.endsWith(' exited')))
    const run = await recover(project)
    expect(run.code, run.stdout + run.stderr).toBe(1)
    expect(run.stdout).toContain('✗ db ended by itself')
    expect(run.stdout).toMatch(/it said: .*pg_control/)
    const back = await project.safe(commandIn(run.stdout, 'restore'))
    expect(back.code, back.stderr).toBe(0)
    expect((await project.safe(['up', '-d'])).code).toBe(0)
    expect(await sql(project, row)).toBe('kept')
  })

  test('a coding agent gets the same to read, and is asked nothing', async () => {
    const project = await shopWithARow()
    await backUp(project)
    expect((await project.bare(['down', '-v'])).code).toBe(0)
    const run = await project.safe(['recover'], { variables: { CLAUDECODE: '1' } })
    expect(run.code, run.stderr).toBe(1)
    expect(commandIn(run.stdout, 'restore')).toContain('--volume')
    expect(await project.volumes()).toEqual([])
  })
})

describe('at a terminal a person is led through it', () => {
  test('the writers are stopped, the chosen way is taken, what is there is counted, the writers run again', async () => {
    const project = await shopWithARow(shopAndWeb, 'safe')
    await backUp(project)
    await project.bare(['stop', 'db'])
    await project.bare(['rm', '-f', 'db'])
    expect((await project.docker(['volume', 'rm', `${project.name}_${data}`])).code).toBe(0)
    expect((await project.bare(['up', '-d'])).code).toBe(0)
    await sql(project, 'select 1')
    const terminal = onTerminal(process.execPath, [executable, 'recover'], project)
    await terminal.sees('✗ db runs on a fresh, empty database', 120)
    await terminal.sees('First of all: stop web')
    terminal.types(`y${keys.enter}`)
    await terminal.sees('What now?', 60)
    terminal.types(keys.down)
    terminal.types(keys.enter)
    await terminal.sees(
      /✔ db +PostgreSQL 15\S* answers on \S+: 1 row in 1 table, as counted when it was saved/,
      120,
    )
    expect((await terminal.ended).code, terminal.screen()).toBe(0)
    expect(await sql(project, row)).toBe('kept')
    expect((await project.containers()).filter(each => each.endsWith(' running'))).toHaveLength(2)
  })

  test('Enter only looks; what was stopped for it runs again', async () => {
    const project = await shopWithARow(shopAndWeb)
    await backUp(project)
    const volume = `${project.name}_${data}`
    await project.bare(['rm', '-sf', 'db'])
    expect((await project.docker(['volume', 'rm', volume])).code).toBe(0)
    const terminal = onTerminal(process.execPath, [executable, 'recover'], project)
    await terminal.sees(`✗ ${volume} is not on this engine any more`, 60)
    await terminal.sees('First of all: stop web')
    terminal.types(`y${keys.enter}`)
    await terminal.sees('What now?', 60)
    terminal.types(keys.enter)
    expect((await terminal.ended).code, terminal.screen()).toBe(1)
    expect(await project.containers()).toEqual([`${project.container('web')} running`])
    expect(await project.volumes()).toEqual([])
  })
})

describe('each server checks itself', () => {
  test('MariaDB, MySQL and Redis: well, then with a table and a snapshot that were cut short', async () => {
    const environment =
      'environment: { MARIADB_ROOT_PASSWORD: secret-word, MYSQL_ROOT_PASSWORD: secret-word }'
    const project = await scenario(`
services:
  maria: { image: "mariadb:10.11", ${environment}, volumes: ["maria:/var/lib/mysql"] }
  mysql: { image: "mysql:9", ${environment}, volumes: ["mysql:/var/lib/mysql"] }
  cache: { image: "redis:7", command: [redis-server, --save, "3600 1", --appendonly, "yes"], volumes: ["cache:/data"] }
volumes: { maria: {}, mysql: {}, cache: {} }
`)
    expect((await project.bare(['up', '-d'])).code).toBe(0)
    const client = (service: 'maria' | 'mysql', statements: string): Promise<string> => {
      const program = service === 'maria' ? 'mariadb' : 'mysql'
      return eventually(
        () =>
          project.inside(service, `MYSQL_PWD=secret-word ${program} -h 127.0.0.1 -u root -e "${statements}"`),
        120,
      )
    }
    const table = 'create table shop.orders (what varchar(99)) engine=myisam'
    for (const service of ['maria', 'mysql'] as const)
      await client(
        service,
        `create database if not exists shop; ${table}; insert into shop.orders values ('a'), ('b')`,
      )
    await eventually(() => project.inside('cache', 'redis-cli set word kept && redis-cli save'))
    const well = await project.safe(['recover'])
    expect(well.code, well.stdout + well.stderr).toBe(0)
    expect(well.stdout.match(/its own check finds no damage/g), well.stdout).toHaveLength(3)

    for (const service of ['maria', 'mysql'] as const) {
      await client(service, 'flush tables')
      await project.inside(service, 'truncate -s 3 /var/lib/mysql/shop/orders.MYD')
    }
    await project.inside('cache', 'truncate -s 20 /data/dump.rdb')
    const broken = await project.safe(['recover'])
    expect(broken.code, broken.stderr).toBe(1)
    for (const service of ['maria', 'mysql', 'cache'])
      expect(broken.stdout, broken.stderr).toContain(`✗ ${service} finds damage in its own data`)
    expect(broken.stdout.match(/^ +shop\.orders: /gm)?.length, broken.stdout).toBeGreaterThanOrEqual(2)
    expect(broken.stdout).toMatch(/redis-check-rdb \/data\/dump\.rdb: .*(unexpected|eof)/i)
  })
})
