import type { ServerKind } from '../model/database.ts'
import type { DatabaseContents } from '../model/holding.ts'
import { repositoryOf } from './data-paths.ts'

type Kind = DatabaseContents['kind']

/** What kind of database a server keeps: by the last part of its image's name. */
const kindByImage: Readonly<Record<string, Kind>> = {
  postgres: 'postgresql',
  postgresql: 'postgresql',
  postgis: 'postgresql',
  pgvector: 'postgresql',
  timescaledb: 'postgresql',
  'timescaledb-ha': 'postgresql',
  mysql: 'mysql',
  'mysql-server': 'mysql',
  mariadb: 'mysql',
  percona: 'mysql',
  'percona-server': 'mysql',
  mongo: 'mongodb',
  mongodb: 'mongodb',
  'mongodb-community-server': 'mongodb',
  redis: 'redis',
  'redis-stack': 'redis',
  'redis-stack-server': 'redis',
  valkey: 'redis',
  keydb: 'redis',
}

/** Variables of the official images, which images built from them inherit. */
const kindByVariable: Readonly<Record<string, Kind>> = {
  PG_MAJOR: 'postgresql',
  PG_VERSION: 'postgresql',
  MYSQL_MAJOR: 'mysql',
  MYSQL_VERSION: 'mysql',
  MARIADB_VERSION: 'mysql',
  MONGO_MAJOR: 'mongodb',
  MONGO_VERSION: 'mongodb',
  REDIS_VERSION: 'redis',
  VALKEY_VERSION: 'redis',
}

/** The kind of database that an image's server keeps; null where it is not known to keep one. */
export function kindOfImage(
  reference: string,
  image: { readonly versions: Readonly<Record<string, string>> } | undefined,
): Kind | null {
  const repository = repositoryOf(reference)
  const last = repository.slice(repository.lastIndexOf('/') + 1)
  if (Object.hasOwn(kindByImage, last)) return kindByImage[last] ?? null
  const variable = Object.keys(image?.versions ?? {}).find(name => Object.hasOwn(kindByVariable, name))
  return variable === undefined ? null : (kindByVariable[variable] ?? null)
}

/** Which kind of server an image promises; null for one that cannot be asked. Whether it is one, it tells itself. */
export function serverKindOf(...image: Parameters<typeof kindOfImage>): ServerKind | null {
  const kind = kindOfImage(...image)
  return kind === 'postgresql' || kind === 'mysql' || kind === 'redis' ? kind : null
}
