import { expect, test } from 'vitest'
import type { Manifest } from '../../src/model/restore-point.ts'
import { eventually, scenario } from '../e2e/scenario.ts'
import type { Scenario } from '../e2e/scenario.ts'

const isUp = 'pg_isready -q -h 127.0.0.1 -U postgres'
const sql = (statement: string): string => `psql -q -tA -U postgres -c "${statement}"`

/** A PostgreSQL that can be asked, with these lines of its service besides. */
async function postgresql(lines: string, volumes: string): Promise<Scenario> {
  const project = await scenario(`
services:
  db:
    image: postgres:17
    environment: { POSTGRES_PASSWORD: secret-word }
    ${lines}
volumes: ${volumes}
`)
  expect((await project.bare(['up', '-d'])).code).toBe(0)
  await eventually(() => project.inside('db', isUp), 120)
  return project
}

async function newest(project: Scenario): Promise<Manifest> {
  const { stdout } = await project.safe(['backups', '--json'])
  const [first] = JSON.parse(stdout) as readonly Manifest[]
  if (first === undefined) throw new Error('there is no restore point')
  return first
}

test('a log that is recycled all the time: a copy without our slot fails, and ours is whole', async () => {
  const project = await postgresql(
    'command: [postgres, -c, max_wal_size=32MB, -c, min_wal_size=32MB, -c, wal_keep_size=0]\n    volumes: ["data:/var/lib/postgresql/data"]',
    '{ data: {} }',
  )
  await project.inside(
    'db',
    sql("create table bulk as select i, repeat('x', 900) t from generate_series(1, 200000) i"),
  )
  const writing = project.inside(
    'db',
    `until [ -e /tmp/enough ]; do ${sql('create table if not exists more (n int); insert into more select generate_series(1, 20000); select pg_switch_wal(); checkpoint')}; done >/dev/null 2>&1`,
  )
  const byHand = await project.inside(
    'db',
    'pg_basebackup -U postgres -Ft -X fetch -c fast -D - 2>/tmp/said | { sleep 15; cat >/dev/null; }; cat /tmp/said',
  )
  expect(byHand).toMatch(/WAL segment \S+ has already been removed/)
  const backup = await project.safe(['backup', '--no-dump'])
  expect(backup.code, backup.stderr).toBe(0)
  const point = await newest(project)
  expect(point.holdings[0]).toMatchObject({ consistency: 'online' })
  await project.inside('db', 'touch /tmp/enough')
  await writing
  const verified = await project.safe(['verify', '--level', 'boot'])
  expect(verified.code, verified.stdout + verified.stderr).toBe(0)
})

test('tablespaces in a volume of their own are copied at the same moment, and come back', async () => {
  const project = await postgresql(
    'volumes: ["data:/var/lib/postgresql/data", "fast:/fast"]',
    '{ data: {}, fast: {} }',
  )
  await project.inside('db', 'install -d -o postgres -m 700 /fast/space')
  await project.inside('db', sql("create tablespace fast location '/fast/space'"))
  await project.inside('db', sql('create table t tablespace fast as select generate_series(1, 1000) n'))
  const backup = await project.safe(['--safe-verbose', 'backup'])
  expect(backup.code, backup.stderr).toBe(0)
  const { holdings } = await newest(project)
  expect(holdings.map(({ consistency }) => consistency)).toEqual(['paused', 'paused'])
  expect((await project.safe(['down', '-v'])).code).toBe(0)
  const undo = await project.safe(['undo'])
  expect(undo.code, undo.stderr).toBe(0)
  await eventually(() => project.inside('db', isUp), 120)
  expect(await project.inside('db', sql('select sum(n) from t'))).toBe('500500')
})
