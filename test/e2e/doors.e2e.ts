import { copyFileSync, realpathSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { prepareCli } from '../engine/toolchain.ts'
import { everythingIn } from '../fakes/home.ts'
import { eventually, executable, isV1, runProgram, scenario } from './scenario.ts'
import type { Ended, RunOptions, Scenario } from './scenario.ts'
import { keys, onTerminal } from './terminal.ts'
import type { Terminal } from './terminal.ts'

const service = `
services:
  keeper:
    image: busybox
    command: ["sh", "-c", "trap 'exit 0' TERM; while true; do sleep 0.1; done"]
    volumes: [data:/data]
volumes: { data: {} }
`
const plugin = '.docker/cli-plugins/docker-compose'

/** A user with a home of its own, a docker CLI, and a project with data. */
interface User {
  readonly project: Scenario
  readonly home: string
  readonly run: (program: string, words: readonly string[], options?: RunOptions) => Promise<Ended>
  readonly safe: (words: readonly string[]) => Promise<Ended>
  readonly atTerminal: (program: string, words: readonly string[]) => Terminal
}

async function user(options: { readonly cli?: string } = {}): Promise<User> {
  const project = await scenario(service)
  const home = join(dirname(project.directory), 'user')
  await mkdir(join(home, 'bin'), { recursive: true })
  await symlink(options.cli ?? inject('engine').docker, join(home, 'bin/docker'))
  const variables = {
    ...project.variables,
    HOME: home,
    SHELL: '/bin/bash',
    DOCKER_CONFIG: '',
    PATH: [join(home, 'bin'), dirname(process.execPath), '/usr/bin:/bin'].join(delimiter),
  }
  const run: User['run'] = (program, words, more = {}) =>
    runProgram(program, words, {
      directory: project.directory,
      ...more,
      variables: { ...variables, ...more.variables },
    })
  return {
    project,
    home,
    run,
    safe: words => run(process.execPath, ['--', executable, ...words]),
    atTerminal: (program, words) => onTerminal(program, words, { directory: project.directory, variables }),
  }
}

/** Their own plugin, a file of its own as Docker's installer places it. */
async function withPlugin(options: Parameters<typeof user>[0] = {}): Promise<User> {
  const one = await user(options)
  const file = join(one.home, plugin)
  await mkdir(dirname(file), { recursive: true })
  copyFileSync(realpathSync(inject('engine').compose.plugin ?? ''), file)
  await chmod(file, 0o755)
  await utimes(file, 1_700_000_000, 1_700_000_000)
  return one
}

async function fill({ project, run }: User, up: readonly string[] = ['docker', 'compose']): Promise<void> {
  const [program = '', ...words] = up
  const started = await run(program, [...words, 'up', '-d'])
  expect(started.code, started.stderr).toBe(0)
  await project.inside('keeper', 'echo kept > /data/word')
}

async function expectUndone({ project, safe }: User): Promise<void> {
  expect(await project.volumes()).toEqual([])
  const undo = await safe(['undo'])
  expect(undo.code, undo.stderr).toBe(0)
  await eventually(async () => (await project.inside('keeper', 'cat /data/word')) === 'kept', 30)
}

describe.skipIf(isV1)('through the plugin', () => {
  test.each(['bookworm', 'trixie', 'sid'] as const)(
    'docker compose down -v must be guarded, by the docker CLI of %s, and everything else stay as it is',
    async suite => {
      const cli = await prepareCli(suite)
      const one = await withPlugin({ cli })
      const { run, safe, home, project } = one
      const major = Number(/ (\d+)\./.exec((await run('docker', ['--version'])).stdout)?.[1])
      const before = everythingIn(home, [plugin])
      const lines = [
        ['compose', 'version'],
        ['compose', 'version', '--short'],
        ['--log-level', 'info', 'compose', '-p', 'nobody', 'ps', '-q'],
        ['compose', 'frobnicate'],
        ['compose', 'ps', '--frobnicate'],
        ['help', 'compose', 'up'],
        // 20.10 completes no plugins.
        ...(major >= 23
          ? [
              ['__complete', 'compose', 'l'],
              ['__completeNoDesc', 'compose', 'up', '--sc'],
            ]
          : []),
      ]
      const bare = await inTurn(lines, words => run('docker', words))
      expect((await safe(['install', 'plugin'])).code).toBe(0)
      expect(await inTurn(lines, words => run('docker', words))).toEqual(bare)
      expect((await run('docker', ['info'])).stdout).toMatch(
        /compose: .*with a backup before data is destroyed/,
      )
      expect((await run('docker', ['--help'])).stdout).toMatch(/compose\* +.*with a backup/)

      await fill(one)
      const failed = await run('docker', ['compose', 'exec', '-T', 'keeper', 'sh', '-c', 'cat; exit 42'], {
        input: 'a\nb',
      })
      expect(failed).toMatchObject({ code: 42, stdout: 'a\nb' })
      const down = await run('docker', ['compose', 'down', '-v'])
      expect(down.code, down.stderr).toBe(0)
      expect(down.stderr).toContain(`deletes ${project.name}_data`)
      expect(down.stderr).toContain('safe-compose undo')
      await expectUndone(one)
      const refused = await run('docker', ['compose', 'down', '-v'], { variables: { CLAUDECODE: '1' } })
      expect(refused.code, refused.stderr).toBe(120)

      expect((await safe(['uninstall'])).code).toBe(0)
      expect(everythingIn(home, [plugin])).toEqual(before)
      expect((await run('docker', ['compose', 'down', '-v'])).stderr).not.toContain('safe-compose')
    },
  )

  test('a person must be asked, told both versions, and Ctrl-C must stop what runs in front', async () => {
    const one = await withPlugin()
    const bare = await frontAndCtrlC(one)
    await one.safe(['install', 'plugin'])
    const version = one.atTerminal('docker', ['compose', 'version'])
    expect((await version.ended).code).toBe(0)
    expect(version.screen()).toMatch(/^safe-compose \S+, in front of:\s+Docker Compose version/)

    await fill(one)
    const down = one.atTerminal('docker', ['compose', 'down', '-v'])
    await down.sees('What now?')
    down.types(keys.enter)
    await down.sees('saved')
    expect((await down.ended).code, down.screen()).toBe(0)
    await expectUndone(one)

    expect(await frontAndCtrlC(one)).toBe(bare)
  })

  test('without Node the real Compose must run, and say that nothing guards it', async () => {
    const one = await withPlugin()
    const node = join(one.home, 'node')
    await cp(process.execPath, node)
    await chmod(node, 0o755)
    const installed = await one.run(node, ['--', executable, 'install', 'plugin'])
    expect(installed.code, installed.stderr).toBe(0)
    await rm(node)
    const ran = await one.run('docker', ['compose', 'version', '--short'])
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+/) as string })
    expect(ran.stderr).toContain(`NOT guarded: ${node}`)
    expect((await one.run('docker', ['info'])).stdout).not.toContain('with a backup before')
    const status = await one.safe(['install', 'status'])
    expect(status.stdout).toMatch(/! {2}`docker compose` +bypassed .*starts a Node or files that are gone/)
  })
})

