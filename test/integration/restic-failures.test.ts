import { execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openResticStore } from '../../src/adapters/stores/restic/store.ts'
import type { RestorePointDraft, Store, TarSource } from '../../src/model/ports.ts'
import type { RestorePoint } from '../../src/model/restore-point.ts'
import { failure } from '../contract/store.contract.ts'
import { directorySource } from '../fakes/directory-source.ts'
import { emptyRepository, resticVariables } from '../fakes/restic-repository.ts'
import { resticServer } from '../fakes/restic-server.ts'
import { manualManifest } from '../fakes/restore-point.ts'

const scope = { engine: 'AAAA:BBBB', project: 'shop' }
const mega = 1 << 20
const owner = async () => ({ host: 'here', bootId: 'boot', pid: 1, startedAt: '1' })
const [variables, makeRepository] = await Promise.all([resticVariables(), emptyRepository()])

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'safe-compose-restic-'))
  mkdirSync(join(folder, 'data'))
  for (let file = 0; file < 6; file++)
    writeFileSync(join(folder, 'data', `${file}`), crypto.getRandomValues(new Uint8Array(mega / 16)))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const undo of cleanUp.splice(0).toReversed()) await undo()
})

let number = 0
function repositoryIn(place = folder): string {
  const path = join(place, `repository-${number++}`)
  makeRepository(path)
  return path
}

function open(
  repository: string,
  more: Readonly<Record<string, string>> = {},
  root = `root-${number}`,
  silence = 30_000,
): Store {
  return openResticStore({
    repository,
    root: join(folder, root),
    variables: { ...variables, ...more },
    owner,
    patience: { silence, retries: 2_000 },
  })
}

function fileIn(root: string, ending: string): string {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' })
  return join(root, names.find(name => name.endsWith(ending)) ?? '')
}

/** A folder for PATH in which `restic` is a script; the real one is "$REAL". */
function standIn(script: string): string {
  const bin = mkdtempSync(join(folder, 'bin-'))
  const real = execFileSync('which', ['restic'], { encoding: 'utf8', env: { ...variables } }).trim()
  writeFileSync(join(bin, 'restic'), `#!/bin/sh\nREAL=${real}\n${script}\n`)
  chmodSync(join(bin, 'restic'), 0o755)
  return `${bin}:${variables['PATH']}`
}

