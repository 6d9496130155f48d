import { spawn } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { engineApi } from './engine-api.ts'
import { eventually, executable, scenario } from './scenario.ts'
import type { Scenario } from './scenario.ts'
import { keys, onTerminal } from './terminal.ts'

const secret = 'secret-word'

/** The words of the first printed command that is `word`, without the program's name. */
function commandIn(stdout: string, word: string): readonly string[] {
  const [, words] = new RegExp(`safe-compose (${word} .+)$`, 'm').exec(stdout) ?? []
  if (words === undefined) throw new Error(`no ${word} in:\n${stdout}`)
  return words.split(' ')
}

async function backUp(project: Scenario): Promise<void> {
  const backup = await project.safe(['backup'])
  expect(backup.code, backup.stderr).toBe(0)
}

/** Runs a line in a volume of the project, that nobody else uses. */
async function inVolume(project: Scenario, key: string, line: string): Promise<string> {
  const mount = `${project.name}_${key}:/d`
  const run = await project.docker(['run', '--rm', '-v', mount, 'busybox', 'sh', '-c', line])
  expect(run.code, run.stderr).toBe(0)
  return run.stdout.trim()
}

/** No container and no volume of a trial. What another test has killed goes with its next run. */
async function nothingIsLeft(): Promise<void> {
  await eventually(async () => (await engineApi().leftBehind()).length === 0)
}

async function recovers(project: Scenario, code: 0 | 1): Promise<string> {
  const run = await project.safe(['recover'])
  expect(run.code, run.stdout + run.stderr).toBe(code)
  return run.stdout
}

// ---- PostgreSQL --------------------------------------------------------------------------------------------------

async function sql(project: Scenario, line: string): Promise<string> {
  return eventually(async () => {
    const words = ['exec', '-T', 'db', 'psql', '-h', '127.0.0.1', '-U', 'postgres', '-Atc', line]
    const { code, stdout, stderr } = await project.bare(words, { variables: { PGPASSWORD: secret } })
    if (code !== 0) throw new Error(stderr)
    return stdout.trim()
  }, 90)
}

/** 5,000 rows, with a restore point of them; then a page of the table or of its index is written over. */
async function postgresWithABrokenPage(what: 'orders' | 'orders_pkey'): Promise<Scenario> {
  const project = await scenario(`
services:
  db:
    image: postgres:15
    environment: { POSTGRES_PASSWORD: ${secret}, PGPASSWORD: ${secret}, POSTGRES_INITDB_ARGS: --data-checksums }
    volumes: [repairpg:/var/lib/postgresql/data]
    stop_grace_period: 60s
volumes: { repairpg: {} }
`)
  const up = await project.bare(['up', '-d'])
  expect(up.code, up.stderr).toBe(0)
  await sql(project, 'create extension amcheck')
  await sql(project, 'create table orders (id int primary key, what text)')
  await sql(project, "insert into orders select n, 'order ' || n from generate_series(1, 5000) n")
  await backUp(project)
  const file = await sql(project, `select pg_relation_filepath('${what}')`)
  expect((await project.bare(['stop'])).code).toBe(0)
  await inVolume(project, 'repairpg', `yes | head -c 8192 | dd of=/d/${file} bs=8192 seek=1 conv=notrunc`)
  expect((await project.bare(['start'])).code).toBe(0)
  await sql(project, 'select 1')
  return project
}

describe('PostgreSQL', () => {
  test('a damaged index: tried on a copy, then mended; every row is there', async () => {
    const project = await postgresWithABrokenPage('orders_pkey')
    const volume = `${project.name}_repairpg`
    const shown = await recovers(project, 1)
    expect(shown).toContain('✗ db finds damage in its own data')
    expect(shown).toMatch(/orders_pkey[^]+invalid page in block 1/)
    const words = commandIn(shown, 'recover')
    expect(words).toEqual(['recover', '--repair', 'db'])
    expect(shown.indexOf('--repair db'), 'it is the first way').toBeLessThan(
      shown.indexOf('→ safe-compose restore'),
    )

    const trial = await project.safe(words)
    expect(trial.code, trial.stdout + trial.stderr).toBe(0)
    expect(trial.stdout).toContain(`db: REINDEX, tried on a copy of ${volume} (PostgreSQL 15`)
    expect(trial.stdout).toContain('nothing: as much is in it as before')
    expect(trial.stdout).toContain(
      '✔ the copy is well afterwards: its own check finds no damage; 5,000 rows in 1 table',
    )
    expect(trial.stdout).toMatch(/as counted for \S+-manual/)
    await nothingIsLeft()
    await recovers(project, 1)

    const apply = commandIn(trial.stdout, 'recover')
    expect(apply).toEqual(['recover', '--repair', 'db', '--apply'])
    const done = await project.safe(apply)
    expect(done.code, done.stdout + done.stderr).toBe(0)
    expect(done.stdout).toContain(`✔ ${volume} is well afterwards`)
    expect(commandIn(done.stdout, 'restore').join(' ')).toMatch(/^restore \S+-safety-before-repair --volume /)
    expect(await sql(project, 'select count(*), max(what) from orders where id = 4711')).toBe('1|order 4711')
    await nothingIsLeft()
    await recovers(project, 0)

    const again = await project.safe(words)
    expect(again.code, again.stderr).toBe(0)
    expect(again.stdout).toContain('there is nothing to repair')
  })

  test('a damaged table, which no index can mend: 1, the volume is as it was, and the restore is named', async () => {
    const project = await postgresWithABrokenPage('orders')
    const run = await project.safe(['recover', '--repair', 'db', '--apply'])
    expect(run.code, run.stdout + run.stderr).toBe(1)
    expect(run.stdout).toContain('✗ the copy is not well afterwards:')
    expect(run.stdout).toMatch(/invalid page in block 1/)
    expect(run.stdout).toContain('nothing was changed; the next way is to put ')
    expect(run.stderr).not.toContain('repairing')
    await nothingIsLeft()
    await expect(
      project.inside('db', "psql -h 127.0.0.1 -U postgres -c 'select * from orders'"),
    ).rejects.toThrow()
    const back = await project.safe(commandIn(run.stdout, 'restore'))
    expect(back.code, back.stderr).toBe(0)
    expect(await sql(project, 'select count(what) from orders')).toBe('5000')
  })
})

