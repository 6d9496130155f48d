import { pipeline } from 'node:stream/promises'
import { Stop } from '../../model/failure.ts'
import type {
  Inside,
  InsideProcess,
  OnlineCopy,
  OnlinePlace,
  TarSource,
  Workshop,
} from '../../model/ports.ts'
import { endingWithInput } from './hang-up.ts'
import { levelsIn, tellLevels } from './levels.ts'
import type { Level } from './levels.ts'
import { ask, endedWell, jsonLines, linesOf, refused } from './server.ts'

interface Asking {
  readonly login: string
  readonly who: string
}

/**
 * MariaDB's own program copies the files while the server goes on. They become those of a data directory in a volume of
 * our own, by the same version of that program; what else lies in the server's directory is put beside them there.
 */
export async function copyMysql(
  inside: Inside,
  place: OnlinePlace,
  { login, who }: Asking,
): Promise<OnlineCopy | { readonly whyNot: string }> {
  const query = async (sql: string): Promise<ReturnType<typeof jsonLines>> => {
    const line = `${login}exec $client --user="$user" --batch --raw --skip-column-names`
    return jsonLines(await ask(inside, line, { who, input: sql }))
  }
  const [[, version, comment] = []] = await query(
    "select json_array('version', version(), @@version_comment);",
  )
  if (!/mariadb/i.test(`${version} ${comment}`))
    return { whyNot: 'MySQL has no program that copies its files while it goes on' }
  if (place.shared) return { whyNot: 'other containers write to its volume as well' }
  const rows = await query(factsQuery)
  const value = (name: string): string => String(rows.find(row => row[0] === name)?.[1] ?? '')
  const whyNot = whyNoCopy(value)
  if (whyNot !== null) return { whyNot }
  const found = await inside.run(lieLine, {
    variables: { SC_MOUNT: place.path, SC_DATA: value('datadir') },
  })
  const levels = levelsIn(found.stdout)
  const data = levels.at(-1)
  if (found.code !== 0 || data === undefined)
    return { whyNot: found.stderr.trim().split('\n').at(-1) || 'its data cannot be found' }
  const [, kibibytes, files, folders] = jsonLines(found.stdout).find(([what]) => what === 'lies') ?? []
  const server: Server = {
    inside,
    login,
    who,
    socket: value('socket'),
    folder: value('datadir'),
    levels,
    data,
    bytes: Number(kibibytes) * 1024,
    modes: { files: String(files), folders: String(folders) },
  }
  return { make: signal => make(server, place, signal) }
}

const factsQuery = `
select json_array(lower(variable_name), variable_value) from information_schema.global_variables
  where variable_name in ('DATADIR', 'SOCKET', 'LOG_BIN', 'WSREP_ON', 'INNODB_DATA_HOME_DIR', 'INNODB_DATA_FILE_PATH',
    'INNODB_LOG_GROUP_HOME_DIR', 'INNODB_UNDO_DIRECTORY', 'ARIA_LOG_DIR_PATH');
select json_array('keys', count(*)) from information_schema.plugins
  where plugin_type = 'ENCRYPTION' and plugin_status = 'ACTIVE';
select json_array('engine', min(engine)) from information_schema.tables where table_type = 'BASE TABLE'
  and engine not in ('InnoDB', 'Aria', 'MyISAM', 'MRG_MyISAM', 'CSV', 'ARCHIVE', 'MEMORY', 'PERFORMANCE_SCHEMA');
`

function whyNoCopy(value: (name: string) => string): string | null {
  if (value('log_bin') === 'ON') return 'it keeps a binary log, which its own copies leave out'
  if (value('wsrep_on') === 'ON') return 'it is part of a cluster'
  if (value('keys') !== '0') return 'its tables may be encrypted'
  const engine = value('engine')
  if (engine !== '' && engine !== 'null') return `it has tables of the engine ${engine}`
  const home = value('datadir').replace(/\/+$/, '')
  const isAtHome = (folder: string): boolean => ['', '.', home].includes(folder.replace(/\/+$/, ''))
  const folders = ['innodb_data_home_dir', 'innodb_log_group_home_dir', 'innodb_undo_directory']
  const scattered =
    ![...folders, 'aria_log_dir_path'].every(name => isAtHome(value(name))) ||
    value('innodb_data_file_path').includes('/')
  return scattered ? 'its files lie in several places' : null
}

/** Before 10.4 it had another name. */
const copier = `copier=mariadb-backup; command -v $copier >/dev/null 2>&1 || ! command -v mariabackup >/dev/null 2>&1 || copier=mariabackup
`

