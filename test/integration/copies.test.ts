import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openCopyPlace } from '../../src/adapters/stores/copy-place.ts'
import { openDirectoryStore } from '../../src/adapters/stores/directory.ts'
import { backup } from '../../src/commands/backup.ts'
import type { Context } from '../../src/commands/context.ts'
import { copy } from '../../src/commands/copy.ts'
import { guard } from '../../src/commands/guard.ts'
import { listBackups } from '../../src/commands/list-backups.ts'
import { Stop } from '../../src/model/failure.ts'
import type { CopyPlace, Store } from '../../src/model/ports.ts'
import type { RestorePoint } from '../../src/model/restore-point.ts'
import { openTables } from '../../src/ui/tables.ts'
import { failure } from '../contract/store.contract.ts'
import { directorySink, directorySource } from '../fakes/directory-source.ts'
import { aContainer, aProject, aService, aVolume, typed } from '../fakes/facts.ts'
import { manualManifest } from '../fakes/restore-point.ts'
import { aWorld } from '../fakes/world.ts'
import type { World } from '../fakes/world.ts'

const scope = { engine: 'AAAA:BBBB', project: 'shop' }
const owner = async () => ({ host: 'here', bootId: 'boot', pid: 1, startedAt: '1' })
const noBytes = (): void => {}

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'safe-compose-copies-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const at = (name: string): string => join(folder, name)

function storeAt(name: string): Store {
  return openDirectoryStore({ root: at(name), zstd: '/usr/bin/zstd', owner, leave: () => 0 })
}

function placeAt(name: string, alive = false): CopyPlace {
  return openCopyPlace({ root: at(name), owner, isAlive: async () => alive, leave: () => 0 })
}

async function save(store: Store): Promise<RestorePoint> {
  mkdirSync(at('data/base'), { recursive: true })
  writeFileSync(at('data/base/table'), Buffer.alloc(3_000_000, 'row '))
  writeFileSync(at('data/noise'), crypto.getRandomValues(new Uint8Array(60_000)))
  await store.prepare()
  const draft = await store.begin(scope, '20261123T201500Z-manual')
  const kept = await draft.putArchive('shop_pgdata', directorySource(at('data'), 'stream'), noBytes)
  await draft.putFile('state/compose/1-compose.yaml', 'services: {}\n')
  return draft.publish(manualManifest(scope, kept))
}

const inCopy = (point: RestorePoint): string => join(at('copy'), 'AAAA-BBBB', 'shop', point.id)

