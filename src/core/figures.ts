import { plural } from './format.ts'
import type { Figure } from '../model/database.ts'

/** What became of a comparison. */
export interface Comparison {
  /** What is missing or wrong, a line each: `shop: public.orders has 998 rows, 1,000 were counted`. */
  readonly troubles: readonly string[]
  /** What differs where something may have been written between counting and copying, a line each. */
  readonly differences: readonly string[]
  /** How many figures were compared. */
  readonly compared: number
}

/** What was counted around a copy. */
export interface Counted {
  readonly before: readonly Figure[]
  /** Null where nobody counted after it: then more or less may be in the copy, and only what is missing is wrong. */
  readonly after: readonly Figure[] | null
}

/**
 * Holds what is in a copy against what was counted before and after it was made: each number must lie between the two.
 * Estimates say only that something is there. Sequences of a copy of files may be ahead: a server that recovers skips
 * numbers that it had set aside.
 */
export function compareFigures(counted: Counted, found: readonly Figure[]): Comparison {
  const after = counted.after === null ? null : byKey(counted.after)
  const there = byKey(found)
  const troubles: string[] = []
  const differences: string[] = []
  let compared = 0
  for (const figure of counted.before) {
    const last = after?.get(keyOf(figure))
    // Gone before the copy was over: it need not be in it.
    if (after !== null && last === undefined) continue
    const now = there.get(keyOf(figure))
    compared += 1
    if (now === undefined && mayVanish(figure)) continue
    if (now === undefined) {
      troubles.push(`${nameOf(figure)} is missing`)
      continue
    }
    if (!figure.exact || !now.exact || figure.what === 'last value') continue
    if (isBetween(now.value, figure.value, last?.value ?? figure.value)) continue
    const line = `${nameOf(figure)}: ${worded(now)}, counted were ${wordedRange(figure, last)}`
    if (after === null || last?.exact === false) differences.push(line)
    else troubles.push(line)
  }
  return { troubles, differences, compared }
}

/** Keys that expire go by themselves, and with its last one a database of Redis. */
function mayVanish({ what, exact }: Figure): boolean {
  return what === 'keys' && !exact
}

/** The same where both were taken from one and the same state: everything must be equal. */
export function compareExactly(counted: readonly Figure[], found: readonly Figure[]): Comparison {
  const there = byKey(found)
  const troubles = counted.flatMap(figure => {
    const now = there.get(keyOf(figure))
    if (now === undefined) return [`${nameOf(figure)} is missing`]
    if (!figure.exact || !now.exact || now.value === figure.value) return []
    return [`${nameOf(figure)}: ${worded(now)}, counted were ${figure.value}`]
  })
  return { troubles, differences: [], compared: counted.length }
}

/** `3 databases, 12 tables, 1,204,118 rows`: the sum, for people. */
export function sumOf(figures: readonly Figure[]): {
  readonly tables: number
  readonly rows: number
  readonly exact: boolean
} {
  const rows = figures.filter(({ what }) => what === 'rows' || what === 'keys')
  return {
    tables: figures.filter(({ what }) => what === 'rows').length,
    rows: rows.reduce((total, { value }) => total + Number(value), 0),
    exact: rows.every(({ exact }) => exact),
  }
}

/** `1,204 rows in 12 tables`, `about 14 keys`, `nothing in it`. */
export function figuresWords(figures: readonly Figure[]): string {
  const { rows, tables, exact } = sumOf(figures)
  if (tables === 0 && rows === 0) return 'nothing in it'
  const about = exact ? '' : 'about '
  return tables === 0
    ? `${about}${plural(rows, 'key')}`
    : `${about}${plural(rows, 'row')} in ${plural(tables, 'table')}`
}

/** A table of another database is another one. */
function keyOf({ database, of, what }: Figure): string {
  return JSON.stringify([database, of, what])
}

function byKey(figures: readonly Figure[]): ReadonlyMap<string, Figure> {
  return new Map(figures.map(figure => [keyOf(figure), figure]))
}

function isBetween(value: Figure['value'], one: Figure['value'], other: Figure['value']): boolean {
  if (value === one || value === other) return true
  if (typeof value !== 'number' || typeof one !== 'number' || typeof other !== 'number') return false
  return value >= Math.min(one, other) && value <= Math.max(one, other)
}

function nameOf({ database, of, what }: Figure): string {
  const where = database === null ? '' : `${database}: `
  switch (what) {
    case 'rows':
      return `${where}table ${of ?? ''}`
    case 'extension':
      return `${where}extension ${of ?? ''}`
    case 'last value':
      return `${where}sequence ${of ?? ''}`
    default:
      return `${where}${what}`
  }
}

function worded({ what, value }: Figure): string {
  return what === 'rows' ? `${value} rows` : String(value)
}

function wordedRange({ value }: Figure, last: Figure | undefined): string {
  return last === undefined || last.value === value
    ? String(value)
    : `${value} before and ${last.value} after the copy`
}
