import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openResticStore } from '../../src/adapters/stores/restic/store.ts'
import type { Store } from '../../src/model/ports.ts'
import type { HoldingRecord, RestorePoint } from '../../src/model/restore-point.ts'
import { failure } from '../contract/store.contract.ts'
import { directorySink, directorySource } from '../fakes/directory-source.ts'
import { emptyRepository, harmLargestPack, resticVariables } from '../fakes/restic-repository.ts'
import { manualManifest } from '../fakes/restore-point.ts'

/** Directories of this machine, which restic reads by itself and need not read again. */
const scope = { engine: 'AAAA:BBBB', project: 'shop' }
const owner = async () => ({ host: 'here', bootId: 'boot', pid: 1, startedAt: '1' })
const noBytes = (): void => {}
const [variables, makeRepository] = await Promise.all([resticVariables(), emptyRepository()])
const isRoot = process.getuid?.() === 0

let folder = ''
let data = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'safe-compose-tree-'))
  data = join(folder, 'data')
  makeRepository(join(folder, 'repository'))
  mkdirSync(join(data, 'base', 'empty'), { recursive: true })
  writeFileSync(join(data, 'base', 'table'), crypto.getRandomValues(new Uint8Array(60_000)))
  writeFileSync(join(data, 'a name\nof two lines'), 'x')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function open(): Store {
  return openResticStore({
    repository: join(folder, 'repository'),
    root: join(folder, 'own'),
    variables,
    owner,
  })
}

interface Saved {
  readonly point: RestorePoint
  readonly record: HoldingRecord
}

async function save(store: Store, id: string): Promise<Saved> {
  await store.prepare()
  const draft = await store.begin(scope, id)
  const kept = await draft.putArchive('shop_pgdata', directorySource(data, 'command'), noBytes)
  const point = await draft.publish(manualManifest(scope, kept))
  const [record] = point.manifest.holdings
  if (record === undefined) throw new Error('no holding')
  return { point, record }
}

async function putBack(store: Store, { point, record }: Saved): Promise<string> {
  const target = mkdtempSync(join(folder, 'back-'))
  chmodSync(target, 0o777)
  await store.extract(point, record, directorySink(target, 'command'), noBytes)
  return target
}

/** Everything that can be told of each file and directory, the root among them. */
function told(directory: string): string {
  const lines = execFileSync('find', ['.', '-printf', '%P|%y|%m|%U|%G|%s|%l|%Ts\\0'], {
    cwd: directory,
    encoding: 'utf8',
  })
  return lines
    .split('\0')
    .map(line => (line.includes('|d|') ? line.replace(/\|\d+\|([^|]*\|[^|]*)$/, '|-|$1') : line))
    .toSorted()
    .join('\n')
}

test('what it holds comes back with all its attributes, those of its root among them', async () => {
  symlinkSync('table', join(data, 'base', 'link'))
  chmodSync(join(data, 'base', 'table'), 0o4750)
  writeFileSync(join(data, 'holes'), '')
  truncateSync(join(data, 'holes'), 3_000_000)
  chmodSync(data, 0o700)
  if (isRoot)
    for (const path of [data, join(data, 'base'), join(data, 'base/empty')]) chownSync(path, 999, 998)
  // restic's tar has times to the nearest second.
  const inside = ['base/table', 'base/empty', 'base/link', 'base', 'holes', 'a name\nof two lines', '']
  for (const path of inside) lutimesSync(join(data, path), 1_700_000_000, 1_700_000_001)
  const store = open()
  const saved = await save(store, 'one')
  expect(saved.record.kept).toMatchObject({ form: 'restic-tree', root: { mode: 0o700 } })
  expect(saved.record.kept.tar).toMatchObject({ files: 3, directories: 3, links: 1, entries: 7 })
  const target = await putBack(store, saved)
  execFileSync('diff', ['-r', data, target])
  expect(told(target)).toBe(told(data))
  await store.check(saved.point, saved.record, noBytes)
})

test('what has not changed takes no room again, and what has is in the newer one alone', async () => {
  const store = open()
  const first = await save(store, 'one')
  const second = await save(store, 'two')
  appendFileSync(join(data, 'base', 'table'), 'a row')
  const third = await save(store, 'three')
  const added = [first, second, third].map(({ record }) => ('added' in record.kept ? record.kept.added : -1))
  expect(added[0]).toBeGreaterThan(60_000)
  expect(added[1]).toBeLessThan(5_000)
  expect((await store.list(scope)).map(({ state }) => state)).toEqual(['good', 'good', 'good'])
  expect(statSync(join(await putBack(store, second), 'base/table')).size).toBe(60_000)
  expect(statSync(join(await putBack(store, third), 'base/table')).size).toBe(60_005)
})

test.each([
  ['hard links', (): void => linkSync(join(data, 'base/table'), join(data, 'another name'))],
  ['a fifo', (): void => void execFileSync('mkfifo', [join(data, 'fifo')])],
] as const)('%s go in as a tar, in which they can be kept', async (_, make) => {
  make()
  const store = open()
  const saved = await save(store, 'one')
  expect(saved.record.kept.form).toBe('restic-stream')
  const target = await putBack(store, saved)
  expect(told(target)).toBe(told(data))
  expect(statSync(join(target, 'base/table')).nlink).toBe(statSync(join(data, 'base/table')).nlink)
  // Nothing is left of the try when it goes.
  expect(await store.remove(saved.point, async () => true)).toBe(true)
  expect(readdirSync(join(folder, 'repository', 'snapshots'))).toEqual([])
})

test('one that is gone is a failed backup, and one that was harmed is told before anything is unpacked', async () => {
  const store = open()
  const saved = await save(store, 'one')
  harmLargestPack(join(folder, 'repository'))
  const target = mkdtempSync(join(folder, 'back-'))
  const sink = directorySink(target, 'command')
  await expect(failure(open().extract(saved.point, saved.record, sink, noBytes))).resolves.toMatchObject({
    reason: 'archive-damaged',
  })
  expect(readdirSync(target)).toEqual([])
  rmSync(data, { recursive: true })
  await expect(failure(save(store, 'two'))).resolves.toMatchObject({
    reason: 'backup-failed',
    holding: 'shop_pgdata',
  })
})
