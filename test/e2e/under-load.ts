import { expect } from 'vitest'
import type { Manifest } from '../../src/model/restore-point.ts'
import { eventually, scenario } from './scenario.ts'
import type { Scenario } from './scenario.ts'

/** A PostgreSQL that is hammered by pgbench, whose sums tell whether a copy is of one moment. */
export async function hammered(image: string): Promise<Scenario> {
  const mount = image.endsWith(':18') ? '/var/lib/postgresql' : '/var/lib/postgresql/data'
  const project = await scenario(`
services:
  db:
    image: ${image}
    environment: { POSTGRES_PASSWORD: secret-word }
    volumes: ["pgdata:${mount}"]
volumes: { pgdata: {} }
`)
  expect((await project.bare(['up', '-d'])).code).toBe(0)
  await eventually(() => project.inside('db', 'pg_isready -h 127.0.0.1 -U postgres'))
  await project.inside('db', `${withPgbench} pgbench -q -i -s 5 -U postgres postgres`)
  return project
}

const withPgbench = 'PATH=$PATH:$(ls -d /usr/lib/postgresql/*/bin | tail -n 1);'

/**
 * Takes a restore point while pgbench writes, puts it back, and looks whether the database is one that pgbench could
 * have left: every transfer is in all three balances and in the history, or in none.
 */
export async function backUpUnderLoad(project: Scenario): Promise<Manifest> {
  const load = project.inside(
    'db',
    `${withPgbench} pgbench -n -c 4 -j 2 -T 600 -U postgres postgres >/dev/null 2>&1 & pid=$!
     until [ -e /tmp/enough ]; do sleep 0.2; done; kill $pid; rm /tmp/enough`,
  )
  await eventually(async () => (await count(project)) > 0)
  const least = await count(project)
  // Nobody stands still: how long that might last does not matter.
  const backup = await project.safe(['backup'], { variables: { SAFE_COMPOSE_MAX_STOP: '1ms' } })
  const most = await count(project)
  await project.inside('db', 'touch /tmp/enough')
  await load
  expect(backup.code, backup.stderr).toBe(0)
  // It was never held up.
  expect(backup.stderr).not.toContain('running     db again')
  const { stdout } = await project.safe(['backups', '--json'])
  const [point] = JSON.parse(stdout) as readonly Manifest[]
  if (point === undefined) throw new Error('there is no restore point')

  const restored = await project.safe(['restore', point.id])
  expect(restored.code, restored.stderr).toBe(0)
  await eventually(() => project.inside('db', 'pg_isready -h 127.0.0.1 -U postgres'))
  const [balances = '', history = ''] = (await sql(project, sums)).split('|')
  expect(new Set(balances.split(','))).toHaveProperty('size', 1)
  expect(Number(history)).toBeGreaterThanOrEqual(least)
  expect(Number(history)).toBeLessThanOrEqual(most)
  return point
}

const sums = `select concat_ws(',', (select sum(abalance) from pgbench_accounts),
  (select sum(bbalance) from pgbench_branches), (select sum(tbalance) from pgbench_tellers),
  (select coalesce(sum(delta), 0) from pgbench_history)), (select count(*) from pgbench_history)`

async function count(project: Scenario): Promise<number> {
  return Number(await sql(project, 'select count(*) from pgbench_history'))
}

function sql(project: Scenario, statement: string): Promise<string> {
  return project.inside('db', `psql -q -tA -U postgres -c "${statement}"`)
}
