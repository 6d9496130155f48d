import { isWithin } from '../data-paths.ts'
import { isOfficialPostgres, postgresMajor } from './project.ts'
import type { LintMount, LintStore } from './project.ts'

/** Servers whose images declare no VOLUME: without a mount their data lies in the container itself. */
const withoutVolume: ReadonlySet<string> = new Set([
  'server',
  'azure-sql-edge',
  'elasticsearch',
  'opensearch',
  'grafana',
  'grafana-oss',
  'grafana-enterprise',
  'qdrant',
  'meilisearch',
  'weaviate',
  'milvus',
  'typesense',
  'cockroach',
  'surrealdb',
  'vault',
  'etcd',
  'solr',
  'timescaledb-ha',
])

/** Servers that are mostly used as caches: they keep data only where they are told to. */
const cachingKinds: ReadonlySet<string> = new Set([
  'redis',
  'redis-stack',
  'redis-stack-server',
  'valkey',
  'keydb',
  'dragonfly',
])

export function hasVolume({ kind, image }: LintStore): boolean {
  return !withoutVolume.has(kind) && !image.text.includes('bitnami')
}

/** Whether anything says that its data is to be kept. */
export function isKept({ kind, service }: LintStore): boolean {
  if (!cachingKinds.has(kind)) return true
  const line = [...service.command, service.environment['REDIS_ARGS'] ?? ''].join(' ')
  return /--appendonly[ =]["']?yes/.test(line) || /--save[ =]["']?\d/.test(line)
}

/** Where the data goes, any one of them; and the paths at which the image brings an anonymous volume of its own. */
export function placesOf(store: LintStore): {
  readonly data: readonly string[]
  readonly volumes: readonly string[]
} {
  const volumes = hasVolume(store) ? store.paths : []
  if (!isOfficialPostgres(store)) return { data: store.paths, volumes: store.isTold ? [] : volumes }
  const major = postgresMajor(store.tag)
  const [old, moved] = ['/var/lib/postgresql/data', '/var/lib/postgresql']
  if (major === null) return { data: store.isTold ? store.paths : [old, moved], volumes: [] }
  if (major >= 18)
    return { data: store.isTold ? store.paths : [`${moved}/${major}/docker`], volumes: [moved] }
  return { data: store.isTold ? store.paths : [old], volumes: [old] }
}

/** The mount in which the data really lies: not one whose place the image's own volume covers again. */
export function coveringMount(store: LintStore): LintMount | null {
  const { data, volumes } = placesOf(store)
  const covers = ({ target }: LintMount, path: string): boolean =>
    isWithin(path, target) &&
    !volumes.some(volume => volume !== target && isWithin(volume, target) && isWithin(path, volume))
  return store.service.mounts.find(mount => data.some(path => covers(mount, path))) ?? null
}
