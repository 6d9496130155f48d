import type { CriticalCount } from '../model/database.ts'
import { formatCount } from './format.ts'

/** What is asked, in a line: `app: select count(*) from orders`. */
export function questionInWords({ database, query }: CriticalCount): string {
  const line = query.replaceAll(/\s+/g, ' ').trim()
  const short = line.length > longest ? `${line.slice(0, longest - 1)}…` : line
  return database === null ? short : `${database}: ${short}`
}

/** Characters of a query that are shown. */
const longest = 100

/** `at least 1`, `at most 5`, `1 to 5`; empty without limits. */
export function limitsInWords({ min, max }: CriticalCount): string {
  if (min !== null && max !== null) return `${numberInWords(min)} to ${numberInWords(max)}`
  if (min !== null) return `at least ${numberInWords(min)}`
  return max === null ? '' : `at most ${numberInWords(max)}`
}

/** One of them as `settings` shows it: `db, app: select count(*) from orders, at least 1`. */
export function criticalInWords(count: CriticalCount): string {
  const limits = limitsInWords(count)
  return [count.service, questionInWords(count), ...(limits === '' ? [] : [limits])].join(', ')
}

export function isWithinLimits({ min, max }: CriticalCount, value: number): boolean {
  return (min === null || value >= min) && (max === null || value <= max)
}

/** `14,210`; what is no whole number as it is. */
export function numberInWords(value: number): string {
  return Number.isSafeInteger(value) && value >= 0 ? formatCount(value) : String(value)
}
