import type { Readable } from 'node:stream'
import type { DumpForm, Figure, Replication, ServerStatus } from '../../model/database.ts'
import type { DatabaseServer, DumpSource, Inside } from '../../model/ports.ts'
import { checkRedis } from './check-redis.ts'
import { copyRedis } from './copy-redis.ts'
import { endingWithInput } from './hang-up.ts'
import { takeSnapshot } from './redis-snapshot.ts'
import { repairRedis } from './repair-redis.ts'
import { ask, askNumber, badQuestion, endedWell, pour, refused } from './server.ts'

const who = 'Redis'

/**
 * The password that the user says (`SC_PASSWORD`), else as the server was told it: on its command line, in its own file, or in the environment as Bitnami's
 * images have it. `redis-cli` ends with 0 when it is refused: what it prints tells.
 */
const login = `
secret() { if [ -n "$1" ] && [ -r "$1" ]; then cat "$1"; fi; }
password=\${SC_PASSWORD:-}
if [ -z "$password" ] && [ -n "\${SC_CONFIG:-}" ] && [ -r "$SC_CONFIG" ]; then
  password=$(sed -n 's/^[[:space:]]*requirepass[[:space:]][[:space:]]*//p' "$SC_CONFIG" | tail -n 1 | sed -e 's/^"\\(.*\\)"$/\\1/')
fi
if [ -z "$password" ]; then
  password=\${REDIS_PASSWORD:-\${VALKEY_PASSWORD:-$(secret "\${REDIS_PASSWORD_FILE:-\${VALKEY_PASSWORD_FILE:-}}")}}
fi
if [ -n "$password" ]; then REDISCLI_AUTH=$password; export REDISCLI_AUTH; else unset REDISCLI_AUTH; fi
cli=redis-cli; command -v redis-cli >/dev/null 2>&1 || cli=valkey-cli
run() {
  out=$($cli -p "\${SC_PORT:-6379}" \${SC_USER:+--user "$SC_USER"} "$@") || return
  case $out in
    NOAUTH*|WRONGPASS*|NOPERM*|ERR*|LOADING*|MISCONF*|"Could not connect"*) printf '%s\\n' "$out" >&2; return 1;;
  esac
  printf '%s\\n' "$out"
}
`

export function redis(inside: Inside): DatabaseServer {
  return {
    kind: 'redis',
    status: () => status(inside),
    ask: (database, command) => askCommand(inside, database, command),
    count: () => count(inside),
    copyOnline: async place => copyRedis(inside, place, { login, variables: await told(inside), who }),
    check: async () => checkRedis(inside, { login, variables: await told(inside), who }),
    repair: { by: 'files', run: folder => repairRedis(inside, folder, who) },
    dumps: async () => dumps(inside, await info(inside)),
    load: (dump, into) => check(inside, dump, into),
    // Nothing is left of a check.
    drop: async () => {},
    create: async () => {},
    names: async () => keysOf(await info(inside)).map(({ name }) => name),
    addAccounts: async () => [],
    swap: null,
  }
}

/** What its command line says about how it is reached. */
async function told(inside: Inside): Promise<Readonly<Record<string, string>>> {
  const words = await inside.commandLine()
  const after = (option: string): string => {
    const at = words.lastIndexOf(option)
    return at < 0 ? '' : (words[at + 1] ?? '')
  }
  const server = words.findIndex(word => /(^|\/)(redis|valkey|keydb)-server$/.test(word))
  const config = server < 0 ? '' : (words[server + 1] ?? '')
  return {
    SC_PASSWORD: after('--requirepass'),
    SC_PORT: after('--port') || '6379',
    SC_CONFIG: config.startsWith('-') ? '' : config,
  }
}

type Info = ReadonlyMap<string, string>

/** `INFO`, with the settings that it leaves out. */
async function info(inside: Inside): Promise<Info> {
  const line = `${login}
run info || exit
for name in save appendonly maxclients; do
  value=$(run config get $name 2>/dev/null | sed -n 2p); printf 'config_%s:%s\\n' "$name" "$value"
done`
  const text = await ask(inside, line, { who, variables: await told(inside) })
  return new Map(
    text.split('\n').flatMap(each => {
      const [, name, value] = /^(\w+):(.*?)\r?$/.exec(each) ?? []
      return name === undefined || value === undefined ? [] : [[name, value] as const]
    }),
  )
}

// ---- How it is ---------------------------------------------------------------------------------------------------

async function status(inside: Inside): Promise<ServerStatus> {
  const of = await info(inside)
  const number = (name: string): number | null => {
    const value = of.get(name)
    return value === undefined || value === '' ? null : Number(value)
  }
  const saved = number('rdb_last_save_time')
  const clients = number('connected_clients')
  const valkey = of.get('valkey_version')
  return {
    label: valkey === undefined ? `Redis ${of.get('redis_version') ?? ''}`.trim() : `Valkey ${valkey}`,
    uptime: number('uptime_in_seconds'),
    databases: keysOf(of).map(({ name }) => ({ name, bytes: null })),
    connections:
      // Ours is one of them.
      clients === null
        ? null
        : { used: Math.max(0, clients - 1), most: number('maxclients') ?? number('config_maxclients') },
    lastSave: saved === null ? null : new Date(saved * 1000).toISOString(),
    replication: replicationOf(of),
    troubles: [
      ...(of.get('rdb_last_bgsave_status') === 'err' ? ['its last snapshot failed'] : []),
      ...(of.get('aof_enabled') === '1' && of.get('aof_last_write_status') === 'err'
        ? ['it cannot write its log (AOF)']
        : []),
    ],
    keepsNothing: keepsNothing(of),
  }
}

