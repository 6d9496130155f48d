import type { DumpForm, Figure, ServerKind } from './database.ts'
import type { DatabaseContents, Holding } from './holding.ts'
import type { SqliteCounts } from './sqlite.ts'

/** The manifest format that this version writes. Readers refuse a higher major number. */
export const manifestFormat = 1

/**
 * One backup of a project: everything taken together, described by one manifest, written last. A folder without a
 * manifest is not a restore point.
 */
export interface Manifest {
  readonly format: number
  readonly id: string
  /** Rises by one per project, so that a clock set back does not change the order. */
  readonly sequence: number
  readonly startedAt: string
  readonly finishedAt: string
  readonly reason: RestorePointReason
  /** `--tag`. A tagged restore point is never removed by itself. */
  readonly tag: string | null
  /** What was asked for by name (services, volumes); absent where it was all data of the project. */
  readonly only?: readonly string[]
  /** The guarded command, values of `-e`/`--env` masked; null for a manual backup. */
  readonly command: readonly string[] | null
  readonly tool: { readonly name: 'safe-compose'; readonly version: string }
  readonly compose: { readonly version: string; readonly form: string } | null
  readonly engine: { readonly id: string; readonly version: string; readonly host: string }
  readonly project: {
    readonly name: string
    readonly directory: string | null
    readonly files: readonly string[]
  }
  /**
   * To whom every file but this one is encrypted: names, sizes, counts and times in the manifest stay readable. Absent
   * where everything is in the clear. Readers refuse a form that they do not know, by name.
   */
  readonly encryption?: EncryptionRecord
  readonly holdings: readonly HoldingRecord[]
  /** The servers that ran, what was counted in them, and their dumps; absent where none was asked. */
  readonly databases?: readonly DatabaseRecord[]
  /** Files under `state/`: the Compose files, the unresolved model, inspect output without values. */
  readonly state: readonly StoredFile[]
  /** What could not be had, in words. */
  readonly notes: readonly string[]
}

export interface EncryptionRecord {
  /** The format of https://age-encryption.org/v1. */
  readonly form: 'age'
  /** Public keys: `age1…`. */
  readonly recipients: readonly string[]
}

/**
 * - `preflight`: before a command
 * - `manual`: by hand
 * - `safety`: of what stood there before a restore, or a repair
 * - `schedule`: by the timer
 */
export type RestorePointReason = (typeof restorePointReasons)[number]

export const restorePointReasons = ['preflight', 'manual', 'safety', 'schedule'] as const

export interface StoredFile {
  /** Relative to the restore point's folder, forward slashes. */
  readonly path: string
  readonly bytes: number
  readonly sha256: string
}

/** A server that ran when the restore point was taken. */
export interface DatabaseRecord {
  readonly service: string | null
  readonly kind: ServerKind
  /** In the server's own words: `PostgreSQL 15.6`. */
  readonly label: string
  /** Where its files lie, as `nameOfHolding` has it. */
  readonly holding: string
  /** Where that is mounted in its container. */
  readonly path: string
  /** What it was started from: only with it can its files be read again. */
  readonly image: { readonly reference: string; readonly id: string }
  /** Before the copy of its files. */
  readonly before: readonly Figure[]
  /** After it; null where nothing could be written in between, or where it could not be asked any more. */
  readonly after: readonly Figure[] | null
  readonly dumps: readonly DumpRecord[]
  readonly notes: readonly string[]
}

/** What a server's own clients wrote down, compressed. */
export interface DumpRecord extends StoredFile {
  readonly form: DumpForm
  readonly database: string | null
  /** `none` where the store compresses by itself. */
  readonly compression: 'zstd' | 'gzip' | 'none'
  /** Before it was compressed. */
  readonly plainBytes: number
  /** Of a restic repository, where it is kept in one. */
  readonly snapshot?: string
  /** Bytes that it added to that repository. */
  readonly added?: number
  /** Counted in the very state that it shows; empty where the server cannot do that. */
  readonly figures: readonly Figure[]
}

