import type { Verdict } from '../model/decision.ts'
import { nameOfHolding } from '../model/holding.ts'
import type { Contents, Holding } from '../model/holding.ts'
import type { JournalEntry } from '../model/journal.ts'
import type { HoldingRecord, RestorePoint } from '../model/restore-point.ts'
import { proofLasts } from './doctor.ts'
import type { Check } from './doctor.ts'
import { formatAgeOf, formatCount, formatDuration, listed, plural } from './format.ts'
import { counts, limits } from './health.ts'
import type { SeenPoint, SeenProof } from './health.ts'

// ---- What was seen -----------------------------------------------------------------------------------------------

/** All that a report rests on. */
export interface Sight {
  readonly now: Date
  /** Our own version. */
  readonly version: string
  /** Where restore points lie, for people. */
  readonly store: string
  /** Null where it could not be seen. */
  readonly engine: { readonly version: string; readonly host: string } | null
  /** What could not be seen, a sentence each. */
  readonly unseen: readonly string[]
  readonly projects: readonly SeenProject[]
}

export interface SeenProject {
  readonly name: string
  /** The engine's id. */
  readonly engine: string
  readonly directory: string | null
  /** Null where the engine could not be seen: then the store alone tells. */
  readonly data: readonly SeenData[] | null
  /** The names of all volumes of the engine, whoever they belong to. */
  readonly volumes: readonly string[]
  /** Newest first. */
  readonly points: readonly RestorePoint[]
  /** Oldest first. */
  readonly entries: readonly JournalEntry[]
  /** What a check-up says; empty where there was none. */
  readonly checks: readonly Check[]
  /** A command of ours on this project, as it is typed; null where none reaches it from here. */
  readonly line: ((...words: readonly string[]) => string) | null
}

export interface SeenData {
  readonly holding: Holding
  readonly usedBy: readonly string[]
  /** Null where it could not be looked into. */
  readonly contents: Contents | null
  /** Why it needs no restore point, by the configuration; null where it does. */
  readonly spared: string | null
}

// ---- What is told ------------------------------------------------------------------------------------------------

/** How well data is protected. Times are ISO 8601 in UTC, sizes bytes. Nothing in it is escaped. */
export interface Report {
  readonly takenAt: string
  readonly version: string
  readonly store: string
  readonly engine: Sight['engine']
  readonly unseen: readonly string[]
  readonly verdict: ReportVerdict
  readonly projects: readonly ProjectReport[]
}

export interface ReportVerdict {
  readonly protected: number
  readonly all: number
  /** `3 of 4 volumes protected`. */
  readonly sentence: string
}

export interface ProjectReport {
  readonly name: string
  readonly engine: string
  readonly directory: string | null
  readonly verdict: ReportVerdict
  /** What can be lost, what is not protected first. */
  readonly holdings: readonly HoldingReport[]
  /** What is left out of backups, and why. */
  readonly leftOut: readonly { readonly name: string; readonly because: string }[]
  /** What is kept of data that is on the engine no more. */
  readonly gone: readonly GoneReport[]
  readonly restorePoints: {
    readonly count: number
    readonly bytes: number
    readonly newest: SeenPoint | null
  }
  readonly mends: readonly Mend[]
  /** The last ones, newest first. */
  readonly commands: readonly CommandReport[]
}

export interface HoldingReport {
  readonly name: string
  readonly kind: Holding['kind']
  readonly usedBy: readonly string[]
  /** `PostgreSQL 15`; null where no database was recognised. */
  readonly what: string | null
  /** As it is now, or else as it was when it was last kept; null where neither is known. */
  readonly bytes: number | null
  readonly lastWrite: string | null
  /** Why it is not protected; null where it is. */
  readonly unprotected: string | null
  /** The newest one that counts. */
  readonly restorePoint: KeptPoint | null
  /** The newest of those that count which was tried. */
  readonly verified: SeenProof | null
  /** How many restore points that count hold it. */
  readonly copies: number
  /** Its size in each of them, oldest first. */
  readonly growth: readonly SizeAt[]
}

export interface KeptPoint extends SeenPoint, Pick<HoldingRecord, 'consistency'> {
  /** Where this copy lies. */
  readonly at: string
  readonly encrypted: boolean
}

export interface SizeAt {
  readonly at: string
  readonly bytes: number
}

export interface GoneReport {
  readonly name: string
  readonly restorePoint: SeenPoint
  readonly copies: number
  /** The command that brings it back, or shows what is kept of it; null where none reaches it from here. */
  readonly command: string | null
}

