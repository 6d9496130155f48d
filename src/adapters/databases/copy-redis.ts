import type { Inside, OnlineCopy, OnlinePlace } from '../../model/ports.ts'
import { sendingFiles, sentFiles } from './files-tar.ts'
import { endsWithInput } from './hang-up.ts'
import { takeSnapshot } from './redis-snapshot.ts'
import { ask } from './server.ts'

interface Asking {
  readonly login: string
  readonly variables: Readonly<Record<string, string>>
  readonly who: string
}

/**
 * The files of its volume while it goes on. Where it keeps snapshots, one is made for the copy. Its log (AOF) is held
 * open, each part of it: a server only appends to a part, or puts another file in its place, so what is held is what
 * the server had at one moment, and no setting has to be changed for it, which somebody would have to change back.
 */
export async function copyRedis(
  inside: Inside,
  { path, shared }: OnlinePlace,
  asking: Asking,
): Promise<OnlineCopy | { readonly whyNot: string }> {
  const told = await settings(inside, asking)
  const plan = shared ? { whyNot: 'other containers write to its volume as well' } : planOf(told)
  if ('whyNot' in plan) return plan
  const { login, who, variables } = asking
  return {
    make: async signal => {
      const program = await inside.start(
        `${login}${endsWithInput}${takeSnapshot}${sendingFiles}${copyLine}`,
        {
          variables: { ...variables, ...plan, SC_MOUNT: path },
        },
      )
      signal.addEventListener('abort', program.hangUp, { once: true })
      return sentFiles(program, { who, notes: [] })
    },
  }
}

const settingNames = [
  'dir',
  'dbfilename',
  'save',
  'appendonly',
  'appendfilename',
  'appenddirname',
  'aof-load-truncated',
] as const

type Told = (name: string) => string

async function settings(inside: Inside, { login, variables, who }: Asking): Promise<Told> {
  const line = `${login}
run info || exit
for name in ${settingNames.join(' ')}; do
  value=$(run config get $name 2>/dev/null | sed -n 2p); printf 'setting %s:%s\\n' "$name" "$value"
done`
  const text = await ask(inside, line, { who, variables })
  const values = new Map(
    text.split('\n').flatMap(each => {
      const [, name, value] = /^((?:setting )?[\w-]+):(.*?)\r?$/.exec(each) ?? []
      return name === undefined || value === undefined ? [] : [[name, value] as const]
    }),
  )
  return name => values.get(name) ?? ''
}

/** What the line that copies has to know. */
type Plan = Readonly<Record<`SC_${string}`, string>>

function planOf(told: Told): Plan | { readonly whyNot: string } {
  const [folder, snapshot, log, logs] = ['dir', 'dbfilename', 'appendfilename', 'appenddirname'].map(name =>
    told(`setting ${name}`),
  )
  const snapshots = told('setting save') !== ''
  const logged = told('aof_enabled') === '1'
  if (folder === undefined || folder === '' || snapshot === '' || log === '')
    return { whyNot: 'it does not tell where its files lie' }
  if ([snapshot, log, logs].some(name => !/^[A-Za-z0-9._-]*$/.test(name ?? '')))
    return { whyNot: 'its files have unusual names' }
  if (!snapshots && !logged) return { whyNot: 'it is told to keep nothing' }
  if (told('cluster_enabled') === '1') return { whyNot: 'it is part of a cluster' }
  if (told('role') !== 'master') return { whyNot: 'it is a replica itself' }
  // The copy of a log ends where the server was writing: that server would not start from it.
  if (logged && told('setting aof-load-truncated') !== 'yes')
    return { whyNot: 'it does not read a log that ends within a command (aof-load-truncated)' }
  if (logged && told('aof_last_bgrewrite_status') === 'err')
    return { whyNot: 'the last rewrite of its log (AOF) failed' }
  return {
    SC_FOLDER: folder,
    SC_SNAPSHOT: snapshots ? (snapshot ?? '') : '',
    SC_LOG: logged ? (log ?? '') : '',
    // Since 7 the log is a folder of parts.
    SC_LOGS: logged ? (logs ?? '') : '',
  }
}

/**
 * Every file that is written to is opened before anything is read: 3 is the snapshot, 4 the log's manifest or the log,
 * 5 to 8 the log's parts. Shells need not have more than 9. Files of other names are sent as they are; what a snapshot
 * or a rewrite is just being written to is nothing yet.
 */