describe('a copy', () => {
  test('is a store of its own, from which everything comes back', async () => {
    const point = await save(storeAt('store'))
    const told: number[] = []
    expect(await placeAt('copy').take(point, done => told.push(done))).toBe('copied')
    expect(told.at(-1)).toBe(point.bytes - readFileSync(join(point.path, 'manifest.json')).length)
    execFileSync('diff', ['-r', point.path, inCopy(point)])
    expect([...(await placeAt('copy').ids(scope))]).toEqual([point.id])
    const other = storeAt('copy')
    const [copied] = await other.list(scope)
    const [record] = copied?.manifest.holdings ?? []
    if (copied === undefined || record === undefined) throw new Error('nothing was copied')
    expect(copied.state).toBe('good')
    await other.extract(copied, record, directorySink(at('data/base'), 'command'), noBytes)
    expect(readFileSync(at('copy/README.md'), 'utf8')).toContain('Without it')
  })

  test('that is there and whole is left; one that is not is made anew', async () => {
    const point = await save(storeAt('store'))
    const place = placeAt('copy')
    await place.take(point, noBytes)
    expect(await place.take(point, noBytes)).toBe('there')
    appendFileSync(join(inCopy(point), 'state/compose/1-compose.yaml'), 'x')
    expect(await place.take(point, noBytes)).toBe('copied')
    rmSync(join(inCopy(point), 'volumes'), { recursive: true })
    expect(await place.take(point, noBytes)).toBe('copied')
    execFileSync('diff', ['-r', point.path, inCopy(point)])
    expect(readdirSync(join(inCopy(point), '..'))).toEqual([point.id])
  })

  test('never takes the place of something else', async () => {
    const point = await save(storeAt('store'))
    await placeAt('copy').take(point, noBytes)
    const manifest = join(inCopy(point), 'manifest.json')
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"tag": null', '"tag": "mine"'))
    await expect(failure(placeAt('copy').take(point, noBytes))).resolves.toMatchObject({
      reason: 'not-possible',
      what: `another restore point is in ${inCopy(point)} already`,
    })
    await expect(failure(placeAt('store').take(point, noBytes))).resolves.toMatchObject({
      reason: 'not-possible',
      what: `${point.path} is the restore point itself`,
    })
    for (const stands of [() => rmSync(manifest), () => writeFileSync(inCopy(point), 'a file of mine')]) {
      stands()
      await expect(failure(placeAt('copy').take(point, noBytes))).resolves.toMatchObject({
        reason: 'not-possible',
        what: `something that is no restore point is in ${inCopy(point)} already`,
      })
      rmSync(inCopy(point), { recursive: true })
    }
    expect(await placeAt('copy').take(point, noBytes)).toBe('copied')
  })

  test('of what cannot be read says so of the restore point, and not of the folder that it goes to', async () => {
    const point = await save(storeAt('store'))
    const archive = join(point.path, 'volumes/shop_pgdata.tar.zst')
    rmSync(archive)
    await expect(failure(placeAt('copy').take(point, noBytes))).resolves.toMatchObject({
      reason: 'archive-damaged',
      path: archive,
    })
    expect(readdirSync(join(inCopy(point), '..'))).toEqual([])
  })

  test('of what is not as its manifest says is refused, and nothing of it stays', async () => {
    const point = await save(storeAt('store'))
    const archive = join(point.path, 'volumes/shop_pgdata.tar.zst')
    const bytes = readFileSync(archive)
    bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1)
    writeFileSync(archive, bytes)
    await expect(failure(placeAt('copy').take(point, noBytes))).resolves.toMatchObject({
      reason: 'archive-damaged',
      path: archive,
    })
    expect(readdirSync(join(inCopy(point), '..'))).toEqual([])
    const damaged = { ...point, state: 'damaged', damage: 'it is half' } as const
    await expect(failure(placeAt('copy').take(damaged, noBytes))).resolves.toMatchObject({
      reason: 'not-possible',
    })
  })

  test('that a dead run left half is made whole; that of a living one is left to it', async () => {
    const point = await save(storeAt('store'))
    const partial = `${inCopy(point)}.partial`
    mkdirSync(partial, { recursive: true })
    writeFileSync(join(partial, 'owner.json'), JSON.stringify(await owner()))
    writeFileSync(join(partial, 'half'), 'half')
    await expect(failure(placeAt('copy', true).take(point, noBytes))).resolves.toMatchObject({
      reason: 'locked',
    })
    expect(await placeAt('copy').take(point, noBytes)).toBe('copied')
    execFileSync('diff', ['-r', point.path, inCopy(point)])
    expect(readdirSync(join(inCopy(point), '..'))).toEqual([point.id])
  })

  test('to a disk that is not mounted, or full, says so', async () => {
    const point = await save(storeAt('store'))
    await expect(failure(placeAt('nothing/copy').take(point, noBytes))).resolves.toMatchObject({
      reason: 'store-unusable',
      path: at('nothing/copy'),
      how: expect.stringContaining('choose another folder with --to DIR'),
    })
    const full = openCopyPlace({ root: at('copy'), owner, isAlive: async () => false, leave: total => total })
    await expect(failure(full.take(point, noBytes))).resolves.toMatchObject({ reason: 'no-space' })
    expect(readdirSync(join(inCopy(point), '..'))).toEqual([])
    expect([...(await placeAt('elsewhere').ids(scope))]).toEqual([])
  })
})

const shop = aProject({
  services: [aService('db', { mounts: ['pgdata:/data'] })],
  containers: [aContainer('db', { mounts: ['shop_pgdata:/data'] })],
  volumes: [aVolume('shop_pgdata')],
})
const byHand = { tag: null, names: [], stillness: 'online', limit: true, dumps: false } as const
const options = { ids: [], all: true, to: '/mnt/b' } as const

interface Copying {
  readonly world: World
  readonly context: Context
  readonly printed: string[]
}

/** A world whose second folder is out of reach. */
function copyingWorld(copies: readonly string[]): Copying {
  const world = aWorld({ facts: shop, policy: { copies } })
  const { context } = world
  const printed: string[] = []
  const said = new Set<string>()
  const kept = new Map<string, Set<string>>()
  const openCopy: Context['openCopyPlace'] = async root => ({
    root,
    ids: async () => kept.get(root) ?? new Set(),
    take: async point => {
      world.log.push(`copy ${point.id} to ${root}`)
      if (root === '/mnt/b')
        throw new Stop({
          reason: 'store-unusable',
          path: root,
          why: 'it is not there',
          how: 'mount its disk',
        })
      kept.set(root, new Set([...(kept.get(root) ?? []), point.id]))
      return 'copied'
    },
  })
  return {
    world,
    printed,
    context: {
      ...context,
      print: text => void printed.push(text),
      openCopyPlace: openCopy,
      projects: {
        ...context.projects,
        firstTime: async (_, text) => !said.has(text) && said.add(text).size > 0,
      },
    },
  }
}

