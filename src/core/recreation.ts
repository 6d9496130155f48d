import type { ContainerFact, Facts, ServiceModel } from '../model/facts.ts'
import type { Invocation } from '../model/invocation.ts'
import type { RecreationCause } from '../model/prediction.ts'
import { composeIsAtLeast, isV1 } from './compose-version.ts'
import { escapeName } from './escape.ts'
import { flagText, isDryRun, isOn } from './invocation.ts'
import type { ReachedService } from './reach.ts'
import { commandOf, reachedServices, serviceContainers, wantedReplicas } from './reach.ts'

/** A container that the command replaces by a new one. */
export interface Recreation {
  readonly container: ContainerFact
  readonly service: ServiceModel
  /** What makes Compose do it, in words: `its configuration changed`. */
  readonly why: string
  /** The same for programs. */
  readonly cause: RecreationCause
  /** False where only the run itself will tell: an image that is about to be built or pulled. */
  readonly certain: boolean
  /** Whether the new container is given the anonymous volumes of the old one. */
  readonly inherits: boolean
}

/**
 * Which containers `up`, `create`, `run`, `scale` and `watch` replace, by what Compose itself compares: the hash of
 * the service's configuration (from the same Compose), the image's id, and from 2.32 on the networks and the named
 * volumes. Containers that are scaled away are not replaced.
 */
export function findRecreations(facts: Facts, invocation: Invocation): readonly Recreation[] {
  if (!bringsIntoLine(facts, invocation) || isOn(invocation, 'no-recreate')) return []
  const reached = reachedServices(facts, invocation).filter(
    ({ selected }) => selected || commandOf(invocation) !== 'watch',
  )
  const changed = new Map<string, readonly Recreation[]>()
  for (const each of reached) {
    const recreations = keptContainers(facts, invocation, each).flatMap(container => {
      const cause = causeOf(facts, invocation, each, container)
      return cause === null ? [] : [recreationOf(invocation, each.service, container, cause)]
    })
    if (recreations.length > 0) changed.set(each.service.name, recreations)
  }
  addDependents(facts, invocation, reached, changed)
  return reached.flatMap(({ service }) => changed.get(service.name) ?? [])
}

function recreationOf(
  invocation: Invocation,
  service: ServiceModel,
  container: ContainerFact,
  cause: Cause,
): Recreation {
  return { container, service, ...cause, inherits: keepsAnonymousVolumes(invocation) }
}

function keptContainers(
  facts: Facts,
  invocation: Invocation,
  reached: ReachedService,
): readonly ContainerFact[] {
  const surplus = new Set(surplusContainers(facts, invocation, reached))
  return serviceContainers(facts, reached.service.name).filter(container => !surplus.has(container))
}

/**
 * Until 2.29 version 2 recreated, with a service, everything that depends on it; later ones only what shares its
 * namespaces or volumes, since those are tied to one container.
 */
function takenAlongWith(facts: Facts, service: ServiceModel): readonly string[] {
  if (isV1(facts)) return []
  return composeIsAtLeast(facts, '2.30.0') ? (service.sharesWith ?? []) : service.dependsOn
}

function addDependents(
  facts: Facts,
  invocation: Invocation,
  reached: readonly ReachedService[],
  changed: Map<string, readonly Recreation[]>,
): void {
  const isCertain = (name: string): boolean => changed.get(name)?.some(({ certain }) => certain) === true
  const next = reached.find(({ service }) => {
    const below = takenAlongWith(facts, service)
    const own = changed.get(service.name)
    if (own === undefined) return below.some(name => changed.has(name))
    return own.length > 0 && !isCertain(service.name) && below.some(isCertain)
  })
  if (next === undefined) return
  const { service } = next
  const below = takenAlongWith(facts, service).filter(name => changed.has(name))
  const cause: Cause = {
    why: `${escapeName(below.find(isCertain) ?? below[0] ?? '')}, on which it depends, is recreated`,
    cause: 'dependency',
    certain: below.some(isCertain),
  }
  const containers = keptContainers(facts, invocation, next)
  changed.set(
    service.name,
    containers.map(container => recreationOf(invocation, service, container, cause)),
  )
  addDependents(facts, invocation, reached, changed)
}

