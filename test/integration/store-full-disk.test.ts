import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openDirectoryStore } from '../../src/adapters/stores/directory.ts'
import type { Store } from '../../src/model/ports.ts'
import { failure } from '../contract/store.contract.ts'
import { directorySource } from '../fakes/directory-source.ts'
import { manualManifest } from '../fakes/restore-point.ts'

const scope = { engine: 'AAAA:BBBB', project: 'shop' }
const mega = 1 << 20
const size = 48 * mega

let folder = ''
let disk = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'safe-compose-full-'))
  disk = join(folder, 'disk')
  mkdirSync(disk)
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=700`, 'tmpfs', disk])
  mkdirSync(join(folder, 'noise'))
  for (let file = 0; file < 8; file++) writeFileSync(join(folder, 'noise', `${file}`), randomBytes(10 * mega))
  mkdirSync(join(folder, 'small'))
  writeFileSync(join(folder, 'small', 'a'), randomBytes(mega))
})

afterAll(() => {
  execFileSync('umount', [disk])
  rmSync(folder, { recursive: true, force: true })
})

beforeEach(() => {
  for (const name of readdirSync(disk)) rmSync(join(disk, name), { recursive: true, force: true })
})

describe.each([
  ['zstd', 'command'],
  ['zstd', 'stream'],
  ['gzip', 'stream'],
] as const)('a disk that is too small: %s, %s', (compression, way) => {
  const open = (leave: number): Store =>
    openDirectoryStore({
      root: join(disk, 'store'),
      zstd: compression === 'zstd' ? 'zstd' : null,
      owner: async () => ({ host: 'here', bootId: 'boot', pid: 1, startedAt: '1' }),
      leave: () => leave,
    })

  test('that runs full is a clean failure, and nothing is left of it', async () => {
    const store = open(0)
    await store.prepare()
    const draft = await store.begin(scope, 'x')
    const refused = await failure(
      draft.putArchive('v', directorySource(join(folder, 'noise'), way), () => {}),
    )
    expect(refused).toMatchObject({
      reason: 'no-space',
      holding: null,
      path: expect.stringContaining(disk) as string,
    })
    expect(refused?.reason === 'no-space' && refused.free).toBeLessThan(mega)
    expect(refused?.reason === 'no-space' && refused.written).toBeGreaterThan(30 * mega)
    await draft.discard()
    expect(await store.list(scope)).toEqual([])
    expect(readdirSync(join(disk, 'store', 'AAAA-BBBB', 'shop'))).toEqual([])
    await expectWorks(store)
  })

  test('is not used beyond what others need', async () => {
    const store = open(24 * mega)
    await store.prepare()
    const draft = await store.begin(scope, 'x')
    const refused = await failure(
      draft.putArchive('v', directorySource(join(folder, 'noise'), way), () => {}),
    )
    expect(refused).toMatchObject({ reason: 'no-space', needed: null })
    const free = refused?.reason === 'no-space' ? refused.free : 0
    expect(free).toBeLessThan(24 * mega)
    // It is looked at every few megabytes.
    expect(free).toBeGreaterThan(12 * mega)
    await draft.discard()
    await expectWorks(store)
  })

  test('is refused before it is begun where the copy cannot fit at all', async () => {
    const store = open(mega)
    await store.prepare()
    const draft = await store.begin(scope, 'x')
    const source = { ...directorySource(join(folder, 'noise'), way), expectedBytes: 1000 * size }
    const refused = await failure(draft.putArchive('v', source, () => {}))
    expect(refused).toMatchObject({ reason: 'no-space', needed: 50 * size, written: 0 })
    expect(existsSync(join(disk, 'store', 'AAAA-BBBB', 'shop', 'x.partial', 'volumes', 'v.tar.zst'))).toBe(
      false,
    )
    await draft.discard()
  })

  async function expectWorks(store: Store): Promise<void> {
    const draft = await store.begin(scope, 'y')
    const kept = await draft.putArchive('v', directorySource(join(folder, 'small'), way), () => {})
    const point = await draft.publish(manualManifest(scope, kept))
    await store.check(point, point.manifest.holdings[0] as (typeof point.manifest.holdings)[0], () => {})
  }
})

describe('a disk without a byte left', () => {
  const store = (): Store =>
    openDirectoryStore({
      root: join(disk, 'store'),
      zstd: null,
      owner: async () => ({ host: 'here', bootId: 'boot', pid: 1, startedAt: '1' }),
      leave: () => 0,
    })

  test('is told by everything that writes, and costs nothing that stands', async () => {
    const opened = store()
    await opened.prepare()
    await opened.journal(scope).append({ id: 'a', status: 'copying' } as never)
    await opened.ledger(scope).write({ format: 1, project: 'shop' } as never)
    const draft = await opened.begin(scope, 'x')
    fill()
    const long = 'x'.repeat(100_000)
    const noSpace = { reason: 'no-space', free: 0 }
    await expect(failure(opened.prepare())).resolves.toMatchObject(noSpace)
    await expect(failure(draft.putFile('state/x', long))).resolves.toMatchObject(noSpace)
    await expect(
      failure(opened.journal(scope).append({ id: 'b', status: long } as never)),
    ).resolves.toMatchObject(noSpace)
    await expect(failure(opened.ledger(scope).write({ project: long } as never))).resolves.toMatchObject(
      noSpace,
    )
    await expect(failure(opened.begin(scope, 'y'))).resolves.toMatchObject(noSpace)
    expect(await opened.ledger(scope).read()).toEqual({ format: 1, project: 'shop' })

    rmSync(join(disk, 'fill'))
    await opened.journal(scope).append({ id: 'c', status: 'done' } as never)
    expect((await opened.journal(scope).read()).map(entry => entry.id)).toEqual(['a', 'c'])
    await draft.discard()
    expect(readFileSync(join(disk, 'store', 'README.md'), 'utf8')).toContain('Without it')
  })

  function fill(): void {
    try {
      writeFileSync(join(disk, 'fill'), Buffer.alloc(size))
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC')
    }
  }
})
