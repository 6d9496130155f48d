import { execFileSync, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openDirectoryStore } from '../../src/adapters/stores/directory.ts'
import { folderOf } from '../../src/adapters/stores/folders.ts'
import type { Store, StoreScope } from '../../src/model/ports.ts'
import type { RestorePoint } from '../../src/model/restore-point.ts'
import { failure } from '../contract/store.contract.ts'
import { directorySource } from '../fakes/directory-source.ts'
import { manualManifest } from '../fakes/restore-point.ts'

const scope = { engine: 'AAAA:BBBB', project: 'shop' }

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'safe-compose-places-'))
  mkdirSync(join(folder, 'data'))
  writeFileSync(join(folder, 'data', 'a'), 'rows')
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('where a store may be', () => {
  test('the default root is made whole, private, with a README', async () => {
    const root = join(folder, 'a/b/store')
    await open(root).prepare()
    expect(modeOf(root)).toBe(0o700)
    expect(modeOf(join(root, 'README.md'))).toBe(0o600)
    expect(readdirSync(root)).toEqual(['README.md'])
  })

  test('a default root that is not there yet holds nothing', async () => {
    expect(await open(join(folder, 'nowhere')).list({ engine: null, project: null })).toEqual([])
  })

  test('of a named root only the last part is made: the rest may be a disk that is not mounted', async () => {
    const fresh = open(join(folder, 'store'), { named: true })
    expect(await fresh.list(scope)).toEqual([])
    await fresh.prepare()
    expect(modeOf(join(folder, 'store'))).toBe(0o700)
    const store = open(join(folder, 'disk/store'), { named: true })
    const refused = {
      reason: 'store-unusable',
      path: join(folder, 'disk/store'),
      why: 'it is not there',
      how: `make it (mkdir -p ${join(folder, 'disk/store')}) or mount its disk, or choose another folder with --safe-store DIR`,
    }
    await expect(failure(store.prepare())).resolves.toEqual(refused)
    await expect(failure(store.list(scope))).resolves.toEqual(refused)
    await expect(failure(store.find(scope, 'x'))).resolves.toEqual(refused)
    expect(existsSync(join(folder, 'disk'))).toBe(false)
  })

  test.each([true, false])('a file is no root (named: %s)', async named => {
    writeFileSync(join(folder, 'file'), '')
    for (const root of [join(folder, 'file'), join(folder, 'file/below')]) {
      const store = open(root, { named })
      await expect(failure(store.prepare())).resolves.toMatchObject({
        reason: 'store-unusable',
        why: expect.stringContaining('is a file') as string,
      })
    }
  })

  test('a root on a file system that is mounted read-only is refused', async () => {
    const disk = join(folder, 'disk')
    mkdirSync(disk)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro,size=1m', 'tmpfs', disk])
    try {
      await expect(failure(open(disk).prepare())).resolves.toMatchObject({
        reason: 'store-unusable',
        why: 'its file system is read-only',
        how: 'mount it writable, or choose another folder with --safe-store DIR',
      })
    } finally {
      execFileSync('umount', [disk])
    }
  })

  test('another user’s root is refused, and never mistaken for an empty one', async () => {
    const root = join(folder, 'store')
    await publish(open(root))
    for (const what of ['prepare', 'list', 'append']) {
      expect(asNobody(root, what)).toMatchObject({
        reason: 'store-unusable',
        why: expect.stringContaining('may not be read or written by this user') as string,
        how: expect.stringContaining(`ls -ld ${root}`) as string,
      })
    }
  })

  test('a root that is a disk of its own: what nobody may look into there is none of its folders', async () => {
    const root = join(folder, 'store')
    await publish(open(root))
    execFileSync('chmod', ['-R', 'a+rX', root])
    for (const name of ['lost+found', '.Trash-1000']) mkdirSync(join(root, name), { mode: 0o700 })
    for (const what of ['listAll', 'scopes', 'ledgers'])
      expect([what, asNobody(root, what)]).toEqual([what, null])
  })

  test('under a root made for a group everything is the group’s, whatever the umask', async () => {
    const root = join(folder, 'store')
    mkdirSync(root)
    chmodSync(root, 0o2770)
    const store = open(root)
    await publish(store)
    await store.journal(scope).append({ id: 'a', status: 'done' } as never)
    await store.ledger(scope).write({ format: 1 } as never)
    for (const path of execFileSync('find', [root, '-mindepth', '1'], { encoding: 'utf8' })
      .trim()
      .split('\n'))
      expect([path, modeOf(path)]).toEqual([path, statSync(path).isDirectory() ? 0o2770 : 0o660])
  })

  test('under any other root everything is the user’s alone', async () => {
    const root = join(folder, 'store')
    await publish(open(root))
    for (const path of execFileSync('find', [root], { encoding: 'utf8' }).trim().split('\n'))
      expect([path, modeOf(path)]).toEqual([path, statSync(path).isDirectory() ? 0o700 : 0o600])
  })

  test.each([
    [{ engine: 'JV4W:ABCD', project: 'shop' }, 'JV4W-ABCD/shop'],
    [{ engine: '../..', project: '..' }, '%2E.%2F../%2E.'],
    [{ engine: '', project: 'a/b\n\u001b[31mü' }, '%/a%2Fb%0A%1B%5B31m%C3%BC'],
    [{ engine: 'e', project: '.hidden' }, 'e/%2Ehidden'],
  ])('%j lies below the root at a readable place', (where, expected) => {
    expect(folderOf('/root', where)).toBe(`/root/${expected}`)
  })

  test('a name of any length has a place of its own', () => {
    const [one, two] = ['a', 'b'].map(last =>
      folderOf('/root', { engine: 'e', project: `${'x'.repeat(300)}${last}` }),
    )
    expect(one).not.toBe(two)
    expect(one?.split('/').at(-1)?.length).toBeLessThan(255)
  })
})