const copyLine = `
refuse() { printf '%s\\n' "$1" >&2; exit 1; }
mount=$(cd "$SC_MOUNT" && pwd -P) && folder=$(cd "$SC_FOLDER" && pwd -P) || exit
case $folder/ in "$mount"/*) ;; *) refuse "its data lies elsewhere: $folder";; esac
below=.\${folder#"$mount"}
cd "$mount" || exit

if [ -n "$SC_SNAPSHOT" ]; then
  take_snapshot
  exec 3<"$below/$SC_SNAPSHOT"
fi

# What is acknowledged is in the log within two seconds, however slow the disk is.
if [ -n "$SC_LOG" ]; then
  for try in 1 2 3 4 5 6 7 8 9 10 11; do
    case $(run info persistence) in *aof_buffer_length:0*) break;; esac
    sleep 0.2
  done
fi
same() { [ "$(stat -L -c %d:%i "/proc/self/fd/$1")" = "$(stat -c %d:%i "$2" 2>/dev/null)" ]; }
hold_log() {
  exec 4<"$below/$SC_LOG" && same 4 "$below/$SC_LOG"
}
hold_parts() {
  manifest=$below/$SC_LOGS/$SC_LOG.manifest
  exec 4<"$manifest"
  named=$(sed -n 's/^file \\([A-Za-z0-9._-]*\\) seq [0-9]* type [bi].*/\\1/p' /proc/self/fd/4)
  [ -n "$named" ] || refuse "nothing is named in $manifest"
  [ "$(printf '%s\\n' "$named" | grep -c .)" = "$(grep -c ' type [bi]' /proc/self/fd/4)" ] || refuse "unusual names in $manifest"
  number=5
  for part in $named; do
    [ $number -lt 9 ] || refuse 'its log has too many parts'
    [ -r "$below/$SC_LOGS/$part" ] || return 1
    eval "exec $number<\\"\\$below/\\$SC_LOGS/\\$part\\""
    number=$((number + 1))
  done
  same 4 "$manifest"
}
if [ -n "$SC_LOG" ]; then
  way=hold_log; [ -z "$SC_LOGS" ] || way=hold_parts
  try=0
  until $way; do
    try=$((try + 1)); [ $try -lt 50 ] || refuse 'its log is rewritten again and again'
    sleep 0.1
  done
fi

LC_ALL=C; export LC_ALL
odd=$(find . ! -type d ! -type f ! -type s) && [ -z "$odd" ] || refuse "there is more than files and folders in its volume: $odd"
odd=$(find . -name '*[! -~]*') && [ -z "$odd" ] || refuse 'there are unusual names in its volume'
names=$(find . ! -type s) || exit
[ "$(printf '%s\\n' "$names" | grep -c .)" -le 1000 ] || refuse 'there is much more than its data in its volume'
set -f; IFS='
'
held() {
  case $1 in
    "$below"/temp-*.rdb|"$below"/temp-*.aof|"$below"/temp-*.manifest) return 0;;
    "$below/$SC_SNAPSHOT") [ -n "$SC_SNAPSHOT" ];;
    "$below/$SC_LOGS"/*) [ -n "$SC_LOGS" ];;
    "$below/$SC_LOG") [ -n "$SC_LOG" ] && [ -z "$SC_LOGS" ];;
    *) return 1;;
  esac
}
for name in $names; do held "$name" || [ -r "$name" ] || [ ! -e "$name" ] || refuse "it may not read $name"; done

echo ready
for name in $names; do
  # One that is gone by now is left out.
  if [ -d "$name" ]; then here "$name"; elif ! held "$name" && [ -e "$name" ]; then send "$name" <"$name"; fi
done
[ -z "$SC_SNAPSHOT" ] || send "$below/$SC_SNAPSHOT" <&3
if [ -n "$SC_LOGS" ]; then
  number=5
  for part in $named; do
    eval "send \\"\\$below/\\$SC_LOGS/\\$part\\" <&$number"
    number=$((number + 1))
  done
  send "$below/$SC_LOGS/$SC_LOG.manifest" <&4
elif [ -n "$SC_LOG" ]; then send "$below/$SC_LOG" <&4
fi
sent`
