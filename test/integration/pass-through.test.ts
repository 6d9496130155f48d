import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fakeCompose, makeEntryPackage, quietVariables } from '../fakes/package-of-entry.ts'
import type { EntryPackage } from '../fakes/package-of-entry.ts'

let entry: EntryPackage
let binaries: string

beforeAll(() => {
  entry = makeEntryPackage()
  binaries = folderWith({ 'docker-compose': fakeCompose })
})
afterAll(() => entry.remove())

interface Told {
  readonly argv: readonly string[]
  readonly variables: Readonly<Record<string, string>>
  readonly directory: string
  readonly descriptors: readonly (readonly [fd: number, target: string])[]
  readonly files: readonly string[]
  readonly script: string
}

describe('the words', () => {
  test.each([
    ['nothing', []],
    ['plain ones', ['ps', '-a', '--format', 'json']],
    ['empty ones', ['ps', '', '-a', '']],
    ['newlines, tabs and spaces', ['ps', 'a\nb\n', '\t', ' ', '\n']],
    ['quotes and what shells expand', ['ps', `'"\\$HOME $(id) * ~ !! \``, '--', '-x']],
    ['other scripts and emoji', ['ps', 'größe', '数据', '👩‍💻', '\u0301', '\u202e']],
    ['the sign for what cannot be read', ['ps', '\uFFFD', 'a\uFFFDb']],
    ['ten thousand', ['ps', ...Array.from({ length: 10_000 }, (_, index) => `word-${index}`)]],
    ['a long one', ['ps', 'x'.repeat(100_000)]],
  ])('reach Compose byte for byte: %s', async (_, words) => {
    const { told } = await runFake(words)
    expect(told.argv).toEqual(words.map(word => Buffer.from(word).toString('hex')))
  })

  test('reach Compose byte for byte where they are no valid UTF-8', async () => {
    const script = String.raw`exec "$0" ps "$(printf 'caf\351\n\377_')" '' "$(printf '\300\200')" plain`
    const { told } = await runFake([], { through: ['bash', '-c', script] })
    expect(told.argv).toEqual([hex('ps'), '636166e90aff5f', '', 'c080', hex('plain')])
  })

  test('`compose` in front is ours and taken away once', async () => {
    const { told } = await runFake(['compose', 'ps', 'compose'])
    expect(told.argv).toEqual(['ps', 'compose'].map(hex))
  })
})