const lieLine = `${copier}
for program in $copier mbstream tar; do
  command -v $program >/dev/null 2>&1 || { echo "its container has no $program" >&2; exit 1; }
done
data=$(cd "$SC_DATA" && pwd -P) || exit
for file in "$data"/master*.info "$data"/relay-log*.info; do
  if [ -e "$file" ]; then echo 'it is a replica itself' >&2; exit 1; fi
done
if [ -s "$data/multi-master.info" ]; then echo 'it is a replica itself' >&2; exit 1; fi
elsewhere=$(find "$data" -name '*.isl' -o ! -type f ! -type d ! -type s) || exit
[ -z "$elsewhere" ] || { echo 'some of its tables lie elsewhere' >&2; exit 1; }
printf '["lies", %s, "%s", "%s"]\\n' "$(du -sk "$data" | cut -f 1)" "$(stat -c %a "$data/ibdata1")" "$(stat -c %a "$data/mysql")"
${tellLevels}`

/** What is known of a server when it is copied. */
interface Server extends Asking {
  readonly inside: Inside
  readonly socket: string
  /** As it calls its data directory itself. */
  readonly folder: string
  readonly levels: readonly Level[]
  readonly data: Level
  readonly bytes: number
  /** Of its own files and folders, octal. */
  readonly modes: { readonly files: string; readonly folders: string }
}

async function make(server: Server, place: OnlinePlace, signal: AbortSignal): Promise<TarSource> {
  const workshop = await place.workshop(signal)
  try {
    const room = roomIn(workshop, server, place.path)
    await refuseNoRoom(room, server)
    await transfer(room, server)
    await room.run(prepareLine, {
      SC_OWNER: `${server.data.uid}:${server.data.gid}`,
      SC_FILES: server.modes.files,
      SC_FOLDERS: server.modes.folders,
    })
    await putBeside(room, server)
    const levels = server.levels.map(
      ({ uid, gid, mode, path }) => `${uid}:${gid} ${mode.toString(8)} ${path}`,
    )
    await room.run(levelsLine, { SC_LEVELS: levels.join('\n') })
    // Stores that read folders by themselves would find another one each time.
    const { directory: _, ...source } = await workshop.source()
    return { ...source, kind: 'server' }
  } catch (error) {
    await workshop.remove()
    throw error
  }
}

const levelsLine = `
cd "$SC_MOUNT" && printf '%s\\n' "$SC_LEVELS" | while read -r owner mode path; do
  chown "$owner" "$path" && chmod "$mode" "$path" || exit
done`

/** Where the copy is prepared. Lines find the volume in `$SC_MOUNT`, and the data directory in `$SC_DATA`. */
interface Room {
  readonly run: (line: string, variables?: Readonly<Record<string, string>>) => Promise<string>
  readonly start: (line: string) => Promise<InsideProcess>
}

function roomIn({ inside }: Workshop, { who, data }: Server, mount: string): Room {
  const own = { SC_MOUNT: mount, SC_DATA: `${mount.replace(/\/+$/, '')}/${data.path.replace(/^\.\/?/, '')}` }
  return {
    run: (line, variables = {}) =>
      ask(inside, line, { who: `the copy of ${who}`, variables: { ...variables, ...own } }),
    start: line => inside.start(line, { variables: own }),
  }
}

/** It needs room beside the data until it is in the restore point, which may lie on the same disk. */
async function refuseNoRoom(room: Room, { bytes }: Server): Promise<void> {
  const printed = await room.run('mkdir -p "$SC_DATA" && df -Pk "$SC_MOUNT" | tail -n 1')
  const free = Number(/(\d+)\s+\d+%/.exec(printed)?.[1] ?? 0) * 1024
  if (free >= 2 * bytes) return
  const megabytes = (count: number): string => `${Math.round(count / 1e6)} MB`
  throw new Stop({
    reason: 'not-possible',
    what: `there is no room to prepare a copy: ${megabytes(free)} are free where volumes lie, and it takes ${megabytes(2 * bytes)}`,
    how: 'make room there (docker system df), then run the command again',
  })
}

/**
 * How often its program looks for more of the log, in milliseconds. At its end commits wait for the next look, so it is to
 * look soon; but who looks while a block of the log is being written may take half of it for all, and gets no further
 * (MDEV-39468): of some forty copies under load, four looking every 20 ms failed, one every 200 ms, and none every second.
 */
const looks = { soon: 200, seldom: 1000 } as const

async function transfer(room: Room, server: Server): Promise<void> {
  try {
    await transferOnce(room, server, looks.soon)
  } catch (error) {
    if (!lostTheLog(error)) throw error
    await room.run('cd "$SC_DATA" && find . -mindepth 1 -delete')
    await transferOnce(room, server, looks.seldom)
  }
}

