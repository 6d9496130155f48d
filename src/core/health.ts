import type { CriticalCount, Replication, ServerKind, ServerStatus } from '../model/database.ts'
import type { ContainerFact, RoomFact } from '../model/facts.ts'
import { nameOfHolding } from '../model/holding.ts'
import type { Holding } from '../model/holding.ts'
import type { RestorePoint, Verification } from '../model/restore-point.ts'
import { isWithinLimits, limitsInWords, numberInWords, questionInWords } from './critical.ts'
import { formatAgeOf, formatBytes, formatCount, formatDuration } from './format.ts'

export type Health = 'well' | 'degraded' | 'down' | 'unknown'

/** From where on something is not well. */
export const limits = {
  /** Of the connections that there may be at most. */
  connections: 0.9,
  /** Left free where the files lie: a share of the file system, and bytes. */
  free: { share: 0.05, bytes: 1_000_000_000 },
  /** Milliseconds since the newest good restore point. */
  restorePoint: 7 * 86_400_000,
} as const

/** What was seen of one database of a project. */
export interface SeenDatabase {
  readonly service: string
  /** In its own words where it answers: `PostgreSQL 15.6`. */
  readonly label: string
  readonly kind: ServerKind | 'file' | null
  /** Why its container does not run; null while it does. */
  readonly stopped: string | null
  /** Null where the server was not asked, or does not answer. */
  readonly status: ServerStatus | null
  /** Why a server that should answer does not; `mayBeWell`: only to us. */
  readonly silence: { readonly why: string; readonly mayBeWell: boolean } | null
  readonly critical: readonly AskedCount[]
  /** Where its files lie; null where that cannot be told. */
  readonly place: SeenPlace | null
  /** The newest good one that holds it. */
  readonly restorePoint: SeenPoint | null
  /** The newest one that holds it and was tried and found well. */
  readonly verified: SeenProof | null
  /** Why it needs no restore point; null where it does. */
  readonly spared: string | null
}

/** One of the configuration's counts, with what came of asking. */
export interface AskedCount extends CriticalCount {
  /** Null where there is none. */
  readonly value: number | null
  /** Why there is none. */
  readonly fault: string | null
}

export interface SeenPlace {
  readonly kind: Holding['kind']
  readonly name: string
  /** On the engine's machine; null where it is no directory of its own. */
  readonly path: string | null
  /** Null where it was too much to look through. */
  readonly bytes: number | null
  /** Null where it cannot be told. */
  readonly room: RoomFact | null
}

export interface SeenPoint {
  readonly id: string
  readonly finishedAt: string
}

export interface SeenProof extends SeenPoint, Pick<Verification, 'level' | 'at'> {}

/** One line about a database. */
export interface HealthLine {
  readonly id: string
  readonly title: string
  /** `noted`: there is nothing to hold it against. */
  readonly health: Health | 'noted'
  readonly found: string
}

export interface DatabaseHealth extends SeenDatabase {
  readonly health: Health
  readonly lines: readonly HealthLine[]
}

export interface HealthReport {
  readonly takenAt: string
  readonly project: string
  readonly health: Health
  readonly databases: readonly DatabaseHealth[]
  /** What was to be looked at, and is not there. */
  readonly missing: readonly string[]
}

/** How the databases of a project are, from what was seen of them. */
export function healthReport(
  project: string,
  seen: readonly SeenDatabase[],
  missing: readonly string[],
  now: Date,
): HealthReport {
  const databases = seen.map((database): DatabaseHealth => {
    const lines = linesOf(database, now)
    return { ...database, health: worstOf(lines.map(({ health }) => health)), lines }
  })
  const health = worstOf([
    ...databases.map(database => database.health),
    ...(missing.length > 0 ? ['unknown' as const] : []),
  ])
  return { takenAt: now.toISOString(), project, health, databases, missing }
}

/** What could not be told counts less than what is known to be amiss. */
function worstOf(all: readonly (Health | 'noted')[]): Health {
  const order: readonly Health[] = ['down', 'degraded', 'unknown']
  return order.find(health => all.includes(health)) ?? 'well'
}

function linesOf(database: SeenDatabase, now: Date): readonly HealthLine[] {
  return [
    ...reachability(database),
    ...(database.status === null ? [] : statusLines(database, database.status, now)),
    ...placeLines(database),
    ...database.critical.map(criticalLine),
    ...restorePointLines(database, now),
  ]
}

// ---- The server --------------------------------------------------------------------------------------------------