describe('the surroundings', () => {
  test('variables stay as they are, also those that are no valid UTF-8', async () => {
    const script = String.raw`export LATIN="$(printf 'caf\351')" EMPTY='' LINES_="$(printf 'a\nb')"; exec "$0" ps`
    const { told } = await runFake([], { through: ['bash', '-c', script] })
    expect(told.variables).toMatchObject({ LATIN: '636166e9', EMPTY: '', LINES_: hex('a\nb') })
  })

  test('the docker CLI variable that would make a standalone Compose a plugin is taken away', async () => {
    const variables = { DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND: 'docker' }
    const { told } = await runFake(['ps'], { variables })
    expect(told.variables).not.toHaveProperty('DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND')
  })

  test.each([
    ['as they are', {}],
    ['with another PWD than the true one', { PWD: '/nowhere\nPWD=/else', OLDPWD: 'x', SHLVL: '7', _: 'y' }],
    ['with none', { PWD: undefined, OLDPWD: undefined, SHLVL: undefined, _: undefined }],
  ])('no variable is added, changed or lost: %s', async (_, some) => {
    const dump = join(entry.folder, 'dump.cjs')
    writeFileSync(dump, `process.stdout.write(require('fs').readFileSync('/proc/self/environ'))`)
    const variables = { ...some, SAFE_COMPOSE_DOCKER_COMPOSE: `${process.execPath} ${dump}` }
    const given = environment(variables)
    const { stdout } = await run(['ps'], { variables: given })
    const expected = Object.entries(given).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${value}`],
    )
    expect(stdout.toString().split('\0').slice(0, -1).toSorted()).toEqual(expected.toSorted())
  })

  test('the working directory is the same', async () => {
    const { told } = await runFake(['ps'])
    expect(told.directory).toBe(entry.folder)
  })

  test('standard input streams through: 10 MB', async () => {
    const bytes = randomBytes(10_000_000)
    const { stdout } = await run(['exec', '-T', 'db', 'cat'], {
      variables: fake({ stdin: true }),
      input: bytes,
    })
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    expect(JSON.parse(stdout.toString())).toEqual({ bytes: bytes.length, sha256 })
  })

  test('descriptors above 2 reach Compose under their numbers', async () => {
    const file = join(entry.folder, 'plain.txt')
    writeFileSync(file, 'plain\n')
    const script = `exec "$0" -f <(printf 'services: {}') -f /dev/fd/3 -f /dev/fd/14 ps 3< "${file}" 14< "${file}"`
    const { told } = await runFake([], { through: ['bash', '-c', script] })
    expect(told.files).toEqual(['services: {}', 'plain\n', 'plain\n'])
    expect(told.descriptors).toContainEqual([3, file])
    expect(told.descriptors).toContainEqual([14, file])
  })

  test('an env file is for Compose to read: it is neither read before nor missed', async () => {
    const through = ['bash', '-c', `exec "$0" --env-file <(printf A=1) ps`]
    const { told } = await runFake([], { through })
    expect(told.files).toEqual(['A=1'])
    expect(told.variables).not.toHaveProperty('A')
    const missing = await run(['exec', 'db', 'cat', '--env-file=missing'], { variables: fake({ code: 7 }) })
    expect(missing).toMatchObject({ code: 7, stderr: '' })
  })

  test('Compose gets no descriptor that it would not have without us', async () => {
    const bare = await runFake(['ps'], { program: fakeCompose })
    const { told } = await runFake(['ps'])
    const kinds = (report: Told): readonly string[] =>
      report.descriptors
        .map(([fd, target]) => `${fd} ${target.replace(/\d{3,}/, 'N')}`)
        .filter(line => !line.includes('/proc/'))
    expect(kinds(told)).toEqual(kinds(bare.told))
  })
})

describe('the end', () => {
  test('every exit code is Compose’s', async () => {
    const codes = [0, 1, 2, 14, 15, 17, 120, 121, 122, 123, 125, 126, 127, 128, 129, 130, 137, 143, 254, 255]
    for (const code of codes) {
      const end = await run(['ps'], { variables: fake({ code }) })
      expect(end).toMatchObject({ code, signal: null })
    }
  })

  test.each(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGSEGV', 'SIGABRT', 'SIGUSR2', 'SIGPIPE'] as const)(
    'a death by %s is a death by the same signal',
    async signal => {
      const { code, signal: seen } = await run(['ps'], { variables: dying(signal) })
      expect([code, seen]).toEqual([null, signal])
    },
  )

  test('a shell sees 128 and the number, as without us', async () => {
    const script = '"$0" ps; echo "code $?"'
    const { stdout } = await run([], { through: ['bash', '-c', script], variables: dying('SIGTERM') })
    expect(stdout.toString()).toContain(`code ${128 + constants.signals.SIGTERM}`)
  })

  test('a plugin that dies by a signal is what the docker CLI makes of it: 255', async () => {
    const configuration = folderWith({ 'cli-plugins/docker-compose': fakeDying('KILL') })
    const end = await run(['ps'], { variables: { DOCKER_CONFIG: configuration } })
    expect(end).toMatchObject({ code: 255, signal: null })
  })

  test('a reader that goes away ends an endless output as it does without us', async () => {
    const endless = script('case "$*" in *version*) echo 2.40.3;; *) exec yes;; esac')
    const through = ['bash', '-c', '"$0" logs | head -n 1; echo "${PIPESTATUS[0]}"']
    const bare = await run([], { through, program: endless })
    const safe = await run([], { through, variables: { SAFE_COMPOSE_DOCKER_COMPOSE: endless } })
    expect(safe.stdout.toString()).toBe(bare.stdout.toString())
    expect(safe.stdout.toString()).toBe('y\n141\n')
  })
})

describe('signals without a terminal', () => {
  test.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const)(
    '%s to us alone reaches Compose once',
    async signal => {
      const { lines, code } = await signalled(child => child.kill(signal))
      expect(lines.filter(line => line.startsWith('got'))).toEqual([`got ${signal}`])
      expect(code).toBe(42)
    },
  )

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    '%s to the whole process group reaches Compose once',
    async signal => {
      const { lines, code } = await signalled(child => process.kill(-(child.pid ?? 0), signal))
      expect(lines.filter(line => line.startsWith('got'))).toEqual([`got ${signal}`])
      expect(code).toBe(42)
    },
  )

  test('two signals, one to the group and one to us alone, reach Compose as two', async () => {
    const { lines } = await signalled(async child => {
      process.kill(-(child.pid ?? 0), 'SIGINT')
      await new Promise(resolve => setTimeout(resolve, 300))
      child.kill('SIGTERM')
    }, 2)
    expect(lines.filter(line => line.startsWith('got'))).toEqual(['got SIGINT', 'got SIGTERM'])
  })
})

describe('what goes where', () => {
  test.each([
    ['down', ['down']],
    ['up -d', ['up', '-d']],
    ['an unknown command', ['frobnicate']],
    ['a word of our own', ['undo']],
    ['a word of our own after globals', ['-p', 'x', 'backups']],
    ['an option of our own', ['--safe-verbose', 'ps']],
    ['our help', ['help']],
  ])('%s is for the application', async (_, words) => {
    const { stdout } = await run(words)
    expect(JSON.parse(stdout.toString())).toMatchObject({ loaded: { asPlugin: false } })
  })

  test('SAFE_COMPOSE=off lets a guarded command through, but not where a coding agent is at work', async () => {
    const off = { SAFE_COMPOSE: 'off' }
    expect((await runFake(['down', '-v'], { variables: off })).told.argv).toEqual(['down', '-v'].map(hex))
    const { stdout } = await run(['down', '-v'], { variables: { ...off, CLAUDECODE: '1' } })
    expect(JSON.parse(stdout.toString())).toHaveProperty('loaded')
  })

  test('without any Compose the application says so', async () => {
    const { stdout } = await run(['ps'], { variables: { PATH: path() } })
    expect(JSON.parse(stdout.toString())).toHaveProperty('loaded')
  })
})

describe('never ourselves', () => {
  test('a link to us on the PATH is skipped', async () => {
    const linked = folderWith({ 'docker-compose': entry.executable })
    const { told } = await runFake(['ps'], { variables: { PATH: path(linked, binaries) } })
    expect(told.script).toBe(join(binaries, 'docker-compose'))
  })

  test('a shell script that starts us is skipped', async () => {
    const folder = folderWith({ 'docker-compose': script(`exec "${entry.executable}" "$@"`) })
    const { told } = await runFake(['ps'], { variables: { PATH: path(folder, binaries) } })
    expect(told.script).toBe(join(binaries, 'docker-compose'))
  })

  test('a script that leads back to us by a detour is skipped', async () => {
    const detour = join(folderWith({ another: entry.executable }), 'another')
    const folder = folderWith({ 'docker-compose': script(`exec "${detour}" "$@"`) })
    const { told } = await runFake(['ps'], { variables: { PATH: path(folder, binaries) } })
    expect(told.script).toBe(join(binaries, 'docker-compose'))
  })

  test('a plugin that is us is skipped for the one that it shadows', async () => {
    const configuration = folderWith({ 'cli-plugins/docker-compose': entry.executable })
    const shadowed = folderWith({ 'docker-compose': fakeCompose })
    writeFileSync(join(configuration, 'config.json'), JSON.stringify({ cliPluginsExtraDirs: [shadowed] }))
    const { told } = await runFake(['ps'], { variables: { DOCKER_CONFIG: configuration } })
    expect(told.script).toBe(join(shadowed, 'docker-compose'))
    expect(told.argv).toEqual(['compose', 'ps'].map(hex))
  })

  test('chosen by SAFE_COMPOSE_DOCKER_COMPOSE it is an error, which the application tells', async () => {
    const { stdout } = await run(['ps'], {
      variables: { SAFE_COMPOSE_DOCKER_COMPOSE: entry.executable },
    })
    expect(JSON.parse(stdout.toString())).toHaveProperty('loaded')
  })
})

describe('as a plugin of the docker CLI', () => {
  const asPlugin = { DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND: 'docker' }

  test('it answers the handshake', async () => {
    const { stdout, code } = await run(['docker-cli-plugin-metadata'])
    expect(JSON.parse(stdout.toString())).toMatchObject({
      SchemaVersion: '0.1.0',
      Vendor: 'safe-compose',
      Version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
      ShortDescription: expect.any(String) as string,
    })
    expect(code).toBe(0)
  })

  test.each([
    [['compose', 'ps']],
    [['--context', 'x', 'compose', '-p', 'a', 'ps']],
    [['__complete', 'compose', 'ps', '']],
    [['help', 'compose']],
    [['help', 'compose', 'up']],
  ])('the whole line goes on to the plugin that it shadows: %j', async words => {
    const told = await runAsPlugin(words)
    expect(told.argv).toEqual(words.map(hex))
    expect(told.variables).toHaveProperty('DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND', hex('docker'))
  })

  test('a guarded line is for the application', async () => {
    const { stdout } = await run(['--context', 'x', 'compose', 'down', '-v'], {
      variables: { ...asPlugin, PATH: path(binaries) },
    })
    expect(JSON.parse(stdout.toString())).toMatchObject({ loaded: { asPlugin: true } })
  })

  async function runAsPlugin(words: readonly string[]): Promise<Told> {
    const configuration = folderWith({ 'cli-plugins/docker-compose': entry.executable })
    const { told } = await runFake(words, {
      program: join(configuration, 'cli-plugins/docker-compose'),
      variables: { ...asPlugin, DOCKER_CONFIG: configuration },
    })
    return told
  }
})

describe('which Compose', () => {
  test('the one that SAFE_COMPOSE_DOCKER_COMPOSE names, by path', async () => {
    const chosen = join(folderWith({ 'my compose': fakeCompose }), 'my compose')
    const { told } = await runFake(['ps'], { variables: { SAFE_COMPOSE_DOCKER_COMPOSE: chosen } })
    expect(told.script).toBe(chosen)
    expect(told.argv).toEqual([hex('ps')])
  })

  test('by the words `docker compose`: the plugin', async () => {
    const configuration = folderWith({ 'cli-plugins/docker-compose': fakeCompose })
    const variables = { SAFE_COMPOSE_DOCKER_COMPOSE: 'docker --debug compose', DOCKER_CONFIG: configuration }
    const { told } = await runFake(['ps'], { variables })
    expect(told.argv).toEqual(['--debug', 'compose', 'ps'].map(hex))
  })

  test('through another program', async () => {
    const folder = folderWith({ through: script('shift; exec docker-compose "$@"') })
    const { told } = await runFake(['ps'], {
      variables: { PATH: path(folder, binaries), SAFE_COMPOSE_DOCKER_COMPOSE: 'through it' },
    })
    expect(told.argv).toEqual([hex('ps')])
  })

  test('the plugin before a docker-compose on the PATH, from the folders in the order of the docker CLI', async () => {
    const configuration = folderWith({ 'cli-plugins/docker-compose': fakeCompose })
    const extra = folderWith({ 'docker-compose': fakeCompose })
    const first = await runFake(['ps'], { variables: { DOCKER_CONFIG: configuration } })
    expect(first.told.script).toBe(join(configuration, 'cli-plugins/docker-compose'))
    expect(first.told.argv).toEqual(['compose', 'ps'].map(hex))
    writeFileSync(join(configuration, 'config.json'), JSON.stringify({ cliPluginsExtraDirs: [extra] }))
    const second = await runFake(['ps'], { variables: { DOCKER_CONFIG: configuration } })
    expect(second.told.script).toBe(join(extra, 'docker-compose'))
  })

  test('a dangling link is skipped', async () => {
    const configuration = folderWith({ 'cli-plugins/docker-compose': join(entry.folder, 'nowhere') })
    const { told } = await runFake(['ps'], { variables: { DOCKER_CONFIG: configuration } })
    expect(told.script).toBe(join(binaries, 'docker-compose'))
  })

  test('1.29 is known by its version, which is asked once for a program in Python', async () => {
    const asked = join(entry.folder, 'asked')
    const interpreter = join(folderWith({ python3: '/bin/sh' }), 'python3')
    const python = script(`echo "$*" >> "${asked}"; echo 1.29.2`, `#!${interpreter}`)
    const cache = mkdtempSync(join(entry.folder, 'cache-'))
    const variables = { SAFE_COMPOSE_DOCKER_COMPOSE: python, XDG_CACHE_HOME: cache }
    await run(['ps'], { variables })
    await run(['ps'], { variables })
    const questions = readFileSync(asked, 'utf8').split('\n')
    expect(questions.filter(line => line === 'version --short')).toHaveLength(1)
    expect(questions.filter(line => line === 'ps')).toHaveLength(2)
    const entries: unknown = JSON.parse(
      readFileSync(join(cache, 'safe-compose/compose-versions.json'), 'utf8'),
    )
    expect(entries).toEqual([{ key: expect.stringContaining(python) as string, version: '1.29.2' }])
  })
})

