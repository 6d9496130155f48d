import type { Inside } from '../../model/ports.ts'
import { linesOf, refused } from './server.ts'

/** Sets `check` to the client that checks and repairs. */
export const checkProgram = `
if command -v mariadb-check >/dev/null 2>&1; then check=mariadb-check; else check=mysqlcheck; fi`

/**
 * The server's own check of every table, by its client: it reads, and repairs nothing. `login` are the shell's words by
 * which it is let in.
 */
export async function checkMysql(inside: Inside, login: string, who: string): Promise<readonly string[]> {
  const line = `${login}${checkProgram}
exec $check --user="$user" --check --all-databases`
  const { code, stdout, stderr } = await inside.run(line)
  const troubles = troublesIn(stdout)
  // With damaged tables it may end with either; where nothing was said it was not let in, or is not there.
  if (code !== 0 && troubles.length === 0) throw refused(who, code, stderr || stdout)
  return troubles
}

/**
 * A table that is well is a line: `shop.orders   OK`. One that is not has its name alone on a line, and below it what is
 * the matter: `error    : Table is marked as crashed`. Notes are about tables that cannot be checked at all; a table in
 * use is no trouble.
 */
export function troublesIn(output: string): readonly string[] {
  return saidOfTables(output).flatMap(({ table, level, words }) =>
    isTrouble(level, words) ? [`${table}: ${words}`] : [],
  )
}

/** What the client says of each table; `level` is `status` for the verdict. */
export function saidOfTables(
  output: string,
): readonly { readonly table: string; readonly level: string; readonly words: string }[] {
  const said: { readonly table: string; readonly level: string; readonly words: string }[] = []
  let table = ''
  for (const line of linesOf(output)) {
    const [, level, words] = /^(\w+)\s*:\s*(.*)$/.exec(line) ?? []
    if (level === undefined || words === undefined) {
      const [, name, verdict] = /^(\S.*?)\s{2,}(\S.*)$/.exec(line) ?? []
      table = name ?? line.trim()
      if (verdict !== undefined) said.push({ table, level: 'status', words: verdict })
    } else said.push({ table, level: level.toLowerCase(), words })
  }
  return said
}

function isTrouble(level: string, words: string): boolean {
  if (level === 'note' || level === 'info') return false
  if (level === 'warning') return !/using or hasn't closed/.test(words)
  return level === 'status' ? words !== 'OK' : true
}
