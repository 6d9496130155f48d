import type { Readable } from 'node:stream'
import type { DumpForm, Figure, Replication, ServerStatus } from '../../model/database.ts'
import type { DatabaseServer, DumpSource, Inside } from '../../model/ports.ts'
import { checkMysql } from './check-mysql.ts'
import { copyMysql } from './copy-mysql.ts'
import { endingWithInput } from './hang-up.ts'
import { repairMysql } from './repair-mysql.ts'
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
  refused,
} from './server.ts'

const who = 'MariaDB or MySQL'

/**
 * Who the user says (`SC_USER`, `SC_PASSWORD`); else root where its password is known, as the official images and
 * Bitnami's are told it; else the application's user; else who the client's own file names.
 */
const login = `
secret() { if [ -n "$1" ] && [ -r "$1" ]; then cat "$1"; fi; }
root=\${MARIADB_ROOT_PASSWORD:-\${MYSQL_ROOT_PASSWORD:-$(secret "\${MARIADB_ROOT_PASSWORD_FILE:-\${MYSQL_ROOT_PASSWORD_FILE:-}}")}}
empty=\${MARIADB_ALLOW_EMPTY_ROOT_PASSWORD:-\${MYSQL_ALLOW_EMPTY_PASSWORD:-\${ALLOW_EMPTY_PASSWORD:-}}}
if [ -n "\${SC_USER:-}\${SC_PASSWORD:-}" ]; then
  user=\${SC_USER:-root} MYSQL_PWD=\${SC_PASSWORD:-}
elif [ -n "$root" ] || [ -n "$empty" ]; then
  user=\${MARIADB_ROOT_USER:-\${MYSQL_ROOT_USER:-root}} MYSQL_PWD=$root
elif [ -n "\${MARIADB_USER:-\${MYSQL_USER:-}}" ]; then
  user=\${MARIADB_USER:-\${MYSQL_USER:-}}
  MYSQL_PWD=\${MARIADB_PASSWORD:-\${MYSQL_PASSWORD:-$(secret "\${MARIADB_PASSWORD_FILE:-\${MYSQL_PASSWORD_FILE:-}}")}}
else
  user=$(sed -n 's/^[[:space:]]*user[[:space:]]*=[[:space:]]*//p' "\${HOME:-/root}/.my.cnf" 2>/dev/null | tail -n 1 | tr -d '\\042\\047')
  user=\${user:-root} MYSQL_PWD=
fi
if [ -n "$MYSQL_PWD" ]; then export MYSQL_PWD; else unset MYSQL_PWD; fi
if command -v mariadb >/dev/null 2>&1; then client=mariadb; else client=mysql; fi
if command -v mariadb-dump >/dev/null 2>&1; then dump=mariadb-dump; else dump=mysqldump; fi
`
const client = `${login}exec $client --user="$user" --batch --raw --skip-column-names --default-character-set=utf8mb4`

/** What the server keeps about itself. */
const systemSchemas = ['information_schema', 'performance_schema', 'mysql', 'sys'] as const
const notSystem = `not in (${systemSchemas.map(name => `'${name}'`).join(', ')})`

/** Accounts that a new server makes itself, root's own among them: brought over, they would lock people out. */
const ownAccounts = `user not in ('root', 'mysql', 'mariadb.sys', 'mysql.sys', 'mysql.session', 'mysql.infoschema', 'healthcheck', 'PUBLIC', '')`

export function mysql(inside: Inside): DatabaseServer {
  return {
    kind: 'mysql',
    status: () => status(inside),
    ask: (database, query) => askQuery(inside, database, query),
    count: budget => count(inside, budget),
    copyOnline: place => copyMysql(inside, place, { login, who }),
    check: () => checkMysql(inside, login, who),
    repair: { by: 'server', run: () => repairMysql(inside, login, who) },
    dumps: () => dumps(inside),
    create: async name => {
      await query(inside, `create database ${quoted(name)};`)
    },
    load: (dump, into) => load(inside, dump, into),
    drop: async database => {
      await query(inside, `drop database if exists ${quoted(database)};`)
    },
    names: () => schemaNames(inside),
    addAccounts: text => addAccounts(inside, text),
    swap: null,
  }
}

function query(inside: Inside, sql: string): Promise<string> {
  return ask(inside, client, { who, input: sql })
}

