import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeProgram, supportedNodes } from '../node-program.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const home = mkdtempSync(join(tmpdir(), 'safe-compose-package-'))
const installed = join(home, 'lib/node_modules/safe-compose')

/** The package as npm would send it, installed by npm, without a network, where nothing else is. */
beforeAll(() => {
  if (!existsSync(join(root, 'dist/safe-compose.cjs')))
    throw new Error('build the bundle first: npm run build')
  const npm = (...words: readonly string[]): void => {
    const variables = { ...process.env, npm_config_cache: join(home, 'npm') }
    execFileSync('npm', [...words, '--silent'], { cwd: root, env: variables })
  }
  npm('pack', '--ignore-scripts', '--pack-destination', home)
  const archive = readdirSync(home).find(name => name.endsWith('.tgz')) ?? ''
  npm('install', '--global', '--offline', '--no-audit', '--no-fund', '--prefix', home, join(home, archive))
  const compose = join(home, 'compose')
  writeFileSync(compose, '#!/bin/sh\necho "compose was given: $*"\nexit 7\n')
  chmodSync(compose, 0o755)
})

afterAll(() => rmSync(home, { recursive: true, force: true }))

test('holds the program, what it needs and the licences of that, and no sources or tests', () => {
  for (const path of [
    'bin/safe-compose.js',
    'dist/safe-compose.cjs',
    'bin/safe-docker.js',
    'dist/safe-docker.cjs',
    'dist/licenses.txt',
    'dist/sbom.cdx.json',
    'README.md',
    'LICENSE',
    'package.json',
  ])
    expect(existsSync(join(installed, path)), path).toBe(true)
  for (const path of ['src/main.ts', 'test', 'node_modules', '.build'])
    expect(existsSync(join(installed, path)), path).toBe(false)
})

describe.each(supportedNodes)('on Node %s', major => {
  let node = ''
  beforeAll(async () => {
    node = await nodeProgram(major)
  }, 300_000)

  test('it works without any installed library', () => {
    expect(run(node, ['help'])).toMatchObject({ code: 0, stdout: expect.stringContaining('Exit codes') })
  })

  test('it tells what it is', () => {
    const { code, stdout } = run(node, ['about', '--json'])
    expect(code, stdout).toBe(0)
    const about = JSON.parse(stdout) as {
      node: { version: string; path: string }
      installed: string
      compose: object
      libraries: { name: string; licenses: string[] }[]
    }
    expect(about.node.version.split('.')[0]).toBe(major)
    expect(about.node.path).toBe(node)
    expect(about.installed).toBe(installed)
    expect(about.compose).toMatchObject({ path: join(home, 'compose'), form: 'standalone' })
    const names = about.libraries.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['dockerode', 'inquirer', 'yaml']))
    expect(about.libraries.filter(({ licenses }) => licenses.length === 0)).toEqual([])
  })

  test('it hands a read-only command on, and ends as Compose does', () => {
    const { code, stdout } = run(node, ['ps', '--all'])
    expect(stdout).toMatch(/^compose was given: (?:compose )?ps --all\n$/)
    expect(code).toBe(7)
  })
})

function run(node: string, words: readonly string[]): { readonly code: number; readonly stdout: string } {
  const path = [join(home, 'bin'), dirname(node), process.env['PATH'] ?? ''].join(delimiter)
  try {
    const stdout = execFileSync('safe-compose', [...words], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: home,
      env: {
        PATH: path,
        HOME: home,
        XDG_CACHE_HOME: join(home, 'cache'),
        XDG_STATE_HOME: join(home, 'state'),
        SAFE_COMPOSE_DOCKER_COMPOSE: join(home, 'compose'),
      },
    })
    return { code: 0, stdout }
  } catch (error) {
    const { status, stdout } = error as { status: number | null; stdout: string }
    if (status === null) throw error
    return { code: status, stdout }
  }
}
