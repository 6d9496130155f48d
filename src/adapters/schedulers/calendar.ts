import type { Calendar } from '../../model/ports.ts'

/** The moments of cron expressions, by a library that knows the changes of the clock. */
export const calendar: Calendar = {
  next: async (expression, zone, after) => {
    const { Cron } = await import('croner')
    return new Cron(expression, { timezone: zone, paused: true }).nextRun(after)
  },
  last: async (expression, zone, until) => {
    const { Cron } = await import('croner')
    // What lies exactly at the time counts, and the library leaves it out.
    const reference = new Date(until.getTime() + 1000)
    return new Cron(expression, { timezone: zone, paused: true }).previousRuns(1, reference)[0] ?? null
  },
}
