import type { Facts, VolumeFact, VolumeModel } from '../model/facts.ts'
import type { Circumstances } from '../model/finding.ts'
import type { Invocation } from '../model/invocation.ts'
import { composeIsAtLeast, isV1 } from './compose-version.ts'
import { isDryRun, isOn } from './invocation.ts'
import { closure, commandOf, isHelper, serviceCatalogue, serviceContainers } from './reach.ts'
import { findRemovals } from './removal.ts'

/** A named volume that `down --volumes` deletes. */
export interface DeletedVolume {
  readonly volume: VolumeFact
  /** What the file says about it; null when it is in no file. */
  readonly declared: VolumeModel | null
  /** The rule that tells most about it; every volume has exactly one. */
  readonly rule: 'down-volumes' | 'down-v-service' | 'label-mode-down' | 'foreign-named-volume'
}

/**
 * The named volumes that `down --volumes` deletes: by the file those that are not external, by name whatever label
 * they carry; by labels every volume of the project. Left out are volumes that a container still holds afterwards
 * (Compose passes over them) and those whose data lies elsewhere, such as a bound directory or NFS.
 */
export function deletedVolumes(
  facts: Facts,
  invocation: Invocation,
  circumstances: Circumstances,
): readonly DeletedVolume[] {
  return volumesTakenDown(facts, invocation, circumstances)
    .filter(({ volume }) => keepsItsOwnData(volume))
    .map(({ volume, declared }) => ({ volume, declared, rule: tellingRule(facts, invocation, volume) }))
}

/** The same with the volumes whose data lies elsewhere, which stays where it is. */
export function volumesTakenDown(
  facts: Facts,
  invocation: Invocation,
  circumstances: Circumstances,
): readonly Target[] {
  if (commandOf(invocation) !== 'down' || !isOn(invocation, 'volumes') || isDryRun(invocation)) return []
  const held = volumesHeldAfterwards(facts, invocation, circumstances)
  return targets(facts, invocation).filter(({ volume }) => !held.has(volume.name))
}

export type Target = Omit<DeletedVolume, 'rule'>

function targets(facts: Facts, invocation: Invocation): readonly Target[] {
  const declared = new Map(
    [...(facts.wholeModel?.volumes ?? []), ...(facts.model?.volumes ?? [])].map(each => [each.name, each]),
  )
  if (facts.target === 'labels' && !isV1(facts)) {
    if (namesNothingThatRuns(facts, invocation)) return []
    return facts.volumes
      .filter(volume => projectOf(volume) === facts.project.name && !volume.anonymous)
      .map(volume => ({ volume, declared: declared.get(volume.name) ?? null }))
  }
  return declaredTargets(facts, invocation).flatMap(each => {
    const volume = facts.volumes.find(existing => existing.name === each.name)
    return volume === undefined || each.external ? [] : [{ volume, declared: each }]
  })
}

/** By labels, 2.40 and later do nothing at all when none of the services named has a container. */
function namesNothingThatRuns(facts: Facts, invocation: Invocation): boolean {
  if (invocation.args.length === 0 || !composeIsAtLeast(facts, '2.40.0')) return false
  return invocation.args.every(service => serviceContainers(facts, service).length === 0)
}

/**
 * Version 1 takes every volume of the file, those of inactive profiles too. Later ones take those of the enabled
 * services; from 2.29 on, with services named, those of these and of their dependencies.
 */
function declaredTargets(facts: Facts, invocation: Invocation): readonly VolumeModel[] {
  const volumes = facts.model?.volumes ?? []
  if (facts.model === null) return []
  if (isV1(facts)) return facts.wholeModel?.volumes ?? volumes
  if (invocation.args.length === 0 || !composeIsAtLeast(facts, '2.29.0')) return volumes
  const catalogue = serviceCatalogue(facts)
  const services = closure(invocation.args, name => catalogue.get(name)?.dependsOn ?? [])
  const keys = new Set(
    [...services].flatMap(name => (catalogue.get(name)?.mounts ?? []).flatMap(mount => mount.source ?? [])),
  )
  const known = new Map([...(facts.wholeModel?.volumes ?? []), ...volumes].map(each => [each.key, each]))
  return [...known.values()].filter(each => keys.has(each.key))
}

/** What any container still mounts when the command has removed its own: also stopped ones hold a volume. */
function volumesHeldAfterwards(
  facts: Facts,
  invocation: Invocation,
  circumstances: Circumstances,
): ReadonlySet<string> {
  const removed = new Set(findRemovals(facts, invocation, circumstances).map(removal => removal.container))
  const left = facts.containers.filter(container => !removed.has(container) && !isHelper(container))
  return new Set(left.flatMap(container => container.mounts.flatMap(mount => mount.name ?? [])))
}

/** A local volume with a device of its own is only a name for something else, and tmpfs keeps nothing. */
export function keepsItsOwnData(volume: VolumeFact): boolean {
  if (volume.driver !== 'local') return true
  return (volume.options['device'] ?? '') === '' && volume.options['type'] !== 'tmpfs'
}

function tellingRule(facts: Facts, invocation: Invocation, volume: VolumeFact): DeletedVolume['rule'] {
  if (facts.target === 'labels') return 'label-mode-down'
  if (projectOf(volume) !== facts.project.name) return 'foreign-named-volume'
  return invocation.args.length > 0 ? 'down-v-service' : 'down-volumes'
}

/** The project that a volume says it was made for; null when it says nothing. */
export function projectOf(volume: VolumeFact): string | null {
  return volume.labels['com.docker.compose.project'] ?? null
}
