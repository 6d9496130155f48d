import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, inject, test } from 'vitest'
import { eventually, executable, scenario } from './scenario.ts'
import type { Scenario } from './scenario.ts'

/** Data whose copy takes long enough to be hit, and a service that stops at once. */
const service = `
services:
  keeper:
    image: busybox
    command: ["sh", "-c", "trap 'exit 0' TERM; while true; do sleep 0.1; done"]
    volumes: [data:/data]
volumes: { data: {} }
`

/** Moments spread evenly with a seeded shake over a measured duration. Milliseconds. */
function moments(duration: number, kills: number, seed: number): readonly number[] {
  let state = seed
  return Array.from({ length: kills }, (_, index) => {
    state = (state * 1103515245 + 12345) % 2147483648
    return ((index + state / 2147483648) / kills) * duration
  })
}

async function filledProject(): Promise<Scenario> {
  const project = await scenario(service)
  expect((await project.bare(['up', '-d'])).code).toBe(0)
  await project.inside(
    'keeper',
    'for i in 1 2 3 4 5 6; do head -c 20000000 /dev/urandom > /data/$i; done; cd /data; sha256sum 1 2 3 4 5 6 > sums',
  )
  return project
}

/**
 * Runs ours and kills it with SIGKILL after some milliseconds; with `until`, as soon as that holds and a little later.
 * True when `until`, or the middle of a copy, was hit.
 */
async function killed(
  project: Scenario,
  words: readonly string[],
  after: number,
  until: (() => boolean) | null,
): Promise<boolean> {
  const child = spawn(process.execPath, [executable, ...words], {
    cwd: project.directory,
    env: { ...project.variables },
    stdio: 'ignore',
    detached: true,
  })
  const ended = new Promise(resolve => child.on('close', resolve))
  if (until === null) await pause(after)
  else {
    while (child.exitCode === null && !until()) await pause(5)
    await pause(after % 40)
  }
  const hit = child.exitCode === null && (until ?? (() => midCopy(project.store)))()
  child.kill('SIGKILL')
  await ended
  return hit
}

function pause(milliseconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, milliseconds))
}

/** Every third kill waits for the middle; the others fall wherever their moment is. */
function waits(index: number): boolean {
  return index % 3 === 1
}

/** The volume is there, and something but not everything is in it. */
function midFill(project: Scenario): boolean {
  const folder = join(inject('engine').dataRoot, 'volumes', `${project.name}_data`, '_data')
  return existsSync(folder) && readdirSync(folder).length > 0
}

/** A half-written restore point with archive bytes in it. */
function midCopy(store: string): boolean {
  if (!existsSync(store)) return false
  return readdirSync(store, { recursive: true, withFileTypes: true }).some(
    entry =>
      entry.isFile() && /\.partial(\/|$)/.test(entry.parentPath) && entry.parentPath.endsWith('volumes'),
  )
}

async function durationOf(work: () => Promise<unknown>): Promise<number> {
  const started = Date.now()
  await work()
  return Date.now() - started
}

async function isWhole(project: Scenario): Promise<boolean> {
  const mount = `${project.name}_data:/data`
  const check = await project.docker([
    'run',
    '--rm',
    '-v',
    mount,
    'busybox',
    'sh',
    '-c',
    'cd /data && sha256sum -c sums',
  ])
  return check.code === 0 && check.stdout.split('\n').filter(line => line.endsWith(': OK')).length === 6
}

async function everyListedIsGood(project: Scenario): Promise<readonly string[]> {
  const { stdout, code, stderr } = await project.safe(['backups', '--json'])
  expect(code, stderr).toBe(0)
  const points = JSON.parse(stdout) as { id: string; state: string }[]
  expect(points.filter(point => point.state !== 'good')).toEqual([])
  return points.map(point => point.id)
}

async function runsUnpaused(project: Scenario): Promise<void> {
  await eventually(
    async () => (await project.containers()).join() === `${project.container('keeper')} running`,
    20,
  )
}

/**
 * Kills our process at seeded moments of a backup, a `down -v` and an `undo`, and looks at what is left each time.
 *
 * @param kills of each of the three commands; a third of them wait for the middle of a copy
 */
export function killCases(kills: number, seed: number): void {
  const enough = Math.floor(kills / 4)
  describe('a kill -9 at any moment loses nothing', () => {
    test('of a backup: what ran runs, nothing half counts as good, the next one works', async () => {
      const project = await filledProject()
      const duration = await durationOf(() => project.safe(['backup']))
      let inCopy = 0
      for (const [index, moment] of moments(duration, kills, seed + 7).entries()) {
        const until = waits(index) ? (): boolean => midCopy(project.store) : null
        if (await killed(project, ['backup'], moment, until)) inCopy++
        await runsUnpaused(project)
      }
      await everyListedIsGood(project)
      const next = await project.safe(['backup'])
      expect(next.code, next.stderr).toBe(0)
      expect(
        readdirSync(project.store, { recursive: true }).filter(path => String(path).includes('.partial')),
      ).toEqual([])
      expect(inCopy).toBeGreaterThanOrEqual(enough)
      expect(await isWhole(project)).toBe(true)
    }, 1_800_000)

    test('of down -v: the data is in the volume or in a good restore point that undo brings back', async () => {
      const project = await filledProject()
      const duration = await durationOf(() => project.safe(['down', '-v']))
      expect((await project.safe(['undo'])).code).toBe(0)
      let inCopy = 0
      for (const [index, moment] of moments(duration, kills, seed + 11).entries()) {
        const until = waits(index) ? (): boolean => midCopy(project.store) : null
        if (await killed(project, ['down', '-v'], moment, until)) inCopy++
        await settleDown(project)
        if ((await project.volumes()).length === 0) {
          const undo = await project.safe(['undo'])
          expect(undo.code, undo.stderr).toBe(0)
        }
        expect(await isWhole(project)).toBe(true)
        const up = await project.safe(['up', '-d'])
        expect(up.code, up.stderr).toBe(0)
        await runsUnpaused(project)
        await everyListedIsGood(project)
      }
      expect(inCopy).toBeGreaterThanOrEqual(enough)
      expect((await project.safe(['down', '-v'])).code).toBe(0)
    }, 1_800_000)

    test('of undo: the next run finishes it', async () => {
      const project = await filledProject()
      expect((await project.safe(['down', '-v'])).code).toBe(0)
      const duration = await durationOf(() => project.safe(['undo']))
      let halfway = 0
      for (const [index, moment] of moments(duration, kills, seed + 13).entries()) {
        expect((await project.safe(['down', '-v'])).code).toBe(0)
        await killed(project, ['undo'], moment, waits(index) ? (): boolean => midFill(project) : null)
        const there = (await project.volumes()).length > 0
        if (there && !(await isWhole(project))) halfway++
        const next = await project.safe(['up', '-d'])
        expect(next.code, next.stderr).toBe(0)
        const pending = await project.safe(['undo'])
        expect([0, 1], pending.stderr).toContain(pending.code)
        await runsUnpaused(project)
        expect(await isWhole(project), `${moment} ms: ${next.stderr}${pending.stderr}`).toBe(true)
        await everyListedIsGood(project)
      }
      expect(halfway).toBeGreaterThanOrEqual(enough)
    }, 1_800_000)
  })
}

/** Compose, if it was started, outlives us: its work is awaited before anything is judged. */
async function settleDown(project: Scenario): Promise<void> {
  let before = ''
  await eventually(async () => {
    await new Promise(resolve => setTimeout(resolve, 400))
    const now = [...(await project.containers()), ...(await project.volumes())].join()
    const same = now === before
    before = now
    return same
  }, 30)
}