// ---- How it is ---------------------------------------------------------------------------------------------------

const statusQuery = `
select json_array('version', version(), @@version_comment);
select json_array('most', @@max_connections);
select json_array('database', s.schema_name, sum(t.data_length + t.index_length))
  from information_schema.schemata s left join information_schema.tables t on t.table_schema = s.schema_name
  where s.schema_name ${notSystem} group by s.schema_name;
show global status where variable_name in ('Uptime', 'Threads_connected');
`

async function status(inside: Inside): Promise<ServerStatus> {
  const text = await query(inside, statusQuery)
  const rows = jsonLines(text)
  const find = (what: string): readonly (string | number | null)[] => rows.find(row => row[0] === what) ?? []
  const shown = new Map(
    text.split('\n').flatMap(line => {
      const [name, value] = line.split('\t')
      return value === undefined || name === undefined ? [] : [[name, Number(value)] as const]
    }),
  )
  const [, version, comment] = find('version')
  const [, most] = find('most')
  const connected = shown.get('Threads_connected')
  return {
    label: labelOf(String(version ?? ''), String(comment ?? '')),
    uptime: shown.get('Uptime') ?? null,
    databases: rows
      .filter(row => row[0] === 'database')
      .map(([, name, bytes]) => ({ name: String(name), bytes: bytes === null ? 0 : Number(bytes) }))
      .toSorted((one, other) => other.bytes - one.bytes),
    connections:
      connected === undefined
        ? null
        : // Ours is one of them.
          { used: Math.max(0, connected - 1), most: typeof most === 'number' ? most : null },
    lastSave: null,
    replication: await replication(inside),
    troubles: [],
    keepsNothing: false,
  }
}

/** `10.11.6-MariaDB-1:10.11.6+maria~ubu2204`, `8.0.36`. */
function labelOf(version: string, comment: string): string {
  const number = /^\d+(\.\d+)*/.exec(version)?.[0] ?? version
  return `${/mariadb/i.test(`${version} ${comment}`) ? 'MariaDB' : 'MySQL'} ${number}`
}

/** Only with the right to see it, and in words that differ by version: where it cannot be told, nothing is. */
async function replication(inside: Inside): Promise<readonly Replication[]> {
  const line = `${login}
for words in 'show all replicas status' 'show replica status' 'show slave status'; do
  if out=$($client --user="$user" --batch --raw --execute="$words\\G" 2>/dev/null); then printf '%s\\n' "$out"; exit 0; fi
done`
  const text = await ask(inside, line, { who })
  const value = (name: string): string | null =>
    new RegExp(`^\\s*(?:${name}): (.*)$`, 'm').exec(text)?.[1]?.trim() ?? null
  const host = value('(?:Master|Source)_Host')
  if (host === null) return []
  const behind = value('Seconds_Behind_(?:Master|Source)')
  const running = [value('(?:Slave|Replica)_IO_Running'), value('(?:Slave|Replica)_SQL_Running')]
  return [
    {
      with: host,
      state: running.every(each => each === 'Yes') ? 'replicating' : 'stopped',
      behind: behind === null || behind === 'NULL' ? null : { amount: Number(behind), unit: 'seconds' },
    },
  ]
}

/**
 * The server gets the question as a text and prepares it: nothing in it is taken for a command of the client, and it is
 * one statement or none.
 */
async function askQuery(inside: Inside, database: string | null, question: string): Promise<number> {
  if (database === null) throw badQuestion('it names no database')
  const text = `select json_array('answer', cast((${question.replace(/;\s*$/, '')}\n) as char))`
  const input = `
/*M! set session max_statement_time = ${askedFor / 1000} */;
/*!50708 set session max_execution_time = ${askedFor} */;
set @question = convert(0x${Buffer.from(text).toString('hex')} using utf8mb4);
start transaction read only;
prepare question from @question;
execute question;
rollback;
`
  return askNumber(inside, `${client} -- "$SC_DATABASE"`, {
    who,
    input,
    variables: { SC_DATABASE: database },
    answer: printed => text_(jsonLines(printed)[0]?.[1]),
  })
}

// ---- What is in it -----------------------------------------------------------------------------------------------

