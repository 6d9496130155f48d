import { formatBytes, plural } from '../core/format.ts'
import { forecastWords } from '../core/render-forecast.ts'
import type { Forecast } from '../model/prediction.ts'
import type { DecidedStake } from '../model/decision.ts'
import type { Event, Reporter } from '../model/event.ts'
import { failedLines } from './failures.ts'
import { blockInMarkdown, codeInMarkdown, inMarkdown, tableInMarkdown } from './markdown.ts'
import { refusedLines } from './messages.ts'
import { nameOf, sameProjectLine, shortLine, stakeInWords } from './words.ts'

type EventOf<Type extends Event['type']> = Extract<Event, { type: Type }>

/** Rows of one table, at most: a summary is read by people, and its size is limited. */
const mostRows = 200

/**
 * Says everything to another reporter and keeps a summary in Markdown beside it: what was foreseen, what was saved
 * before a command and how it is brought back, and what failed. `append` gives why it could not, or null.
 */
export function withStepSummary(
  reporter: Reporter,
  options: { readonly append: (markdown: string) => string | null; readonly now: () => Date },
): Reporter {
  let memory: Memory = { found: null, saved: null, refused: false }
  let isUsable = true

  const append = (lines: readonly string[]): void => {
    if (lines.length === 0 || !isUsable) return
    const why = options.append(`${lines.join('\n')}\n\n`)
    if (why === null) return
    isUsable = false
    reporter.say({ type: 'warning', text: `the summary of this step could not be written: ${why}` })
  }
  return {
    say: event => {
      reporter.say(event)
      append(linesOf(event, memory, options.now()))
      memory = remembered(memory, event)
    },
    quiet: reporter.quiet,
  }
}

interface Memory {
  readonly found: EventOf<'found'> | null
  readonly saved: EventOf<'saved'> | EventOf<'backup-spared'> | null
  readonly refused: boolean
}

function remembered(memory: Memory, event: Event): Memory {
  switch (event.type) {
    case 'found':
      return { ...memory, found: event }
    case 'saved':
    case 'backup-spared':
      return { ...memory, saved: event }
    case 'refused':
      return { ...memory, refused: true }
    default:
      return memory
  }
}

function linesOf(event: Event, { found, saved, refused }: Memory, now: Date): readonly string[] {
  switch (event.type) {
    case 'foreseen':
    case 'plan':
      return forecastLines(event.forecast)
    case 'saved':
      return event.manifest.reason === 'manual' ? backupLines(event) : []
    case 'compose-starts':
      return found === null ? [] : guardedLines(found, saved)
    case 'compose-ended':
      return event.gone.length === 0 ? [] : goneLines(event, found)
    case 'refused':
      return [
        `### safe-compose: ${codeInMarkdown(shortLine(event.command))} was refused`,
        '',
        ...blockInMarkdown(refusedLines(event, { now, isTerminal: false, command: event.command })),
      ]
    case 'failed':
      return refused ? [] : ['### safe-compose', '', ...blockInMarkdown(failedLines(event, []))]
    default:
      return []
  }
}

// ---- A plan ------------------------------------------------------------------------------------------------------

function forecastLines(forecast: Forecast): readonly string[] {
  const { head, failure, rows, findings, notes } = forecastWords(forecast)
  const told = [...rows.flatMap(row => row.findings), ...findings]
  return [
    `### safe-compose plan: ${codeInMarkdown(shortLine(forecast.command))}`,
    '',
    inMarkdown(head),
    ...(failure === null ? [] : ['', `**${inMarkdown(failure)}**`]),
    ...limited(
      ['', 'name', 'what', 'why'],
      rows.map(({ cells }) => cells.map(inMarkdown)),
    ),
    ...spaced(told.map(([first = '', ...more]) => bullet(first.replace(/^! /, ''), more))),
    ...spaced(notes.map(note => bullet(note, []))),
  ]
}

function bullet(first: string, more: readonly string[]): string {
  return [`- ${inMarkdown(first)}`, ...more.map(line => `  <br>${inMarkdown(line.trim())}`)].join('\n')
}

// ---- A guarded command -------------------------------------------------------------------------------------------

const deeds: Readonly<Record<DecidedStake['stake']['finding']['outcome'], string>> = {
  destroyed: 'deleted',
  corrupted: 'would be damaged',
  hidden: 'not seen by the application',
  orphaned: 'left behind',
  recreated: 'kept; its container is replaced',
}

function guardedLines(found: EventOf<'found'>, saved: Memory['saved']): readonly string[] {
  const rows = found.decision.stakes.map(({ stake, backUp }) => {
    const { finding } = stake
    const isRemark = finding.warning === true
    return [
      inMarkdown(isRemark ? nameOf(finding.holding) : stakeInWords(stake, null)),
      isRemark ? 'worth knowing' : deeds[finding.outcome],
      backUp && !isRemark ? 'backed up first' : '',
      inMarkdown(finding.because),
    ]
  })
  return [
    `### safe-compose: ${codeInMarkdown(shortLine(found.command))}`,
    ...limited(['data', 'what happens', 'backup', 'why'], rows),
    ...savedWords(saved),
  ]
}

function savedWords(saved: Memory['saved']): readonly string[] {
  if (saved === null) return []
  if (saved.type === 'backup-spared')
    return ['', `Saved a moment ago as ${codeInMarkdown(saved.restorePoint.id)}: no new backup.`]
  return ['', `Saved as ${codeInMarkdown(saved.manifest.id)} (${sizes(saved)}, checked).`]
}

function sizes({ bytes, stored }: EventOf<'saved'>): string {
  return `${formatBytes(bytes)} → ${formatBytes(stored)}`
}

function goneLines(
  { gone, restorePoint, exitCode }: EventOf<'compose-ended'>,
  found: Memory['found'],
): readonly string[] {
  const failed = exitCode === 0 ? '' : `Compose ended with ${exitCode}. `
  const names = gone.map(holding => inMarkdown(nameOf(holding))).join(', ')
  if (restorePoint === null) return [`${failed}Gone: ${names}. **There is no backup of it.**`]
  const undo = sameProjectLine(found?.command ?? [], ['undo', restorePoint])
  return [`${failed}Gone: ${names}. Bring it back with:`, '', ...blockInMarkdown([undo])]
}

function backupLines(saved: EventOf<'saved'>): readonly string[] {
  const { id, holdings, databases = [], tag } = saved.manifest
  const dumps = databases.flatMap(record => record.dumps).length
  const rows = holdings.map(({ holding, kept }) => [
    inMarkdown(nameOf(holding)),
    formatBytes(kept.tar.contentBytes),
  ])
  return [
    `### safe-compose backup: ${codeInMarkdown(id)}${tag === null ? '' : ` (${inMarkdown(tag)})`}`,
    ...limited(['data', 'size'], rows),
    '',
    `${sizes(saved)}, ${dumps === 0 ? '' : `with ${plural(dumps, 'dump')}, `}checked. Bring it back with:`,
    '',
    ...blockInMarkdown([`safe-compose restore ${id}`]),
  ]
}

// ---- Layout ------------------------------------------------------------------------------------------------------

function limited(heads: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  if (rows.length === 0) return []
  const left = rows.length - mostRows
  return [
    '',
    ...tableInMarkdown(heads, rows.slice(0, mostRows)),
    ...(left > 0 ? ['', `… and ${left} more`] : []),
  ]
}

function spaced(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', ...lines.slice(0, mostRows)]
}
