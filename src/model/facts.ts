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
  /** The Compose files, absolute where they are known. */
  readonly files: readonly string[]
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
  /** Names on the engine of the networks it must be attached to; left out where the model does not tell. */
  readonly networks?: readonly string[]
  readonly mounts: readonly MountModel[]
  /** Targets of `tmpfs:`. */
  readonly tmpfs: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

export interface MountModel {
  readonly type: 'volume' | 'bind' | 'tmpfs' | 'image' | 'cluster' | 'npipe'
  /** The volume's key in the model, or the host path of a bind; null for an anonymous volume or tmpfs. */
  readonly source: string | null
  readonly target: string
  readonly readOnly: boolean
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
  /** Names of environment variables only; values are never kept in facts. */
  readonly environmentKeys: readonly string[]
  readonly networks: readonly string[]
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
}