/** A restic of another machine that writes for hours. */
async function busy(repository: string): Promise<() => Promise<void>> {
  const holder = spawn('restic', ['backup', '--host', 'another', '--stdin'], {
    env: { ...variables, RESTIC_REPOSITORY: repository },
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const gone = new Promise(resolve => holder.once('close', resolve))
  await expect.poll(() => readdirSync(join(repository, 'locks')), { timeout: 20_000 }).toHaveLength(1)
  return async () => {
    holder.stdin?.end()
    await gone
  }
}

async function put(
  store: Store,
  source: TarSource = directorySource(join(folder, 'data'), 'stream'),
): Promise<RestorePoint> {
  await store.prepare()
  const draft = await store.begin(scope, '20261123T201500Z-manual')
  try {
    const kept = await draft.putArchive('shop_pgdata', source, () => {})
    return await draft.publish(manualManifest(scope, kept))
  } catch (error) {
    await draft.discard()
    throw error
  }
}

/** A tar without an end, of noise. */
function endless(): TarSource {
  return { ...directorySource('/dev', 'stream'), open: async () => noise(Infinity) }
}

/** A tar of one file of noise of so many megabytes; it pauses where it is told to. */
function noise(megabytes: number, pauseAfter = Infinity, pause = 0): Awaited<ReturnType<TarSource['open']>> {
  const stream = new PassThrough()
  const header = Buffer.alloc(512)
  header.write('./noise')
  header.write((megabytes === Infinity ? 8 ** 10 : megabytes * mega).toString(8).padStart(11, '0'), 124)
  header.write('0', 156)
  header.write('        ', 148)
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  )
  const closed = new Promise<unknown>(resolve => void stream.once('close', resolve))
  const write = async (): Promise<void> => {
    stream.write(header)
    for (let done = 0; done < megabytes && !stream.destroyed; done++) {
      if (done === pauseAfter) await new Promise(resolve => setTimeout(resolve, pause))
      const block = Buffer.alloc(mega)
      for (let at = 0; at < mega; at += 65_536) crypto.getRandomValues(block.subarray(at, at + 65_536))
      if (!stream.write(block))
        await Promise.race([new Promise(resolve => stream.once('drain', resolve)), closed])
    }
    stream.end(Buffer.alloc(1024))
  }
  return { stream, done: write() }
}

describe('before anything is done it is said what is missing', () => {
  test.each([
    ['no password', { RESTIC_PASSWORD: '' }, /password is not known/, /RESTIC_PASSWORD_FILE/],
    ['no program', { PATH: '/nowhere' }, /restic cannot be run/, /install restic 0\.17\.1 or newer/],
  ] as const)('%s', async (_, more, why, how) => {
    const store = open(repositoryIn(), more)
    await expect(failure(store.list(scope))).resolves.toMatchObject({
      reason: 'store-unusable',
      why: expect.stringMatching(why) as string,
      how: expect.stringMatching(how) as string,
    })
  })

  test('a restic that is too old', async () => {
    const store = open(repositoryIn(), {
      PATH: standIn('echo restic 0.14.0 compiled with go1.19 on linux/amd64'),
    })
    await expect(failure(store.list(scope))).resolves.toMatchObject({
      why: expect.stringContaining('restic 0.14.0 is too old') as string,
    })
  })

  test('no repository, and the command that makes one', async () => {
    const store = open(join(folder, 'nothing-here'))
    await expect(failure(store.list(scope))).resolves.toMatchObject({
      why: 'there is no repository',
      how: expect.stringContaining(`restic -r ${join(folder, 'nothing-here')} init`) as string,
    })
  })

  test('no name of a repository', async () => {
    await expect(failure(open('').list(scope))).resolves.toMatchObject({ why: 'no repository is named' })
  })

  test('the repository of restic’s own variables is taken', async () => {
    const store = open('', { RESTIC_REPOSITORY: repositoryIn() })
    const point = await put(store)
    expect((await store.list(scope)).map(({ id }) => id)).toEqual([point.id])
  })

  test('the password’s file is found from wherever restic is run', async () => {
    const file = join(folder, 'password')
    writeFileSync(file, variables['RESTIC_PASSWORD'] ?? '')
    const store = open(repositoryIn(), { RESTIC_PASSWORD: '', RESTIC_PASSWORD_FILE: relative('.', file) })
    const point = await put(store)
    expect((await store.list(scope)).map(({ id }) => id)).toEqual([point.id])
  })

  test('a wrong password, without a word of it', async () => {
    const refused = await failure(open(repositoryIn(), { RESTIC_PASSWORD: 'battery staple' }).list(scope))
    expect(refused).toMatchObject({ reason: 'store-unusable', why: 'its password is another one' })
    expect(JSON.stringify(refused)).not.toContain('battery')
  })
})

test('a disk that runs full is a clean failure, and what was there is good', async () => {
  const disk = join(folder, 'disk')
  mkdirSync(disk)
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${12 * mega}`, 'tmpfs', disk])
  cleanUp.push(() => execFileSync('umount', [disk]))
  const store = open(repositoryIn(disk))
  const point = await put(store)
  await expect(failure(put(store, endless()))).resolves.toMatchObject({
    reason: 'backup-failed',
    why: expect.stringContaining('no space left on device') as string,
  })
  const points = await store.list(scope)
  expect(points.map(({ id, state }) => [id, state])).toEqual([[point.id, 'good']])
  for (const record of point.manifest.holdings) await store.check(point, record, () => {})
})

test('the lock of a restic that was killed is taken away, and keeps nobody up', async () => {
  const repository = repositoryIn()
  const store = open(repository)
  const point = await put(store)
  const holder = spawn('sh', ['-c', 'exec restic backup --stdin'], {
    env: { ...variables, RESTIC_REPOSITORY: repository },
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const gone = new Promise(resolve => holder.once('close', resolve))
  await expect.poll(() => readdirSync(join(repository, 'locks')), { timeout: 20_000 }).toHaveLength(1)
  holder.kill('SIGKILL')
  await gone
  await store.remove(point, async () => true)
  expect(await open(repository).list(scope)).toEqual([])
  expect(readdirSync(join(repository, 'locks'))).toEqual([])
})

describe('at a server', () => {
  const start = async (
    ...args: string[]
  ): Promise<{ server: Awaited<ReturnType<typeof resticServer>>; url: string }> => {
    const served = join(folder, `served-${number++}`)
    makeRepository(join(served, 'shop'))
    const server = await resticServer('restic', ['--user', 'u', '--pass', 'sesame', ...args], served)
    await server.start()
    cleanUp.push(server.stop)
    return { server, url: `rest:http://u:sesame@127.0.0.1:${server.port}/shop/` }
  }

  test('a wrong login is told without its password', async () => {
    const { server } = await start()
    const refused = await failure(open(`rest:http://u:wrongly@127.0.0.1:${server.port}/shop/`).list(scope))
    expect(refused).toMatchObject({
      reason: 'store-unusable',
      path: `restic:rest:http://u:***@127.0.0.1:${server.port}/shop/`,
      how: expect.stringContaining('user and password') as string,
    })
    expect(JSON.stringify(refused)).not.toContain('wrongly')
  })

  test('one that is away is told within seconds', async () => {
    const { server, url } = await start()
    await server.stop()
    const refused = await failure(open(url).list(scope))
    expect(refused).toMatchObject({
      reason: 'store-unusable',
      why: expect.stringContaining('connection refused') as string,
    })
    expect(JSON.stringify(refused)).not.toContain('sesame')
  })

  test('a network that is cut for good fails the backup; the next run clears what it left', async () => {
    const { server, url } = await start()
    const store = open(url)
    const refused = failure(put(store, { ...endless(), open: async () => noise(Infinity, 40, 500) }))
    setTimeout(() => void server.stop(), 2_500)
    await expect(refused).resolves.toMatchObject({
      reason: 'backup-failed',
      why: expect.stringMatching(/^it did not get on for 2 s: .*connection/) as string,
    })
    await server.start()
    // By the same process, too: one that runs for months must not keep what it could not clear.
    expect(await store.clearPartials(scope, async () => true)).toHaveLength(1)
    const point = await put(store)
    expect((await open(url).list(scope)).map(({ id, state }) => [id, state])).toEqual([[point.id, 'good']])
  })

  test('a server that comes back soon is waited for', async () => {
    const { server, url } = await start()
    const store = openResticStore({ repository: url, root: join(folder, 'patient'), variables, owner })
    const putting = put(store, { ...endless(), open: async () => noise(60, 20, 3_000) })
    await new Promise(resolve => setTimeout(resolve, 2_000))
    await server.stop()
    await new Promise(resolve => setTimeout(resolve, 1_500))
    await server.start()
    const point = await putting
    for (const record of point.manifest.holdings) await store.check(point, record, () => {})
  })

  test('a server that only takes keeps everything: what cannot be removed is said', async () => {
    const { url } = await start('--append-only')
    const store = open(url)
    const point = await put(store)
    await expect(failure(store.remove(point, async () => true))).resolves.toMatchObject({
      reason: 'store-unusable',
    })
    expect((await open(url).list(scope)).map(({ id, state }) => [id, state])).toEqual([[point.id, 'good']])
  })

  test('a server that only takes: what cannot be cleared there stops no backup', async () => {
    const { url } = await start('--append-only')
    const store = open(url)
    const point = await put(store)
    await expect(failure(store.remove(point, async () => true))).resolves.not.toBeNull()
    const dying = await store.begin(scope, 'dying')
    await dying.putArchive('shop_pgdata', directorySource(join(folder, 'data'), 'stream'), () => {})
    expect(await store.clearPartials(scope, async () => false)).toEqual([])
    const next = await put(store)
    expect((await open(url).list(scope)).map(({ id, state }) => [id, state])).toEqual([
      [next.id, 'good'],
      [point.id, 'good'],
    ])
  })
})

