import { appendFile, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { openHost } from '../../src/adapters/host/host.ts'
import { openScheduleBook } from '../../src/adapters/state/schedule-book.ts'
import type { LockOwner, ScheduleBook } from '../../src/model/ports.ts'
import type { JobRun, SchedulePlan } from '../../src/model/schedule.ts'

let folder: string
let now: Date

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'safe-compose-book-'))
  now = new Date('2026-11-27T12:00:00.000Z')
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
})

const host = (pid: number): ReturnType<typeof openHost> =>
  openHost({ pid, hostname: hostname(), runs: () => true })

function book(): ScheduleBook {
  return openScheduleBook(join(folder, 'schedule'), host(process.pid).isAlive, () => now)
}

const plan: SchedulePlan = {
  format: 1,
  key: 'shop-1',
  project: 'shop',
  directory: '/srv/shop',
  expression: '12 * * * *',
  rhythm: 'every 1h',
  zone: 'UTC',
  verify: 'off',
  full: 'weekly',
  startedBy: 'crontab',
  since: '2026-11-01T00:00:00.000Z',
}

const run = (minute: number): JobRun => ({
  job: 'backup',
  began: new Date(Date.UTC(2026, 10, 27, 0, minute)).toISOString(),
  ended: new Date(Date.UTC(2026, 10, 27, 0, minute, 1)).toISOString(),
  code: 0,
  summary: 'well',
  restorePoint: `id-${minute}`,
})

test('plan and script are kept for nobody else to read, and forgotten together', async () => {
  expect(await book().plan('shop-1')).toBeNull()
  await book().keep(plan, '#!/bin/sh\n')
  expect(await book().plan('shop-1')).toEqual(plan)
  expect((await stat(book().script('shop-1'))).mode & 0o777).toBe(0o700)
  await book().addRun('shop-1', run(1))
  await book().forget('shop-1')
  expect(await book().plan('shop-1')).toBeNull()
  expect(await readdir(join(folder, 'schedule'))).toEqual(['shop-1.runs'])
})

test('a plan of another version, or edited beyond reading, is none', async () => {
  await book().keep(plan, '')
  for (const text of [
    '',
    '{',
    '[]',
    JSON.stringify({ ...plan, format: 2 }),
    JSON.stringify({ ...plan, verify: 'often' }),
  ]) {
    await writeFile(join(folder, 'schedule', 'shop-1.json'), text)
    expect(await book().plan('shop-1')).toBeNull()
  }
})

test('the newest runs are remembered, and torn lines passed over', async () => {
  await book().addRun('shop-1', run(0))
  await appendFile(join(folder, 'schedule', 'shop-1.runs'), '{"job":"backup","beg')
  await book().addRun('shop-1', run(1))
  expect(await book().runs('shop-1')).toEqual([run(0), run(1)])
  for (let minute = 2; minute < 205; minute++) await book().addRun('shop-1', run(minute))
  const kept = await book().runs('shop-1')
  expect([kept.length, kept[0], kept.at(-1)]).toEqual([200, run(5), run(204)])
})

test('one run at a time, and the next one when it has ended', async () => {
  const owner = await host(process.pid).owner()
  const first = await book().lock('shop-1', owner)
  if (!('release' in first)) throw new Error('not locked')
  expect(await book().running('shop-1')).toBe(now.toISOString())
  expect(await book().lock('shop-1', owner)).toEqual({ since: now.toISOString() })
  expect(await book().lock('blog-1', owner)).toHaveProperty('release')
  await first.release()
  expect(await book().running('shop-1')).toBeNull()
  expect(await book().lock('shop-1', owner)).toHaveProperty('release')
})

test('the lock of a run that was killed with -9 is taken over, by one alone', async () => {
  const child = spawn('sleep', ['60'])
  await once(child, 'spawn')
  const owner = await host(child.pid ?? 0).owner()
  expect(await book().lock('shop-1', owner)).toHaveProperty('release')
  expect(await book().lock('shop-1', await host(process.pid).owner())).toHaveProperty('since')
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(await book().running('shop-1')).toBeNull()
  const ours = await host(process.pid).owner()
  const all = await Promise.all(Array.from({ length: 20 }, () => book().lock('shop-1', ours)))
  expect(all.filter(each => 'release' in each)).toHaveLength(1)
  expect((await readdir(join(folder, 'schedule'))).filter(name => name !== 'shop-1.lock')).toEqual([])
})

test('a lock that cannot be read, or is of another host and a day old, holds nobody up', async () => {
  const ours = await host(process.pid).owner()
  await book().addRun('shop-1', run(0))
  await writeFile(join(folder, 'schedule', 'shop-1.lock'), 'x')
  const lock = await book().lock('shop-1', ours)
  if ('release' in lock) await lock.release()
  expect(lock).toHaveProperty('release')
  const gone: LockOwner = { ...ours, host: 'a container that is gone' }
  expect(await book().lock('shop-1', gone)).toHaveProperty('release')
  expect(await book().lock('shop-1', ours)).toHaveProperty('since')
  now = new Date(now.getTime() + 25 * 3_600_000)
  expect(await book().lock('shop-1', ours)).toHaveProperty('release')
  expect(await readFile(join(folder, 'schedule', 'shop-1.lock'), 'utf8')).not.toContain('gone')
})

test('where nothing can be written it says what, and what to do', async () => {
  await writeFile(join(folder, 'schedule'), 'a file')
  await expect(book().keep(plan, '')).rejects.toMatchObject({
    failure: {
      reason: 'not-possible',
      how: 'make the folder writable, or set XDG_STATE_HOME to another one',
    },
  })
})
