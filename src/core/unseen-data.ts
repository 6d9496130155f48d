import type { ContainerFact, Facts, ImageFact, MountModel, ServiceModel } from '../model/facts.ts'
import type { Replacement } from '../model/finding.ts'
import type { BindHolding, Contents, Holding } from '../model/holding.ts'
import { identityOfHolding } from '../model/holding.ts'
import type { Invocation } from '../model/invocation.ts'
import type { ComingContainer } from './coming-containers.ts'
import { comingContainers, imageOfService } from './coming-containers.ts'
import type { DataDirectory } from './data-directory.ts'
import { dataDirectoryOf } from './data-directory.ts'
import { isWithin } from './data-paths.ts'
import { escapeName } from './escape.ts'
import { anonymousHolding, anonymousVolumes, volumeHolding } from './holdings.ts'
import { imageReferences } from './recreation.ts'
import { effectiveSettings } from './settings.ts'

/** A database that stays where it is, and that the container to come will not see: its server looks elsewhere. */
export interface UnseenData {
  readonly coming: ComingContainer
  readonly service: ServiceModel
  readonly holding: Holding
  /** The name a person knows the holding by, and the folder of it in which the data lies (`` for its root). */
  readonly name: string
  readonly folder: string
  /** What was recognised there: `PostgreSQL 15`; null where nobody could look, and a server has used it until now. */
  readonly label: string | null
  /** Where it lies, in the container that has used it, or by the mount of the file. */
  readonly lay: string
  /** Where the new server looks. */
  readonly looks: DataDirectory
  readonly wouldUse: Replacement
  readonly cause: Cause
}

/** Which of the rules speaks of it. */
export type Cause =
  /** Memory is mounted over it. */
  | 'tmpfs'
  /** Another folder of the volume is mounted, or is said to be and is not. */
  | 'subpath'
  /** PostgreSQL 18 and those before it keep their data at different places. */
  | 'layout'
  /** A variable or an option names another data directory. */
  | 'setting'
  /** It is mounted where the server does not look. */
  | 'mount'

/**
 * Compares, for each container to come, where the data of its server lies with where the server will look. Speaks of
 * what the same service still mounts, or mounted until now at a place that the new image has no VOLUME for: another
 * volume in its place is told by other rules.
 */
export function findUnseenData(facts: Facts, invocation: Invocation): readonly UnseenData[] {
  return comingContainers(facts, invocation).flatMap(coming => {
    const place = placesOf(facts, coming)
    if (place === null || isFilledAt(facts, place.next)) return []
    return candidatesOf(facts, coming, place).flatMap(candidate => unseenIn(facts, coming, place, candidate))
  })
}

/** What must be looked into to tell: only where the server will look somewhere else than where its data was mounted. */
export function holdingsOfUnseenData(facts: Facts, invocation: Invocation): readonly Holding[] {
  return comingContainers(facts, invocation).flatMap(coming => {
    const place = placesOf(facts, coming)
    if (place === null) return []
    const candidates = candidatesOf(facts, coming, place)
    if (candidates.length === 0 || (coming.replaces === null && isUsual(place.next))) return []
    const next = holdingOf(facts, place.next, coming)
    return [...candidates.map(candidate => candidate.holding), ...(next === null ? [] : [next])]
  })
}

/** The data directory itself is mounted: there is nothing to be wrong about. */
function isUsual({ kind, folder, subpath }: Spot): boolean {
  return (kind === 'volume' || kind === 'bind') && folder === '' && subpath === null
}

/** The volume or directory that will be behind a server's data directory, where it exists already. */
export function holdingMountedAt(
  facts: Facts,
  coming: ComingContainer,
  looks: DataDirectory,
): Holding | null {
  const mounts = mountsToCome(facts, coming, imageOfService(facts, coming.service), looks)
  return holdingOf(facts, spotAt(mounts, looks.path), coming)
}

// ---- Where a path of a container leads ---------------------------------------------------------------------------

/** What lies behind a path of a container. */
interface Spot {
  /** `fresh`: an anonymous volume or a layer of its own, empty. */
  readonly kind: 'volume' | 'bind' | 'tmpfs' | 'fresh'
  /** The volume's name or the directory's path; empty for the others. */
  readonly source: string
  /** The path inside it. */
  readonly folder: string
  /** Where it is mounted; null in the layer. */
  readonly target: string | null
  /** The volume's folder that the file wants mounted; null for its root. */
  readonly subpath: string | null
}

