import { mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { eventually, isV1, scenario } from './scenario.ts'
import type { Ended, Scenario } from './scenario.ts'

/**
 * Data that stays where it is, and that the application does not see: first with the bare Compose, where it comes up
 * empty, then through us, where a script is refused and nothing changes. What a version does not do is skipped.
 */

async function ok(run: Promise<Ended>): Promise<Ended> {
  const ended = await run
  expect(ended.code, ended.stderr).toBe(0)
  return ended
}

/** What we said ourselves, without the lines that say how to mend it. */
function ours({ stderr }: Ended): readonly string[] {
  return stderr.split('\n').filter(line => line.startsWith('safe-compose'))
}

/** Refused for a script, with the rule's own way out; and let through, after a backup, by its name. */
async function refusedThenAllowed(
  project: Scenario,
  words: readonly string[],
  rule: string,
  expected: { readonly saved?: boolean; readonly unchanged: () => Promise<unknown> },
): Promise<void> {
  const before = await expected.unchanged()
  const refused = await project.safe(words)
  expect(refused.code, refused.stderr).toBe(120)
  expect(refused.stderr).toContain('Nothing was changed')
  expect(refused.stderr).toContain(`--safe-allow ${rule}`)
  expect(await expected.unchanged()).toEqual(before)
  const allowed = await ok(project.safe(['--safe-allow', rule, ...words]))
  if (expected.saved !== false) expect(allowed.stderr).toContain('saved')
}

// ---- Redis: quick to start, and its data is one file -------------------------------------------------------------

const redis = (words: string): string => `
services:
  cache: { image: "redis:7", ${words} }
volumes: { kept: {} }
`
const onVolume = redis('volumes: ["kept:/data"]')

async function ask(project: Scenario, line: string): Promise<string> {
  return eventually(async () => (await project.inside('cache', `redis-cli ${line} 2>&1`)) || false, 60)
}

async function answers(project: Scenario): Promise<void> {
  await eventually(async () => (await project.inside('cache', 'redis-cli ping 2>&1')) === 'PONG', 60)
}

async function keep(project: Scenario): Promise<void> {
  await answers(project)
  expect(await ask(project, 'set word kept')).toBe('OK')
  expect(await ask(project, 'save')).toBe('OK')
}

async function keeps(project: Scenario): Promise<boolean> {
  await answers(project)
  return (await ask(project, '--no-raw get word')) === '"kept"'
}

// ---- PostgreSQL --------------------------------------------------------------------------------------------------

const postgres = (image: string, target: string, more = ''): string => `
services:
  db:
    image: "${image}"
    environment: { POSTGRES_HOST_AUTH_METHOD: trust${more} }
    volumes: ["pgdata:${target}"]
volumes: { pgdata: {} }
`
const data = '/var/lib/postgresql/data'
const parent = '/var/lib/postgresql'

/** Over the network: while it is set up the server listens on its socket only. */
const psql = (sql: string): string => `psql -h 127.0.0.1 -U postgres -tAc "${sql}" 2>&1`

async function make(project: Scenario): Promise<void> {
  await eventually(async () => (await project.inside('db', psql('create table kept (id int)'))) !== '', 120)
}

async function has(project: Scenario): Promise<boolean> {
  const sql = "select count(*) from pg_tables where tablename = 'kept'"
  return (await eventually(async () => (await project.inside('db', psql(sql))) || false, 120)) === '1'
}

async function fresh(project: Scenario, compose: string): Promise<void> {
  await ok(project.bare(['down']))
  await project.write('compose.yaml', compose)
  await ok(project.bare(['up', '-d']))
}

describe('uncovered-data-path', () => {
  test('the volume that holds the cluster is mounted at the parent: a new one is made beside it', async () => {
    const right = postgres('postgres:15', data)
    const wrong = postgres('postgres:15', parent)
    const project = await scenario(right)
    await ok(project.bare(['up', '-d']))
    await make(project)
    await fresh(project, wrong)
    expect(await has(project), 'the bare command must lose it').toBe(false)
    await fresh(project, right)
    expect(await has(project)).toBe(true)

    await ok(project.bare(['down']))
    await project.write('compose.yaml', wrong)
    await refusedThenAllowed(project, ['up', '-d'], 'uncovered-data-path', { unchanged: project.containers })
  }, 600_000)

  test('from the beginning: a warning with the line to write, once', async () => {
    const project = await scenario(postgres('postgres:15', parent))
    const first = await ok(project.safe(['up', '--no-start']))
    expect(first.stderr).toContain(`pgdata:${data}`)
    expect(first.stderr).toContain('warning')
    const second = await ok(project.safe(['up', '--no-start']))
    expect(second.stderr).not.toContain('warning')
  }, 300_000)
})

describe('pg18-volume-moved', () => {
  // Version 1 hands the anonymous volume on all the same, and then the image refuses to start.
  test.skipIf(isV1)(
    'another tag, the parent mounted: the cluster in the anonymous volume is left behind',
    async () => {
      const bare = await scenario(postgres('postgres:15', parent))
      await ok(bare.bare(['up', '-d']))
      await make(bare)
      await bare.write('compose.yaml', postgres('postgres:18', parent))
      await ok(bare.bare(['up', '-d']))
      expect(await has(bare), 'the bare command must lose it').toBe(false)

      const project = await scenario(postgres('postgres:15', parent))
      await ok(project.bare(['up', '-d']))
      await make(project)
      await project.write('compose.yaml', postgres('postgres:18', parent))
      const unchanged = (): Promise<boolean> => has(project)
      await refusedThenAllowed(project, ['up', '-d'], 'pg18-volume-moved', { unchanged })
    },
    600_000,
  )

  test('18 with its parent mounted, down and up: nothing is said of it', async () => {
    const project = await scenario(postgres('postgres:18', parent))
    await ok(project.bare(['up', '-d']))
    await make(project)
    await ok(project.bare(['down']))
    const up = await ok(project.safe(['up', '-d']))
    expect(ours(up)).toEqual([expect.stringContaining('is named after this directory')])
    expect(await has(project)).toBe(true)
  }, 300_000)
})

describe('writable-dirs-by-env', () => {
  test('PGDATA is added to a used volume: healthy, and empty', async () => {
    const plain = postgres('postgres:15', data)
    const moved = postgres('postgres:15', data, `, PGDATA: ${data}/pgdata`)
    const project = await scenario(plain)
    await ok(project.bare(['up', '-d']))
    await make(project)
    // In a folder of its own the new cluster is not hindered by the old one.
    await fresh(project, moved)
    expect(await has(project), 'the bare command must lose it').toBe(false)
    await fresh(project, plain)
    expect(await has(project)).toBe(true)

    const other = moved.replace('/pgdata }', '/fifteen }')
    await ok(project.bare(['down']))
    await project.write('compose.yaml', other)
    await refusedThenAllowed(project, ['up', '-d'], 'writable-dirs-by-env', { unchanged: project.containers })
  }, 600_000)
})

describe('redis-appendonly-toggle', () => {
  test('the log is switched on over a snapshot, which is then not read', async () => {
    const withLog = redis('volumes: ["kept:/data"], command: ["redis-server", "--appendonly", "yes"]')
    const bare = await scenario(onVolume)
    await ok(bare.bare(['up', '-d']))
    await keep(bare)
    await fresh(bare, withLog)
    expect(await keeps(bare), 'the bare command must lose it').toBe(false)

    const project = await scenario(onVolume)
    await ok(project.bare(['up', '-d']))
    await keep(project)
    await ok(project.bare(['down']))
    await project.write('compose.yaml', withLog)
    await refusedThenAllowed(project, ['up', '-d'], 'redis-appendonly-toggle', {
      unchanged: project.containers,
    })
  }, 300_000)
})

describe('tmpfs-on-data', () => {
  // Version 1 cannot recreate containers on engines as new as this.
  test.skipIf(isV1)(
    'memory takes the place of the volume',
    async () => {
      const inMemory = redis('tmpfs: [/data]')
      const project = await scenario(onVolume)
      await ok(project.bare(['up', '-d']))
      await keep(project)
      await project.write('compose.yaml', inMemory)
      await ok(project.bare(['up', '-d']))
      expect(await keeps(project), 'the bare command must lose it').toBe(false)
      await fresh(project, onVolume)
      expect(await keeps(project)).toBe(true)

      await project.write('compose.yaml', inMemory)
      const unchanged = (): Promise<boolean> => keeps(project)
      await refusedThenAllowed(project, ['up', '-d'], 'tmpfs-on-data', { unchanged })
    },
    300_000,
  )

  test('a database in memory from the beginning: a warning, once, and no more', async () => {
    const project = await scenario(redis('tmpfs: [/data]'))
    expect((await ok(project.safe(['up', '-d']))).stderr).toContain('in memory (tmpfs)')
    expect(ours(await ok(project.safe(['restart'])))).toEqual([])
  }, 300_000)
})

describe('subpath-ignored', () => {
  test.skipIf(isV1)(
    'a subpath is added to a used volume: another folder than the one with the data',
    async () => {
      const mount = '{ type: volume, source: kept, target: /data, volume: { subpath: sub } }'
      const inFolder = redis(`volumes: [${mount}]`)
      const project = await scenario(onVolume)
      await ok(project.bare(['up', '-d']))
      await keep(project)
      await project.inside('cache', 'mkdir -p /data/sub && chmod 777 /data/sub')
      await fresh(project, inFolder)
      expect(await keeps(project), 'the bare command must lose it').toBe(false)
      await fresh(project, onVolume)
      expect(await keeps(project)).toBe(true)

      await ok(project.bare(['down']))
      const mounted = `${project.name}_kept:/v`
      await project.docker(['run', '--rm', '-v', mounted, 'busybox', 'sh', '-c', 'rm -rf /v/sub/*'])
      await project.write('compose.yaml', inFolder)
      await refusedThenAllowed(project, ['up', '-d'], 'subpath-ignored', { unchanged: project.containers })
    },
    300_000,
  )
})

const onDirectory = redis('volumes: ["./data:/data"]')

describe('bind-source-missing-or-moved', () => {
  test('the directory was moved away: the engine makes an empty one', async () => {
    const project = await scenario(onDirectory)
    const [there, elsewhere] = [join(project.directory, 'data'), join(project.directory, 'moved')]
    const first = await ok(project.safe(['up', '-d']))
    expect(ours(first), 'a first start has one word to say').toEqual([
      expect.stringContaining("lies in the project's own directory"),
    ])
    await keep(project)
    await ok(project.bare(['down']))
    renameSync(there, elsewhere)
    await ok(project.bare(['up', '-d']))
    expect(await keeps(project), 'the bare command must lose it').toBe(false)
    await ok(project.bare(['down']))
    renameSync(there, join(project.directory, 'empty'))
    renameSync(elsewhere, there)

    // What lies in it is told when it is seen, and remembered.
    await ok(project.safe(['up', '-d']))
    await answers(project)
    await ok(project.safe(['up', '-d']))
    expect(await keeps(project)).toBe(true)
    await ok(project.safe(['down']))
    renameSync(there, elsewhere)
    await refusedThenAllowed(project, ['up', '-d'], 'bind-source-missing-or-moved', {
      saved: false,
      unchanged: project.containers,
    })
  }, 300_000)

  test('start of a stopped container whose directory is gone', async () => {
    const project = await scenario(onDirectory)
    await ok(project.bare(['up', '-d']))
    await keep(project)
    await ok(project.bare(['stop']))
    renameSync(join(project.directory, 'data'), join(project.directory, 'moved'))
    await refusedThenAllowed(project, ['start'], 'bind-source-missing-or-moved', {
      saved: false,
      unchanged: project.containers,
    })
    expect(await keeps(project), 'and with the bare command it is lost').toBe(false)
  }, 300_000)
})

describe('bind-replaced', () => {
  test('a directory was replaced under a running container: a plain restart empties the database', async () => {
    const replace = (project: Scenario): void => {
      renameSync(join(project.directory, 'data'), join(project.directory, 'moved'))
      mkdirSync(join(project.directory, 'data'))
    }
    const bare = await scenario(onDirectory)
    await ok(bare.bare(['up', '-d']))
    await keep(bare)
    replace(bare)
    expect(await keeps(bare)).toBe(true)
    await ok(bare.bare(['restart']))
    expect(await keeps(bare), 'the bare command must lose it').toBe(false)

    const project = await scenario(onDirectory)
    await ok(project.bare(['up', '-d']))
    await keep(project)
    const before = await project.safe(['restart'])
    expect(before.code, before.stderr).toBe(0)
    await answers(project)
    replace(project)
    const unchanged = (): Promise<boolean> => keeps(project)
    for (const words of [['stop'], ['down']]) expect((await project.safe(words)).code).toBe(120)
    await refusedThenAllowed(project, ['restart'], 'bind-replaced', { saved: false, unchanged })
  }, 300_000)
})
