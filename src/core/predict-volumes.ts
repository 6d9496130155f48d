import type { ContainerFact, Facts, ServiceModel, VolumeFact, VolumeModel } from '../model/facts.ts'
import type { Circumstances } from '../model/finding.ts'
import type { Invocation } from '../model/invocation.ts'
import type { PredictedContainer, PredictedVolume, VolumeAction } from '../model/prediction.ts'
import { composeIsAtLeast } from './compose-version.ts'
import { projectOf, volumesTakenDown } from './deleted-volumes.ts'
import { byName } from './by-name.ts'
import { divergedVolumes } from './diverged-volumes.ts'
import { escapeName } from './escape.ts'
import { findFindings } from './findings.ts'
import { anonymousHolding, volumeHolding } from './holdings.ts'
import { isOn } from './invocation.ts'
import { closure, commandOf, isHelper, namedServices, projectContainers, serviceCatalogue } from './reach.ts'
import { findRecreations, imageReferences } from './recreation.ts'
import { findRemovals } from './removal.ts'

/** What becomes of every volume that the project's containers use, or shall use, or that carries its label. */
export function predictVolumes(
  facts: Facts,
  invocation: Invocation,
  circumstances: Circumstances,
  containers: readonly PredictedContainer[],
): readonly PredictedVolume[] {
  const world = worldAfter(facts, invocation, containers)
  const destroyed = destroyedVolumes(facts, invocation, circumstances)
  const orphaned = new Map(
    findFindings(facts, invocation, circumstances).flatMap(finding =>
      finding.outcome === 'orphaned' && finding.holding.kind === 'volume' && finding.warning !== true
        ? [[finding.holding.name, finding.because] as const]
        : [],
    ),
  )
  const concerned = concernedVolumes(facts, [...orphaned.keys(), ...world.ownUsed])
  const existing = concerned.map((volume): PredictedVolume => {
    const gone = destroyed.get(volume.name)
    if (gone !== undefined) return describe(facts, volume, 'destroy', [], gone.why, gone.certain)
    const users = [...(world.users.get(volume.name) ?? [])]
    const because = orphaned.get(volume.name)
    if (because !== undefined && users.length === 0)
      return describe(facts, volume, 'orphan', [], because, true)
    const fate = fateOf(facts, volume, users, world)
    return describe(facts, volume, fate.action, users, fate.why, true)
  })
  const made = newNamedVolumes(facts, invocation, destroyed, world)
  return [...existing, ...made, ...world.anonymous].toSorted(byName)
}

/** Every volume of the project as it is, for commands that do nothing to them. */
export function volumesAsTheyAre(facts: Facts): readonly PredictedVolume[] {
  const users = usersNow(facts)
  return concernedVolumes(facts, []).map(volume =>
    describe(facts, volume, 'keep', [...(users.get(volume.name) ?? [])], 'nothing is done to it', true),
  )
}

function describe(
  facts: Facts,
  volume: VolumeFact,
  action: VolumeAction,
  usedBy: readonly string[],
  why: string,
  certain: boolean,
): PredictedVolume {
  const key = declaredAs(facts, volume.name)?.key ?? null
  const isAnonymous = volume.anonymous && key === null
  return {
    action,
    name: volume.name,
    kind: isAnonymous ? 'anonymous' : 'named',
    key,
    holding: isAnonymous ? holdingOf(facts, volume) : volumeHolding(volume),
    usedBy,
    why,
    certain,
  }
}

function holdingOf(facts: Facts, volume: VolumeFact): PredictedVolume['holding'] {
  for (const container of facts.containers) {
    const mount = container.mounts.find(each => each.name === volume.name)
    if (mount !== undefined) return anonymousHolding(container, { mount, volume })
  }
  return volumeHolding(volume)
}

function declaredAs(facts: Facts, name: string): VolumeModel | undefined {
  return [...(facts.model?.volumes ?? []), ...(facts.wholeModel?.volumes ?? [])].find(
    each => each.name === name,
  )
}

/** Those that exist: mounted by the project's containers, declared, labelled, or spoken of. */
function concernedVolumes(facts: Facts, spokenOf: readonly string[]): readonly VolumeFact[] {
  const declared = [...(facts.model?.volumes ?? []), ...(facts.wholeModel?.volumes ?? [])]
  const names = new Set([
    ...projectContainers(facts).flatMap(({ mounts }) => mounts.flatMap(mount => mount.name ?? [])),
    ...declared.map(volume => volume.name),
    ...spokenOf,
  ])
  return facts.volumes.filter(
    volume => names.has(volume.name) || (projectOf(volume) === facts.project.name && !volume.anonymous),
  )
}

// ---- Those that go -----------------------------------------------------------------------------------------------

type Destroyed = ReadonlyMap<
  string,
  { readonly why: string; readonly certain: boolean; readonly anew: boolean }
>