interface Mounted extends Omit<Spot, 'folder' | 'target'> {
  readonly target: string
  /** The volume's folder that the engine really mounts. */
  readonly root: string
}

const whole = { subpath: null, root: '' }

interface Places {
  readonly looks: DataDirectory
  readonly next: Spot
  readonly mounts: readonly Mounted[]
  /** Where the server that is replaced has kept its data; null where there is none, or it was lost with it anyway. */
  readonly last: (Spot & { readonly path: string }) | null
  readonly lastMajor: number | null
}

function placesOf(facts: Facts, coming: ComingContainer): Places | null {
  const { service, replaces } = coming
  const image = imageOfService(facts, service)
  const reference = imageReferences(facts, service)[0] ?? ''
  const looks = dataDirectoryOf(reference, image, effectiveSettings(service, image))
  if (looks === null) return null
  const mounts = mountsToCome(facts, coming, image, looks)
  const before = replaces === null ? null : dataDirectoryBefore(facts, replaces, reference)
  const last = replaces === null || before === null ? null : lastSpot(replaces, before.path)
  return {
    looks,
    mounts,
    next: spotAt(mounts, looks.path),
    last: last === null || before === null ? null : { ...last, path: before.path },
    lastMajor: before?.postgresMajor ?? null,
  }
}

function dataDirectoryBefore(
  facts: Facts,
  container: ContainerFact,
  reference: string,
): DataDirectory | null {
  const image = facts.images.find(each => each.id === container.imageId)
  const isNameless = /^(sha256:)?[0-9a-f]{12,64}$/.test(container.image)
  const settings = { ...image?.settings, ...container.details?.settings }
  return dataDirectoryOf(isNameless ? reference : container.image, image, settings)
}

/** Only what outlives a container: its volumes and directories, not what a tmpfs hides. */
function lastSpot(container: ContainerFact, path: string): Spot | null {
  const inMemory = (container.details?.tmpfs ?? []).some(target => isWithin(path, target))
  if (inMemory || container.state === 'created') return null
  const mounts = container.mounts.flatMap((mount): readonly Mounted[] =>
    mount.type === 'volume' || mount.type === 'bind'
      ? [
          {
            kind: mount.type,
            source: mount.name ?? mount.source,
            target: mount.destination,
            ...whole,
          },
        ]
      : [],
  )
  const spot = spotAt(mounts, path)
  return spot.kind === 'fresh' ? null : spot
}

/** The deepest mount above a path is what counts. */
function spotAt(mounts: readonly Mounted[], path: string): Spot {
  const above = mounts.filter(mount => isWithin(path, mount.target))
  const deepest = above.reduce<Mounted | null>(
    (best, mount) => (best === null || mount.target.length >= best.target.length ? mount : best),
    null,
  )
  if (deepest === null) return { kind: 'fresh', source: '', folder: '', target: null, subpath: null }
  const below = path.slice(deepest.target.length).replace(/^\/+|\/+$/g, '')
  const { root, ...spot } = deepest
  return { ...spot, folder: joined(root, below) }
}

/** All mounts of the container to come, those that win over others at the same place last. */
function mountsToCome(
  facts: Facts,
  coming: ComingContainer,
  image: ImageFact | undefined,
  looks: DataDirectory,
): readonly Mounted[] {
  const { service } = coming
  const declared = image?.volumes ?? (looks.volume === null ? [] : [looks.volume])
  const targets = new Set(service.mounts.map(mount => mount.target))
  return [
    ...declared
      .filter(path => !targets.has(path) && !service.tmpfs.includes(path))
      .map(path => inheritedOrFresh(coming, path)),
    ...service.mounts.flatMap(mount => mountToCome(facts, coming, mount)),
    ...service.tmpfs.map(tmpfsAt),
  ]
}

