import type { Check } from '../core/doctor.ts'
import { escapeName } from '../core/escape.ts'
import { formatAgeOf, formatBytes, formatDuration, formatCount, plural } from '../core/format.ts'
import type { HealthReport } from '../core/health.ts'
import type { Retention } from '../core/retention-deeds.ts'
import { bytesStored } from '../model/restore-point.ts'
import type {
  DatabaseRecord,
  DumpRecord,
  HoldingRecord,
  Manifest,
  RestorePoint,
  Verification,
  VerifiedPart,
} from '../model/restore-point.ts'
import { channelTable, channelTestTable } from './channel-tables.ts'
import type { ScheduleReport } from '../core/schedule/status.ts'
import { columns, cut } from './columns.ts'
import { healthTable } from './health-table.ts'
import { pruneTable } from './prune-table.ts'
import type { PruneAbout } from './prune-table.ts'
import { generatedPage, keysPage } from './keys-page.ts'
import { recoveredPage, recoveryPage } from './recovery.ts'
import type { RecoveryPage } from './recovery.ts'
import { repairPage } from './repair.ts'
import { table, text } from './table.ts'
import { scheduleTable } from './schedule-table.ts'
import { nameOf, quoted, safeLine, shortLine } from './words.ts'

/** A guarded command as `undo --list` shows it. */
export interface UndoTableRow {
  readonly id: string
  readonly when: string
  readonly command: string
  readonly holdings: readonly string[]
  /** When or by what it was undone; null while it can be. */
  readonly undoneBy: string | null
}

/**
 * Results as tables. They fit into `width` cells where that can be had by shortening the widest column; null for
 * no limit, where the output is no terminal. Each ends with a line break.
 */
export function openTables(options: { readonly width: number | null; readonly home: string | null }) {
  return {
    backups: (points: readonly RestorePoint[], about: BackupsAbout): string =>
      backupsTable(points, about, options),
    show: (point: RestorePoint, now: Date): string => showTable(point, now, options),
    verified: (point: RestorePoint, verification: Verification): string => verifiedTable(point, verification),
    doctor: (checks: readonly Check[]): string => doctorTable(checks),
    health: (report: HealthReport): string => healthTable(report),
    schedule: (report: ScheduleReport, now: Date): string => scheduleTable(report, now),
    recovery: (page: RecoveryPage): string => recoveryPage(page),
    recovered: (parts: readonly VerifiedPart[]): string => recoveredPage(parts),
    repaired: repairPage,
    pruned: (results: readonly Retention[], about: PruneAbout): string =>
      pruneTable(results, { ...about, store: shortened(about.store, options.home) }, options.width),
    generated: generatedPage,
    keys: keysPage,
    undoList: (rows: readonly UndoTableRow[], now: Date): string => undoTable(rows, now, options),
    channels: channelTable,
    channelTests: channelTestTable,
  }
}

type TableOptions = Parameters<typeof openTables>[0]

// ---- backups -----------------------------------------------------------------------------------------------------

interface BackupsAbout {
  readonly project: string | null
  readonly store: string
  readonly now: Date
  /** The folders that have a copy of it; absent where none is configured. */
  readonly copies?: (point: RestorePoint) => readonly string[]
}

function backupsTable(points: readonly RestorePoint[], about: BackupsAbout, options: TableOptions): string {
  const whose = about.project === null ? 'all projects' : `project ${escapeName(about.project)}`
  const store = `store ${escapeName(shortened(about.store, options.home))}`
  if (points.length === 0) return text([`${whose} · no restore points · ${store}`])
  const bytes = points.reduce((sum, point) => sum + point.bytes, 0)
  const head = [whose, plural(points.length, 'restore point'), formatBytes(bytes), store].join(' · ')
  const withProject = about.project === null
  const rows = points.map(point => [
    escapeName(point.id),
    ...(withProject ? [escapeName(point.manifest.project.name)] : []),
    formatAgeOf(point.manifest.finishedAt, about.now),
    whyOf(point.manifest),
    holdsOf(point.manifest),
    formatBytes(point.bytes),
    stateAndProof(point, about.now),
    copiesOf(point, about, options),
  ])
  const heads = ['ID', ...(withProject ? ['PROJECT'] : []), 'WHEN', 'WHY', 'HOLDS', 'SIZE', 'STATE', 'COPIES']
  return text([head, ...table(heads, rows, heads.indexOf('HOLDS'), options.width)])
}

function copiesOf(point: RestorePoint, { copies }: BackupsAbout, { home }: TableOptions): string {
  const places = copies?.(point) ?? []
  return places.map(path => escapeName(shortened(path, home))).join(', ')
}

