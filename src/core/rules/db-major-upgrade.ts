import type { Facts } from '../../model/facts.ts'
import type { Finding, Outcome, Rule } from '../../model/finding.ts'
import { identityOfHolding, nameOfHolding } from '../../model/holding.ts'
import type { Invocation } from '../../model/invocation.ts'
import { databaseServer, serverOfLabel } from '../database-server.ts'
import type { DatabaseMaker, DatabaseServer } from '../database-server.ts'
import { escapeName } from '../escape.ts'
import { freshStarts, imageOfContainer } from '../served-data.ts'
import type { FreshStart, ServedData } from '../served-data.ts'

/**
 * An image of another major version meets the data that an earlier one wrote.
 *
 * PostgreSQL does not start on it: the files stay as they are, and the damage is what people do then. MySQL, MariaDB
 * and Redis upgrade them in place, and no older server can read them afterwards. An older server on newer files
 * fails, or damages them. Patch releases are harmless.
 */
export const dbMajorUpgrade: Rule = {
  id: 'db-major-upgrade',
  title: 'a database of another major version would start on the data',
  about:
    'PostgreSQL does not start on a data directory of another major version; its files stay, and need a dump or ' +
    'pg_upgrade. MySQL, MariaDB and Redis upgrade theirs at the first start, and no older version reads them again: a ' +
    'backup is taken before. An older version on newer files fails or damages them.',
  versions: 'all',
  instead: 'image: the major version that wrote the data, until it is dumped and loaded into a new volume',
  leadsTo: ['corrupted', 'hidden', 'recreated'],
  citations: [
    'docker-library/mysql#1007',
    'docker-library/mysql#1056',
    'docker-library/mysql#695',
    'docker/getting-started-todo-app#63',
    'redis/redis#14064',
    'netbox-community/netbox-docker#1304',
  ],
  looksInto: (facts, invocation) =>
    suspicious(facts, invocation).flatMap(({ data }) =>
      data.filter(each => each.exists).map(each => each.holding),
    ),
  check: (facts, invocation) =>
    suspicious(facts, invocation).flatMap(start =>
      start.data.flatMap(data => findingsFor(facts, start, data)),
    ),
}

type Suspect = FreshStart & { readonly server: DatabaseServer }

/** Databases that start with another version than their container had, or on data that no container of theirs has. */
function suspicious(facts: Facts, invocation: Invocation): readonly Suspect[] {
  return freshStarts(facts, invocation).flatMap(start => {
    const { service, image, replaced } = start
    const server = databaseServer(service.image, image)
    if (server === null || server.version.length === 0) return []
    const before =
      replaced === null ? null : databaseServer(replaced.image, imageOfContainer(facts, replaced))
    const isSame = before?.maker === server.maker && String(before.version) === String(server.version)
    return isSame ? [] : [{ ...start, server }]
  })
}

