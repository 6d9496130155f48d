import type { Facts, ServiceModel, VolumeFact, VolumeModel } from '../model/facts.ts'
import type { Contents } from '../model/holding.ts'
import { kindOfImage } from './store-kind.ts'

/** The key that a volume shall be from now on, or why it cannot be told: what could be meant. */
export type FoundKey =
  | { readonly ok: true; readonly volume: VolumeModel }
  | { readonly ok: false; readonly keys: readonly string[] }

/**
 * By `--as`; else the one key under which a service keeps this kind of database; else the key that the volume was made
 * for, where the project still has it.
 */
export function findKey(
  facts: Facts,
  volume: VolumeFact,
  contents: Contents | null,
  asked: string | null,
): FoundKey {
  const declared = facts.model?.volumes ?? []
  const named = (key: string | undefined): VolumeModel | undefined => declared.find(each => each.key === key)
  const keys = declared.map(({ key }) => key)
  const answer = (found: VolumeModel | undefined): FoundKey =>
    found === undefined ? { ok: false, keys } : { ok: true, volume: found }
  if (asked !== null) return answer(named(asked))
  const kind = contents?.database?.kind ?? null
  const keeping = new Set(
    (facts.model?.services ?? [])
      .filter(service => kind !== null && kindOfService(facts, service) === kind)
      .flatMap(service =>
        service.mounts.flatMap(mount => (mount.type === 'volume' ? (mount.source ?? []) : [])),
      ),
  )
  const [only, second] = [...keeping]
  if (only !== undefined && second === undefined) return answer(named(only))
  return answer(
    kind === null || keeping.size > 1 ? named(volume.labels['com.docker.compose.volume']) : undefined,
  )
}

function kindOfService(facts: Facts, service: ServiceModel): ReturnType<typeof kindOfImage> {
  const own = facts.containers.find(
    each => each.project === facts.project.name && each.service === service.name && !each.oneOff,
  )
  const reference = service.image ?? own?.image ?? ''
  const image = facts.images.find(each => each.references.includes(reference) || each.id === own?.imageId)
  return kindOfImage(reference, image)
}

/** The services that mount a key, each with the place. */
export function servicesOf(
  facts: Facts,
  key: string,
): readonly { readonly service: string; readonly target: string }[] {
  return (facts.model?.services ?? []).flatMap(service =>
    service.mounts
      .filter(mount => mount.type === 'volume' && mount.source === key)
      .map(({ target }) => ({ service: service.name, target })),
  )
}
