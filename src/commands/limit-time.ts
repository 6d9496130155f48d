import { Stop } from '../model/failure.ts'
import type { Failure } from '../model/failure.ts'
import type { Context } from './context.ts'

/** Work that may take only so long. */
export interface TimeLimit {
  /** The context for that work: what it races is given up when the time is over. */
  readonly context: Context
  readonly expired: () => boolean
  readonly end: () => void
}

/** Limits the work to so many milliseconds from now; what it races then fails as `failure` says. */
export function limitTime(context: Context, milliseconds: number, failure: () => Failure): TimeLimit {
  let over = false
  let giveUp: (error: Stop) => void = () => {}
  const expiry = new Promise<never>((_, reject) => {
    giveUp = reject
  })
  expiry.catch(() => {})
  const timer = setTimeout(() => {
    over = true
    giveUp(new Stop(failure()))
  }, milliseconds)
  return {
    context: {
      ...context,
      interruption: {
        ...context.interruption,
        race: work => {
          work.catch(() => {})
          return context.interruption.race(Promise.race([work, expiry]))
        },
      },
    },
    expired: () => over,
    end: () => clearTimeout(timer),
  }
}

/** For a copy that keeps containers paused, where nothing is destroyed and waiting would only do harm. */
export function limitStandstill(context: Context, milliseconds: number): TimeLimit {
  return limitTime(context, milliseconds, () => ({
    reason: 'backup-failed',
    holding: 'the paused containers',
    why: `the copy was not done after ${Math.round(milliseconds / 1000)} s, and they may not stand still for longer`,
    how: 'take a restore point at a quiet time (safe-compose backup --stop, or --pause), or allow more (preflight.maxStop)',
  }))
}
