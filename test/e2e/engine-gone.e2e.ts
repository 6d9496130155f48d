import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { startEngine } from '../engine/index.ts'
import type { TestEngine } from '../engine/index.ts'
import { eventually, executable, isV1, runProgram, scenario } from './scenario.ts'
import type { Ended, Scenario } from './scenario.ts'

const service = `
services:
  keeper:
    image: busybox
    command: ["sh", "-c", "trap 'exit 0' TERM; while true; do sleep 0.1; done"]
    volumes: [data:/data]
volumes: { data: {} }
`

/** A project on an engine of its own, which may be killed. */
interface Doomed {
  readonly engine: TestEngine
  readonly project: Scenario
  readonly variables: Readonly<Record<string, string>>
}

async function doomed(): Promise<Doomed> {
  const engine = await startEngine({ ephemeral: true })
  onTestFinished(() => engine.stop())
  const project = await scenario(service)
  // Slow enough to be hit in the middle: every byte goes through the engine.
  const variables = { DOCKER_HOST: engine.host, SAFE_COMPOSE_SOURCE: 'api' }
  const up = await project.bare(['up', '-d'], { variables })
  expect(up.code, up.stderr).toBe(0)
  const fill =
    'for i in 1 2 3 4 5 6; do head -c 40000000 /dev/urandom > /data/$i; done; cd /data; sha256sum 1 2 3 4 5 6 > sums'
  const filled = await project.docker(['exec', project.container('keeper'), 'sh', '-c', fill], { variables })
  expect(filled.code, filled.stderr).toBe(0)
  return { engine, project, variables }
}

async function isWhole({ project, variables }: Doomed): Promise<boolean> {
  const check = [
    'run',
    '--rm',
    '-v',
    `${project.name}_data:/data`,
    'busybox',
    'sh',
    '-c',
    'cd /data && sha256sum -c sums',
  ]
  const { code } = await project.docker(check, { variables })
  return code === 0
}

async function inTheMiddle(project: Scenario, engine: TestEngine, of: 'copy' | 'fill'): Promise<void> {
  const mountpoint = join(engine.dataRoot, 'volumes', `${project.name}_data`, '_data')
  await eventually(async () =>
    of === 'fill'
      ? existsSync(mountpoint) && readdirSync(mountpoint).length > 1
      : existsSync(project.store) &&
        readdirSync(project.store, { recursive: true }).some(path =>
          /\.partial\/volumes\/./.test(String(path)),
        ),
  )
}

describe('the engine is killed in the middle', () => {
  test('of a backup before down -v: 121, nothing was deleted, and the next run does it', async () => {
    const world = await doomed()
    const { engine, project, variables } = world
    const run = project.safe(['down', '-v'], { variables })
    await inTheMiddle(project, engine, 'copy')
    await engine.kill()
    const { code, stderr } = await run
    expect(code, stderr).toBe(121)
    expect(stderr).toMatch(/engine|socket|hang up|closed/i)
    await engine.startAgain()
    expect(await isWhole(world)).toBe(true)
    const listed = await project.safe(['backups', '--json'], { variables })
    expect(JSON.parse(listed.stdout)).toEqual([])
    const again = await project.safe(['down', '-v'], { variables })
    expect(again.code, again.stderr).toBe(0)
    const undo = await project.safe(['undo'], { variables })
    expect(undo.code, undo.stderr).toBe(0)
    expect(await isWhole(world)).toBe(true)
  })

  test('of an undo: it says so, the restore point stays, and the next run brings the data back', async () => {
    const world = await doomed()
    const { engine, project, variables } = world
    const down = await project.safe(['down', '-v'], { variables })
    expect(down.code, down.stderr).toBe(0)
    const run = project.safe(['undo'], { variables })
    await inTheMiddle(project, engine, 'fill')
    await engine.kill()
    const { code, stderr } = await run
    expect(code, stderr).toBe(1)
    await engine.startAgain()
    const again = await project.safe(['undo'], { variables })
    expect(again.code, again.stderr).toBe(0)
    expect(await isWhole(world), again.stderr).toBe(true)
  })
})

describe('two users on one engine', () => {
  // Version 1 is a Python program here, of a folder that only root may look into.
  test.skipIf(isV1)('respect each other: one deletes, the other is told who holds the lock', async () => {
    const world = await doomed()
    const { engine, project, variables } = world
    chmodSync(engine.host.replace('unix://', ''), 0o666)
    const first = project.safe(['down', '-v'], { variables })
    await inTheMiddle(project, engine, 'copy')
    const second = await asNobody(world, ['down', '-v'])
    expect([120, 121], second.stderr).toContain(second.code)
    expect(second.stderr).toMatch(/another|lock|holds|root/)
    const done = await first
    expect(done.code, done.stderr).toBe(0)
    const undo = await project.safe(['undo'], { variables })
    expect(undo.code, undo.stderr).toBe(0)
    expect(await isWhole(world)).toBe(true)
  })
})

/** Runs ours as a user without rights of his own, with everything he needs where he may read it. */
async function asNobody({ project, variables }: Doomed, words: readonly string[]): Promise<Ended> {
  const home = join(project.directory, '..', 'nobody')
  mkdirSync(home)
  chmodSync(home, 0o777)
  for (let folder = project.directory; folder.length > '/tmp'.length; folder = join(folder, '..'))
    chmodSync(folder, 0o755)
  const compose = join(home, 'docker-compose')
  copyFileSync(inject('engine').compose.standalone, compose)
  chmodSync(compose, 0o755)
  const own = {
    ...project.variables,
    ...variables,
    HOME: home,
    SAFE_COMPOSE_DOCKER_COMPOSE: compose,
    SAFE_COMPOSE_STORE: join(home, 'store'),
    XDG_STATE_HOME: join(home, 'state'),
    XDG_CACHE_HOME: join(home, 'cache'),
    DOCKER_CONFIG: home,
  }
  const program = ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, executable, ...words]
  return runProgram('setpriv', program, { directory: project.directory, variables: own })
}

describe('a volume that vanishes while it is copied', () => {
  test('leaves no half restore point that counts as good', async () => {
    const project = await scenario(service)
    expect((await project.bare(['up', '-d'])).code).toBe(0)
    const fill = 'head -c 200000000 /dev/urandom > /data/bytes; cd /data; sha256sum bytes > sums'
    await project.inside('keeper', fill)
    expect((await project.bare(['rm', '-fs'])).code).toBe(0)
    const run = project.safe(['backup'])
    await eventually(async () =>
      readdirSync(project.store, { recursive: true }).some(path =>
        /\.partial\/volumes\/./.test(String(path)),
      ),
    )
    await project.docker(['volume', 'rm', '-f', `${project.name}_data`])
    const { code, stderr } = await run
    const listed = await project.safe(['backups', '--json'])
    const points = JSON.parse(listed.stdout) as { id: string }[]
    if (code === 0) {
      const restore = await project.safe([
        'restore',
        points[0]?.id ?? '',
        '--volume',
        `${project.name}_data`,
        '--to',
        `${project.name}_copy`,
      ])
      expect(restore.code, restore.stderr).toBe(0)
      const check = [
        'run',
        '--rm',
        '-v',
        `${project.name}_copy:/data`,
        'busybox',
        'sh',
        '-c',
        'cd /data && sha256sum -c sums',
      ]
      expect((await project.docker(check)).code).toBe(0)
    } else {
      expect(code, stderr).toBe(1)
      expect(points).toEqual([])
    }
  })
})
