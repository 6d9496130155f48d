import { describe, expect, onTestFinished, test } from 'vitest'
import { composeHas, eventually, isV1, scenario } from './scenario.ts'
import type { Scenario } from './scenario.ts'

/**
 * Each hazard twice: first with the bare Compose, which shows that the loss is real on this very version, then through
 * us, which shows that nothing is lost. Data outside of named volumes has a file of its own, layers.e2e.ts.
 */

const stays = `command: ["sh", "-c", "trap 'exit 0' TERM; while true; do sleep 0.1; done"]`

/** A keeper whose data lies in a named volume, and a second service beside it. */
const named = `
services:
  keeper: { image: busybox, ${stays}, volumes: [data:/data] }
  other: { image: busybox, ${stays}, volumes: [more:/more] }
volumes: { data: {}, more: {} }
`

/** Data in an anonymous volume. */
const anonymous = `
services:
  keeper: { image: busybox, ${stays}, volumes: [/data] }
`

async function put(project: Scenario, service = 'keeper', path = '/data/word'): Promise<void> {
  await project.inside(service, `echo kept > ${path}`)
}

async function has(project: Scenario, service = 'keeper', path = '/data/word'): Promise<boolean> {
  return eventually(
    async () => (await project.inside(service, `cat ${path} 2>/dev/null || echo nothing`)) || false,
    20,
  ).then(text => text === 'kept')
}

async function ok(run: Promise<{ code: number | null; stderr: string }>): Promise<void> {
  const { code, stderr } = await run
  expect(code, stderr).toBe(0)
}

/** Runs the command bare and shows the loss, then guarded and shows that undo brings the data back. */
async function lostThenSaved(
  compose: string,
  words: readonly string[],
  options: {
    readonly service?: string
    readonly path?: string
    readonly before?: (project: Scenario) => Promise<void>
    readonly input?: string
    /** How the loss is looked at after the bare command; by default `up -d` again and the file. */
    readonly variables?: (project: Scenario) => Record<string, string>
    readonly files?: Readonly<Record<string, string>>
  } = {},
): Promise<Scenario> {
  const { service = 'keeper', path = '/data/word' } = options
  const project = await scenario(compose, { files: options.files ?? {} })
  const run = {
    ...(options.input === undefined ? {} : { input: options.input }),
    variables: options.variables?.(project) ?? {},
  }
  await ok(project.bare(['up', '-d']))
  await put(project, service, path)
  await options.before?.(project)
  await project.bare(
    words.map(word => word.replace('NAME', project.name)),
    run,
  )
  await ok(project.bare(['up', '-d']))
  expect(
    await has(project, service, path),
    'the bare command must lose it, or the scenario proves nothing',
  ).toBe(false)

  await put(project, service, path)
  await options.before?.(project)
  const safe = await project.safe(
    words.map(word => word.replace('NAME', project.name)),
    run,
  )
  expect([0, 1], safe.stderr).toContain(safe.code)
  expect(safe.stderr).toContain('safe-compose undo')
  const undo = await project.safe(['undo'])
  expect(undo.code, undo.stderr).toBe(0)
  await ok(project.bare(['up', '-d']))
  expect(await has(project, service, path), undo.stderr).toBe(true)
  return project
}

describe('down-volumes', () => {
  test('down -v', async () => {
    await lostThenSaved(named, ['down', '-v'])
  })
  test('volumes of an inactive profile: v1 deletes them too, v2 keeps them', async () => {
    const compose = named.replace('other: {', 'other: { profiles: [extra], ')
    const project = await scenario(compose)
    await ok(project.bare(['--profile', 'extra', 'up', '-d']))
    await put(project, 'other', '/more/word')
    await ok(project.bare(['--profile', 'extra', 'rm', '-fs']))
    const safe = await project.safe(['down', '-v'])
    expect(safe.code, safe.stderr).toBe(0)
    expect((await project.volumes()).includes(`${project.name}_more`)).toBe(!isV1)
  })
})

