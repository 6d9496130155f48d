/** Where the executable's first lines, which are a shell's, leave what stood in the environment before them. */
export const beforeShellVariable = 'SAFE_COMPOSE_BEFORE_SHELL'

/**
 * The variables that a shell sets when it starts, as they stood before: Compose files speak of `${PWD}`, and a
 * service manager gives none. Null for those that were not there.
 *
 * @param text the entries `NAME=VALUE` that were there, a line each, newlines in values as U+0001
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
