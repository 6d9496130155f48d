import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest'
import type { Engine } from '../../src/model/ports.ts'
import type { Contents, Holding } from '../../src/model/holding.ts'
import { container, docker, engineFor, host, nothingUses, ownName, proxy, volume } from './docker-world.ts'

const sources = fileURLToPath(new URL('../../src/', import.meta.url))

describe('what lies in a volume', () => {
  async function bothWays(holding: Holding): Promise<{ mountpoint: Contents; api: Contents }> {
    const look = async (engine: Engine): Promise<Contents> => {
      const found = (await engine.contents([holding], await engine.observe(), 30_000)).get(holding)
      if (found === undefined) throw new Error('nothing was told')
      return found
    }
    return {
      mountpoint: await look(await engineFor()),
      api: await look(await engineFor({ mountpoints: false })),
    }
  }

  test('PostgreSQL, with its system identifier, running and stopped', async () => {
    const data = await volume('postgres')
    const id = await container([
      '-e',
      'POSTGRES_PASSWORD=x',
      '-v',
      `${data.name}:/var/lib/postgresql/data`,
      'postgres:15',
    ])
    const sql = (text: string): Promise<string> =>
      docker('exec', id, 'psql', '-h', '127.0.0.1', '-U', 'postgres', '-Atc', text)
    await expect.poll(() => sql('select 1').catch(() => ''), { timeout: 60_000 }).toBe('1')
    const identity = await sql('select system_identifier from pg_control_system()')
    const database = { kind: 'postgresql', label: 'PostgreSQL 15', path: '', identity }
    const running = await bothWays(data.holding)
    expect(running.mountpoint).toMatchObject({ empty: false, database, cache: null })
    expect(running.api).toMatchObject({ empty: false, database, cache: null })
    expect(running.mountpoint.bytes).toBeGreaterThan(20_000_000)
    expect(Date.now() - Date.parse(running.mountpoint.lastWrite ?? '')).toBeLessThan(600_000)
    await docker('rm', '-f', id)
    const left = await bothWays(data.holding)
    expect(left.mountpoint.database).toEqual(database)
    expect(left.api.database).toEqual(database)
  })

  test('MariaDB', async () => {
    const data = await volume('mariadb')
    const id = await container([
      '-e',
      'MARIADB_ROOT_PASSWORD=x',
      '-v',
      `${data.name}:/var/lib/mysql`,
      'mariadb:10.11',
    ])
    const ready = (): Promise<string> =>
      docker('exec', id, 'mariadb', '-h', '127.0.0.1', '-uroot', '-px', '-Ne', 'select 1').catch(() => '')
    await expect.poll(ready, { timeout: 90_000 }).toBe('1')
    const { mountpoint, api } = await bothWays(data.holding)
    expect(mountpoint.database).toMatchObject({ kind: 'mysql', path: '' })
    expect(mountpoint.database?.label).toMatch(/^MariaDB/)
    expect(api.database).toEqual(mountpoint.database)
  })

  test('Redis, by what it saved', async () => {
    const data = await volume('redis')
    const id = await container(['-v', `${data.name}:/data`, 'redis:7'])
    await expect
      .poll(() => docker('exec', id, 'redis-cli', 'ping').catch(() => ''), { timeout: 30_000 })
      .toBe('PONG')
    await docker('exec', id, 'redis-cli', 'set', 'key', 'value')
    await docker('exec', id, 'redis-cli', 'save')
    const { mountpoint, api } = await bothWays(data.holding)
    const persistence = { snapshot: true, log: false }
    expect(mountpoint.database).toEqual({
      kind: 'redis',
      label: 'Redis 7.0',
      path: '',
      identity: null,
      persistence,
    })
    expect(api.database).toEqual(mountpoint.database)
  })

  test('SQLite, a cache, nothing but directories, nothing at all', async () => {
    const [lite, below, deep, modules, hollow, bare] = await Promise.all(
      ['lite', 'below', 'deep', 'modules', 'hollow', 'bare'].map(word => volume(word)),
    )
    if (!lite || !below || !deep || !modules || !hollow || !bare) throw new Error('no volumes')
    const database = `SQLite format 3\0${'x'.repeat(4080)}`
    writeFileSync(join(lite.mountpoint, 'main'), database)
    mkdirSync(join(below.mountpoint, 'forge'))
    writeFileSync(join(below.mountpoint, 'forge/forge.db'), database)
    // Somebody else's, or nothing that an application would call its database.
    mkdirSync(join(deep.mountpoint, 'forge/cache'), { recursive: true })
    writeFileSync(join(deep.mountpoint, 'forge/cache/some.db'), database)
    writeFileSync(join(deep.mountpoint, 'forge/thumbnails'), database)
    writeFileSync(join(modules.mountpoint, '.package-lock.json'), '{}')
    mkdirSync(join(hollow.mountpoint, 'a/b'), { recursive: true })
    const found = async (holding: Holding): Promise<Contents[]> => Object.values(await bothWays(holding))
    for (const contents of [...(await found(lite.holding)), ...(await found(below.holding))])
      expect(contents).toMatchObject({ empty: false, bytes: 4096, database: { kind: 'sqlite' } })
    for (const contents of await found(deep.holding)) expect(contents).toMatchObject({ database: null })
    for (const contents of await found(modules.holding))
      expect(contents).toMatchObject({ empty: false, cache: 'node_modules' })
    for (const contents of await found(hollow.holding))
      expect(contents).toMatchObject({ empty: true, bytes: 0 })
    for (const contents of await found(bare.holding))
      expect(contents).toMatchObject({ empty: true, bytes: 0, database: null })
  })

  test('when time is up: no size, not empty, the database all the same', async () => {
    const data = await volume('large')
    mkdirSync(join(data.mountpoint, 'global'))
    writeFileSync(join(data.mountpoint, 'PG_VERSION'), '17\n')
    for (let index = 0; index < 50; index++) {
      const folder = join(data.mountpoint, 'base', String(index))
      mkdirSync(folder, { recursive: true })
      for (let file = 0; file < 100; file++) writeFileSync(join(folder, String(file)), 'x'.repeat(20_000))
    }
    for (const mountpoints of [true, false]) {
      const engine = await engineFor({ mountpoints })
      const facts = await engine.observe()
      const contents = (await engine.contents([data.holding], facts, 0)).get(data.holding)
      expect(contents).toMatchObject({ empty: false, bytes: null, database: { label: 'PostgreSQL 17' } })
    }
  })

  test('looking leaves nothing behind', async () => {
    const data = await volume('traceless')
    await bothWays(data.holding)
    expect(await docker('ps', '-aq', '--filter', `volume=${data.name}`)).toBe('')
  })
})

