import type { Replication, ServerStatus } from '../../../model/database.ts'
import type { Inside } from '../../../model/ports.ts'
import { jsonLines } from '../server.ts'
import { maintenance, query } from './session.ts'

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

export async function status(inside: Inside): Promise<ServerStatus> {
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
