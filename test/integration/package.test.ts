import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const home = mkdtempSync(join(tmpdir(), 'safe-compose-package-'))
const installed = join(home, 'lib/package')
const programs = join(home, 'bin')

/** The package as npm would send it, unpacked in a folder without any node_modules, and linked as npm links it. */
beforeAll(() => {
  if (!existsSync(join(root, 'dist/safe-compose.cjs')))
    throw new Error('build the bundle first: npm run build')
  execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', home], { cwd: root })
  mkdirSync(join(home, 'lib'))
  mkdirSync(programs)
  execFileSync('sh', ['-c', 'tar -xzf "$1"/*.tgz -C "$1/lib"', 'sh', home])
  symlinkSync(join(installed, 'bin/safe-compose.js'), join(programs, 'safe-compose'))
  const compose = join(home, 'compose')
  writeFileSync(compose, '#!/bin/sh\necho "compose was given: $*"\nexit 7\n')
  chmodSync(compose, 0o755)
})

afterAll(() => rmSync(home, { recursive: true, force: true }))

test('holds the program and what it needs, and no sources or tests', () => {
  for (const path of ['bin/safe-compose.js', 'dist/safe-compose.cjs', 'README.md', 'LICENSE', 'package.json'])
    expect(existsSync(join(installed, path)), path).toBe(true)
  for (const path of ['src/main.ts', 'test', 'node_modules'])
    expect(existsSync(join(installed, path)), path).toBe(false)
})

test('works through a link, without any installed library', () => {
  expect(run(['help'])).toMatchObject({ code: 0, stdout: expect.stringContaining('Exit codes') })
})

test('hands a read-only command on, and ends as Compose does', () => {
  const { code, stdout } = run(['ps', '--all'])
  expect(stdout).toMatch(/^compose was given: (?:compose )?ps --all\n$/)
  expect(code).toBe(7)
})

function run(words: readonly string[]): { readonly code: number; readonly stdout: string } {
  const path = [programs, dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter)
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
