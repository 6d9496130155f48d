import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { Stop } from '../../src/model/failure.ts'
import type { Store } from '../../src/model/ports.ts'
import type { RestorePoint } from '../../src/model/restore-point.ts'
import { directorySink, directorySource } from '../fakes/directory-source.ts'
import { manualManifest } from '../fakes/restore-point.ts'

const scope = { engine: 'AAAA:BBBB', project: 'shop' }

/** What every store promises, whatever it keeps things in. */
export function storeContract(name: string, makeStore: (root: string) => Store): void {
  const folders: string[] = []
  const folder = (): string => {
    const made = mkdtempSync(join(tmpdir(), 'safe-compose-store-'))
    folders.push(made)
    return made
  }
  afterEach(() => {
    for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true })
  })

  function data(): string {
    const path = folder()
    mkdirSync(join(path, 'base', '1'), { recursive: true })
    writeFileSync(join(path, 'base', '1', 'table'), Buffer.alloc(3_000_000, 'row '))
    writeFileSync(join(path, 'noise'), crypto.getRandomValues(new Uint8Array(60_000)))
    writeFileSync(join(path, 'empty'), '')
    return path
  }

  async function put(
    store: Store,
    source: string,
    way: 'stream' | 'command',
    id = '20261123T201500Z-manual',
  ): Promise<RestorePoint> {
    await store.prepare()
    const draft = await store.begin(scope, id)
    const kept = await draft.putArchive('shop_pgdata', directorySource(source, way), () => {})
    return draft.publish(manualManifest(scope, kept))
  }

  describe(`store: ${name}`, () => {
    test.each([
      ['stream', 'stream'],
      ['stream', 'command'],
      ['command', 'stream'],
      ['command', 'command'],
    ] as const)('what goes in by %s comes out by %s, whole', async (wayIn, wayOut) => {
      const store = makeStore(folder())
      const source = data()
      const point = await put(store, source, wayIn)
      const [record] = point.manifest.holdings
      if (record === undefined) throw new Error('no holding')
      expect(record.kept.tar).toMatchObject({ entries: 6, files: 3, directories: 3, contentBytes: 3_060_000 })
      await store.check(point, record, () => {})
      await store.confirm(point, record, () => {})
      const target = folder()
      expect(await store.extract(point, record, directorySink(target, wayOut), () => {})).toEqual(
        record.kept.tar,
      )
      execFileSync('diff', ['-r', source, target])
    })

    test('what is not published does not exist; what is discarded leaves nothing', async () => {
      const store = makeStore(folder())
      await store.prepare()
      const draft = await store.begin(scope, 'x')
      await draft.putArchive('shop_pgdata', directorySource(data(), 'stream'), () => {})
      expect(await store.list(scope)).toEqual([])
      await draft.discard()
      expect(await store.clearPartials(scope, async () => false)).toEqual([])
    })

    test('a writer that died leaves a partial that is cleared; a living one is left alone', async () => {
      const store = makeStore(folder())
      await store.prepare()
      await store.begin(scope, 'x')
      expect(await store.clearPartials(scope, async () => true)).toEqual([])
      expect(await store.clearPartials(scope, async () => false)).toHaveLength(1)
      expect(await store.clearPartials(scope, async () => false)).toEqual([])
    })

    test('two restore points of one second get two ids, and the order is that of their sequence', async () => {
      const store = makeStore(folder())
      const first = await put(store, data(), 'stream')
      const second = await put(store, data(), 'stream')
      expect(second.id).not.toBe(first.id)
      expect((await store.list(scope)).map(point => point.id)).toEqual([second.id, first.id])
      expect((await store.list({ engine: null, project: null })).length).toBe(2)
      expect(await store.list({ engine: null, project: 'other' })).toEqual([])
    })

    test('is found by the beginning of its id, and an unknown or ambiguous one is refused with candidates', async () => {
      const store = makeStore(folder())
      const point = await put(store, data(), 'stream', '20261123T201500Z-manual')
      await put(store, data(), 'stream', '20261124T000000Z-manual')
      expect((await store.find(scope, '20261123')).id).toBe(point.id)
      await expect(failure(store.find(scope, '2026'))).resolves.toMatchObject({ candidates: { length: 2 } })
      await expect(failure(store.find(scope, 'nope'))).resolves.toMatchObject({
        reason: 'restore-point-not-found',
      })
    })

    test('a source that fails in the middle is a failed backup', async () => {
      const store = makeStore(folder())
      await store.prepare()
      const draft = await store.begin(scope, 'x')
      for (const way of ['stream', 'command'] as const) {
        const source = directorySource('/does/not/exist', way)
        await expect(failure(draft.putArchive(`by-${way}`, source, () => {}))).resolves.toMatchObject({
          reason: 'backup-failed',
        })
      }
      await draft.discard()
    })

    test('what was given up in the middle of a copy leaves nothing, and nothing running', async () => {
      const store = makeStore(folder())
      await store.prepare()
      const endless = folder()
      writeFileSync(join(endless, 'holes'), '')
      truncateSync(join(endless, 'holes'), 200 * 1024 ** 3)
      for (const way of ['stream', 'command'] as const) {
        const draft = await store.begin(scope, 'x')
        const copying = failure(draft.putArchive('endless', directorySource(endless, way), () => {}))
        await new Promise(resolve => setTimeout(resolve, 100))
        await draft.discard()
        await expect(copying).resolves.toMatchObject({ reason: 'backup-failed' })
        expect(await store.clearPartials(scope, async () => false)).toEqual([])
      }
    })

    test('what was given up takes nothing more, not even what was under way', async () => {
      const root = folder()
      const store = makeStore(root)
      await store.prepare()
      const draft = await store.begin(scope, 'x')
      const underWay = [draft.putFile('state/a', 'a'), draft.putFile('state/b/c', 'c')]
      await draft.discard()
      await Promise.allSettled(underWay)
      await expect(draft.putFile('state/late', 'late')).rejects.toThrow('given up')
      await expect(draft.putArchive('late', directorySource(data(), 'stream'), () => {})).rejects.toThrow(
        'given up',
      )
      expect(await store.clearPartials(scope, async () => false)).toEqual([])
      expect(readdirSync(root, { recursive: true }).filter(name => String(name).includes('state'))).toEqual(
        [],
      )
    })

    test('an archive that was cut off or altered is refused, before anything is unpacked', async () => {
      const place = folder()
      const written = await put(makeStore(place), data(), 'stream')
      const [record] = written.manifest.holdings
      if (record === undefined) throw new Error('no holding')
      const file = join(written.path, record.kept.path)
      const whole = readFileSync(file)
      const middle = Math.floor(whole.length / 2)
      const altered = Buffer.from(whole)
      altered.writeUInt8(altered.readUInt8(middle) ^ 1, middle)
      for (const [content, why] of [
        [whole.subarray(0, -1), 'bytes'],
        [altered, 'hash'],
      ] as const) {
        writeFileSync(file, content)
        const store = makeStore(place)
        const refusal = { reason: 'archive-damaged', path: file }
        await expect(failure(store.check(written, record, () => {}))).resolves.toMatchObject(refusal)
        await expect(failure(store.confirm(written, record, () => {}))).resolves.toMatchObject({
          ...refusal,
          why: expect.stringContaining(why) as string,
        })
        for (const way of ['stream', 'command'] as const) {
          const target = folder()
          const sink = directorySink(target, way)
          await expect(failure(store.extract(written, record, sink, () => {}))).resolves.toMatchObject(
            refusal,
          )
          expect(readdirSync(target)).toEqual([])
        }
      }
    })

    test('a target that cannot be written is a failed restore', async () => {
      const store = makeStore(folder())
      const point = await put(store, data(), 'stream')
      const [record] = point.manifest.holdings
      if (record === undefined) throw new Error('no holding')
      for (const way of ['stream', 'command'] as const) {
        const sink = directorySink('/does/not/exist', way)
        await expect(failure(store.extract(point, record, sink, () => {}))).resolves.toMatchObject({
          reason: 'restore-failed',
        })
      }
    })

    test('a removed restore point is gone, and may be removed again', async () => {
      const store = makeStore(folder())
      const point = await put(store, data(), 'stream')
      expect(await store.remove(point, async () => true)).toBe(true)
      expect(await store.list(scope)).toEqual([])
      expect(await store.remove(point, async () => true)).toBe(true)
      await expect(failure(store.hold(point))).resolves.toMatchObject({ reason: 'restore-point-not-found' })
    })

    test('one that is marked is listed as such, is as good as before, and may lose its mark', async () => {
      const store = makeStore(folder())
      const point = await put(store, data(), 'stream')
      expect(point.marked).toBeNull()
      await store.mark(point, new Date('2026-11-24T10:00:00.000Z'))
      const [marked] = await store.list(scope)
      expect(marked).toEqual({ ...point, marked: '2026-11-24T10:00:00.000Z' })
      expect((await store.find(scope, point.id)).marked).toBe('2026-11-24T10:00:00.000Z')
      await store.mark(point, null)
      await store.mark(point, null)
      expect(await store.list(scope)).toEqual([point])
    })

    test('one that is held is not removed, until it is released or its reader has died', async () => {
      const store = makeStore(folder())
      const point = await put(store, data(), 'stream')
      const [one, other] = [await store.hold(point), await store.hold(point)]
      expect(await store.beingRead(scope, async () => true)).toEqual(new Set([point.id]))
      await one.release()
      expect(await store.remove(point, async () => true)).toBe(false)
      expect(await store.list(scope)).toEqual([point])
      await other.release()
      expect(await store.beingRead(scope, async () => true)).toEqual(new Set())

      await store.hold(point)
      expect(await store.beingRead(scope, async () => false)).toEqual(new Set())
      expect(await store.remove(point, async () => false)).toBe(true)
      expect(await store.beingRead(scope, async () => true)).toEqual(new Set())
    })

    test('of readers and removers at the same moment one has its way', async () => {
      const store = makeStore(folder())
      const point = await put(store, data(), 'stream')
      const removal = store.remove(point, async () => true)
      const holds = await Promise.allSettled([store.hold(point), store.hold(point)])
      const isRemoved = await removal
      for (const hold of holds) expect(hold.status).toBe(isRemoved ? 'rejected' : 'fulfilled')
      expect(await store.list(scope)).toEqual(isRemoved ? [] : [point])
    })

    test('names every project of which something is kept', async () => {
      const store = makeStore(folder())
      expect(await store.scopes()).toEqual([])
      await put(store, data(), 'stream')
      expect(await store.scopes()).toHaveLength(1)
      for (const each of await store.scopes()) expect(await store.list(each)).toHaveLength(1)
    })

    test('journal and ledger give back what was written last', async () => {
      const store = makeStore(folder())
      await store.prepare()
      const entry = { id: 'a', status: 'copying' } as never
      await store.journal(scope).append(entry)
      await store.journal(scope).append({ id: 'a', status: 'done' } as never)
      await store.journal(scope).append({ id: 'b', status: 'copying' } as never)
      expect(await store.journal(scope).read()).toEqual([
        { id: 'a', status: 'done' },
        { id: 'b', status: 'copying' },
      ])
      expect(await store.ledger(scope).read()).toBeNull()
      await store.ledger(scope).write({ format: 1, project: 'shop' } as never)
      expect(await store.ledger(scope).read()).toEqual({ format: 1, project: 'shop' })
    })
  })
}

export async function failure(work: Promise<unknown>): Promise<Stop['failure'] | null> {
  return work.then(
    () => null,
    (error: unknown) => {
      if (error instanceof Stop) return error.failure
      throw error
    },
  )
}
