import type { Contents } from './holding.ts'
import type { Ledger } from './journal.ts'

/**
 * One immutable picture of a project as declared (Compose's own resolved model) and of the engine as it is.
 * Times are ISO 8601 in UTC, sizes are bytes.
 */
export interface Facts {
  readonly takenAt: string
  readonly compose: ComposeFact
  readonly engine: EngineFact
  readonly project: ProjectFact
  /** Compose's resolved model for exactly this command line; null when `config` failed or the command needs none. */
  readonly model: Model | null
  /** The model with every profile and unused resource, where the command can reach beyond the plain one. */
  readonly wholeModel: Model | null
  /** What `config` said when it failed. */
  readonly modelError: string | null
  /** What `config` warned of, as it said it (`The "DATA_DIR" variable is not set …`). */
  readonly modelWarnings: string
  /** How the command finds what it acts on (down, rm, stop, …): by the file's model, or by the labels on the engine. */
  readonly target: 'model' | 'labels'
  /** `config --hash` per service, by the Compose that will run; empty when it was not asked. */
  readonly hashes: Readonly<Record<string, string>>
  /** Every container of the engine, stopped ones included. Those of the project carry `details`. */
  readonly containers: readonly ContainerFact[]
  /** Every volume of the engine. */
  readonly volumes: readonly VolumeFact[]
  /** The images of the project's containers and services. */
  readonly images: readonly ImageFact[]
  /** What is remembered of this project on this engine; null when nothing is. */
  readonly ledger: Ledger | null
  /** What is remembered of other projects, or of other engines, in this project's directory (by path or by inode). */
  readonly otherLedgers: readonly Ledger[]
  /** What the rules had looked into before they judge, by `identityOfHolding`. */
  readonly contents: Readonly<Record<string, Contents>>
  /** Directories of this machine that matter, by path; empty where the engine is not on this machine. */
  readonly places: Readonly<Record<string, PlaceFact>>
}

/** A path of this machine, as it stands. */
export interface PlaceFact {
  readonly state: 'missing' | 'empty' | 'filled' | 'file' | 'unknown'
  /** Device, inode and birth, `2049:131075:1763…`, which a rename keeps; null when nothing is there or it cannot be told. */
  readonly id: string | null
}

/** The file system of this machine on which a path lies. Bytes. */
export interface RoomFact {
  readonly free: number
  readonly size: number
  /** Where it is mounted. */
  readonly at: string
}

export interface ComposeFact {
  readonly version: string
  readonly form: 'plugin' | 'standalone' | 'v1'
}

export interface EngineFact {
  /** The engine's own stable id. */
  readonly id: string
  readonly version: string
  /** The API version spoken, such as `1.51`. */
  readonly apiVersion: string
  /** The endpoint, such as `unix:///var/run/docker.sock`. */
  readonly host: string
  /** A unix socket on this machine: mountpoints *may* be reachable (a nonce proves it). */
  readonly local: boolean
  readonly rootDirectory: string
  /** `rootless`, `name=userns`, … as the engine reports them. */
  readonly securityOptions: readonly string[]
}

export interface ProjectFact {
  readonly name: string
  /** The project directory where it is known (the model, or the labels of its containers). */
  readonly directory: string | null
  /** Device and inode of the directory; null when it cannot be told. */
  readonly directoryId: string | null
  /** The Compose files, absolute where they are known. */
  readonly files: readonly string[]
  /** What gives the project its name. Only `file` moves with the files wherever they go. */
  readonly namedBy: 'flag' | 'environment' | 'env-file' | 'file' | 'directory'
  /** Keys of volumes that the files themselves give a name. Looked up only where the directory names the project. */
  readonly pinned: readonly string[]
}

export interface Model {
  readonly name: string
  readonly services: readonly ServiceModel[]
  readonly volumes: readonly VolumeModel[]
}

export interface ServiceModel {
  readonly name: string
  readonly image: string | null
  readonly build: boolean
  /** Replicas as declared; 1 where nothing is said. */
  readonly scale: number
  readonly containerName: string | null
  readonly dependsOn: readonly string[]
  /** Of those the ones whose restart or replacement restarts it (`restart: true`). */
  readonly restartsWith?: readonly string[]
  /** Services whose namespaces or volumes it shares: its containers are tied to theirs by id. */
  readonly sharesWith?: readonly string[]
  /** `pull_policy`; left out where nothing is said. */
  readonly pullPolicy?: string
  /** Names on the engine of the networks it must be attached to; left out where the model does not tell. */
  readonly networks?: readonly string[]
  readonly mounts: readonly MountModel[]
  /** Targets of `tmpfs:`. */
  readonly tmpfs: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  /** What its environment and its command line say about where and how it keeps data. */
  readonly settings: Settings
  readonly hostname: string | null
  /** Milliseconds; null where nothing is said (Docker's 10 s). */
  readonly stopGracePeriod: number | null
  readonly stopSignal: string | null
}

