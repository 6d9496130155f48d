import type { Facts, VolumeFact } from '../../model/facts.ts'
import type { Finding, Rule } from '../../model/finding.ts'
import type { Holding } from '../../model/holding.ts'
import type { Invocation } from '../../model/invocation.ts'
import type { LedgerService } from '../../model/journal.ts'
import { isStorePath } from '../displaced.ts'
import { escapeName } from '../escape.ts'
import { expectedAt, isExpected, seenIn } from '../expected-mount.ts'
import type { ExpectedMount } from '../expected-mount.ts'
import { volumeHolding } from '../holdings.ts'
import { serviceContainers } from '../reach.ts'
import { findStarts } from '../starts.ts'
import type { Start } from '../starts.ts'

/**
 * The volume has the name that the service always used, but it is not the same one: somebody deleted it while
 * safe-compose was not used, and perhaps made it anew. The service would start on an empty, or another, database as if
 * nothing had happened.
 *
 * The old data is gone from this engine. Backups may have it.
 */
export const youngerVolume: Rule = {
  id: 'younger-volume',
  title: 'the volume is not the one that the service is known to have used',
  about:
    'safe-compose remembers which volume a service used: its name, when it was created, which database was in it. If ' +
    'the volume of that name is missing now, or is a younger one with nothing or another database in it, somebody ' +
    'deleted the old one elsewhere. A restore of the same database is recognised and left alone.',
  versions: 'all',
  instead: 'safe-compose backups, and safe-compose restore ID --volume NAME',
  leadsTo: ['hidden', 'warning'],
  citations: ['the ledger of safe-compose itself'],
  looksInto: (facts, invocation) =>
    replaced(facts, invocation).flatMap(({ volume }) => (volume === null ? [] : [volumeHolding(volume)])),
  check: (facts, invocation) => replaced(facts, invocation).flatMap(each => findings(facts, each)),
}

interface Replaced {
  readonly start: Start
  readonly before: LedgerService['mounts'][number]
  readonly expected: ExpectedMount
  /** What has the name now; null when nothing has. */
  readonly volume: VolumeFact | null
}

/** Volumes at places of databases whose name stayed, and that are not those that are remembered. */
function replaced(facts: Facts, invocation: Invocation): readonly Replaced[] {
  return findStarts(facts, invocation).flatMap(start => {
    const known = facts.ledger?.services.find(each => each.service === start.service.name)
    return (known?.mounts ?? [])
      .filter(mount => mount.type === 'volume' && mount.createdAt !== null)
      .filter(
        mount =>
          mount.database !== null || isStorePath(facts, start.service, known?.image ?? '', mount.destination),
      )
      .flatMap(before => {
        const expected = expectedAt(facts, start.service, before.destination)
        const volume = facts.volumes.find(each => each.name === before.name) ?? null
        const isOther = volume === null || volume.createdAt !== before.createdAt
        // Without an external volume Compose fails by itself.
        const isLoud = volume === null && expected.declared?.external === true
        return isExpected(expected, before) && isOther && !isLoud ? [{ start, before, expected, volume }] : []
      })
  })
}

function findings(facts: Facts, each: Replaced): readonly Finding[] {
  const { start, before, volume } = each
  const contents = volume === null ? null : seenIn(facts, volumeHolding(volume))
  const database = contents?.database ?? null
  if (before.identity !== null && database?.identity === before.identity) return []
  const isOtherDatabase = database !== null && before.identity !== null && database.identity !== null
  // What is in it cannot be told from what was: it may well have been restored by hand.
  const isDoubtful = volume !== null && !isOtherDatabase && contents?.empty !== true
  const isInUse = serviceContainers(facts, start.service.name).some(container =>
    container.mounts.some(mount => mount.name === before.name),
  )
  const isScratch =
    volume === null &&
    facts.ledger?.created.some(made => made.name === before.name && made.createdAt === before.createdAt) ===
      true
  return [findingOf(each, wordsFor(volume, database?.label ?? null), isDoubtful || isInUse || isScratch)]
}

function wordsFor(volume: VolumeFact | null, label: string | null): string {
  if (volume === null) return 'it does not exist any more'
  const what =
    label === null ? 'a younger volume' : `a younger volume with another database (${escapeName(label)})`
  return `what has that name now is ${what}, created ${volume.createdAt}`
}

function findingOf({ start, before, volume }: Replaced, now: string, warning: boolean): Finding {
  const service = escapeName(start.service.name)
  const name = escapeName(before.name)
  const was = before.database === null ? '' : ` (${escapeName(before.database)})`
  const holding: Holding = { kind: 'volume', name: before.name, createdAt: before.createdAt ?? '' }
  const restore = `safe-compose backups, and safe-compose restore ID --volume ${name}`
  return {
    rule: 'younger-volume',
    // There is nothing left to be orphaned, but the application would go on as if it had never been.
    outcome: 'hidden',
    holding,
    because: `${service} would not find its data in ${name}${was}: ${now}`,
    evidence: [
      `${service} had ${name} at ${escapeName(before.destination)}, created ${before.createdAt ?? ''}${was}`,
      volume === null
        ? `there is no volume ${name} on this engine`
        : `${name} was created ${volume.createdAt}`,
      ...(before.identity === null ? [] : [`its database was ${escapeName(before.identity)}`]),
    ],
    usedBy: [service],
    instead: restore,
    // Nothing of it is left here that could be copied.
    canBackUp: false,
    remedies: [{ kind: 'advice', line: restore }],
    ...(warning ? { warning: true as const } : {}),
  }
}