export interface HoldingRecord {
  readonly holding: Holding
  /** What is needed to make the volume again; null for holdings that are no volume. */
  readonly volume: {
    readonly driver: string
    readonly options: Readonly<Record<string, string>>
    readonly labels: Readonly<Record<string, string>>
  } | null
  /** The form in which it is kept; readers refuse a form that they do not know, by name. */
  readonly kept: KeptForm
  readonly consistency: Consistency
  /** Through the archive API, from the mountpoint, or by the server itself. */
  readonly source: 'api' | 'mountpoint' | 'server'
  readonly database: DatabaseContents | null
  readonly usedBy: readonly string[]
  /** Newest modification seen before the copy. */
  readonly lastWrite: string | null
  /** What was counted in its SQLite databases when they were copied; absent where they were not opened. */
  readonly sqlite?: SqliteCounts
  readonly notes: readonly string[]
}

export type KeptForm = ArchiveForm | ResticStreamForm | ResticTreeForm

/** One tar file, compressed, readable by `tar` with `zstd` or `gzip`. */
export interface ArchiveForm extends StoredFile {
  readonly form: 'archive'
  readonly compression: 'zstd' | 'gzip'
  /** Of the tar inside: its length in bytes and what is in it, as counted when it was written. */
  readonly tar: TarCounts
}

/** One tar file as it is, alone in a snapshot of a restic repository, which compresses by itself and keeps nothing twice. */
export interface ResticStreamForm extends StoredFile {
  readonly form: 'restic-stream'
  /** The snapshot's whole id. */
  readonly snapshot: string
  /** Bytes that it added to the repository: what was there already takes no room. */
  readonly added: number
  readonly tar: TarCounts
}

/**
 * A directory as it is, alone in a snapshot of a restic repository. What had not changed since the snapshot before was not
 * even read. `sha256` is restic's hash of the whole tree; `tar` what a tar of it holds, whose length is about that.
 */
export interface ResticTreeForm extends StoredFile {
  readonly form: 'restic-tree'
  /** The snapshot's whole id. */
  readonly snapshot: string
  readonly added: number
  /** The directory's own attributes. `mtime`: seconds since 1970. */
  readonly root: { readonly mode: number; readonly uid: number; readonly gid: number; readonly mtime: number }
  readonly tar: TarCounts
}

/** Bytes that a stored file takes where it lies. */
export function bytesStored(file: StoredFile & { readonly added?: number }): number {
  return file.added ?? file.bytes
}

export interface TarCounts {
  readonly bytes: number
  readonly entries: number
  readonly files: number
  readonly directories: number
  readonly links: number
  readonly others: number
  /** Sum of the sizes of the files in it. */
  readonly contentBytes: number
}

/**
 * - `cold`: nothing ran that could write
 * - `paused`: the writers were frozen for the whole copy: as after a power cut
 * - `online`: written by the server itself while it went on, by its own method
 * - `running`: copied while in use
 * - `crash-consistent`: stopped, but a writer was killed (exit 137) before it could finish
 */
export type Consistency = 'cold' | 'paused' | 'online' | 'running' | 'crash-consistent'

/** Every file of a restore point but the manifest itself. */
export function filesOf(manifest: Manifest): readonly StoredFile[] {
  return [
    ...manifest.holdings.map(record => record.kept),
    ...(manifest.databases ?? []).flatMap(({ dumps }) => dumps),
    ...manifest.state,
  ]
}

/** A restore point as `backups` lists it. */
export interface RestorePoint {
  readonly id: string
  /** Where it lies: an absolute folder, or a repository and a snapshot of it, for people. */
  readonly path: string
  readonly manifest: Manifest
  /** Bytes that all its files take. */
  readonly bytes: number
  /** `good`: every file is there at its length. Otherwise why not. */
  readonly state: 'good' | 'damaged'
  readonly damage: string | null
  /** The last time that it was tried; null when it never was. */
  readonly verified: Verification | null
  /** Since when it is marked for removal; null when it is not. Being marked takes nothing from it. */
  readonly marked: string | null
}

/** What came of trying a restore point. */
export interface Verification {
  /**
   * - `read`: every file was read to its end
   * - `boot`: and the servers came up on copies of their files, and their dumps were read in
   */
  readonly level: 'read' | 'boot'
  readonly at: string
  readonly milliseconds: number
  readonly well: boolean
  /** What was tried, a line each, with what came of it. */
  readonly checks: readonly VerifiedPart[]
}

export interface VerifiedPart {
  /** `shop_pgdata`, `db`, `db: dump of shop`. */
  readonly what: string
  readonly well: boolean
  /** `PostgreSQL 15.6 came up in 2.1 s: 3 databases, 1,204,118 rows, as counted`. */
  readonly found: string
}