test('a removal that could not begin is not made by the next run: somebody may read by then', async () => {
  const repository = repositoryIn()
  const refusing = standIn('[ "$1" = forget ] && { echo refused >&2; exit 1; }; exec "$REAL" "$@"')
  const point = await put(open(repository))
  await expect(
    failure(open(repository, { PATH: refusing }).remove(point, async () => true)),
  ).resolves.toMatchObject({ why: 'refused' })
  const store = open(repository)
  await store.hold(point)
  expect(await store.clearPartials(scope, async () => true)).toEqual([])
  expect(await store.list(scope)).toEqual([point])
})

describe('two machines that take themselves for one, at one repository', () => {
  /** Both begin before either has put anything. */
  const both = async (): Promise<{
    readonly stores: readonly [Store, Store]
    readonly drafts: readonly [RestorePointDraft, RestorePointDraft]
  }> => {
    const repository = repositoryIn()
    const stores = [open(repository, {}, `one-${number}`), open(repository, {}, `other-${number}`)] as const
    for (const store of stores) await store.prepare()
    const [one, other] = stores
    const drafts = [await one.begin(scope, 'same'), await other.begin(scope, 'same')] as const
    expect(drafts.map(({ id }) => id)).toEqual(['same', 'same'])
    return { stores, drafts }
  }
  const publish = async (draft: RestorePointDraft): Promise<RestorePoint> => {
    const source = directorySource(join(folder, 'data'), 'stream')
    return draft.publish(manualManifest(scope, await draft.putArchive('shop_pgdata', source, () => {})))
  }

  test('what one gives up takes nothing from the other', async () => {
    const { stores, drafts } = await both()
    const point = await publish(drafts[0])
    await drafts[1].putArchive('shop_pgdata', directorySource(join(folder, 'data'), 'stream'), () => {})
    await drafts[1].discard()
    expect(await stores[0].list(scope)).toEqual([point])
  })

  test('what died at one takes nothing from the other', async () => {
    const { stores, drafts } = await both()
    const point = await publish(drafts[0])
    await drafts[1].putArchive('shop_pgdata', directorySource(join(folder, 'data'), 'stream'), () => {})
    expect(await stores[1].clearPartials(scope, async () => false)).toHaveLength(1)
    expect(await stores[0].list(scope)).toEqual([point])
    expect(await stores[1].list(scope)).toEqual([point])
  })

  test('of two restore points with one id the one that is removed goes, and no other', async () => {
    const { stores, drafts } = await both()
    const points = [await publish(drafts[0]), await publish(drafts[1])] as const
    expect(await stores[0].list(scope)).toHaveLength(2)
    expect(await stores[0].remove(points[0], async () => true)).toBe(true)
    expect(await stores[0].list(scope)).toEqual([points[1]])
  })
})

