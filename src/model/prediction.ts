import type { Plan } from './decision.ts'
import type { ComposeFact } from './facts.ts'
import type { Contents, Holding } from './holding.ts'

/** What makes Compose replace a container. */
export type RecreationCause = 'configuration' | 'image' | 'mount' | 'network' | 'forced' | 'dependency'

export type ContainerAction = 'create' | 'recreate' | 'start' | 'restart' | 'stop' | 'remove' | 'keep'

export type ContainerCause =
  | RecreationCause
  /** There are fewer containers than wanted. */
  | 'missing'
  /** There are more than wanted. */
  | 'scaled'
  /** The files do not know its service. */
  | 'orphan'
  /** The volume that it mounts is destroyed and made anew. */
  | 'volume'
  /** The command says so. */
  | 'command'
  /** Something on which it depends is replaced or restarted. */
  | 'partner'
  /** It is as it shall be. */
  | 'unchanged'
  /** The command does not reach it. */
  | 'untouched'

export interface PredictedContainer {
  readonly action: ContainerAction
  /** What it is called afterwards. Of what `run` makes, the beginning: Compose adds a random end. */
  readonly name: string
  /** Of the container that stands there now; null where none does. */
  readonly id: string | null
  readonly service: string | null
  readonly number: number | null
  readonly oneOff: boolean
  readonly before: ContainerCondition
  readonly after: ContainerCondition
  readonly cause: ContainerCause
  /** The cause in words, with the user's own names. */
  readonly why: string
  /** False where only the run itself will tell. */
  readonly certain: boolean
}

export type ContainerCondition = 'running' | 'paused' | 'stopped' | 'absent'

export type VolumeAction =
  | 'create'
  /** It exists, and something that is created, recreated or started mounts it. */
  | 'use'
  /** It stays, and nothing points to it any more. */
  | 'orphan'
  | 'destroy'
  /** It stays as it is. */
  | 'keep'

export interface PredictedVolume {
  readonly action: VolumeAction
  /** On the engine; of an anonymous volume that is yet to be made, `SERVICE:PATH`. */
  readonly name: string
  readonly kind: 'named' | 'anonymous'
  /** The key in the file; null where no file names it. */
  readonly key: string | null
  /** The data to look into; null where there is none yet. */
  readonly holding: Holding | null
  /** Services, and `container NAME` of others, that mount it when the command is done. */
  readonly usedBy: readonly string[]
  readonly why: string
  readonly certain: boolean
}

/** What Compose would do, from the model and the engine alone. */
export interface Prediction {
  readonly containers: readonly PredictedContainer[]
  readonly volumes: readonly PredictedVolume[]
  /** Why Compose would fail, which changes nothing that was there; null where it should succeed. */
  readonly failure: string | null
  /** What cannot be told beforehand, a sentence each. */
  readonly notes: readonly string[]
}

/** A prediction with what it means for the data: what `plan` shows, and the dry run. */
export interface Forecast {
  readonly takenAt: string
  readonly project: string
  readonly compose: ComposeFact
  readonly engine: { readonly id: string; readonly host: string }
  /** As it would be passed on, values of `-e`/`--env` masked. */
  readonly command: readonly string[]
  readonly prediction: Prediction
  /** By `identityOfHolding`, of the volumes that exist. */
  readonly contents: Readonly<Record<string, Contents>>
  /** The newest good restore point that holds it, by `identityOfHolding`. */
  readonly restorePoints: Readonly<Record<string, { readonly id: string; readonly finishedAt: string }>>
  /** What the rules find, and what safe-compose itself would do before Compose runs. */
  readonly plan: Plan
}
