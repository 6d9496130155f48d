import type {
  ContainerFact,
  Facts,
  MountFact,
  ServiceModel,
  VolumeFact,
  VolumeModel,
} from '../model/facts.ts'
import type { Replacement } from '../model/finding.ts'
import { identityOfHolding } from '../model/holding.ts'
import type { Contents, Holding } from '../model/holding.ts'
import { isV1 } from './compose-version.ts'
import { volumeHolding } from './holdings.ts'
import { imageReferences } from './recreation.ts'

/** What a new container of a service would have at a path. */
export interface ExpectedMount {
  readonly kind: 'volume' | 'bind' | 'anonymous' | 'tmpfs' | 'layer'
  /** The volume's name on the engine, or the directory of the host; null for what has no name. */
  readonly name: string | null
  /** What the file says about the volume. */
  readonly declared: VolumeModel | null
}

/** What the file, and where it is silent the image, puts at a path of a service. */
export function expectedAt(facts: Facts, service: ServiceModel, path: string): ExpectedMount {
  const none = { name: null, declared: null }
  if (service.tmpfs.some(target => isSamePath(target, path))) return { kind: 'tmpfs', ...none }
  const mount = service.mounts.find(each => isSamePath(each.target, path))
  if (mount === undefined) {
    const image = imageOfService(facts, service)
    return { kind: image?.volumes.some(each => isSamePath(each, path)) ? 'anonymous' : 'layer', ...none }
  }
  if (mount.type === 'bind') return { kind: 'bind', name: mount.source, declared: null }
  if (mount.type === 'tmpfs') return { kind: 'tmpfs', ...none }
  if (mount.source === null) return { kind: 'anonymous', ...none }
  const declared = declaredVolume(facts, mount.source)
  return { kind: 'volume', name: declared?.name ?? mount.source, declared }
}

/** Whether a mount of a container, or a remembered one, is what the file would put there. */
export function isExpected(
  expected: ExpectedMount,
  mount: { readonly type: MountFact['type']; readonly name: string | null; readonly source?: string },
): boolean {
  if (mount.type === 'bind') {
    const source = mount.source ?? mount.name ?? ''
    return expected.kind === 'bind' && isSamePath(expected.name ?? '', source)
  }
  return mount.type === 'volume' && expected.kind === 'volume' && expected.name === mount.name
}

/**
 * Whether Compose gives the new container what the old one has at a path: it does where the file, or where that is
 * silent the new image, wants a volume there and does not say which. Named volumes are handed on like anonymous ones.
 */
export function isHandedOn(facts: Facts, service: ServiceModel, path: string): boolean {
  if (service.tmpfs.some(target => isSamePath(target, path))) return false
  const mount = service.mounts.find(each => isSamePath(each.target, path))
  if (mount !== undefined)
    return mount.source === null && mount.type !== 'bind' && !(isV1(facts) && mount.type === 'tmpfs')
  const image = imageOfService(facts, service)
  return image === undefined || image.volumes.some(each => isSamePath(each, path))
}

/** What would take the place of data, as far as it is known. */
export function replacementOf(facts: Facts, expected: ExpectedMount): Replacement {
  switch (expected.kind) {
    case 'volume':
      return { name: expected.name ?? '', state: volumeState(facts, expected.name) }
    case 'bind': {
      const state = facts.places[expected.name ?? '']?.state ?? 'unknown'
      return { name: expected.name ?? '', state: state === 'file' ? 'filled' : state }
    }
    case 'anonymous':
      return { name: 'a new anonymous volume', state: 'missing' }
    case 'tmpfs':
      return { name: 'memory (tmpfs)', state: 'empty' }
    case 'layer':
      return { name: 'the container itself', state: 'empty' }
  }
}

function volumeState(facts: Facts, name: string | null): Replacement['state'] {
  const volume = facts.volumes.find(each => each.name === name)
  if (volume === undefined) return 'missing'
  const contents = seenIn(facts, volumeHolding(volume))
  if (contents === null) return 'unknown'
  return contents.empty ? 'empty' : 'filled'
}

/** `which does not exist yet`, for a sentence about what would be used. */
export function stateInWords({ state }: Replacement): string {
  return {
    missing: ' which does not exist yet',
    empty: ' which is empty',
    filled: ' which holds something else',
    unknown: ' which is not what it had',
  }[state]
}

/** What was looked into and seen; null where nobody looked, or the look told nothing. */
export function seenIn(facts: Facts, holding: Holding): Contents | null {
  const contents = facts.contents[identityOfHolding(holding)]
  if (contents === undefined) return null
  const toldNothing =
    !contents.empty &&
    contents.bytes === null &&
    contents.lastWrite === null &&
    contents.database === null &&
    contents.cache === null
  return toldNothing ? null : contents
}

/** The volume that the file would use at a path, if it stands already. */
export function expectedVolume(facts: Facts, expected: ExpectedMount): VolumeFact | null {
  if (expected.kind !== 'volume') return null
  return facts.volumes.find(volume => volume.name === expected.name) ?? null
}

export function declaredVolume(facts: Facts, key: string): VolumeModel | null {
  const all = [...(facts.model?.volumes ?? []), ...(facts.wholeModel?.volumes ?? [])]
  return all.find(volume => volume.key === key) ?? null
}

export function imageOfService(facts: Facts, service: ServiceModel): Facts['images'][number] | undefined {
  const references = imageReferences(facts, service)
  return facts.images.find(image => image.references.some(reference => references.includes(reference)))
}

export function isSamePath(a: string, b: string): boolean {
  return plain(a) === plain(b)
}

function plain(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') : path
}

/** Whether a container was made from this directory: by its path, or by what stands at its path now. */
export function isMadeHere(facts: Facts, container: ContainerFact): boolean {
  return isThisDirectory(facts, container.workingDirectory)
}

export function isThisDirectory(facts: Facts, directory: string | null): boolean {
  const { directory: own, directoryId } = facts.project
  if (directory === null || own === null) return false
  if (isSamePath(directory, own)) return true
  return directoryId !== null && facts.places[directory]?.id === directoryId
}

/** Whether a directory is known to be gone, or to stand; `unknown` for engines elsewhere. */
export function standsStill(facts: Facts, directory: string | null): 'stands' | 'gone' | 'unknown' {
  const place = directory === null ? undefined : facts.places[directory]
  if (place === undefined || place.state === 'unknown') return 'unknown'
  return place.state === 'missing' ? 'gone' : 'stands'
}
