import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { eventually, scenario } from './scenario.ts'
import type { Ended, Scenario } from './scenario.ts'

/**
 * What damages data, hides it behind another version, or is only worth a word in time: each first with the bare Compose,
 * which shows that it happens on this very version, then through us. A script is refused (120), and nothing is changed.
 */
const { version } = inject('engine').compose
const v1 = version.startsWith('1.')

/** Without it v1 breaks off in the middle of a recreation: see `v1-containerconfig`. */
const worksWithV1 = { COMPOSE_API_VERSION: '1.41' }

const stays = `command: ["sh", "-c", "trap 'exit 0' TERM; while true; do sleep 0.1; done"]`

const postgres = (image = 'postgres:15', more = ''): string => `
services:
  db:
    image: ${image}
    environment: { POSTGRES_PASSWORD: secret }
    volumes: [pgdata:/var/lib/postgresql/data]
${more}
volumes: { pgdata: {} }
`

async function ok(run: Promise<Ended>): Promise<Ended> {
  const ended = await run
  expect(ended.code, ended.stderr).toBe(0)
  return ended
}

async function refused(project: Scenario, words: readonly string[], rule: string): Promise<Ended> {
  const before = await project.containers()
  const ended = await project.safe(words)
  expect(ended.code, ended.stderr).toBe(120)
  expect(ended.stderr).toContain(`--safe-allow ${rule}`)
  expect(await project.containers()).toEqual(before)
  return ended
}

/** Waits until the server in a service answers. */
async function ready(project: Scenario, service = 'db'): Promise<void> {
  await eventually(() => project.inside(service, 'pg_isready -h 127.0.0.1 -U postgres'))
}

async function sql(project: Scenario, statement: string): Promise<string> {
  return project.inside('db', `psql -h 127.0.0.1 -U postgres -tAc "${statement}"`)
}

describe('two-writers', () => {
  test('replicas of a PostgreSQL: both run on one volume, and a script is refused', async () => {
    const project = await scenario(postgres())
    await ok(project.bare(['up', '-d']))
    await ready(project)
    await ok(project.bare(['up', '-d', '--scale', 'db=2']))
    const second = (await project.containers()).find(line => /db.2 /.test(line))?.split(' ')[0] ?? ''
    await eventually(async () => {
      const { stdout, stderr } = await project.docker(['logs', second])
      return `${stdout}${stderr}`.includes('ready to accept connections')
    })
    expect((await project.containers()).filter(line => line.endsWith(' running'))).toHaveLength(2)
    await ok(project.bare(['up', '-d', '--scale', 'db=1']))

    const said = await refused(project, ['up', '-d', '--scale', 'db=2'], 'two-writers')
    expect(said.stderr).toContain(`2 containers of db would write to ${project.name}_pgdata at the same time`)
    await ok(project.safe(['--safe-allow', 'two-writers', 'up', '-d', '--scale', 'db=2']))
    expect(await project.containers()).toHaveLength(2)
  })

  test('a container of another project runs on the volume', async () => {
    const owner = await scenario(postgres())
    await ok(owner.bare(['up', '-d']))
    await ready(owner)
    const pinned = postgres().replace('pgdata: {}', `pgdata: { external: true, name: ${owner.name}_pgdata }`)
    const other = await scenario(pinned)
    const said = await refused(other, ['up', '-d'], 'two-writers')
    expect(said.stderr).toContain(`of project ${owner.name}`)
    await ok(other.bare(['up', '-d']))
    expect(await other.containers()).toHaveLength(1)
    await ok(other.bare(['down']))
  })
})

describe('db-major-upgrade', () => {
  test('PostgreSQL 15 → 17: Compose reports success and the server exits; a script is refused', async () => {
    const project = await scenario(postgres())
    await ok(project.bare(['up', '-d']))
    await ready(project)
    await project.write('compose.yaml', postgres('postgres:17'))
    const said = await refused(project, ['up', '-d'], 'db-major-upgrade')
    expect(said.stderr).toContain(
      `db (postgres:17) cannot start on ${project.name}_pgdata, which PostgreSQL 15 wrote`,
    )
    // After down no container tells what ran: the files do.
    await ok(project.bare(['down']))
    await refused(project, ['up', '-d'], 'db-major-upgrade')

    await ok(project.bare(['up', '-d']))
    await eventually(async () => (await project.containers()).some(line => line.endsWith(' exited')))
    await ok(project.bare(['down']))
    const allowed = await ok(project.safe(['--safe-allow', 'db-major-upgrade', 'up', '-d']))
    expect(allowed.stderr).toContain('saved')
  })
})

