import type { DatabaseContents } from '../../model/holding.ts'
import { readPgControl } from './pg-control.ts'

/** A way to look at single files below the root of a holding; paths are relative, without `./`. */
export interface FileLook {
  /** The first bytes of a file, at most `bytes`; null where no file is. */
  readonly read: (path: string, bytes: number) => Promise<Buffer | null>
  /** Whether anything is there. */
  readonly exists: (path: string) => Promise<boolean>
}

/**
 * The first database found in these folders (`` is the root), told by the files that only its server writes, with what
 * else lies beside it. Null when there is none. SQLite has no such file names: see `isSqlite`.
 */
export async function recogniseDatabase(
  look: FileLook,
  folders: readonly string[],
): Promise<DatabaseContents | null> {
  for (const [index, folder] of folders.entries()) {
    const database = await databaseAt(look, folder)
    if (database === null) continue
    const others = await otherDatabases(look, folders.slice(index + 1))
    return others.length === 0 ? database : { ...database, others }
  }
  return null
}

async function databaseAt(look: FileLook, folder: string): Promise<DatabaseContents | null> {
  const within: FileLook = {
    read: (path, bytes) => look.read(join(folder, path), bytes),
    exists: path => look.exists(join(folder, path)),
  }
  const found = await Promise.all(recognisers.map(recognise => recognise(within)))
  const database = found.find(each => each !== null)
  return database ? { ...database, path: folder } : null
}

/** A server's own folders are not gone through: only where another one would have put its data. */
async function otherDatabases(
  look: FileLook,
  folders: readonly string[],
): Promise<NonNullable<DatabaseContents['others']>> {
  const likely = folders.filter(folder => usualFolders.includes(folder) || versionFolder.test(folder))
  const found = await Promise.all(likely.map(folder => databaseAt(look, folder)))
  return found.flatMap(database =>
    database === null ? [] : [{ label: database.label, path: database.path }],
  )
}

/** `18/docker`, `15/main`: a folder for each version. */
const versionFolder = /^\d+(\.\d+)?(\/(docker|main|data))?$/

/** Where servers put their data below the root of what is mounted, besides the root itself. */
export const usualFolders: readonly string[] = [
  '',
  'data',
  'pgdata',
  'db',
  'mysql',
  'redis',
  ...[18, 19, 20].map(major => `${major}/docker`),
]

/** Folders worth a look, given the names of the directories at the root. */
export function foldersAmong(names: readonly string[]): readonly string[] {
  const inside = names.flatMap(name =>
    /^\d+(\.\d+)?$/.test(name) ? [name, `${name}/docker`, `${name}/main`, `${name}/data`] : [name],
  )
  return ['', ...inside.slice(0, 64)]
}

export function isSqlite(head: Buffer): boolean {
  return head.toString('latin1', 0, 16) === 'SQLite format 3\0'
}

/** Below the root only files that are called so are looked into. */
export function soundsLikeSqlite(name: string): boolean {
  return /\.(db|db3|s3db|sl3|sqlite|sqlite3)$/i.test(name)
}

export const sqlite: DatabaseContents = { kind: 'sqlite', label: 'SQLite', path: '', identity: null }

type Recogniser = (look: FileLook) => Promise<Omit<DatabaseContents, 'path'> | null>

const postgresql: Recogniser = async look => {
  const version = await look.read('PG_VERSION', 16)
  if (version === null || !(await look.exists('global'))) return null
  const number = version.toString('latin1').trim()
  return {
    kind: 'postgresql',
    label: /^\d+(\.\d+)?$/.test(number) ? `PostgreSQL ${number}` : 'PostgreSQL',
    identity: await systemIdentifier(look),
  }
}

/** A running server writes the file in place: a torn read is tried again. */
async function systemIdentifier(look: FileLook): Promise<string | null> {
  for (let attempt = 0; attempt < 3; attempt++) {
    const bytes = await look.read('global/pg_control', 8192)
    if (bytes === null) return null
    const control = readPgControl(bytes)
    if (control !== null) return control.systemIdentifier
  }
  return null
}