const wholeQuery = `
select json_array('databases', null, null, count(*)) from information_schema.schemata where schema_name ${notSystem};
select json_array('tables', s.schema_name, null, count(t.table_name)) from information_schema.schemata s
  left join information_schema.tables t on t.table_schema = s.schema_name and t.table_type = 'BASE TABLE'
  where s.schema_name ${notSystem} group by s.schema_name;
select json_array('routines', routine_schema, null, count(*)) from information_schema.routines
  where routine_schema ${notSystem} group by routine_schema;
select json_array('estimate', table_schema, table_name, coalesce(table_rows, 0)) from information_schema.tables
  where table_type = 'BASE TABLE' and table_schema ${notSystem} order by data_length, table_schema, table_name;
`
const usersQuery = `select json_array('users', null, null, count(*)) from mysql.user where ${ownAccounts};`

async function count(inside: Inside, budget: number): Promise<readonly Figure[]> {
  const text = await query(inside, wholeQuery)
  // Not everybody may read who there is.
  const users = await query(inside, usersQuery).catch(() => '')
  const rows = jsonLines(`${text}\n${users}`)
  const tables = rows.flatMap(([what, schema, table, value]) =>
    what === 'estimate' ? [{ schema: String(schema), table: String(table), estimate: Number(value) }] : [],
  )
  const counted = await countRows(inside, tables, budget)
  return rows.flatMap(([what, database, of, value]): readonly Figure[] => {
    const about = { database: text_(database), of: text_(of) }
    switch (what) {
      case 'databases':
      case 'tables':
      case 'routines':
      case 'users':
        return [{ ...about, what, value: Number(value), exact: true }]
      case 'estimate': {
        const exact = counted.get(`${database}\n${of}`)
        return [{ ...about, what: 'rows', value: exact ?? Number(value), exact: exact !== undefined }]
      }
      default:
        return []
    }
  })
}

function text_(value: string | number | null | undefined): string | null {
  return value === null || value === undefined ? null : String(value)
}

/** In one snapshot, the smallest first, as long as there is time: a count that takes too long is ended by the server. */
async function countRows(
  inside: Inside,
  tables: readonly { readonly schema: string; readonly table: string }[],
  budget: number,
): Promise<ReadonlyMap<string, number>> {
  if (tables.length === 0) return new Map()
  const schemas = new Set(tables.map(({ schema }) => schema)).size
  const script = [
    // MariaDB and MySQL each know one of these; what is no word of theirs is an error that is passed over.
    `set session max_statement_time = ${Math.max(1, Math.round(budget / 1000))};`,
    `set session max_execution_time = ${Math.max(1, Math.round(budget))};`,
    'set transaction isolation level repeatable read;',
    'start transaction with consistent snapshot;',
    `set @until = unix_timestamp(now(3)) + ${(budget * schemas) / 1000};`,
    ...tables.map(({ schema, table }) => {
      const rows = `if(unix_timestamp(now(3)) < @until, (select count(*) from ${quoted(schema)}.${quoted(table)}), null)`
      return `select json_array('rows', ${literal(schema)}, ${literal(table)}, ${rows});`
    }),
    'commit;',
  ].join('\n')
  const { stdout } = await inside.run(`${client} --force`, { input: script })
  return new Map(
    jsonLines(stdout).flatMap(([what, schema, table, rows]) =>
      what === 'rows' && typeof rows === 'number' ? [[`${schema}\n${table}`, rows] as const] : [],
    ),
  )
}

function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}

// ---- Reading a dump in -------------------------------------------------------------------------------------------

/** Its first line sets the character set. */
async function load(
  inside: Inside,
  { form, stream }: { readonly form: DumpForm; readonly stream: Readable },
  into: string,
): Promise<readonly Figure[]> {
  if (form !== 'sql') throw refused(who, 0, `it reads no dump of the form ${form}`)
  await pour(inside, `${client} -- "$SC_DATABASE"`, stream, { who, variables: { SC_DATABASE: into } })
  return (await count(inside, countedFor)).filter(({ database }) => database === into)
}