/** Commands that count and change nothing. */
const counting = ['dbsize', 'exists', 'hlen', 'llen', 'scard', 'strlen', 'xlen', 'zcard']

async function askCommand(inside: Inside, database: string | null, command: string): Promise<number> {
  const line = command.trim()
  const [word = ''] = line.split(/\s/)
  if (!counting.includes(word.toLowerCase()) || /[\r\n]/.test(line))
    throw badQuestion(`Redis is asked one command, of these: ${counting.join(', ')}`)
  const number = /^(?:db)?(\d+)$/.exec(database ?? '0')?.[1]
  if (number === undefined) throw badQuestion(`its databases are called by their numbers, not ${database}`)
  return askNumber(inside, `${login}run -n "$SC_DATABASE"`, {
    who,
    input: `${line}\n`,
    variables: { ...(await told(inside)), SC_DATABASE: number },
    answer: printed => printed,
  })
}

function replicationOf(of: Info): readonly Replication[] {
  if (of.get('role') === 'slave')
    return [
      {
        with: of.get('master_host') ?? 'its primary',
        state: of.get('master_link_status') ?? 'unknown',
        behind: { amount: Number(of.get('master_last_io_seconds_ago') ?? 0), unit: 'seconds' },
      },
    ]
  const end = Number(of.get('master_repl_offset') ?? 0)
  return [...of].flatMap(([name, value]): readonly Replication[] => {
    if (!/^slave\d+$/.test(name)) return []
    const fields = new Map(value.split(',').map(each => each.split('=') as [string, string]))
    const behind = end - Number(fields.get('offset') ?? end)
    return [
      {
        with: fields.get('ip') ?? 'a replica',
        state: fields.get('state') ?? 'unknown',
        behind: { amount: behind, unit: 'bytes' },
      },
    ]
  })
}

// ---- What is in it -----------------------------------------------------------------------------------------------

async function count(inside: Inside): Promise<readonly Figure[]> {
  const of = await info(inside)
  // No copy of it will have any.
  if (keepsNothing(of)) return []
  const databases = keysOf(of)
  const memory = Number(of.get('used_memory_dataset') ?? Number.NaN)
  const whole = { database: null, of: null, exact: false } as const
  return [
    ...(Number.isNaN(memory) ? [] : [{ ...whole, what: 'memory', value: memory } as const]),
    { ...whole, what: 'log', value: of.get('aof_enabled') === '1' ? 'on' : 'off' },
    {
      database: null,
      of: null,
      what: 'databases',
      value: databases.length,
      exact: databases.every(({ keys, expiring }) => keys > expiring),
    },
    ...databases.map(({ name, keys, expiring }): Figure => ({
      database: name,
      of: null,
      what: 'keys',
      value: keys,
      // Those that expire may be gone at any moment.
      exact: expiring === 0,
    })),
  ]
}

/** `db0:keys=14,expires=0,avg_ttl=0`. */
function keysOf(
  of: Info,
): readonly { readonly name: string; readonly keys: number; readonly expiring: number }[] {
  return [...of].flatMap(([name, value]) => {
    const [, keys, expiring] = (/^db\d+$/.test(name) && /keys=(\d+),expires=(\d+)/.exec(value)) || []
    return keys === undefined ? [] : [{ name, keys: Number(keys), expiring: Number(expiring) }]
  })
}

// ---- Dumps -------------------------------------------------------------------------------------------------------

function keepsNothing(of: Info): boolean {
  return of.get('config_save') === '' && of.get('config_appendonly') === 'no'
}

/**
 * A snapshot file. Where the server writes them itself it is asked for one, and that is taken. Where it keeps only a
 * log, it is fetched as a replica does: a file left behind in its folder would be taken for its data one day. Where it
 * is told to keep nothing, nothing is kept.
 */
function dumps(inside: Inside, of: Info): readonly DumpSource[] {
  if (keepsNothing(of)) return []
  const line = of.get('config_save') === '' ? asReplica : askedFor
  return [
    {
      name: 'dump.rdb',
      database: null,
      form: 'rdb',
      open: async () => {
        const program = await inside.start(`${login}${line}`, { variables: await told(inside) })
        const done = (async () => {
          await endedWell(program, who)
          return { figures: [] }
        })()
        done.catch(() => {})
        return { stream: program.stdout, done, stop: program.hangUp }
      },
    },
  ]
}

/** A running server reads no snapshot. Its own program says whether one is good, and how many keys are in it. */
async function check(
  inside: Inside,
  { form, stream }: { readonly form: DumpForm; readonly stream: Readable },
  name: string,
): Promise<readonly Figure[]> {
  if (form !== 'rdb') throw refused(who, 0, `it reads no dump of the form ${form}`)
  const line = `
file=/tmp/$SC_NAME.rdb; trap 'rm -f "$file"' EXIT
program=redis-check-rdb; command -v $program >/dev/null 2>&1 || program=valkey-check-rdb
cat > "$file" && $program "$file" >&2`
  await pour(inside, line, stream, { who, variables: { SC_NAME: name } })
  return []
}

const asReplica = `${endingWithInput('$cli -p "${SC_PORT:-6379}" ${SC_USER:+--user "$SC_USER"} --rdb -')}exit $code`

const askedFor = `${takeSnapshot}
folder=$(run config get dir | sed -n 2p); file=$(run config get dbfilename | sed -n 2p)
[ -n "$folder" ] && [ -n "$file" ] || { echo 'it does not tell where its snapshots lie' >&2; exit 1; }
take_snapshot
${endingWithInput('cat "$folder/$file"')}exit $code`
