import type { Ora } from 'ora'
import { escapeName } from '../core/escape.ts'
import type { Event, Reporter } from '../model/event.ts'
import { unreachable } from '../model/failure.ts'
import { identityOfHolding } from '../model/holding.ts'
import { openPaint } from './color.ts'
import { failedLines } from './failures.ts'
import {
  adoptLines,
  alarmLines,
  backupSparedLines,
  composeEndedLines,
  copiedLines,
  detailLines,
  dumpLines,
  dockerPlanLines,
  findingIdLines,
  foundLines,
  longCopyLine,
  pinLines,
  planLines,
  recoveredLines,
  refusedLines,
  reportLines,
  confirmedLines,
  repairLines,
  restoreDumpLines,
  restoreLines,
  resumedLines,
  runNames,
  savedLines,
  stoppedLines,
  undoLines,
  warningLines,
} from './messages.ts'
import type { Setting } from './messages.ts'
import { progressLine } from './progress.ts'

export interface TextOptions {
  readonly stderr: NodeJS.WritableStream & { readonly columns?: number }
  readonly isTerminal: boolean
  readonly color: boolean
  readonly verbose: boolean
  readonly now: () => Date
}

/**
 * Says everything as text. On a terminal copies show their progress; elsewhere a long one gets a line at its start and
 * one at its end, and a short one none. Knows of what was said before only what later sentences need.
 */
export async function textReporter(options: TextOptions): Promise<Reporter> {
  const paint = await openPaint(options.color)
  const spinner = openSpinner(options)
  let memory: Memory = { found: null, refused: false, resumed: [] }
  let copy: Copy | null = null

  const print = (lines: readonly string[]): void => {
    if (lines.length === 0) return
    spinner.hush()
    options.stderr.write(lines.map(line => `${paint(line)}\n`).join(''))
  }
  const say = (event: Event): void => {
    const now = options.now()
    if (event.type === 'progress') {
      copy = nextCopy(copy, event, now)
      if (options.isTerminal)
        spinner.show(() => progressLine(event, labelOf(memory, event), widthOf(options)))
      else if (!copy.told && isLong(copy, event, now)) {
        copy = { ...copy, told: true }
        print([longCopyLine(event)])
      }
      return
    }
    const setting: Setting = { now, isTerminal: options.isTerminal, command: memory.found?.command ?? null }
    print(linesOf(event, setting, memory, { verbose: options.verbose, longCopy: copy?.told ?? false }))
    memory = remembered(memory, event)
    if (event.type === 'copied' || event.type === 'copied-to' || event.type === 'restore') copy = null
    if (event.type === 'compose-starts' || event.type === 'failed') spinner.hush()
  }
  return { say, quiet: spinner.hush }
}

interface Memory {
  readonly found: Extract<Event, { type: 'found' }> | null
  /** The refusal was said in full already. */
  readonly refused: boolean
  /** What was stopped for a copy and runs again, by name. */
  readonly resumed: readonly string[]
}

function remembered(memory: Memory, event: Event): Memory {
  if (event.type === 'found') return { ...memory, found: event }
  if (event.type === 'refused') return { ...memory, refused: true }
  if (event.type === 'resumed') return { ...memory, resumed: runNames(event.containers) }
  return memory
}

