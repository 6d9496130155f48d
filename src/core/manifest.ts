import { Stop } from '../model/failure.ts'
import { manifestFormat } from '../model/restore-point.ts'
import { filesOf, restorePointReasons } from '../model/restore-point.ts'
import type { Manifest } from '../model/restore-point.ts'

/** The manifest as it is stored: JSON for people and programs, a line each. */
export function encodeManifest(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`
}

/**
 * Reads a manifest's text. Throws `manifest-unreadable` for what is no manifest, was written by a newer version, or
 * keeps something in a form that this version does not know: never guesses. Keys that it does not know are kept.
 */
export function parseManifest(text: string, path: string): Manifest {
  const parsed = parseJson(text, path)
  if (!isRecord(parsed)) throw unreadable(path, 'it is not an object')
  const { format } = parsed
  if (typeof format !== 'number') throw unreadable(path, 'it names no format')
  if (format > manifestFormat)
    throw newer(path, `it has format ${format}, and this version reads up to ${manifestFormat}`)
  const holdings = parsed['holdings']
  if (Array.isArray(holdings)) for (const record of holdings) refuseUnknownForm(record, path)
  refuseUnknownEncryption(parsed['encryption'], path)
  const wrong = faultIn(parsed, manifestShape)
  if (wrong !== null) throw unreadable(path, `${wrong.at} ${wrong.why}`)
  const manifest = parsed as unknown as Manifest
  const outside = filesOf(manifest).find(file => !isInside(file.path))
  if (outside !== undefined)
    throw unreadable(path, `${JSON.stringify(outside.path)} lies outside of the restore point`)
  return manifest
}

/**
 * What can be told of a restore point whose manifest cannot be read, so that it is listed instead of hidden: mostly
 * from its id. Its `format` is never the one of this version.
 */
export function salvageManifest(
  text: string,
  id: string,
  where: { readonly engine: string; readonly project: string },
): Manifest {
  const parsed = parseOrNull(text)
  const { format, sequence, startedAt, finishedAt, tag } = isRecord(parsed) ? parsed : {}
  const time = timeIn(id)
  return {
    format: typeof format === 'number' && format !== manifestFormat ? format : 0,
    id,
    sequence: Number.isSafeInteger(sequence) ? Number(sequence) : 0,
    startedAt: isTime(startedAt) ? startedAt : time,
    finishedAt: isTime(finishedAt) ? finishedAt : time,
    reason: restorePointReasons.find(reason => id.includes(`Z-${reason}`)) ?? 'manual',
    tag: typeof tag === 'string' ? tag : null,
    command: null,
    tool: { name: 'safe-compose', version: 'unknown' },
    compose: null,
    engine: { id: where.engine, version: 'unknown', host: 'unknown' },
    project: { name: where.project, directory: null, files: [] },
    holdings: [],
    state: [],
    notes: [],
  }
}

/** The time that an id begins with; the beginning of time where it has none. */
function timeIn(id: string): string {
  const [year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(id)?.slice(1) ?? []
  const text = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`
  return isTime(text) ? text : new Date(0).toISOString()
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value))
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Whether a stored file's path stays inside of its restore point. */
export function isInside(path: string): boolean {
  const parts = path.split('/')
  return !path.includes('\0') && parts.every(part => part !== '' && part !== '.' && part !== '..')
}

/** What a value must be: a kind of value, a list, an object with these keys, or one of several things. */
type Shape =
  | 'text'
  | 'time'
  | 'count'
  | 'texts'
  | 'pairs'
  | { readonly words: readonly string[] }
  | { readonly nullable: Shape }
  | { readonly optional: Shape }
  | { readonly listOf: Shape }
  | { readonly keys: Readonly<Record<string, Shape>> }
  /** By what stands under its key `form`. */
  | { readonly forms: Readonly<Record<string, Shape>> }

const file = { path: 'text', bytes: 'count', sha256: 'text' } as const

const tarCounts: Shape = {
  keys: {
    bytes: 'count',
    entries: 'count',
    files: 'count',
    directories: 'count',
    links: 'count',
    others: 'count',
    contentBytes: 'count',
  },
}

/** The forms in which a holding may be kept. */
const keptForms: Readonly<Record<string, Shape>> = {
  archive: { keys: { ...file, compression: { words: ['zstd', 'gzip'] }, tar: tarCounts } },
  'restic-stream': { keys: { ...file, snapshot: 'text', added: 'count', tar: tarCounts } },
  'restic-tree': {
    keys: {
      ...file,
      snapshot: 'text',
      added: 'count',
      root: { keys: { mode: 'count', uid: 'count', gid: 'count' } },
      tar: tarCounts,
    },
  },
}

const holdingRecord: Shape = {
  keys: {
    holding: { keys: { kind: { words: ['volume', 'anonymous', 'bind', 'layer', 'directory'] } } },
    volume: { nullable: { keys: { driver: 'text', options: 'pairs', labels: 'pairs' } } },
    kept: { forms: keptForms },
    consistency: { words: ['cold', 'paused', 'online', 'running', 'crash-consistent'] },
    source: { words: ['api', 'mountpoint', 'server'] },
    database: { nullable: { keys: { kind: 'text', label: 'text', path: 'text' } } },
    usedBy: 'texts',
    lastWrite: { nullable: 'text' },
    sqlite: {
      optional: {
        keys: { files: 'count', tables: 'count', rows: 'count', uncounted: { optional: 'count' } },
      },
    },
    notes: 'texts',
  },
}

