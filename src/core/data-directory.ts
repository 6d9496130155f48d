import type { ImageFact, Settings } from '../model/facts.ts'
import type { DatabaseContents } from '../model/holding.ts'
import { dataPathsOfContainer } from './data-paths.ts'

/** Where a server will keep its data inside its container. */
export interface DataDirectory {
  readonly path: string
  /** The VOLUME that its image declares for it, as far as it is known; null where there is none. */
  readonly volume: string | null
  /** The variable or option that moves it there; null where it is the server's own place. */
  readonly movedBy: string | null
  /** What the server's files are recognised as. */
  readonly kind: DatabaseContents['kind']
  /** The major version of a PostgreSQL; null for others, and where it cannot be told. */
  readonly postgresMajor: number | null
}

interface Store {
  readonly kind: DatabaseContents['kind']
  /** What moves its data, the stronger first. */
  readonly movedBy: readonly string[]
  /** Whether the official image declares a VOLUME there. */
  readonly declared: boolean
}

const unmoved: Store = { kind: 'other', movedBy: [], declared: false }

/** By where the official image keeps its data. */
const stores: Readonly<Record<string, Store>> = {
  '/var/lib/postgresql/data': {
    kind: 'postgresql',
    movedBy: ['--data_directory', 'PGDATA'],
    declared: true,
  },
  '/home/postgres/pgdata': { kind: 'postgresql', movedBy: ['--data_directory', 'PGDATA'], declared: false },
  '/var/lib/mysql': { kind: 'mysql', movedBy: ['--datadir'], declared: true },
  '/data/db': { kind: 'mongodb', movedBy: ['--dbpath'], declared: true },
  '/data': { kind: 'redis', movedBy: ['--dir'], declared: true },
  '/var/lib/rabbitmq': { ...unmoved, declared: true },
}

/**
 * Where the server of this image will look for its data, given its settings. Null for images that are no known store,
 * and where too little is known: a PostgreSQL whose version nobody tells, several possible places.
 */
export function dataDirectoryOf(
  reference: string,
  image: ImageFact | undefined,
  settings: Settings,
): DataDirectory | null {
  const [first, ...more] = dataPathsOfContainer(reference, image)
  if (first === undefined) return null
  if (first === '/var/lib/postgresql/data') return postgres(reference, image, settings)
  const known = more.length === 0 ? first : [first, ...more].find(path => image?.volumes.includes(path))
  return known === undefined
    ? null
    : placed(known, volumeAt(known, image), settings, stores[known] ?? unmoved)
}

/** Up to 17 the VOLUME is the data directory; from 18 on its parent, with a folder for each major version. */
function postgres(reference: string, image: ImageFact | undefined, settings: Settings): DataDirectory | null {
  const store = stores['/var/lib/postgresql/data'] ?? unmoved
  const major = postgresMajor(reference, image)
  const told = store.movedBy.some(name => isPath(settings[name]))
  if (major === null && !told) return null
  const isNew = (major ?? 0) >= 18
  const path = isNew ? `/var/lib/postgresql/${major}/docker` : '/var/lib/postgresql/data'
  const parent = isNew ? '/var/lib/postgresql' : '/var/lib/postgresql/data'
  const volume = image === undefined || image.volumes.includes(parent) ? parent : null
  return { ...placed(path, volume, settings, store), postgresMajor: major }
}

function placed(path: string, volume: string | null, settings: Settings, store: Store): DataDirectory {
  const mover = store.movedBy.find(name => isPath(settings[name]))
  const moved = mover === undefined ? path : trim(settings[mover] ?? path)
  return {
    path: moved,
    volume,
    movedBy: moved === path ? null : (mover ?? null),
    kind: store.kind,
    postgresMajor: null,
  }
}

/** What the image says; of an image that is not there yet, what the official one is known to declare. */
function volumeAt(path: string, image: ImageFact | undefined): string | null {
  const declared = image === undefined ? stores[path]?.declared === true : image.volumes.includes(path)
  return declared ? path : null
}

/** By what the image says of itself, else by its tag: `postgres:18.1-alpine`, `pgvector/pgvector:pg17`. */
function postgresMajor(reference: string, image: ImageFact | undefined): number | null {
  const said = image?.versions['PG_MAJOR'] ?? image?.versions['PG_VERSION']
  const tag = /:([^/:@]+)(@|$)/.exec(reference)?.[1] ?? ''
  const number = /^(\d+)/.exec(said ?? '')?.[1] ?? /^(\d+)/.exec(tag)?.[1] ?? /pg(\d+)/.exec(tag)?.[1]
  return number === undefined ? null : Number(number)
}

function isPath(value: string | undefined): value is string {
  return value?.startsWith('/') === true
}

function trim(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') : path
}
