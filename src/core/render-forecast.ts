import type { DecidedStake } from '../model/decision.ts'
import type { Contents } from '../model/holding.ts'
import { identityOfHolding, nameOfHolding } from '../model/holding.ts'
import type {
  ContainerAction,
  Forecast,
  PredictedContainer,
  PredictedVolume,
  VolumeAction,
} from '../model/prediction.ts'
import { escapeName } from './escape.ts'
import { formatAgeOf, formatBytes } from './format.ts'
import { changesAnything } from './predict.ts'

/** What is said of one container or volume: sign, name, what, why; and below it what the rules say, lines each. */
export interface ForecastRow {
  readonly cells: readonly [string, string, string, string]
  readonly findings: readonly (readonly string[])[]
}

/** A forecast in words, for whoever lays it out. Names are escaped. */
export interface ForecastWords {
  readonly head: string
  readonly failure: string | null
  readonly rows: readonly ForecastRow[]
  /** Of what has no row. */
  readonly findings: readonly (readonly string[])[]
  readonly notes: readonly string[]
}

export function forecastWords(forecast: Forecast): ForecastWords {
  const { prediction } = forecast
  const now = new Date(forecast.takenAt)
  const findings = forecast.plan.decision.stakes
  const told = new Set(prediction.volumes.flatMap(volume => keyOf(volume) ?? []))
  const others = findings.filter(({ stake }) => !told.has(identityOfHolding(stake.finding.holding)))
  const findingsOf = (key: string | null): ForecastRow['findings'] =>
    findings
      .filter(({ stake }) => key !== null && identityOfHolding(stake.finding.holding) === key)
      .map(findingLines)
  return {
    head: `project ${escapeName(forecast.project)}: ${summaryOf(forecast)}`,
    failure:
      prediction.failure === null
        ? null
        : `Compose would fail, and change nothing: ${escapeName(prediction.failure)}`,
    rows: [
      ...prediction.containers.map(container => ({ cells: containerCells(container), findings: [] })),
      ...prediction.volumes.map(volume => ({
        cells: volumeCells(forecast, volume, now),
        findings: findingsOf(keyOf(volume)),
      })),
    ],
    findings: others.map(findingLines),
    notes: prediction.notes,
  }
}

/**
 * A forecast as lines of text: what is done to each container and why, what becomes of each volume, and below each
 * what the rules say about it. Plain, without colour; names are escaped. Ends without a line break.
 */
export function renderForecast(forecast: Forecast): string {
  const { head, failure, rows, findings, notes } = forecastWords(forecast)
  return [
    head,
    ...block(failure === null ? [] : [failure]),
    ...block(aligned(rows)),
    ...block(findings.flat()),
    ...block(notes.map(note => `? ${note}`)),
  ].join('\n')
}

// ---- The first line ----------------------------------------------------------------------------------------------

const containerWords: Readonly<Record<ContainerAction, string>> = {
  create: 'to create',
  recreate: 'to recreate',
  start: 'to start',
  restart: 'to restart',
  stop: 'to stop',
  remove: 'to remove',
  keep: 'left as they are',
}

const volumeWords: Readonly<Record<VolumeAction, string>> = {
  create: 'to create',
  use: 'used',
  orphan: 'left without a user',
  destroy: 'destroyed',
  keep: 'left as they are',
}

function summaryOf({ prediction }: Forecast): string {
  if (prediction.failure !== null) return 'nothing is done'
  if (!changesAnything(prediction)) return 'nothing to do'
  const containers = counted(prediction.containers, containerWords, ['keep'])
  const volumes = counted(prediction.volumes, volumeWords, ['keep', 'use'])
  const unsure = prediction.containers.filter(({ action, certain }) => action === 'keep' && !certain).length
  const parts = [
    containers === '' ? '' : `containers: ${containers}`,
    unsure === 0 ? '' : `${unsure} may be recreated`,
    volumes === '' ? '' : `volumes: ${volumes}`,
  ]
  return parts.filter(part => part !== '').join('; ')
}