test('while another machine writes for hours, backups are made, and what has died waits', async () => {
  const repository = repositoryIn()
  const store = open(repository)
  await store.prepare()
  const dying = await store.begin(scope, 'dying')
  await dying.putArchive('shop_pgdata', directorySource(join(folder, 'data'), 'stream'), () => {})
  const end = await busy(repository)
  cleanUp.push(end)
  expect(await store.clearPartials(scope, async () => false)).toEqual([])
  const point = await put(store)
  expect(await store.list(scope)).toEqual([point])
  await end()
  expect(await store.clearPartials(scope, async () => false)).toHaveLength(1)
  expect(await store.list(scope)).toEqual([point])
})

test('a restic that outlives its dead writer and publishes late is cleared all the same', async () => {
  const repository = repositoryIn()
  const store = open(repository)
  await store.prepare()
  const dying = await store.begin(scope, 'late')
  await dying.putArchive('shop_pgdata', directorySource(join(folder, 'data'), 'stream'), () => {})
  const lot = readFileSync(fileIn(store.root, 'late.partial/lot'), 'utf8')
  const tags = `safe-compose,project=shop,engine=AAAA-BBBB,id=late,lot=${lot}`
  const late = standIn(
    `if [ "$1" = forget ] && [ ! -e ${folder}/late ]; then touch ${folder}/late
     "$REAL" backup --quiet --tag ${tags},manifest ${folder}/late; fi
     exec "$REAL" "$@"`,
  )
  const next = open(repository, { PATH: late })
  expect(await next.clearPartials(scope, async () => false)).toHaveLength(1)
  expect(await next.list(scope)).toEqual([])
  expect(await next.clearPartials(scope, async () => false)).toEqual([])
})

