import type { ContainerFact, VolumeFact } from '../../model/facts.ts'
import type { Invocation } from '../../model/invocation.ts'
import { flagList, isOn } from '../invocation.ts'
import { isHelper } from '../reach.ts'

/** The engine as a docker line meets it. */
export interface EngineSeen {
  readonly containers: readonly ContainerFact[]
  readonly volumes: readonly VolumeFact[]
  /** The API version that docker and this engine speak with each other, such as `1.51`: what `prune` means depends on it. */
  readonly apiVersion: string
  /** Those that docker's own configuration adds to every `prune`, such as `label!=keep`. */
  readonly pruneFilters: readonly string[]
  readonly now: Date
}

/** What a line would remove. */
export interface Taken {
  readonly volumes: readonly VolumeFact[]
  readonly containers: readonly TakenContainer[]
  /** Docker asks before it does it, at the terminal or on its standard input; silence means no. */
  readonly asked: boolean
}

export interface TakenContainer {
  readonly container: ContainerFact
  /** Its anonymous volumes go with it. */
  readonly withVolumes: boolean
}

/**
 * What a line of the docker CLI removes from an engine: the volumes by themselves, and the containers. What docker
 * refuses to remove (a volume in use, a running container without -f) is not in it. Where it cannot be told what a
 * filter lets pass, everything passes.
 */
export function takenBy(
  invocation: Invocation,
  seen: EngineSeen,
  stdin: 'terminal' | 'empty' | 'data',
): Taken {
  const command = invocation.command.join(' ')
  const asked = command.endsWith(' prune') && !isOn(invocation, 'force')
  if (asked && stdin === 'empty') return { volumes: [], containers: [], asked }
  const containers = containersTaken(command, invocation, seen)
  return { volumes: volumesTaken(command, invocation, seen, containers), containers, asked }
}

function volumesTaken(
  command: string,
  invocation: Invocation,
  seen: EngineSeen,
  gone: readonly TakenContainer[],
): readonly VolumeFact[] {
  const going = new Set(gone.map(({ container }) => container.id))
  const unused = seen.volumes.filter(volume => !isUsed(volume, seen.containers, going))
  switch (command) {
    case 'volume rm':
      return unused.filter(({ name }) => invocation.args.includes(name))
    case 'volume prune':
      return pruned(unused, invocation, seen, takesNamed(invocation, seen) || isOn(invocation, 'all'))
    case 'system prune':
      return isOn(invocation, 'volumes') ? pruned(unused, invocation, seen, takesNamed(invocation, seen)) : []
    default:
      return []
  }
}

function isUsed(
  { name }: VolumeFact,
  containers: readonly ContainerFact[],
  going: ReadonlySet<string>,
): boolean {
  return containers.some(
    container =>
      !going.has(container.id) && !isHelper(container) && container.mounts.some(mount => mount.name === name),
  )
}

/** Before API 1.42 (Docker 23) every `prune` takes named volumes; since then only one that is told to. */
function takesNamed(invocation: Invocation, seen: EngineSeen): boolean {
  const [major = 0, minor = 0] = seen.apiVersion.split('.').map(Number)
  const isOld = major === 1 && minor < 42
  const all = valuesOf([...flagList(invocation, 'filter'), ...seen.pruneFilters], 'all')
  return isOld || all.some(value => /^(1|t|true)$/i.test(value))
}

/** Only of the driver `local`, and none that has options: those are names for something that lies elsewhere. */
function pruned(
  unused: readonly VolumeFact[],
  invocation: Invocation,
  seen: EngineSeen,
  named: boolean,
): readonly VolumeFact[] {
  return unused.filter(
    ({ driver, options, labels }) =>
      driver === 'local' &&
      Object.keys(options).length === 0 &&
      (named || Object.hasOwn(labels, 'com.docker.volume.anonymous')) &&
      passesLabels(labels, filtersOf(invocation, seen)),
  )
}

function containersTaken(
  command: string,
  invocation: Invocation,
  seen: EngineSeen,
): readonly TakenContainer[] {
  const containers = seen.containers.filter(container => !isHelper(container))
  switch (command) {
    case 'container rm':
      return isOn(invocation, 'link') ? [] : removedContainers(invocation, containers)
    case 'container prune':
    case 'system prune':
      return containers
        .filter(
          container =>
            isStopped(container) && passesFilters(container, filtersOf(invocation, seen), seen.now),
        )
        .map(container => ({ container, withVolumes: false }))
    case 'stack rm':
      return tasksOf(containers, labels =>
        invocation.args.includes(labels['com.docker.stack.namespace'] ?? ''),
      )
    case 'service rm':
      return tasksOf(containers, labels => invocation.args.some(word => isService(labels, word)))
    default:
      return []
  }
}

