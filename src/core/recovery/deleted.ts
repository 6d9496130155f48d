import type { Facts } from '../../model/facts.ts'
import type { Holding } from '../../model/holding.ts'
import { nameOfHolding } from '../../model/holding.ts'
import type { JournalEntry, LedgerService } from '../../model/journal.ts'
import type { RestorePoint } from '../../model/restore-point.ts'
import { formatAgeOf, listed } from '../format.ts'
import { isStorePlace } from './places.ts'
import type { Seen, Situation } from './situation.ts'
import { isFilledSince, standing } from './volumes.ts'
import { keptIn, keptWords, restoreWays, wayOf } from './ways.ts'

/** What commands are known to have deleted, and nobody took back. */
export function deletedByCommands(seen: Seen): readonly Situation[] {
  return seen.entries.toReversed().flatMap((entry): readonly Situation[] => {
    if (entry.kind !== 'command' || entry.closedAt === null || entry.undoneBy !== null) return []
    const gone = entry.outcome.filter(each => each.gone && !isBack(seen, entry, each.holding))
    if (gone.length === 0) return []
    const names = gone.map(({ holding }) => nameOfHolding(holding))
    const point = seen.points.find(({ id, state }) => id === entry.restorePoint && state === 'good')
    // Of something that nothing holds and that has long been made anew there is nothing to say.
    if (point === undefined && gone.every(({ holding }) => isMadeAnew(seen, holding))) return []
    const services = entry.ran.flatMap(({ service, state }) => (state === 'stopped' ? [] : (service ?? [])))
    return [
      {
        kind: 'deleted',
        service: null,
        title: `${typedAs(entry)} deleted ${listed(names)}`,
        evidence: [
          `it ran ${formatAgeOf(entry.openedAt, seen.now)}, and nobody took it back`,
          ...(point === undefined ? ['no restore point holds it'] : heldWords(seen, point, names)),
        ],
        ways:
          point === undefined
            ? []
            : [
                wayOf({
                  label: `undo ${typedAs(entry)}`,
                  deed: { kind: 'undo', id: point.id },
                  does: 'brings it back as it was, and starts what ran; what came since is saved first',
                  services: [...new Set(services)],
                  point: point.id,
                }),
              ],
        volumes: names,
      },
    ]
  })
}

function heldWords(seen: Seen, point: RestorePoint, names: readonly string[]): readonly string[] {
  return point.manifest.holdings
    .map(record => ({ record, name: nameOfHolding(record.holding) }))
    .filter(({ name }) => names.includes(name))
    .map(({ record, name }) => keptWords(seen, { point, record }, name))
}

function isBack(seen: Seen, entry: JournalEntry, holding: Holding): boolean {
  if (!('name' in holding)) return false
  if (standing(seen, holding.name, holding.createdAt) !== null) return true
  return isFilledSince(seen, holding.name, entry.openedAt)
}

function isMadeAnew(seen: Seen, holding: Holding): boolean {
  return 'name' in holding && standing(seen, holding.name, null) !== null
}

/** As a person thinks of it: `down -v`. */
function typedAs({ argv }: JournalEntry): string {
  return `\`${(argv[0] === 'compose' ? argv.slice(1) : argv).join(' ')}\``
}

/**
 * Volumes that are remembered, or that the file means and restore points hold, and that the engine does not have any
 * more. What `besides` names is told already: a service may run on something else in its place.
 */
export function deletedBehindOurBack(seen: Seen, besides: ReadonlySet<string>): readonly Situation[] {
  const { facts } = seen
  const remembered = (facts.ledger?.services ?? []).flatMap(service =>
    service.mounts
      .filter(mount => mount.type === 'volume' && !besides.has(mount.name))
      .flatMap(mount => rememberedGone(seen, service, mount)),
  )
  const told = new Set([...besides, ...remembered.flatMap(({ volumes }) => volumes)])
  const declared = (facts.model?.volumes ?? [])
    .filter(({ name }) => !told.has(name) && standing(seen, name, null) === null)
    .flatMap(({ key, name }) => heldOnlyInPoints(seen, key, name))
  return [...remembered, ...declared]
}

function rememberedGone(
  seen: Seen,
  { service, image }: LedgerService,
  mount: LedgerService['mounts'][number],
): readonly Situation[] {
  const { name, createdAt, identity, database, destination } = mount
  if (standing(seen, name, createdAt) !== null) return []
  const { facts, now } = seen
  const since = facts.ledger?.updatedAt ?? ''
  if (isFilledSince(seen, name, since)) return []
  // Made anew: only told where it is known to be empty.
  if (standing(seen, name, null) !== null && seen.contents.get(name)?.empty !== true) return []
  const wanted = { name, createdAt, identity }
  const kept = keptIn(seen, wanted)
  const isDatabase = database !== null || isStorePlace(facts, service, image, destination)
  if (kept.length === 0 && !isDatabase) return []
  const services = declaredServices(facts, [service])
  const words = database === null ? '' : `, with ${database} in it`
  return [
    {
      kind: 'deleted',
      service,
      title: `${name} is not on this engine any more`,
      evidence: [
        `${service} had it at ${destination}${words}, when it was last seen, ${formatAgeOf(since, now)}`,
        ...kept.slice(0, 2).map(each => keptWords(seen, each, 'it')),
        ...(kept.length === 0 ? ['no restore point holds it'] : []),
      ],
      ways: restoreWays(seen, wanted, { services }),
      volumes: [name],
    },
  ]
}

/** Never seen by a command that was guarded; only backups know of it. */
function heldOnlyInPoints(seen: Seen, key: string, name: string): readonly Situation[] {
  const wanted = { name, createdAt: null, identity: null }
  const kept = keptIn(seen, wanted)
  const [newest] = kept
  if (newest === undefined) return []
  const users = (seen.facts.model?.services ?? [])
    .filter(({ mounts }) => mounts.some(mount => mount.type === 'volume' && mount.source === key))
    .map(service => service.name)
  return [
    {
      kind: 'deleted',
      service: users[0] ?? null,
      title: `${name} is not on this engine any more`,
      evidence: kept.slice(0, 2).map(each => keptWords(seen, each, 'it')),
      ways: restoreWays(seen, wanted, { services: users }),
      volumes: [name],
    },
  ]
}

/** Those that the file still has: only they can be started. */
function declaredServices(facts: Facts, services: readonly string[]): readonly string[] {
  return services.filter(name => facts.model?.services.some(each => each.name === name) === true)
}
