import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'

const executable = fileURLToPath(new URL('../../bin/safe-compose.js', import.meta.url))

let home: string

/** A home with us on the PATH, and a plugin that completes as Compose does. */
beforeEach(() => {
  if (!existsSync(join(dirname(executable), '../dist/app.cjs')))
    throw new Error('build the bundle first: npm run build')
  home = mkdtempSync(join(tmpdir(), 'safe-compose-completion-'))
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  mkdirSync(join(home, 'bin'))
  symlinkSync(executable, join(home, 'bin/safe-compose'))
  mkdirSync(join(home, '.docker/cli-plugins'), { recursive: true })
  const plugin = join(home, '.docker/cli-plugins/docker-compose')
  writeFileSync(
    plugin,
    `#!/bin/sh
case "$*" in
  *"version --short") echo 2.40.3 ;;
  "__complete compose -p x up d") printf 'db\\tthe database\\n:4\\n' ;;
  "__complete compose b") printf 'build\\tBuild services\\n:4\\n' ;;
  "__complete compose -f "*) printf 'yaml\\nyml\\n:8\\n' ;;
  "__complete compose run db:") printf 'db:a\\ndb:b\\n:6\\n' ;;
  *) printf ':4\\n' ;;
esac
`,
  )
  chmodSync(plugin, 0o755)
})

function run(program: string, words: readonly string[], input = ''): string {
  const path = `${join(home, 'bin')}:${dirname(process.execPath)}:/usr/bin:/bin`
  const { stdout, stderr } = spawnSync(program, words, {
    cwd: home,
    env: { HOME: home, PATH: path },
    encoding: 'utf8',
    input,
  })
  expect(stderr).toBe('')
  return stdout
}

const answered = (...words: string[]): string => run('safe-compose', ['__complete', ...words])

describe('what a shell is told', () => {
  test('is ours and Compose’s', () => {
    expect(answered('b')).toBe(
      'backup\ttake a restore point of the project now\nbackups\tlist the restore points\nbuild\tBuild services\n:4\n',
    )
    expect(answered('--safe-yes', '-p', 'x', 'up', 'd')).toBe('db\tthe database\n:4\n')
    expect(answered('--safe-st')).toBe(
      '--safe-store\tkeep restore points here, or in restic:REPOSITORY\n:4\n',
    )
    expect(answered('--safe-allow', 'down-vol')).toBe('down-volumes\n:4\n')
  })

  test('is nothing but files where files are meant, and is never an error', () => {
    expect(answered('-f', '')).toBe(':0\n')
    expect(answered('lint', '')).toBe(':0\n')
    rmSync(join(home, '.docker'), { recursive: true })
    expect(answered('up', '')).toBe(':4\n')
  })
})

describe('bash', () => {
  /** What is offered for a line whose last word is being typed. */
  const offered = (...words: string[]): readonly string[] => {
    const typed = ['safe-compose', ...words].map(word => `'${word}'`).join(' ')
    const script = `eval "$(safe-compose completion bash)"
COMP_WORDS=(${typed}) COMP_CWORD=${words.length}
_safe_compose
printf '%s\\n' "\${COMPREPLY[@]}"`
    return run('bash', ['--norc', '-c', script])
      .split('\n')
      .filter(line => line !== '')
  }

  test('offers our words and Compose’s', () => {
    expect(offered('b')).toEqual(['backup', 'backups', 'build'])
    expect(offered('-p', 'x', 'up', 'd')).toEqual(['db'])
    expect(offered('install', 'a')).toEqual(['alias', 'agent'])
    expect(offered('run', 'db:')).toEqual(['db:a', 'db:b'])
  })

  test('its script is bash, and has no word of this machine', () => {
    const script = run('safe-compose', ['completion', 'bash'])
    run('bash', ['-n'], script)
    expect(script).not.toContain(home)
  })
})