function whyOf(manifest: Manifest): string {
  const tag = manifest.tag === null ? null : `tag ${escapeName(manifest.tag)}, kept`
  if (tag !== null) return tag
  switch (manifest.reason) {
    case 'preflight':
      return manifest.command === null ? 'before a command' : cut(shortLine(manifest.command), 40)
    case 'manual':
      return 'by hand'
    case 'safety':
      return manifest.id.includes('-before-repair') ? 'before a repair' : 'before a restore'
    case 'schedule':
      return 'on schedule'
  }
}

/** Names without the project's, which they all begin with. */
function holdsOf({ holdings, project, databases = [] }: Manifest): string {
  const names = holdings.map(({ holding }) => {
    const name = nameOf(holding)
    const prefix = `${escapeName(project.name)}_`
    return holding.kind === 'volume' && name.startsWith(prefix) && name.length > prefix.length
      ? name.slice(prefix.length)
      : name
  })
  const dumps = databases.flatMap(record => record.dumps).length
  const also = dumps === 0 ? '' : ` + ${plural(dumps, 'dump')}`
  return names.length === 0 ? 'nothing' : `${names.join(', ')}${also}`
}

function stateOf({ state, damage }: RestorePoint): string {
  return state === 'good' ? 'good' : `damaged${damage === null ? '' : `: ${escapeName(damage)}`}`
}

/** `good, boots 2 d ago`: with what came of trying it. */
function stateAndProof(point: RestorePoint, now: Date): string {
  const state = stateAsTried(point, now)
  return point.marked === null ? state : `${state}; marked for removal ${formatAgeOf(point.marked, now)}`
}

function stateAsTried(point: RestorePoint, now: Date): string {
  const { state, verified } = point
  if (state !== 'good' || verified === null) return stateOf(point)
  const when = formatAgeOf(verified.at, now)
  if (!verified.well)
    return `NOT GOOD: ${verified.level === 'boot' ? 'did not pass' : 'not readable'} ${when}`
  return verified.level === 'boot' ? `good, boots (${when})` : `good, read (${when})`
}

function shortened(path: string, home: string | null): string {
  return home !== null && home !== '/' && path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path
}

// ---- doctor ------------------------------------------------------------------------------------------------------

const healthSigns = { well: '✔', warning: '!', critical: '✗', unknown: '?' } as const

function doctorTable(checks: readonly Check[]): string {
  const rows = checks.map(({ health, title, found, mend }) => [
    `${healthSigns[health]} ${escapeName(title)}`,
    escapeName(found),
    mend === null ? '' : `→ ${escapeName(mend)}`,
  ])
  const count = (health: Check['health']): number => checks.filter(check => check.health === health).length
  const counts = [
    `${count('well')} well`,
    ...(count('warning') > 0 ? [plural(count('warning'), 'warning')] : []),
    ...(count('critical') > 0 ? [`${count('critical')} to mend`] : []),
    ...(count('unknown') > 0 ? [`${count('unknown')} unknown`] : []),
  ]
  return text([...columns(rows, '   '), counts.join(', ')])
}

// ---- verify ------------------------------------------------------------------------------------------------------

function verifiedTable(point: RestorePoint, { level, milliseconds, well, checks }: Verification): string {
  const rows = checks.map(check => [
    `${check.well ? '✔' : '✗'} ${escapeName(check.what)}`,
    escapeName(check.found),
  ])
  const failed = checks.filter(check => !check.well).length
  const done = level === 'boot' ? 'read, started and counted' : 'read'
  const end = well
    ? `${escapeName(point.id)}: well; ${done} in ${formatDuration(milliseconds)}`
    : `${escapeName(point.id)}: NOT well, ${plural(failed, 'fault')}; after ${formatDuration(milliseconds)}`
  return text([...columns(rows, '   '), end])
}

// ---- show --------------------------------------------------------------------------------------------------------