function mountToCome(facts: Facts, coming: ComingContainer, mount: MountModel): readonly Mounted[] {
  const { target, source } = mount
  switch (mount.type) {
    case 'bind':
      return [{ kind: 'bind', source: source ?? '', target, ...whole }]
    case 'tmpfs': {
      const inherited = inheritedOrFresh(coming, target)
      return [inherited.kind === 'volume' ? inherited : tmpfsAt(target)]
    }
    case 'volume': {
      if (source === null) return [inheritedOrFresh(coming, target)]
      const name = facts.model?.volumes.find(volume => volume.key === source)?.name
      const { subpath } = mount
      const root = knowsSubpaths(facts) ? (subpath ?? '') : ''
      return name === undefined ? [] : [{ kind: 'volume', source: name, target, subpath, root }]
    }
    default:
      return []
  }
}

function tmpfsAt(target: string): Mounted {
  return { kind: 'tmpfs', source: '', target, ...whole }
}

/** A recreated container is given what the old one had mounted at a place that now has no source, named volumes too. */
function inheritedOrFresh({ replaces, inherits }: ComingContainer, target: string): Mounted {
  const old = inherits
    ? replaces?.mounts.find(mount => mount.type === 'volume' && mount.destination === target)
    : undefined
  return old?.name
    ? { kind: 'volume', source: old.name, target, ...whole }
    : { kind: 'fresh', source: '', target, ...whole }
}

/** Engines before API 1.45 mount the whole volume, and say nothing. */
export function knowsSubpaths({ engine }: Facts): boolean {
  const [major = 0, minor = 0] = engine.apiVersion.split('.').map(Number)
  return major > 1 || minor >= 45
}

// ---- Where the data lies -----------------------------------------------------------------------------------------

interface Candidate {
  readonly holding: Holding
  readonly spot: Pick<Spot, 'kind' | 'source' | 'target'>
  /** The folder in which it is known to lie; null where only a look tells. */
  readonly folder: string | null
}

function candidatesOf(facts: Facts, coming: ComingContainer, place: Places): readonly Candidate[] {
  const { last, next } = place
  if (coming.replaces !== null) {
    if (last === null || (isSameSource(last, next) && last.folder === next.folder)) return []
    if (!isOfThisService(place, last)) return []
    const holding = holdingOf(facts, last, coming)
    return holding === null ? [] : [{ holding, spot: last, folder: last.folder }]
  }
  return place.mounts
    .filter(mount => mount.kind === 'volume' || mount.kind === 'bind')
    .filter(mount => next.kind === 'fresh' || next.kind === 'tmpfs' || isSameSource(mount, next))
    .flatMap(mount => {
      const holding = holdingOf(facts, mount, coming)
      return holding === null ? [] : [{ holding, spot: mount, folder: null }]
    })
}

/**
 * Another volume at the same place is a matter of names, not of places. Here counts what the service mounts still, what
 * memory takes the place of, and what a new image has no VOLUME for.
 */
function isOfThisService({ looks, lastMajor, mounts, next }: Places, last: Spot): boolean {
  if (mounts.some(mount => isSameSource(mount, last))) return true
  return next.kind === 'tmpfs' || crossesLayouts(looks, lastMajor)
}

function isSameSource(a: Pick<Spot, 'kind' | 'source'>, b: Pick<Spot, 'kind' | 'source'>): boolean {
  return a.kind === b.kind && a.source === b.source && (a.kind === 'volume' || a.kind === 'bind')
}

function holdingOf(
  facts: Facts,
  spot: Pick<Spot, 'kind' | 'source' | 'target'>,
  { service, replaces }: ComingContainer,
): Holding | null {
  if (spot.kind === 'bind')
    return {
      kind: 'bind',
      source: spot.source,
      service: service.name,
      path: spot.target ?? '',
    } satisfies BindHolding
  const volume = spot.kind === 'volume' ? facts.volumes.find(each => each.name === spot.source) : undefined
  if (volume === undefined) return null
  const anonymous =
    replaces === null ? undefined : anonymousVolumes(facts, replaces).find(each => each.volume === volume)
  return anonymous !== undefined && replaces !== null
    ? anonymousHolding(replaces, anonymous)
    : volumeHolding(volume)
}

