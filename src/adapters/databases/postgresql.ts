import type { Readable } from 'node:stream'
import type { DumpForm, Figure, Replication, ServerStatus } from '../../model/database.ts'
import type { DatabaseServer, DumpSource, Inside } from '../../model/ports.ts'
import { ask, endedWell, fileNames, jsonLines, keepEnd, pour, readLines, refused } from './server.ts'

const who = 'PostgreSQL'

/**
 * Who to be, and with which password: as the official images and Bitnami's are told it, read where it lies. The socket
 * where there is one, since it is what the images trust.
 */
const login = `
secret() { if [ -n "$1" ] && [ -r "$1" ]; then cat "$1"; fi; }
if [ -n "\${POSTGRESQL_POSTGRES_PASSWORD:-}" ]; then
  PGUSER=postgres PGPASSWORD=$POSTGRESQL_POSTGRES_PASSWORD
else
  PGUSER=\${POSTGRES_USER:-\${POSTGRESQL_USERNAME:-postgres}}
  PGPASSWORD=\${POSTGRES_PASSWORD:-\${POSTGRESQL_PASSWORD:-$(secret "\${POSTGRES_PASSWORD_FILE:-\${POSTGRESQL_PASSWORD_FILE:-}}")}}
fi
unset PGHOST PGHOSTADDR PGOPTIONS PGSERVICE
ls /var/run/postgresql/.s.PGSQL.* /tmp/.s.PGSQL.* >/dev/null 2>&1 || export PGHOST=127.0.0.1
export PGUSER PGPASSWORD PGDATABASE="$SC_DATABASE" PGCONNECT_TIMEOUT=10 PGAPPNAME=safe-compose PGCLIENTENCODING=UTF8
`
const psql = `${login}exec psql -X -q -A -t -w -v ON_ERROR_STOP=1 -f -`

/** The database that is always there to ask about the others. */
const maintenance = 'postgres'

export function postgresql(inside: Inside): DatabaseServer {
  return {
    kind: 'postgresql',
    status: () => status(inside),
    count: budget => count(inside, budget),
    dumps: () => dumps(inside),
    load: (dump, into, like) => load(inside, dump, into, like),
    drop: async database => {
      await query(inside, maintenance, `drop database if exists ${quoted(database)};`)
    },
    names: () => databaseNames(inside),
    addAccounts: text => addRoles(inside, text),
    swap: (fresh, database, keepAs) => swap(inside, fresh, database, keepAs),
  }
}

function query(inside: Inside, database: string, sql: string): Promise<string> {
  return ask(inside, psql, { who, input: sql, variables: { SC_DATABASE: database } })
}

// ---- How it is ---------------------------------------------------------------------------------------------------

const statusQuery = `
select json_build_array('version', current_setting('server_version'));
select json_build_array('uptime', extract(epoch from now() - pg_postmaster_start_time())::bigint);
select json_build_array('connections',
  (select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()),
  current_setting('max_connections')::int);
select json_build_array('saved', to_char(checkpoint_time at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
  from pg_control_checkpoint();
select json_build_array('database', datname,
  case when has_database_privilege(datname, 'connect') then pg_database_size(oid) end)
  from pg_database where not datistemplate order by datname;
select json_build_array('replica', coalesce(nullif(application_name, ''), client_addr::text, 'a replica'), state,
  pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::bigint)
  from pg_stat_replication where not pg_is_in_recovery() and state <> 'backup';
select json_build_array('source', extract(epoch from now() - pg_last_xact_replay_timestamp())::bigint)
  where pg_is_in_recovery();
`

async function status(inside: Inside): Promise<ServerStatus> {
  const rows = jsonLines(await query(inside, maintenance, statusQuery))
  const of = (what: string): readonly (readonly (string | number | null)[])[] =>
    rows.filter(row => row[0] === what).map(row => row.slice(1))
  const [version] = of('version')[0] ?? []
  const [uptime] = of('uptime')[0] ?? []
  const [used, most] = of('connections')[0] ?? []
  const [saved] = of('saved')[0] ?? []
  const replicas = of('replica').map(([name, state, behind]): Replication => ({
    with: String(name),
    state: String(state),
    behind: typeof behind === 'number' ? { amount: behind, unit: 'bytes' } : null,
  }))
  const sources = of('source').map(([behind]): Replication => ({
    with: 'its primary',
    state: 'replaying',
    behind: typeof behind === 'number' ? { amount: behind, unit: 'seconds' } : null,
  }))
  return {
    label: `PostgreSQL ${plainVersion(String(version ?? ''))}`.trim(),
    uptime: typeof uptime === 'number' ? uptime : null,
    databases: of('database')
      .map(([name, bytes]) => ({ name: String(name), bytes: typeof bytes === 'number' ? bytes : null }))
      .toSorted((one, other) => (other.bytes ?? 0) - (one.bytes ?? 0)),
    connections: typeof used === 'number' ? { used, most: typeof most === 'number' ? most : null } : null,
    lastSave: typeof saved === 'string' ? saved : null,
    replication: [...replicas, ...sources],
    troubles: [],
  }
}