describe('facts', () => {
  test('of a container of Compose: mounts, labels, details; environment values nowhere', async () => {
    const data = await volume('facts')
    const secret = 'kept-out-of-sight'
    const id = await container([
      '--label',
      'com.docker.compose.project=shop',
      '--label',
      'com.docker.compose.service=db',
      '--label',
      'com.docker.compose.container-number=2',
      '--label',
      'com.docker.compose.oneoff=True',
      '-e',
      `PASSWORD=${secret}`,
      '-e',
      `AGAIN=${secret}`,
      '--tmpfs',
      '/scratch',
      '--restart',
      'on-failure:3',
      '-v',
      `${data.name}:/data:ro`,
      '-v',
      '/anonymous',
      'busybox',
      'sleep',
      '300',
    ])
    const engine = await engineFor()
    const { containers, volumes, engine: fact } = await engine.observe()
    const seen = containers.find(each => each.id === id)
    expect(seen).toMatchObject({
      project: 'shop',
      service: 'db',
      number: 2,
      oneOff: true,
      state: 'running',
      details: null,
    })
    expect(seen?.mounts).toContainEqual(
      expect.objectContaining({ type: 'volume', name: data.name, destination: '/data', readOnly: true }),
    )
    const anonymous = seen?.mounts.find(mount => mount.destination === '/anonymous')
    expect(volumes.find(each => each.name === anonymous?.name)?.anonymous).toBe(true)
    const [inspected] = await engine.inspect(seen === undefined ? [] : [seen])
    expect(inspected?.details).toMatchObject({
      restartPolicy: 'on-failure',
      restartMaximumRetries: 3,
      tmpfs: ['/scratch'],
      autoRemove: false,
    })
    expect(await engine.container(id)).toMatchObject({
      ...inspected,
      mounts: expect.arrayContaining([...(inspected?.mounts ?? [])]),
      createdAt: expect.any(String),
      image: 'busybox',
    })
    expect(fact).toMatchObject({ local: true, host: inject('engine').host })
    const text = await engine.redactedInspect([id, 'gone'], Buffer.from('key'))
    expect(JSON.stringify([containers, inspected, text])).not.toContain(secret)
    const hashes = [...text.matchAll(/(?:PASSWORD|AGAIN)=hmac-sha256:([0-9a-f]{12})"/g)].map(
      match => match[1],
    )
    expect(hashes).toHaveLength(2)
    expect(new Set(hashes).size).toBe(1)
  })

  test('of images: their volumes and what tells their version; unknown ones are left out', async () => {
    const engine = await engineFor()
    const [image, ...more] = await engine.images([
      'postgres:15',
      'never/heard:of',
      'Not A Name',
      'postgres:15',
    ])
    expect(more).toEqual([])
    expect(image).toMatchObject({ references: ['postgres:15'], volumes: ['/var/lib/postgresql/data'] })
    expect(image?.versions['PG_MAJOR']).toBe('15')
  })

  test('an engine that is not there, or may not be used, is told by its host', async () => {
    for (const address of ['unix:///run/no-such.sock', 'tcp://127.0.0.1:1']) {
      await expect(engineFor({ flags: { host: address } })).rejects.toMatchObject({
        failure: { reason: 'engine-unreachable', host: address },
      })
    }
  })

  test('300 volumes and 100 containers are all seen', async () => {
    const { name } = await volume('one')
    const id = await container(['busybox', 'sleep', '300'])
    const multiplied = await proxy('socket', (request, _response, passOn) => {
      const list = /\/(volumes|containers\/json)\?/.exec(request.url ?? '')?.[1]
      if (list === undefined) return false
      passOn(body => {
        const many = (count: number, one: unknown): unknown[] => Array.from({ length: count }, () => one)
        // Those of this test: what else is listed may be somebody's lock or helper, which is left out.
        if (list === 'volumes') {
          const { Volumes } = JSON.parse(body) as { Volumes: readonly { Name: string }[] }
          return JSON.stringify({
            Volumes: many(
              300,
              Volumes.find(each => each.Name === name),
            ),
          })
        }
        const containers = JSON.parse(body) as readonly { Id: string }[]
        return JSON.stringify(
          many(
            100,
            containers.find(each => each.Id === id),
          ),
        )
      })
      return true
    })
    const engine = await engineFor({ flags: { host: multiplied } })
    const seen = await engine.observe()
    expect([seen.volumes.length, seen.containers.length]).toEqual([300, 100])
  })
})

describe('control', () => {
  test('stop, start, pause, unpause and the restart policy; what is so already is as good', async () => {
    const id = await container(['--stop-timeout', '1', 'busybox', 'sleep', '300'])
    const engine = await engineFor()
    const state = async (): Promise<string | undefined> => (await engine.container(id))?.state
    await engine.pause(id)
    expect(await state()).toBe('paused')
    await engine.pause(id)
    await engine.unpause(id)
    await engine.unpause(id)
    expect(await state()).toBe('running')
    await engine.stop(id)
    await engine.stop(id)
    expect(await engine.container(id)).toMatchObject({ state: 'exited', details: { exitCode: 137 } })
    await expect(engine.pause(id)).rejects.toMatchObject({ failure: { reason: 'not-possible' } })
    await engine.start(id)
    await engine.start(id)
    expect(await state()).toBe('running')
    await engine.setRestartPolicy(id, 'unless-stopped', 0)
    expect((await engine.container(id))?.details?.restartPolicy).toBe('unless-stopped')
    await engine.removeContainer(id)
    await engine.removeContainer(id)
    expect(await engine.container(id)).toBeNull()
    await expect(engine.start(id)).rejects.toMatchObject({ failure: { reason: 'not-possible' } })
  })

  test('a pause that fails once, or only pretends, is tried again; one that never holds is a failure', async () => {
    const id = await container(['busybox', 'sleep', '300'])
    let pauses = 0
    const engineWith = async (answer: (count: number) => number | null): Promise<Engine> =>
      engineFor({
        flags: {
          host: await proxy('tcp', (request, response) => {
            const status = request.url?.endsWith('/pause?') === true ? answer(++pauses) : null
            if (status === null) return false
            response.writeHead(status, { 'Content-Type': 'application/json' })
            response.end(
              status === 204
                ? undefined
                : '{"message":"OCI runtime pause failed: unable to freeze: unknown"}',
            )
            return true
          }),
        },
      })
    const failing = await engineWith(count => (count === 1 ? 500 : count === 2 ? 204 : null))
    await failing.pause(id)
    expect(pauses).toBe(3)
    expect((await failing.container(id))?.state).toBe('paused')
    await failing.unpause(id)
    const never = await engineWith(() => 204)
    await expect(never.pause(id)).rejects.toMatchObject({
      failure: { reason: 'not-possible', what: expect.stringContaining('paused') },
    })
  })

  test('volumes: made once only, removed when nothing uses them', async () => {
    const engine = await engineFor()
    const spec = { name: ownName('made'), driver: 'local', options: {}, labels: { a: 'b' } }
    onTestFinished(async () => void (await docker('volume', 'rm', '-f', spec.name)))
    expect(await engine.createVolume(spec)).toMatchObject({
      name: spec.name,
      labels: { a: 'b' },
      anonymous: false,
    })
    await expect(engine.createVolume(spec)).rejects.toMatchObject({ failure: { reason: 'not-possible' } })
    const id = await container(['-v', `${spec.name}:/d`, 'busybox', 'sleep', '300'])
    await expect(engine.removeVolume(spec.name)).rejects.toMatchObject({
      failure: { reason: 'not-possible', what: expect.stringContaining('in use') },
    })
    await engine.removeContainer(id)
    await engine.removeVolume(spec.name)
    await engine.removeVolume(spec.name)
    expect(await engine.volume(spec.name)).toBeNull()
  })

  test('events: what others do is seen, what helpers do is not, and a lost engine is a failure', async () => {
    const data = await volume('watched')
    const id = await container(['-v', `${data.name}:/d`, 'busybox', 'sleep', '300'])
    const engine = await engineFor()
    const other = await engineFor({ mountpoints: false })
    const watch = await engine.watch()
    const mine = (): string[] =>
      watch
        .seen()
        .filter(event => event.id === id || event.name === data.name)
        .map(event => event.action)
    for (const each of [engine, other]) {
      const source = await each.openSource(data.holding, nothingUses)
      const { stream, done } = await source.open()
      stream.resume()
      await done
      await source.close()
    }
    expect(mine()).toEqual([])
    await docker('pause', id)
    await docker('unpause', id)
    await docker('restart', '-t', '0', id)
    await expect
      .poll(mine)
      .toEqual(expect.arrayContaining(['pause', 'unpause', 'kill', 'die', 'start', 'mount']))
    watch.close()
    expect(mine()).toContain('unpause')

    let cut: (() => void) | null = null
    const flaky = await engineFor({
      flags: {
        host: await proxy('tcp', (request, response) => {
          if (request.url?.startsWith('/v') === true && request.url.includes('/events'))
            cut = () => response.destroy()
          return false
        }),
      },
    })
    const lost = await flaky.watch()
    expect(lost.seen()).toEqual([])
    ;(cut as (() => void) | null)?.()
    await expect
      .poll(
        () => {
          try {
            return lost.seen().length
          } catch (error) {
            return (error as { failure: { reason: string } }).failure.reason
          }
        },
        { timeout: 10_000 },
      )
      .toBe('engine-unreachable')
  })
})

describe('ways to an engine', () => {
  const bytesProxy = async (listen: (take: (socket: net.Socket) => void) => net.Server): Promise<number> => {
    const socketPath = inject('engine').host.slice('unix://'.length)
    const server = listen(client => {
      const engine = net.connect(socketPath)
      client.pipe(engine).pipe(client)
      client.on('error', () => engine.destroy())
      engine.on('error', () => client.destroy())
    })
    await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  function temporaryFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), 'sc-docker-ways-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    return folder
  }

  test('TLS with certificates of both sides', async () => {
    const folder = temporaryFolder()
    const openssl = (...words: string[]): void =>
      void execFileSync('openssl', words, { cwd: folder, stdio: 'ignore' })
    const name = '/CN=localhost'
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=authority',
      '-keyout',
      'ca-key.pem',
      '-out',
      'ca.pem',
    )
    writeFileSync(join(folder, 'names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1')
    for (const side of ['server-', '']) {
      openssl(
        'req',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-subj',
        name,
        '-keyout',
        `${side}key.pem`,
        '-out',
        `${side}request.pem`,
      )
      openssl(
        'x509',
        '-req',
        '-in',
        `${side}request.pem`,
        '-CA',
        'ca.pem',
        '-CAkey',
        'ca-key.pem',
        '-CAcreateserial',
        '-days',
        '2',
        '-extfile',
        'names',
        '-out',
        `${side}cert.pem`,
      )
    }
    const read = (file: string): string => readFileSync(join(folder, file), 'utf8')
    const port = await bytesProxy(take =>
      tls.createServer(
        {
          cert: read('server-cert.pem'),
          key: read('server-key.pem'),
          ca: read('ca.pem'),
          requestCert: true,
          rejectUnauthorized: true,
        },
        take,
      ),
    )
    const variables = {
      ...inject('engine').env,
      DOCKER_HOST: `tcp://localhost:${port}`,
      DOCKER_TLS_VERIFY: '1',
      DOCKER_CERT_PATH: folder,
    }
    const engine = await engineFor({ variables })
    expect((await engine.observe()).engine).toMatchObject({ local: false, host: `tcp://localhost:${port}` })
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=stranger',
      '-keyout',
      'other-key.pem',
      '-out',
      'ca.pem',
    )
    await expect(engineFor({ variables })).rejects.toMatchObject({
      failure: { reason: 'engine-unreachable' },
    })
  })

  test("ssh, through the host's own ssh program, its complaint in the failure", async () => {
    const folder = temporaryFolder()
    writeFileSync(
      join(folder, 'ssh'),
      `#!/bin/sh
echo "$@" >> ${folder}/calls
case "$*" in *unknown-host*) echo "ssh: Could not resolve hostname unknown-host" >&2; exit 255;; esac
while [ "$1" != docker ]; do shift; done
exec "$@"
`,
      { mode: 0o755 },
    )
    const { env } = inject('engine')
    const variables = { ...env, PATH: `${folder}:${env['PATH']}` }
    const engine = await engineFor({ variables, flags: { host: 'ssh://me@far:2222' } })
    expect((await engine.observe()).engine.local).toBe(false)
    expect(readFileSync(join(folder, 'calls'), 'utf8')).toContain(
      '-l me -p 2222 -- far docker system dial-stdio',
    )
    const data = await volume('by-ssh')
    writeFileSync(join(data.mountpoint, 'file'), Buffer.alloc(5_000_000, 'x'))
    const source = await engine.openSource(data.holding, nothingUses)
    expect(source.kind).toBe('api')
    const { stream, done } = await source.open()
    let bytes = 0
    for await (const chunk of stream) bytes += (chunk as Buffer).length
    await done
    await source.close()
    expect(bytes).toBeGreaterThan(5_000_000)
    await expect(engineFor({ variables, flags: { host: 'ssh://unknown-host' } })).rejects.toMatchObject({
      failure: { reason: 'engine-unreachable', why: expect.stringContaining('Could not resolve') },
    })
  })

  test('an older API on request', async () => {
    const engine = await engineFor({ variables: { ...inject('engine').env, DOCKER_API_VERSION: '1.40' } })
    expect((await engine.observe()).engine.apiVersion).toBe('1.40')
  })
})

