import type { Figure } from '../../../model/database.ts'
import type { Inside } from '../../../model/ports.ts'
import { jsonLines } from '../server.ts'
import { databaseNames, maintenance, query } from './session.ts'

const serverQuery = `
select json_build_array('databases', null, count(*)) from pg_database where not datistemplate;
select json_build_array('roles', null, count(*)) from pg_roles where rolname !~ '^pg_';
`

/**
 * Everything of one database in one snapshot, which others can share. Tables are counted the smallest first; each
 * count is begun only while there is time, and none may take longer than all the time there is. Unlogged tables are not
 * counted: a server that recovers empties them.
 */
export function countScript(budget: number, options: { readonly shared: boolean }): string {
  const milliseconds = Math.max(1, Math.floor(budget))
  return `
begin isolation level repeatable read read only;
${options.shared ? `select json_build_array('snapshot', null, pg_export_snapshot());` : ''}
select json_build_array('size', null, pg_database_size(current_database()));
select json_build_array('tables', null, count(*)) from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'm') and c.relpersistence <> 't' and n.nspname not in ('pg_catalog', 'information_schema')
  and n.nspname !~ '^pg_toast';
select json_build_array('extension', extname, extversion) from pg_extension order by extname;
select json_build_array('large objects', null, count(*)) from pg_largeobject_metadata;
select json_build_array('last value', format('%I.%I', schemaname, sequencename), last_value::text) from pg_sequences
  where last_value is not null order by schemaname, sequencename;
select json_build_array('estimate', format('%I.%I', n.nspname, c.relname), greatest(c.reltuples, 0)::bigint)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'm') and c.relpersistence <> 't' and n.nspname not in ('pg_catalog', 'information_schema')
  and n.nspname !~ '^pg_toast' order by n.nspname, c.relname;
\\set ON_ERROR_STOP off
\\set ON_ERROR_ROLLBACK on
set local statement_timeout = ${milliseconds};
select format(
    'select json_build_array(''rows'', %L, case when clock_timestamp() < %L then (select count(*) from %I.%I) end)',
    format('%I.%I', n.nspname, c.relname), clock_timestamp() + interval '${milliseconds} milliseconds',
    n.nspname, c.relname)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'm') and c.relpersistence = 'p' and n.nspname not in ('pg_catalog', 'information_schema')
  and n.nspname !~ '^pg_toast' order by c.relpages, c.relname
\\gexec
select json_build_array('counted');
`
}

export async function count(inside: Inside, budget: number): Promise<readonly Figure[]> {
  const whole = figuresOf(null, await query(inside, maintenance, serverQuery))
  const each: Figure[] = []
  for (const database of await databaseNames(inside)) {
    const script = `${countScript(budget, { shared: false })}commit;\n`
    each.push(...figuresOf(database, await query(inside, database, script)))
  }
  return [...whole, ...each]
}

/** Rows that were not counted in time are given as they are estimated. */
export function figuresOf(database: string | null, text: string): readonly Figure[] {
  const rows = jsonLines(text)
  const counted = new Map(
    rows.flatMap(([what, of, value]) => (what === 'rows' && value !== null ? [[of, value] as const] : [])),
  )
  return rows.flatMap(([what, of, value]): readonly Figure[] => {
    if (value === undefined || value === null) return []
    switch (what) {
      case 'size':
        return [{ database, of: null, what, value, exact: false }]
      case 'estimate': {
        const exact = counted.get(of ?? null)
        return [{ database, of: String(of), what: 'rows', value: exact ?? value, exact: exact !== undefined }]
      }
      case 'databases':
      case 'roles':
      case 'tables':
      case 'extension':
      case 'large objects':
      case 'last value':
        return [
          { database, of: of === null || of === undefined ? null : String(of), what, value, exact: true },
        ]
      default:
        return []
    }
  })
}

/** Milliseconds for counting rows beside a dump. */
export const countedFor = 5000
