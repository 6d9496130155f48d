import type { ContainerFact, Model, VolumeModel } from '../model/facts.ts'

/** What a volume's key shall mean from now on. */
export interface Pin {
  readonly key: string
  /** The name on the engine. */
  readonly volume: string
  /** Write `external: true` as well. */
  readonly external: boolean
}

/** What one Compose file says about volumes, read without Compose. */
export interface VolumeDeclarations {
  /** Absolute. */
  readonly file: string
  readonly volumes: readonly {
    readonly key: string
    /** As written, variables and all; null where the project's name decides. */
    readonly name: string | null
    readonly external: boolean
  }[]
  /** Keys that its services mount. */
  readonly mounted: readonly string[]
  /** Files that it includes, absolute. */
  readonly includes: readonly string[]
  /** Inclusions that cannot be followed (other hosts, variables), as written. */
  readonly unfollowed: readonly string[]
}

/** Volumes whose name follows the project's: another directory or `-p` gives them another, empty, volume. */
export function unpinned(
  model: Model,
  declarations: readonly VolumeDeclarations[],
  external: boolean,
): readonly VolumeModel[] {
  return model.volumes.filter(volume => {
    const own = declarations.flatMap(each => each.volumes.filter(({ key }) => key === volume.key))
    const isNamed = own.some(each => each.name !== null) || volume.external
    return !isNamed || (external && !volume.external)
  })
}

/**
 * The file into which a key's name belongs: the last one that names it, since it counts; else the first that declares
 * it; else the first whose services mount it; else the first.
 */
export function fileForPin(key: string, declarations: readonly VolumeDeclarations[]): string | null {
  const declaring = declarations.filter(({ volumes }) => volumes.some(volume => volume.key === key))
  const naming = declaring.filter(({ volumes }) =>
    volumes.some(each => each.key === key && each.name !== null),
  )
  const mounting = declarations.filter(({ mounted }) => mounted.includes(key))
  return (naming.at(-1) ?? declaring[0] ?? mounting[0] ?? declarations[0])?.file ?? null
}

/** A container that holds another volume than the one that its file means, at the same place. */
export interface Divergence {
  readonly service: string
  readonly container: string
  readonly volume: string
}

/** Who still holds another volume where the file now means this key. */
export function divergencesOf(
  model: Model,
  containers: readonly ContainerFact[],
  volume: VolumeModel,
): readonly Divergence[] {
  return model.services.flatMap(service =>
    service.mounts
      .filter(mount => mount.type === 'volume' && mount.source === volume.key)
      .flatMap(({ target }) =>
        containers
          .filter(each => each.project === model.name && each.service === service.name && !each.oneOff)
          .flatMap(container =>
            container.mounts
              .filter(mount => mount.destination === target && mount.type === 'volume')
              .flatMap(({ name }) =>
                name === null || name === volume.name
                  ? []
                  : [{ service: service.name, container: container.name, volume: name }],
              ),
          ),
      ),
  )
}

/** The answer of `config`, with the names as they shall be from now on: nothing else may differ after pinning. */
export function withPins(config: unknown, pins: readonly Pin[]): unknown {
  const root = recordOf(config)
  const volumes: Record<string, unknown> = { ...recordOf(root['volumes']) }
  for (const { key, volume, external } of pins)
    volumes[key] = { ...recordOf(volumes[key]), name: volume, ...(external ? { external: true } : {}) }
  return { ...root, volumes }
}

/** What two answers of `config` are compared by: the order of keys means nothing, nor does an empty mapping. */
export function canonicalConfig(config: unknown): string {
  return JSON.stringify(config, (_, value: unknown) => {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
    const entries = Object.entries(value).filter(([, each]) => each !== null)
    if (entries.length === 0) return null
    return Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)))
  })
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {}
}
