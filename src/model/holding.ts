/** A piece of data that can be lost. Volumes are told apart by name and creation time, the rest by where they hang. */
export type Holding = VolumeHolding | AnonymousHolding | BindHolding | LayerHolding | DirectoryHolding

/** A named volume. */
export interface VolumeHolding {
  readonly kind: 'volume'
  readonly name: string
  readonly createdAt: string
}

/** An anonymous volume: addressed by service, container number and path, since its 64-hex name never comes back. */
export interface AnonymousHolding {
  readonly kind: 'anonymous'
  readonly name: string
  readonly createdAt: string
  readonly service: string | null
  readonly number: number | null
  readonly path: string
  readonly container: string
  /** The container's name, where it is of no service. */
  readonly owner?: string
}

/** A directory of the host that a container mounts. */
export interface BindHolding {
  readonly kind: 'bind'
  readonly source: string
  readonly service: string | null
  readonly path: string
}

/** Data in a container's own writable layer. */
export interface LayerHolding {
  readonly kind: 'layer'
  /** Its id; empty for one that is still to come. */
  readonly container: string
  readonly service: string | null
  readonly number: number | null
  readonly path: string
  /** The container's name, where it is of no service. */
  readonly owner?: string
}

/** A directory of this machine that a command would delete (`bridge convert -o`). */
export interface DirectoryHolding {
  readonly kind: 'directory'
  /** Absolute. */
  readonly path: string
  /** What stood in it: equal while no name, size or time in it changes; empty where it could not be looked at. */
  readonly version: string
}

/** The name a person knows a holding by, unescaped: `shop_pgdata`, `db:/var/lib/postgresql/data`, `/srv/data`. */
export function nameOfHolding(holding: Holding): string {
  switch (holding.kind) {
    case 'volume':
      return holding.name
    case 'anonymous':
    case 'layer':
      return `${holding.service ?? holding.owner ?? holding.container}${holding.number && holding.number > 1 ? `-${holding.number}` : ''}:${holding.path}`
    case 'bind':
      return holding.source
    case 'directory':
      return holding.path
  }
}

/** What tells one holding from another across two looks at the engine. */
export function identityOfHolding(holding: Holding): string {
  switch (holding.kind) {
    case 'volume':
    case 'anonymous':
      return `volume ${holding.name} ${holding.createdAt}`
    case 'bind':
      return `bind ${holding.source}`
    case 'layer':
      return `layer ${holding.container || (holding.service ?? '')} ${holding.path}`
    case 'directory':
      return `directory ${holding.path} ${holding.version}`
  }
}

/** What is in a holding, as far as a quick look tells. */
export interface Contents {
  /** Nothing in it but perhaps empty directories: not at stake. */
  readonly empty: boolean
  /** Bytes on disk; null when the look ran out of its time. */
  readonly bytes: number | null
  /** Newest modification seen; null when it could not be told. */
  readonly lastWrite: string | null
  readonly database: DatabaseContents | null
  /** Why it is taken for a cache that can be made again (`node_modules`, …); null when it is not. */
  readonly cache: string | null
}

export interface DatabaseContents {
  readonly kind: 'postgresql' | 'mysql' | 'redis' | 'sqlite' | 'mongodb' | 'other'
  /** For people: `PostgreSQL 15`, `Redis`, `MariaDB 10.11`. */
  readonly label: string
  /** Where inside the holding its files lie: `` for the root, `18/docker`, `data`. */
  readonly path: string
  /** What identifies this very database across moves (PostgreSQL's system identifier); null where there is none. */
  readonly identity: string | null
  /** Other databases in the same holding (another version's folder, a moved data directory); absent where none was seen. */
  readonly others?: readonly { readonly label: string; readonly path: string }[]
  /**
   * Redis keeps a snapshot (`dump.rdb`), a log (`appendonlydir`, `appendonly.aof`), or both. Started with a log it reads
   * nothing else, and makes an empty one where there is none. Absent for other servers.
   */
  readonly persistence?: { readonly snapshot: boolean; readonly log: boolean }
}