function counted<Action extends string>(
  items: readonly { readonly action: Action }[],
  words: Readonly<Record<Action, string>>,
  silent: readonly Action[],
): string {
  return (Object.keys(words) as Action[])
    .filter(action => !silent.includes(action))
    .map(action => [items.filter(item => item.action === action).length, words[action]] as const)
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${count} ${word}`)
    .join(', ')
}

// ---- Rows --------------------------------------------------------------------------------------------------------

const containerSigns: Readonly<Record<ContainerAction, string>> = {
  create: '+',
  recreate: '~',
  start: '~',
  restart: '~',
  stop: '~',
  remove: '-',
  keep: '=',
}

const volumeSigns: Readonly<Record<VolumeAction, string>> = {
  create: '+',
  use: '=',
  orphan: '-',
  destroy: '✗',
  keep: '=',
}

function containerCells(container: PredictedContainer): ForecastRow['cells'] {
  const { action, certain, why } = container
  const isOpen = container.oneOff && action === 'create'
  const name = `${escapeName(container.name)}${isOpen ? '…' : ''}`
  const what = action === 'keep' ? (certain ? 'kept' : 'kept or recreated') : certain ? action : `${action}?`
  return [containerSigns[action], name, what, why]
}

function volumeCells(forecast: Forecast, volume: PredictedVolume, now: Date): ForecastRow['cells'] {
  const key = keyOf(volume)
  const contents = key === null ? null : (forecast.contents[key] ?? null)
  const words: Readonly<Record<VolumeAction, string>> = {
    create: 'create',
    use: 'kept',
    orphan: 'orphaned',
    destroy: 'destroyed',
    keep: 'kept',
  }
  const what = `${words[volume.action]}${volume.certain ? '' : '?'}`
  const facts = [what, ...(key === null ? [] : contentWords(contents, now))].join(', ')
  const point = key === null ? undefined : forecast.restorePoints[key]
  const backup =
    contents === null || contents.empty
      ? ''
      : `; ${point === undefined ? 'no backup' : `newest good backup ${formatAgeOf(point.finishedAt, now)}`}`
  return [volumeSigns[volume.action], nameOfVolume(volume), facts, `${volume.why}${backup}`]
}

/** An anonymous volume has a name that nobody knows: it is called by where it hangs. */
function nameOfVolume(volume: PredictedVolume): string {
  const isAnonymous = volume.kind === 'anonymous' && volume.holding !== null
  return escapeName(isAnonymous && volume.holding !== null ? nameOfHolding(volume.holding) : volume.name)
}

function keyOf({ holding }: PredictedVolume): string | null {
  return holding === null ? null : identityOfHolding(holding)
}

function contentWords(contents: Contents | null, now: Date): readonly string[] {
  if (contents === null) return []
  if (contents.empty) return ['empty']
  return [
    ...(contents.database === null ? [] : [escapeName(contents.database.label)]),
    contents.bytes === null ? 'size unknown' : formatBytes(contents.bytes),
    ...(contents.lastWrite === null ? [] : [`last write ${formatAgeOf(contents.lastWrite, now)}`]),
  ]
}

// ---- What the rules say ------------------------------------------------------------------------------------------

function findingLines({ stake, verdict, backUp }: DecidedStake): readonly string[] {
  const { finding } = stake
  const done = verdict === 'refuse' ? ' (refused)' : backUp ? ' (backed up first)' : ''
  const instead = finding.instead === null ? [] : [`  instead: ${finding.instead}`]
  return [
    `! ${finding.rule}: ${finding.because}${done}`,
    ...instead,
    `  more: safe-compose explain ${finding.rule}`,
  ]
}

function aligned(rows: readonly ForecastRow[]): readonly string[] {
  const width = (column: 1 | 2): number => Math.max(0, ...rows.map(({ cells }) => [...cells[column]].length))
  const [names, whats] = [width(1), width(2)]
  return rows.flatMap(({ cells: [sign, name, what, why], findings }) => [
    `${sign} ${padded(name, names)}  ${padded(what, whats)}  ${why}`,
    ...findings.flat().map(line => `    ${line}`),
  ])
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - [...text].length))
}

/** Set apart by an empty line and indented; nothing for no lines. */
function block(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', ...lines.map(line => `  ${line}`)]
}
