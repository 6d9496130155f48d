import type { ContainerFact, Facts, ServiceModel, VolumeFact } from '../model/facts.ts'
import type { Invocation } from '../model/invocation.ts'
import type { Ledger } from '../model/journal.ts'
import { projectOf } from './deleted-volumes.ts'
import { readsOtherFiles } from './drift.ts'
import { isStorePath } from './displaced.ts'
import type { Displaced } from './displaced.ts'
import { escapeName } from './escape.ts'
import {
  expectedAt,
  expectedVolume,
  isMadeHere,
  isThisDirectory,
  seenIn,
  standsStill,
} from './expected-mount.ts'
import type { ExpectedMount } from './expected-mount.ts'
import { anonymousHolding, volumeHolding } from './holdings.ts'
import { isHelper } from './reach.ts'
import { findStarts } from './starts.ts'

/** Data that this place had under another project name. */
export interface FormerData extends Displaced {
  readonly project: string
  /** `place`: something names this very directory. `likeness`: it only looks like this project's. */
  readonly proof: 'place' | 'likeness'
}

/** A mount that another project has or had. */
interface FormerMount {
  readonly project: string
  readonly service: string
  readonly volume: VolumeFact
  readonly path: string
  readonly image: string
  readonly database: boolean
  readonly container: ContainerFact | null
  readonly proof: FormerData['proof']
  readonly evidence: string
}

/**
 * Data of other projects that may well be this one's under the name it had before, for each service that is about to
 * start for the first time: by what ledgers and containers say of this directory, else by what volumes are called.
 * What another project is using somewhere else stays out of it.
 */
export function formerData(facts: Facts, invocation: Invocation): readonly FormerData[] {
  const fresh = findStarts(facts, invocation).filter(({ replaced }) => replaced.length === 0)
  if (fresh.length === 0) return []
  const byPlace = [...ledgerMounts(facts), ...containerMounts(facts)].filter(former =>
    isLeftBehind(facts, former),
  )
  return fresh.flatMap(({ service }) => {
    if (isRemembered(facts, service)) return []
    const known = matching(facts, service, byPlace)
    return known.length > 0 ? known : alike(facts, service)
  })
}

/** What this project is remembered to have had under its present name is judged by other rules. */
function isRemembered(facts: Facts, service: ServiceModel): boolean {
  return facts.ledger?.services.some(each => each.service === service.name) === true
}

/** For each place of the service that would be new, what other projects had there. */
function matching(
  facts: Facts,
  service: ServiceModel,
  formers: readonly FormerMount[],
): readonly FormerData[] {
  return formers
    .filter(former => isSameUse(facts, service, former))
    .flatMap(former => {
      const expected = expectedAt(facts, service, former.path)
      return isNew(expected, former.volume) ? [dataOf(facts, service, former, expected)] : []
    })
    .filter(
      (each, index, all) =>
        all.findIndex(other => nameOf(other) === nameOf(each) && other.path === each.path) === index,
    )
}

function isNew(expected: ExpectedMount, volume: VolumeFact): boolean {
  if (expected.kind === 'volume') return expected.name !== volume.name && expected.declared?.external !== true
  return expected.kind === 'anonymous' && volume.anonymous
}

/** The same service at the same path; or another service's volume of the same key at the same path. */
function isSameUse(facts: Facts, service: ServiceModel, former: FormerMount): boolean {
  if (former.service === service.name) return true
  const expected = expectedAt(facts, service, former.path)
  return expected.declared !== null && keyOf(former.volume) === expected.declared.key
}

function dataOf(
  facts: Facts,
  service: ServiceModel,
  former: FormerMount,
  expected: ExpectedMount,
): FormerData {
  const { container, volume, path } = former
  const mount = container?.mounts.find(each => each.name === volume.name)
  const holding =
    volume.anonymous && container !== null && mount !== undefined
      ? anonymousHolding(container, { mount, volume })
      : volumeHolding(volume)
  return {
    service,
    path,
    holding,
    expected,
    container,
    project: former.project,
    proof: former.proof,
    evidence: [former.evidence],
    isStore: former.database || isStorePath(facts, service, former.image, path),
  }
}

function nameOf({ holding }: FormerData): string {
  return 'name' in holding ? holding.name : ''
}

