import { parseDuration } from '../format.ts'
import { cronExpression, readCronExpression } from './cron-expression.ts'

/** When a daily backup is taken: after the hours that the change to summer time leaves out or doubles. */
const dailyHour = 4

/**
 * An interval (`6h`, `30m`, `1d`) as fields of cron, begun some minutes past the hour so that the projects of a host do
 * not all start at once. Null for one that does not divide a day, a week or an hour, and for less than 15 minutes.
 *
 * @param offset minutes past the hour, 0 to 59
 */
export function cronOfInterval(interval: string, offset: number): string | null {
  const minutes = (parseDuration(interval) ?? Number.NaN) / 60_000
  if (minutes === 7 * 24 * 60) return `${offset} ${dailyHour} * * 0`
  if (minutes === 24 * 60) return `${offset} ${dailyHour} * * *`
  if (minutes >= 60 && Number.isInteger(minutes / 60) && (24 * 60) % minutes === 0)
    return canonical(`${offset} */${minutes / 60} * * *`)
  if (minutes >= 15 && 60 % minutes === 0) return canonical(`${offset % minutes}-59/${minutes} * * * *`)
  return null
}

function canonical(expression: string): string {
  const fields = readCronExpression(expression)
  return 'wrong' in fields ? expression : cronExpression(fields)
}

/** Minutes past the hour for something of this name: always the same ones, and others for another name. */
export function minuteOf(sha256: string): number {
  return Number.parseInt(sha256.slice(0, 8), 16) % 60
}

/** Every quarter of an hour, begun at that minute: when cron looks whether something is due. */
export function quarterHours(offset: number): readonly number[] {
  return [0, 15, 30, 45].map(quarter => quarter + (offset % 15))
}