describe.skipIf(isV1)('for the whole machine', () => {
  /** In a mount namespace of its own this machine has no plugins but those that are placed here. */
  const script = `
    set -e
    mount -t tmpfs none /usr/local/lib
    plugins=/usr/local/lib/docker/cli-plugins
    mkdir -p "$plugins"
    cp "$1/plugin" "$plugins/docker-compose"
    before=$(ls -lR --time-style=full-iso /usr/local/lib/docker/cli-plugins | tail -n +3)
    cd /
    "$1/node" -- "$1/bin/safe-compose.js" install plugin --system >/dev/null
    asks() { echo "$1: $("$2/docker" compose version --short 2>&1) $("$2/docker" info 2>/dev/null | grep -c 'with a backup')"; }
    asks root "$1"
    DOCKER_CONFIG=/nowhere asks other "$1"
    export -f asks
    setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=/nowhere bash -c 'asks nobody "$1"' bash "$1"
    "$1/node" -- "$1/bin/safe-compose.js" uninstall plugin
    test "$before" = "$(ls -lR --time-style=full-iso /usr/local/lib/docker/cli-plugins | tail -n +3)"
  `

  test('every user, and any configuration, must be guarded by one plugin', async () => {
    const { project, home } = await user()
    const place = await mkdtemp(join(tmpdir(), 'safe-compose-all-'))
    onTestFinished(() => rm(place, { recursive: true, force: true }))
    await chmod(place, 0o755)
    for (const name of ['bin', 'dist'])
      await cp(join(dirname(executable), '..', name), join(place, name), { recursive: true })
    const programs = {
      node: process.execPath,
      docker: realpathSync(inject('engine').docker),
      plugin: realpathSync(inject('engine').compose.plugin ?? ''),
    }
    for (const [name, program] of Object.entries(programs)) {
      copyFileSync(program, join(place, name))
      await chmod(join(place, name), 0o755)
    }
    const { DOCKER_HOST = '', XDG_STATE_HOME = '' } = project.variables
    const ran = await runProgram('unshare', ['-m', 'bash', '-c', script, 'bash', place], {
      directory: home,
      variables: { HOME: home, PATH: '/usr/bin:/bin:/usr/sbin:/sbin', DOCKER_HOST, XDG_STATE_HOME },
    })
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    const { version } = inject('engine').compose
    const said = ran.stdout.split('\n')
    for (const [index, who] of ['root', 'other', 'nobody'].entries())
      expect(said[index]).toMatch(new RegExp(`^${who}: ${version}\\S* 1$`))
    expect(said[3]).toBe('put back /usr/local/lib/docker/cli-plugins/docker-compose')
  })
})