// ---- What names this very place ----------------------------------------------------------------------------------

function ledgerMounts(facts: Facts): readonly FormerMount[] {
  return facts.otherLedgers
    .filter(ledger => ledger.engine === facts.engine.id && ledger.project !== facts.project.name)
    .toSorted((a, b) => Date.parse(b.updatedAt) - Date.parse(a.updatedAt))
    .flatMap(ledger => ledger.services.flatMap(service => mountsOfService(facts, ledger, service)))
}

function mountsOfService(
  facts: Facts,
  ledger: Ledger,
  service: Ledger['services'][number],
): readonly FormerMount[] {
  return service.mounts.flatMap(mount => {
    const volume = facts.volumes.find(
      each => each.name === mount.name && (mount.createdAt === null || mount.createdAt === each.createdAt),
    )
    if (mount.type !== 'volume' || volume === undefined) return []
    const isMoved = ledger.directory !== null && ledger.directory !== facts.project.directory
    const where = isMoved ? ` (directory ${escapeName(ledger.directory)})` : ''
    return [
      {
        project: ledger.project,
        service: service.service,
        volume,
        path: mount.destination,
        image: service.image,
        database: mount.database !== null,
        container: facts.containers.find(each => uses(each, volume)) ?? null,
        proof: 'place',
        evidence: `this project was called ${escapeName(ledger.project)}${where} until ${ledger.updatedAt}; now it is ${escapeName(facts.project.name)}`,
      },
    ]
  })
}

/** Containers of other projects that say they were made here; or, as a likeness, in a directory that is gone since. */
function containerMounts(facts: Facts): readonly FormerMount[] {
  return facts.containers
    .filter(container => container.project !== null && container.project !== facts.project.name)
    .filter(container => !container.oneOff && !isHelper(container))
    .flatMap(container => {
      const isHere = isMadeHere(facts, container)
      if (!isHere && !isTheSameFile(facts, container)) return []
      const directory = escapeName(container.workingDirectory ?? '')
      return container.mounts.flatMap(mount => {
        const volume = facts.volumes.find(each => each.name === mount.name)
        if (mount.type !== 'volume' || volume === undefined || mount.readOnly) return []
        return [
          {
            project: container.project ?? '',
            service: container.service ?? '',
            volume,
            path: mount.destination,
            image: container.image,
            database: false,
            container,
            proof: isHere ? ('place' as const) : ('likeness' as const),
            evidence: isHere
              ? `container ${escapeName(container.name)} of project ${escapeName(container.project ?? '')} was made in this directory (${directory})`
              : `container ${escapeName(container.name)} has the same configuration, and its directory ${directory} is gone`,
          },
        ]
      })
    })
}

/** The same configuration to the letter, from a directory that does not exist any more: most likely moved. */
function isTheSameFile(facts: Facts, container: ContainerFact): boolean {
  const hash = facts.hashes[container.service ?? '']
  return (
    hash !== undefined &&
    hash === container.configHash &&
    standsStill(facts, container.workingDirectory) === 'gone'
  )
}

/**
 * Whether nobody uses it as a project of its own. Containers that run from another directory do, and so do those that
 * run from this very one with other Compose files, or if the new name was chosen for this command: then it is a second
 * instance on purpose.
 */
function isLeftBehind(facts: Facts, { volume, project }: FormerMount): boolean {
  const running = facts.containers.filter(
    container => uses(container, volume) && ['running', 'paused', 'restarting'].includes(container.state),
  )
  const { namedBy, name } = facts.project
  const isChosen = namedBy === 'flag' || namedBy === 'environment'
  if (isChosen && (saysSecondInstance(name) || running.some(each => each.project === project))) return false
  return !running.some(container =>
    isThisDirectory(facts, container.workingDirectory)
      ? readsOtherFiles(facts, container)
      : standsStill(facts, container.workingDirectory) !== 'gone',
  )
}

function uses(container: ContainerFact, volume: VolumeFact): boolean {
  return !isHelper(container) && container.mounts.some(mount => mount.name === volume.name)
}

/** Names that say themselves that they stand beside the real thing. */
const secondInstance =
  /(^|[-_])(scratch|tests?|testing|e2e|ci|pr|mr|build|tmp|temp|staging|preview|review|sandbox|worktree)([-_]|\d|$)/