/** Something to be done. */
export interface Mend {
  readonly weight: 'critical' | 'warning'
  readonly found: string
  /** Null where only a person can tell. */
  readonly command: string | null
}

export interface CommandReport {
  readonly at: string
  /** As typed, values masked: `down -v`. */
  readonly argv: readonly string[]
  readonly audience: string
  readonly verdict: Verdict
  readonly outcome: string
  readonly restorePoint: string | null
  readonly undoneAt: string | null
}

/** Commands of the journal that are told. */
const commandsAtMost = 10

/** How well data is protected, from what was seen. */
export function protectionReport({ projects: seen, now, ...sight }: Sight): Report {
  const projects = seen.map(project => projectReport(project, now))
  // What lies on another engine is told, and does not count: nobody can say whether it is there still.
  const looked = projects.filter((_, index) => seen[index]?.data !== null)
  const counting = sight.engine === null ? projects : looked
  const holdings = counting.flatMap(project => project.holdings)
  const gone = counting.flatMap(project => project.gone)
  return {
    takenAt: now.toISOString(),
    ...sight,
    verdict: verdictOn(holdings, gone, sight.engine !== null),
    projects,
  }
}

function projectReport(seen: SeenProject, now: Date): ProjectReport {
  const kept = keptOf(seen.points)
  const told = (seen.data ?? [...kept.values()].map(dataOfRecord)).map(data => {
    const report = holdingReport(data, kept.get(nameOfHolding(data.holding)) ?? [], seen, now)
    return { report, because: whyLeftOut(data, report) }
  })
  const holdings = told.flatMap(({ report, because }) => (because === null ? report : []))
  const gone = goneOf(seen, kept)
  const newest = seen.points.find(counts)
  return {
    name: seen.name,
    engine: seen.engine,
    directory: seen.directory,
    verdict: verdictOn(holdings, gone, seen.data !== null),
    holdings: holdings.toSorted((one, other) => rank(one) - rank(other)),
    leftOut: told.flatMap(({ report, because }) =>
      because === null ? [] : [{ name: report.name, because }],
    ),
    gone,
    restorePoints: {
      count: seen.points.length,
      bytes: seen.points.reduce((sum, { bytes }) => sum + bytes, 0),
      newest: newest === undefined ? null : seenPoint(newest),
    },
    mends: mendsOf(seen, holdings, now),
    commands: seen.entries.slice(-commandsAtMost).map(commandReport).toReversed(),
  }
}

function rank({ unprotected }: HoldingReport): number {
  return unprotected === null ? 1 : 0
}

// ---- Data --------------------------------------------------------------------------------------------------------

/** A copy of one holding. */
interface Kept {
  readonly point: RestorePoint
  readonly record: HoldingRecord
}

/** By the name of what they hold, the copies that count, newest first. */
function keptOf(points: readonly RestorePoint[]): ReadonlyMap<string, readonly Kept[]> {
  const found = new Map<string, Kept[]>()
  for (const point of points.filter(counts))
    for (const record of point.manifest.holdings) {
      const name = nameOfHolding(record.holding)
      const known = found.get(name) ?? []
      known.push({ point, record })
      found.set(name, known)
    }
  return found
}

/** Where nobody could look, what was kept last stands for what is there. */
function dataOfRecord([newest]: readonly Kept[]): SeenData {
  if (newest === undefined) throw new Error('Internal error: a name without a copy')
  const { holding, usedBy, database, lastWrite, kept } = newest.record
  const contents: Contents = {
    empty: false,
    bytes: kept.tar.contentBytes,
    lastWrite,
    database,
    cache: null,
  }
  return { holding, usedBy, contents, spared: null }
}

function holdingReport(
  { holding, usedBy, contents }: SeenData,
  kept: readonly Kept[],
  seen: SeenProject,
  now: Date,
): HoldingReport {
  const [newest] = kept
  return {
    name: nameOfHolding(holding),
    kind: holding.kind,
    usedBy,
    what: contents?.database?.label ?? newest?.record.database?.label ?? null,
    bytes: contents?.bytes ?? newest?.record.kept.tar.contentBytes ?? null,
    lastWrite: contents?.lastWrite ?? null,
    unprotected: whyUnprotected(holding, newest?.point, seen, now),
    restorePoint: newest === undefined ? null : keptPoint(newest),
    verified: proofOf(kept),
    copies: kept.length,
    growth: kept
      .map(({ point, record }) => ({ at: point.manifest.finishedAt, bytes: record.kept.tar.contentBytes }))
      .toReversed(),
  }
}

