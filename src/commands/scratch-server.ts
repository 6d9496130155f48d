import { formatDuration } from '../core/format.ts'
import { Stop } from '../model/failure.ts'
import type { DatabaseServer, Engine, Scratch, Store } from '../model/ports.ts'
import type { HoldingRecord, RestorePoint } from '../model/restore-point.ts'
import type { Context } from './context.ts'
import { tellingLine } from './look-for-trouble.ts'

/** Puts what a restore point holds into the volume of a trial. */
export async function fillScratch(
  engine: Engine,
  store: Store,
  { point, record }: { readonly point: RestorePoint; readonly record: HoldingRecord },
  volume: string,
): Promise<void> {
  const sink = await engine.openSink({ kind: 'volume', name: volume })
  try {
    await store.extract(point, record, sink, () => {})
  } finally {
    await sink.close()
  }
}

/** One that opens only after the work was given up is removed again. */
export async function settledBy(context: Context, opening: Promise<Scratch>): Promise<Scratch> {
  try {
    return await context.interruption.race(opening)
  } catch (error) {
    await opening.then(
      scratch => scratch.remove(),
      () => {},
    )
    throw error
  }
}

/**
 * Waits until it answers a real query twice: a server that makes a new database answers once before it is restarted.
 * Throws `not-possible` with its last words when it ends, or is not up in time. `patience`: milliseconds; `on`: what it
 * runs on, for people.
 */
export async function untilUp(
  context: Context,
  scratch: Scratch,
  server: DatabaseServer,
  { patience, on }: { readonly patience: number; readonly on: string },
): Promise<string> {
  const deadline = context.host.now().getTime() + patience
  let answers = 0
  for (;;) {
    let why: string
    try {
      const { label } = await context.interruption.race(server.status())
      answers += 1
      if (answers === 2) return label
      why = 'it answered once'
    } catch (error) {
      if (!(error instanceof Stop) || error.failure.reason !== 'not-possible') throw error
      answers = 0
      why = error.failure.what
    }
    const state = await scratch.state()
    if (state !== 'running') throw notUp(on, `it ended with ${state.exitCode ?? '?'}`, await scratch.logs())
    if (context.host.now().getTime() > deadline)
      throw notUp(on, `it was not up after ${formatDuration(patience)} (${why})`, await scratch.logs())
    await context.interruption.race(new Promise(resolve => setTimeout(resolve, 200)))
  }
}

function notUp(on: string, what: string, logs: string): Stop {
  const telling = tellingLine(logs)
  return new Stop({
    reason: 'not-possible',
    what: `its server did not come up on ${on}: ${what}`,
    how: telling === '' ? 'it said nothing' : `it said: ${telling}`,
  })
}
