import { appendFile, readFile, readdir, truncate, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { execa } from 'execa'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Manifest, Verification } from '../../src/model/restore-point.ts'
import { needTools } from '../engine/apt.ts'
import { engineApi } from './engine-api.ts'
import { eventually, executable, scenario } from './scenario.ts'
import type { Scenario } from './scenario.ts'

async function newestId(project: Scenario): Promise<string> {
  const { stdout } = await project.safe(['backups', '--json'])
  return (JSON.parse(stdout) as readonly { id: string }[])[0]?.id ?? ''
}

/**
 * A restore point that is no good is found out by trying it: whole archives of a database that does not start, or that
 * has not in it what was counted.
 */
describe('verify', () => {
  let project: Scenario
  let folder: string

  beforeEach(async () => {
    project = await scenario(`
services:
  db:
    image: postgres:15
    environment: { POSTGRES_PASSWORD: secret-word }
    volumes: ["pgdata:/var/lib/postgresql/data"]
volumes: { pgdata: {} }
`)
    expect((await project.bare(['up', '-d'])).code).toBe(0)
    await eventually(() => project.inside('db', 'pg_isready -h 127.0.0.1 -U postgres'))
    await project.inside(
      'db',
      'psql -q -U postgres -c "create table orders as select generate_series(1, 100) as id"',
    )
    const backup = await project.safe(['backup'])
    expect(backup.code, backup.stderr).toBe(0)
    const { stdout } = await project.safe(['backups', '--json'])
    folder = (JSON.parse(stdout) as readonly { path: string }[])[0]?.path ?? ''
  })

  async function change(edit: (text: string) => string): Promise<void> {
    const path = join(folder, 'manifest.json')
    const text = await readFile(path, 'utf8')
    const changed = edit(text)
    expect(changed).not.toBe(text)
    await writeFile(path, changed)
  }

  async function tried(
    words: readonly string[] = [],
  ): Promise<Verification & { readonly code: number | null }> {
    const run = await project.safe(['verify', '--json', ...words])
    const [result] = JSON.parse(run.stdout) as readonly Verification[]
    if (result === undefined) throw new Error(run.stderr)
    return { ...result, code: run.code }
  }

  test('rows that are not in it are named, with the numbers; and it is kept in mind', async () => {
    await change(text => text.replaceAll('"value": 100,', '"value": 101,'))
    const result = await tried()
    expect(result.code).toBe(1)
    const faults = result.checks.filter(({ well }) => !well)
    expect(faults.map(({ what, found }) => `${what}: ${found}`)).toEqual([
      expect.stringMatching(
        /^db: PostgreSQL .* but postgres: table public.orders: 100 rows, counted were 101$/,
      ),
      'db: dump of postgres: read in, but postgres: table public.orders: 100 rows, counted were 101',
    ])
    expect((await project.safe(['backups'])).stdout).toContain('NOT GOOD: did not pass')
  })

  test('a server that does not start on it is told in its own words', async () => {
    const { stdout: id } = await project.docker(['image', 'inspect', '-f', '{{.Id}}', 'postgres:17'])
    await change(text => {
      const manifest = JSON.parse(text) as Manifest
      const databases = manifest.databases?.map(each => ({
        ...each,
        image: { ...each.image, id: id.trim() },
      }))
      return JSON.stringify({ ...manifest, databases })
    })
    const result = await tried()
    expect(result.code).toBe(1)
    expect(result.checks.find(({ well }) => !well)?.found).toMatch(
      /its server did not come up on the copy: it ended with 1; it said: .*incompatible/,
    )
  })

  test('a file that is cut short, or altered, is found without starting anything', async () => {
    const [dump = ''] = (await readdir(join(folder, 'dumps/db'))).filter(name => name.startsWith('postgres'))
    const path = join(folder, 'dumps/db', dump)
    await truncate(path, 100)
    const damaged = await tried([basename(folder), '--level', 'read'])
    expect(damaged).toMatchObject({ code: 1, well: false })
    await appendFile(path, Buffer.alloc(10_000))
    const longer = await tried([basename(folder), '--level', 'read'])
    expect(longer).toMatchObject({ code: 1, well: false })
  })

  test('rows that a recovery empties are named by the backup, and are no fault of it', async () => {
    await project.inside(
      'db',
      'psql -q -U postgres -c "create unlogged table passing as select generate_series(1, 7) as n"',
    )
    expect((await project.safe(['backup', '--tag', 'unlogged'])).code).toBe(0)
    expect((await project.safe(['show', await newestId(project)])).stdout).toContain(
      'unlogged tables come back empty, as after a crash: postgres.public.passing',
    )
    const result = await tried()
    expect(result.code, JSON.stringify(result.checks)).toBe(0)
  })

  test('killed while it tries: the next one clears what it left, and passes', async () => {
    const child = execa(process.execPath, [executable, 'verify'], {
      cwd: project.directory,
      env: project.variables,
      extendEnv: false,
      reject: false,
    })
    await eventually(async () => {
      const { stdout } = await project.docker(['ps', '-q', '--filter', 'name=safe-compose-scratch'])
      return stdout !== ''
    })
    child.kill('SIGKILL')
    await child
    const again = await project.safe(['verify'])
    expect(again.code, again.stdout + again.stderr).toBe(0)
    await eventually(async () => (await engineApi().leftBehind()).length === 0)
  })
})

test('SQLite in a volume is opened, checked and counted; one that is damaged is named', async () => {
  await needTools({ sqlite3: 'sqlite3' })
  const project = await scenario(`
services:
  app: { image: busybox, command: [sleep, "1000"], stop_grace_period: 0s, volumes: ["data:/data"] }
volumes: { data: {} }
`)
  expect((await project.bare(['up', '-d'])).code).toBe(0)
  const file = join(project.directory, 'app.db')
  const rows =
    'with recursive n(i) as (select 1 union all select i + 1 from n where i < 900) select i, hex(i) from n'
  await execa('sqlite3', [file, `create table a(i integer primary key, t); insert into a ${rows}`])
  const container = project.container('app')
  expect((await project.docker(['cp', file, `${container}:/data/app.db`])).code).toBe(0)
  const backUp = async (): Promise<string> => {
    const backup = await project.safe(['backup'])
    expect(backup.code, backup.stderr).toBe(0)
    return (await project.safe(['verify'])).stdout
  }
  expect(await backUp()).toMatch(
    /✔ app +1 SQLite database opened: 1 table, 900 rows, well by their own check/,
  )
  await project.inside('app', 'dd if=/dev/urandom of=/data/app.db bs=1 seek=4096 count=3000 conv=notrunc')
  expect(await backUp()).toMatch(/✗ app +app\.db: .+/)
})