describe('what is in it', () => {
  test('restore points of all projects are listed newest first, each project in its own order', async () => {
    const store = open(join(folder, 'store'))
    const shop = [await publish(store), await publish(store)]
    const other = await publish(store, { engine: 'CCCC', project: 'other' })
    const again = await publish(store)
    const listed = await store.list({ engine: null, project: null })
    expect(listed.filter(point => point.manifest.project.name === 'shop').map(point => point.id)).toEqual(
      [again, ...shop.toReversed()].map(point => point.id),
    )
    expect(listed.map(point => point.path)).toContain(other.path)
    expect(await store.list({ engine: 'CCCC', project: null })).toHaveLength(1)
    expect(await store.list({ engine: null, project: 'shop' })).toHaveLength(3)
  })

  test('a clock that was set back does not change the order', async () => {
    const store = open(join(folder, 'store'))
    const first = await publish(store, scope, '20261124T000000Z-manual')
    const second = await publish(store, scope, '20200101T000000Z-manual')
    expect((await store.list(scope)).map(point => point.id)).toEqual([second.id, first.id])
  })

  test('a missing, short or unreadable part makes a restore point a damaged one that is still listed', async () => {
    const store = open(join(folder, 'store'))
    const [missing, short, future, torn] = [
      await publish(store),
      await publish(store),
      await publish(store),
      await publish(store),
    ]
    rmSync(join(missing.path, 'volumes/shop_pgdata.tar.zst'))
    truncateSync(join(short.path, 'volumes/shop_pgdata.tar.zst'), 10)
    const manifest = readFileSync(join(future.path, 'manifest.json'), 'utf8')
    writeFileSync(join(future.path, 'manifest.json'), manifest.replace('"format": 1', '"format": 2'))
    truncateSync(join(torn.path, 'manifest.json'), 100)

    const listed = await store.list(scope)
    const damage = new Map(listed.map(point => [point.id, point.damage]))
    expect(listed.every(point => point.state === 'damaged')).toBe(true)
    expect(damage.get(missing.id)).toBe('volumes/shop_pgdata.tar.zst is missing')
    expect(damage.get(short.id)).toMatch(/^volumes\/shop_pgdata.tar.zst has 10 bytes and should have \d+$/)
    expect(damage.get(future.id)).toBe(
      'its manifest cannot be read: it has format 2, and this version reads up to 1',
    )
    expect(damage.get(torn.id)).toBe('its manifest cannot be read: it is not whole JSON')

    await expect(failure(store.find(scope, future.id))).resolves.toMatchObject({
      reason: 'manifest-unreadable',
      how: 'use the safe-compose that wrote it, or a newer one',
    })
    expect((await store.find(scope, short.id)).state).toBe('damaged')
  })

  test('folders without a manifest, and what lies about, are no restore points', async () => {
    const store = open(join(folder, 'store'))
    const point = await publish(store)
    const project = join(point.path, '..')
    mkdirSync(join(project, '20261124T000000Z-manual'))
    cpSync(point.path, join(project, '20261125T000000Z-manual.partial'), { recursive: true })
    cpSync(point.path, join(project, '20261126T000000Z-manual.removing'), { recursive: true })
    writeFileSync(join(project, 'notes.txt'), '')
    expect((await store.list(scope)).map(each => each.id)).toEqual([point.id])
  })

  test('the next one’s sequence is above that of damaged and future ones', async () => {
    const store = open(join(folder, 'store'))
    const future = await publish(store)
    const manifest = readFileSync(join(future.path, 'manifest.json'), 'utf8')
    writeFileSync(
      join(future.path, 'manifest.json'),
      manifest.replace('"format": 1', '"format": 2').replace('"sequence": 1', '"sequence": 41'),
    )
    expect((await publish(store)).manifest.sequence).toBe(42)
  })

  test('several that begin in the same second get ids of their own', async () => {
    const root = join(folder, 'store')
    await open(root).prepare()
    const drafts = await Promise.all(
      Array.from({ length: 6 }, () => open(root).begin(scope, '20261123T201500Z-manual')),
    )
    expect(new Set(drafts.map(draft => draft.id)).size).toBe(6)
    for (const draft of drafts) await draft.discard()
    expect(readdirSync(join(root, 'AAAA-BBBB/shop'))).toEqual([])
  })

  test('two thousand restore points are listed, the newest first', async () => {
    const store = open(join(folder, 'store'))
    const point = await publish(store)
    const manifest = readFileSync(join(point.path, 'manifest.json'), 'utf8')
    for (let number = 2; number <= 2000; number++) {
      const path = join(point.path, '..', `20261123T201500Z-manual.${number}`)
      mkdirSync(join(path, 'volumes'), { recursive: true })
      symlinkSync(join(point.path, 'volumes/shop_pgdata.tar.zst'), join(path, 'volumes/shop_pgdata.tar.zst'))
      writeFileSync(join(path, 'manifest.json'), manifest.replace('"sequence": 1', `"sequence": ${number}`))
    }
    const listed = await store.list(scope)
    expect(listed).toHaveLength(2000)
    expect(listed[0]?.manifest.sequence).toBe(2000)
  })
})