test('an answer that takes long is waited for as long as something comes', async () => {
  const slow = standIn(
    `[ "$1" = version ] && exec "$REAL" version
     printf '['; for _ in 1 2 3 4 5; do sleep 0.4; printf ' '; done; printf ']'`,
  )
  expect(await open(repositoryIn(), { PATH: slow }, 'slow', 1_000).list(scope)).toEqual([])
})

test('room is given back once a day, and a clock that was wrong does not put it off', async () => {
  const store = open(repositoryIn())
  await store.prepare()
  await store.reclaim()
  const file = fileIn(store.root, 'pruned')
  const first = readFileSync(file, 'utf8')
  await store.reclaim()
  expect(readFileSync(file, 'utf8')).toBe(first)
  writeFileSync(file, '2199-01-01T00:00:00.000Z\n')
  await store.reclaim()
  expect(Date.parse(readFileSync(file, 'utf8').trim())).toBeLessThan(Date.now())
})

test('the repository as a whole is looked at by restic itself', async () => {
  const repository = repositoryIn()
  const store = open(repository)
  await put(store)
  expect(await store.examine?.()).toEqual({ well: true, found: 'sound as a whole (restic check)' })
  const end = await busy(repository)
  cleanUp.push(end)
  expect(await store.examine?.()).toMatchObject({
    well: true,
    found: expect.stringContaining('another restic') as string,
  })
  await end()
  execFileSync('find', [join(repository, 'data'), '-type', 'f', '-delete'])
  expect(await store.examine?.()).toMatchObject({
    well: false,
    found: expect.stringMatching(/^not sound: .*restic check$/) as string,
  })
  await expect(failure(open(join(folder, 'away')).examine!())).resolves.toMatchObject({
    reason: 'store-unusable',
    why: 'there is no repository',
  })
})

test('SFTP: through the ssh of the machine, with keys alone', async () => {
  const served = join(folder, 'sftp')
  makeRepository(join(served, 'shop'))
  for (const name of ['user', 'host'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)])
  const server = await resticServer(
    'sftp',
    ['--user', 'u', '--authorized-keys', join(folder, 'user.pub'), '--key', join(folder, 'host')],
    served,
  )
  await server.start()
  cleanUp.push(server.stop)
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  const ssh = execFileSync('which', ['ssh'], { encoding: 'utf8' }).trim()
  const options = `-i ${join(folder, 'user')} -o UserKnownHostsFile=${join(folder, 'known')} -o StrictHostKeyChecking=accept-new -o BatchMode=yes`
  writeFileSync(join(bin, 'ssh'), `#!/bin/sh\nexec ${ssh} ${options} "$@"\n`)
  chmodSync(join(bin, 'ssh'), 0o755)
  const store = open(`sftp://u@127.0.0.1:${server.port}//shop`, { PATH: `${bin}:${variables['PATH']}` })
  const point = await put(store)
  for (const record of point.manifest.holdings) await store.check(point, record, () => {})
  expect(existsSync(join(served, 'shop', 'config'))).toBe(true)
})

test('a snapshot that was removed by hand makes its restore point damaged', async () => {
  const repository = repositoryIn()
  const point = await put(open(repository))
  const [record] = point.manifest.holdings
  if (record?.kept.form !== 'restic-stream') throw new Error('no stream')
  execFileSync('restic', ['forget', record.kept.snapshot], {
    env: { ...variables, RESTIC_REPOSITORY: repository },
    stdio: 'ignore',
  })
  const [found] = await open(repository).list(scope)
  expect(found).toMatchObject({
    state: 'damaged',
    damage: expect.stringContaining('volumes/shop_pgdata.tar is gone') as string,
  })
})
