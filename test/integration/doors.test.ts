import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { startUpFile } from '../../src/adapters/doors/start-up-file.ts'
import { pathShim, pluginShim } from '../../src/core/doors/shims.ts'
import { hookedAgents } from '../../src/core/hook/settings/index.ts'
import { needTools } from '../engine/apt.ts'
import { everythingIn } from '../fakes/home.ts'

await needTools({ zsh: 'zsh', fish: 'fish' })

const executable = fileURLToPath(new URL('../../bin/safe-compose.js', import.meta.url))
const kept = '.docker/cli-plugins/safe-compose-kept-docker-compose'
const plugin = '.docker/cli-plugins/docker-compose'

let home: string
let programs: string

beforeEach(() => {
  if (!existsSync(join(dirname(executable), '../dist/app.cjs')))
    throw new Error('build the bundle first: npm run build')
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'safe-compose-doors-')))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  home = join(folder, 'home')
  programs = join(folder, 'programs')
  mkdirSync(home)
  mkdirSync(programs)
})

interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Nothing of this machine's is in the environment, least of all its home. */
function variables(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { HOME: home, PATH: `${programs}:/usr/bin:/bin`, SHELL: '/bin/bash', ...more }
}

function run(
  program: string,
  words: readonly string[],
  more: Readonly<Record<string, string>> = {},
  input = '',
): Ran {
  const { status, stdout, stderr } = spawnSync(program, words, {
    cwd: home,
    env: variables(more),
    encoding: 'utf8',
    input,
  })
  return { code: status, stdout, stderr }
}

const safe = (words: string, more: Readonly<Record<string, string>> = {}): Ran =>
  run(process.execPath, ['--', executable, ...words.split(' ')], more)

