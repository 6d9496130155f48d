import type { DatabaseContents, Holding } from './holding.ts'

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
  readonly holdings: readonly HoldingRecord[]
  /** Files under `state/`: the Compose files, the unresolved model, inspect output without values. */
  readonly state: readonly StoredFile[]
  /** What could not be had, in words. */
  readonly notes: readonly string[]
}

export type RestorePointReason = 'preflight' | 'manual' | 'safety'

export interface StoredFile {
  /** Relative to the restore point's folder, forward slashes. */
  readonly path: string
  readonly bytes: number
  readonly sha256: string
}

export interface HoldingRecord {
  readonly holding: Holding
  /** What is needed to make the volume again; null for holdings that are no volume. */
  readonly volume: {
    readonly driver: string
    readonly options: Readonly<Record<string, string>>
    readonly labels: Readonly<Record<string, string>>
  } | null
  /** The form in which it is kept. `archive` today; readers refuse a form that they do not know, by name. */
  readonly kept: KeptForm
  readonly consistency: Consistency
  readonly source: 'api' | 'mountpoint'
  readonly database: DatabaseContents | null
  readonly usedBy: readonly string[]
  /** Newest modification seen before the copy. */
  readonly lastWrite: string | null
  readonly notes: readonly string[]
}

export type KeptForm = ArchiveForm

/** One tar file, compressed, readable by `tar` with `zstd` or `gzip`. */
export interface ArchiveForm extends StoredFile {
  readonly form: 'archive'
  readonly compression: 'zstd' | 'gzip'
  /** Of the tar inside: its length in bytes and what is in it, as counted when it was written. */
  readonly tar: TarCounts
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
 * - `running`: copied while in use
 * - `crash-consistent`: stopped, but a writer was killed (exit 137) before it could finish
 */
export type Consistency = 'cold' | 'paused' | 'running' | 'crash-consistent'

/** A restore point as `backups` lists it. */
export interface RestorePoint {
  readonly id: string
  /** Absolute folder. */
  readonly path: string
  readonly manifest: Manifest
  /** Bytes of all its files. */
  readonly bytes: number
  /** `good`: every file is there at its length. Otherwise why not. */
  readonly state: 'good' | 'damaged'
  readonly damage: string | null
}
