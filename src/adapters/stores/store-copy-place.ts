import { PassThrough } from 'node:stream'
import type { Readable } from 'node:stream'
import { Stop } from '../../model/failure.ts'
import type {
  CopyPlace,
  LockOwner,
  RestorePointDraft,
  Store,
  StoreScope,
  TarSource,
} from '../../model/ports.ts'
import { isSamePoint } from '../../core/same-point.ts'
import { archiveName, dumpName, stateName } from '../../core/stored-names.ts'
import type { DatabaseRecord, DumpRecord, HoldingRecord, RestorePoint } from '../../model/restore-point.ts'
import { refuseDamaged } from './copy-place.ts'
import { damaged } from './read-archive.ts'

export interface StoreCopyPlaceOptions {
  /** Where the restore points come from. */
  readonly from: Store
  /** Where they go. */
  readonly to: Store
  readonly isAlive: (owner: LockOwner) => Promise<boolean>
}

/**
 * A store of any kind as a place for the restore points of another. Each is read out of the one, checked against its
 * manifest, and put into the other as a backup is: compressed, encrypted and proven in that store's own way. It keeps its
 * id, its times and its reason, and gets the next number of the project there.
 */
export function openStoreCopyPlace({ from, to, isAlive }: StoreCopyPlaceOptions): CopyPlace {
  return {
    root: to.name,
    ids: to.ids,
    take: async (point, onBytes) => {
      const scope = scopeOf(point)
      refuseDamaged(point)
      await from.unlock(point)
      await to.prepare()
      await to.clearPartials(scope, isAlive)
      if ((await to.ids(scope)).has(point.id)) {
        const there = await to.find(scope, point.id)
        if (!isSamePoint(there.manifest, point.manifest)) throw anotherIsThere(to, point)
        if (await isWhole(to, there)) return 'there'
        // What takes its place must be good before it goes.
        await checkAll(from, point)
        if (!(await to.remove(there, isAlive))) throw isRead(to, point)
      }
      await transfer(from, to, point, onBytes)
      return 'copied'
    },
  }
}

async function transfer(
  from: Store,
  to: Store,
  point: RestorePoint,
  onBytes: (done: number) => void,
): Promise<void> {
  const draft = await to.begin(scopeOf(point), point.id)
  try {
    if (draft.id !== point.id) throw atWork(to, point)
    const { manifest } = point
    const put = { from, draft, point, onBytes: adding(point, onBytes) }
    const holdings: HoldingRecord[] = []
    for (const record of manifest.holdings) holdings.push(await putHolding(put, record))
    const databases: DatabaseRecord[] = []
    for (const record of manifest.databases ?? []) databases.push(await putDumps(put, record))
    for (const file of manifest.state)
      await draft.putFile(stateName(file.path), await from.readState(point, file))
    const {
      id: _,
      sequence: _sequence,
      format: _format,
      state: _state,
      encryption: _encryption,
      ...fields
    } = manifest
    await draft.publish({
      ...fields,
      holdings,
      ...(manifest.databases === undefined ? {} : { databases }),
    })
  } catch (error) {
    await draft.discard()
    throw error
  }
}

interface Put {
  readonly from: Store
  readonly draft: RestorePointDraft
  readonly point: RestorePoint
  /** A progress of each file, added up. */
  readonly onBytes: () => (done: number) => void
}

async function putHolding(
  { from, draft, point, onBytes }: Put,
  record: HoldingRecord,
): Promise<HoldingRecord> {
  const { source, whyNotRead } = archiveOf(from, point, record)
  const name = archiveName(record.kept.path)
  const kept = await written(() => draft.putArchive(name, source, onBytes()), whyNotRead)
  const { entries, contentBytes } = record.kept.tar
  if (kept.tar.entries !== entries || kept.tar.contentBytes !== contentBytes)
    throw damaged(record.kept.path, new Error('it does not hold what the manifest says'))
  return { ...record, kept }
}

async function putDumps(
  { from, draft, point, onBytes }: Put,
  record: DatabaseRecord,
): Promise<DatabaseRecord> {
  const dumps: DumpRecord[] = []
  for (const dump of record.dumps) {
    const { form, database, figures } = dump
    const { stream, done } = await from.openDump(point, dump)
    const source = { stream, done: done.then(() => ({ figures })), stop: () => void stream.destroy() }
    const name = dumpName(dump.path)
    const stored = await written(
      () => draft.putDump(name, source, onBytes()),
      () => reasonOf(done),
    )
    dumps.push({ ...stored, form, database, figures })
  }
  return { ...record, dumps }
}

