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
}): readonly string[] {
  const own = from.containers.filter(container => container.project === from.project)
  const paths = [
    from.directory,
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
  ]
  return [...new Set(paths.filter(path => path !== null && path.startsWith('/')))] as string[]
}

/** Where this machine sees what a running container has at a path; null for one that does not run. */
export function placeInside(container: ContainerFact, path: string): string | null {
  const pid = container.details?.pid ?? 0
  return container.state === 'running' && pid > 0 ? `/proc/${pid}/root${path}` : null
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
