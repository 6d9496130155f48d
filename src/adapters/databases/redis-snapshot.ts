/**
 * Shell: a snapshot that is begun now, and has ended well. One that is being written already began too early to count.
 * Needs the words by which the client is let in.
 */
export const takeSnapshot = `
idle() {
  while :; do
    now=$(run info persistence) || exit
    case $now in
      *rdb_bgsave_in_progress:1*|*aof_rewrite_in_progress:1*|*aof_rewrite_scheduled:1*) sleep 0.2;;
      *) return 0;;
    esac
  done
}
# Between the look and the command another child of the server may begin.
begin_snapshot() {
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    idle
    said=$(run bgsave 2>&1) && return 0
    case $said in *progress*|*active*) sleep 0.1;; *) break;; esac
  done
  printf '%s\\n' "$said" >&2; exit 1
}
take_snapshot() {
  begin_snapshot
  idle
  case $now in *rdb_last_bgsave_status:ok*) ;; *) echo 'its snapshot failed (see its log)' >&2; exit 1;; esac
}
`
