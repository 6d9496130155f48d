/**
 * Shell: what is started by the rest of the line ends when the line's input ends, as it does when this program dies.
 * Without it a program that writes to us would wait for a reader for ever, with the locks that it holds in the server.
 * The line must not `exec`, and its input stays open until it is done.
 */
export const endsWithInput = `
[ "$(cut -d ' ' -f 5 /proc/$$/stat)" = $$ ] || { echo 'what is started in its container could not be ended' >&2; exit 1; }
exec 9<&0
{ while read -r _; do :; done; kill -TERM -$$; } <&9 >/dev/null 2>&1 &
watcher=$!
trap 'kill $watcher 2>/dev/null' EXIT
trap 'exit 1' TERM
`
