import { Writable } from 'node:stream'
import type { Event, Reporter } from '../model/event.ts'
import type { AnnotationLevel, LogForm } from './log-form.ts'
import { textReporter } from './text.ts'

/**
 * Says everything as text without a terminal, in the form of a CI system's log: what happens around a backup or a
 * restore folds away, and warnings, failures and the way back are annotations where there are such.
 */
export async function ciReporter(options: {
  readonly stderr: NodeJS.WritableStream
  readonly form: LogForm
  readonly verbose: boolean
  readonly now: () => Date
}): Promise<Reporter> {
  const { stderr, form, now } = options
  const said = collect()
  const text = await textReporter({ ...options, stderr: said.stream, isTerminal: false, color: false })
  let openedAt: Date | null = null

  const write = (lines: readonly string[]): void => {
    if (lines.length > 0) stderr.write(lines.map(line => `${line}\n`).join(''))
  }
  const close = (): void => {
    if (openedAt === null) return
    const at = openedAt
    openedAt = null
    write([form.close(at, now())])
  }
  return {
    say: event => {
      if (closes.has(event.type) || isEndOfWork(event)) close()
      text.say(event)
      const [title = '', ...rest] = said.take()
      if (title === '' && rest.length === 0) return
      if (openedAt !== null || !opens(event)) return write(inForm(form, event, [title, ...rest]))
      openedAt = now()
      write([form.open(title, openedAt), ...inForm(form, event, rest)])
    },
    quiet: () => {
      text.quiet()
      close()
    },
  }
}

/** Work of several lines begins, of which the first says enough. */
function opens(event: Event): boolean {
  if (event.type === 'found')
    return event.decision.stakes.some(({ backUp, stake }) => backUp && stake.finding.warning !== true)
  return (event.type === 'restore' || event.type === 'undo') && event.step === 'begin'
}

/** What must be seen without unfolding anything. */
const closes: ReadonlySet<Event['type']> = new Set([
  'saved',
  'backup-spared',
  'compose-starts',
  'refused',
  'failed',
  'alarm',
  'confirmed',
])

function isEndOfWork(event: Event): boolean {
  if (event.type === 'restore') return event.step === 'started' || event.step === 'put-back'
  return event.type === 'undo' && (event.step === 'done' || event.step === 'not-started')
}

function inForm(form: LogForm, event: Event, lines: readonly string[]): readonly string[] {
  const { annotation, plain } = form
  if (annotation === null) return lines.map(plain)
  const level = levelOf(event)
  if (level !== null) return [annotation(level, lines.map(unmarked))]
  return remarksIn(lines).flatMap(part =>
    isWarning(part[0] ?? '') ? [annotation('warning', part.map(unmarked))] : part.map(plain),
  )
}

function levelOf(event: Event): AnnotationLevel | null {
  switch (event.type) {
    case 'failed':
      return event.failure.reason === 'interrupted' ? null : 'error'
    case 'refused':
    case 'alarm':
      return 'error'
    case 'compose-ended':
      return event.restorePoint === null ? 'warning' : 'notice'
    default:
      return null
  }
}

/** Each warning with what belongs to it, and what stands between them. */
function remarksIn(lines: readonly string[]): readonly (readonly string[])[] {
  const parts: string[][] = []
  for (const line of lines) {
    const last = parts.at(-1)
    const begins = last === undefined || line.startsWith('safe-compose: ')
    if (begins) parts.push([line])
    else last.push(line)
  }
  return parts
}

function isWarning(line: string): boolean {
  return line.startsWith('safe-compose: warning: ')
}

/** An annotation says by itself who speaks and how grave it is. */
function unmarked(line: string): string {
  return line.replace(/^safe-compose: (?:warning: )?/, '')
}

/** A stream whose text is taken line by line. */
function collect(): { readonly stream: Writable; readonly take: () => readonly string[] } {
  let text = ''
  const stream = new Writable({
    write: (chunk: Buffer, _, done) => {
      text += String(chunk)
      done()
    },
  })
  return {
    stream,
    take: () => {
      const lines = text.split('\n').slice(0, -1)
      text = ''
      return lines
    },
  }
}
