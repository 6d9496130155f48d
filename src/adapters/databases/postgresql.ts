import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { DumpForm, Figure, Replication, ServerStatus } from '../../model/database.ts'
import type { DatabaseServer, DumpSource, Inside, TarSource } from '../../model/ports.ts'
import { asVolumeTar } from './base-backup.ts'
import type { Level } from './base-backup.ts'
import { checkPostgresql } from './check-postgresql.ts'
import {
  ask,
  askedFor,
  askNumber,
  badQuestion,
  endedWell,
  fileNames,
  jsonLines,
  keepEnd,
  pour,
  readLines,
  refused,
} from './server.ts'

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
PGHOST=127.0.0.1
for folder in /tmp /var/run/postgresql; do
  for socket in "$folder"/.s.PGSQL.*; do if [ -S "$socket" ]; then PGHOST=$folder; fi; done
done
export PGHOST PGUSER PGPASSWORD PGDATABASE="$SC_DATABASE" PGCONNECT_TIMEOUT=10 PGAPPNAME=safe-compose PGCLIENTENCODING=UTF8
`
const psql = `${login}exec psql -X -q -A -t -w -v ON_ERROR_STOP=1 -f -`

/** The database that is always there to ask about the others. */
const maintenance = 'postgres'

export function postgresql(inside: Inside): DatabaseServer {
  return {
    kind: 'postgresql',
    status: () => status(inside),
    ask: (database, query) => askQuery(inside, database, query),
    count: budget => count(inside, budget),
    copyOnline: path => copyOnline(inside, path),
    check: () =>
      checkPostgresql(inside, {
        who,
        login,
        query: (database, sql) => query(inside, database, sql),
        names: () => databaseNames(inside),
        maintenance,
      }),
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
    keepsNothing: false,
  }
}

/** `15.6 (Debian 15.6-1.pgdg120+2)` → `15.6`. */
function plainVersion(text: string): string {
  return text.split(' ')[0] ?? text
}

/**
 * The server gets the question as a text, with orders to read only: nothing in it is taken for a command of the client,
 * and what is no plain query is refused.
 */
async function askQuery(inside: Inside, database: string | null, question: string): Promise<number> {
  if (database === null) throw badQuestion('it names no database')
  const text = `select (${question.replace(/;\s*$/, '')}\n)::text as answer`
  const input = `
\\set VERBOSITY terse
begin read only;
set local statement_timeout = ${askedFor};
select json_build_array('answer', query_to_xml(${literal(text)}, false, false, '')::text);
rollback;
`
  return askNumber(inside, psql, {
    who,
    input,
    variables: { SC_DATABASE: database },
    answer: printed => {
      const [row] = jsonLines(printed)
      return /<answer>([^<]*)<\/answer>/.exec(String(row?.[1] ?? ''))?.[1] ?? null
    },
  })
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

// ---- A copy of its files while it goes on ------------------------------------------------------------------------

const readyQuery = `
select json_build_array('replica', pg_is_in_recovery()::int);
select json_build_array('right', (rolsuper or rolreplication)::int) from pg_roles where rolname = current_user;
select json_build_array('tablespaces', count(*)) from pg_tablespace where spcname not in ('pg_default', 'pg_global');
select json_build_array('setting', name, setting) from pg_settings
  where name in ('wal_level', 'max_wal_senders', 'max_replication_slots');
select json_build_array('bytes', sum(pg_database_size(oid))::text) from pg_database;
`

/** The way from the volume to the data directory, if nothing else lies on it. */
const levelsLine = `${login}
mount=$(cd "$SC_MOUNT" && pwd -P) || exit
data=$(psql -X -q -A -t -w -c 'show data_directory') && data=$(cd "$data" && pwd -P) || exit
case $data/ in "$mount"/*) ;; *) echo "its data directory lies elsewhere: $data" >&2; exit 1;; esac
tell() { printf '["level", "%s", %s, %s, %s, "%s"]\\n' "$1" $(stat -c '%u %g %Y' "$here") "$(stat -c %a "$here")"; }
here=$mount path=.
tell .
set -f; IFS=/
for part in \${data#"$mount"}; do
  [ -n "$part" ] || continue
  case $part in *[!A-Za-z0-9._-]*) echo "the name $part" >&2; exit 1;; esac
  [ "$(ls -A "$here")" = "$part" ] || { echo "there is more than its data in $here" >&2; exit 1; }
  here=$here/$part path=$path/$part
  IFS=' '; tell "$path"; IFS=/
done`

/** Whether it may be asked for a base backup at all is told by asking. */
const replicationLine = `${login}exec psql -X -q -A -t -w -d 'dbname=postgres replication=true' -c IDENTIFY_SYSTEM`