function findingsFor(facts: Facts, { service, server }: Suspect, data: ServedData): readonly Finding[] {
  const found = facts.contents[identityOfHolding(data.holding)]?.database ?? null
  const wrote = found === null ? null : serverOfLabel(found.label)
  // Below a folder named after the version each major has a directory of its own.
  if (found === null || wrote === null || /^\d+\//.test(found.path)) return []
  const change = changeBetween(wrote, server)
  if (change === null) return []
  const name = escapeName(service.name)
  const volume = escapeName(nameOfHolding(data.holding))
  const image = service.image === null ? '' : ` (${escapeName(service.image)})`
  return [
    {
      rule: 'db-major-upgrade',
      outcome: change.outcome,
      holding: data.holding,
      because: change.words(`${name}${image}`, volume, found.label),
      evidence: [
        `${volume} was written by ${found.label}`,
        `${name} would run ${server.maker} ${server.version.join('.')}`,
      ],
      usedBy: [name],
      instead:
        change.outcome === 'recreated'
          ? null
          : `image of ${found.label} for ${name}, until its data is dumped and loaded into a new volume`,
      canBackUp: true,
    },
  ]
}

interface Change {
  readonly outcome: Outcome
  readonly words: (service: string, volume: string, wrote: string) => string
}

const cannotStart: Change = {
  outcome: 'hidden',
  words: (service, volume, wrote) =>
    `${service} cannot start on ${volume}, which ${wrote} wrote; the files stay as they are`,
}

const cannotRead: Change = {
  outcome: 'corrupted',
  words: (service, volume, wrote) =>
    `${service} would start on ${volume}, which ${wrote} wrote: it cannot read that, and may damage it`,
}

const upgrades: Change = {
  outcome: 'recreated',
  words: (service, volume, wrote) =>
    `${service} will upgrade ${volume}, which ${wrote} wrote; without a backup there is no way back`,
}

/** Null where it changes nothing, and where it cannot be told. */
function changeBetween(wrote: DatabaseServer, server: DatabaseServer): Change | null {
  if (wrote.maker !== server.maker) return changeOfMaker(wrote, server)
  const [before, now] = [formats[wrote.maker](wrote.version), formats[server.maker](server.version)]
  if (before === null || now === null) return null
  const isNewer = now.lowest > before.highest
  const isOlder = now.highest < before.lowest
  if (!isNewer && !isOlder) return null
  if (wrote.maker === 'PostgreSQL') return cannotStart
  if (isNewer) return upgrades
  return wrote.maker === 'Redis' || wrote.maker === 'Valkey' ? cannotStart : cannotRead
}

/** MariaDB can take over the files of MySQL up to 5.7, for good; neither can take over anything later. */
function changeOfMaker(wrote: DatabaseServer, server: DatabaseServer): Change | null {
  const family = ['MySQL', 'MariaDB']
  if (!family.includes(wrote.maker) || !family.includes(server.maker)) return null
  return wrote.maker === 'MySQL' && (wrote.version[0] ?? 0) < 8 ? upgrades : cannotRead
}

/** Versions with the same number read each other's files. A range where the version is only told in part. */
interface Format {
  readonly lowest: number
  readonly highest: number
}

const formats: Readonly<Record<DatabaseMaker, (version: readonly number[]) => Format | null>> = {
  // Until 9.6 the second number counted as well.
  PostgreSQL: ([major = 0, minor]) => (major >= 10 ? exactly(major * 100) : byMinor(major, minor)),
  MySQL: ([major = 0, minor]) => byMinor(major, minor),
  MariaDB: ([major = 0, minor]) => byMinor(major, minor),
  MongoDB: ([major = 0, minor]) => byMinor(major, minor),
  Redis: ([major = 0, minor]) => rdbFormat('Redis', major, minor),
  Valkey: ([major = 0, minor]) => rdbFormat('Valkey', major, minor),
}

function exactly(number: number): Format {
  return { lowest: number, highest: number }
}

function byMinor(major: number, minor: number | undefined): Format {
  if (minor === undefined) return { lowest: major * 100, highest: major * 100 + 99 }
  return exactly(major * 100 + Math.min(minor, 99))
}

/** The number that they write at the beginning of their file: a server reads what is not above its own. */
const rdbFormats = {
  Redis: [
    [3, 0, 6],
    [3, 2, 7],
    [4, 0, 8],
    [5, 0, 9],
    [7, 0, 10],
    [7, 2, 11],
    [7, 4, 12],
  ],
  Valkey: [
    [7, 2, 11],
    [9, 0, 80],
  ],
} satisfies Partial<
  Record<DatabaseMaker, readonly (readonly [major: number, minor: number, format: number])[]>
>

function rdbFormat(maker: 'Redis' | 'Valkey', major: number, minor: number | undefined): Format | null {
  const at = (number: number): number | undefined =>
    rdbFormats[maker].findLast(([a, b]) => a < major || (a === major && b <= number))?.[2]
  const lowest = at(minor ?? 0)
  const highest = at(minor ?? 99)
  return lowest === undefined || highest === undefined ? null : { lowest, highest }
}