/**
 * Of an environment and a command line only what tells about data (core/settings.ts lists it): variables by their name,
 * options by their name with two dashes (`--appendonly`). Values that are secrets are sealed: equal ones stay equal,
 * none can be read.
 */
export type Settings = Readonly<Record<string, string>>

export interface MountModel {
  readonly type: 'volume' | 'bind' | 'tmpfs' | 'image' | 'cluster' | 'npipe'
  /** The volume's key in the model, or the host path of a bind; null for an anonymous volume or tmpfs. */
  readonly source: string | null
  readonly target: string
  readonly readOnly: boolean
  /** The folder of the volume that is mounted instead of its root; null for the root. */
  readonly subpath: string | null
}

export interface VolumeModel {
  /** The key in the file. */
  readonly key: string
  /** The name on the engine. */
  readonly name: string
  readonly external: boolean
  readonly driver: string | null
  readonly driverOptions: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
}

export interface ContainerFact {
  readonly id: string
  readonly name: string
  /** From Compose's labels; null for containers of no project. */
  readonly project: string | null
  readonly service: string | null
  readonly number: number | null
  /** Made by `run`. */
  readonly oneOff: boolean
  readonly workingDirectory: string | null
  readonly configFiles: readonly string[]
  readonly configHash: string | null
  readonly state: ContainerState
  readonly image: string
  readonly imageId: string
  readonly createdAt: string
  readonly labels: Readonly<Record<string, string>>
  readonly mounts: readonly MountFact[]
  /** Names of the networks that it is or will be attached to. */
  readonly networks: readonly string[]
  /** Only read where the container was inspected: those of the project, and those that use what is at stake. */
  readonly details: ContainerDetails | null
}

export type ContainerState = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead'

export interface ContainerDetails {
  readonly autoRemove: boolean
  /** `no`, `always`, `unless-stopped`, `on-failure`. */
  readonly restartPolicy: string
  readonly restartMaximumRetries: number
  readonly exitCode: number
  readonly finishedAt: string | null
  /** Targets of tmpfs mounts, which hide a volume at the same path. */
  readonly tmpfs: readonly string[]
  /** Targets whose volume was given by its name. The engine never deletes such a one with the container. */
  readonly mountedByName?: readonly string[]
  readonly settings: Settings
  readonly hostname: string
  /** Milliseconds; null where the engine's default holds. */
  readonly stopTimeout: number | null
  readonly pid: number
}

export interface MountFact {
  readonly type: 'volume' | 'bind' | 'tmpfs' | 'image' | 'cluster' | 'npipe'
  /** The volume's name; null for binds and tmpfs. */
  readonly name: string | null
  /** The host path of a bind, the mountpoint of a volume; empty for tmpfs. */
  readonly source: string
  readonly destination: string
  readonly readOnly: boolean
}

export interface VolumeFact {
  readonly name: string
  readonly createdAt: string
  readonly driver: string
  readonly mountpoint: string
  readonly labels: Readonly<Record<string, string>>
  /** The driver's options (`type`, `o`, `device`, …). */
  readonly options: Readonly<Record<string, string>>
  /** Named by 64 hex digits, or labelled anonymous by the engine. */
  readonly anonymous: boolean
}

export interface ImageFact {
  readonly id: string
  /** The references that were asked for and resolve to it. */
  readonly references: readonly string[]
  readonly digests: readonly string[]
  /** Paths of its VOLUME instructions. */
  readonly volumes: readonly string[]
  /** Of its environment only what tells the software's version (`PG_MAJOR`, `REDIS_VERSION`, …). */
  readonly versions: Readonly<Record<string, string>>
  /** What its own environment and command line say about data, as for a service. */
  readonly settings: Settings
  /**
   * Whether the engine's answer about it has a `ContainerConfig`, in the API version that Compose v1 speaks: without
   * it v1 breaks off in the middle of a recreation. Null where it was not asked, for any other Compose.
   */
  readonly containerConfig: boolean | null
}
