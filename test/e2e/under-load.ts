import { expect } from 'vitest'
import type { Manifest } from '../../src/model/restore-point.ts'
import { pgbench } from './loads.ts'
import type { Load } from './loads.ts'
import { eventually, scenario } from './scenario.ts'
import type { Scenario } from './scenario.ts'

/** A PostgreSQL that is hammered by pgbench, whose sums tell whether a copy is of one moment. */
export async function hammered(image: string): Promise<Scenario> {
  return underLoad(pgbench(image))
}

/** A project with one database, `db`, that a load can be put on. */
export async function underLoad(load: Load): Promise<Scenario> {
  const project = await scenario(`
services:
  db:
    image: ${load.image}
    environment: ${JSON.stringify(load.environment)}
    ${load.command === null ? '' : `command: ${JSON.stringify(load.command)}`}
    volumes: ["data:${load.mount}"]
volumes: { data: {} }
`)
  expect((await project.bare(['up', '-d'])).code).toBe(0)
  await eventually(() => project.inside('db', load.isUp), 120)
  await project.inside('db', load.fill)
  return project
}

/**
 * Takes a restore point while the load writes, puts it back, and looks whether the database is one that the load could
 * have left: every transfer is in all balances and in the history, or in none.
 */
export async function backUpUnderLoad(project: Scenario, load: Load): Promise<Manifest> {
  const writing = project.inside('db', load.write)
  await eventually(async () => (await count(project, load)) > 0)
  const least = await count(project, load)
  const since = String(Date.now() / 1000)
  // Nobody stands still: how long that might last does not matter.
  const backup = await project.safe(['--safe-verbose', 'backup'], {
    variables: { SAFE_COMPOSE_MAX_STOP: '1ms' },
  })
  expect(backup.code, backup.stderr).toBe(0)
  const most = await count(project, load)
  await project.inside('db', 'touch /tmp/enough')
  await writing
  expect(await pauses(project, since)).toBe('')
  const { stdout } = await project.safe(['backups', '--json'])
  const [point] = JSON.parse(stdout) as readonly Manifest[]
  if (point === undefined) throw new Error('there is no restore point')

  const restored = await project.safe(['restore', point.id])
  expect(restored.code, restored.stderr).toBe(0)
  await eventually(() => project.inside('db', load.isUp), 120)
  const [history = '', ...balances] = (await project.inside('db', load.sums)).split(/\s+/)
  expect(new Set(balances), balances.join(' ')).toHaveProperty('size', 1)
  expect(Number(history)).toBeGreaterThanOrEqual(least)
  expect(Number(history)).toBeLessThanOrEqual(most)
  return point
}

/** What the engine tells of pauses of the project's containers. */
async function pauses(project: Scenario, since: string): Promise<string> {
  const label = `label=com.docker.compose.project=${project.name}`
  const until = String(Date.now() / 1000)
  const filters = ['--filter', label, '--filter', 'event=pause']
  const events = await project.docker(['events', '--since', since, '--until', until, ...filters])
  expect(events.code, events.stderr).toBe(0)
  return events.stdout
}

async function count(project: Scenario, { count: line }: Load): Promise<number> {
  return Number(await project.inside('db', line))
}