/** The containers of a service that are more than the command leaves; those out of date go first, then the last numbers. */
export function surplusContainers(
  facts: Facts,
  invocation: Invocation,
  reached: ReachedService,
): readonly ContainerFact[] {
  if (!scales(facts, invocation, reached)) return []
  const order = (container: ContainerFact): number =>
    causeOf(facts, invocation, reached, container)?.certain === true ? 1 : 0
  return serviceContainers(facts, reached.service.name)
    .toSorted((a, b) => order(a) - order(b) || (a.number ?? 0) - (b.number ?? 0))
    .slice(wantedReplicas(invocation, reached.service))
}

function scales(facts: Facts, invocation: Invocation, reached: ReachedService): boolean {
  if (isDryRun(invocation)) return false
  switch (commandOf(invocation)) {
    case 'up':
      return true
    case 'create':
    case 'run':
      return !isV1(facts)
    case 'scale':
      return !isV1(facts) || reached.selected
    case 'watch':
      return !isOn(invocation, 'no-up')
    default:
      return false
  }
}

/** Version 1 replaces nothing at `run` and `scale`. */
function bringsIntoLine(facts: Facts, invocation: Invocation): boolean {
  if (isDryRun(invocation)) return false
  switch (commandOf(invocation)) {
    case 'up':
    case 'create':
      return true
    case 'run':
    case 'scale':
      return !isV1(facts)
    case 'watch':
      return !isOn(invocation, 'no-up')
    default:
      return false
  }
}

function keepsAnonymousVolumes(invocation: Invocation): boolean {
  const command = commandOf(invocation)
  return command !== 'run' && command !== 'scale' && !isOn(invocation, 'renew-anon-volumes')
}

type Cause = Pick<Recreation, 'why' | 'cause' | 'certain'>

function causeOf(
  facts: Facts,
  invocation: Invocation,
  reached: ReachedService,
  container: ContainerFact,
): Cause | null {
  const { service } = reached
  const causes: readonly (readonly [RecreationCause, () => string | null])[] = [
    ['forced', () => forced(facts, invocation, reached)],
    ['configuration', () => changedConfiguration(facts, service, container)],
    ['configuration', () => lostDependencies(facts, invocation, service, container)],
    ['image', () => changedImage(facts, service, container)],
    ['mount', () => missingVolume(facts, service, container)],
    ['network', () => missingNetwork(facts, service, container)],
    ['dependency', () => lostPartner(facts, service)],
  ]
  for (const [cause, find] of causes) {
    const why = find()
    if (why !== null) return { why, cause, certain: true }
  }
  const coming = comingImage(invocation, service)
  if (coming !== null) return { why: coming, cause: 'image', certain: false }
  const hidden = untoldConfiguration(facts, service)
  return hidden === null ? null : { why: hidden, cause: 'configuration', certain: false }
}

/** The hash of what is tied to another container has that container's id in it, which `config --hash` has not. */
function isTied(facts: Facts, service: ServiceModel): boolean {
  return !isV1(facts) && (service.sharesWith ?? []).length > 0
}

function untoldConfiguration(facts: Facts, service: ServiceModel): string | null {
  if (!isTied(facts, service)) return null
  const partner = escapeName(service.sharesWith?.[0] ?? '')
  return `it shares what belongs to ${partner}, and only Compose can compare that`
}

function lostPartner(facts: Facts, service: ServiceModel): string | null {
  if (!isTied(facts, service)) return null
  const missing = service.sharesWith?.find(name => serviceContainers(facts, name).length === 0)
  return missing === undefined ? null : `${escapeName(missing)}, to which it is tied, is created`
}