/** Why a container does not run; null for one that does. */
export function whyStopped(container: ContainerFact | null, now: Date): string | null {
  if (container === null) return 'it has no container'
  const { exitCode = 0, finishedAt = null } = container.details ?? {}
  const age = finishedAt === null ? '' : `, ${formatAgeOf(finishedAt, now)}`
  switch (container.state) {
    case 'running':
      return null
    case 'paused':
      return 'its container is paused'
    case 'created':
      return 'its container was never started'
    case 'restarting':
      return `its container starts again and again: it ended with ${exitCode}${age}`
    case 'removing':
      return 'its container is being removed'
    case 'exited':
    case 'dead':
      return `its container ended with ${exitCode}${age}`
  }
}

/** The first line of the block says of a server that answers that it does. */
function reachability({ kind, stopped, silence }: SeenDatabase): readonly HealthLine[] {
  const line = (health: HealthLine['health'], found: string): readonly HealthLine[] => [
    { id: 'reachable', title: 'reachable', health, found },
  ]
  if (stopped !== null) return line('down', `no: ${stopped}`)
  if (silence !== null) return line(silence.mayBeWell ? 'unknown' : 'down', silence.why)
  if (kind === 'file') return line('noted', 'a file, with no server to ask; the container runs')
  return kind === null ? line('unknown', 'it cannot be asked; its container runs') : []
}

/** Databases that are named, the largest ones first. */
const namedAtMost = 8

function statusLines({ kind, place }: SeenDatabase, status: ServerStatus, now: Date): readonly HealthLine[] {
  const { databases, lastSave, replication, troubles } = status
  const named = databases
    .slice(0, namedAtMost)
    .map(({ name, bytes }) => (bytes === null ? name : `${name} ${formatBytes(bytes)}`))
  const more = databases.length > namedAtMost ? [`${databases.length - namedAtMost} more`] : []
  const saved = kind === 'postgresql' ? 'last checkpoint' : 'last save'
  return [
    {
      id: 'databases',
      title: 'databases',
      health: 'well',
      found: [...named, ...more].join(', ') || 'none yet',
    },
    ...connectionsLine(status),
    ...(lastSave === null
      ? []
      : [{ id: 'last-save', title: saved, health: 'well' as const, found: formatAgeOf(lastSave, now) }]),
    ...replication.map(replicationLine),
    ...troubles.map((found): HealthLine => ({ id: 'trouble', title: 'trouble', health: 'degraded', found })),
    ...(status.keepsNothing ? [keepsNothingLine(place)] : []),
  ]
}

function connectionsLine({ connections }: ServerStatus): readonly HealthLine[] {
  if (connections === null) return []
  const about = { id: 'connections', title: 'connections' }
  const { used, most } = connections
  if (most === null) return [{ ...about, health: 'well', found: formatCount(used) }]
  const found = `${formatCount(used)} of ${formatCount(most)}`
  return used >= limits.connections * most
    ? [{ ...about, health: 'degraded', found: `${found} (${limits.connections * 100} % or more)` }]
    : [{ ...about, health: 'well', found }]
}

/** MariaDB's and MySQL's own word, and that of a Redis whose primary is gone. */
const stoppedStates: readonly string[] = ['stopped', 'down']

function replicationLine({ with: partner, state, behind }: Replication): HealthLine {
  const lag =
    behind === null
      ? ''
      : behind.unit === 'bytes'
        ? `, ${formatBytes(behind.amount)} behind`
        : `, ${formatDuration(behind.amount * 1000)} behind`
  return {
    id: 'replication',
    title: 'replication',
    health: stoppedStates.includes(state) ? 'degraded' : 'well',
    found: `${partner}: ${state}${lag}`,
  }
}

/** A cache is meant so. What somebody gave a volume of its own is not. */
function keepsNothingLine(place: SeenPlace | null): HealthLine {
  const about = { id: 'keeps', title: 'keeps' }
  return isOwnPlace(place)
    ? {
        ...about,
        health: 'degraded',
        found: `nothing: it is told to, although ${place?.name ?? ''} is its own`,
      }
    : { ...about, health: 'noted', found: 'nothing, as it is told: a cache' }
}

/** Whether somebody chose where the data lies: not what an image brings along. */
function isOwnPlace(place: SeenPlace | null): boolean {
  return place?.kind === 'volume' || place?.kind === 'bind'
}

// ---- Where it lies -----------------------------------------------------------------------------------------------

function placeLines({ place }: SeenDatabase): readonly HealthLine[] {
  if (place === null) return []
  const title = place.kind === 'bind' ? 'directory' : place.kind === 'layer' ? 'layer' : 'volume'
  const size = place.bytes === null ? 'size unknown' : formatBytes(place.bytes)
  const { found, health } = roomIn(place.room)
  return [{ id: 'place', title, health, found: `${place.name}, ${size}; ${found}` }]
}