/** Names by which somebody says that it is another instance on purpose. */
export function saysSecondInstance(name: string): boolean {
  return secondInstance.test(name)
}

// ---- What only looks alike ---------------------------------------------------------------------------------------

/** How many volumes of the same key are worth a look: with more of them the key says nothing. */
const mostAlike = 6

/**
 * Volumes of the same key under another project's name that no container uses, where the own one would be new, for
 * servers that keep a database there. Strangers have such volumes too, so that it never is more than a hint.
 */
function alike(facts: Facts, service: ServiceModel): readonly FormerData[] {
  const { namedBy, name } = facts.project
  const isChosen = namedBy === 'flag' || namedBy === 'environment'
  if (isChosen && saysSecondInstance(name)) return []
  return service.mounts.flatMap(({ target, type, readOnly }) => {
    const expected = expectedAt(facts, service, target)
    const { declared } = expected
    if (type !== 'volume' || readOnly || declared === null || declared.external) return []
    if (expectedVolume(facts, expected) !== null) return []
    if (!isStorePath(facts, service, service.image ?? '', target)) return []
    const found = facts.volumes.filter(
      volume => isAlike(facts, volume, declared.key) && !facts.containers.some(each => uses(each, volume)),
    )
    const spelled = found.filter(volume => isFormerSpelling(facts, volume))
    if (spelled.length === 0 && found.length > mostAlike) return []
    const chosen = spelled.length > 0 ? spelled : found
    return chosen.map(volume => likenessOf(facts, service, target, volume))
  })
}

function isAlike(facts: Facts, volume: VolumeFact, key: string): boolean {
  if (volume.anonymous) return false
  const declared = [...(facts.model?.volumes ?? []), ...(facts.wholeModel?.volumes ?? [])]
  if (declared.some(each => each.name === volume.name)) return false
  const label = keyOf(volume)
  const isNamedSo = volume.name.endsWith(`_${key}`) && (label === null || label === key)
  // A key that this project no longer has is an edit of the file: judged as one.
  const isOther = projectOf(volume) !== facts.project.name
  return isOther && (label === key || isNamedSo)
}

function likenessOf(facts: Facts, service: ServiceModel, target: string, volume: VolumeFact): FormerData {
  const project = ownerOf(volume)
  return {
    service,
    path: target,
    holding: volumeHolding(volume),
    expected: expectedAt(facts, service, target),
    container: null,
    project,
    proof: 'likeness',
    evidence: [
      isFormerSpelling(facts, volume)
        ? `older versions of Compose called this directory's project ${escapeName(project)}`
        : `volume ${escapeName(volume.name)} has the same key, belongs to project ${escapeName(project)}, and no container uses it`,
    ],
    isStore: true,
  }
}

function isFormerSpelling(facts: Facts, volume: VolumeFact): boolean {
  return formerSpellings(facts.project.directory).includes(ownerOf(volume))
}

/** The project that a volume belongs to, by its label or else by its name. */
function ownerOf(volume: VolumeFact): string {
  return projectOf(volume) ?? volume.name.slice(0, volume.name.lastIndexOf('_'))
}

/** What versions of Compose made of a directory's name: before 1.21 without dashes and underscores, and as v1 and v2 do. */
function formerSpellings(directory: string | null): readonly string[] {
  const base = (directory ?? '').slice((directory ?? '').lastIndexOf('/') + 1)
  const lower = base.toLowerCase()
  const plain = lower.replace(/[^a-z0-9]/g, '')
  const normal = lower.replace(/[^a-z0-9_-]/g, '').replace(/^[_-]+/, '')
  return [...new Set([plain, normal, base])].filter(name => name !== '')
}

/** The key that a volume had in its file; null when its labels do not say. */
export function keyOf(volume: VolumeFact): string | null {
  return volume.labels['com.docker.compose.volume'] ?? null
}

/** Whether a likeness is borne out by what is in it: only a database is worth a word. */
export function isBorneOut(facts: Facts, data: FormerData): boolean {
  return data.proof === 'place' || (seenIn(facts, data.holding)?.database ?? null) !== null
}