// ---- MariaDB -----------------------------------------------------------------------------------------------------

test('MariaDB: indexes of MyISAM and Aria tables that were written over', async () => {
  const project = await scenario(`
services:
  maria:
    image: mariadb:10.11
    command: [mariadbd, --myisam-recover-options=OFF, --aria-recover-options=OFF]
    environment: { MARIADB_ROOT_PASSWORD: ${secret} }
    volumes: [repairmaria:/var/lib/mysql]
volumes: { repairmaria: {} }
`)
  expect((await project.bare(['up', '-d'])).code).toBe(0)
  const client = (statements: string): Promise<string> =>
    eventually(
      () => project.inside('maria', `MYSQL_PWD=${secret} mariadb -h 127.0.0.1 -u root -N -e "${statements}"`),
      120,
    )
  const columns = '(id int primary key, what varchar(99), key (what))'
  await client(`create database if not exists shop; use shop;
    create table orders ${columns} engine=myisam; insert into orders select seq, concat('order ', seq) from seq_1_to_1000;
    create table customers ${columns} engine=aria; insert into customers select * from orders; flush tables`)
  await project.inside(
    'maria',
    'cd /var/lib/mysql/shop; for file in orders.MYI customers.MAI; do yes | head -c 3000 | dd of=$file bs=1 seek=9000 conv=notrunc; done',
  )
  const shown = await recovers(project, 1)
  expect(shown).toContain('shop.orders: Corrupt')
  expect(shown).toContain('shop.customers: Corrupt')
  const run = await project.safe([...commandIn(shown, 'recover'), '--apply'])
  expect(run.code, run.stdout + run.stderr).toBe(0)
  expect(run.stdout).toMatch(/done +shop\.customers: repaired\n +shop\.orders: repaired/)
  expect(run.stdout).toContain(`✔ ${project.name}_repairmaria is well afterwards`)
  expect(run.stdout).toContain('2,000 rows in 2 tables')
  expect(
    (
      await client('select count(*) from shop.orders where what > 0x6f; select count(*) from shop.customers')
    ).trim(),
  ).toBe('1000\n1000')
  await recovers(project, 0)
  await nothingIsLeft()
})

// ---- Redis -------------------------------------------------------------------------------------------------------

const log = '/d/appendonlydir/appendonly.aof.1.incr.aof'

/** Ten keys, with a restore point of them; then the log is written over near its end, and the server does not start. */
async function redisWithABrokenLog(restart: 'no' | 'always' = 'no'): Promise<Scenario> {
  const project = await scenario(`
services:
  cache:
    image: redis:7
    command: [redis-server, --appendonly, "yes"]
    restart: "${restart}"
    volumes: [repairredis:/data]
volumes: { repairredis: {} }
`)
  expect((await project.bare(['up', '-d'])).code).toBe(0)
  await eventually(() => project.inside('cache', 'redis-cli ping'))
  await project.inside('cache', 'for i in 1 2 3 4 5 6 7 8 9; do redis-cli set key$i kept; done')
  await backUp(project)
  expect((await project.bare(['stop'])).code).toBe(0)
  await inVolume(
    project,
    'repairredis',
    `printf 'not-a-word-!' | dd of=${log} bs=1 seek=$(($(wc -c < ${log}) - 50)) conv=notrunc`,
  )
  await project.bare(['start'])
  const state = restart === 'no' ? 'exited' : 'restarting'
  await eventually(async () => (await project.containers()).some(each => each.endsWith(` ${state}`)))
  return project
}

/** Runs ours and kills it as soon as it says something. */
async function killedAt(project: Scenario, words: readonly string[], said: string): Promise<void> {
  const child = spawn(process.execPath, [executable, ...words], {
    cwd: project.directory,
    env: { ...project.variables },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = new Promise(resolve => child.on('close', resolve))
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
    if (stderr.includes(said)) child.kill('SIGKILL')
  })
  await ended
  expect(child.signalCode, stderr).toBe('SIGKILL')
}

