import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, rmSync, rmdirSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { transfers } from '../e2e/loads.ts'
import { eventually, scenario } from '../e2e/scenario.ts'
import { startEngine } from '../engine/index.ts'
import type { TestEngine } from '../engine/index.ts'

/** An engine of its own whose disk is small, and where that disk is. */
async function smallEngine(images: readonly string[]): Promise<{ engine: TestEngine; disk: string }> {
  const disk = mkdtempSync(join(tmpdir(), 'safe-compose-disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1500m', 'tmpfs', disk])
  onTestFinished(() => {
    execFileSync('umount', ['--lazy', disk])
    rmdirSync(disk)
  })
  vi.stubEnv('TMPDIR', disk)
  const engine = await startEngine({ ephemeral: true, images })
  vi.unstubAllEnvs()
  onTestFinished(() => engine.stop())
  return { engine, disk }
}

test('a MariaDB that has no room for a copy beside it is paused, and nothing of the copy stays', async () => {
  const { engine, disk } = await smallEngine(['busybox', 'mariadb:10.11'])
  const load = transfers('mariadb:10.11')
  const project = await scenario(`
services:
  db: { image: "${load.image}", environment: ${JSON.stringify(load.environment)}, volumes: ["data:${load.mount}"] }
volumes: { data: {} }
`)
  const variables = { DOCKER_HOST: engine.host }
  const inside = async (line: string): Promise<string> => {
    const ran = await project.docker(['exec', project.container('db'), 'sh', '-c', line], { variables })
    expect(ran.code, ran.stderr).toBe(0)
    return ran.stdout
  }
  const up = await project.bare(['up', '-d'], { variables })
  expect(up.code, up.stderr).toBe(0)
  await eventually(() => inside(load.isUp), 120)
  await inside(load.fill)
  const takes = Number(await inside(`du -sk ${load.mount} | cut -f 1`)) * 1024
  const { bavail, bsize } = statfsSync(disk)
  const fill = join(disk, 'fill')
  const megabytes = Math.floor((bavail * bsize - 1.5 * takes) / 2 ** 20)
  for (let megabyte = 0; megabyte < megabytes; megabyte++) appendFileSync(fill, Buffer.alloc(2 ** 20))

  const backUp = async (): Promise<string> => {
    const backup = await project.safe(['--safe-verbose', 'backup', '--no-dump'], { variables })
    expect(backup.code, backup.stderr).toBe(0)
    return backup.stderr
  }
  expect(await backUp()).toMatch(
    /db is paused for the copy: there is no room to prepare a copy: \d+ MB are free where volumes lie, and it takes \d+ MB/,
  )
  const volumes = await project.docker(['volume', 'ls', '-q'], { variables })
  expect(volumes.stdout.trim()).toBe(`${project.name}_data`)
  // The same one where there is room.
  rmSync(fill)
  expect(await backUp()).not.toContain('is paused')
})