function unseenIn(
  facts: Facts,
  coming: ComingContainer,
  place: Places,
  candidate: Candidate,
): readonly UnseenData[] {
  const { looks, next } = place
  const contents = facts.contents[identityOfHolding(candidate.holding)]
  const found = dataIn(contents, looks, candidate, coming)
  if (found === null || (isSameSource(candidate.spot, next) && found.folder === next.folder)) return []
  return [
    {
      coming,
      service: coming.service,
      holding: candidate.holding,
      name: nameOf(candidate),
      ...found,
      lay: place.last?.path ?? joined(candidate.spot.target ?? '', found.folder),
      looks,
      wouldUse: replacementOf(facts, next),
      cause: causeOf(place, candidate, found),
    },
  ]
}

/** What lies there, as far as it was seen; where a server has run on it and nobody could look, it holds something. */
function dataIn(
  contents: Contents | undefined,
  looks: DataDirectory,
  { folder }: Candidate,
  { replaces }: ComingContainer,
): { readonly label: string | null; readonly folder: string } | null {
  if (contents === undefined || wasNotSeen(contents))
    return replaces === null || folder === null ? null : { label: null, folder }
  const { database } = contents
  if (database === null || database.kind !== looks.kind) return null
  const all = [database, ...(database.others ?? [])]
  const here = all.find(each => each.path === folder) ?? (folder === null ? database : undefined)
  return here === undefined ? null : { label: here.label, folder: here.path }
}

function wasNotSeen(contents: Contents): boolean {
  return (
    !contents.empty && contents.bytes === null && contents.lastWrite === null && contents.database === null
  )
}

/** The server finds a database where it looks: it may be another one, but none is hidden by an empty place. */
function isFilledAt(facts: Facts, next: Spot): boolean {
  if (next.kind !== 'volume' && next.kind !== 'bind') return false
  const holding =
    next.kind === 'bind'
      ? ({ kind: 'bind', source: next.source, service: null, path: '' } as const)
      : facts.volumes.filter(each => each.name === next.source).map(volumeHolding)[0]
  const database = holding === undefined ? null : facts.contents[identityOfHolding(holding)]?.database
  return [database, ...(database?.others ?? [])].some(each => each?.path === next.folder)
}

function crossesLayouts(looks: DataDirectory, before: number | null): boolean {
  const now = looks.postgresMajor
  return now !== null && before !== null && now >= 18 !== before >= 18
}

function causeOf(
  { looks, next, lastMajor, last }: Places,
  candidate: Candidate,
  found: { readonly label: string | null; readonly folder: string },
): Cause {
  if (next.kind === 'tmpfs') return 'tmpfs'
  if (next.subpath !== null && isSameSource(candidate.spot, next)) return 'subpath'
  const wrote = /^PostgreSQL (\d+)/.exec(found.label ?? '')?.[1]
  if (crossesLayouts(looks, wrote === undefined ? lastMajor : Number(wrote))) return 'layout'
  if (isEarlyLayout(looks, found.folder)) return 'layout'
  return looks.movedBy !== null || (last !== null && last.path !== looks.path) ? 'setting' : 'mount'
}

/** The first images of 18 had `data` point to its parent: mounted there, the volume got a folder for the version. */
function isEarlyLayout({ postgresMajor, movedBy }: DataDirectory, folder: string): boolean {
  return postgresMajor !== null && postgresMajor >= 18 && movedBy === null && /^\d+\/docker$/.test(folder)
}

function replacementOf(facts: Facts, next: Spot): Replacement {
  switch (next.kind) {
    case 'tmpfs':
      return { name: `memory (tmpfs at ${next.target ?? ''})`, state: 'empty' }
    case 'fresh':
      return next.target === null
        ? { name: 'its own container', state: 'empty' }
        : { name: `a new anonymous volume at ${next.target}`, state: 'missing' }
    case 'bind':
    case 'volume': {
      const where = next.folder === '' ? next.source : `${next.source}, folder ${next.folder}`
      const exists = next.kind === 'bind' || facts.volumes.some(volume => volume.name === next.source)
      return { name: where, state: exists && next.folder === '' ? 'empty' : 'missing' }
    }
  }
}

function nameOf({ holding, spot }: Candidate): string {
  return holding.kind === 'anonymous'
    ? `an anonymous volume at ${escapeName(holding.path)}`
    : escapeName(spot.source)
}

function joined(folder: string, path: string): string {
  const [left, right] = [folder.replace(/\/+$/, ''), path.replace(/^\/+/, '')]
  if (left === '') return folder.startsWith('/') ? `/${right}` : right
  return right === '' ? left : `${left}/${right}`
}
