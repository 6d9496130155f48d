import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { eventually, executable, scenario } from './scenario.ts'
import type { Ended, Scenario } from './scenario.ts'
import { keys, onTerminal } from './terminal.ts'
import type { Terminal } from './terminal.ts'

const cache = `
services:
  cache:
    image: redis:7
    volumes: [keys:/data]
volumes: { keys: {} }
`

const disposable = cache.replace(
  'image: redis:7',
  'image: redis:7\n    labels: { safe-compose.backup: "false" }',
)

async function filled(compose = cache): Promise<Scenario> {
  const project = await scenario(compose)
  expect((await project.bare(['up', '-d'])).code).toBe(0)
  await fill(project)
  return project
}

async function fill(project: Scenario): Promise<void> {
  await eventually(() => project.inside('cache', 'redis-cli set word kept && redis-cli save'))
}

async function kept(project: Scenario): Promise<boolean> {
  return (await project.inside('cache', 'redis-cli get word')) === 'kept'
}

async function user(project: Scenario, text: string): Promise<string> {
  const file = join(project.variables['XDG_CONFIG_HOME'] ?? '', 'safe-compose', 'config.yaml')
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, text)
  return file
}

function type(project: Scenario, words: readonly string[]): Terminal {
  return onTerminal(process.execPath, [executable, ...words], project)
}

/** A person trusts the project. */
async function trust(project: Scenario, ...sees: readonly string[]): Promise<void> {
  const terminal = type(project, ['trust'])
  for (const text of sees) await terminal.sees(text)
  await terminal.sees('Trust it?')
  terminal.types('y')
  terminal.types(keys.enter)
  expect((await terminal.ended).code, terminal.screen()).toBe(0)
}

async function savedPoints(project: Scenario): Promise<number> {
  const { stdout } = await project.safe(['backups', '--json'])
  return (JSON.parse(stdout) as unknown[]).length
}

function expectStopped(ended: Ended, ...words: readonly string[]): void {
  expect(ended.code, ended.stderr).toBe(123)
  for (const word of words) expect(ended.stderr).toContain(word)
}

describe('levels by who asks', () => {
  test('a script is refused where the user wants it, --safe-allow lets it through; a person is still asked', async () => {
    const project = await filled()
    await user(project, 'rules:\n  down-volumes: { person: ask, script: refuse }\n')
    const refused = await project.safe(['down', '-v'])
    expect(refused.code, refused.stderr).toBe(120)
    expect(refused.stderr).toContain('--safe-allow down-volumes')
    expect(await kept(project)).toBe(true)

    const person = type(project, ['down', '-v'])
    await person.sees('What now?')
    person.types(keys.ctrlC)
    expect((await person.ended).code).toBe(130)

    const allowed = await project.safe(['--safe-allow', 'down-volumes', 'down', '-v'])
    expect(allowed.code, allowed.stderr).toBe(0)
    expect(await project.volumes()).toEqual([])
    expect(await savedPoints(project)).toBe(1)
  })

  test('nothing makes an agent less guarded', async () => {
    const project = await filled()
    await user(project, 'rules: { down-volumes: off }\n')
    const variables = {
      CLAUDECODE: '1',
      SAFE_COMPOSE_RULES: 'down-volumes.agent=warn',
      SAFE_COMPOSE_KEEP_ALL: '0',
    }
    const refused = await project.safe(['down', '-v'], { variables })
    expect(refused.code, refused.stderr).toBe(120)
    expect(refused.stderr).toContain('SAFE_COMPOSE_KEEP_ALL=0')
    expect(refused.stderr).toContain('down-volumes')
    expect(await kept(project)).toBe(true)
  })
})

