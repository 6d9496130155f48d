import type { Inside } from '../../../model/ports.ts'
import { jsonLines, linesOf, refused } from '../server.ts'
import { databaseNames, login, maintenance, query, who } from './session.ts'

/** Versions that do not count them (before 12) have no such column. */
const checksumQuery = `
select json_build_array(coalesce(facts->>'datname', 'shared objects'), facts->>'checksum_failures')
  from (select to_jsonb(d) as facts from pg_stat_database d) each
  where (facts->>'checksum_failures')::bigint > 0;
`

/**
 * Reads every database whole, as a dump does, and throws the dump away: what cannot be read is damaged. Where the
 * extension amcheck is in a database and its program beside it, indexes and tables are checked as well. Nothing is
 * installed for it. Throws `not-possible` where it may not be read.
 */
export async function check(inside: Inside): Promise<readonly string[]> {
  const troubles = jsonLines(await query(inside, maintenance, checksumQuery)).map(
    ([name, failures]) => `${name}: ${failures} checksum failures since its statistics began`,
  )
  for (const database of await databaseNames(inside)) {
    const variables = { SC_DATABASE: database }
    const dump = await inside.run(`${login}exec pg_dump -w -Fc -Z0 >/dev/null`, { variables })
    if (dump.code !== 0) {
      const words = wordsOfDump(dump.stderr)
      const isUnable = dump.code === 126 || dump.code === 127 || noDamage.test(words)
      if (isUnable) throw refused(who, dump.code, dump.stderr)
      troubles.push(`${database}: ${words}`)
    }
    const amcheck = await inside.run(`${login}${amcheckLine}`, { variables })
    if (amcheck.code === foundCorruption)
      troubles.push(
        ...linesOf(amcheck.stdout)
          .slice(0, most)
          .map(line => `${database}: ${line.trim()}`),
      )
  }
  return troubles
}

const foundCorruption = 2

/** Why a dump ends that says nothing about the data. */
const noDamage =
  /permission denied|must be (superuser|owner)|authentication failed|version mismatch|shutting down|starting up|too many (clients|connections)|lock timeout|terminating connection|No space left/i

/** Of one that is damaged everywhere the first lines say enough. */
const most = 20

/** By the database's name in the environment; ends with 0 where it cannot be had. */
const amcheckLine = `
command -v pg_amcheck >/dev/null 2>&1 || exit 0
[ "$(psql -X -q -A -t -w -c "select count(*) from pg_extension where extname = 'amcheck'")" = 1 ] || exit 0
exec pg_amcheck -w`

/** `Dumping the contents of table "orders" failed …; ERROR:  invalid page in block 0 of relation base/5/16388`. */
function wordsOfDump(stderr: string): string {
  const lines = linesOf(stderr).map(line => line.replace(/^pg_dump: /, '').trim())
  const told = lines.map(line =>
    line.replace(/^(error|detail): /, '').replace(/^Error message from server: /, ''),
  )
  const table = told.find(line => line.startsWith('Dumping the contents of table'))
  const server = told.find(line => /\b(ERROR|FATAL|PANIC):/.test(line))
  const both = [table?.replace(/: PQ\w+\(\) failed\.?$/, ''), server].filter(line => line !== undefined)
  return both.join('; ') || (told.at(-1) ?? 'its dump ended without a word')
}
