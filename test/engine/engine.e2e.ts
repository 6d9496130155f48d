import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, inject, test } from 'vitest'
import { imageNames } from './images.ts'
import { startEngine } from './index.ts'

const engine = inject('engine')
const prefix = `smoke-${process.pid}`

describe('the shared engine', () => {
  const containers: string[] = []
  afterAll(async () => {
    if (containers.length) await docker('rm', '--force', '--volumes', ...containers)
  })

  /** Starts a container of an image and returns its name. */
  async function start(image: string, ...options: string[]): Promise<string> {
    const name = `${prefix}-${containers.length}`
    containers.push(name)
    await docker('run', '--detach', '--name', name, ...options, image)
    return name
  }

  test('answers with the version that was asked for', async () => {
    const version = await docker('version', '--format', '{{.Server.Version}}')
    expect(version).toContain(engine.version)
  })

  test('has every image', async () => {
    const images = await docker('image', 'ls', '--format', '{{.Repository}}:{{.Tag}}')
    for (const name of imageNames)
      expect(images.split('\n')).toContain(name.includes(':') ? name : `${name}:latest`)
  })

  test.each(['busybox', 'alpine'])('%s has a shell, tar and gzip', async image => {
    const script = 'echo content > /tmp/file && tar czf - -C /tmp file | tar tzf -'
    expect(await docker('run', '--rm', image, 'sh', '-c', script)).toBe('file')
  })

  test.each(['15', '17'])('postgres:%s keeps a row over a restart', async major => {
    const environment = [
      '-e',
      'POSTGRES_PASSWORD=secret',
      '-e',
      'POSTGRES_USER=owner',
      '-e',
      'POSTGRES_DB=shop',
    ]
    const name = await start(`postgres:${major}`, ...environment)
    const sql = (text: string) => docker('exec', name, 'psql', '-U', 'owner', '-d', 'shop', '-Atc', text)
    await eventually(() => docker('exec', name, 'pg_isready', '-q', '-h', '127.0.0.1'))
    await sql('create table t (a int); insert into t values (7)')
    await docker('restart', name)
    await eventually(() => docker('exec', name, 'pg_isready', '-q', '-h', '127.0.0.1'))
    expect(await sql('select a from t')).toBe('7')
    expect(await sql('show server_version')).toMatch(new RegExp(`^${major}\\.`))
    expect(await docker('exec', name, 'stat', '-c', '%U %a', '/var/lib/postgresql/data')).toBe('postgres 700')
    expect(await docker('logs', name)).toContain('Skipping initialization')
  })

  test('redis:7 keeps a key over a restart, and runs as redis', async () => {
    const name = await start('redis:7')
    await eventually(() => docker('exec', name, 'redis-cli', 'set', 'key', 'value'))
    await docker('restart', name)
    await eventually(async () => expect(await docker('exec', name, 'redis-cli', 'get', 'key')).toBe('value'))
    expect(await docker('exec', name, 'stat', '-c', '%U', '/data/dump.rdb', '/proc/1')).toBe('redis\nredis')
  })

  test('mariadb:10.11 keeps a row over a restart, and has mariadb-backup', async () => {
    const environment = ['MARIADB_ROOT_PASSWORD=secret', 'MARIADB_DATABASE=shop', 'MARIADB_USER=owner']
    const options = [...environment, 'MARIADB_PASSWORD=word'].flatMap(value => ['-e', value])
    const name = await start('mariadb:10.11', ...options)
    const sql = (text: string) => docker('exec', name, 'mariadb', '-uowner', '-pword', 'shop', '-Ne', text)
    await eventually(() => docker('exec', name, 'healthcheck.sh', '--connect', '--innodb_initialized'))
    await sql('create table t (a int); insert into t values (7)')
    await docker('restart', name)
    await eventually(() => docker('exec', name, 'healthcheck.sh', '--connect', '--innodb_initialized'))
    expect(await sql('select a from t')).toBe('7')
    expect(await docker('exec', name, 'mariadb-backup', '--version')).toBe('')
  })

  test('the Compose chosen brings a project up in which services reach each other by name', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'safe-compose-smoke-'))
    const services = {
      web: {
        image: 'busybox',
        command: 'httpd -f -p 80 -h /etc',
        stop_grace_period: '0s',
        volumes: ['data:/data'],
      },
      probe: {
        image: 'alpine',
        command: 'sh -c "until wget -qO- http://web/passwd; do sleep 0.2; done"',
        depends_on: ['web'],
      },
    }
    writeFileSync(
      join(folder, 'docker-compose.yml'),
      JSON.stringify({ version: '3.7', services, volumes: { data: {} } }),
    )
    const [command, ...rest] = engine.compose.command
    const compose = (...args: string[]) => output(command!, [...rest, '-p', prefix, ...args], folder)
    try {
      expect(await compose('version', '--short')).toContain(engine.compose.version)
      expect(await output(engine.compose.standalone, ['version', '--short'])).toContain(
        engine.compose.version,
      )
      await compose('up', '-d')
      await eventually(async () => expect(await compose('logs', 'probe')).toContain('root:x:0:0'))
      expect(await docker('volume', 'ls', '-q')).toContain(`${prefix}_data`)
    } finally {
      await compose('down', '-v')
      rmSync(folder, { recursive: true })
    }
    expect(await docker('volume', 'ls', '-q')).not.toContain(`${prefix}_data`)
  })
})

test('an ephemeral engine keeps its data over SIGKILL, and leaves nothing when it is stopped', async () => {
  const own = await startEngine({ ephemeral: true })
  const on = (...args: string[]) => output(own.docker, ['--host', own.host, ...args])
  try {
    expect(own.host).not.toBe(engine.host)
    await on(
      'run',
      '--rm',
      '--volume',
      'kept:/data',
      'busybox',
      'sh',
      '-c',
      'echo content > /data/file; sync',
    )
    await on('run', '--detach', '--restart', 'always', '--volume', 'kept:/data', 'busybox', 'sleep', '1000')
    await own.kill()
    await expect(on('version')).rejects.toThrow(/Cannot connect|failed to connect/)
    await own.startAgain()
    expect(await on('run', '--rm', '--volume', 'kept:/data', 'busybox', 'cat', '/data/file')).toBe('content')
  } finally {
    await own.stop()
  }
  expect(existsSync(own.dataRoot)).toBe(false)
  expect(existsSync(own.netns)).toBe(false)
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(own.dataRoot)
})

test('a version that is not there is an error that names those that are', async () => {
  await expect(startEngine({ engine: '1.2' })).rejects.toThrow(/no "1\.2".*28\.5.*20\.10/)
})

function docker(...args: string[]): Promise<string> {
  return output(engine.docker, args)
}

async function output(command: string, args: string[], cwd = '/'): Promise<string> {
  const env = { ...process.env, ...engine.env }
  const { stdout, stderr } = await promisify(execFile)(command, args, { cwd, env })
  return args[0] === 'logs' ? (stdout + stderr).trim() : stdout.trim()
}

/** Repeats until it does not fail, for at most a minute. */
async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  for (const end = Date.now() + 60_000; ;) {
    try {
      return await attempt()
    } catch (error) {
      if (Date.now() > end) throw error
      await new Promise(resolve => setTimeout(resolve, 200))
    }
  }
}
