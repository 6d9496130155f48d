import { readImageReference } from './image-reference.ts'

/**
 * Where known servers keep their data inside a container: repository name (last part) to directories. Several stand
 * for different makers and versions of one name: the data lies in one of them.
 */
const dataPathsByImage: Readonly<Record<string, readonly string[]>> = {
  postgres: ['/var/lib/postgresql/data', '/var/lib/postgresql'],
  postgresql: ['/var/lib/postgresql/data', '/var/lib/postgresql', '/bitnami/postgresql'],
  postgis: ['/var/lib/postgresql/data', '/var/lib/postgresql'],
  pgvector: ['/var/lib/postgresql/data', '/var/lib/postgresql'],
  timescaledb: ['/var/lib/postgresql/data', '/var/lib/postgresql'],
  'timescaledb-ha': ['/home/postgres/pgdata'],
  mysql: ['/var/lib/mysql', '/bitnami/mysql'],
  'mysql-server': ['/var/lib/mysql'],
  mariadb: ['/var/lib/mysql', '/bitnami/mariadb'],
  percona: ['/var/lib/mysql'],
  'percona-server': ['/var/lib/mysql'],
  mongo: ['/data/db'],
  mongodb: ['/bitnami/mongodb'],
  'mongodb-community-server': ['/data/db'],
  redis: ['/data', '/bitnami/redis'],
  'redis-stack': ['/data'],
  'redis-stack-server': ['/data'],
  valkey: ['/data', '/bitnami/valkey'],
  keydb: ['/data'],
  dragonfly: ['/data'],
  rabbitmq: ['/var/lib/rabbitmq', '/bitnami/rabbitmq'],
  influxdb: ['/var/lib/influxdb', '/var/lib/influxdb2', '/var/lib/influxdb3'],
  elasticsearch: ['/usr/share/elasticsearch/data', '/bitnami/elasticsearch'],
  opensearch: ['/usr/share/opensearch/data'],
  grafana: ['/var/lib/grafana'],
  'grafana-oss': ['/var/lib/grafana'],
  'grafana-enterprise': ['/var/lib/grafana'],
  qdrant: ['/qdrant/storage'],
  meilisearch: ['/meili_data'],
  weaviate: ['/var/lib/weaviate'],
  milvus: ['/var/lib/milvus'],
  typesense: ['/data'],
  couchdb: ['/opt/couchdb/data'],
  couchbase: ['/opt/couchbase/var'],
  cassandra: ['/var/lib/cassandra'],
  scylla: ['/var/lib/scylla'],
  'clickhouse-server': ['/var/lib/clickhouse'],
  clickhouse: ['/var/lib/clickhouse'],
  cockroach: ['/cockroach/cockroach-data'],
  neo4j: ['/data'],
  arangodb: ['/var/lib/arangodb3'],
  'azure-sql-edge': ['/var/opt/mssql'],
  surrealdb: ['/data'],
  etcd: ['/etcd-data', '/bitnami/etcd'],
  vault: ['/vault/file'],
  solr: ['/var/solr'],
  rethinkdb: ['/data'],
}

/** Images whose last part says too little: matched by the end of the whole repository name. */
const dataPathsByRepository: Readonly<Record<string, readonly string[]>> = {
  'mssql/server': ['/var/opt/mssql'],
}

/**
 * The directories in one of which the server of this image keeps its data; none for an image that is not a known
 * store. The reference may carry a registry, a tag and a digest.
 */
export function dataPathsOfImage(reference: string): readonly string[] {
  const { repository, name: last } = readImageReference(reference)
  const whole = Object.entries(dataPathsByRepository).find(
    ([name]) => repository === name || repository.endsWith(`/${name}`),
  )
  if (whole !== undefined) return whole[1]
  const paths = Object.hasOwn(dataPathsByImage, last) ? (dataPathsByImage[last] ?? []) : []
  const isBitnami = repository.includes('bitnami')
  return paths.filter(path => path.startsWith('/bitnami/') === isBitnami)
}

/** Variables that the official images set, and images built from them inherit. */
const storeByVariable: Readonly<Record<string, string>> = {
  PG_MAJOR: 'postgres',
  PG_VERSION: 'postgres',
  MYSQL_MAJOR: 'mysql',
  MYSQL_VERSION: 'mysql',
  MARIADB_VERSION: 'mariadb',
  MONGO_MAJOR: 'mongo',
  MONGO_VERSION: 'mongo',
  REDIS_VERSION: 'redis',
  VALKEY_VERSION: 'valkey',
  RABBITMQ_VERSION: 'rabbitmq',
}

/** What is known of an image besides its reference. */
type KnownImage = { readonly versions: Readonly<Record<string, string>> } | undefined

/** The same for a container: by its image's name, else by what its image's environment says it was built from. */
export function dataPathsOfContainer(reference: string, image: KnownImage): readonly string[] {
  const byName = dataPathsOfImage(reference)
  if (byName.length > 0) return byName
  return dataPathsByImage[builtFrom(image) ?? ''] ?? []
}

function builtFrom(image: KnownImage): string | null {
  const variable = Object.keys(image?.versions ?? {}).find(name => Object.hasOwn(storeByVariable, name))
  return variable === undefined ? null : (storeByVariable[variable] ?? null)
}

/** Directories that say by themselves that a database lives there, whatever the image is called. */
const telling = [
  ...new Set(
    [...Object.values(dataPathsByImage), ...Object.values(dataPathsByRepository)]
      .flat()
      .filter(path => path !== '/data'),
  ),
]

/** Whether a mount at this path is known to hold a database's data: the directory itself, or below it. */
export function isDataPath(path: string): boolean {
  return telling.some(known => isWithin(path, known))
}

/** Whether `path` is `directory` or lies below it. */
export function isWithin(path: string, directory: string): boolean {
  const [inner, outer] = [trim(path), trim(directory)]
  return inner === outer || inner.startsWith(outer === '/' ? '/' : `${outer}/`)
}

function trim(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') : path
}

/** The name of an image without its tag and digest. */
export function repositoryOf(reference: string): string {
  const withoutDigest = reference.split('@')[0] ?? ''
  const lastSlash = withoutDigest.lastIndexOf('/')
  const colon = withoutDigest.indexOf(':', lastSlash + 1)
  return colon < 0 ? withoutDigest : withoutDigest.slice(0, colon)
}
