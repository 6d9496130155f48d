import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openDirectoryStore } from '../../src/adapters/stores/directory.ts'
import { openResticStore } from '../../src/adapters/stores/restic/store.ts'
import { openStoreCopyPlace } from '../../src/adapters/stores/store-copy-place.ts'
import type { CopyPlace, Store } from '../../src/model/ports.ts'
import type { DumpRecord, RestorePoint } from '../../src/model/restore-point.ts'
import { failure } from '../contract/store.contract.ts'
import { debianAge } from '../engine/age.ts'
import { directorySink, directorySource } from '../fakes/directory-source.ts'
import { emptyRepository, harmLargestPack, resticVariables } from '../fakes/restic-repository.ts'
import { manualManifest } from '../fakes/restore-point.ts'

const scope = { engine: 'AAAA:BBBB', project: 'shop' }
const owner = async () => ({ host: 'here', bootId: 'boot', pid: 1, startedAt: '1' })
const noBytes = (): void => {}
const [variables, makeRepository, bin] = await Promise.all([
  resticVariables(),
  emptyRepository(),
  debianAge(),
])

const keys = mkdtempSync(join(tmpdir(), 'safe-compose-copy-keys-'))
const identityFile = join(keys, 'key.txt')
execFileSync(join(bin, 'age-keygen'), ['-o', identityFile], { stdio: 'pipe' })
const recipient = execFileSync(join(bin, 'age-keygen'), ['-y', identityFile], { encoding: 'utf8' }).trim()
afterAll(() => rmSync(keys, { recursive: true, force: true }))

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'safe-compose-store-copies-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const at = (name: string): string => join(folder, name)

const kinds: Readonly<Record<'directory' | 'encrypted' | 'gzip' | 'restic', (name: string) => Store>> = {
  directory: name => directory(name),
  encrypted: name => directory(name, [recipient]),
  gzip: name => directory(name, [], null),
  restic: name => {
    makeRepository(at(name))
    return openResticStore({ repository: at(name), root: at(`${name}-own`), variables, owner })
  },
}

function directory(
  name: string,
  recipients: readonly string[] = [],
  zstd: string | null = '/usr/bin/zstd',
): Store {
  const encryption = { age: { program: join(bin, 'age'), args: [] }, recipients, identityFile }
  return openDirectoryStore({ root: at(name), zstd, encryption, owner, leave: () => 0 })
}

function between(from: Store, to: Store): CopyPlace {
  return openStoreCopyPlace({ from, to, isAlive: async () => false })
}

/** A restore point with an archive, a dump and files of `state/`. */
async function save(store: Store, id = '20261123T201500Z-manual'): Promise<RestorePoint> {
  mkdirSync(at('data/base'), { recursive: true })
  writeFileSync(at('data/base/table'), Buffer.alloc(3_000_000, 'row '))
  writeFileSync(at('data/noise'), crypto.getRandomValues(new Uint8Array(60_000)))
  await store.prepare()
  const draft = await store.begin(scope, id)
  const kept = await draft.putArchive('shop_pgdata', directorySource(at('data'), 'stream'), noBytes)
  const stream = Readable.from([Buffer.from('CREATE TABLE '), Buffer.from('orders')])
  const dumped = await draft.putDump(
    'db/shop.sql',
    { stream, done: Promise.resolve({ figures: [] }), stop: () => {} },
    noBytes,
  )
  await draft.putFile('state/compose/1-compose.yaml', 'services: {}\n')
  await draft.putFile('state/inspect.json', '[]\n')
  const manifest = manualManifest(scope, kept)
  const dump: DumpRecord = { ...dumped, form: 'sql', database: 'shop', figures: [] }
  return draft.publish({
    ...manifest,
    tag: 'before-v2',
    databases: [
      {
        service: 'db',
        kind: 'mysql',
        label: 'MariaDB 10.11',
        holding: 'shop_pgdata',
        path: '/var/lib/mysql',
        image: { reference: 'mariadb:10.11', id: 'sha256:1' },
        before: [],
        after: null,
        dumps: [dump],
        notes: [],
      },
    ],
  })
}

