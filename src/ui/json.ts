import type { Event, Reporter } from '../model/event.ts'
import { exitCodeOf } from '../model/failure.ts'
import { forecastJson } from '../core/forecast-json.ts'
import { identityOfHolding } from '../model/holding.ts'
import { failedLines } from './failures.ts'
import { dockerPlanLines, planLines, refusedLines } from './messages.ts'

/** Milliseconds between two lines about the progress of the same copy. */
const progressEvery = 1000

/**
 * Says everything as JSON, one object a line: the event as it is, with `time`. What a person should be told about a
 * refusal, a plan or a failure stands under `text`, a failure's exit code under `exitCode`.
 */
export function jsonReporter(options: {
  readonly stderr: NodeJS.WritableStream
  readonly verbose: boolean
  readonly now: () => Date
}): Reporter {
  let last: { readonly id: string; readonly at: number } | null = null
  return {
    say: event => {
      if (event.type === 'detail' && !options.verbose) return
      const now = options.now()
      if (event.type === 'progress') {
        const id = `${event.what} ${identityOfHolding(event.holding)}`
        if (last?.id === id && now.getTime() - last.at < progressEvery) return
        last = { id, at: now.getTime() }
      }
      options.stderr.write(`${oneLine({ time: now.toISOString(), ...event, ...inWords(event, now) })}\n`)
    },
    quiet: () => {},
  }
}

/** What is added to an event, or stands in place of a part of it. */
function inWords(
  event: Event,
  now: Date,
): { readonly text?: readonly string[]; readonly exitCode?: number; readonly forecast?: object } {
  switch (event.type) {
    case 'refused':
      return { text: refusedLines(event, { now, isTerminal: false, command: event.command }) }
    case 'foreseen':
      return { forecast: forecastJson(event.forecast) }
    case 'plan':
      return { forecast: forecastJson(event.forecast), text: planLines(event) }
    case 'docker-plan':
      return { text: dockerPlanLines(event) }
    case 'failed':
      return { text: failedLines(event, []), exitCode: exitCodeOf(event.failure, event.kind) }
    default:
      return {}
  }
}

/** JSON leaves characters alone that a terminal obeys or a reader does not see: they are escaped too. */
function oneLine(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