describe('unclean-stop', () => {
  const redis = `
services:
  cache: { image: redis:7, volumes: [cache:/data] }
volumes: { cache: {} }
`
  const write = (project: Scenario, value: string): Promise<string> =>
    eventually(() => project.inside('cache', `redis-cli set k ${value}`))
  const read = (project: Scenario): Promise<string> =>
    eventually(() => project.inside('cache', 'redis-cli get k'))

  test('kill loses what Redis has not saved: said before it, once per container', async () => {
    const project = await scenario(redis)
    await ok(project.bare(['up', '-d']))
    await write(project, 'first')
    await ok(project.bare(['stop']))
    await ok(project.bare(['start']))
    await write(project, 'second')
    await ok(project.bare(['kill']))
    await ok(project.bare(['start']))
    expect(await read(project), 'the bare command must lose it').toBe('first')

    const killed = await ok(project.safe(['kill', 'cache']))
    expect(killed.stderr).toContain(`Redis loses what it has not yet saved to ${project.name}_cache`)
    expect(killed.stderr).toContain('stop cache')
    await ok(project.bare(['start']))
    const stopped = await ok(project.safe(['stop', '-t', '0']))
    expect(stopped.stderr).toContain('stop -t 0 ends cache without a clean stop')
    await ok(project.bare(['start']))
    const calm = await ok(project.safe(['stop']))
    expect(calm.stderr).not.toContain('safe-compose')

    // That we stop it ourselves for the copy, with patience, is no reason to begin again.
    await ok(project.bare(['start']))
    await write(project, 'third')
    await ok(project.safe(['down', '-v', '-t', '5']))
    await ok(project.safe(['undo']))
    expect(await read(project)).toBe('third')
  })
})

describe('init-env-ignored', () => {
  test('a changed password has no effect: said, with the command that changes it', async () => {
    const project = await scenario(postgres())
    await ok(project.bare(['up', '-d']))
    await ready(project)
    await project.write('compose.yaml', postgres().replace('secret', 'sesame, POSTGRES_DB: shop'))
    const said = await ok(project.safe(['up', '-d'], { variables: worksWithV1 }))
    await ready(project)
    expect(await sql(project, "select count(*) from pg_database where datname = 'shop'")).toBe('0')
    expect(said.stderr).toContain('POSTGRES_DB and POSTGRES_PASSWORD of db changed')
    expect(said.stderr).toContain(`ALTER ROLE "postgres" PASSWORD '…'; CREATE DATABASE "shop"`)
    expect(said.stderr).not.toContain('sesame')
  })
})

// The newest Compose has nothing of it to run, and a skipped test fails a run.
const onlyV1 = v1 ? describe : () => {}
onlyV1('v1-containerconfig', () => {
  const keeper = (word: string): string => `
version: '3.8'
services:
  keeper: { image: busybox, ${stays}, environment: { WORD: ${word} }, volumes: [data:/data] }
volumes: { data: {} }
`

  test('v1 breaks off in the middle of a recreation: refused, and the way around it works', async () => {
    const bare = await scenario(keeper('a'))
    await ok(bare.bare(['up', '-d']))
    await bare.inside('keeper', 'echo kept > /data/word')
    await bare.write('compose.yaml', keeper('b'))
    const broken = await bare.bare(['up', '-d'])
    // An engine that still tells it to whoever asks in its newest version has no such hazard.
    const isBroken = broken.stderr.includes('ContainerConfig')
    if (!isBroken) return
    expect(broken.code).not.toBe(0)
    expect((await bare.containers()).every(line => line.endsWith(' exited'))).toBe(true)

    const project = await scenario(keeper('a'))
    await ok(project.bare(['up', '-d']))
    await project.inside('keeper', 'echo kept > /data/word')
    await project.write('compose.yaml', keeper('b'))
    const said = await refused(project, ['up', '-d'], 'v1-containerconfig')
    expect(said.stderr).toContain('COMPOSE_API_VERSION=1.41')
    await ok(project.safe(['up', '-d'], { variables: worksWithV1 }))
    expect(await project.inside('keeper', 'cat /data/word')).toBe('kept')
  })
})