const mysql: Recogniser = async look => {
  const [ibdata, upgraded, renamed, aria, auto, history] = await Promise.all([
    look.exists('ibdata1'),
    look.read('mysql_upgrade_info', 64),
    look.read('mariadb_upgrade_info', 64),
    look.exists('aria_log_control'),
    look.read('auto.cnf', 512),
    look.read('mysql_upgrade_history', 4096),
  ])
  if (!ibdata && !aria) return null
  const identity = /server-uuid=([0-9a-f-]{36})/.exec(auto?.toString('latin1') ?? '')?.[1] ?? null
  const told = (upgraded ?? renamed)?.toString('latin1').trim() ?? ''
  const version = /^(\d+\.\d+)/.exec(told)?.[1] ?? lastVersion(history)
  const name = aria || told.includes('MariaDB') ? 'MariaDB' : auto !== null ? 'MySQL' : 'MySQL or MariaDB'
  return { kind: 'mysql', label: version === null ? name : `${name} ${version}`, identity }
}

/** MySQL appends a line of JSON for each version that has run on the data. */
function lastVersion(history: Buffer | null): string | null {
  const versions = [...(history?.toString('latin1') ?? '').matchAll(/"version":"(\d+\.\d+)/g)]
  return versions.at(-1)?.[1] ?? null
}

const redis: Recogniser = async look => {
  const [dump, folder, log] = await Promise.all([
    look.read('dump.rdb', 128),
    look.exists('appendonlydir'),
    look.read('appendonly.aof', 128),
  ])
  if (dump === null && !folder && log === null) return null
  return {
    kind: 'redis',
    label: labelOfRdb(dump) ?? labelOfRdb(log) ?? 'Redis',
    identity: null,
    persistence: { snapshot: dump !== null, log: folder || log !== null },
  }
}

/** `REDIS0010`, then auxiliary fields, the first of them the server's own version. */
function labelOfRdb(head: Buffer | null): string | null {
  const text = head?.toString('latin1') ?? ''
  if (!/^(REDIS|VALKEY)\d+/.test(text)) return null
  const [, fork, version] = /(redis|valkey)-ver.(\d+\.\d+)/s.exec(text) ?? []
  if (version === undefined) return text.startsWith('VALKEY') ? 'Valkey' : 'Redis'
  return `${fork === 'valkey' ? 'Valkey' : 'Redis'} ${version}`
}

const mongodb: Recogniser = async look => {
  const [file, catalog] = await Promise.all([look.read('WiredTiger', 64), look.exists('_mdb_catalog.wt')])
  if (file === null || !file.toString('latin1').startsWith('WiredTiger')) return null
  return catalog
    ? { kind: 'mongodb', label: 'MongoDB', identity: null }
    : { kind: 'other', label: 'a WiredTiger database', identity: null }
}

/** Servers without an adapter of their own: named, so that nobody takes their data for nothing. */
const others: readonly (readonly [file: string, label: string])[] = [
  ['member/snap/db', 'etcd'],
  ['mnesia', 'RabbitMQ'],
  ['influxd.bolt', 'InfluxDB'],
  ['nodes/0/_state', 'Elasticsearch'],
  ['_state/manifest-0.st', 'Elasticsearch'],
  ['meta.properties', 'Kafka'],
  ['databases/neo4j', 'Neo4j'],
  ['.minio.sys/format.json', 'MinIO'],
  ['grafana.db', 'Grafana'],
]

const other: Recogniser = async look => {
  const found = await Promise.all(others.map(([file]) => look.exists(file)))
  const label = others[found.indexOf(true)]?.[1]
  return label === undefined ? null : { kind: 'other', label, identity: null }
}

const recognisers: readonly Recogniser[] = [postgresql, mysql, redis, mongodb, other]

function join(folder: string, path: string): string {
  return folder === '' ? path : `${folder}/${path}`
}