describe.skipIf(isV1)('label-mode-down', () => {
  test('down -v by name deletes what the file calls external', async () => {
    const project = await scenario(named)
    await ok(project.bare(['up', '-d']))
    await put(project)
    await project.write(
      'compose.yaml',
      named.replace('data: {}', `data: { external: true, name: ${project.name}_data }`),
    )
    const words = ['-p', project.name, 'down', '-v']
    await ok(project.bare(words))
    expect(await project.volumes()).toEqual([])

    await project.write('compose.yaml', named)
    await ok(project.bare(['up', '-d']))
    await put(project)
    const safe = await project.safe(words)
    expect(safe.code, safe.stderr).toBe(0)
    await ok(project.safe(['-p', project.name, 'undo']))
    await ok(project.bare(['up', '-d']))
    expect(await has(project)).toBe(true)
  })

  test('a broken file with the name in .env: Compose deletes by label, and so we look by label', async () => {
    const project = await scenario(named)
    await project.write('.env', `COMPOSE_PROJECT_NAME=${project.name}\n`)
    await ok(project.bare(['up', '-d']))
    await put(project)
    await project.write('compose.yaml', `${named}\n  broken: [`)
    const refused = await project.safe(['down', '-v'], { variables: { CLAUDECODE: '1' } })
    expect(refused.code, refused.stderr).toBe(120)
    const safe = await project.safe(['down', '-v'])
    expect(safe.code, safe.stderr).toBe(0)
    expect(await project.volumes()).toEqual([])
    await project.write('compose.yaml', named)
    await ok(project.safe(['undo']))
    await ok(project.bare(['up', '-d']))
    expect(await has(project)).toBe(true)
  })

  test('a missing env_file: whatever this version does, nothing is lost', async () => {
    const project = await scenario(named.replace('keeper: {', 'keeper: { env_file: [keeper.env], '), {
      files: { 'keeper.env': 'A=1\n' },
    })
    await ok(project.bare(['up', '-d']))
    await put(project)
    await project.docker(['run', '--rm', '-v', `${project.directory}:/d`, 'busybox', 'rm', '/d/keeper.env'])
    const safe = await project.safe(['down', '-v'])
    const gone = !(await project.volumes()).includes(`${project.name}_data`)
    expect(gone, safe.stderr).toBe(safe.code === 0)
    await project.write('keeper.env', 'A=1\n')
    if (gone) await ok(project.safe(['undo']))
    await ok(project.bare(['up', '-d']))
    expect(await has(project)).toBe(true)
  })
})

describe.skipIf(isV1)('down-v-service', () => {
  test('down -v SERVICE deletes what this version deletes for it, and it comes back', async () => {
    await lostThenSaved(named, ['down', '-v', 'keeper'])
  })
})

describe('foreign-named-volume', () => {
  test('a volume named without external: true is deleted for its owner, too', async () => {
    const owner = await scenario(named)
    await ok(owner.bare(['up', '-d']))
    await put(owner)
    await ok(owner.bare(['rm', '-fs']))
    const borrower = await scenario(named.replace('data: {}', `data: { name: ${owner.name}_data }`))
    await ok(borrower.bare(['up', '-d']))
    const safe = await borrower.safe(['down', '-v'])
    expect(safe.code, safe.stderr).toBe(0)
    expect(safe.stderr).toContain(`${owner.name}_data`)
    expect(await owner.volumes()).not.toContain(`${owner.name}_data`)
    await ok(borrower.safe(['undo']))
    await ok(owner.bare(['up', '-d']))
    expect(await has(owner)).toBe(true)
  })
})

describe('anonymous-data', () => {
  test('down leaves it dangling and up starts empty: it is copied before, and undo puts it where its service looks', async () => {
    await lostThenSaved(anonymous, ['down'])
  })
  test('down -v deletes it', async () => {
    await lostThenSaved(anonymous, ['down', '-v'])
  })
})

describe('rm-v', () => {
  test('rm -fsv deletes anonymous volumes', async () => {
    await lostThenSaved(anonymous, ['rm', '-fsv'])
  })
})

describe('renew-anon', () => {
  test('up -V', async () => {
    const project = await scenario(anonymous)
    await ok(project.bare(['up', '-d']))
    await put(project)
    await ok(project.bare(['up', '-d', '-V']))
    const recreates = isV1 || composeHas('2.30')
    expect(await has(project)).toBe(!recreates)
    await put(project)
    const safe = await project.safe(['up', '-d', '-V'])
    expect(safe.code, safe.stderr).toBe(0)
    if (recreates) await ok(project.safe(['undo']))
    await ok(project.bare(['up', '-d']))
    expect(await has(project)).toBe(true)
  })
})

describe.skipIf(!composeHas('2.32'))('volume-diverged-yes', () => {
  const changed = named.replace('data: {}', 'data: { labels: { changed: "yes" } }')
  const change = (project: Scenario): Promise<void> => project.write('compose.yaml', changed)
  const back = async (project: Scenario): Promise<void> => {
    await project.write('compose.yaml', named)
    await project.bare(['up', '-d', '-y'])
    await put(project)
  }

  test.each([
    ['up -y', ['up', '-d', '-y'], undefined],
    ['create -y', ['create', '-y'], undefined],
    ['a "y" on standard input', ['up', '-d'], 'y\n'],
  ])('%s', async (_, words, input) => {
    const project = await scenario(named)
    await ok(project.bare(['up', '-d']))
    await put(project)
    await change(project)
    await ok(project.bare(words, input === undefined ? {} : { input }))
    await ok(project.bare(['start']))
    expect(await has(project)).toBe(false)

    await back(project)
    await change(project)
    const safe = await project.safe(words, input === undefined ? {} : { input })
    expect(safe.code, safe.stderr).toBe(0)
    expect(safe.stderr).toContain('safe-compose undo')
    const restore = await project.safe(['undo'])
    expect(restore.code, restore.stderr).toBe(0)
    await project.bare(['start'])
    expect(await has(project), restore.stderr).toBe(true)
  })

  test('an empty standard input means no: nothing is destroyed and nothing is said', async () => {
    const project = await scenario(named)
    await ok(project.bare(['up', '-d']))
    await put(project)
    await change(project)
    const safe = await project.safe(['up', '-d'])
    expect(safe.code, safe.stderr).toBe(0)
    expect(await has(project)).toBe(true)
  })
})

