import { escapeName } from '../../core/escape.ts'
import type { SqliteSight } from '../../model/sqlite.ts'
import type { Ask } from './ask.ts'

/** What one database is found to be. */
export interface FileSight {
  readonly tables: number
  readonly rows: number
  /** Tables that only its application can read. */
  readonly uncounted: number
  /** Null where it is well. */
  readonly trouble: string | null
}

/**
 * Opens a database as the application would (what its log holds is taken in), lets it check itself, and counts the rows
 * of its tables. What only the application's own extensions can read is not counted.
 */
export async function lookInto(ask: Ask, path: string): Promise<FileSight> {
  const checked = await ask(path, ['PRAGMA integrity_check(3)'])
  if (checked.trouble !== null && !isForeign(checked.trouble)) return bad(checked.trouble)
  if (checked.lines !== null && checked.lines.join('\n') !== 'ok') return bad(checked.lines.join('; '))
  const named = await ask(path, [tableNames])
  if (named.lines === null) return bad(named.trouble)
  const names = named.lines.map(hex => Buffer.from(hex, 'hex').toString('utf8'))
  const countable = names.filter(isCountable)
  const counts = await countEach(ask, path, countable)
  return typeof counts === 'string'
    ? bad(counts)
    : {
        tables: names.length,
        rows: counts.reduce((sum, count) => sum + count, 0),
        uncounted: names.length - counts.length,
        trouble: null,
      }
}

/** What several databases are together; `name` is what each is called. */
export function sumOf(sights: readonly (FileSight & { readonly name: string })[]): SqliteSight {
  return {
    files: sights.length,
    tables: sights.reduce((sum, { tables }) => sum + tables, 0),
    rows: sights.reduce((sum, { rows }) => sum + rows, 0),
    uncounted: sights.reduce((sum, { uncounted }) => sum + uncounted, 0),
    troubles: sights.flatMap(({ name, trouble }) =>
      trouble === null ? [] : `${escapeName(name)}: ${escapeName(trouble)}`,
    ),
  }
}

/** All tables at once; one by one where one of them cannot be counted. A text is what is wrong. */
async function countEach(
  ask: Ask,
  path: string,
  names: readonly string[],
): Promise<readonly number[] | string> {
  const queries = names.map(name => `SELECT count(*) FROM "${name.replaceAll('"', '""')}"`)
  const { lines, trouble } = await ask(path, queries)
  if (lines !== null) return lines.map(Number)
  if (!isForeign(trouble)) return trouble
  const counts: number[] = []
  for (const query of queries) {
    const answer = await ask(path, [query])
    if (answer.trouble !== null && !isForeign(answer.trouble)) return answer.trouble
    if (answer.lines !== null) counts.push(Number(answer.lines[0]))
  }
  return counts
}

/** In hex: a name may hold anything. Virtual tables belong to extensions. */
const tableNames = `SELECT hex(name) FROM sqlite_master WHERE type = 'table'
  AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND sql NOT LIKE 'create virtual%'`

/** Statements are read line by line. */
function isCountable(name: string): boolean {
  return !/[\n\r\0]/.test(name)
}

/** It wants a function, a collation or a module that only its application brings along. */
export function isForeign(trouble: string): boolean {
  return /\b(no such (function|collation|module)|unknown function|no query solution)\b/i.test(trouble)
}

function bad(trouble: string): FileSight {
  return { tables: 0, rows: 0, uncounted: 0, trouble }
}