/** A script run by Node with the project's sources at hand; the test takes it down. */
function script(
  text: string,
  variables: Readonly<Record<string, string>> = {},
): ChildProcess & { readonly said: () => string } {
  const folder = mkdtempSync(join(tmpdir(), 'sc-docker-script-'))
  const file = join(folder, 'script.mts')
  writeFileSync(
    file,
    `import { hostname } from 'node:os'
import { openEngine } from '${sources}adapters/docker/engine.ts'
import { openGuardian } from '${sources}adapters/docker/guardian.ts'
import { openHost } from '${sources}adapters/host/host.ts'
const host = openHost({ pid: process.pid, hostname: hostname(), runs: () => true })
const variables = process.env
const engine = await openEngine({ flags: {}, variables, home: '/root', host, elevated: true })
${text}`,
  )
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), file], {
    env: { ...process.env, ...inject('engine').env, ...variables },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  let said = ''
  child.stdout?.setEncoding('utf8').on('data', (words: string) => (said += words))
  onTestFinished(() => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, 'SIGKILL')
    rmSync(folder, { recursive: true })
  })
  return Object.assign(child, { said: () => said })
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise(resolve => void child.once('close', () => resolve()))
}

describe('the lock', () => {
  test('of eight processes at the same moment one gets it, the others are told by whom it is held', async () => {
    const project = ownName('race')
    const begin = Date.now() + 6000
    const racers = Array.from({ length: 8 }, () =>
      script(`
await new Promise(resolve => setTimeout(resolve, ${begin} - Date.now()))
try {
  const lock = await engine.lock('${project}', await host.owner())
  console.log('won')
  await new Promise(resolve => setTimeout(resolve, 3000))
  await lock.release()
} catch (error) {
  console.log(error.failure.reason + ' ' + error.failure.by + ' ' + error.failure.how)
}
engine.close()`),
    )
    await Promise.all(racers.map(ended))
    const said = racers.map(racer => racer.said().trim())
    const winner = racers.find(racer => racer.said().startsWith('won'))
    expect(said.filter(words => words === 'won')).toHaveLength(1)
    const losers = said.filter(words => words !== 'won')
    expect(losers).toHaveLength(7)
    for (const words of losers) {
      expect(words).toContain(`process ${winner?.pid}`)
      expect(words).toMatch(/rm safe-compose-lock-[0-9a-f]{16}$/)
    }
    const engine = await engineFor()
    const lock = await engine.lock(project, await host.owner())
    await lock.release()
  })

  test('of a process that was killed is broken, by exactly one of those who come next', async () => {
    const project = ownName('dead')
    const victim = script(
      `await engine.lock('${project}', await host.owner()); console.log('held'); setInterval(() => {}, 1000)`,
    )
    await expect.poll(() => victim.said(), { timeout: 20_000 }).toContain('held')
    const engine = await engineFor()
    const owner = await host.owner()
    await expect(engine.lock(project, owner)).rejects.toMatchObject({ failure: { reason: 'locked' } })
    const dead = ended(victim)
    process.kill(-(victim.pid ?? 0), 'SIGKILL')
    await dead
    const tries = await Promise.allSettled(Array.from({ length: 6 }, () => engine.lock(project, owner)))
    const locks = tries.flatMap(each => (each.status === 'fulfilled' ? [each.value] : []))
    expect(locks).toHaveLength(1)
    await locks[0]?.release()
  })

  test('of another machine is never broken', async () => {
    const project = ownName('elsewhere')
    const engine = await engineFor()
    const owner = await host.owner()
    const lock = await engine.lock(project, { ...owner, host: 'another-machine', pid: 1 })
    await expect(engine.lock(project, owner)).rejects.toMatchObject({
      failure: { reason: 'locked', by: expect.stringContaining('@another-machine') },
    })
    await lock.release()
  })
})