function destroyedVolumes(facts: Facts, invocation: Invocation, circumstances: Circumstances): Destroyed {
  const removals = findRemovals(facts, invocation, circumstances)
  const going = new Set(removals.map(({ container }) => container))
  const isHeld = (name: string): boolean =>
    facts.containers.some(
      container =>
        !going.has(container) && !isHelper(container) && container.mounts.some(mount => mount.name === name),
    )
  const found = new Map<string, { why: string; certain: boolean; anew: boolean }>()
  for (const { volume } of volumesTakenDown(facts, invocation, circumstances))
    found.set(volume.name, { why: 'down --volumes', certain: true, anew: false })
  for (const { volume, heldBy, answer } of divergedVolumes(facts, invocation, circumstances))
    if (heldBy.length === 0)
      found.set(volume.name, {
        why:
          answer === 'yes'
            ? 'its definition has changed, and the answer is yes'
            : 'its definition has changed, if the answer is yes',
        certain: answer === 'yes',
        anew: true,
      })
  for (const { container, withVolumes, asked } of removals) {
    if (!withVolumes) continue
    for (const name of deletedWith(facts, container))
      if (!isHeld(name)) found.set(name, { why: 'deleted with its container', certain: !asked, anew: false })
  }
  return found
}

/** The engine deletes with a container what it made for it, never what was mounted by name, as Compose does when it recreates. */
function deletedWith(facts: Facts, container: ContainerFact): readonly string[] {
  const byName = container.details?.mountedByName ?? []
  return container.mounts.flatMap(mount => {
    if (mount.type !== 'volume' || mount.name === null || byName.includes(mount.destination)) return []
    return facts.volumes.some(volume => volume.name === mount.name && volume.anonymous) ? [mount.name] : []
  })
}

// ---- Who uses what afterwards ------------------------------------------------------------------------------------

interface World {
  /** By volume: the services, and `container NAME` of others, that mount it when all is done. */
  readonly users: ReadonlyMap<string, ReadonlySet<string>>
  /** Those that the project's containers will mount. */
  readonly ownUsed: ReadonlySet<string>
  /** Those that something mounts which is created, replaced or started. */
  readonly touched: ReadonlySet<string>
  /** Those that a container of the project mounts now. */
  readonly mountedNow: ReadonlySet<string>
  /** Anonymous volumes that are yet to be made. */
  readonly anonymous: readonly PredictedVolume[]
}

function worldAfter(facts: Facts, invocation: Invocation, containers: readonly PredictedContainer[]): World {
  const users = new Map<string, Set<string>>()
  const touched = new Set<string>()
  const ownUsed = new Set<string>()
  const anonymous: PredictedVolume[] = []
  const use = (name: string, user: string): void => {
    users.set(name, (users.get(name) ?? new Set()).add(user))
  }
  const inherits = new Map(findRecreations(facts, invocation).map(each => [each.container.id, each.inherits]))
  const known = new Map(facts.containers.map(container => [container.id, container]))
  for (const container of facts.containers)
    if (container.project !== facts.project.name && !isHelper(container))
      for (const mount of container.mounts)
        if (mount.name !== null) use(mount.name, `container ${container.name}`)
  for (const each of containers) {
    if (each.after === 'absent' && each.action !== 'create') continue
    const old = each.id === null ? undefined : known.get(each.id)
    const service = serviceCatalogue(facts).get(each.service ?? '')
    const isNew = each.action === 'create' || each.action === 'recreate'
    const user = each.service ?? `container ${each.name}`
    if (!isNew || service === undefined) {
      for (const { name } of old?.mounts ?? []) {
        if (name === null) continue
        use(name, user)
        ownUsed.add(name)
        if (each.action === 'start' || each.action === 'restart') touched.add(name)
      }
      continue
    }
    const inherited = old !== undefined && inherits.get(old.id) === true ? old : null
    for (const mount of mountsOfNew(facts, service, inherited)) {
      if (mount.name !== null) {
        use(mount.name, user)
        ownUsed.add(mount.name)
        touched.add(mount.name)
      } else if (each.after !== 'absent') anonymous.push(newAnonymous(each, mount.path))
    }
  }
  const mountedNow = new Set(
    projectContainers(facts).flatMap(({ mounts }) => mounts.flatMap(mount => mount.name ?? [])),
  )
  return { users, ownUsed, touched, mountedNow, anonymous }
}

function newAnonymous(container: PredictedContainer, path: string): PredictedVolume {
  const suffix = (container.number ?? 1) > 1 ? `-${container.number}` : ''
  return {
    action: 'create',
    name: `${container.service ?? container.name}${suffix}:${path}`,
    kind: 'anonymous',
    key: null,
    holding: null,
    usedBy: [container.service ?? container.name],
    why: 'a new anonymous volume',
    certain: container.certain,
  }
}

interface NewMount {
  /** The volume; null for a new anonymous one. */
  readonly name: string | null
  readonly path: string
}

/**
 * The volumes of a new container: by the file, and where the file names no source, or only the image asks for a volume,
 * whatever its predecessor had there, be it named or anonymous.
 */
