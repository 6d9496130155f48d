import type { ContainerFact, Facts, VolumeFact } from '../../model/facts.ts'
import { nameOfHolding } from '../../model/holding.ts'
import { saysSecondInstance } from '../former-name.ts'
import { formatAgeOf } from '../format.ts'
import { kindOfImage } from '../store-kind.ts'
import type { DatabasePlace } from './places.ts'
import type { Seen } from './situation.ts'
import { isBlank, isFilledSince, standing } from './volumes.ts'

/** Where the data of a place is known, or likely, to have been before. */
export interface FormerHome {
  readonly type: 'volume' | 'bind'
  readonly name: string
  readonly createdAt: string | null
  readonly identity: string | null
  /** How that is known, in one line. */
  readonly evidence: string
  /** False for what is only a likeness: it counts only while the data is still there. */
  readonly certain: boolean
}

/** How long a volume is young: a database that is older is no mishap any more, but what the service lives on. */
const week = 7 * 86_400_000
const day = 86_400_000

/** What the place had before and does not have now, the surest first. */
export function formerHomes(seen: Seen, place: DatabasePlace): readonly FormerHome[] {
  return [
    ...fromLedger(seen, place),
    ...fromFormerNames(seen, place),
    ...fromPoints(seen, place),
    ...fromLikeness(seen, place),
  ].filter(former => isOther(place, former))
}

/** The identity of the database decides where both are known; else the volume's name and birth. */
function isOther(place: DatabasePlace, former: FormerHome): boolean {
  const now = place.contents?.database?.identity ?? null
  if (now !== null && former.identity !== null) return now !== former.identity
  if (place.type !== former.type || place.name !== former.name) return true
  return place.createdAt !== null && former.createdAt !== null && place.createdAt !== former.createdAt
}

function fromLedger(seen: Seen, place: DatabasePlace): readonly FormerHome[] {
  const { ledger } = seen.facts
  const known = ledger?.services.find(({ service }) => service === place.service)
  const mount = known?.mounts.find(({ destination }) => destination === place.path)
  if (ledger === null || mount === undefined) return []
  if (place.type === 'volume' && isFilledSince(seen, place.name, ledger.updatedAt)) return []
  const words = mount.database === null ? '' : ` (${mount.database})`
  return [
    {
      ...mount,
      evidence: `${place.service} had ${mount.name}${words} when it was last seen, ${formatAgeOf(ledger.updatedAt, seen.now)}`,
      certain: true,
    },
  ]
}

/** What is remembered of this very directory under another project name. */
function fromFormerNames(seen: Seen, place: DatabasePlace): readonly FormerHome[] {
  const { facts, now } = seen
  const { namedBy, name } = facts.project
  const isChosen = namedBy === 'flag' || namedBy === 'environment'
  if (!isYoung(seen, place) || (isChosen && saysSecondInstance(name))) return []
  return facts.otherLedgers
    .filter(({ engine, project }) => engine === facts.engine.id && project !== name)
    .toSorted((one, other) => Date.parse(other.updatedAt) - Date.parse(one.updatedAt))
    .flatMap(ledger => {
      const known = ledger.services.find(({ service }) => service === place.service)
      const mount = known?.mounts.find(({ destination }) => destination === place.path)
      if (mount === undefined || mount.type !== 'volume' || userOf(facts, mount.name) !== null) return []
      const moved = ledger.directory !== null && ledger.directory !== facts.project.directory
      const where = moved ? ` (directory ${ledger.directory})` : ''
      return [
        {
          ...mount,
          evidence: `this project was called ${ledger.project}${where} until ${formatAgeOf(ledger.updatedAt, now)}; now it is ${name}`,
          certain: true,
        },
      ]
    })
}

/** What the newest backup holds of this service: what came up since on another volume is not what was saved. */
function fromPoints(seen: Seen, place: DatabasePlace): readonly FormerHome[] {
  for (const { manifest, state, id } of seen.points) {
    if (state !== 'good' || manifest.reason === 'safety') continue
    if (manifest.project.name !== seen.facts.project.name) continue
    const counted = manifest.databases?.find(({ service }) => service === place.service)?.holding
    const record = manifest.holdings.find(
      ({ holding, database, usedBy }) =>
        holding.kind === 'volume' &&
        (nameOfHolding(holding) === counted || (database !== null && usedBy.includes(place.service))),
    )
    if (record === undefined || !('createdAt' in record.holding)) continue
    const isSince = place.createdAt === null || place.createdAt > manifest.finishedAt
    const isFilled = place.type === 'volume' && isFilledSince(seen, place.name, manifest.finishedAt)
    if (!isSince || isFilled) return []
    const { name, createdAt } = record.holding
    const identity = record.database?.identity ?? null
    const evidence = `when restore point ${id} was taken, ${formatAgeOf(manifest.finishedAt, seen.now)}, ${place.service} had ${name}`
    return [{ type: 'volume', name, createdAt, identity, evidence, certain: true }]
  }
  return []
}