function showTable(point: RestorePoint, now: Date, { width, home }: TableOptions): string {
  const { manifest } = point
  const took = Date.parse(manifest.finishedAt) - Date.parse(manifest.startedAt)
  const lines = columns(
    [
      ['restore point', escapeName(point.id)],
      ['state', stateAndProof(point, now)],
      [
        'taken',
        `${escapeName(manifest.finishedAt)}, ${formatAgeOf(manifest.finishedAt, now)}, in ${formatDuration(took)}`,
      ],
      ['why', whyOf(manifest)],
      ['command', manifest.command === null ? '' : safeLine(manifest.command)],
      ['project', projectOf(manifest)],
      ['files', manifest.project.files.map(escapeName).join(', ')],
      ['engine', `${escapeName(manifest.engine.version)} at ${escapeName(manifest.engine.host)}`],
      [
        'compose',
        manifest.compose === null ? '' : `${escapeName(manifest.compose.version)} (${manifest.compose.form})`,
      ],
      ['encrypted to', (manifest.encryption?.recipients ?? []).map(escapeName).join(', ')],
      ['made by', `${manifest.tool.name} ${escapeName(manifest.tool.version)}`],
      [
        point.path.startsWith('restic:') ? 'kept in' : 'folder',
        `${escapeName(shortened(point.path, home))} (${formatBytes(point.bytes)})`,
      ],
    ].filter(([, value]) => value !== ''),
    '  ',
  )
  const rows = manifest.holdings.map(recordRow)
  const heads = ['HOLDS', 'WHAT', 'CONTENT', 'STORED', 'HOW', 'USED BY', 'FILE']
  const databases = manifest.databases ?? []
  const dumps = databases.flatMap(dumpRows)
  const notes = [
    ...databases.flatMap(record => record.notes.map(escapeName)),
    ...manifest.holdings.flatMap(record =>
      record.notes.map(note => `${nameOf(record.holding)}: ${escapeName(note)}`),
    ),
    ...manifest.notes.map(escapeName),
  ]
  return text([
    ...lines,
    '',
    ...(rows.length === 0 ? ['it holds nothing'] : table(heads, rows, heads.indexOf('FILE'), width)),
    ...(dumps.length === 0 ? [] : ['', ...table(dumpHeads, dumps, dumpHeads.indexOf('FILE'), width)]),
    ...(notes.length === 0 ? [] : ['', ...notes.map(note => `note: ${note}`)]),
    '',
    `put it back with:  ${quoted(['safe-compose', 'restore', point.id])}`,
  ])
}

function projectOf({ project }: Manifest): string {
  return project.directory === null
    ? escapeName(project.name)
    : `${escapeName(project.name)} in ${escapeName(project.directory)}`
}

function recordRow(record: HoldingRecord): readonly string[] {
  const { tar } = record.kept
  return [
    nameOf(record.holding),
    record.database === null ? '' : escapeName(record.database.label),
    `${formatBytes(tar.contentBytes)} in ${formatCount(tar.files)} files`,
    formatBytes(bytesStored(record.kept)),
    record.consistency,
    record.usedBy.map(escapeName).join(', '),
    escapeName(record.kept.path),
  ]
}

const dumpHeads = ['DUMP OF', 'SERVER', 'HOLDS', 'STORED', 'FILE']

function dumpRows({ service, label, before, dumps }: DatabaseRecord): readonly (readonly string[])[] {
  return dumps.map(dump => [
    `${escapeName(service ?? '')}${dump.database === null ? '' : ` ${escapeName(dump.database)}`}`,
    escapeName(label),
    inDump(dump, before),
    formatBytes(bytesStored(dump)),
    escapeName(dump.path),
  ])
}

/** Where the server cannot count in the state that a dump shows, what it counted a moment before. */
function inDump(dump: DumpRecord, before: DatabaseRecord['before']): string {
  if (dump.form === 'pg-globals') return 'roles'
  const own =
    dump.figures.length > 0 ? dump.figures : before.filter(({ database }) => database === dump.database)
  const rows = own.filter(({ what }) => what === 'rows' || what === 'keys')
  if (rows.length === 0) return dump.database === null ? 'the whole server' : 'no tables'
  const sum = rows.reduce((total, { value }) => total + Number(value), 0)
  const about = rows.every(({ exact }) => exact) ? '' : 'about '
  return `${about}${formatCount(sum)} rows in ${plural(rows.length, 'table')}`
}

// ---- undo --list -------------------------------------------------------------------------------------------------

function undoTable(rows: readonly UndoTableRow[], now: Date, { width }: TableOptions): string {
  if (rows.length === 0)
    return text(['no command of this project that went through safe-compose has destroyed anything'])
  const heads = ['ID', 'WHEN', 'COMMAND', 'DELETED', 'UNDONE']
  const cells = rows.map(row => [
    escapeName(row.id),
    formatAgeOf(row.when, now),
    cut(escapeName(row.command), 40),
    row.holdings.map(escapeName).join(', '),
    row.undoneBy === null ? 'not yet' : formatAgeOf(row.undoneBy, now),
  ])
  return text(table(heads, cells, heads.indexOf('DELETED'), width))
}
