import type { Inside } from '../../../model/ports.ts'
import { ask, jsonLines } from '../server.ts'

export const who = 'PostgreSQL'

/**
 * Who to be, and with which password: as the user says (`SC_USER`, `SC_PASSWORD`), else as the official images and
 * Bitnami's are told it, read where it lies. The socket
 * where there is one, since it is what the images trust.
 */
export const login = `
secret() { if [ -n "$1" ] && [ -r "$1" ]; then cat "$1"; fi; }
if [ -n "\${SC_USER:-}\${SC_PASSWORD:-}" ]; then
  PGUSER=\${SC_USER:-postgres} PGPASSWORD=\${SC_PASSWORD:-}
elif [ -n "\${POSTGRESQL_POSTGRES_PASSWORD:-}" ]; then
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
export const psql = `${login}exec psql -X -q -A -t -w -v ON_ERROR_STOP=1 -f -`

/** The database that is always there to ask about the others. */
export const maintenance = 'postgres'

export function query(inside: Inside, database: string, sql: string): Promise<string> {
  return ask(inside, psql, { who, input: sql, variables: { SC_DATABASE: database } })
}

const databasesQuery = `
select json_build_array(datname) from pg_database
  where datallowconn and not datistemplate and datconnlimit <> -2 order by datname;
`

export async function databaseNames(inside: Inside): Promise<readonly string[]> {
  return jsonLines(await query(inside, maintenance, databasesQuery)).map(([name]) => String(name))
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