describe('Redis', () => {
  test('a log that it cannot read: cut on a copy, then in the volume; and taken back', async () => {
    const project = await redisWithABrokenLog()
    const volume = `${project.name}_repairredis`
    const broken = await inVolume(project, 'repairredis', `sha256sum ${log}`)
    const shown = await recovers(project, 1)
    expect(shown).toContain('✗ cache ended by itself')
    expect(shown).toContain('Bad file format reading the append only file')
    const words = commandIn(shown, 'recover')
    expect(words).toEqual(['recover', '--repair', 'cache'])

    const trial = await project.safe(words)
    expect(trial.code, trial.stdout + trial.stderr).toBe(0)
    expect(trial.stdout).toMatch(/lost +the last \d+ B of appendonly\.aof\.1\.incr\.aof, of \d+ B/)
    expect(trial.stdout).toContain('✔ the copy is well afterwards: its own check finds no damage; 7 keys')
    expect(trial.stdout).toMatch(/against \S+-manual, .+: db0: keys: 7, counted were 9/)
    expect(await inVolume(project, 'repairredis', `sha256sum ${log}`), 'only the copy was cut').toBe(broken)

    const done = await project.safe([...words, '--apply'])
    expect(done.code, done.stdout + done.stderr).toBe(0)
    expect(done.stdout).toContain(`✔ ${volume} is well afterwards`)
    expect((await project.safe(commandIn(done.stdout, 'start'))).code).toBe(0)
    await eventually(() => project.inside('cache', 'redis-cli ping'))
    expect((await project.inside('cache', 'redis-cli dbsize')).trim()).toBe('7')
    await recovers(project, 0)
    await nothingIsLeft()

    const running = await project.safe(words)
    expect(running.code).toBe(1)
    expect(running.stderr).toContain(
      'cache runs, and what it has in its memory is more than what is in its files',
    )

    const back = await project.safe(commandIn(done.stdout, 'restore'))
    expect(back.code, back.stderr).toBe(0)
    expect((await project.bare(['stop'])).code).toBe(0)
    expect(await inVolume(project, 'repairredis', `sha256sum ${log}`), 'as it was before').toBe(broken)
  })

  test('killed while the copy is tried, and while the volume is repaired: it stands as it was, nothing is left', async () => {
    const project = await redisWithABrokenLog()
    const broken = await inVolume(project, 'repairredis', `sha256sum ${log}`)
    const words = ['recover', '--repair', 'cache']
    await killedAt(project, words, 'trying the repair of cache')
    await killedAt(project, [...words, '--apply'], 'repairing ')
    const next = await project.safe(words)
    expect(next.code, next.stdout + next.stderr).toBe(0)
    expect(next.stderr).toContain('died half way: what stood there before is back')
    expect(next.stdout).toContain('✔ the copy is well afterwards')
    expect(await inVolume(project, 'repairredis', `sha256sum ${log}`)).toBe(broken)
    await nothingIsLeft()
  })

  test('guided at a terminal: asked when the copy is well, then repaired, started and counted', async () => {
    const project = await redisWithABrokenLog()
    const terminal = onTerminal(process.execPath, [executable, 'recover'], project)
    await terminal.sees('What now?', 60)
    terminal.types(keys.down)
    terminal.types(keys.enter)
    await terminal.sees('✔ the copy is well afterwards', 120)
    await terminal.sees(`Do the same to ${project.name}_repairredis now?`)
    terminal.types(`y${keys.enter}`)
    await terminal.sees(/✔ cache +Redis 7\S* answers on \S+: 7 keys/, 120)
    expect((await terminal.ended).code, terminal.screen()).toBe(0)
    expect(await project.containers()).toEqual([`${project.container('cache')} running`])
  })

  test('one that is started again and again: it is held back for it, and runs then', async () => {
    const project = await redisWithABrokenLog('always')
    // At the moment that it is looked at it may run.
    expect(await recovers(project, 1)).toMatch(
      /✗ cache (does not stay up|runs and does not answer)[^]+--repair cache/,
    )
    const run = await project.safe(['recover', '--repair', 'cache', '--apply'])
    expect(run.code, run.stdout + run.stderr).toBe(0)
    expect(run.stderr).toMatch(/cache: Redis 7\S* answers on \S+: 7 keys/)
    expect(await project.containers()).toEqual([`${project.container('cache')} running`])
    await recovers(project, 0)
  })

  test('who says no at the terminal has nothing changed', async () => {
    const project = await redisWithABrokenLog()
    const broken = await inVolume(project, 'repairredis', `sha256sum ${log}`)
    const terminal = onTerminal(process.execPath, [executable, 'recover', '--repair', 'cache'], project)
    await terminal.sees(`Do the same to ${project.name}_repairredis now?`, 120)
    terminal.types(keys.enter)
    expect((await terminal.ended).code, terminal.screen()).toBe(122)
    expect(await inVolume(project, 'repairredis', `sha256sum ${log}`)).toBe(broken)
  })
})