function place(path: string, text: string, mode = 0o755): string {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

/** A program that says what reached it. */
const telling = (name: string): string =>
  `#!/bin/sh\ncase "$*" in *"version --short"*) echo 2.40.3; exit;; esac\nprintf '%s got' ${name}; printf ' <%s>' "$@"; echo; exit 7\n`

const inHome = (path: string): string => join(home, path)
const text = (path: string): string => readFileSync(inHome(path), 'utf8')

/** Whatever is done in between, `uninstall` leaves the home as it was: names, bytes, modes. */
function expectTracelessly(words: readonly string[], times: readonly string[] = []): void {
  const before = everythingIn(home, times)
  for (const each of words) expect(safe(each), each).toMatchObject({ code: 0, stderr: '' })
  expect(everythingIn(home, times)).not.toEqual(before)
  const { code, stderr } = safe('uninstall')
  expect([code, stderr]).toEqual([0, ''])
  expect(everythingIn(home, times)).toEqual(before)
}

describe('the plugin', () => {
  test('leaves no trace, where nothing stood and twice', () => {
    expectTracelessly(['install plugin', 'install plugin'])
  })

  test('of somebody else is kept, is the Compose that runs, and stands there again with its mode and time', () => {
    place(inHome(plugin), telling('real'), 0o751)
    utimesSync(inHome(plugin), new Date(1e12), new Date(1e12))
    const before = everythingIn(home, [plugin])
    const { stdout } = safe('install plugin')
    expect(stdout).toContain(`kept what stood there as ${inHome(kept)}: it is the Compose that runs`)
    expect(asPlugin(['compose', 'ps', '-a']).stdout).toBe('real got <compose> <ps> <-a>\n')
    expect(safe('ps').stdout).toBe('real got <compose> <ps>\n')
    expect(safe('install plugin').stdout).toContain('it is there already')
    expect(safe('uninstall plugin').stdout).toBe(`put back ${inHome(plugin)}\n`)
    expect(everythingIn(home, [plugin])).toEqual(before)
  })

  test('that is a link, also a relative or a dangling one, stays that link', () => {
    mkdirSync(inHome('.docker/cli-plugins'), { recursive: true })
    for (const target of ['../../app/compose', '/not/there']) {
      place(inHome('app/compose'), telling('linked'))
      symlinkSync(target, inHome(plugin))
      expectTracelessly(['install plugin'], [plugin])
      safe('install plugin')
      if (!target.startsWith('/')) expect(safe('ps').stdout).toBe('linked got <compose> <ps>\n')
      safe('uninstall')
      rmSync(inHome(plugin))
    }
  })

  test('answers the first question without Node, and hands on what it is asked', () => {
    place(inHome(plugin), telling('real'))
    safe('install plugin')
    const shim = place(inHome('shim'), text(plugin).replace(/^node=.*/m, 'node=/bin/false'))
    const said = run(shim, ['docker-cli-plugin-metadata'])
    expect(JSON.parse(said.stdout)).toMatchObject({ SchemaVersion: '0.1.0', Vendor: 'safe-compose' })
    expect(run(shim, ['compose', 'ps']).code).toBe(1)
    for (const words of [
      ['compose', '-p', 'x', 'ps', ''],
      ['--context', 'a', 'compose', 'logs'],
      ['__complete', 'compose', 'p'],
      ['__completeNoDesc', 'compose', ''],
      ['help', 'compose', 'up'],
      ['compose', 'docker-cli-plugin-hooks', '{"a":"b c"}'],
      ['compose', 'version'],
    ])
      expect(asPlugin(words)).toEqual({
        code: 7,
        stdout: `real got${words.map(word => ` <${word}>`).join('')}\n`,
        stderr: '',
      })
  })

  test('hands on the environment as it was before a shell', () => {
    place(
      inHome(plugin),
      '#!/bin/bash\ncase "$*" in *--short*) echo 2.40.3; exit;; esac\nexec /usr/bin/env\n',
    )
    safe('install plugin')
    const { stdout } = run(inHome(plugin), ['compose', 'ps'], {
      DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND: 'docker',
      PWD: '/somewhere/else',
    })
    expect(stdout).toContain('PWD=')
    expect(stdout).not.toMatch(/SAFE_COMPOSE|_BEFORE_SHELL/)
  })

  test('hands on a PWD that is not written in UTF-8, and the shell’s own where nothing reads what was before', () => {
    const telling = `#!${process.execPath}\nconsole.log(process.argv.includes('--short') ? '2.40.3' : process.env.PWD)\n`
    place(inHome(plugin), telling)
    safe('install plugin')
    symlinkSync(process.execPath, join(programs, 'node'))
    for (const each of ['sh', 'printf', 'env']) symlinkSync(`/bin/${each}`, join(programs, each))
    const more = { DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND: 'docker', LC_ALL: 'C.UTF-8' }
    const line = `env PWD="$(printf '/caf\\351')" "$0" compose ps`
    for (const program of [inHome(plugin), executable]) {
      const told = run('sh', ['-c', line, program], more)
      expect(told).toMatchObject({ code: 0, stdout: '/caf\uFFFD\n', stderr: '' })
      const without = run('/bin/sh', ['-c', line, program], { ...more, PATH: programs })
      expect(without).toMatchObject({ code: 0, stdout: `${home}\n`, stderr: '' })
    }
  })

  test('gets what stands behind the word compose, whatever the word', () => {
    place(inHome(plugin), telling('real'))
    safe('install plugin')
    for (const words of ['compose ps', 'compose backups', '-p compose compose frobnicate -v'])
      expect(safe(words).stdout).toMatch(/^real got <compose>/)
    expect(safe('compose backups').stdout).toBe('real got <compose> <backups>\n')
  })

  test('goes on to the real one where Node or our files are gone, and says so', () => {
    const real = place(join(programs, 'elsewhere'), telling('real'))
    for (const start of [
      { node: '/not/there', program: executable, dockerProgram: '' },
      { node: process.execPath, program: '/not/there', dockerProgram: '' },
    ]) {
      const from = { start, version: '1.2.3', install: 'safe-compose install plugin' }
      const remembered = place(inHome('shim'), pluginShim({ ...from, real }))
      expect(asPlugin(['compose', 'up', 'a b'], remembered)).toMatchObject({
        code: 7,
        stdout: 'real got <compose> <up> <a b>\n',
        stderr: expect.stringContaining('place it again: safe-compose install plugin') as string,
      })
      // Its first question is then the real one's.
      expect(asPlugin(['docker-cli-plugin-metadata'], remembered)).toMatchObject({
        stdout: 'real got <docker-cli-plugin-metadata>\n',
        stderr: '',
      })
      // One that is not remembered, or has gone, is searched.
      place(inHome(plugin), telling('found'))
      const searching = place(inHome('shim'), pluginShim({ ...from, real: '/gone' }))
      expect(asPlugin(['compose', 'up'], searching).stdout).toBe('found got <compose> <up>\n')
      rmSync(inHome(plugin))
      const nothing = asPlugin(['compose', 'up'], searching)
      expect(nothing).toMatchObject({
        code: 127,
        stderr: expect.stringContaining('no Docker Compose') as string,
      })
    }
  })

  test('never goes round', () => {
    const start = { node: '/not/there', program: executable, dockerProgram: '' }
    const shim = inHome(plugin)
    const round = place(inHome('round'), `#!/bin/sh\nexec ${shim} "$@"\n`)
    place(shim, pluginShim({ start, version: '1.2.3', real: round, install: 'safe-compose install plugin' }))
    expect(asPlugin(['compose', 'up'])).toMatchObject({
      code: 127,
      stderr: expect.stringContaining('leads back to') as string,
    })
    // Another one of ours is not the real one.
    const other = place(inHome('other'), readFileSync(shim, 'utf8'))
    place(shim, pluginShim({ start, version: '1.2.3', real: other, install: 'safe-compose install plugin' }))
    expect(asPlugin(['compose', 'up'])).toMatchObject({
      code: 127,
      stderr: expect.stringContaining('no Docker Compose was found') as string,
    })
  })

  test('that has come into the place of ours stays, and so does each that stood there before', () => {
    place(inHome(plugin), telling('first'))
    safe('install plugin')
    rmSync(inHome(plugin))
    place(inHome(plugin), telling('second'))
    expect(safe('install status').stdout).toMatch(/✗ {2}`docker compose` +open/)
    expect(safe('install plugin').stdout).toContain(`kept before is now ${inHome(kept)}.1: remove it`)
    expect(safe('ps').stdout).toBe('second got <compose> <ps>\n')
    rmSync(inHome(plugin))
    place(inHome(plugin), telling('third'))
    expect(safe('uninstall plugin').stdout).toBe(
      `left ${inHome(kept)}, which stood at ${inHome(plugin)} before: what stands there now is not of safe-compose\n`,
    )
    expect([plugin, kept, `${kept}.1`].map(text)).toEqual(['third', 'second', 'first'].map(telling))
  })

  test('of ours that was changed is kept under another name', () => {
    place(inHome(plugin), telling('real'))
    safe('install plugin')
    writeFileSync(inHome(plugin), `${text(plugin)}# mine\n`)
    expect(safe('uninstall plugin').stdout).toContain('was changed since it was placed')
    expect(text(plugin)).toBe(telling('real'))
    expect(text('.docker/cli-plugins/safe-compose-changed-docker-compose')).toMatch(/# mine\n$/)
  })

  test('that calls the one that we keep is not touched', () => {
    place(inHome(plugin), telling('real'))
    safe('install plugin')
    const wrapper = `#!/bin/sh\nexec ${inHome(kept)} "$@"\n`
    rmSync(inHome(plugin))
    place(inHome(plugin), wrapper)
    expect(safe('install plugin')).toMatchObject({ code: 1 })
    expect(safe('uninstall plugin').stdout).toContain(`left ${inHome(kept)}`)
    expect(text(plugin)).toBe(wrapper)
    expect(text(kept)).toBe(telling('real'))
  })

  test('a link to us is the user’s own: it is kept, and stands there again', () => {
    place(inHome('bin/docker-compose'), telling('real'))
    mkdirSync(inHome('.docker/cli-plugins'), { recursive: true })
    symlinkSync(executable, inHome(plugin))
    expectTracelessly(['install plugin', 'install plugin'], [plugin])
    expect(safe('install plugin').stdout).toContain(`kept what stood there as ${inHome(kept)}\n`)
    expect(lstatSync(inHome(plugin)).isSymbolicLink()).toBe(false)
    safe('uninstall')
    symlinkSync(executable, inHome('bin/docker'))
    rmSync(inHome('bin/docker-compose'))
    expect(safe(`install path ${inHome('bin')}`)).toMatchObject({ code: 1 })
    expect(lstatSync(inHome('bin/docker')).isSymbolicLink()).toBe(true)
  })

  test('is placed where DOCKER_CONFIG says, and is found there by what is remembered', () => {
    const before = everythingIn(home)
    safe('install plugin', { DOCKER_CONFIG: inHome('other') })
    expect(existsSync(inHome('other/cli-plugins/docker-compose'))).toBe(true)
    expect(safe('uninstall').stdout).toContain(inHome('other/cli-plugins/docker-compose'))
    expect(everythingIn(home)).toEqual(before)
  })

  test('for everybody starts nothing that others can change', () => {
    const copied = inHome('package')
    spawnSync('cp', [
      '-r',
      join(dirname(executable), '..', 'bin'),
      join(dirname(executable), '..', 'dist'),
      '-t',
      place(join(copied, '.x'), '') && copied,
    ])
    chmodSync(copied, 0o777)
    const { code, stderr } = run(process.execPath, [
      '--',
      join(copied, 'bin/safe-compose.js'),
      'install',
      'plugin',
      '--system',
    ])
    expect(code).toBe(1)
    expect(stderr).toContain('is nothing that every user and root should run')
    expect(existsSync('/usr/local/lib/docker/cli-plugins/docker-compose')).toBe(false)
  })

  function asPlugin(words: readonly string[], shim = inHome(plugin)): Ran {
    return run(shim, words, { DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND: 'docker' })
  }
})

describe('functions', () => {
  beforeEach(() => {
    place(join(programs, 'docker'), telling('docker'))
    place(inHome(plugin), telling('plugin'))
  })

  const bash = (line: string): Ran => run('bash', ['--rcfile', inHome('.bashrc'), '-i', '-c', line])

  test.each([undefined, '', 'alias ll=ls\n', 'alias ll=ls', '# caf\u00e9'])(
    'leave no trace in a start-up file: %j',
    content => {
      if (content !== undefined)
        place(inHome('.bashrc'), Buffer.from(content, 'latin1').toString('latin1'), 0o640)
      expectTracelessly(['install alias', 'install alias --docker', 'install alias'])
      expectTracelessly(['install alias --shell zsh', 'install alias --shell fish'])
    },
  )

  /** How a person's line is read by each shell, and the start-up file of it. */
  const shells = [
    { shell: 'bash', startUp: '.bashrc', type: bash },
    { shell: 'zsh', startUp: '.zshrc', type: (line: string): Ran => run('zsh', ['-i', '-c', line]) },
    {
      shell: 'fish',
      startUp: '.config/fish/config.fish',
      type: (line: string): Ran => run('fish', ['-i', '-c', line]),
    },
  ]

  test.each(shells)('take docker-compose, and docker where it is about Compose: $shell', each => {
    place(inHome(each.startUp), 'alias docker-compose="docker compose"\n')
    expect(safe(`install alias --shell ${each.shell}`).code).toBe(0)
    const cases = [
      ['docker-compose ps', 'plugin got <compose> <ps>'],
      ['docker compose ps "a b"', 'plugin got <compose> <ps> <a b>'],
      ['docker --context x -D compose ps', 'plugin got <--context> <x> <-D> <compose> <ps>'],
      ['docker -H=tcp://a compose ps', 'plugin got <-H=tcp://a> <compose> <ps>'],
      ['docker ps compose', 'docker got <ps> <compose>'],
      ['docker --config compose ps', 'docker got <--config> <compose> <ps>'],
      ['docker', 'docker got <>'],
    ] as const
    for (const [line, told] of cases)
      expect(each.type(line), line).toMatchObject({ code: 7, stdout: `${told}\n` })
    // Scripts are not ours to change.
    expect(run('sh', ['-c', 'docker compose ps']).stdout).toBe('docker got <compose> <ps>\n')
  })

  test.each(['', ' --docker'])('call what they stand for where our files are gone, and say so:%s', more => {
    safe(`install alias${more}`)
    expect(safe('install status').stdout).toMatch(/✔ {2}alias in bash +guarded/)
    const folder = dirname(executable)
    writeFileSync(inHome('.bashrc'), text('.bashrc').replaceAll(folder, '/not/there'))
    place(join(programs, 'docker-compose'), telling('standalone'))
    const said = (program: string): unknown =>
      expect.stringContaining(
        `${process.execPath} or /not/there/${program}.js is gone; place it again: safe-compose install alias --shell bash${more}\n`,
      )
    const docker = more === '' ? 'safe-compose' : 'safe-docker'
    expect(bash('docker compose ps')).toMatchObject({
      stdout: 'docker got <compose> <ps>\n',
      stderr: said(docker),
    })
    expect(bash('docker-compose ps')).toMatchObject({
      stdout: 'standalone got <ps>\n',
      stderr: said('safe-compose'),
    })
    expect(bash('docker ps').stderr.includes('guards nothing')).toBe(more !== '')
    const status = safe('install status')
    expect(status.code).toBe(1)
    expect(status.stdout).toMatch(
      /!  alias in bash +bypassed .*\.bashrc starts \/not\/there\/safe-compose.js, which is gone/,
    )
    expect(status.stdout).toContain(`→ safe-compose install alias --shell bash${more}\n`)
  })

  test('in dotfiles that are links go into the file itself', () => {
    const dotfile = place(inHome('dotfiles/bashrc'), 'set -o vi\n', 0o600)
    symlinkSync('dotfiles/bashrc', inHome('.bashrc'))
    const before = everythingIn(home)
    safe('install alias')
    expect(lstatSync(inHome('.bashrc')).isSymbolicLink()).toBe(true)
    expect(readFileSync(dotfile, 'utf8')).toContain('function docker {')
    safe('uninstall')
    expect(everythingIn(home)).toEqual(before)
  })

  test('are not written where that is not ours to do', () => {
    const file = place(inHome('.bashrc'), 'set -o vi\n', 0o444)
    const before = everythingIn(home)
    const readOnly = safe('install alias')
    expect(readOnly.code).toBe(1)
    expect(readOnly.stderr).toContain(`${file} is read-only`)
    safe('uninstall')
    expect(everythingIn(home)).toEqual(before)
    rmSync(file)
    symlinkSync('/not/there', file)
    expect(safe('install alias').stderr).toContain('is a link to a file that is not there')
    rmSync(file)
    place(file, '# >>> safe-compose alias: torn\nfunction docker {\n', 0o644)
    for (const words of ['install alias', 'uninstall alias'])
      expect(safe(words)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('have a beginning and no end') as string,
      })
    rmSync(file)
    mkdirSync(file)
    expect(safe('install alias').stderr).toContain('is no text that can be added to')
  })

  test.each(['its only name', 'one of two names'])(
    'that find no room leave a start-up file as it was, by %s, and say so',
    names => {
      const disk = inHome('disk')
      mkdirSync(disk)
      expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]).status).toBe(0)
      onTestFinished(() => void spawnSync('umount', [disk]))
      const file = place(join(disk, 'bashrc'), '# mine\n'.repeat(500), 0o644)
      if (names !== 'its only name') linkSync(file, join(disk, 'other'))
      symlinkSync(file, inHome('.bashrc'))
      // In the page that the file has begun there is room for some of it.
      spawnSync('dd', ['if=/dev/zero', `of=${join(disk, 'filler')}`, 'bs=4096'])
      const before = everythingIn(disk)
      const { code, stderr } = safe('install alias')
      expect(code).toBe(1)
      expect(stderr).toContain(`${inHome('.bashrc')} cannot be written: ENOSPC`)
      expect(stderr).toContain('make room')
      expect(everythingIn(disk)).toEqual(before)
      rmSync(join(disk, 'filler'))
      expect(safe('install alias').code).toBe(0)
      rmSync(join(disk, 'other'), { force: true })
    },
  )

  test('go into a file that is mounted, as in a container, by its own name', () => {
    const file = place(inHome('.bashrc'), '# mine\n', 0o644)
    const outside = place(inHome('outside'), '# mine\n', 0o600)
    expect(spawnSync('mount', ['--bind', outside, file]).status).toBe(0)
    onTestFinished(() => void spawnSync('umount', [file]))
    expect(safe('install alias').code).toBe(0)
    expect(readFileSync(outside, 'utf8')).toContain('function docker {')
    expect(safe('uninstall alias').code).toBe(0)
    expect(readFileSync(outside, 'utf8')).toBe('# mine\n')
  })

  test('that have other lines around them go without those, and that have others in them stay', () => {
    place(inHome('.bashrc'), 'a\n', 0o644)
    const around = (): void => {
      safe('install alias')
      const changed = text('.bashrc').replace('function docker-compose', 'mine\nfunction docker-compose')
      writeFileSync(inHome('.bashrc'), changed.replace('# <<<', 'yours\n# <<<'))
    }
    around()
    expect(safe('install alias --docker').code).toBe(0)
    expect(safe('uninstall alias').code).toBe(0)
    expect(text('.bashrc')).toBe('a\nmine\nyours\n')
    around()
    rmSync(inHome('.local/state/safe-compose/doors.json'))
    expect(safe('uninstall alias').code).toBe(0)
    expect(text('.bashrc')).toBe('a\nmine\nyours\nmine\nyours\n')

    safe('install alias')
    const within = text('.bashrc').replace('function docker {', 'mine\nfunction docker {')
    writeFileSync(inHome('.bashrc'), within)
    for (const words of ['install alias', 'uninstall alias'])
      expect(safe(words), words).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('cannot be told which are whose') as string,
      })
    expect(text('.bashrc')).toBe(within)
  })

  test('go, on macOS, into what a login shell of bash reads', async () => {
    const file = (): Promise<string> => startUpFile('bash', { variables: {}, home, platform: 'darwin' })
    expect(await file()).toBe(inHome('.bash_profile'))
    // A new `.bash_profile` would come before it.
    place(inHome('.profile'), '')
    expect(await file()).toBe(inHome('.profile'))
    place(inHome('.bash_profile'), '')
    expect(await file()).toBe(inHome('.bash_profile'))
  })

  test('go where the shell reads them', () => {
    safe('install alias --shell zsh', { ZDOTDIR: inHome('zsh') })
    expect(text('zsh/.zshrc')).toContain('function docker-compose {')
    safe('install alias --shell fish', { XDG_CONFIG_HOME: inHome('config') })
    expect(text('config/fish/conf.d/safe-compose.fish')).toContain('function docker-compose\n')
    expect(safe('uninstall alias').stdout.split('\n')).toHaveLength(3)
    expect(existsSync(inHome('zsh'))).toBe(false)
    expect(existsSync(inHome('config'))).toBe(false)
  })
})