function linesOf(
  event: Exclude<Event, { type: 'progress' }>,
  setting: Setting,
  memory: Memory,
  options: { readonly verbose: boolean; readonly longCopy: boolean },
): readonly string[] {
  switch (event.type) {
    case 'found':
      return [...foundLines(event, setting), ...(options.verbose ? findingIdLines(event) : [])]
    case 'plan':
      return planLines(event)
    case 'docker-plan':
      return dockerPlanLines(event)
    case 'copied':
      return setting.isTerminal || options.longCopy || options.verbose ? copiedLines(event, setting) : []
    case 'saved':
      return savedLines(event, destroys(memory), setting)
    case 'copied-to':
      return [`safe-compose: ${escapeName(event.text)}`]
    case 'backup-spared':
      return backupSparedLines(event, setting)
    case 'stopped':
      return stoppedLines(event)
    case 'resumed':
      return resumedLines(event)
    case 'foreseen':
    case 'compose-starts':
    case 'answered':
      return []
    case 'compose-ended':
      return composeEndedLines(event, setting)
    case 'refused':
      return [...refusedLines(event, setting), ...(options.verbose ? findingIdLines(event) : [])]
    case 'recovered':
      return recoveredLines(event)
    case 'undo':
      return undoLines(event, setting)
    case 'restore':
      return restoreLines(event, setting)
    case 'pin':
      return pinLines(event)
    case 'confirmed':
      return confirmedLines(event)
    case 'repair':
      return repairLines(event)
    case 'restore-dump':
      return restoreDumpLines(event)
    case 'adopt':
      return adoptLines(event)
    case 'dump':
      return dumpLines(event)
    case 'report':
      return reportLines(event)
    case 'alarm':
      return alarmLines(event, setting)
    case 'warning':
      return warningLines(event)
    case 'detail':
      return options.verbose ? detailLines(event) : []
    case 'failed':
      return event.failure.reason === 'refused' && memory.refused ? [] : failedLines(event, memory.resumed)
    default:
      return unreachable(event)
  }
}

function destroys({ found }: Memory): boolean {
  return found?.decision.stakes.some(({ stake }) => stake.finding.outcome === 'destroyed') ?? false
}

function labelOf({ found }: Memory, { holding }: Extract<Event, { type: 'progress' }>): string {
  const identity = identityOfHolding(holding)
  const known = found?.decision.stakes.find(
    ({ stake }) => identityOfHolding(stake.finding.holding) === identity,
  )
  return escapeName(known?.stake.contents?.database?.label ?? '')
}

/** Two cells stand before the line. */
function widthOf({ stderr }: TextOptions): number {
  return (stderr.columns ?? 80) - 3
}

// ---- Long copies where there is no terminal ----------------------------------------------------------------------

interface Copy {
  readonly id: string
  readonly since: number
  readonly told: boolean
}

const longBytes = 1_000_000_000
const longMilliseconds = 5000

function nextCopy(copy: Copy | null, event: Extract<Event, { type: 'progress' }>, now: Date): Copy {
  const id = `${event.what} ${identityOfHolding(event.holding)}`
  return copy?.id === id ? copy : { id, since: now.getTime(), told: false }
}

function isLong(copy: Copy, event: Extract<Event, { type: 'progress' }>, now: Date): boolean {
  return (event.total ?? 0) >= longBytes || now.getTime() - copy.since >= longMilliseconds
}

// ---- The spinner -------------------------------------------------------------------------------------------------

/** Milliseconds between two changes of the spinner's text, which the library measures each time. */
const textEvery = 100

/** A spinner that is loaded at its first use, and can be shown and hushed at any time. */
function openSpinner(options: TextOptions): {
  readonly show: (text: () => string) => void
  readonly hush: () => void
} {
  let spinner: Ora | null = null
  let isLoading = false
  let wanted: (() => string) | null = null
  let changedAt = 0

  const load = async (): Promise<void> => {
    const { default: ora } = await import('ora')
    spinner = ora({
      stream: options.stderr,
      isEnabled: true,
      // Standard input is Compose's: nothing of it may be read here.
      discardStdin: false,
      color: options.color ? 'cyan' : false,
    })
    if (wanted !== null) spinner.start(wanted())
  }
  return {
    show: text => {
      wanted = text
      if (spinner === null) {
        if (isLoading) return
        isLoading = true
        // Without a spinner a copy is no worse.
        load().catch(() => {})
        return
      }
      const now = options.now().getTime()
      if (spinner.isSpinning && now - changedAt < textEvery) return
      changedAt = now
      spinner.text = text()
      if (!spinner.isSpinning) spinner.start()
    },
    hush: () => {
      wanted = null
      if (spinner?.isSpinning === true) spinner.stop()
    },
  }
}