/** `15.6 (Debian 15.6-1.pgdg120+2)` → `15.6`. */
function plainVersion(text: string): string {
  return text.split(' ')[0] ?? text
}

// ---- What is in it -----------------------------------------------------------------------------------------------

const databasesQuery = `
select json_build_array(datname) from pg_database
  where datallowconn and not datistemplate and datconnlimit <> -2 order by datname;
`

async function databaseNames(inside: Inside): Promise<readonly string[]> {
  return jsonLines(await query(inside, maintenance, databasesQuery)).map(([name]) => String(name))
}

const serverQuery = `
select json_build_array('databases', null, count(*)) from pg_database where not datistemplate;
select json_build_array('roles', null, count(*)) from pg_roles where rolname !~ '^pg_';
`

/**
 * Everything of one database in one snapshot, which others can share. Tables are counted the smallest first; each
 * count is begun only while there is time, and none may take longer than all the time there is.
 */
function countScript(budget: number, options: { readonly shared: boolean }): string {
  const milliseconds = Math.max(1, Math.floor(budget))
  return `
begin isolation level repeatable read read only;
${options.shared ? `select json_build_array('snapshot', null, pg_export_snapshot());` : ''}
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
  where c.relkind in ('r', 'm') and c.relpersistence <> 't' and n.nspname not in ('pg_catalog', 'information_schema')
  and n.nspname !~ '^pg_toast' order by c.relpages, c.relname
\\gexec
select json_build_array('counted');
`
}

async function count(inside: Inside, budget: number): Promise<readonly Figure[]> {
  const whole = figuresOf(null, await query(inside, maintenance, serverQuery))
  const each: Figure[] = []
  for (const database of await databaseNames(inside)) {
    const script = `${countScript(budget, { shared: false })}commit;\n`
    each.push(...figuresOf(database, await query(inside, database, script)))
  }
  return [...whole, ...each]
}