describe('shims on the PATH', () => {
  test('leave no trace, and never lead back to themselves', () => {
    place(join(programs, 'docker-compose'), telling('standalone'))
    place(join(programs, 'docker'), telling('docker'))
    expectTracelessly(['install path', 'install path'])
    const { stdout } = safe('install path')
    const folder = inHome('.local/state/safe-compose/path')
    expect(stdout).toContain(`PATH=${folder}:"$PATH"; export PATH`)
    const twice = { PATH: `${folder}:${folder}:${programs}:/usr/bin:/bin` }
    expect(run('docker-compose', ['ps', 'a b'], twice).stdout).toBe('standalone got <ps> <a b>\n')
    expect(run('env', ['-i', `PATH=${twice.PATH}`, 'docker-compose', 'ps']).stdout).toBe(
      'standalone got <ps>\n',
    )
  })

  test('call the next one where our files are gone', () => {
    const start = { node: '/not/there', program: executable, dockerProgram: executable }
    place(join(programs, 'docker'), telling('docker'))
    const folder = inHome('shims')
    const one = place(
      join(folder, 'docker-compose'),
      pathShim('docker-compose', start, 'safe-compose install path'),
    )
    const other = place(join(folder, 'docker'), pathShim('docker', start, 'safe-compose install path'))
    const path = { PATH: `${folder}:${programs}:/usr/bin:/bin` }
    expect(run(other, ['volume', 'ls'], path)).toMatchObject({
      code: 7,
      stdout: 'docker got <volume> <ls>\n',
      stderr: expect.stringContaining('NOT guarded') as string,
    })
    expect(run(one, ['ps'], path).stdout).toBe('docker got <compose> <ps>\n')
    place(join(programs, 'docker-compose'), telling('standalone'))
    expect(run(one, ['ps'], path).stdout).toBe('standalone got <ps>\n')
    rmSync(programs, { recursive: true })
    expect(run(other, ['ps'], path)).toMatchObject({ code: 127 })
  })

  test('take nobody’s place', () => {
    const theirs = place(inHome('bin/docker'), telling('docker'))
    expect(safe(`install path ${dirname(theirs)}`)).toMatchObject({ code: 1 })
    expect(readdirSync(dirname(theirs))).toEqual(['docker'])
    expect(safe('install path /a:b').code).toBe(123)
    const named = inHome('my/shims')
    expect(safe(`install path ${named}`).code).toBe(0)
    expect(safe('uninstall path').stdout).toContain(join(named, 'docker'))
    expect(existsSync(inHome('my'))).toBe(false)
  })
})

