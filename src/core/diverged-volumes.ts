import type { ContainerFact, Facts, VolumeFact, VolumeModel } from '../model/facts.ts'
import type { Circumstances } from '../model/finding.ts'
import type { Invocation } from '../model/invocation.ts'
import { composeIsAtLeast } from './compose-version.ts'
import { isDryRun, isOn } from './invocation.ts'
import { closure, commandOf, isHelper, namedServices, serviceCatalogue, serviceContainers } from './reach.ts'
import { volumeHash } from './volume-hash.ts'

/** A volume whose definition differs from the file's, and that Compose is about to destroy and create anew. */
export interface DivergedVolume {
  readonly volume: VolumeFact
  readonly declared: VolumeModel
  /** The containers that Compose removes so that it can remove the volume. */
  readonly removed: readonly ContainerFact[]
  /** Whoever else holds the volume: then the containers go, but the volume stays. */
  readonly heldBy: readonly ContainerFact[]
  /** What says yes: `--yes`, or what stands on Compose's standard input. */
  readonly answer: 'yes' | 'data' | 'terminal'
}

/**
 * The volumes that `up`, `create`, `run`, `scale` and `watch` (2.32 and later) destroy because the definition in the
 * file has changed, if the question gets a yes: from `--yes`, or possibly from a terminal or from data on standard
 * input. Without any of them Compose keeps the old volume.
 */
export function divergedVolumes(
  facts: Facts,
  invocation: Invocation,
  circumstances: Circumstances,
): readonly DivergedVolume[] {
  const answer = answerTo(invocation, circumstances)
  if (answer === null || isDryRun(invocation) || !composeIsAtLeast(facts, '2.32.0')) return []
  const mounted = mountedKeys(facts, invocation)
  return (facts.model?.volumes ?? []).flatMap(declared => {
    const volume = facts.volumes.find(each => each.name === declared.name)
    if (volume === undefined || declared.external || !mounted.has(declared.key)) return []
    const label = volume.labels['com.docker.compose.config-hash']
    if (label === undefined || label === volumeHash(declared, circumstances.sha256)) return []
    return [{ volume, declared, answer, ...holdersOf(facts, declared) }]
  })
}

/** Who answers Compose's question with a possible yes; null when the answer is no, or nothing is asked. */
function answerTo(invocation: Invocation, circumstances: Circumstances): DivergedVolume['answer'] | null {
  const command = commandOf(invocation)
  if (!['up', 'create', 'run', 'scale', 'watch'].includes(command)) return null
  if (command === 'watch' && isOn(invocation, 'no-up')) return null
  if (isOn(invocation, 'yes') || isOn(invocation, 'y')) return 'yes'
  return circumstances.stdin === 'empty' ? null : circumstances.stdin
}

/** Keys of the volumes of the services that the command is about, and of their dependencies even with `--no-deps`. */
function mountedKeys(facts: Facts, invocation: Invocation): ReadonlySet<string> {
  const catalogue = serviceCatalogue(facts)
  const named = namedServices(invocation)
  const roots = named.length > 0 ? named : (facts.model?.services ?? []).map(service => service.name)
  const services = closure(roots, name => catalogue.get(name)?.dependsOn ?? [])
  return new Set(
    [...services].flatMap(name =>
      (catalogue.get(name)?.mounts ?? []).flatMap(mount =>
        mount.type === 'volume' ? (mount.source ?? []) : [],
      ),
    ),
  )
}

/** Compose removes the containers of every service that mounts the volume, those made by `run` not. */
function holdersOf(facts: Facts, declared: VolumeModel): Pick<DivergedVolume, 'removed' | 'heldBy'> {
  const services = [...serviceCatalogue(facts).values()].filter(service =>
    service.mounts.some(mount => mount.type === 'volume' && mount.source === declared.key),
  )
  const removed = services.flatMap(service => serviceContainers(facts, service.name))
  const others = facts.containers.filter(container => !removed.includes(container) && !isHelper(container))
  const heldBy = others.filter(container => container.mounts.some(mount => mount.name === declared.name))
  return { removed, heldBy }
}