async function copyOnline(inside: Inside, path: string): Promise<TarSource | { readonly whyNot: string }> {
  const variables = { SC_DATABASE: maintenance }
  const rows = jsonLines(await query(inside, maintenance, readyQuery))
  const value = (...words: readonly string[]): string =>
    String(rows.find(row => words.every((word, index) => row[index] === word))?.[words.length] ?? '')
  const whyNot = whyNoBaseBackup(value)
  if (whyNot !== null) return { whyNot }
  const allowed = await inside.run(replicationLine, { variables })
  if (allowed.code !== 0)
    return { whyNot: `it lets nobody copy it: ${allowed.stderr.trim().split('\n').at(-1) ?? ''}` }
  const found = await inside.run(levelsLine, { variables: { ...variables, SC_MOUNT: path } })
  if (found.code !== 0)
    return { whyNot: found.stderr.trim().split('\n').at(-1) ?? 'its data cannot be found' }
  const levels = jsonLines(found.stdout).map(([, level, uid, gid, mtime, mode]): Level => ({
    path: String(level),
    uid: Number(uid),
    gid: Number(gid),
    mtime: Number(mtime),
    mode: Number.parseInt(String(mode), 8),
  }))
  const unlogged = await unloggedTables(inside)
  return {
    kind: 'server',
    notes:
      unlogged.length === 0
        ? []
        : [`unlogged tables come back empty, as after a crash: ${unlogged.slice(0, 20).join(', ')}`],
    expectedBytes: Number(value('bytes')) || null,
    command: null,
    open: () => baseBackup(inside, levels),
    close: async () => {},
  }
}

function whyNoBaseBackup(value: (...words: readonly string[]) => string): string | null {
  if (value('replica') === '1') return 'it is a replica itself'
  if (value('right') !== '1') return 'its user has not the right to copy it (REPLICATION)'
  if (value('setting', 'wal_level') === 'minimal') return 'its wal_level is minimal'
  if (value('setting', 'max_wal_senders') === '0') return 'its max_wal_senders is 0'
  if (value('setting', 'max_replication_slots') === '0') return 'its max_replication_slots is 0'
  return value('tablespaces') === '0' ? null : 'it has tablespaces of its own'
}

const unloggedQuery = `
select json_build_array(current_database() || '.' || format('%I.%I', n.nspname, c.relname))
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relpersistence = 'u' and c.relkind = 'r' order by n.nspname, c.relname;
`

async function unloggedTables(inside: Inside): Promise<readonly string[]> {
  const tables: string[] = []
  for (const database of await databaseNames(inside))
    tables.push(...jsonLines(await query(inside, database, unloggedQuery)).map(([name]) => String(name)))
  return tables
}

/**
 * The log that is written meanwhile belongs to it, and is only fetched at the end: a slot keeps it from being recycled.
 * It is one that is gone with its session, whatever becomes of us: a forgotten one would fill the disk.
 */
async function baseBackup(
  inside: Inside,
  levels: readonly Level[],
): Promise<{ readonly stream: Readable; readonly done: Promise<void> }> {
  const variables = { SC_DATABASE: maintenance }
  const keeping = await inside.start(psql, { variables })
  const said = readLines(keeping, who)
  try {
    keeping.stdin.write(
      `select json_build_array('kept', count(*))
        from pg_create_physical_replication_slot('safe_compose_' || pg_backend_pid(), true, true);\n`,
    )
    await said.lineThat(line => line.startsWith('["kept"'))
    const copying = await inside.start(`${login}exec pg_basebackup -w -Ft -X fetch -c fast -D -`, {
      variables,
    })
    copying.stdin.end()
    const stream = asVolumeTar(levels)
    const flowing = pipeline(copying.stdout, stream)
    const done = (async () => {
      try {
        await endedWell(copying, who)
        await flowing
        keeping.stdin.end()
        await endedWell(keeping, who)
      } catch (error) {
        copying.hangUp()
        keeping.hangUp()
        throw error
      }
    })()
    flowing.catch(() => {})
    done.catch(() => {})
    return { stream, done }
  } catch (error) {
    keeping.hangUp()
    throw error
  }
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