describe('a project that is not trusted adds protection and nothing else', () => {
  test('its stricter level counts', async () => {
    const project = await filled(
      `${cache}\nx-safe-compose: { rules: { down-volumes: { script: refuse } } }\n`,
    )
    expect((await project.safe(['down', '-v'])).code).toBe(120)
    expect(await kept(project)).toBe(true)
  })

  test('what would weaken stops everything, and names file, line and key', async () => {
    const project = await filled()
    for (const [text, key] of [
      ['rules:\n  down-volumes: off\n', 'rules.down-volumes'],
      ['rules:\n  down-volumes: { script: warn }\n', 'rules.down-volumes.script'],
      ['preflight:\n  maxAge: 1000d\n', 'preflight.maxAge'],
      ['keep:\n  all: 0\n', 'keep.all'],
      ['keep:\n  last: 1\n', 'keep.last'],
      ['keep:\n  size: 1B\n', 'keep.size'],
      ['hooks:\n  before: touch pwned\n', 'hooks'],
    ] as const) {
      await project.write('.safe-compose.yaml', `# comes with the checkout\n${text}`)
      const line = text.includes('\n  ') && key !== 'hooks' ? 3 : 2
      expectStopped(await project.safe(['down', '-v']), `.safe-compose.yaml:${line}: ${key}`)
    }
    await project.write('.safe-compose.yaml', 'store: /tmp/elsewhere\n')
    expectStopped(await project.safe(['down', '-v']), '.safe-compose.yaml:1: store', 'safe-compose trust')
    expect(existsSync(join(project.directory, 'pwned'))).toBe(false)
    expect(await kept(project)).toBe(true)
  })

  test('its label is not believed about a database', async () => {
    const project = await filled(disposable)
    expect((await project.bare(['down', '-v'])).code).toBe(0)
    expect(await project.volumes()).toEqual([])
    expect((await project.bare(['up', '-d'])).code).toBe(0)
    await fill(project)
    expect((await project.safe(['down', '-v'])).code).toBe(0)
    expect(await savedPoints(project)).toBe(1)
    const undo = await project.safe(['undo'])
    expect(undo.code, undo.stderr).toBe(0)
    expect(await eventually(() => kept(project))).toBe(true)
  })
})

describe('a person trusts a project', () => {
  test('its file says what the user may say, until it changes', async () => {
    const project = await filled()
    await project.write('.safe-compose.yaml', 'rules:\n  down-volumes: off\n')
    expectStopped(await project.safe(['down', '-v']), 'safe-compose trust')
    await trust(project, 'loosens: .safe-compose.yaml:2  rules.down-volumes: off')

    const list = await project.safe(['trust', '--list'])
    expect(list.stdout).toContain(project.directory)
    const shown = await project.safe(['settings'])
    expect(shown.stdout).toMatch(/^down-volumes +off +off +refuse +.*\.safe-compose\.yaml:2$/m)

    await project.write('.safe-compose.yaml', 'rules:\n  down-volumes: off\n  rm-v: off\n')
    expectStopped(await project.safe(['down', '-v']), 'is another now')
    expect(await kept(project)).toBe(true)
    await project.write(
      '.safe-compose.yaml',
      '# other words, the same meaning\nrules: { down-volumes: off }\n',
    )
    expect((await project.safe(['down', '-v'])).code).toBe(0)
    expect(await project.volumes()).toEqual([])
    expect(await savedPoints(project)).toBe(0)
  })

  test('its labels are believed, those that the person saw', async () => {
    const project = await filled(disposable)
    await trust(project, `disposable: volume ${project.name}_keys, by service cache`)
    expect((await project.safe(['down', '-v'])).code).toBe(0)
    expect(await project.volumes()).toEqual([])
    expect(await savedPoints(project)).toBe(0)

    await project.write(
      'compose.yaml',
      disposable.replace('{ keys: {} }', '{ keys: { labels: { safe-compose.backup: "false" } } }'),
    )
    expect((await project.bare(['up', '-d'])).code).toBe(0)
    await fill(project)
    expect((await project.safe(['down', '-v'])).code).toBe(0)
    expect(await savedPoints(project)).toBe(1)
  })

  test('only this directory: another in its place is not trusted; trust can be taken away', async () => {
    const project = await scenario(cache)
    await project.write('.safe-compose.yaml', 'rules: { down-volumes: off }\n')
    await trust(project)
    expect((await project.safe(['settings'])).code).toBe(0)
    await rename(project.directory, `${project.directory}-old`)
    await mkdir(project.directory)
    for (const file of ['compose.yaml', '.safe-compose.yaml'])
      await rename(join(`${project.directory}-old`, file), join(project.directory, file))
    expectStopped(await project.safe(['settings']), 'rules.down-volumes')

    await trust(project)
    expect((await project.safe(['settings'])).code).toBe(0)
    const elsewhere = { directory: dirname(project.directory) }
    const removed = await project.safe(['trust', '--remove', project.name], elsewhere)
    expect(removed.code, removed.stderr).toBe(0)
    expect(removed.stdout).toContain('no longer trusted')
    expectStopped(await project.safe(['settings']), 'rules.down-volumes')
    expect((await project.safe(['trust', '--remove'])).code).toBe(1)
  })

  test('neither a script nor an agent can; "no" is the answer that is offered', async () => {
    const project = await scenario(cache)
    await project.write('.safe-compose.yaml', 'rules: { down-volumes: off }\n')
    for (const variables of [{}, { CLAUDECODE: '1' }]) {
      const refused = await project.safe(['trust'], { variables })
      expect(refused.code, refused.stderr).toBe(120)
    }
    const agent = onTerminal(process.execPath, [executable, 'trust'], {
      directory: project.directory,
      variables: { ...project.variables, CLAUDECODE: '1' },
    })
    expect((await agent.ended).code, agent.screen()).toBe(120)
    const person = type(project, ['trust'])
    await person.sees('Trust it?')
    person.types(keys.enter)
    expect((await person.ended).code, person.screen()).toBe(122)
    expectStopped(await project.safe(['settings']), 'rules.down-volumes')
  })
})

