import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Inside, OnlineCopy, TarSource } from '../../../model/ports.ts'
import { endedWell, jsonLines, readLines } from '../server.ts'
import { endingWithInput } from '../hang-up.ts'
import { levelsIn, tellLevels } from '../levels.ts'
import type { Level } from '../levels.ts'
import { asVolumeTar } from './base-backup.ts'
import { databaseNames, login, maintenance, psql, query, who } from './session.ts'

const readyQuery = `
select json_build_array('replica', pg_is_in_recovery()::int);
select json_build_array('right', (rolsuper or rolreplication)::int) from pg_roles where rolname = current_user;
select json_build_array('tablespaces', count(*)) from pg_tablespace where spcname not in ('pg_default', 'pg_global');
select json_build_array('setting', name, setting) from pg_settings
  where name in ('wal_level', 'max_wal_senders', 'max_replication_slots');
select json_build_array('bytes', sum(pg_database_size(oid))::text) from pg_database;
`

const levelsLine = `${login}
data=$(psql -X -q -A -t -w -c 'show data_directory') && data=$(cd "$data" && pwd -P) || exit
${tellLevels}`

/** Whether it may be asked for a base backup at all is told by asking. */
const replicationLine = `${login}exec psql -X -q -A -t -w -d 'dbname=postgres replication=true' -c IDENTIFY_SYSTEM`

export async function copyOnline(
  inside: Inside,
  path: string,
): Promise<OnlineCopy | { readonly whyNot: string }> {
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
  const levels = levelsIn(found.stdout)
  const unlogged = await unloggedTables(inside)
  const source: TarSource = {
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
  return { make: async () => source }
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
    const program = endingWithInput('pg_basebackup -w -Ft -X fetch -c fast -D -')
    const copying = await inside.start(`${login}${program}exit $code`, { variables })
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
