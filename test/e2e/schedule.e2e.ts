import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ScheduleReport } from '../../src/core/schedule/status.ts'
import { fakeCrontab } from '../fakes/crontab.ts'
import { eventually, runProgram, scenario } from './scenario.ts'
import type { Ended, Scenario } from './scenario.ts'

/** Backups that nobody thinks of. systemd does not run here: the crontab is what they are placed in. */

const compose = `
services:
  cache:
    image: redis:7
    volumes: ["words:/data"]
volumes: { words: {} }
`

const theirs = '# 100% theirs\n5 4 * * * /usr/bin/true\n'

test('a schedule must be placed beside what is there, run as cron runs it, be shown, and leave nothing behind', async () => {
  const project = await scenario(compose)
  const table = await withCrontab(project)
  const path = `${join(project.directory, '..', 'programs')}:${project.variables['PATH'] ?? ''}`
  const safe = (words: readonly string[]): Promise<Ended> =>
    project.safe(words, { variables: { PATH: path } })
  await project.bare(['up', '-d'])
  await eventually(() => project.inside('cache', 'redis-cli set word kept && redis-cli save'))
  expect((await safe(['schedule'])).code).toBe(1)

  const installed = await safe(['schedule', 'install', '--every', '6h', '--verify', 'off', '--user'])
  expect(installed.code, installed.stderr).toBe(0)
  expect(installed.stdout).toContain(`project ${project.name} is backed up every 6h by this user's crontab`)
  const line = ((await table()) ?? '').split('\n')[1] ?? ''
  expect(await table()).toMatch(
    /^# >>> safe-compose schedule [^]*# <<< [^]*\n# 100% theirs\n5 4 \* \* \* \/usr\/bin\/true\n$/,
  )
  const again = await safe(['schedule', 'install', '--every', '6h', '--verify', 'off', '--user'])
  expect(again.stdout).toContain('nothing changed')
  const doctor = JSON.parse((await safe(['doctor', '--json'])).stdout) as {
    checks: { id: string; health: string }[]
  }
  expect(doctor.checks.find(({ id }) => id === 'schedule')?.health).toBe('well')

  // As cron does it: a shell, four variables, the home directory.
  const command = /^(?:\S+ ){5}(.*)$/.exec(line)?.[1] ?? ''
  const cron = (): Promise<Ended> =>
    runProgram(
      '/usr/bin/env',
      ['-i', 'HOME=/root', 'LOGNAME=root', 'PATH=/usr/bin:/bin', 'SHELL=/bin/sh', '/bin/sh', '-c', command],
      { directory: '/', variables: {} },
    )
  expect(await cron()).toMatchObject({ code: 0, stdout: '', stderr: '' })
  const status = await report(safe)
  expect(status).toMatchObject({ code: 0, state: 'well', project: project.name })
  expect(status.last.map(({ job, code }) => `${job} ${code}`)).toEqual(['backup 0', 'prune 0'])
  expect(await readFile(status.log ?? '', 'utf8')).toContain('-schedule in ')
  const [point] = JSON.parse((await safe(['backups', '--json'])).stdout) as { reason: string }[]
  expect(point?.reason).toBe('schedule')

  // The next quarter of an hour: nothing is due.
  expect((await cron()).code).toBe(0)
  expect(JSON.parse((await safe(['backups', '--json'])).stdout)).toHaveLength(1)

  // Three in the morning: the disk of the store is gone.
  await rename(project.store, `${project.store}-away`)
  await writeFile(project.store, 'not a directory')
  const failed = await safe(['schedule', 'run'])
  expect(failed.code).toBe(1)
  expect(failed.stderr).toContain(project.store)
  const shown = await safe(['schedule', 'status'])
  expect(shown.code).toBe(1)
  expect(shown.stdout).toContain(`✗ schedule of ${project.name}: backup of ${project.name} failed: `)

  // A timer begins elsewhere: what was named from here is found from there, and an address is no path.
  const elsewhere = await safe(['--safe-store', 'restic:repo', 'schedule', 'install', '--print'])
  expect(elsewhere.stdout).toContain(`SAFE_COMPOSE_STORE=restic:${project.directory}/repo\n`)

  const removed = await safe(['schedule', 'remove'])
  expect(removed.code, removed.stderr).toBe(0)
  expect(await table()).toBe(theirs)
  expect(await report(safe)).toMatchObject({ code: 1, state: 'none' })
  expect((await safe(['schedule', 'remove'])).stdout).toBe(`project ${project.name} has no schedule here\n`)
})

async function withCrontab(project: Scenario): Promise<() => Promise<string | null>> {
  const home = join(project.directory, '..')
  await mkdir(join(home, 'programs'))
  return fakeCrontab(join(home, 'programs'), join(home, 'table'), theirs)
}

async function report(
  safe: (words: readonly string[]) => Promise<Ended>,
): Promise<ScheduleReport & { readonly code: number | null }> {
  const { code, stdout } = await safe(['schedule', 'status', '--json'])
  return { ...(JSON.parse(stdout) as ScheduleReport), code }
}