/** Writes what is read. Where reading has failed by itself that is the reason, whatever came of it at the other end. */
async function written<T>(write: () => Promise<T>, whyNotRead: () => Promise<unknown>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    const failure = await whyNotRead()
    // That it could not be put anywhere is told better by who should have taken it.
    const isOwn = failure instanceof Stop && failure.failure.reason !== 'restore-failed'
    throw isOwn ? failure : error
  }
}

/** An archive as a volume is: its store writes into a pipe what another one reads. */
function archiveOf(
  from: Store,
  point: RestorePoint,
  record: HoldingRecord,
): { readonly source: TarSource; readonly whyNotRead: () => Promise<unknown> } {
  let read: Promise<unknown> = Promise.resolve()
  const source: TarSource = {
    kind: record.source,
    notes: [],
    expectedBytes: record.kept.tar.bytes,
    command: null,
    open: async () => {
      const pipe = new PassThrough()
      const ended = endOf(pipe)
      const sink = {
        kind: 'api' as const,
        command: null,
        open: async () => ({ stream: pipe, done: ended }),
        close: async () => {},
      }
      const done = from
        .extract(point, record, sink, () => {})
        .then(
          () => {},
          (error: unknown) => {
            pipe.destroy(error instanceof Error ? error : new Error(String(error)))
            throw error
          },
        )
      done.catch(() => {})
      read = done
      return { stream: pipe, done }
    },
    close: async () => {},
  }
  return { source, whyNotRead: () => reasonOf(read) }
}

/** Why a promise was rejected; null when it was not. */
function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => null,
    (reason: unknown) => reason,
  )
}

function endOf(stream: Readable): Promise<void> {
  const ended = new Promise<void>((resolve, reject) => stream.once('end', resolve).once('error', reject))
  ended.catch(() => {})
  return ended
}

async function isWhole(store: Store, point: RestorePoint): Promise<boolean> {
  if (point.state === 'damaged') return false
  try {
    await checkAll(store, point)
    return true
  } catch (error) {
    if (error instanceof Stop && error.failure.reason === 'archive-damaged') return false
    throw error
  }
}

/** Everything of it, to the end. Throws `archive-damaged`. */
async function checkAll(store: Store, point: RestorePoint): Promise<void> {
  const { holdings, databases = [], state } = point.manifest
  for (const record of holdings) await store.check(point, record, () => {})
  for (const { dumps } of databases) for (const dump of dumps) await store.checkDump(point, dump, () => {})
  for (const file of state) await store.readState(point, file)
}

/** What passes is not compressed; it is told as a part of the bytes that the restore point takes where it comes from. */
function adding(point: RestorePoint, onBytes: (done: number) => void): () => (done: number) => void {
  const { holdings, databases = [] } = point.manifest
  const whole =
    holdings.reduce((sum, { kept }) => sum + kept.tar.bytes, 0) +
    databases.flatMap(({ dumps }) => dumps).reduce((sum, { plainBytes }) => sum + plainBytes, 0)
  let before = 0
  let current = 0
  return () => {
    before += current
    current = 0
    return done => {
      current = done
      onBytes(Math.floor((Math.min(before + done, whole) / Math.max(whole, 1)) * point.bytes))
    }
  }
}

function anotherIsThere(to: Store, { id }: RestorePoint): Stop {
  return new Stop({
    reason: 'not-possible',
    what: `another restore point is called ${id} in ${to.name} already`,
    how: `look at it: safe-compose --safe-store ${to.name} show ${id}`,
  })
}

function isRead(to: Store, { id }: RestorePoint): Stop {
  return new Stop({
    reason: 'not-possible',
    what: `${id} in ${to.name} is damaged, and is being read`,
    how: 'wait until that has ended, then run the command again',
  })
}

function atWork(to: Store, { id }: RestorePoint): Stop {
  return new Stop({
    reason: 'not-possible',
    what: `${id} is being written to ${to.name} at this moment`,
    how: 'wait until that has ended, then run the command again',
  })
}

function scopeOf({ manifest }: RestorePoint): StoreScope {
  return { engine: manifest.engine.id, project: manifest.project.name }
}
