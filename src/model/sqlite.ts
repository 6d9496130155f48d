/** What was seen in the SQLite files of a copy. */
export interface SqliteSight {
  /** Files that are databases. */
  readonly files: number
  readonly tables: number
  /** In all tables that could be counted. */
  readonly rows: number
  /** Tables that could not: another program, which has what they need, may count more rows. */
  readonly uncounted: number
  /** What is wrong, a file each, with its path in the copy: `data/app.db: database disk image is malformed`. */
  readonly troubles: readonly string[]
}

/** What is kept of it with a copy; `uncounted` is absent where nobody looked. */
export type SqliteCounts = Pick<SqliteSight, 'files' | 'tables' | 'rows'> &
  Partial<Pick<SqliteSight, 'uncounted'>>