describe('ambiguous-database-host', () => {
  test('db answers from two projects on one network: said, with the fix', async () => {
    const owner = await scenario('services: {}\n')
    const network = `${owner.name}_edge`
    await ok(owner.docker(['network', 'create', network]))
    onTestFinished(async () => {
      await owner.docker(['network', 'rm', network])
    })
    const of = `
services:
  db: { image: redis:7, networks: [edge], volumes: [data:/data] }
networks: { edge: { external: true, name: ${network} } }
volumes: { data: {} }
`
    const first = await scenario(v1 ? `version: '3.8'\n${of}` : of)
    const second = await scenario(v1 ? `version: '3.8'\n${of}` : of)
    await ok(first.bare(['up', '-d']))
    const said = await ok(second.safe(['up', '-d']))
    expect(said.stderr).toContain(`the name db answers from ${second.name} and ${first.name}`)
    expect(said.stderr).toContain(`aliases: [${second.name}-db]`)
    const addresses = new Set((await second.inside('db', 'getent ahostsv4 db')).match(/^[\d.]+/gm))
    expect(addresses.size, 'both answer by the same name').toBe(2)
    await ok(first.bare(['down', '-v']))
    await ok(second.bare(['down', '-v']))
  })
})

describe('down-in-parent', () => {
  test('down -v in a folder without a file deletes the volumes of the project above: named', async () => {
    const project = await scenario(`
services:
  keeper: { image: busybox, ${stays}, volumes: [data:/data] }
volumes: { data: {} }
`)
    const below = join(project.directory, 'scratch')
    await mkdir(below)
    const fill = async (): Promise<void> => {
      await ok(project.bare(['up', '-d']))
      await project.inside('keeper', 'echo kept > /data/word')
    }
    await fill()
    await ok(project.bare(['down', '-v'], { directory: below }))
    expect(await project.volumes()).toEqual([])

    await fill()
    const agent = await project.safe(['down', '-v'], { directory: below, variables: { CLAUDECODE: '1' } })
    expect(agent.code, agent.stderr).toBe(120)
    const named = `there is no Compose file in ${below}: this is project ${project.name} of ${project.directory}`
    expect(agent.stderr).toContain(named)
    const script = await ok(project.safe(['down', '-v'], { directory: below }))
    expect(script.stderr).toContain(named)
    await ok(project.safe(['undo']))
  })
})

describe('unpinned-name, floating-tag, relative-bind', () => {
  test('only worth a word: a first up says at most a few short lines, a second one nothing', async () => {
    const project = await scenario(`
services:
  db:
    image: postgres:15
    environment: { POSTGRES_PASSWORD: secret }
    volumes: [pgdata:/var/lib/postgresql/data]
  cache: { image: 'redis:7', volumes: [cache:/data] }
  local: { image: 'redis:7', volumes: ['./local:/data'] }
  web: { image: busybox, ${stays} }
volumes: { pgdata: {}, cache: {} }
`)
    // A tag without a version, of an image that is there without a registry.
    await ok(project.docker(['tag', 'redis:7', `${project.name}/redis:latest`]))
    onTestFinished(async () => {
      await project.docker(['rmi', `${project.name}/redis:latest`])
    })
    await project.write(
      'compose.yaml',
      `
services:
  db:
    image: postgres:15
    environment: { POSTGRES_PASSWORD: secret }
    volumes: [pgdata:/var/lib/postgresql/data]
  cache: { image: '${project.name}/redis', volumes: [cache:/data] }
  local: { image: 'redis:7', volumes: ['./local:/data'] }
  web: { image: busybox, ${stays} }
volumes: { pgdata: {}, cache: {} }
`,
    )
    const ours = ({ stderr }: Ended): readonly string[] =>
      stderr.split('\n').filter(line => line.startsWith('safe-compose') || line.startsWith('  instead'))
    const first = ours(await ok(project.safe(['up', '-d'])))
    expect(first.join('\n')).toContain(
      `${project.name}_cache and ${project.name}_pgdata are named after this directory`,
    )
    expect(first.join('\n')).toContain(`${project.name}/redis of cache has no fixed version`)
    expect(first.join('\n')).toContain("the data of local lies in the project's own directory")
    expect(first.length).toBeLessThanOrEqual(6)
    expect(ours(await ok(project.safe(['up', '-d'])))).toEqual([])
    await ok(project.bare(['down', '-v']))
    await project.docker(['run', '--rm', '-v', `${project.directory}:/d`, 'busybox', 'rm', '-rf', '/d/local'])
  })
})
