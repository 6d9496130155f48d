import type { Repaired } from '../../../model/database.ts'
import type { Inside } from '../../../model/ports.ts'
import { jsonLines, linesOf } from '../server.ts'
import { databaseNames, login, query, quoted } from './session.ts'

/**
 * Makes every index anew, of the system's tables as well. An index holds nothing that its table does not: whatever comes
 * of it, no row is lost. Table by table, so that one that cannot be read does not keep the others from it. Where all went
 * well, failed checksums are counted from there on: those that were counted are not there any more.
 */
export async function repair(inside: Inside): Promise<Repaired> {
  const done: string[] = []
  const left: string[] = []
  for (const database of await databaseNames(inside)) {
    const { code, stdout, stderr } = await inside.run(psqlThatGoesOn, {
      input: scriptFor(database),
      variables: { SC_DATABASE: database },
    })
    const troubles = errorsIn(stderr)
    left.push(...troubles.map(line => `${database}: ${line}`))
    if (code !== 0 && troubles.length === 0) left.push(`${database}: psql ended with ${code}`)
    if (code !== 0 || troubles.length > 0) continue
    const [, count] = jsonLines(stdout).find(([what]) => what === 'indexes') ?? []
    done.push(`${database}: all ${count ?? ''} indexes made anew (REINDEX)`)
    const [reset] = jsonLines(await query(inside, database, countAnew))
    if (reset !== undefined)
      done.push(`${database}: failed checksums are counted anew; there were ${reset[0] ?? ''}`)
  }
  return { done, lost: [], left }
}

/** Versions that do not count them have no such column; before version 15 it takes a moment. */
const countAnew = `
select json_build_array(facts->>'checksum_failures', pg_stat_reset()::text, pg_sleep(1)::text)
  from (select to_jsonb(d) as facts from pg_stat_database d where datname = current_database()) each
  where (facts->>'checksum_failures')::bigint > 0;
`

/** An index of the system's own that is damaged must not be asked where the tables are. */
const psqlThatGoesOn = `${login}PGOPTIONS='-c ignore_system_indexes=on -c statement_timeout=0'
export PGOPTIONS; exec psql -X -q -A -t -w -f -`

/** From version 16 on the whole database leaves the system's tables out. */
function scriptFor(database: string): string {
  return `
reindex system ${quoted(database)};
select format('reindex table %I.%I', n.nspname, c.relname)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'm') and c.relpersistence <> 't' and n.nspname <> 'pg_catalog' and n.nspname !~ '^pg_toast'
  order by n.nspname, c.relname
\\gexec
select json_build_array('indexes', count(*)) from pg_index;
`
}

/** `psql:<stdin>:3: ERROR:  invalid page in block 0 of relation base/5/16398`, without what is said besides. */
export function errorsIn(stderr: string): readonly string[] {
  return linesOf(stderr).flatMap(line => {
    const [, words] = /^(?:psql:[^ ]*: )?((?:ERROR|FATAL|PANIC): .*|.*could not connect.*)$/.exec(line) ?? []
    return words === undefined ? [] : [words.replace(/: +/, ': ')]
  })
}