/** Rows that were not counted in time are given as they are estimated. */
function figuresOf(database: string | null, text: string): readonly Figure[] {
  const rows = jsonLines(text)
  const counted = new Map(
    rows.flatMap(([what, of, value]) => (what === 'rows' && value !== null ? [[of, value] as const] : [])),
  )
  return rows.flatMap(([what, of, value]): readonly Figure[] => {
    if (value === undefined || value === null) return []
    switch (what) {
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

// ---- Dumps -------------------------------------------------------------------------------------------------------

async function dumps(inside: Inside): Promise<readonly DumpSource[]> {
  const names = await databaseNames(inside)
  const files = fileNames(names)
  return [
    globals(inside),
    ...names.map((database): DumpSource => ({
      name: `${files.get(database) ?? database}.dump`,
      database,
      form: 'pg-custom',
      open: () => dumpDatabase(inside, database),
    })),
  ]
}

/** Passwords of roles may only be read by a superuser: without them is better than not at all. */
function globals(inside: Inside): DumpSource {
  const line = `${login}
if [ "$(psql -X -q -A -t -w -c 'select rolsuper from pg_roles where rolname = current_user')" = t ]; then
  exec pg_dumpall -w --globals-only
else
  exec pg_dumpall -w --globals-only --no-role-passwords
fi`
  return {
    name: 'globals.sql',
    database: null,
    form: 'pg-globals',
    open: async () => {
      const program = await inside.start(line, { variables: { SC_DATABASE: maintenance } })
      program.stdin.end()
      const { stream, end } = keepEnd(program.stdout)
      const done = (async () => {
        await endedWell(program, who)
        if (!end().includes('PostgreSQL database cluster dump complete'))
          throw refused(who, 0, 'the dump of its roles ends before its end')
        return { figures: [] }
      })()
      done.catch(() => {})
      return { stream, done, stop: program.hangUp }
    },
  }
}

/**
 * The figures come from the dump's own snapshot: a session exports it, counts in it, and stays until the dump has
 * ended.
 */
async function dumpDatabase(inside: Inside, database: string): ReturnType<DumpSource['open']> {
  const variables = { SC_DATABASE: database }
  const counting = await inside.start(psql, { variables })
  const said = readLines(counting, who)
  try {
    counting.stdin.write(countScript(countedFor, { shared: true }))
    const [row] = jsonLines(await said.lineThat(line => line.startsWith('["snapshot"')))
    const snapshot = String(row?.[2] ?? '')
    const dump = await inside.start(`${login}exec pg_dump -w -Fc -Z0 --snapshot="$SC_SNAPSHOT"`, {
      variables: { ...variables, SC_SNAPSHOT: snapshot },
    })
    dump.stdin.end()
    const stop = (): void => {
      dump.hangUp()
      counting.hangUp()
    }
    const done = (async () => {
      try {
        await endedWell(dump, who)
        await said.lineThat(line => line.startsWith('["counted"'))
        counting.stdin.end('commit;\n')
        await endedWell(counting, who)
        return { figures: figuresOf(database, said.lines.join('\n')) }
      } catch (error) {
        stop()
        throw error
      }
    })()
    done.catch(() => {})
    return { stream: dump.stdout, done, stop }
  } catch (error) {
    counting.hangUp()
    throw error
  }
}

// ---- Reading a dump in -------------------------------------------------------------------------------------------

async function load(
  inside: Inside,
  { form, stream }: { readonly form: DumpForm; readonly stream: Readable },
  into: string,
  like: string | null,
): Promise<readonly Figure[]> {
  if (form !== 'pg-custom') throw refused(who, 0, `it reads no dump of the form ${form}`)
  await query(inside, maintenance, createLike(into, like))
  await pour(inside, `${login}exec pg_restore -w --exit-on-error -d "$SC_DATABASE"`, stream, {
    who,
    variables: { SC_DATABASE: into },
  })
  const script = `analyze;\n${countScript(countedFor, { shared: false })}commit;\n`
  return figuresOf(into, await query(inside, into, script))
}

/**
 * Nobody can connect while it is done, and a transaction makes both names new or none. The first of two is the one that
 * may be missing.
 */
async function swap(inside: Inside, fresh: string, database: string, keepAs: string): Promise<void> {
  // Not from a session in one of the two: where they are the maintenance database, another one is there as well.
  const from = [fresh, database].includes(maintenance) ? 'template1' : maintenance
  const both = [fresh, database].map(literal).join(', ')
  await query(
    inside,
    from,
    `
begin;
select pg_terminate_backend(pid) from pg_stat_activity where datname in (${both}) and pid <> pg_backend_pid();
alter database ${quoted(database)} rename to ${quoted(keepAs)};
alter database ${quoted(fresh)} rename to ${quoted(database)};
commit;
`,
  )
}

/** Of `pg_dumpall --globals-only`: what makes, sets up and connects the roles that are not there. */
async function addRoles(inside: Inside, text: string): Promise<readonly string[]> {
  const there = new Set(
    jsonLines(await query(inside, maintenance, 'select json_build_array(rolname) from pg_roles;')).map(
      ([name]) => String(name),
    ),
  )
  const statements = text.split(/;\n/).map(each => each.replace(/^(--.*\n|\s)+/, ''))
  const roleOf = (statement: string): string | null => {
    const [, plain, withQuotes] =
      /^(?:CREATE|ALTER) ROLE (?:([a-z_][\w$]*)|"((?:[^"]|"")+)")/.exec(statement) ?? []
    return plain ?? withQuotes?.replaceAll('""', '"') ?? null
  }
  const missing = [
    ...new Set(
      statements.flatMap(each => {
        const role = each.startsWith('CREATE ROLE ') ? roleOf(each) : null
        return role === null || there.has(role) ? [] : [role]
      }),
    ),
  ]
  if (missing.length === 0) return []
  const wanted = statements.filter(statement => {
    const role = roleOf(statement)
    if (role !== null) return missing.includes(role)
    // Memberships: of a new role, or in one.
    return statement.startsWith('GRANT ') && missing.some(name => namesIn(statement).includes(name))
  })
  await query(inside, maintenance, wanted.map(each => `${each};\n`).join(''))
  return missing
}

/** Words of a statement that may be names. */
function namesIn(statement: string): readonly string[] {
  return [...statement.matchAll(/"((?:[^"]|"")+)"|([a-z_][\w$]*)/g)].map(
    ([, withQuotes, plain]) => withQuotes?.replaceAll('""', '"') ?? plain ?? '',
  )
}

/** With the encoding and the sorting of another one, where it is there. */
function createLike(name: string, like: string | null): string {
  return `
select coalesce((select format('create database %I template template0 encoding %L lc_collate %L lc_ctype %L',
    ${literal(name)}, pg_encoding_to_char(encoding), datcollate, datctype)
  from pg_database where datname = ${literal(like ?? '')} and datcollate is not null),
  format('create database %I template template0', ${literal(name)}))
\\gexec
`
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** Milliseconds for counting rows beside a dump. */
const countedFor = 5000