describe('journal and ledger', () => {
  test('a torn line is passed over, and the next entry stands on a line of its own', async () => {
    const root = join(folder, 'store')
    const store = open(root)
    await store.prepare()
    const journal = store.journal(scope)
    await journal.append({ id: 'a', status: 'copying' } as never)
    const file = join(root, 'AAAA-BBBB/shop/journal.jsonl')
    appendFileSync(file, '{"id":"b","status":"cop')
    expect((await journal.read()).map(entry => entry.id)).toEqual(['a'])
    await journal.append({ id: 'c', status: 'done' } as never)
    await journal.append({ id: 'a', status: 'done' } as never)
    expect(await journal.read()).toEqual([
      { id: 'a', status: 'done' },
      { id: 'c', status: 'done' },
    ])
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(5)
  })

  test('lines of several runs do not mix', async () => {
    const store = open(join(folder, 'store'))
    await store.prepare()
    const ids = Array.from({ length: 50 }, (_, index) => `entry-${index}`)
    await Promise.all(
      ids.map(id => store.journal(scope).append({ id, status: 'done', argv: ['x'.repeat(10_000)] } as never)),
    )
    expect((await store.journal(scope).read()).map(entry => entry.id).toSorted()).toEqual(ids.toSorted())
  })

  test('there is none before the first entry', async () => {
    const store = open(join(folder, 'store'))
    expect(await store.journal(scope).read()).toEqual([])
    expect(await store.ledger(scope).read()).toBeNull()
  })

  test('a ledger that cannot be understood is said to be, with what to do', async () => {
    const root = join(folder, 'store')
    const store = open(root)
    await store.prepare()
    await store.ledger(scope).write({ format: 1 } as never)
    const path = join(root, 'AAAA-BBBB/shop/ledger.json')
    writeFileSync(path, '{"format": 1')
    await expect(failure(store.ledger(scope).read())).resolves.toEqual({
      reason: 'store-unusable',
      path,
      why: 'it is not whole JSON',
      how: `move it away: mv ${path} ${path}.damaged`,
    })
    writeFileSync(path, '{"format": 9}')
    await expect(failure(store.ledger(scope).read())).resolves.toMatchObject({
      why: 'it has format 9, and this version reads 1',
    })
  })
})