describe('coding agents', () => {
  test('ask us, and their settings are byte for byte what they were', () => {
    const settings = place(inHome('.claude/settings.json'), '{\n\t"model": "caf\u00e9", // mine\n}', 0o600)
    const before = everythingIn(home)
    expect(safe('install status').stdout).toContain('safe-compose install agent claude')
    expect(safe('install agent claude')).toMatchObject({
      code: 0,
      stdout: `wrote a hook of Claude Code in ${settings}\n`,
    })
    expect(safe('install agent claude').stdout).toContain('it is there already')
    expect(text('.claude/settings.json')).toContain(`${executable} hook --agent claude`)
    expect(safe('install status').stdout).toMatch(/✔ {2}agent claude +guarded/)
    expect(safe('uninstall agent claude').stdout).toBe(`removed the hook of Claude Code from ${settings}\n`)
    expect(everythingIn(home)).toEqual(before)
  })

  test('leave no trace, whichever it is, for a project too', () => {
    expectTracelessly(
      hookedAgents.flatMap(({ name }) => [`install agent ${name}`, `install agent ${name} --project`]),
    )
  })

  test('what is placed is what an agent can run', () => {
    safe('install agent cline')
    expect(lstatSync(inHome('Documents/Cline/Hooks/PreToolUse')).mode & 0o111).toBe(0o111)
    safe('install agent claude')
    const { hooks } = JSON.parse(text('.claude/settings.json')) as {
      hooks: { PreToolUse: { hooks: { command: string }[] }[] }
    }
    const command = hooks.PreToolUse[0]?.hooks[0]?.command ?? ''
    const asked = {
      hook_event_name: 'PreToolUse',
      tool_name: 'Bash',
      tool_input: { command: 'docker compose down -v' },
      cwd: home,
    }
    const { stdout } = run('sh', ['-c', command], {}, JSON.stringify(asked))
    expect(stdout).toContain('"permissionDecision":"deny"')
  })

  test('settings that cannot be added to stay, and the others are taken back all the same', () => {
    const broken = place(inHome('.claude/settings.json'), '{ "hooks": [', 0o600)
    expect(safe('install agent claude')).toMatchObject({ code: 1 })
    safe('install agent gemini')
    expect(safe('install status').code).toBe(1)
    expect(safe('uninstall')).toMatchObject({
      code: 0,
      stdout: `removed ${inHome('.gemini/settings.json')}\n`,
    })
    expect(readFileSync(broken, 'utf8')).toBe('{ "hooks": [')
    expect(safe('install agent cloude').stderr).toContain('did you mean claude?')
    expect(safe('install agent').code).toBe(123)
  })
})

