import type { Engine, EngineEvent } from '../model/ports.ts'
import type { RunState } from '../model/journal.ts'
import type { Context } from './context.ts'
import { limitStandstill } from './limit-time.ts'
import type { TimeLimit } from './limit-time.ts'
import { quietWriters } from './quiet-writers.ts'
import type { QuietWriters } from './quiet-writers.ts'

/** Writers that stand still for the copies before a command, from `begin` on. Everything else does nothing before it. */
export interface Standstill {
  /** The context for the copies. */
  readonly begin: () => Promise<{ readonly context: Context; readonly end: () => Promise<void> }>
  /** Containers that did not stop in their grace period. */
  readonly killed: () => ReadonlySet<string>
  /** What happened on the engine since they stand still. */
  readonly events: () => readonly EngineEvent[]
  /** Whether they stood still for longer than they may. */
  readonly expired: () => boolean
  readonly unpause: () => Promise<void>
  /** Sets going what stands still, and ends the watch. */
  readonly resume: () => Promise<void>
  /** Ends the watch. What stands still stays so. */
  readonly close: () => void
}

/** @param options.longest milliseconds that they may stand still; null: as long as the copies take */
export async function prepareStandstill(
  context: Context,
  engine: Engine,
  ran: readonly RunState[],
  options: {
    readonly longest: number | null
    readonly composeStop: (services: readonly string[]) => Promise<boolean>
  },
): Promise<Standstill> {
  const watch = await engine.watch()
  const now: { writers: QuietWriters | null; limit: TimeLimit | null; seenBefore: number } = {
    writers: null,
    limit: null,
    seenBefore: 0,
  }
  const close = (): void => {
    now.limit?.end()
    watch.close()
  }
  return {
    begin: async () => {
      now.writers = await quietWriters(context, engine, ran, options.composeStop)
      now.seenBefore = watch.seen().length
      now.limit = options.longest === null ? null : limitStandstill(context, options.longest)
      return { context: now.limit?.context ?? context, end: async () => now.limit?.end() }
    },
    killed: () => now.writers?.killed ?? new Set(),
    events: () => (now.writers === null ? [] : watch.seen().slice(now.seenBefore)),
    expired: () => now.limit?.expired() ?? false,
    unpause: async () => now.writers?.unpause(),
    resume: async () => {
      close()
      await now.writers?.resume()
    },
    close,
  }
}