describe('settings', () => {
  test('each value with its file and line, its variable, its flag', async () => {
    const project = await scenario(cache)
    const file = await user(project, 'preflight:\n  maxAge: 2h\nrules:\n  rm-v: refuse\n')
    await project.write('.safe-compose.yaml', 'keep: { all: 30d }\n')
    const { stdout, code } = await project.safe(['--safe-store', 'mine', 'settings'], {
      variables: { SAFE_COMPOSE_KEEP_LAST: '5' },
    })
    expect(code).toBe(0)
    const line = (key: string): string => stdout.split('\n').find(each => each.startsWith(`${key} `)) ?? ''
    expect(line('preflight.maxAge')).toMatch(/^preflight\.maxAge +2 h +.*config\.yaml:2$/)
    expect(line('keep.all')).toMatch(/^keep\.all +30 d +.*\.safe-compose\.yaml:1$/)
    expect(line('keep.last')).toMatch(/^keep\.last +5 +SAFE_COMPOSE_KEEP_LAST$/)
    expect(line('store')).toMatch(/mine +--safe-store$/)
    expect(line('keep.size')).toMatch(/20 GB +built in$/)
    expect(line('rm-v')).toMatch(/refuse +refuse +refuse +.*config\.yaml:4$/)
    expect(line('down-volumes')).toMatch(/ask +back-up +refuse +built in$/)
    const schema = /schema for editors: (.*)/.exec(stdout)?.[1] ?? ''
    expect(existsSync(schema), schema).toBe(true)

    const json = await project.safe(['settings', '--json'])
    expect(JSON.parse(json.stdout)).toMatchObject({
      settings: expect.arrayContaining([
        {
          key: 'preflight.maxAge',
          value: 7_200_000,
          kind: 'duration',
          from: { kind: 'user', file, line: 2 },
        },
      ]),
    })
  })

  test('a slip of the pen in a file or a variable is named', async () => {
    const project = await scenario(cache)
    const file = await user(project, 'preflight:\n  maxage: 2h\n')
    expectStopped(await project.safe(['settings']), `${file}:2: preflight.maxage`, 'did you mean maxAge?')
    await user(project, '')
    const wrong = await project.safe(['settings'], { variables: { SAFE_COMPOSE_RULES: 'down-volume=ask' } })
    expectStopped(wrong, 'SAFE_COMPOSE_RULES', 'did you mean down-volumes?')
  })
})

describe('explain', () => {
  test('what was refused has an id, and the id tells what it was', async () => {
    const project = await filled()
    const refused = await project.safe(['--safe-verbose', 'down', '-v'], { variables: { CLAUDECODE: '1' } })
    expect(refused.code, refused.stderr).toBe(120)
    const id = /safe-compose explain (down-volumes\/[0-9a-f]{4})/.exec(refused.stderr)?.[1] ?? ''
    const plan = await project.safe(['--safe-dry-run', 'down', '-v'])
    expect(plan.stderr).toContain(`[${id}]`)
    const json = await project.safe(['--safe-json', '--safe-dry-run', 'down', '-v'])
    expect(json.stderr).toContain(`"id":"${id}"`)

    const told = await project.safe(['explain', id])
    expect(told.code, told.stderr).toBe(0)
    expect(told.stdout).toContain(`${project.name}_keys`)
    expect(told.stdout).toContain('https://github.com/docker/compose/issues/9313')
    expect((await project.safe(['explain', 'down-volumes/zzzz'])).code).toBe(1)
    expect(await readdir(project.store).catch(() => [])).toEqual([])
  })

  test('rules outside of any project; typos are answered', async () => {
    const project = await scenario(cache)
    const elsewhere = { directory: dirname(project.directory) }
    const list = await project.safe(['explain'], elsewhere)
    expect(list.stdout).toMatch(/^Data is deleted$/m)
    expect(list.stdout).toMatch(/^ {2}down-volumes +down --volumes deletes/m)
    const one = await project.safe(['explain', 'down-volumes', '--json'], elsewhere)
    expect(JSON.parse(one.stdout)).toMatchObject({ id: 'down-volumes', versions: 'all' })
    expectStopped(await project.safe(['explain', 'down-volums']), 'did you mean down-volumes?')
  })
})
