/** What was seen in the SQLite files of a copy. */
export interface SqliteSight {
  /** Files that are databases. */
  readonly files: number
  readonly tables: number
  /** In all tables that could be counted. */
  readonly rows: number
  /** What is wrong, a file each, with its path in the copy: `data/app.db: database disk image is malformed`. */
  readonly troubles: readonly string[]
}
