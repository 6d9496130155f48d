import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, test } from 'vitest'
import { Stop } from '../../src/model/failure.ts'
import type { RestorePointDraft, Store } from '../../src/model/ports.ts'
import type { DumpRecord, HoldingRecord, RestorePoint } from '../../src/model/restore-point.ts'
import { directorySink, directorySource } from '../fakes/directory-source.ts'
import { manualManifest } from '../fakes/restore-point.ts'

const scope = { engine: 'AAAA:BBBB', project: 'shop' }

export interface StoreUnderTest {
  readonly name: string
  /** The same store at every call with the same folder. */
  readonly makeStore: (folder: string) => Store
  /** Ways in which an archive can go bad, and what is said of it then. */
  readonly damages: readonly {
    readonly name: string
    readonly why: RegExp
    readonly harm: (folder: string, point: RestorePoint, record: HoldingRecord) => void
  }[]
}

/** What every store promises, whatever it keeps things in. */
export function storeContract({ name, makeStore, damages }: StoreUnderTest): void {
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

    test.each(damages.map(damage => [damage.name, damage] as const))(
      'an archive that is %s is refused, before anything is unpacked',
      async (_, { harm, why }) => {
        const place = folder()
        const written = await put(makeStore(place), data(), 'stream')
        const [record] = written.manifest.holdings
        if (record === undefined) throw new Error('no holding')
        harm(place, written, record)
        const store = makeStore(place)
        const refusal = {
          reason: 'archive-damaged',
          path: expect.stringContaining(record.kept.path) as string,
        }
        await expect(failure(store.check(written, record, () => {}))).resolves.toMatchObject(refusal)
        await expect(failure(store.confirm(written, record, () => {}))).resolves.toMatchObject({
          ...refusal,
          why: expect.stringMatching(why) as string,
        })
        for (const way of ['stream', 'command'] as const) {
          const target = folder()
          const sink = directorySink(target, way)
          await expect(failure(store.extract(written, record, sink, () => {}))).resolves.toMatchObject(
            refusal,
          )
          expect(readdirSync(target)).toEqual([])
        }
      },
    )

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

    test('a hold whose name cannot be taken away does not undo what was read', async () => {
      const root = folder()
      const store = makeStore(root)
      const point = await put(store, data(), 'stream')
      const hold = await store.hold(point)
      const places = execFileSync('find', [root, '-name', '.readers', '-type', 'd'], { encoding: 'utf8' })
      for (const readers of places.trim().split('\n')) {
        rmSync(readers, { recursive: true })
        writeFileSync(readers, '')
      }
      await hold.release()
    })

    test('a reader that has waited for a remover that did not get on has its way', async () => {
      const store = makeStore(folder())
      const point = await put(store, data(), 'stream')
      await store.hold(point)
      const holds: unknown[] = []
      const isAlive = async (): Promise<boolean> => {
        holds.push(await store.hold(point))
        return false
      }
      expect(await store.remove(point, isAlive)).toBe(false)
      expect(holds).toHaveLength(1)
      expect(await store.list(scope)).toEqual([point])
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

    test('a removed restore point is gone, and nothing else is', async () => {
      const store = makeStore(folder())
      const source = data()
      const kept = await put(store, source, 'stream')
      const point = await put(store, source, 'stream')
      expect(await store.remove(point, async () => true)).toBe(true)
      await store.reclaim()
      expect((await store.list(scope)).map(({ id }) => id)).toEqual([kept.id])
      const [record] = kept.manifest.holdings
      if (record === undefined) throw new Error('no holding')
      await store.check(kept, record, () => {})
    })

    test('a dump comes back as it was written; a server that fails or says nothing has none', async () => {
      const store = makeStore(folder())
      await store.prepare()
      const draft = await store.begin(scope, 'x')
      const refusal = { reason: 'backup-failed' }
      const silent = draft.putDump('db/silent.sql', dumpOf(''), () => {})
      await expect(failure(silent)).resolves.toMatchObject(refusal)
      const failing = { ...dumpOf('half'), done: Promise.reject(new Error('the server went away')) }
      failing.done.catch(() => {})
      await expect(failure(draft.putDump('db/failing.sql', failing, () => {}))).resolves.toMatchObject({
        ...refusal,
        why: 'the server went away',
      })
      const dump = dumpOf('create table orders;\n'.repeat(10_000))
      const stored = await draft.putDump('db/shop.sql', dump, () => {})
      const record: DumpRecord = { ...stored, form: 'sql', database: 'shop', figures: [] }
      const state = await draft.putFile('state/compose.yaml', 'services: {}\n')
      const kept = await draft.putArchive('v', directorySource(data(), 'stream'), () => {})
      const point = await draft.publish(manualManifest(scope, kept))
      expect(point.manifest.state).toEqual([state])
      await store.checkDump(point, record, () => {})
      const { stream, done } = await store.openDump(point, record)
      expect(await text(stream)).toBe('create table orders;\n'.repeat(10_000))
      await done
    })

    test('several dumps at once come back, each as it was written', async () => {
      const store = makeStore(folder())
      await store.prepare()
      const draft = await store.begin(scope, 'x')
      const names = ['shop', 'blog', 'wiki', 'mail']
      const put = names.map(name => {
        const dump = dumpOf(`create table ${name};\n`.repeat(20_000))
        return draft.putDump(`db/${name}.sql`, dump, () => {})
      })
      const failing = { ...dumpOf('half'), done: Promise.reject(new Error('the server went away')) }
      failing.done.catch(() => {})
      await expect(failure(draft.putDump('db/failing.sql', failing, () => {}))).resolves.not.toBeNull()
      const stored = await Promise.all(put)
      const kept = await draft.putArchive('v', directorySource(data(), 'stream'), () => {})
      const point = await draft.publish(manualManifest(scope, kept))
      for (const [index, name] of names.entries()) {
        const record = { ...stored[index], form: 'sql', database: name, figures: [] } as DumpRecord
        await store.checkDump(point, record, () => {})
        const { stream, done } = await store.openDump(point, record)
        expect(await text(stream)).toBe(`create table ${name};\n`.repeat(20_000))
        await done
      }
    })

    test('what came of trying a restore point is kept with it', async () => {
      const store = makeStore(folder())
      const point = await put(store, data(), 'stream')
      const verification = {
        level: 'read',
        at: '2026-11-23T21:00:00.000Z',
        milliseconds: 5,
        well: true,
        checks: [],
      } as const
      await store.recordVerification(point, verification)
      expect((await store.find(scope, point.id)).verified).toEqual(verification)
    })

    test('is read by several while another one is written and one is removed', async () => {
      const place = folder()
      const store = makeStore(place)
      const old = await put(store, data(), 'stream')
      const read = await put(store, data(), 'stream')
      const [record] = read.manifest.holdings
      if (record === undefined) throw new Error('no holding')
      const reader = makeStore(place)
      const [written, listed] = await Promise.all([
        put(store, data(), 'stream'),
        reader.list(scope),
        reader.check(read, record, () => {}),
        makeStore(place).confirm(read, record, () => {}),
        makeStore(place).remove(old, async () => true),
      ])
      expect(listed.map(({ id }) => id)).toContain(read.id)
      expect(new Set((await makeStore(place).list(scope)).map(({ id }) => id))).toEqual(
        new Set([written.id, read.id]),
      )
    })

    test('projects and engines do not see each other', async () => {
      const store = makeStore(folder())
      const point = await put(store, data(), 'stream')
      const others = [
        { engine: scope.engine, project: 'other' },
        { engine: 'CCCC:DDDD', project: scope.project },
      ]
      for (const other of others) {
        expect(await store.list(other)).toEqual([])
        expect(await store.clearPartials(other, async () => false)).toEqual([])
        await expect(failure(store.find(other, point.id))).resolves.toMatchObject({ candidates: [] })
      }
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

function dumpOf(content: string): Parameters<RestorePointDraft['putDump']>[1] {
  return {
    stream: Readable.from([Buffer.from(content)], { objectMode: false }),
    done: Promise.resolve({ figures: [] }),
    stop: () => {},
  }
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
