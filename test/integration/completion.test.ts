import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { onTerminal } from '../e2e/terminal.ts'
import { needTools } from '../engine/apt.ts'

await needTools({ zsh: 'zsh', fish: 'fish' })

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

function variables(): Record<string, string> {
  return { HOME: home, PATH: `${join(home, 'bin')}:${dirname(process.execPath)}:/usr/bin:/bin` }
}

function run(program: string, words: readonly string[], input = ''): string {
  const { stdout, stderr } = spawnSync(program, words, {
    cwd: home,
    env: variables(),
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

describe('zsh', () => {
  test('completes our words and Compose’s as they are typed', async () => {
    const terminal = onTerminal('zsh', ['-f', '-i'], { directory: home, variables: variables() })
    terminal.types(
      'PS1="> "; autoload -Uz compinit && compinit -u; eval "$(safe-compose completion zsh)"; echo rea""dy\r',
    )
    await terminal.sees('ready')
    terminal.types('safe-compose inst\t')
    await terminal.sees('safe-compose install ')
    terminal.types('\u0015safe-compose -p x up d\t')
    await terminal.sees('safe-compose -p x up db')
    terminal.types('\u0015safe-compose b\t\t')
    await terminal.sees(/backups? +.*list the restore points/)
  })
})

describe('fish', () => {
  const offered = (line: string): readonly string[] =>
    run('fish', ['--no-config', '-c', `safe-compose completion fish | source; complete -C '${line}'`])
      .split('\n')
      .filter(each => each !== '')

  test('offers our words and Compose’s, each with what it is about', () => {
    expect(offered('safe-compose b').toSorted()).toEqual([
      'backup\ttake a restore point of the project now',
      'backups\tlist the restore points',
      'build\tBuild services',
    ])
    expect(offered('safe-compose -p x up d')).toEqual(['db\tthe database'])
    expect(offered('safe-compose install a')).toEqual([
      expect.stringMatching(/^agent/) as string,
      expect.stringMatching(/^alias/) as string,
    ])
  })
})