/**
 * A volume that no container uses, with such a database in it: another one of this project, or one with the same key or
 * ending. Only where the service has nothing, or something that began when that one was left.
 */
function fromLikeness(seen: Seen, place: DatabasePlace): readonly FormerHome[] {
  const { facts } = seen
  if (place.type !== 'volume') return []
  const kind = place.contents?.database?.kind ?? kindOfPlace(facts, place)
  const declared = new Set(facts.model?.volumes.map(({ name }) => name) ?? [])
  const used = new Set(facts.containers.flatMap(({ mounts }) => mounts.map(({ name }) => name)))
  return facts.volumes.flatMap((volume): readonly FormerHome[] => {
    const contents = seen.contents.get(volume.name)
    if (contents?.database == null || contents.database.kind !== kind) return []
    if (volume.name === place.name || declared.has(volume.name) || used.has(volume.name)) return []
    if (!isAlike(facts, volume, place.key)) return []
    const isBare =
      place.createdAt === null ||
      place.contents?.empty === true ||
      (place.server !== null && isBlank(place.server))
    if (!isBare && !beganThen(seen, place, contents.lastWrite)) return []
    if (place.createdAt !== null && volume.createdAt > place.createdAt) return []
    return [
      {
        type: 'volume',
        name: volume.name,
        createdAt: volume.createdAt,
        identity: contents.database.identity,
        evidence: likenessWords(facts, volume, place.key),
        certain: false,
      },
    ]
  })
}

function isAlike(facts: Facts, volume: VolumeFact, key: string | null): boolean {
  if (labelOf(volume, 'project') === facts.project.name) return true
  return key !== null && (labelOf(volume, 'volume') === key || volume.name.endsWith(`_${key}`))
}

function likenessWords(facts: Facts, volume: VolumeFact, key: string | null): string {
  const project = labelOf(volume, 'project')
  if (project === facts.project.name)
    return `no container uses ${volume.name}, which Compose made for this project`
  const whose = project === undefined ? '' : `, of project ${project}`
  return `no container uses ${volume.name}, which has the same key${key === null ? '' : ` ${key}`}${whose}`
}

function labelOf(volume: VolumeFact, what: 'project' | 'volume'): string | undefined {
  return volume.labels[`com.docker.compose.${what}`]
}

function kindOfPlace(facts: Facts, place: DatabasePlace): string | null {
  const reference =
    place.container?.image ?? facts.model?.services.find(({ name }) => name === place.service)?.image ?? ''
  const image = facts.images.find(
    each => each.id === place.container?.imageId || each.references.includes(reference),
  )
  return kindOfImage(reference, image)
}

/** One was last written to within a day before the other was made. */
function beganThen(seen: Seen, place: DatabasePlace, lastWrite: string | null): boolean {
  if (place.createdAt === null || lastWrite === null || !isYoung(seen, place)) return false
  const between = Date.parse(place.createdAt) - Date.parse(lastWrite)
  return between >= 0 && between <= day
}

function isYoung({ now }: Seen, { createdAt }: DatabasePlace): boolean {
  return createdAt === null || now.getTime() - Date.parse(createdAt) <= week
}

/** Who runs on it: then it is theirs. */
export function userOf(facts: Facts, name: string): ContainerFact | null {
  const found = facts.containers.find(
    ({ state, mounts }) =>
      (state === 'running' || state === 'paused' || state === 'restarting') &&
      mounts.some(mount => mount.name === name),
  )
  return found ?? null
}

/** Whether the data is still where it was, and nobody runs on it. */
export function isLeft(seen: Seen, former: FormerHome): boolean {
  if (former.type !== 'volume' || userOf(seen.facts, former.name) !== null) return false
  if (standing(seen, former.name, former.createdAt) === null) return false
  const contents = seen.contents.get(former.name)
  if (contents === undefined) return true
  const identity = contents.database?.identity ?? null
  if (former.identity !== null && identity !== null) return identity === former.identity
  return !contents.empty
}