function removedContainers(
  invocation: Invocation,
  containers: readonly ContainerFact[],
): readonly TakenContainer[] {
  const named = new Set(invocation.args.flatMap(word => findContainer(containers, word) ?? []))
  return [...named]
    .filter(container => isStopped(container) || isOn(invocation, 'force'))
    .map(container => ({ container, withVolumes: isOn(invocation, 'volumes') }))
}

/** As the engine finds one: by its whole id, its name, else the beginning of an id that only one has. */
function findContainer(containers: readonly ContainerFact[], word: string): ContainerFact | null {
  const name = word.replace(/^\//, '')
  const exact = containers.find(({ id }) => id === word) ?? containers.find(each => each.name === name)
  if (exact !== undefined) return exact
  const beginning = containers.filter(({ id }) => word !== '' && id.startsWith(word))
  return beginning.length === 1 ? (beginning[0] ?? null) : null
}

function isStopped({ state }: ContainerFact): boolean {
  return state === 'created' || state === 'exited' || state === 'dead'
}

/** Swarm removes the containers of its tasks together with their anonymous volumes. */
function tasksOf(
  containers: readonly ContainerFact[],
  isMeant: (labels: ContainerFact['labels']) => boolean,
): readonly TakenContainer[] {
  return containers
    .filter(({ labels }) => isMeant(labels))
    .map(container => ({ container, withVolumes: true }))
}

/** By its name, or by the beginning of its id. */
function isService(labels: ContainerFact['labels'], word: string): boolean {
  const id = labels['com.docker.swarm.service.id'] ?? ''
  return word !== '' && (labels['com.docker.swarm.service.name'] === word || id.startsWith(word))
}

// ---- Filters -----------------------------------------------------------------------------------------------------

/**
 * The line's and, as docker adds them, those of its configuration: not where the line names the same label the other way
 * round. None where the line has flags that nobody knows: they may change what the filters are.
 */
function filtersOf(invocation: Invocation, { pruneFilters }: EngineSeen): readonly string[] {
  if (invocation.unknownFlags.length > 0) return []
  const typed = flagList(invocation, 'filter')
  const opposites: Readonly<Record<string, string>> = { label: 'label!', 'label!': 'label' }
  const added = pruneFilters.filter(filter => {
    const [key, value = ''] = splitOnce(filter)
    return value !== '' && !valuesOf(typed, opposites[key] ?? '').includes(value)
  })
  return [...typed, ...added]
}

function passesFilters(container: ContainerFact, filters: readonly string[], now: Date): boolean {
  const until = valuesOf(filters, 'until').map(text => momentOf(text, now))
  const isOldEnough = until.every(moment => moment === null || Date.parse(container.createdAt) <= moment)
  return isOldEnough && passesLabels(container.labels, filters)
}

/** With every `label`, and not with every `label!`. */
function passesLabels(labels: Readonly<Record<string, string>>, filters: readonly string[]): boolean {
  const has = (text: string): boolean => {
    const [key, value] = splitOnce(text)
    return Object.hasOwn(labels, key) && (value === undefined || labels[key] === value)
  }
  const unwanted = valuesOf(filters, 'label!')
  return valuesOf(filters, 'label').every(has) && !(unwanted.length > 0 && unwanted.every(has))
}

function valuesOf(filters: readonly string[], name: string): readonly string[] {
  return filters.flatMap(filter => {
    const [key, value = ''] = splitOnce(filter)
    return key.trim().toLowerCase() === name ? [value.trim()] : []
  })
}

function splitOnce(text: string): readonly [string, string?] {
  const equals = text.indexOf('=')
  return equals < 0 ? [text] : [text.slice(0, equals), text.slice(equals + 1)]
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3600_000 }

/** A point in time as Docker takes it, or how long ago it was, in milliseconds since 1970; null where it is neither. */
function momentOf(text: string, now: Date): number | null {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000
  if (/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) {
    const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)]
    return (
      now.getTime() - parts.reduce((sum, [, size, unit]) => sum + Number(size) * (units[unit ?? ''] ?? 0), 0)
    )
  }
  // Without a zone docker means its own, which may not be ours.
  const moment = /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(moment) ? null : moment
}