// ---- Running -----------------------------------------------------------------------------------------------------

interface RunOptions {
  readonly variables?: Readonly<Record<string, string | undefined>>
  readonly input?: Uint8Array
  /** What is started instead of us. */
  readonly program?: string
  /** A shell that starts us as `$0`. */
  readonly through?: readonly string[]
}

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: Buffer
  readonly stderr: string
}

async function runFake(words: readonly string[], options: RunOptions = {}): Promise<{ told: Told }> {
  const { stdout, stderr, code } = await run(words, options)
  if (stdout.length === 0) throw new Error(`nothing was said (code ${code}): ${stderr}`)
  return { told: JSON.parse(stdout.toString()) as Told }
}

function run(words: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const program = options.program ?? entry.executable
  const [first = program, ...rest] = [...(options.through ?? []), program, ...words]
  return new Promise((resolve, reject) => {
    const child = spawn(first, rest, {
      cwd: entry.folder,
      env: environment(options.variables),
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk))
    child.stdin?.end(options.input)
    child.once('error', reject)
    child.once('close', (code, signal) => {
      resolve({ code, signal, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() })
    })
  })
}

/** Sends a signal to a run that has been going on for a while, and listens to what Compose says of it. */
async function signalled(
  send: (child: ReturnType<typeof spawn>) => unknown,
  until = 1,
): Promise<{ readonly lines: readonly string[]; readonly code: number | null }> {
  const child = spawn(entry.executable, ['logs', '-f'], {
    cwd: entry.folder,
    env: environment(fake({ listen: { until, code: 42 } })),
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const ended = new Promise<number | null>(resolve => child.once('close', code => resolve(code)))
  while (text.split('beat').length < 6) await new Promise(resolve => setTimeout(resolve, 20))
  await send(child)
  const code = await ended
  return { lines: text.split('\n'), code }
}

function environment(
  variables: Readonly<Record<string, string | undefined>> = {},
): Record<string, string | undefined> {
  return {
    ...quietVariables(),
    HOME: entry.folder,
    XDG_CACHE_HOME: join(entry.folder, 'cache'),
    DOCKER_CONFIG: join(entry.folder, 'no-docker'),
    PATH: path(binaries),
    ...variables,
  }
}

/** The folders, then what Node and the shell need, without any other Compose. */
function path(...folders: readonly string[]): string {
  const tools = folderWith({ node: process.execPath })
  return [...folders, tools, '/usr/bin', '/bin'].join(':')
}

function fake(told: unknown): Record<string, string> {
  return { FAKE_COMPOSE: JSON.stringify(told) }
}

function dying(signal: NodeJS.Signals): Record<string, string> {
  return { SAFE_COMPOSE_DOCKER_COMPOSE: fakeDying(signal.slice(3)) }
}

function fakeDying(signal: string): string {
  return script(`case "$*" in *version*) echo 2.40.3;; *) kill -${signal} $$;; esac`)
}

function script(text: string, shebang = '#!/bin/sh'): string {
  const file = join(mkdtempSync(join(entry.folder, 'script-')), 'program')
  writeFileSync(file, `${shebang}\n${text}\n`)
  chmodSync(file, 0o755)
  return file
}

/** A folder with links of these names. */
function folderWith(links: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(entry.folder, 'folder-'))
  for (const [name, target] of Object.entries(links)) {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    symlinkSync(target, join(folder, name))
  }
  return folder
}

function hex(text: string): string {
  return Buffer.from(text).toString('hex')
}
