import type { Inside } from '../../model/ports.ts'
import { ask, linesOf } from './server.ts'

/**
 * What the server says of its last writing, and what its own programs say of the files that it would start from: the
 * snapshot, and the log by its manifest. `login` are the shell's words by which the client is let in. A log that is
 * written to at the moment may end in the middle of a word: it is only not well if it is so three times.
 */
export async function checkRedis(
  inside: Inside,
  from: {
    readonly login: string
    readonly variables: Readonly<Record<string, string>>
    readonly who: string
  },
): Promise<readonly string[]> {
  const { login, variables, who } = from
  const text = await ask(inside, `${login}${checkLine}`, { who, variables })
  return linesOf(text).flatMap(line => (line.startsWith(mark) ? [line.slice(mark.length)] : []))
}

const mark = 'trouble: '

const checkLine = `
persistence=$(run info persistence) || exit
field() { printf '%s\\n' "$persistence" | tr -d '\\r' | sed -n "s/^$1://p"; }
setting() { run config get "$1" 2>/dev/null | sed -n 2p; }
tell() { printf 'trouble: %s\\n' "$1"; }
[ "$(field rdb_last_bgsave_status)" != err ] || tell 'its last snapshot failed'
if [ "$(field aof_enabled)" = 1 ]; then
  [ "$(field aof_last_write_status)" != err ] || tell 'it cannot write its log (AOF)'
  [ "$(field aof_last_bgrewrite_status)" != err ] || tell 'the last rewrite of its log (AOF) failed'
fi
program() { if command -v "redis-$1" >/dev/null 2>&1; then echo "redis-$1"; else command -v "valkey-$1"; fi; }
# Its last telling line, if it is not well.
tried() {
  name=$1; file=$2; count=0
  [ -n "$name" ] && [ -f "$file" ] || return 0
  until out=$("$name" "$file" 2>&1 </dev/null); do
    count=$((count + 1))
    if [ $count = 3 ]; then
      tell "$name $file: $(printf '%s\\n' "$out" | grep -Ei 'error|not valid|unexpected|corrupt|bad|expected' | tail -n 1)"
      return 0
    fi
    sleep 1
  done
}
folder=$(setting dir)
if [ -n "$folder" ]; then
  file=$(setting dbfilename)
  [ -z "$file" ] || tried "$(program check-rdb)" "$folder/$file"
  if [ "$(field aof_enabled)" = 1 ]; then
    log=$(setting appendfilename); logs=$(setting appenddirname)
    if [ -n "$logs" ]; then tried "$(program check-aof)" "$folder/$logs/$log.manifest"
    elif [ -n "$log" ]; then tried "$(program check-aof)" "$folder/$log"
    fi
  fi
fi
exit 0`
