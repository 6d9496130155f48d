import { mkdir, readFile, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { engineApi } from './engine-api.ts'
import { composeHas, eventually, isV1, scenario } from './scenario.ts'
import type { Ended, RunOptions, Scenario } from './scenario.ts'

/**
 * The night that this project exists for: nothing is deleted, and the database comes up empty. Each hazard first with
 * the bare Compose, which shows it on this very version, then through us.
 */

const stays = `command: ["sh", "-c", "trap 'exit 0' TERM; while true; do sleep 0.1; done"]`
const place = '/var/lib/postgresql/data'
const compose = `
services:
  keeper: { image: busybox, ${stays}, volumes: ["data:${place}"] }
volumes: { data: {} }
`

/** What tells a PostgreSQL apart, and a word to know it again by. */
async function put(project: Scenario): Promise<void> {
  await project.inside(
    'keeper',
    `mkdir -p ${place}/global && echo 15 > ${place}/PG_VERSION && echo kept > ${place}/word`,
  )
}

async function has(project: Scenario): Promise<boolean> {
  const look = `cat ${place}/word 2>/dev/null || echo nothing`
  return eventually(async () => (await project.inside('keeper', look)) || false, 20).then(
    text => text === 'kept',
  )
}

async function ok(run: Promise<Ended>): Promise<Ended> {
  const ended = await run
  expect(ended.code, ended.stderr).toBe(0)
  return ended
}

/** The same files and store, from another directory or as another project. What is made there goes with the test. */
function elsewhere(project: Scenario, name: string, run: RunOptions = {}): Scenario {
  const options = { directory: project.directory, ...run }
  // The first directory may be gone by now.
  const docker: Scenario['docker'] = (words, own) =>
    project.docker(words, { directory: dirname(project.store), ...own })
  const merged = (own: RunOptions = {}): RunOptions => ({
    ...options,
    ...own,
    variables: { ...options.variables, ...own.variables },
  })
  const api = engineApi()
  const self: Scenario = {
    ...project,
    name,
    directory: options.directory,
    docker,
    bare: (words, own) => project.bare(words, merged(own)),
    safe: (words, own) => project.safe(words, merged(own)),
    containers: () => api.containers(name),
    inside: (service, line) => api.inside(name, service, line),
  }
  onTestFinished(() => api.clear(name))
  return self
}

/** Refused for a script, with the place of the data in the text, and nothing made. */
async function refused(
  project: Scenario,
  words: readonly string[],
  rule: string,
  data: string,
): Promise<string> {
  const before = [await project.containers(), await project.volumes()]
  const safe = await project.safe(words)
  expect(safe.code, safe.stderr).toBe(120)
  expect(safe.stderr).toContain(data)
  expect(safe.stderr).toContain(`--safe-allow ${rule}`)
  expect([await project.containers(), await project.volumes()]).toEqual(before)
  return safe.stderr
}

describe('project-name-changed', () => {
  test('a renamed directory: up starts empty; we say where the data is, and the words that bring it back', async () => {
    const project = await scenario(compose)
    await ok(project.safe(['up', '-d']))
    await put(project)
    await ok(project.bare(['down']))
    const directory = `${project.directory}v2`
    await rename(project.directory, directory)
    onTestFinished(() => rename(directory, project.directory))
    const renamed = elsewhere(project, `${project.name}v2`, { directory })
    await ok(renamed.bare(['up', '-d']))
    expect(await has(renamed), 'the bare command must lose sight of it').toBe(false)
    await ok(renamed.bare(['down', '-v']))

    const text = await refused(renamed, ['up', '-d'], 'project-name-changed', `${project.name}_data`)
    expect(text).toContain('PostgreSQL 15')
    expect(text).toContain(`-p ${project.name} up -d`)
    await ok(renamed.safe(['-p', project.name, 'up', '-d']))
    expect(await has(elsewhere(project, project.name, { directory }))).toBe(true)
    await ok(renamed.bare(['-p', project.name, 'down']))

    await ok(renamed.safe(['--safe-allow', 'project-name-changed', 'up', '-d']))
    expect(await has(renamed)).toBe(false)
    const again = await ok(renamed.safe(['up', '-d']))
    expect(again.stderr).not.toContain('safe-compose: refused')
  })

  const other = (project: Scenario): string => `${project.name}x`
  const routes: readonly (readonly [
    string,
    (project: Scenario) => Promise<RunOptions>,
    readonly string[],
  ])[] = [
    ['-p', () => Promise.resolve({}), ['-p', 'OTHER']],
    [
      'COMPOSE_PROJECT_NAME',
      project => Promise.resolve({ variables: { COMPOSE_PROJECT_NAME: other(project) } }),
      [],
    ],
    [
      '.env',
      async project => {
        await project.write('.env', `COMPOSE_PROJECT_NAME=${other(project)}\n`)
        return {}
      },
      [],
    ],
    [
      'name: in the file',
      async project => {
        await project.write('compose.yaml', `name: ${other(project)}\n${compose}`)
        return {}
      },
      [],
    ],
    [
      'a link to the directory',
      async project => {
        const directory = join(dirname(project.directory), other(project))
        await symlink(project.directory, directory)
        return { directory, variables: { PWD: directory } }
      },
      [],
    ],
  ]
  // Version 1 does not know a name in the file, and follows links to the real directory.
  const known = routes.filter(
    ([route]) => !isV1 || (route !== 'name: in the file' && !route.includes('link')),
  )
  test.each(known)('%s', async (_, go, globals) => {
    const project = await scenario(compose)
    await ok(project.bare(['up', '-d']))
    await put(project)
    await ok(project.bare(['stop']))
    const run = await go(project)
    const changed = elsewhere(project, other(project), run)
    const words = [...globals.map(word => word.replace('OTHER', changed.name)), 'up', '-d']
    await ok(changed.bare(words))
    expect(await has(changed), 'the bare command must lose sight of it').toBe(false)
    await engineApi().clear(changed.name)
    await refused(changed, words, 'project-name-changed', `${project.name}_data`)
  })

  test('a second instance from another directory, while the first runs, is nobody’s business', async () => {
    const project = await scenario(compose)
    await ok(project.safe(['up', '-d']))
    await put(project)
    const directory = join(dirname(project.directory), `${project.name}b`)
    await mkdir(directory)
    await writeFile(join(directory, 'compose.yaml'), compose)
    const second = elsewhere(project, `${project.name}b`, { directory })
    const safe = await ok(second.safe(['up', '-d']))
    expect(safe.stderr).not.toContain(`${project.name}_data`)
  })

  test('a scratch project beside the stopped one is what we advise agents to do: it is let', async () => {
    const project = await scenario(compose)
    await ok(project.safe(['up', '-d']))
    await put(project)
    await ok(project.bare(['stop']))
    const scratch = elsewhere(project, `${project.name}-scratch-7f3a`)
    await ok(scratch.safe(['-p', scratch.name, 'up', '-d'], { variables: { CLAUDECODE: '1' } }))
  })
})

describe('volume-identity-edit', () => {
  const renamedKey = compose.replaceAll('data:', 'database:').replace('database:/', 'database:/')

  test('a renamed key after down, known by what is remembered', async () => {
    const project = await scenario(compose)
    await ok(project.safe(['up', '-d']))
    await put(project)
    await ok(project.bare(['down']))
    await project.write('compose.yaml', renamedKey)
    await ok(project.bare(['up', '-d']))
    expect(await has(project)).toBe(false)
    await ok(project.bare(['down', '-v']))
    const text = await refused(project, ['up', '-d'], 'volume-identity-edit', `${project.name}_data`)
    expect(text).toContain(`volumes: { database: { name: ${project.name}_data } }`)
    await ok(project.safe(['--safe-allow', 'volume-identity-edit', 'up', '-d']))
    expect(await has(project)).toBe(false)
  })

  test.each([
    ['a renamed key', renamedKey],
    ['a directory instead', compose.replace('"data:', '"./pg:')],
    ['another path inside', compose.replace(`data:${place}`, 'data:/srv')],
    ['a dropped line', compose.replace(`, volumes: ["data:${place}"]`, '')],
  ])('%s under a running container, known by its mounts', async (_, edited) => {
    const project = await scenario(compose)
    await ok(project.bare(['up', '-d']))
    await put(project)
    await project.write('compose.yaml', edited)
    await ok(project.bare(['up', '-d']))
    expect(await has(project)).toBe(false)
    await project.write('compose.yaml', compose)
    await ok(project.bare(['up', '-d']))
    expect(await has(project)).toBe(true)
    await project.write('compose.yaml', edited)
    await refused(project, ['up', '-d'], 'volume-identity-edit', `${project.name}_data`)
    expect(await has(project)).toBe(true)
    await ok(project.safe(['--safe-allow', 'volume-identity-edit', 'up', '-d']))
    expect(await project.volumes()).toContain(`${project.name}_data`)
  })

  test.skipIf(!isV1 && !composeHas('2.32'))('name: added', async () => {
    const project = await scenario(compose)
    await ok(project.bare(['up', '-d']))
    await put(project)
    await project.write('compose.yaml', compose.replace('data: {}', `data: { name: ${project.name}_other }`))
    await refused(project, ['up', '-d'], 'volume-identity-edit', `${project.name}_data`)
    await ok(project.bare(['up', '-d']))
    expect(await has(project)).toBe(false)
  })
})

describe('delayed-fuse', () => {
  const unnamed = compose.replace(`"data:${place}"`, `"${place}"`).replace('volumes: { data: {} }', '')

  test('a named volume that became anonymous in the file works until down; down is refused', async () => {
    const project = await scenario(compose)
    await ok(project.bare(['up', '-d']))
    await put(project)
    await project.write('compose.yaml', unnamed)
    await ok(project.bare(['up', '-d', '--force-recreate']))
    expect(await has(project), 'the fuse is laid, and nothing shows').toBe(true)
    await ok(project.bare(['down']))
    await ok(project.bare(['up', '-d']))
    expect(await has(project)).toBe(false)

    await project.write('compose.yaml', compose)
    await ok(project.bare(['down', '-v', '--timeout', '1']).then(() => project.bare(['up', '-d'])))
    await put(project)
    await project.write('compose.yaml', unnamed)
    await ok(project.bare(['up', '-d', '--force-recreate']))
    const restart = await ok(project.safe(['restart']))
    expect(restart.stderr).toContain(`keeper still uses ${project.name}_data`)
    await refused(project, ['down'], 'delayed-fuse', `${project.name}_data`)
    expect(await has(project)).toBe(true)
    await ok(project.safe(['--safe-allow', 'delayed-fuse', 'down']))
    expect(await project.volumes()).toContain(`${project.name}_data`)
  })

  // The newest Compose has nothing of it to run, and a skipped test fails a run.
  const before32 = isV1 || composeHas('2.32') ? () => {} : test
  before32('name: added before 2.32: up keeps the old volume, a recreation loses it', async () => {
    const project = await scenario(compose)
    await ok(project.bare(['up', '-d']))
    await put(project)
    const named = compose.replace('data: {}', `data: { name: ${project.name}_other }`)
    await project.write('compose.yaml', named)
    await ok(project.bare(['up', '-d']))
    expect(await has(project)).toBe(true)
    await refused(project, ['up', '-d', '--force-recreate'], 'delayed-fuse', `${project.name}_data`)
    await ok(project.bare(['up', '-d', '--force-recreate']))
    expect(await has(project)).toBe(false)
  })
})

describe('override-and-env-drift', () => {
  test('without the override of last time', async () => {
    const override = `services: { keeper: { volumes: ["prod:${place}"] } }\nvolumes: { prod: {} }\n`
    const head = /^name:/m.test(override) || isV1 ? `version: "3.9"\n` : ''
    const project = await scenario(`${head}${compose}`, { files: { 'prod.yaml': `${head}${override}` } })
    const both = ['-f', 'compose.yaml', '-f', 'prod.yaml']
    await ok(project.bare([...both, 'up', '-d']))
    await put(project)
    await ok(project.bare(['-f', 'compose.yaml', 'up', '-d']))
    expect(await has(project)).toBe(false)
    await ok(project.bare([...both, 'up', '-d']))
    expect(await has(project)).toBe(true)
    const text = await refused(
      project,
      ['-f', 'compose.yaml', 'up', '-d'],
      'override-and-env-drift',
      `${project.name}_prod`,
    )
    expect(text).toContain('-f compose.yaml -f prod.yaml')
    expect(await has(project)).toBe(true)
    await ok(project.safe(['--safe-allow', 'override-and-env-drift', '-f', 'compose.yaml', 'up', '-d']))
  })

  test.skipIf(!isV1 && !composeHas('2.32'))('a variable that is not set today', async () => {
    const project = await scenario(compose)
    const name = `${project.name}_\${STAGE}_pg`
    await project.write('compose.yaml', compose.replace('data: {}', `data: { name: "${name}" }`))
    const set = { variables: { STAGE: 'prod' } }
    await ok(project.bare(['up', '-d'], set))
    await put(project)
    await ok(project.bare(['up', '-d']))
    expect(await has(project)).toBe(false)
    await ok(project.bare(['up', '-d'], set))
    expect(await has(project)).toBe(true)
    const text = await refused(project, ['up', '-d'], 'override-and-env-drift', `${project.name}_prod_pg`)
    expect(text).toContain('STAGE is not set')
  })
})

describe('external-missing', () => {
  test('Compose stops by itself; we name what looks like it, before somebody makes an empty one', async () => {
    const project = await scenario(compose)
    await ok(project.bare(['up', '-d']))
    await put(project)
    await ok(project.bare(['down']))
    const wanted = `${project.name}-data`
    await project.write(
      'compose.yaml',
      compose.replace('data: {}', `data: { external: true, name: ${wanted} }`),
    )
    const bare = await project.bare(['up', '-d'])
    expect(bare.code).not.toBe(0)
    const safe = await project.safe(['up', '-d'])
    expect(safe.code).toBe(bare.code)
    expect(safe.stderr).toContain(
      `do not create an empty one before looking at ${project.name}_data (PostgreSQL 15`,
    )
    await ok(project.docker(['volume', 'create', wanted]))
    await ok(project.bare(['up', '-d']))
    expect(await has(project), 'the usual advice makes an empty database').toBe(false)
  })
})

describe('younger-volume', () => {
  test('deleted while safe-compose was not used', async () => {
    const project = await scenario(compose)
    await ok(project.bare(['up', '-d']))
    await put(project)
    await ok(project.safe(['stop']))
    await ok(project.safe(['up', '-d']))
    await ok(project.bare(['down', '-v']))
    await ok(project.bare(['up', '-d']))
    expect(await has(project)).toBe(false)
    await ok(project.bare(['down']))
    const text = await refused(
      project,
      ['up', '-d'],
      'younger-volume',
      `${project.name}_data (PostgreSQL 15)`,
    )
    expect(text).toContain('younger volume')
    await ok(project.bare(['down', '-v']))
    await refused(project, ['up', '-d'], 'younger-volume', 'does not exist any more')
    await ok(project.safe(['--safe-allow', 'younger-volume', 'up', '-d']))
    await ok(project.bare(['down']))
    await ok(project.safe(['up', '-d']))
  })

  test('what was deleted under the guard and brought back is the old data', async () => {
    const project = await scenario(compose)
    await ok(project.safe(['up', '-d']))
    await put(project)
    await ok(project.safe(['down', '-v']))
    await ok(project.safe(['undo']))
    await ok(project.safe(['up', '-d']))
    expect(await has(project)).toBe(true)
  })
})

describe('project-collision', () => {
  test('a second directory of the same name takes the first one’s container and data', async () => {
    const project = await scenario(compose)
    await ok(project.bare(['up', '-d']))
    await put(project)
    const directory = join(dirname(project.directory), 'b', project.name)
    await mkdir(directory, { recursive: true })
    const theirs = compose.replace('keeper: {', 'keeper: { environment: { SECOND: "1" }, ')
    await writeFile(join(directory, 'compose.yaml'), theirs)
    const second = elsewhere(project, project.name, { directory })
    await ok(second.bare(['up', '-d']))
    expect(await has(second), 'its application runs on the data of the first').toBe(true)
    await ok(project.bare(['up', '-d']))

    const text = await refused(second, ['up', '-d'], 'project-collision', `${project.name}_data`)
    expect(text).toContain(project.directory)
    const down = await second.safe(['down', '-v'], { variables: { CLAUDECODE: '1' } })
    expect(down.code, down.stderr).toBe(120)
    expect(down.stderr).toContain('the project of the same name')
    await ok(second.safe(['--safe-allow', 'project-collision', 'up', '-d']))
    const own = await ok(second.safe(['up', '-d']))
    expect(own.stderr).not.toContain('refused')
  })
})

describe('engine-switched', () => {
  /** As if what is remembered had been written while another engine was in use. */
  async function pretendOtherEngine(project: Scenario, host: string): Promise<void> {
    for (const engine of await readdir(project.store)) {
      const file = join(project.store, engine, project.name, 'ledger.json')
      const text = await readFile(file, 'utf8').catch(() => null)
      if (text === null) continue
      const ledger = JSON.parse(text) as Record<string, unknown>
      const other = join(project.store, 'engine-of-yesterday', project.name)
      await mkdir(other, { recursive: true })
      await writeFile(
        join(other, 'ledger.json'),
        JSON.stringify({ ...ledger, engine: 'engine-of-yesterday', host }),
      )
      await rm(file)
    }
  }

  test('everything is new here, and the data is on the engine of yesterday', async () => {
    const project = await scenario(compose)
    await ok(project.safe(['up', '-d']))
    await put(project)
    await ok(project.bare(['down', '-v']))
    await pretendOtherEngine(project, 'unix:///run/user/1000/docker.sock')
    const chosen = await ok(project.safe(['up', '-d']))
    expect(chosen.stderr).toContain('on the engine at unix:///run/user/1000/docker.sock')
    expect(await has(project)).toBe(false)
  })
})

describe('harmless', () => {
  const shop = `
services:
  keeper: { image: busybox, ${stays}, volumes: ["data:${place}"] }
  web: { image: busybox, ${stays}, volumes: ["uploads:/uploads"], depends_on: [keeper] }
volumes: { data: {}, uploads: {} }
`
  test('a day’s work: nobody is asked, nothing is refused, and the data is there in the evening', async () => {
    const project = await scenario(shop)
    await ok(project.safe(['up', '-d']))
    await put(project)
    const day: (readonly string[])[] = [
      ['restart'],
      ['stop'],
      ['start'],
      ['pause'],
      ['unpause'],
      ['up', '-d'],
      ['create'],
      ['up', '-d', '--scale', 'web=3'],
      ['up', '-d', '--force-recreate'],
      ...(isV1
        ? []
        : [
            ['--dry-run', 'down', '-v'],
            ['--dry-run', 'up', '-d', '--force-recreate'],
          ]),
      ['down'],
      ['up', '-d'],
    ]
    for (const words of day) {
      // As an agent, who is let least.
      const safe = await project.safe(words, { variables: { CLAUDECODE: '1' } })
      expect(safe.code, `${words.join(' ')}: ${safe.stderr}`).toBe(0)
      expect(safe.stderr, words.join(' ')).not.toContain('safe-compose: warning')
    }
    const edits = [
      `# the shop\n${shop}`,
      shop.replace('web: {', 'web: { build: ., '),
      ...(isV1 ? [] : [shop.replace('web: {', 'web: { pull_policy: missing, ')]),
      shop.replace('web: {', 'web: { deploy: { replicas: 2 }, '),
      shop,
    ]
    for (const edited of edits) {
      await project.write('compose.yaml', edited)
      await ok(project.safe(['up', '-d', '--no-build'], { variables: { CLAUDECODE: '1' } }))
    }
    expect(await has(project)).toBe(true)
  }, 900_000)

  test('down -v on a volume that only names a directory of the host', async () => {
    const project = await scenario(shop)
    const directory = join(dirname(project.directory), 'pg')
    await mkdir(directory)
    const options = `{ driver_opts: { type: none, o: bind, device: ${directory} } }`
    await project.write('compose.yaml', shop.replace('data: {}', `data: ${options}`))
    await ok(project.safe(['up', '-d']))
    await put(project)
    await ok(project.safe(['down', '-v'], { variables: { CLAUDECODE: '1' } }))
    expect(await readFile(join(directory, 'word'), 'utf8')).toBe('kept\n')
  })
})