const figures: Shape = {
  listOf: { keys: { database: { nullable: 'text' }, of: { nullable: 'text' }, what: 'text' } },
}

const databaseRecord: Shape = {
  keys: {
    service: { nullable: 'text' },
    kind: 'text',
    label: 'text',
    holding: 'text',
    path: 'text',
    image: { keys: { reference: 'text', id: 'text' } },
    before: figures,
    after: { nullable: figures },
    dumps: {
      listOf: {
        keys: {
          ...file,
          form: 'text',
          database: { nullable: 'text' },
          compression: { words: ['zstd', 'gzip', 'none'] },
          plainBytes: 'count',
          snapshot: { optional: 'text' },
          added: { optional: 'count' },
          figures,
        },
      },
    },
    notes: 'texts',
  },
}

const manifestShape: Shape = {
  keys: {
    id: 'text',
    sequence: 'count',
    startedAt: 'time',
    finishedAt: 'time',
    reason: { words: restorePointReasons },
    tag: { nullable: 'text' },
    only: { optional: 'texts' },
    command: { nullable: 'texts' },
    tool: { keys: { name: 'text', version: 'text' } },
    compose: { nullable: { keys: { version: 'text', form: 'text' } } },
    engine: { keys: { id: 'text', version: 'text', host: 'text' } },
    project: { keys: { name: 'text', directory: { nullable: 'text' }, files: 'texts' } },
    encryption: { optional: { keys: { form: { words: ['age'] }, recipients: 'texts' } } },
    holdings: { listOf: holdingRecord },
    databases: { optional: { listOf: databaseRecord } },
    state: { listOf: { keys: file } },
    notes: 'texts',
  },
}

/** Something that is not as it must be: `holdings[0].kept` `is not an object`. */
interface Fault {
  readonly at: string
  readonly why: string
}

/**
 * The first fault; null when all is well. Where it is, is put together only when there is one: thousands of manifests are
 * read at once.
 */
function faultIn(value: unknown, shape: Shape): Fault | null {
  if (shape === 'text') return typeof value === 'string' ? null : fault('is not a text')
  if (shape === 'time') return isTime(value) ? null : fault('is not a time')
  if (shape === 'count')
    return Number.isSafeInteger(value) && Number(value) >= 0 ? null : fault('is not a number')
  if (shape === 'texts') return faultInList(value, 'text')
  if (shape === 'pairs')
    return isRecord(value) ? faultInKeys(value, Object.keys(value), () => 'text') : notAnObject
  if ('words' in shape)
    return typeof value === 'string' && shape.words.includes(value)
      ? null
      : fault(`is none of ${shape.words.join(', ')}`)
  if ('optional' in shape) return value === undefined ? null : faultIn(value, shape.optional)
  if ('nullable' in shape) return value === null ? null : faultIn(value, shape.nullable)
  if ('listOf' in shape) return faultInList(value, shape.listOf)
  if (!isRecord(value)) return notAnObject
  if ('forms' in shape) return faultIn(value, shape.forms[String(value['form'])] ?? { words: [] })
  const { keys } = shape
  return faultInKeys(value, Object.keys(keys), key => keys[key] ?? 'text')
}

function fault(why: string): Fault {
  return { at: '', why }
}

const notAnObject = fault('is not an object')

function faultInList(value: unknown, shape: Shape): Fault | null {
  if (!Array.isArray(value)) return fault('is not a list')
  for (const [index, each] of value.entries()) {
    const found = faultIn(each, shape)
    if (found !== null) return inside(`[${index}]`, found)
  }
  return null
}

function faultInKeys(
  value: Readonly<Record<string, unknown>>,
  keys: readonly string[],
  shapeOf: (key: string) => Shape,
): Fault | null {
  for (const key of keys) {
    const found = faultIn(value[key], shapeOf(key))
    if (found !== null) return inside(key, found)
  }
  return null
}

function inside(place: string, { at, why }: Fault): Fault {
  return { at: at === '' || at.startsWith('[') ? `${place}${at}` : `${place}.${at}`, why }
}

function refuseUnknownForm(record: unknown, path: string): void {
  const kept = isRecord(record) ? record['kept'] : null
  if (!isRecord(kept) || Object.hasOwn(keptForms, String(kept['form']))) return
  const form = JSON.stringify(kept['form'])
  throw newer(path, `it keeps a holding in the form ${form}, which this version does not know`)
}

function refuseUnknownEncryption(encryption: unknown, path: string): void {
  if (!isRecord(encryption) || encryption['form'] === 'age') return
  const form = JSON.stringify(encryption['form'])
  throw newer(path, `it is encrypted in the form ${form}, which this version does not know`)
}

function parseJson(text: string, path: string): unknown {
  const parsed = parseOrNull(text)
  if (parsed === null) throw unreadable(path, 'it is not whole JSON')
  return parsed
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function newer(path: string, why: string): Stop {
  return new Stop({
    reason: 'manifest-unreadable',
    path,
    why,
    how: 'use the safe-compose that wrote it, or a newer one',
  })
}

function unreadable(path: string, why: string): Stop {
  return new Stop({
    reason: 'manifest-unreadable',
    path,
    why,
    how: 'the archives beside it can be restored by hand: see README.md in the store',
  })
}
