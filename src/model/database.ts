/** The servers that can be asked and dumped, besides having their files copied. */
export type ServerKind = 'postgresql' | 'mysql' | 'redis'

/** One number that a database says of itself: what a copy of it is held against. */
export interface Figure {
  /** The database (PostgreSQL), schema (MySQL) or number (Redis); null for the server as a whole. */
  readonly database: string | null
  /** The table, sequence or extension, `public.users`; null for the database as a whole. */
  readonly of: string | null
  readonly what: FigureKind
  /** A text where a number would lose digits, and for versions. */
  readonly value: number | string
  /** False where it comes from the server's own statistics, because counting would have taken too long. */
  readonly exact: boolean
}

export type FigureKind =
  | 'databases'
  /** Bytes on the disk; never exact. */
  | 'size'
  | 'tables'
  | 'rows'
  | 'keys'
  /** Bytes that its data takes in memory; never exact. */
  | 'memory'
  /** Whether it keeps a log of what is written (AOF): `on`, `off`. A setting, which may be changed: never exact. */
  | 'log'
  | 'roles'
  | 'users'
  | 'routines'
  | 'extension'
  | 'large objects'
  | 'last value'

/** How a server is, in its own words. */
export interface ServerStatus {
  /** `PostgreSQL 15.6`. */
  readonly label: string
  /** Seconds since it was started. */
  readonly uptime: number | null
  /** Its databases, the largest first; `bytes` null where it does not tell. */
  readonly databases: readonly { readonly name: string; readonly bytes: number | null }[]
  /** How many are connected, and how many may be at most. */
  readonly connections: { readonly used: number; readonly most: number | null } | null
  /** When it last wrote down all that it knows (checkpoint, save), in ISO 8601. */
  readonly lastSave: string | null
  /** Who copies from it, or from whom it copies, with how many seconds or bytes it is behind. */
  readonly replication: readonly Replication[]
  /** What is worth a word: a save that failed, tables that a crash empties. */
  readonly troubles: readonly string[]
  /** It is told to write nothing down, as a cache is. */
  readonly keepsNothing: boolean
}

/** A number that must not get out of its limits, as the configuration names it (`critical`). */
export interface CriticalCount {
  readonly service: string
  /** Null where the server needs none to be asked. */
  readonly database: string | null
  /** A query that gives one number; for Redis a command that counts. */
  readonly query: string
  readonly min: number | null
  readonly max: number | null
  /** Whose configuration names it: what the user's says holds for every project that has such a service. */
  readonly owner: 'user' | 'project'
}

/** How a database is logged in to, where the user says so. */
export interface Login {
  /** Named, because what is told to a service `db` of one project is nobody's business in another. */
  readonly project: string
  readonly service: string
  /** Null for the one that its image makes. */
  readonly user: string | null
  /** Where the password stands, never the password; null where none is needed. */
  readonly password:
    | { readonly from: 'file'; readonly path: string }
    | { readonly from: 'variable'; readonly name: string }
    | null
}

/** What a gentle repair did, each line in words. */
export interface Repaired {
  /** Empty where there was nothing to do. */
  readonly done: readonly string[]
  /** What nothing could be made of, and was cut off. */
  readonly lost: readonly string[]
  /** What it could not mend. */
  readonly left: readonly string[]
}

export interface Replication {
  readonly with: string
  readonly state: string
  readonly behind: { readonly amount: number; readonly unit: 'seconds' | 'bytes' } | null
}

/**
 * - `pg-custom`: for `pg_restore`
 * - `pg-globals`: roles and tablespaces, for `psql`
 * - `sql`: for the `mariadb` or `mysql` client
 * - `rdb`: Redis' own snapshot file
 */
export type DumpForm = 'pg-custom' | 'pg-globals' | 'sql' | 'rdb'