function open(root: string, more: { named?: boolean } = {}): Store {
  return openDirectoryStore({
    root,
    zstd: 'zstd',
    owner: async () => ({ host: 'here', bootId: 'boot', pid: 1, startedAt: '1' }),
    leave: () => 0,
    ...more,
  })
}

async function publish(
  store: Store,
  where: StoreScope = scope,
  id = '20261123T201500Z-manual',
): Promise<RestorePoint> {
  await store.prepare()
  const draft = await store.begin(where, id)
  const kept = await draft.putArchive(
    'shop_pgdata',
    directorySource(join(folder, 'data'), 'command'),
    () => {},
  )
  return draft.publish(manualManifest(where, kept))
}

function modeOf(path: string): number {
  return statSync(path).mode & 0o7777
}

/** What a store refuses to a user who has nothing to do with it: root may do everything, so a real one is needed. */
function asNobody(root: string, what: string): unknown {
  const program = join(folder, 'as-nobody.mjs')
  const module = new URL('../../src/adapters/stores/directory.ts', import.meta.url).pathname
  buildSync({
    stdin: {
      contents: `
        import { openDirectoryStore } from ${JSON.stringify(module)}
        const scope = ${JSON.stringify(scope)}
        const store = openDirectoryStore({ root: ${JSON.stringify(root)}, zstd: null, owner: async () => ({}) })
        const work = {
          prepare: () => store.prepare(),
          list: () => store.list(scope),
          listAll: () => store.list({ engine: null, project: null }),
          scopes: () => store.scopes(),
          ledgers: () => store.ledgers(),
          append: () => store.journal(scope).append({}),
        }
        await work.${what}().then(() => console.log('null'), error => console.log(JSON.stringify(error.failure)))`,
      resolveDir: folder,
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['fzstd'],
    outfile: program,
  })
  chmodSync(folder, 0o755)
  chmodSync(program, 0o644)
  // The Node at hand may lie in somebody's home, where nobody comes.
  const node = join(folder, 'node')
  copyFileSync(process.execPath, node)
  const run = spawnSync(node, [program], { uid: 65_534, gid: 65_534, encoding: 'utf8', cwd: '/' })
  if (run.status !== 0) throw new Error(`the program of another user failed: ${run.error ?? run.stderr}`)
  return JSON.parse(run.stdout)
}