describe('all of it', () => {
  const everything = [
    'install plugin',
    'install alias',
    'install alias --shell fish',
    'install path',
    'install agent claude',
  ]

  test('is taken back also where nothing is remembered', () => {
    place(inHome(plugin), telling('real'))
    place(inHome('.bashrc'), 'set -o vi', 0o600)
    const before = everythingIn(home, [plugin])
    for (const words of everything) safe(words)
    rmSync(inHome('.local/state/safe-compose/doors.json'))
    safe('uninstall')
    // Folders that were made, and are empty, are nobody's any more.
    const after = everythingIn(home, [plugin]).filter(line => !/^\.(local|config|claude)\b/.test(line))
    expect(after).toEqual(before)
  })

  test.each(['{"placed":[{"path":1}]', '{"placed":[{"path":1}]}', '[]', ''])(
    'what is remembered and cannot be read is not written over, and what is in the usual places is taken back: %j',
    broken => {
      place(inHome(plugin), telling('real'))
      safe('install plugin')
      const record = place(inHome('.local/state/safe-compose/doors.json'), broken, 0o600)
      for (const words of everything)
        expect(safe(words), words).toMatchObject({
          code: 1,
          stderr: expect.stringContaining(`remembered in ${record}, which cannot be read`) as string,
        })
      const { code, stdout } = safe('uninstall')
      expect([code, stdout]).toEqual([
        0,
        expect.stringMatching(/which cannot be read: .*; it stays, .*\nput back /) as string,
      ])
      expect(text(plugin)).toBe(telling('real'))
      expect(readFileSync(record, 'utf8')).toBe(broken)
    },
  )

  test('may be killed at any moment: the next run makes it whole, and `uninstall` leaves no trace', async () => {
    place(inHome(plugin), telling('real'))
    place(inHome('.bashrc'), 'set -o vi', 0o600)
    const before = everythingIn(home, [plugin])
    for (let moment = 0; moment < 24; moment++) {
      const words = everything[moment % everything.length] ?? ''
      await killed(words.split(' '), 60 + moment * 8)
      await killed(['uninstall'], 60 + ((moment * 37) % 200))
      expect(
        run(inHome(plugin), ['compose', 'ps'], { DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND: 'docker' }).stdout,
      ).toBe('real got <compose> <ps>\n')
    }
    for (const words of everything) expect(safe(words).code, words).toBe(0)
    expect(safe('uninstall').code).toBe(0)
    expect(everythingIn(home, [plugin])).toEqual(before)
  })

  test('is taken back but for what cannot be: that is told at the end', () => {
    safe('install agent claude')
    safe('install plugin')
    for (const file of ['.bashrc', '.zshrc']) place(inHome(file), '# >>> safe-compose alias: torn\n', 0o644)
    expect(safe('uninstall')).toMatchObject({
      code: 1,
      stdout: `removed ${inHome('.claude/settings.json')}
removed ${inHome(plugin)}
not taken back: in ${inHome('.zshrc')} the lines of safe-compose have a beginning and no end: somebody has changed them
`,
      stderr: expect.stringContaining(inHome('.bashrc')) as string,
    })
  })

  test('a coding agent may place it, and not take it away', () => {
    const agent = { CLAUDECODE: '1' }
    expect(safe('install plugin', agent).code).toBe(0)
    const refused = safe('uninstall', agent)
    expect(refused.code).toBe(120)
    expect(refused.stderr).toContain('a person types: safe-compose uninstall all')
    expect(existsSync(inHome(plugin))).toBe(true)
  })

  test('wrong words change nothing', () => {
    for (const words of [
      'install plugins',
      'install plugin --sytem',
      'install plugin x',
      'install alias --shell csh',
      'uninstall everything',
      'uninstall plugin x',
    ])
      expect(safe(words).code, words).toBe(123)
    expect(safe('install alias', { SHELL: '/bin/sh' }).code).toBe(123)
    expect(readdirSync(home)).toEqual([])
  })

  test('status tells what leads where, for people and for programs', () => {
    place(join(programs, 'docker'), telling('docker'))
    place(inHome('extra/docker-compose'), telling('extra'))
    place(inHome('.docker/config.json'), JSON.stringify({ cliPluginsExtraDirs: [inHome('extra')] }))
    const { stdout } = safe('install plugin')
    expect(stdout).toContain('bypassed: `docker compose`')
    const mend = JSON.stringify([inHome('.docker/cli-plugins'), inHome('extra')])
    expect(stdout).toContain(`"cliPluginsExtraDirs": ${mend}`)
    writeFileSync(inHome('.docker/config.json'), `{"cliPluginsExtraDirs": ${mend}}`)
    const status = safe('install status --json')
    expect(status.code).toBe(1)
    const { doors } = JSON.parse(status.stdout) as { doors: { door: string; state: string }[] }
    expect(doors[0]).toMatchObject({ door: '`docker compose`', state: 'guarded', mend: null })
    expect(safe('ps').stdout).toBe('extra got <compose> <ps>\n')
    expect(safe('install --json').stdout).toBe(status.stdout)
  })
})

test('status finds what has names beyond ASCII', () => {
  const [shims, bundle] = [inHome('schöne'), inHome('päckchen')]
  const start = { node: process.execPath, program: join(bundle, 'a'), dockerProgram: join(bundle, 'a') }
  place(start.program, '')
  place(join(shims, 'docker-compose'), pathShim('docker-compose', start, 'safe-compose install path'))
  const unit = `Environment=PATH=${shims}:/bin\nExecStart=docker-compose up\n`
  place(inHome('.config/systemd/user/shop.service'), unit)
  const { stdout } = safe('install status', { PATH: `${shims}:${programs}:/usr/bin:/bin` })
  expect(stdout).toMatch(/✔ {2}`docker-compose` +guarded/)
  // The machine that this runs on may have units of its own.
  expect(stdout).not.toContain('shop.service')
})

/** Starts us, and kills us after so many milliseconds, wherever we are by then. */
function killed(words: readonly string[], after: number): Promise<void> {
  return new Promise(resolve => {
    const child = spawn(process.execPath, ['--', executable, ...words], {
      cwd: home,
      env: variables(),
      stdio: 'ignore',
    })
    const timer = setTimeout(() => child.kill('SIGKILL'), after)
    child.on('exit', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
