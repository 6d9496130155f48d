/**
 * Shell: runs one program, with nothing to read, that is ended when the line's own input ends, as it does when we die or
 * give it up; how it ended is in `$code`. Without that, a program that writes to us would wait for a reader for ever,
 * with what it holds in the server: a snapshot, locks. The line's input has to stay open until it is done.
 *
 * The one that watches is killed, and waited for: a trap that is told just before it reads is not run, and it would read on
 * for ever, where the program ends at once.
 *
 * Nobody is left without a parent here. A server that is the first process of its container would get them, and
 * PostgreSQL takes a child that ended by a signal for one of its own that crashed, and cuts off everybody.
 */
export function endingWithInput(program: string): string {
  return `
exec 9<&0 </dev/null
${program} &
program=$!
{ while read -r _; do :; done; kill $program; } <&9 >/dev/null 2>&1 &
watcher=$!
wait $program; code=$?
{ kill -KILL $watcher; wait $watcher; } 2>/dev/null
`
}

/**
 * Shell: the same for all that is started by the rest of the line, which must not `exec`. What this ends may have
 * children of its own, so it is for containers whose server does not mind.
 */
export const endsWithInput = `
group=; { read -r _ _ _ _ group _ </proc/$$/stat; } 2>/dev/null
[ "$group" = $$ ] || { echo 'what is started in its container could not be ended' >&2; exit 1; }
exec 9<&0 </dev/null
{
  trap '' TERM; while read -r _; do :; done
  # Again and again: what the shell only starts when it was told already does not know.
  while kill -0 $$; do kill -TERM -$$; sleep 0.2; done
} <&9 >/dev/null 2>&1 &
watcher=$!
trap '{ kill -KILL $watcher; wait $watcher; } 2>/dev/null' EXIT
trap 'exit 1' TERM
`