function roomIn(room: RoomFact | null): Pick<HealthLine, 'found' | 'health'> {
  if (room === null) return { health: 'well', found: 'free space unknown' }
  const { free, size, at } = room
  const tooLittle =
    free < limits.free.bytes
      ? `less than ${formatBytes(limits.free.bytes)}`
      : free < limits.free.share * size
        ? `less than ${limits.free.share * 100} %`
        : null
  return tooLittle === null
    ? { health: 'well', found: `${formatBytes(free)} free at ${at}` }
    : {
        health: 'degraded',
        found: `${formatBytes(free)} of ${formatBytes(size)} free at ${at} (${tooLittle})`,
      }
}

// ---- What the configuration asks ---------------------------------------------------------------------------------

function criticalLine(count: AskedCount): HealthLine {
  const about = { id: 'critical', title: 'critical' }
  const question = questionInWords(count)
  if (count.value === null)
    return { ...about, health: 'degraded', found: `${question}: ${count.fault ?? 'no answer'}` }
  const limit = limitsInWords(count)
  return {
    ...about,
    health: isWithinLimits(count, count.value) ? 'well' : 'degraded',
    found: `${question} = ${numberInWords(count.value)}${limit === '' ? '' : `, ${limit}`}`,
  }
}

/** The counts of services that keep no database here. What the user's own file says is meant for other projects, too. */
export function missingServices(
  critical: readonly CriticalCount[],
  services: readonly string[],
): readonly string[] {
  const named = critical.filter(({ owner }) => owner === 'project').map(({ service }) => service)
  return [...new Set(named)].filter(service => !services.includes(service))
}

// ---- Restore points ----------------------------------------------------------------------------------------------

/** The newest good restore point that holds a database, and the newest that is known to be so. `points`: newest first. */
export function newestPoints(
  points: readonly RestorePoint[],
  database: { readonly service: string; readonly holding: Holding | null },
): Pick<SeenDatabase, 'restorePoint' | 'verified'> {
  const good = points.filter(point => counts(point) && holds(point, database))
  const seenPoint = ({ id, manifest }: RestorePoint): SeenPoint => ({ id, finishedAt: manifest.finishedAt })
  const [newest] = good
  const proven = good.flatMap(point =>
    point.verified === null
      ? []
      : [{ ...seenPoint(point), level: point.verified.level, at: point.verified.at }],
  )
  return { restorePoint: newest === undefined ? null : seenPoint(newest), verified: proven[0] ?? null }
}

/** Whether one would be restored without a second thought: whole, not found wanting, and not taken of what was in the way. */
export function counts({ state, verified, manifest }: RestorePoint): boolean {
  return state === 'good' && verified?.well !== false && manifest.reason !== 'safety'
}

/** Its files, or what its own clients wrote down. */
function holds(
  { manifest }: RestorePoint,
  { service, holding }: { readonly service: string; readonly holding: Holding | null },
): boolean {
  const name = holding === null ? null : nameOfHolding(holding)
  return (
    manifest.holdings.some(record => nameOfHolding(record.holding) === name) ||
    (manifest.databases ?? []).some(record => record.service === service && record.dumps.length > 0)
  )
}

function restorePointLines(
  { spared, restorePoint, verified, status, place }: SeenDatabase,
  now: Date,
): readonly HealthLine[] {
  const about = { id: 'restore-point', title: 'restore point' }
  const needless = spared ?? (status?.keepsNothing === true && !isOwnPlace(place) ? 'it keeps nothing' : null)
  if (restorePoint === null)
    return needless === null
      ? [{ ...about, health: 'degraded', found: 'there is no good one' }]
      : [{ ...about, health: 'noted', found: `none is needed: ${needless}` }]
  const isOld = now.getTime() - Date.parse(restorePoint.finishedAt) > limits.restorePoint
  const found = `${restorePoint.id}, ${formatAgeOf(restorePoint.finishedAt, now)}`
  return [
    isOld && needless === null
      ? {
          ...about,
          health: 'degraded',
          found: `${found} (older than ${formatDuration(limits.restorePoint)})`,
        }
      : { ...about, health: 'well', found },
    proofLine(verified, now),
  ]
}

function proofLine(verified: SeenProof | null, now: Date): HealthLine {
  const about = { id: 'verified', title: 'verified' }
  if (verified === null) return { ...about, health: 'noted', found: 'never' }
  const how = verified.level === 'boot' ? 'it boots' : 'read only'
  return {
    ...about,
    health: 'well',
    found: `${verified.id}, ${formatAgeOf(verified.finishedAt, now)} (${how})`,
  }
}