describe('remove-orphans', () => {
  const without = `
services:
  other: { image: busybox, ${stays} }
`
  const both = `${without}  keeper: { image: busybox, ${stays}, volumes: [/data] }\n`

  test.each([
    ['the flag', ['up', '-d', '--remove-orphans'], {}],
    ['the variable', ['up', '-d'], { COMPOSE_REMOVE_ORPHANS: '1' }],
  ])(
    '%s removes containers that the file no longer has, and their data is out of sight',
    async (_, words, variables) => {
      if (isV1 && 'COMPOSE_REMOVE_ORPHANS' in variables) return
      const project = await scenario(both)
      await ok(project.bare(['up', '-d']))
      await put(project)
      await project.write('compose.yaml', without)
      await ok(project.bare(words, { variables }))
      await project.write('compose.yaml', both)
      await ok(project.bare(['up', '-d']))
      expect(await has(project)).toBe(false)

      await put(project)
      await project.write('compose.yaml', without)
      const safe = await project.safe(words, { variables })
      expect(safe.code, safe.stderr).toBe(0)
      await project.write('compose.yaml', both)
      const undo = await project.safe(['undo'])
      expect(undo.code, undo.stderr).toBe(0)
      await ok(project.bare(['up', '-d']))
      expect(await has(project), undo.stderr).toBe(true)
    },
  )
})

describe('writable-layer', () => {
  /** A database image whose data directory no volume covers. */
  const compose = `
services:
  keeper: { image: IMAGE, command: ["sh", "-c", "mkdir -p /var/lib/postgresql/data; trap 'exit 0' TERM; while true; do sleep 0.1; done"], environment: { A: "1" } }
`
  test('a recreation throws a database in the writable layer away: it is copied before, and undo brings it back', async () => {
    const image = `bare-database-${Date.now()}`
    const project = await scenario(compose.replace('IMAGE', image), {
      files: { Dockerfile: 'FROM busybox\nENV PGDATA=/var/lib/postgresql/data PG_MAJOR=15\n' },
    })
    const built = await project.docker(['build', '-q', '-t', image, project.directory], {
      variables: { DOCKER_BUILDKIT: '0' },
    })
    expect(built.code, built.stderr).toBe(0)
    onTestFinished(async () => void (await project.docker(['rmi', '-f', image])))
    await ok(project.bare(['up', '-d']))
    const fill = 'mkdir -p /var/lib/postgresql/data/global && echo 15 > /var/lib/postgresql/data/PG_VERSION'
    const there = 'cat /var/lib/postgresql/data/PG_VERSION 2>/dev/null || echo nothing'
    await project.inside('keeper', fill)
    await project.write('compose.yaml', compose.replace('IMAGE', image).replace('A: "1"', 'A: "2"'))
    await ok(project.bare(['up', '-d']))
    expect(await project.inside('keeper', there)).toBe('nothing')
    await project.inside('keeper', fill)
    for (const words of [['up', '-d', '--force-recreate'], ['down']]) {
      const safe = await project.safe(words)
      expect(safe.code, `${words.join(' ')}: ${safe.stderr}`).toBe(0)
      expect(safe.stderr).toContain('keeper:/var/lib/postgresql/data (PostgreSQL 15')
      await ok(project.safe(['undo']))
      expect(await project.inside('keeper', there), words.join(' ')).toBe('15')
    }
  })
})

describe('stateful-recreate', () => {
  test('a recreated database is copied before, once per maxAge; its volume stays', async () => {
    const project = await scenario(named)
    await ok(project.bare(['up', '-d']))
    await put(project)
    const changed = (value: string): string =>
      named.replace('keeper: {', `keeper: { environment: { A: "${value}" }, `)
    await project.write('compose.yaml', changed('1'))
    const first = await project.safe(['up', '-d'])
    expect(first.code, first.stderr).toBe(0)
    expect(first.stderr).toContain('saved')
    await project.write('compose.yaml', changed('2'))
    const second = await project.safe(['up', '-d'])
    expect(second.code, second.stderr).toBe(0)
    expect(second.stderr).not.toContain('saved ')
    expect(await has(project)).toBe(true)
  })
})
