/** Where the executable's first lines, which are a shell's, leave what stood in the environment before them. */
export const beforeShellVariable = 'SAFE_COMPOSE_BEFORE_SHELL'

/**
 * Lines of a shell that leave it there; `bin/` has the same. A dot at the end tells that it is whole: where the system has no
 * `tr` or `grep`, what the shell has set is better than nothing. Bytes of any encoding are taken as they are.
 */
export const beforeShellLines: readonly string[] = [
  String.raw`if [ -r "/proc/$$/environ" ]; then`,
  String.raw`  SAFE_COMPOSE_BEFORE_SHELL=$({`,
  String.raw`    { LC_ALL=C tr '\000\n' '\n\001' <"/proc/$$/environ" && echo .; } |`,
  String.raw`      LC_ALL=C grep -E '^((PWD|OLDPWD|SHLVL|_)=|\.$)'`,
  String.raw`  } 2>/dev/null)`,
  String.raw`  if [ -n "$SAFE_COMPOSE_BEFORE_SHELL" ]; then export SAFE_COMPOSE_BEFORE_SHELL; else unset SAFE_COMPOSE_BEFORE_SHELL; fi`,
  String.raw`fi`,
]

/**
 * The variables that a shell sets when it starts, as they stood before: Compose files speak of `${PWD}`, and a
 * service manager gives none. Null for those that were not there.
 *
 * @param text the entries `NAME=VALUE` that were there, a line each, newlines in values as U+0001, and a dot
 */
export function variablesBeforeShell(text: string): Readonly<Record<string, string | null>> {
  const lines = text.split('\n')
  const entries = setByShells.map(name => {
    const line = lines.find(each => each.startsWith(`${name}=`))
    return [name, line === undefined ? null : line.slice(name.length + 1).replaceAll('\u0001', '\n')]
  })
  return Object.fromEntries(entries) as Record<string, string | null>
}

const setByShells = ['PWD', 'OLDPWD', 'SHLVL', '_']