function lostTheLog(error: unknown): boolean {
  return (
    error instanceof Stop &&
    error.failure.reason === 'not-possible' &&
    error.failure.what.includes('Was only able to copy log')
  )
}

/** The stream is unpacked as it comes, at a disk's pace: at its end the server holds up commits until it is read. */
async function transferOnce(
  room: Room,
  { inside, login, who, folder, socket }: Server,
  interval: number,
): Promise<void> {
  const unpacking = await room.start('exec mbstream -x -C "$SC_DATA"')
  await flow(unpacking, who, () =>
    inside.start(`${login}${copier}${streamLine}`, {
      variables: { SC_DATA: folder, SC_SOCKET: socket, SC_INTERVAL: String(interval) },
    }),
  )
}

/** What one program prints is the other's input, to the end of both. */
async function flow(to: InsideProcess, who: string, open: () => Promise<InsideProcess>): Promise<void> {
  to.stdout.resume()
  let from: InsideProcess | null = null
  try {
    from = await open()
    const flowing = pipeline(from.stdout, to.stdin)
    // How they ended tells why.
    flowing.catch(() => {})
    await Promise.all([endedWell(from, who), endedWell(to, who)])
    await flowing
  } catch (error) {
    from?.hangUp()
    to.hangUp()
    if (error instanceof Stop) throw error
    throw refused(who, 0, `what it copies does not arrive: ${(error as Error).message}`)
  }
}

const streamProgram = `"$copier" --backup --stream=mbstream --user="$user" \${SC_SOCKET:+--socket="$SC_SOCKET"} \\
  --datadir="$SC_DATA" --target-dir="$folder" --log-copy-interval="$SC_INTERVAL"`

const streamLine = `
folder=$(mktemp -d) || exit
${endingWithInput(streamProgram)}
rm -rf "$folder"
exit $code`

const prepareLine = `${copier}
cd "$SC_DATA" && "$copier" --prepare --target-dir="$SC_DATA" >&2 || exit
rm -f xtrabackup_* mariadb_backup_* backup-my.cnf
chown -R "$SC_OWNER" . && find . -type f -exec chmod "$SC_FILES" {} + && find . -type d -exec chmod "$SC_FOLDERS" {} +`

const filesLine = 'cd "$SC_DATA" && find . -type f'

/** Puts what is not the server's own beside its files, as it is. */
async function putBeside(room: Room, { inside, who, folder }: Server): Promise<void> {
  const [lying, copied] = await Promise.all([
    ask(inside, filesLine, { who, variables: { SC_DATA: folder } }),
    room.run(filesLine),
  ])
  const known = new Set(linesOf(copied))
  const beside = linesOf(lying).filter(path => !known.has(path) && !isServers(path))
  if (beside.length === 0) return
  const list = [...foldersOf(beside), ...beside].join('\n')
  if (list.length > 100_000 || /[\\\p{Cc}\uFFFD]/u.test(list.replaceAll('\n', '')))
    throw refused(who, 0, 'there is much more than its own files in its volume')
  // Its end is read as well, or the other side breaks.
  const unpacking = await room.start(
    'tar -x -p --numeric-owner -C "$SC_DATA"; code=$?; cat >/dev/null; exit $code',
  )
  await flow(unpacking, who, () => inside.start(packLine, { variables: { SC_DATA: folder, SC_LIST: list } }))
}

/** The folders that files lie in, the outermost first, without the one that all lie in. */
function foldersOf(paths: readonly string[]): readonly string[] {
  const folders = paths.flatMap(path => {
    const parts = path.split('/').slice(0, -1)
    return parts.slice(1).map((_, index) => parts.slice(0, index + 2).join('/'))
  })
  return [...new Set(folders)].toSorted()
}

/** Logs that are written to meanwhile are taken as far as they are. */
const packLine = `
cd "$SC_DATA" || exit
${endingWithInput(`printf '%s\\n' "$SC_LIST" | tar -c --numeric-owner --no-recursion -T -`)}
[ $code -le 1 ]`

/** Files that the server and its program see to: in the copy, or made anew. */
export function isServers(path: string): boolean {
  return (
    /\.(frm|ibd|isl|cfg|cfp|MYD|MYI|MAD|MAI|MRG|TRG|TRN|ARM|ARZ|ARN|CSM|CSV|opt|par)$/.test(path) ||
    /(^|\/)#sql/.test(path) ||
    /^\.\/(ibdata\d+|ibtmp\d+|undo\d+|ib_logfile\d+|aria_log\.\d+|aria_log_control|tc\.log|ddl_(recovery|log)[^/]*\.log|ddl\.log|[^/]*\.pid)$/.test(
      path,
    )
  )
}