function seenPoint({ id, manifest }: RestorePoint): SeenPoint {
  return { id, finishedAt: manifest.finishedAt }
}

function keptPoint({ point, record }: Kept): KeptPoint {
  const { consistency, kept } = record
  const encrypted = point.manifest.encryption !== undefined
  return { ...seenPoint(point), consistency, at: `${point.path}/${kept.path}`, encrypted }
}

function proofOf(kept: readonly Kept[]): SeenProof | null {
  const proven = kept.find(({ point }) => point.verified !== null)?.point
  if (proven?.verified == null) return null
  return { ...seenPoint(proven), level: proven.verified.level, at: proven.verified.at }
}

function whyUnprotected(
  holding: Holding,
  newest: RestorePoint | undefined,
  { entries }: SeenProject,
  now: Date,
): string | null {
  if (newest === undefined) return 'in no good restore point'
  const { finishedAt } = newest.manifest
  if (now.getTime() - Date.parse(finishedAt) > limits.restorePoint)
    return `last backed up ${formatAgeOf(finishedAt, now)}, over the limit of ${formatDuration(limits.restorePoint)}`
  // One that has the name of another is not what was saved, unless it was filled from there.
  if ('createdAt' in holding && Date.parse(holding.createdAt) > Date.parse(finishedAt))
    return wasFilled(holding, entries)
      ? null
      : `made ${formatAgeOf(holding.createdAt, now)}, after what was last backed up under its name`
  return null
}

function wasFilled(
  holding: Extract<Holding, { createdAt: string }>,
  entries: readonly JournalEntry[],
): boolean {
  return entries.some(
    ({ closedAt, restores }) =>
      closedAt !== null &&
      Date.parse(closedAt) >= Date.parse(holding.createdAt) &&
      restores.some(
        ({ finished, volume, holding: name }) =>
          finished && (volume === holding.name || name === nameOfHolding(holding)),
      ),
  )
}

/** What a backup leaves out by itself. What was kept all the same is told like everything else. */
function whyLeftOut({ holding, contents, spared }: SeenData, { copies }: HoldingReport): string | null {
  if (spared !== null) return spared
  if (contents?.empty === true)
    return copies === 0 ? 'empty' : `empty now; ${plural(copies, 'restore point')} held what was in it`
  if (copies > 0 || contents === null) return null
  if (contents.cache !== null) return `a cache that can be made again (${contents.cache})`
  if (holding.kind === 'bind' && contents.database === null)
    return 'a directory of the host without a database: it is backed up when it is named'
  return null
}

function goneOf(seen: SeenProject, kept: ReadonlyMap<string, readonly Kept[]>): readonly GoneReport[] {
  if (seen.data === null) return []
  const there = new Set([...seen.data.map(({ holding }) => nameOfHolding(holding)), ...seen.volumes])
  return [...kept].flatMap(([name, [newest, ...older]]) => {
    if (newest === undefined || there.has(name)) return []
    const { point, record } = newest
    const words =
      record.holding.kind === 'volume' ? ['restore', point.id, '--volume', name] : ['show', point.id]
    return [
      {
        name,
        restorePoint: seenPoint(point),
        copies: older.length + 1,
        command: typed(seen, ...words),
      },
    ]
  })
}

/** A command of ours, where one reaches the project. */
function typed({ line }: SeenProject, ...words: readonly string[]): string | null {
  return line === null ? null : line(...words)
}

// ---- The verdict, and what mends it ------------------------------------------------------------------------------

function verdictOn(
  holdings: readonly HoldingReport[],
  gone: readonly GoneReport[],
  wasSeen: boolean,
): ReportVerdict {
  const well = holdings.filter(({ unprotected }) => unprotected === null).length
  const sentence =
    holdings.length === 0 ? emptySentence(gone, wasSeen) : countSentence(holdings, well, wasSeen)
  return { protected: well, all: holdings.length, sentence }
}

function emptySentence(gone: readonly GoneReport[], wasSeen: boolean): string {
  if (!wasSeen) return 'nothing is known to be kept'
  return gone.length === 0
    ? 'no data on the engine, and none kept'
    : `no data on the engine; kept of what was there: ${plural(gone.length, 'volume')}`
}