function forced(facts: Facts, invocation: Invocation, { selected }: ReachedService): string | null {
  const whole = isV1(facts)
  if (isOn(invocation, 'force-recreate') && (selected || whole)) return '--force-recreate'
  if (isOn(invocation, 'renew-anon-volumes') && (whole || (selected && composeIsAtLeast(facts, '2.29.3'))))
    return '--renew-anon-volumes'
  if (isOn(invocation, 'always-recreate-deps') && !selected) return '--always-recreate-deps'
  return null
}

function changedConfiguration(facts: Facts, service: ServiceModel, container: ContainerFact): string | null {
  const hash = facts.hashes[service.name]
  if (hash === undefined || hash === container.configHash || isTied(facts, service)) return null
  const image = service.image
  return image === null || image === container.image || container.image.startsWith('sha256:')
    ? 'its configuration changed'
    : `image ${escapeName(container.image)} → ${escapeName(image)}`
}

/** Before 2.29.3 what a service depends on was part of its hash, and `--no-deps` takes that away. */
function lostDependencies(
  facts: Facts,
  invocation: Invocation,
  service: ServiceModel,
  container: ContainerFact,
): string | null {
  if (isV1(facts) || composeIsAtLeast(facts, '2.29.3') || !isOn(invocation, 'no-deps')) return null
  const isAsDeclared = facts.hashes[service.name] === container.configHash
  return isAsDeclared && service.dependsOn.length > 0 ? 'with --no-deps its configuration differs' : null
}

function changedImage(facts: Facts, service: ServiceModel, container: ContainerFact): string | null {
  const used = container.labels['com.docker.compose.image']
  if (used === undefined || isV1(facts)) return null
  const references = imageReferences(facts, service)
  const now = facts.images.find(image => image.references.some(reference => references.includes(reference)))
  if (now === undefined || now.id === used) return null
  return `there is a new image ${escapeName(references[0] ?? '')}`
}

/** The name under which Compose looks for a service's image; a built one without a name is called after the project. */
export function imageReferences(facts: Facts, service: ServiceModel): readonly string[] {
  if (service.image !== null) return [service.image]
  const project = facts.project.name
  return [`${project}-${service.name}`, `${project}_${service.name}`]
}

function missingVolume(facts: Facts, service: ServiceModel, container: ContainerFact): string | null {
  if (!composeIsAtLeast(facts, '2.32.0')) return null
  const mounted = new Set(
    container.mounts.flatMap(mount => (mount.type === 'volume' ? (mount.name ?? []) : [])),
  )
  const volumes = [...(facts.wholeModel?.volumes ?? []), ...(facts.model?.volumes ?? [])]
  const names = new Map(volumes.map(volume => [volume.key, volume.name]))
  const missing = service.mounts
    .flatMap(mount =>
      mount.type === 'volume' && mount.source !== null ? (names.get(mount.source) ?? []) : [],
    )
    .find(name => !mounted.has(name))
  return missing === undefined ? null : `it is to mount ${escapeName(missing)}`
}

/** Compose looks only at running containers; the states change while we copy, so a stopped one counts as well. */
function missingNetwork(facts: Facts, service: ServiceModel, container: ContainerFact): string | null {
  if (!composeIsAtLeast(facts, '2.32.0')) return null
  const missing = service.networks?.find(name => !container.networks.includes(name))
  return missing === undefined ? null : `it is to join the network ${escapeName(missing)}`
}

function comingImage(invocation: Invocation, service: ServiceModel): string | null {
  if (service.build && (isOn(invocation, 'build') || commandOf(invocation) === 'watch'))
    return 'its image is built anew, and may have changed'
  if (service.image !== null && flagText(invocation, 'pull') === 'always')
    return `${escapeName(service.image)} is pulled, and may have changed`
  return null
}