/** The statements of `accounts.sql` about those who are not there, each account's beginning with its own. */
async function addAccounts(inside: Inside, text: string): Promise<readonly string[]> {
  const sql = "select json_array(concat(quote(user), '@', quote(host))) from mysql.user;"
  const there = new Set(jsonLines(await query(inside, sql)).map(([name]) => plainAccount(String(name))))
  const wanted: string[] = []
  const made: string[] = []
  let account = ''
  for (const line of text.split('\n')) {
    const begun =
      /^CREATE USER IF NOT EXISTS ((?:`(?:[^`]|``)*`|'(?:[^']|'')*')@(?:`(?:[^`]|``)*`|'(?:[^']|'')*'))/.exec(
        line,
      )
    if (begun !== null) {
      account = plainAccount(begun[1] ?? '')
      if (!there.has(account)) made.push(account)
    }
    if (account !== '' && !line.startsWith('--') && made.includes(account)) wanted.push(line)
  }
  if (made.length > 0) await query(inside, wanted.join('\n'))
  return made
}

/** MariaDB quotes with backquotes, MySQL both ways. */
function plainAccount(quotedAccount: string): string {
  return quotedAccount.replaceAll(/[`']/g, '')
}

/** Milliseconds for counting the rows of what was read in. */
const countedFor = 60_000

// ---- Dumps -------------------------------------------------------------------------------------------------------

async function schemaNames(inside: Inside): Promise<readonly string[]> {
  const sql = `select json_array(schema_name) from information_schema.schemata where schema_name ${notSystem} order by schema_name;`
  return jsonLines(await query(inside, sql)).map(([name]) => String(name))
}

async function dumps(inside: Inside): Promise<readonly DumpSource[]> {
  const names = await schemaNames(inside)
  const files = fileNames(names)
  return [
    accounts(inside),
    ...names.map((database): DumpSource => ({
      name: `${files.get(database) ?? database}.sql`,
      database,
      form: 'sql',
      open: () => dumpSchema(inside, database),
    })),
  ]
}

const dumpProgram = `$dump --user="$user" --single-transaction --quick --routines --events --triggers --hex-blob \\
  --default-character-set=utf8mb4 $gtid -- "$SC_DATABASE"`

/**
 * It does not name its schema, so that it can be read into another one; the first line gives that one the character set
 * of this.
 */
async function dumpSchema(inside: Inside, database: string): ReturnType<DumpSource['open']> {
  const line = `${login}
gtid=; if [ "$dump" = mysqldump ] && "$dump" --help 2>/dev/null | grep -q set-gtid-purged; then gtid=--set-gtid-purged=OFF; fi
$client --user="$user" --batch --raw --skip-column-names --default-character-set=utf8mb4 --execute="select concat(
  'alter database character set ', default_character_set_name, ' collate ', default_collation_name, ';')
  from information_schema.schemata where schema_name = $SC_LITERAL" || exit
${endingWithInput(dumpProgram)}exit $code`
  const program = await inside.start(line, {
    variables: { SC_DATABASE: database, SC_LITERAL: literal(database) },
  })
  const { stream, end } = keepEnd(program.stdout)
  const done = (async () => {
    await endedWell(program, who)
    if (!(await end).includes('-- Dump completed')) throw refused(who, 0, 'the dump ends before its end')
    return { figures: [] }
  })()
  done.catch(() => {})
  return { stream, done, stop: program.hangUp }
}

/**
 * Who may log in and what they may do, as statements that change nobody who is there already: the clients' own dumps of
 * users fail on a server that is not empty, or leave root without rights.
 */
function accounts(inside: Inside): DumpSource {
  const line = `${login}
run() { $client --user="$user" --batch --raw --skip-column-names --default-character-set=utf8mb4 "$@"; }
run --execute="select concat(quote(user), '@', quote(host)) from mysql.user where ${ownAccounts} order by user, host" |
while IFS= read -r account; do
  run --execute="show create user $account" | sed -e 's/^CREATE USER/CREATE USER IF NOT EXISTS/' -e 's/$/;/'
  run --execute="show grants for $account" | sed -e 's/$/;/'
done
echo '-- Accounts completed'`
  return {
    name: 'accounts.sql',
    database: null,
    form: 'sql',
    open: async () => {
      const program = await inside.start(line)
      program.stdin.end()
      const { stream, end } = keepEnd(program.stdout)
      const done = (async () => {
        const { code, stderr } = await program.ended
        if (code !== 0 || stderr !== '' || !(await end).includes('-- Accounts completed'))
          throw refused(who, code, stderr || 'the list of accounts ends before its end')
        return { figures: [] }
      })()
      done.catch(() => {})
      return { stream, done, stop: program.hangUp }
    },
  }
}