function countSentence(holdings: readonly HoldingReport[], well: number, wasSeen: boolean): string {
  const isVolumes = holdings.every(({ kind }) => kind === 'volume' || kind === 'anonymous')
  const all = holdings.length
  const counted = isVolumes ? plural(all, 'volume') : plural(all, 'place with data', 'places with data')
  return `${formatCount(well)} of ${counted} protected${wasSeen ? '' : ', by the store alone'}`
}

/** What the report says itself, in its own words. */
const ownChecks: readonly string[] = ['restore-point', 'verified', 'whole']

function mendsOf(seen: SeenProject, holdings: readonly HoldingReport[], now: Date): readonly Mend[] {
  const mends = [
    ...unprotectedMends(seen, holdings),
    ...damagedMend(seen),
    ...proofMend(seen, holdings, now),
    ...seen.checks
      .filter(({ id, health }) => health !== 'well' && !ownChecks.includes(id))
      .map(({ title, found, health, mend }): Mend => ({
        weight: health === 'critical' ? 'critical' : 'warning',
        found: `${title}: ${found}`,
        command: mend,
      })),
  ]
  const order: readonly Mend['weight'][] = ['critical', 'warning']
  return mends.toSorted((one, other) => order.indexOf(one.weight) - order.indexOf(other.weight))
}

function unprotectedMends(seen: SeenProject, holdings: readonly HoldingReport[]): readonly Mend[] {
  const reasons = new Set(holdings.flatMap(({ unprotected }) => unprotected ?? []))
  return [...reasons].map(reason => {
    const names = holdings.filter(({ unprotected }) => unprotected === reason).map(({ name }) => name)
    return { weight: 'critical', found: `${listed(names)}: ${reason}`, command: typed(seen, 'backup') }
  })
}

function damagedMend(seen: SeenProject): readonly Mend[] {
  const damaged = seen.points.filter(({ state, verified }) => state === 'damaged' || verified?.well === false)
  const [first] = damaged
  if (first === undefined) return []
  const why = first.damage ?? first.verified?.checks.find(({ well }) => !well)?.found ?? 'damaged'
  return [
    {
      weight: 'critical',
      found: `${plural(damaged.length, 'restore point')} not good: ${first.id} (${why})`,
      command: typed(seen, 'show', first.id),
    },
  ]
}

/** Nothing to prove where nothing is kept. */
function proofMend(seen: SeenProject, holdings: readonly HoldingReport[], now: Date): readonly Mend[] {
  const isKept = holdings.some(({ restorePoint }) => restorePoint !== null)
  const isProven = seen.points.some(
    point =>
      counts(point) &&
      point.verified?.level === 'boot' &&
      now.getTime() - Date.parse(point.verified.at) <= proofLasts,
  )
  if (!isKept || isProven) return []
  const found = `no restore point was tried in the last ${formatDuration(proofLasts)}`
  return [{ weight: 'warning', found, command: typed(seen, 'verify') }]
}

// ---- Commands ----------------------------------------------------------------------------------------------------

function commandReport(entry: JournalEntry): CommandReport {
  const { openedAt, argv, audience, verdict, restorePoint, undoneBy } = entry
  return {
    at: openedAt,
    argv: argv[0] === 'compose' ? argv.slice(1) : argv,
    audience,
    verdict,
    outcome: outcomeOf(entry),
    restorePoint,
    undoneAt: undoneBy,
  }
}

function outcomeOf(entry: JournalEntry): string {
  switch (entry.status) {
    case 'copying':
      return 'not finished: a backup was being made'
    case 'running':
      return 'not finished: Compose was running'
    case 'restoring':
      return 'not finished: data was being put back'
    case 'rolled-back':
      return entry.kind === 'command' ? 'it did not run' : 'taken back: everything is as it was before'
    case 'abandoned':
      return 'given up'
    case 'done':
      return entry.kind === 'command' ? endOfCommand(entry) : endOfRestore(entry)
  }
}

function endOfCommand({ outcome, exitCode }: JournalEntry): string {
  const gone = outcome.filter(each => each.gone).map(({ holding }) => nameOfHolding(holding))
  const deeds = gone.length > 0 ? `deleted ${listed(gone)}` : 'deleted nothing'
  return exitCode === 0 || exitCode === null ? deeds : `${deeds}; ended with ${exitCode}`
}

function endOfRestore({ restores }: JournalEntry): string {
  const names = restores.filter(({ finished }) => finished).map(({ volume }) => volume)
  return names.length > 0 ? `put back ${listed(names)}` : 'put nothing back'
}