describe.each([
  ['directory', 'restic'],
  ['encrypted', 'restic'],
  ['restic', 'directory'],
  ['restic', 'encrypted'],
  ['restic', 'gzip'],
  ['restic', 'restic'],
] as const)('a copy from %s to %s', (one, other) => {
  test('holds the same, and its restore point is the same one', async () => {
    const [from, to] = [kinds[one]('from'), kinds[other]('to')]
    const point = await save(from)
    const told: number[] = []
    expect(await between(from, to).take(point, done => told.push(done))).toBe('copied')
    expect(told.length).toBeGreaterThan(0)
    expect(told.at(-1)).toBeLessThanOrEqual(point.bytes)
    expect(told).toEqual(told.toSorted((a, b) => a - b))

    const [copied, ...more] = await to.list(scope)
    if (copied === undefined) throw new Error('nothing was copied')
    expect(more).toEqual([])
    const { id, startedAt, finishedAt, tag, reason } = point.manifest
    expect(copied).toMatchObject({ state: 'good', manifest: { id, startedAt, finishedAt, tag, reason } })
    expect(copied.manifest.encryption !== undefined).toBe(other === 'encrypted')
    expect([...(await between(from, to).ids(scope))]).toEqual([point.id])

    const [record] = copied.manifest.holdings
    const [dump] = copied.manifest.databases?.[0]?.dumps ?? []
    if (record === undefined || dump === undefined) throw new Error('it does not hold everything')
    mkdirSync(at('back'))
    await to.extract(copied, record, directorySink(at('back'), 'stream'), noBytes)
    execFileSync('diff', ['-r', at('data'), at('back')])
    expect(await text((await to.openDump(copied, dump)).stream)).toBe('CREATE TABLE orders')
    const state = await Promise.all(copied.manifest.state.map(file => to.readState(copied, file)))
    expect(state.map(content => Buffer.from(content).toString())).toEqual(['services: {}\n', '[]\n'])
  })
})

test('what is there and whole is left; what is damaged there is copied anew', async () => {
  const [from, to] = [kinds.restic('from'), kinds.directory('to')]
  const point = await save(from)
  const place = between(from, to)
  await place.take(point, noBytes)
  expect(await place.take(point, noBytes)).toBe('there')
  const [copied] = await to.list(scope)
  appendFileSync(join(copied?.path ?? '', 'volumes/shop_pgdata.tar.zst'), 'x')
  expect(await place.take(point, noBytes)).toBe('copied')
  expect((await to.list(scope)).map(({ id, state }) => [id, state])).toEqual([[point.id, 'good']])
  expect(await place.take(point, noBytes)).toBe('there')
})

test('a bad source takes nothing away from a copy, and leaves none where there was none', async () => {
  const [from, to] = [kinds.restic('from'), kinds.directory('to')]
  const point = await save(from)
  const place = between(from, to)
  await place.take(point, noBytes)
  const [copied] = await to.list(scope)
  const archive = join(copied?.path ?? '', 'volumes/shop_pgdata.tar.zst')
  appendFileSync(archive, 'x')
  harmLargestPack(at('from'))
  const again = kinds.restic('from')
  await expect(failure(between(again, to).take(point, noBytes))).resolves.toMatchObject({
    reason: 'archive-damaged',
  })
  expect(existsSync(archive)).toBe(true)
  const fresh = kinds.directory('fresh')
  await expect(failure(between(again, fresh).take(point, noBytes))).resolves.toMatchObject({
    reason: 'archive-damaged',
  })
  expect(await fresh.list(scope)).toEqual([])
  expect(readdirSync(at('fresh/AAAA-BBBB/shop')).filter(name => name.endsWith('.partial'))).toEqual([])
})

test('another restore point of that id is never replaced, and one that is damaged never copied', async () => {
  const [from, to] = [kinds.restic('from'), kinds.directory('to')]
  const point = await save(from)
  const draft = await (await prepared(to)).begin(scope, point.id)
  const kept = await draft.putArchive('shop_pgdata', directorySource(at('data'), 'stream'), noBytes)
  const mine = await draft.publish(manualManifest(scope, kept))
  await expect(failure(between(from, to).take(point, noBytes))).resolves.toMatchObject({
    reason: 'not-possible',
    what: `another restore point is called ${point.id} in ${at('to')} already`,
  })
  expect(await to.list(scope)).toEqual([mine])
  const damaged = { ...point, state: 'damaged', damage: 'it is half' } as const
  await expect(failure(between(from, to).take(damaged, noBytes))).resolves.toMatchObject({
    reason: 'not-possible',
  })
})

test('without the identity nothing of an encrypted one is copied', async () => {
  const point = await save(kinds.encrypted('from'))
  const sealed = openDirectoryStore({ root: at('from'), zstd: null, owner })
  const to = kinds.restic('to')
  await expect(failure(between(sealed, to).take(point, noBytes))).resolves.toMatchObject({
    reason: 'no-identity',
  })
  expect(await to.list(scope)).toEqual([])
})

async function prepared(store: Store): Promise<Store> {
  await store.prepare()
  return store
}
