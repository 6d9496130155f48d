import type { ContainerFact, Facts, ServiceModel } from '../../model/facts.ts'
import type { Finding, Rule } from '../../model/finding.ts'
import type { BindHolding } from '../../model/holding.ts'
import type { Invocation } from '../../model/invocation.ts'
import type { LedgerService } from '../../model/journal.ts'
import { comingContainers, servicesBroughtUp } from '../coming-containers.ts'
import { escapeName } from '../escape.ts'
import { isDryRun } from '../invocation.ts'
import { sharesDirectories } from '../places.ts'
import { commandOf, serviceContainers } from '../reach.ts'
import { hasDataAt, keepsDataAt } from '../server-data.ts'
import { namedContainers } from '../stopped-containers.ts'

/**
 * The directory of the host that holds a database is not where the file says: it was moved, its disk is not mounted,
 * the file or a variable names another path.
 *
 * The engine makes an empty directory in its place, and the database starts on it. Nothing is deleted. A first start
 * on a directory that does not exist yet is normal; so it only counts where data was known to be.
 */
export const bindSourceMissingOrMoved: Rule = {
  id: 'bind-source-missing-or-moved',
  title: 'the directory with the data is not there, and an empty one would be made',
  about:
    'The directory that the file mounts at the data path does not exist or is empty, although the data was there, or ' +
    'lies in the directory that was mounted until now. The engine makes an empty directory, and the database starts ' +
    'on it. The old directory stays as it is, wherever it is.',
  versions: 'all; with the long syntax 1.29 and 2.26 fail instead',
  instead: 'the path that holds the data, with bind: { create_host_path: false }',
  leadsTo: ['hidden', 'warning'],
  citations: [
    'docker/compose#2781',
    'docker/compose#1793',
    'docker/compose#13602',
    'moby/moby#13121',
    'containers/podman-compose#1275',
  ],
  check: (facts, invocation) =>
    startsOn(facts, invocation).flatMap(start => {
      const state = facts.places[start.source]?.state
      if (state !== 'missing' && state !== 'empty') return []
      const known = whatIsKnown(facts, start)
      if (known === null) return state === 'missing' ? firstStart(facts, start) : []
      const proven = known.source !== start.source || sharesDirectories(facts, start.source)
      return [findingOf(start, known, state, proven)]
    }),
}

/** A directory at the place where a server keeps its data, in a container that is about to start. */
interface Start {
  readonly service: string
  readonly source: string
  readonly target: string
  /** The container that is replaced, or that starts again; null for a first one. */
  readonly container: ContainerFact | null
}

function startsOn(facts: Facts, invocation: Invocation): readonly Start[] {
  const coming = comingContainers(facts, invocation)
  const replaced = new Set(coming.map(({ replaces }) => replaces))
  return [
    ...coming.flatMap(({ service, replaces }) => mountsOfService(facts, service, replaces)),
    ...startedAgain(facts, invocation)
      .filter(container => !replaced.has(container))
      .flatMap(container => mountsOfContainer(facts, container)),
  ]
}

function mountsOfService(
  facts: Facts,
  service: ServiceModel,
  container: ContainerFact | null,
): readonly Start[] {
  return service.mounts
    .filter(mount => mount.type === 'bind' && mount.source !== null && !mount.readOnly)
    .filter(({ target }) => keepsDataAt(facts, service, target) || isRemembered(facts, service.name, target))
    .map(({ source, target }) => ({ service: service.name, source: source ?? '', target, container }))
}

function mountsOfContainer(facts: Facts, container: ContainerFact): readonly Start[] {
  const service = container.service ?? container.name
  return container.mounts
    .filter(mount => mount.type === 'bind' && !mount.readOnly)
    .filter(
      ({ destination }) =>
        hasDataAt(facts, container, destination) || isRemembered(facts, service, destination),
    )
    .map(({ source, destination }) => ({ service, source, target: destination, container }))
}

/** Stopped containers that the command starts as they are: with the mounts that they were made with. */
function startedAgain(facts: Facts, invocation: Invocation): readonly ContainerFact[] {
  const isStopped = ({ state }: ContainerFact): boolean => state === 'exited' || state === 'dead'
  switch (commandOf(invocation)) {
    case 'start':
    case 'restart':
      return isDryRun(invocation) ? [] : namedContainers(facts, invocation).filter(isStopped)
    case 'up':
    case 'scale':
    case 'run':
    case 'watch':
      return servicesBroughtUp(facts, invocation)
        .flatMap(({ name }) => serviceContainers(facts, name))
        .filter(isStopped)
    default:
      return []
  }
}

// ---- What is known of the data -----------------------------------------------------------------------------------

interface Known {
  /** The directory in which it was last seen. */
  readonly source: string
  readonly evidence: string
  readonly label: string | null
}

