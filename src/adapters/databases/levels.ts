import { jsonLines } from './server.ts'

/** A directory on the way from the root of a volume to the data directory, as the server's container sees it. */
export interface Level {
  /** `.`, `./18`, `./18/docker`. */
  readonly path: string
  readonly uid: number
  readonly gid: number
  readonly mode: number
  /** Seconds since 1970. */
  readonly mtime: number
}

/** Shell: tells the levels from `$SC_MOUNT` to `$data`, which has no links in it; fails if anything else lies on the way. */
export const tellLevels = `
mount=$(cd "$SC_MOUNT" && pwd -P) || exit
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

/** What `tellLevels` told: the root of the volume first, the data directory last. */
export function levelsIn(printed: string): readonly Level[] {
  return jsonLines(printed)
    .filter(([what]) => what === 'level')
    .map(([, level, uid, gid, mtime, mode]) => ({
      path: String(level),
      uid: Number(uid),
      gid: Number(gid),
      mtime: Number(mtime),
      mode: Number.parseInt(String(mode), 8),
    }))
}