function mountsOfNew(
  facts: Facts,
  service: ServiceModel,
  predecessor: ContainerFact | null,
): readonly NewMount[] {
  const names = new Map(
    [...(facts.wholeModel?.volumes ?? []), ...(facts.model?.volumes ?? [])].map(each => [
      each.key,
      each.name,
    ]),
  )
  const declared = service.mounts.flatMap((mount): readonly NewMount[] => {
    if (mount.source !== null && mount.type === 'volume')
      return [{ name: names.get(mount.source) ?? mount.source, path: mount.target }]
    if (mount.source !== null) return []
    const before = predecessor?.mounts.find(each => each.destination === mount.target)
    if (before !== undefined) return before.name === null ? [] : [{ name: before.name, path: mount.target }]
    return mount.type === 'volume' ? [{ name: null, path: mount.target }] : []
  })
  const covered = new Set([...service.mounts.map(mount => mount.target), ...service.tmpfs])
  const byImage = imageVolumes(facts, service)
    .filter(path => !covered.has(path))
    .flatMap((path): readonly NewMount[] => {
      const before = predecessor?.mounts.find(each => each.destination === path)
      if (before !== undefined && before.name === null) return []
      return [{ name: before?.name ?? null, path }]
    })
  return [...declared, ...byImage]
}

function imageVolumes(facts: Facts, service: ServiceModel): readonly string[] {
  const references = imageReferences(facts, service)
  return facts.images.find(image => image.references.some(each => references.includes(each)))?.volumes ?? []
}

function usersNow(facts: Facts): ReadonlyMap<string, ReadonlySet<string>> {
  const users = new Map<string, Set<string>>()
  for (const container of facts.containers) {
    if (isHelper(container)) continue
    const isOwn = container.project === facts.project.name && container.service !== null
    const user = isOwn ? (container.service ?? '') : `container ${container.name}`
    for (const { name } of container.mounts)
      if (name !== null) users.set(name, (users.get(name) ?? new Set()).add(user))
  }
  return users
}

function fateOf(
  facts: Facts,
  volume: VolumeFact,
  users: readonly string[],
  world: World,
): { readonly action: VolumeAction; readonly why: string } {
  if (users.length > 0)
    return world.touched.has(volume.name)
      ? { action: 'use', why: `used by ${users.map(escapeName).join(', ')}` }
      : { action: 'keep', why: `used by ${users.map(escapeName).join(', ')}` }
  const declared = declaredAs(facts, volume.name)
  if (declared !== undefined) return { action: 'keep', why: 'the file names it' }
  if (!world.mountedNow.has(volume.name)) return { action: 'keep', why: 'nothing uses it' }
  if (!volume.anonymous && facts.model === null)
    return { action: 'keep', why: 'it carries the label of the project' }
  return {
    action: 'orphan',
    why: volume.anonymous
      ? 'an anonymous volume that nothing points to any more'
      : 'it stays, and the file does not name it any more',
  }
}

// ---- Those that are made -----------------------------------------------------------------------------------------

const mounting = new Set(['up', 'create', 'run', 'scale', 'watch'])

function newNamedVolumes(
  facts: Facts,
  invocation: Invocation,
  destroyed: Destroyed,
  world: World,
): readonly PredictedVolume[] {
  if (!mounting.has(commandOf(invocation))) return []
  return madeByCommand(facts, invocation).flatMap((declared): readonly PredictedVolume[] => {
    const gone = destroyed.get(declared.name)
    const exists = facts.volumes.some(volume => volume.name === declared.name)
    if (declared.external || (exists && gone?.anew !== true)) return []
    return [
      {
        action: 'create',
        name: declared.name,
        kind: 'named',
        key: declared.key,
        holding: null,
        usedBy: [...(world.users.get(declared.name) ?? [])],
        why: exists ? 'made anew, empty' : 'it does not exist yet',
        certain: gone?.certain ?? true,
      },
    ]
  })
}

/**
 * Of the services that the command names, their dependencies included even with `--no-deps`; until 2.28, and with
 * version 1, all of the file.
 */
function madeByCommand(facts: Facts, invocation: Invocation): readonly VolumeModel[] {
  const all = facts.model?.volumes ?? []
  if (commandOf(invocation) === 'watch' && isOn(invocation, 'no-up')) return []
  const named = namedServices(invocation)
  if (named.length === 0) return all
  // Also where a service is named that its profile does not enable.
  const isWhole = !composeIsAtLeast(facts, '2.29.0')
  const catalogue = serviceCatalogue(facts)
  const services = closure(named, name => catalogue.get(name)?.dependsOn ?? [])
  const keys = new Set(
    [...services].flatMap(name =>
      (catalogue.get(name)?.mounts ?? []).flatMap(mount =>
        mount.type === 'volume' ? (mount.source ?? []) : [],
      ),
    ),
  )
  const known = new Map([...(facts.wholeModel?.volumes ?? []), ...all].map(each => [each.key, each]))
  return [...known.values()].filter(volume => keys.has(volume.key) || (isWhole && all.includes(volume)))
}