/** The exit code of an `up` that stays in front when it is told to stop, and did. */
async function frontAndCtrlC({ atTerminal, project, run }: User): Promise<number> {
  await run('docker', ['compose', 'down'])
  const up = atTerminal('docker', ['compose', 'up'])
  await eventually(async () => (await project.containers()).some(line => line.endsWith('running')))
  await up.sees('Attaching to')
  up.types(keys.ctrlC)
  const { code } = await up.ended
  expect(await project.containers(), up.screen()).toEqual([`${project.container('keeper')} exited`])
  return code
}

describe.skipIf(isV1)('through functions', () => {
  test('what is typed in a shell must be guarded, docker compose and docker-compose', async () => {
    const one = await user()
    await mkdir(dirname(join(one.home, plugin)), { recursive: true })
    await symlink(realpathSync(inject('engine').compose.plugin ?? ''), join(one.home, plugin))
    await writeFile(join(one.home, '.bashrc'), 'PS1="ready> "')
    const before = everythingIn(one.home)
    expect((await one.safe(['install', 'alias'])).code).toBe(0)
    await fill(one)
    for (const line of ['docker compose down -v', 'docker-compose down -v']) {
      const shell = one.atTerminal('bash', ['-i'])
      await shell.sees('ready>')
      shell.types(`${line}; echo "code $?"\r`)
      await shell.sees('What now?')
      shell.types(keys.enter)
      await shell.sees('code 0')
      shell.types('exit\r')
      await shell.ended
      await expectUndone(one)
    }
    expect((await one.safe(['uninstall'])).code).toBe(0)
    expect(everythingIn(one.home).filter(line => !line.startsWith('.bash_history'))).toEqual(before)
  })
})

describe('through shims on the PATH', () => {
  test('a script with nothing in its environment must be guarded', async () => {
    const one = await user()
    await symlink(realpathSync(inject('engine').compose.standalone), join(one.home, 'bin/docker-compose'))
    const before = everythingIn(one.home)
    const shims = join(one.home, 'shims')
    expect((await one.safe(['install', 'path', shims])).stdout).toContain(`PATH=${shims}:`)
    await fill(one, ['docker-compose'])
    const passedOn = ['DOCKER_HOST', 'XDG_STATE_HOME', 'XDG_CACHE_HOME', 'SAFE_COMPOSE_STORE']
    const kept = passedOn.map(name => `${name}=${one.project.variables[name] ?? ''}`)
    const path = `PATH=${shims}:${join(one.home, 'bin')}:/usr/bin:/bin`
    const script = join(one.project.directory, 'job.sh')
    await writeFile(script, 'docker-compose down -v\n')
    const ran = await one.run('env', ['-i', path, `HOME=${one.home}`, ...kept, 'sh', script])
    expect(ran.code, ran.stderr).toBe(0)
    expect(ran.stderr).toContain('safe-compose undo')
    await expectUndone(one)

    expect((await one.run('docker-compose', ['down'])).code).toBe(0)
    await writeFile(script, `docker volume rm ${one.project.name}_data\n`)
    const removed = await one.run('env', ['-i', path, `HOME=${one.home}`, ...kept, 'sh', script])
    expect(removed.code, removed.stderr).toBe(0)
    expect(removed.stderr).toContain('undo')
    expect(await one.project.volumes()).toEqual([])
    const undo = await one.safe(['undo'])
    expect(undo.code, undo.stderr).toBe(0)
    await one.run('docker-compose', ['up', '-d'])
    expect(await one.project.inside('keeper', 'cat /data/word')).toBe('kept')

    expect((await one.safe(['uninstall'])).code).toBe(0)
    expect(everythingIn(one.home)).toEqual(before)
  })
})

async function inTurn<T>(
  lines: readonly (readonly string[])[],
  work: (words: readonly string[]) => Promise<T>,
): Promise<readonly T[]> {
  const results: T[] = []
  for (const line of lines) results.push(await work(line))
  return results
}