const warnings = (world: World): readonly string[] =>
  world.events.flatMap(event => (event.type === 'warning' ? event.text : []))

describe('copies of the configuration', () => {
  test('to a folder with a space in its name: the command that makes up for it can be typed', async () => {
    const { world, context } = copyingWorld(['/mnt/my disk'])
    const unmounted: CopyPlace = {
      root: '/mnt/my disk',
      ids: async () => new Set(),
      take: async () => Promise.reject(new Error('it is gone')),
    }
    expect(await backup({ ...context, openCopyPlace: async () => unmounted }, typed('ps'), byHand)).toBe(0)
    expect(warnings(world).at(-1)).toMatch(/: safe-compose copy \S+ --to '\/mnt\/my disk'$/)
  })

  test('are made when everything runs again; one that fails is said, and fails nothing', async () => {
    const { world, context } = copyingWorld(['/mnt/b', '/mnt/a'])
    expect(await backup(context, typed('ps'), byHand)).toBe(0)
    const [point] = world.points
    const id = point?.id ?? ''
    expect(world.log.slice(-4)).toEqual([
      'unlock',
      `copy ${id} to /mnt/b`,
      `copy ${id} to /mnt/a`,
      `tell failed: copy of shop failed: ${id} was not copied to /mnt/b: the store /mnt/b cannot be used: it is not there`,
    ])
    expect(warnings(world)).toEqual([
      'copies are not encrypted: whoever can read /mnt/b or /mnt/a has the data (safe-compose keys generate)',
      `${id} was not copied to /mnt/b: the store /mnt/b cannot be used: it is not there; when that is mended: safe-compose copy ${id} --to /mnt/b`,
    ])
    await backup(context, typed('ps'), byHand)
    expect(warnings(world).filter(text => text.startsWith('copies are not'))).toHaveLength(1)
  })

  test('of what was saved before a command are made after it', async () => {
    const { world, context } = copyingWorld(['/mnt/a'])
    await guard(context, typed('down -v'))
    const id = world.points[0]?.id ?? ''
    expect(world.log.indexOf(`copy ${id} to /mnt/a`)).toBeGreaterThan(world.log.indexOf('compose down -v'))
    expect(world.log.indexOf(`copy ${id} to /mnt/a`)).toBeGreaterThan(world.log.lastIndexOf('unlock'))
  })

  test('are listed with the backups', async () => {
    const { world, context, printed } = copyingWorld(['/mnt/a', '/mnt/b'])
    await backup(context, typed('ps'), byHand)
    const tables = openTables({ width: null, home: null })
    await listBackups(context, typed('ps'), { json: true, all: true }, tables)
    expect(JSON.parse(printed.join(''))).toMatchObject([{ id: world.points[0]?.id, copies: ['/mnt/a'] }])
    printed.splice(0)
    await listBackups(context, typed('ps'), { json: false, all: true }, tables)
    expect(printed.join('')).toMatch(/COPIES\n.*\/mnt\/a\n/)
  })
})

describe('copy --to', () => {
  test('copies every good one, the oldest first, and goes on past one that cannot be copied', async () => {
    const { world, context, printed } = copyingWorld([])
    for (let time = 0; time < 2; time++) await backup(context, typed('ps'), byHand)
    expect(await copy(context, typed('ps'), { ...options, to: '/mnt/a' })).toBe(0)
    const ids = world.points.map(({ id }) => id).toReversed()
    expect(printed).toEqual(ids.map(id => `${id} copied to /mnt/a (10 B, read back)\n`))
    // A folder that is out of reach is so for all of them.
    await expect(failure(copy(context, typed('ps'), options))).resolves.toMatchObject({
      reason: 'store-unusable',
    })
  })

  test('says which it leaves because they are damaged, and that there is nothing to copy', async () => {
    const { world, context, printed } = copyingWorld([])
    expect(await copy(context, typed('ps'), { ...options, to: '/mnt/a' })).toBe(0)
    await backup(context, typed('ps'), byHand)
    world.points[0] = { ...(world.points[0] as RestorePoint), state: 'damaged', damage: 'it is half' }
    expect(await copy(context, typed('ps'), { ...options, to: '/mnt/a' })).toBe(0)
    const none = 'there is no good restore point in /store to copy'
    expect(warnings(world)).toEqual([
      none,
      `damaged, and not copied: ${world.points[0].id} (safe-compose backups)`,
      none,
    ])
    expect(printed).toEqual([])
  })
})