/** What was mounted there before, by the container or by what is remembered; null where nothing is known. */
function whatIsKnown(facts: Facts, start: Start): Known | null {
  const remembered = mountRemembered(facts, start.service, start.target)
  const mounted = start.container?.mounts.find(
    mount => mount.type === 'bind' && mount.destination === start.target,
  )
  const label = remembered?.database ?? null
  if (mounted !== undefined && mounted.source !== start.source && isFilled(facts, mounted.source))
    return {
      source: mounted.source,
      evidence: `container ${escapeName(start.container?.name ?? '')} has ${escapeName(mounted.source)} there`,
      label,
    }
  if (
    remembered !== undefined &&
    remembered.name !== start.source &&
    mounted?.source !== start.source &&
    isFilled(facts, remembered.name)
  )
    return {
      source: remembered.name,
      evidence: `${escapeName(remembered.name)} was mounted there when it last ran`,
      label,
    }
  if (remembered?.name === start.source && label !== null)
    return {
      source: start.source,
      evidence: `${escapeName(label)} was in ${escapeName(start.source)} when it last ran`,
      label,
    }
  if (mounted?.source === start.source && hasRun(start.container))
    return {
      source: start.source,
      evidence: `container ${escapeName(start.container?.name ?? '')} has run on it`,
      label: null,
    }
  return null
}

function mountRemembered(
  facts: Facts,
  service: string,
  target: string,
): LedgerService['mounts'][number] | undefined {
  return facts.ledger?.services
    .find(each => each.service === service)
    ?.mounts.find(mount => mount.type === 'bind' && mount.destination === target)
}

/** A database was seen there, whatever the image is called. */
function isRemembered(facts: Facts, service: string, target: string): boolean {
  return (mountRemembered(facts, service, target)?.database ?? null) !== null
}

function isFilled(facts: Facts, path: string): boolean {
  return facts.places[path]?.state === 'filled'
}

function hasRun(container: ContainerFact | null): boolean {
  return (
    container !== null && (container.state === 'running' || (container.details?.finishedAt ?? null) !== null)
  )
}

// ---- What is said of it ------------------------------------------------------------------------------------------

function findingOf(start: Start, known: Known, state: 'missing' | 'empty', proven: boolean): Finding {
  const [name, source] = [escapeName(start.service), escapeName(start.source)]
  const what = known.label === null ? `the data of ${name}` : escapeName(known.label)
  const isMoved = known.source !== start.source
  const advice = isMoved
    ? `mount ${known.source} again: volumes: [${known.source}:${start.target}]`
    : `put ${start.source} back where it was, or mount its disk, before ${start.service} starts`
  return {
    rule: 'bind-source-missing-or-moved',
    outcome: 'hidden',
    holding: bindHolding(start, known.source),
    because: isMoved
      ? `the file mounts ${source} at ${escapeName(start.target)}, which ${stateWords[state]}, and ${what} is in ${escapeName(known.source)}: ${name} would start empty`
      : `${source} ${stateWords[state]}, and ${what} was in it: ${name} would start empty`,
    evidence: [known.evidence, `${source} ${stateWords[state]}`],
    usedBy: [name],
    instead: proven ? null : advice,
    canBackUp: isMoved,
    ...(proven
      ? { wouldUse: { name: start.source, state }, remedies: [{ kind: 'advice', line: advice }] }
      : { warning: true }),
  }
}

const stateWords = { missing: 'does not exist', empty: 'is empty' } as const

/** Nothing was ever there. Below the project that is how everybody begins; elsewhere it may be a disk that is not mounted. */
function firstStart(facts: Facts, start: Start): readonly Finding[] {
  const [name, source] = [escapeName(start.service), escapeName(start.source)]
  const { directory } = facts.project
  const unset = /(\w+)\\?"? variable is not set/.exec(facts.modelWarnings)?.[1]
  if (unset === undefined && directory !== null && start.source.startsWith(`${directory}/`)) return []
  return [
    {
      rule: 'bind-source-missing-or-moved',
      outcome: 'hidden',
      holding: bindHolding(start, start.source),
      because:
        unset === undefined
          ? `${source} does not exist: the engine makes an empty directory, and ${name} starts on it`
          : `${source} does not exist, and the variable ${escapeName(unset)} is not set: ${name} starts on an empty directory that the engine makes`,
      evidence: [`${source} does not exist on this machine`],
      usedBy: [name],
      instead: `check the path; with bind: { create_host_path: false } Compose stops instead of making ${start.source}`,
      canBackUp: false,
      warning: true,
    },
  ]
}

function bindHolding({ service, target }: Start, source: string): BindHolding {
  return { kind: 'bind', source, service, path: target }
}
