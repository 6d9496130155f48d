import type { ImageFact } from '../model/facts.ts'
import { readImageReference } from './image-reference.ts'

/** A database server, as far as its image tells without being run. */
export interface DatabaseServer {
  readonly maker: DatabaseMaker
  /** `[16]`, `[8, 0, 36]`; empty where neither variables nor the tag tell. */
  readonly version: readonly number[]
}

export type DatabaseMaker = 'PostgreSQL' | 'MySQL' | 'MariaDB' | 'Redis' | 'Valkey' | 'MongoDB'

/** By the last part of the repository's name. */
const makers: Readonly<Record<string, DatabaseMaker>> = {
  postgres: 'PostgreSQL',
  postgresql: 'PostgreSQL',
  postgis: 'PostgreSQL',
  pgvector: 'PostgreSQL',
  timescaledb: 'PostgreSQL',
  'timescaledb-ha': 'PostgreSQL',
  mysql: 'MySQL',
  'mysql-server': 'MySQL',
  percona: 'MySQL',
  'percona-server': 'MySQL',
  mariadb: 'MariaDB',
  redis: 'Redis',
  valkey: 'Valkey',
  mongo: 'MongoDB',
  mongodb: 'MongoDB',
  'mongodb-community-server': 'MongoDB',
}

/** Variables in which the official images, and those built from them, say their version; the best first. */
const variables: Readonly<Record<DatabaseMaker, readonly string[]>> = {
  PostgreSQL: ['PG_MAJOR', 'PG_VERSION'],
  MySQL: ['MYSQL_VERSION', 'MYSQL_MAJOR'],
  MariaDB: ['MARIADB_VERSION'],
  Redis: ['REDIS_VERSION'],
  Valkey: ['VALKEY_VERSION'],
  MongoDB: ['MONGO_VERSION', 'MONGO_MAJOR'],
}

/** Their tags begin with the version of the extension. */
const namedAfterExtension: ReadonlySet<string> = new Set(['pgvector', 'timescaledb', 'timescaledb-ha'])

/**
 * Which server an image runs, and which version: by what its environment says, else by its name and tag. Null where it
 * is none of those that are known here.
 */
export function databaseServer(
  reference: string | null,
  image: ImageFact | undefined,
): DatabaseServer | null {
  const named = reference === null ? undefined : readImageReference(reference)
  const maker = named !== undefined && Object.hasOwn(makers, named.name) ? makers[named.name] : makerOf(image)
  if (maker === undefined) return null
  const told = variables[maker].map(name => numbersIn(image?.versions[name] ?? ''))
  const byTag = named === undefined ? [] : versionInTag(named.name, named.tag ?? '', maker)
  return { maker, version: told.find(version => version.length > 0) ?? byTag }
}

/** `PostgreSQL 15` and the like, as contents are labelled; null for other labels and for those without a version. */
export function serverOfLabel(label: string): DatabaseServer | null {
  const [, maker, version] =
    /^(PostgreSQL|MySQL|MariaDB|Redis|Valkey|MongoDB) (\d+(?:\.\d+)*)$/.exec(label) ?? []
  return version === undefined ? null : { maker: maker as DatabaseMaker, version: numbersIn(version) }
}

/** Of an image with another name. Only a server's image declares a VOLUME: clients set the same variables. */
function makerOf(image: ImageFact | undefined): DatabaseMaker | undefined {
  if (image === undefined || image.volumes.length === 0) return undefined
  const all = Object.entries(variables) as (readonly [DatabaseMaker, readonly string[]])[]
  return all.find(([, names]) => names.some(name => name in image.versions))?.[0]
}

/** `15.4-1.pgdg120+1`, `1:10.11.6+maria~ubu2204`, `v8.0`: the numbers at the beginning, an epoch left out. */
function numbersIn(text: string): readonly number[] {
  const found = /^(?:\d+:)?v?(\d+(?:\.\d+)*)/.exec(text)?.[1]
  return found === undefined ? [] : found.split('.').map(Number)
}

function versionInTag(name: string, tag: string, maker: DatabaseMaker): readonly number[] {
  const inside = maker === 'PostgreSQL' ? /(?:^|[-_.])pg(\d+)/.exec(tag)?.[1] : undefined
  if (inside !== undefined) return [Number(inside)]
  if (namedAfterExtension.has(name)) return []
  const version = numbersIn(tag)
  // A date is no version.
  return (version[0] ?? 0) < 1000 ? version : []
}