describe('after a kill', () => {
  const guardian = join(tmpdir(), `${ownName('guardian')}.cjs`)

  beforeAll(async () => {
    await build({
      entryPoints: [join(sources, 'guardian.ts')],
      outfile: guardian,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      logLevel: 'warning',
    })
    return () => rmSync(guardian)
  })

  /** Arms a guardian for two containers, does what `work` says, and is killed with its whole group once it said so. */
  async function killed(
    words: { stopped?: string; paused?: string; volume?: string },
    work: string,
  ): Promise<void> {
    const victim = script(`
const guardian = openGuardian({ program: process.execPath, args: [${JSON.stringify(guardian)}], variables })
const { engine: fact } = await engine.observe()
const stateOf = async (id, done) => {
  const found = await engine.container(id)
  return { id, name: found.name, project: '${ownName('killed')}', service: null, number: null, imageId: found.imageId,
    image: found.image, configHash: null, state: found.state, done,
    restartPolicy: found.details.restartPolicy, restartMaximumRetries: found.details.restartMaximumRetries }
}
const stopped = ${JSON.stringify(words.stopped ?? null)}
const paused = ${JSON.stringify(words.paused ?? null)}
const ran = [...(stopped ? [await stateOf(stopped, 'stopped')] : []), ...(paused ? [await stateOf(paused, 'paused')] : [])]
const { disarm } = await guardian.arm(fact.host, ran)
${work}
console.log('now')
setInterval(() => {}, 1000)`)
    await expect.poll(() => victim.said(), { timeout: 30_000 }).toContain('now')
    const dead = ended(victim)
    process.kill(-(victim.pid ?? 0), 'SIGKILL')
    await dead
  }

  test('what was stopped and paused goes on, restart policies are back, helpers and lock are gone', async () => {
    const data = await volume('guarded')
    const stopped = await container(['--restart', 'always', '--stop-timeout', '1', 'busybox', 'sleep', '300'])
    const paused = await container(['busybox', 'sleep', '300'])
    const project = ownName('guarded')
    await killed(
      { stopped, paused },
      `
await engine.lock('${project}', await host.owner())
await engine.setRestartPolicy(stopped, 'no', 0)
await engine.stop(stopped)
await engine.pause(paused)
await engine.openSource(${JSON.stringify(data.holding)}, { containers: [] })`,
    )
    const engine = await engineFor()
    await expect
      .poll(async () => (await engine.container(stopped))?.state, { timeout: 20_000 })
      .toBe('running')
    expect(await engine.container(stopped)).toMatchObject({ details: { restartPolicy: 'always' } })
    expect(await engine.container(paused)).toMatchObject({ state: 'running' })
    await expect
      .poll(() => docker('ps', '-aq', '--filter', `volume=${data.name}`), { timeout: 10_000 })
      .toBe('')
    await expect
      .poll(() => docker('ps', '-aq', '--filter', `label=dev.safe-compose.lock=${project}`), {
        timeout: 10_000,
      })
      .toBe('')
  })

  test('a stop that is still under way is waited for, or it would win', async () => {
    const stubborn = ['busybox', 'sh', '-c', 'trap "" TERM; while true; do sleep 0.2; done']
    const stopped = await container(['--stop-timeout', '4', ...stubborn])
    const engine = await engineFor()
    const before = await docker('inspect', '-f', '{{.State.StartedAt}}', stopped)
    await killed(
      { stopped },
      `void engine.stop(stopped); await new Promise(resolve => setTimeout(resolve, 500))`,
    )
    const startedAt = (): Promise<string> => docker('inspect', '-f', '{{.State.StartedAt}}', stopped)
    await expect.poll(startedAt, { timeout: 30_000 }).not.toBe(before)
    await new Promise(resolve => setTimeout(resolve, 1500))
    expect((await engine.container(stopped))?.state).toBe('running')
  })

  test('a new run that holds the lock is left alone', async () => {
    const stopped = await container(['--stop-timeout', '0', 'busybox', 'sleep', '300'])
    const project = ownName('taken')
    const engine = await engineFor()
    const text = `ran.forEach(state => (state.project = '${project}'))`
    const lock = await engine.lock(project, await host.owner())
    await killed(
      { stopped },
      `await disarm(); ${text}; await guardian.arm(fact.host, ran); await engine.stop(stopped)`,
    )
    await new Promise(resolve => setTimeout(resolve, 4000))
    expect((await engine.container(stopped))?.state).toBe('exited')
    await lock.release()
  })

  test('once disarmed nothing is touched', async () => {
    const stopped = await container(['--stop-timeout', '0', 'busybox', 'sleep', '300'])
    await killed({ stopped }, 'await engine.stop(stopped); await disarm()')
    await new Promise(resolve => setTimeout(resolve, 3000))
    expect((await (await engineFor()).container(stopped))?.state).toBe('exited')
  })

  test('helpers of the dead are cleared by the next run, those of the living and of others are not', async () => {
    const data = await volume('leftover')
    const victim = script(`
await engine.openSource(${JSON.stringify(data.holding)}, { containers: [] })
console.log('open')
setInterval(() => {}, 1000)`)
    await expect.poll(() => victim.said(), { timeout: 20_000 }).toContain('open')
    const engine = await engineFor()
    const standing = (): Promise<string> => docker('ps', '-aq', '--filter', `volume=${data.name}`)
    await engine.clearLeftovers()
    expect(await standing()).not.toBe('')
    const dead = ended(victim)
    process.kill(-(victim.pid ?? 0), 'SIGKILL')
    await dead
    expect((await engine.clearLeftovers()).join()).toContain('helper container')
    expect(await standing()).toBe('')

    const owner = await host.owner()
    const foreign = async (since: Date): Promise<string> => {
      const label = JSON.stringify({
        ...owner,
        host: 'another-machine',
        user: 'x',
        since: since.toISOString(),
      })
      const id = await docker('create', '--label', `dev.safe-compose.helper=${label}`, 'busybox')
      onTestFinished(async () => void (await docker('rm', '-f', id)))
      return id
    }
    const [young, old] = [await foreign(new Date()), await foreign(new Date(Date.now() - 25 * 3600 * 1000))]
    await engine.clearLeftovers()
    expect(await engine.container(young)).not.toBeNull()
    expect(await engine.container(old)).toBeNull()
  })
})

test.each([
  ['without a terminal', []],
  ['with a terminal', ['-t']],
] as const)('the last words of a container %s', async (_, terminal) => {
  const id = await container([...terminal, 'busybox', 'sh', '-c', 'echo one; echo two >&2; exit 3'])
  await docker('wait', id)
  const said = await (await engineFor()).logs(id)
  expect(said.split(/\r?\n/).toSorted()).toEqual(['', 'one', 'two'])
})
