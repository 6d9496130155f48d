import type { ContainerFact, Facts, Model } from '../model/facts.ts'
import type { Ledger } from '../model/journal.ts'

/**
 * The paths of this machine that the rules may ask about: the project's directory, those that containers and ledgers
 * name as theirs, the directories that services mount, and what running containers see at their end of a mount.
 */
export function placesWorthALook(from: {
  readonly directory: string | null
  readonly model: Model | null
  readonly containers: readonly ContainerFact[]
  readonly project: string
  readonly ledgers: readonly Ledger[]
  /** The engine's own directory. */
  readonly rootDirectory: string
}): readonly string[] {
  const own = from.containers.filter(container => container.project === from.project)
  const paths = [
    from.directory,
    from.rootDirectory,
    ...from.containers.map(container => container.workingDirectory),
    ...from.ledgers.map(ledger => ledger.directory),
    ...(from.model?.services ?? []).flatMap(service =>
      service.mounts.map(mount => (mount.type === 'bind' ? mount.source : null)),
    ),
    ...own.flatMap(container =>
      container.mounts.flatMap(mount =>
        mount.type === 'bind' ? [mount.source, placeInside(container, mount.destination)] : [],
      ),
    ),
    ...own.flatMap(container =>
      container.mounts.some(mount => mount.type === 'bind') ? hostnamePlaces(from, container) : [],
    ),
    ...from.ledgers
      .filter(ledger => ledger.project === from.project)
      .flatMap(ledger => ledger.services.flatMap(service => service.mounts))
      .map(mount => (mount.type === 'bind' ? mount.name : null)),
  ]
  return [...new Set(paths.filter(path => path !== null && path.startsWith('/')))] as string[]
}

/** Where this machine sees what a running container has at a path; null for one that does not run. */
export function placeInside(container: ContainerFact, path: string): string | null {
  const pid = container.details?.pid ?? 0
  return container.state === 'running' && pid > 0 ? `/proc/${pid}/root${path}` : null
}

/** A file that the engine made for this container alone: where it keeps it, and where the container sees it. */
function hostnamePlaces(
  engine: { readonly rootDirectory: string },
  container: ContainerFact,
): readonly (string | null)[] {
  return [
    `${engine.rootDirectory}/containers/${container.id}/hostname`,
    placeInside(container, '/etc/hostname'),
  ]
}

/**
 * Whether what `placeInside` says of a container is really this container's: process numbers mean nothing where the
 * engine lives on another machine. Proven by the file that the engine makes for each container.
 */
export function isSeenInside(facts: Facts, container: ContainerFact): boolean {
  const [outside, inside] = hostnamePlaces(facts.engine, container).map(path => facts.places[path ?? '']?.id)
  return typeof outside === 'string' && outside === inside
}

/**
 * Whether a directory that is missing here is missing for the engine: its own directory is seen here, or another
 * directory that a container of the project has mounted, or the project's directory above the missing one, as long as
 * nothing runs on a directory that is not here.
 */
export function sharesDirectories(facts: Facts, missing: string): boolean {
  const isHere = (path: string): boolean => (facts.places[path]?.id ?? null) !== null
  if (isHere(facts.engine.rootDirectory)) return true
  const { directory, name } = facts.project
  const binds = facts.containers
    .filter(container => container.project === name)
    .flatMap(({ state, mounts }) =>
      mounts
        .filter(mount => mount.type === 'bind')
        .map(({ source }) => ({ source, runs: state === 'running' })),
    )
  if (binds.some(({ source }) => source !== missing && isHere(source))) return true
  const isBelow = directory !== null && isHere(directory) && missing.startsWith(`${directory}/`)
  return isBelow && !binds.some(({ source, runs }) => runs && !isHere(source))
}

/** The ledger of a project on an engine, and what is remembered of its directory under other names or engines. */
export function ledgersOfPlace(
  ledgers: readonly Ledger[],
  of: {
    readonly engine: string
    readonly project: string
    readonly directory: string | null
    readonly directoryId: string | null
  },
): Pick<Facts, 'ledger' | 'otherLedgers'> {
  const isOwn = (ledger: Ledger): boolean => ledger.engine === of.engine && ledger.project === of.project
  const isHere = (ledger: Ledger): boolean =>
    (of.directoryId !== null && ledger.directoryId === of.directoryId) ||
    (of.directory !== null && ledger.directory === of.directory)
  return {
    ledger: ledgers.find(isOwn) ?? null,
    otherLedgers: ledgers.filter(ledger => !isOwn(ledger) && isHere(ledger)),
  }
}
