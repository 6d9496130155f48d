import type { Repaired } from '../../model/database.ts'
import type { Inside } from '../../model/ports.ts'
import { checkProgram, saidOfTables } from './check-mysql.ts'
import { refused } from './server.ts'

/**
 * Checks every table and repairs those that are damaged, by the client's own repair: MyISAM and Aria can be, InnoDB
 * cannot. `login` are the shell's words by which it is let in.
 */
export async function repairMysql(inside: Inside, login: string, who: string): Promise<Repaired> {
  const line = `${login}${checkProgram}
exec $check --user="$user" --check --auto-repair --all-databases`
  const { code, stdout, stderr } = await inside.run(line)
  const repaired = repairedIn(stdout)
  if (code !== 0 && repaired.done.length + repaired.left.length === 0)
    throw refused(who, code, stderr || stdout)
  return repaired
}

/** First comes what the check says; the repairs stand below a line of their own, in the same form. */
export function repairedIn(output: string): Repaired {
  const [, repairs = ''] = output.split(/^Repairing tables$/m)
  const said = saidOfTables(repairs)
  const linesOf = (is: (level: string, words: string) => boolean): readonly string[] =>
    said.flatMap(({ table, level, words }) => (is(level, words) ? [`${table}: ${words}`] : []))
  return {
    done: said.flatMap(({ table, level, words }) =>
      level === 'status' && words === 'OK' ? [`${table}: repaired`] : [],
    ),
    lost: linesOf((level, words) => level === 'warning' && words.startsWith('Number of rows changed')),
    left: linesOf(
      (level, words) =>
        level === 'error' ||
        (level === 'status' && words !== 'OK') ||
        (level === 'note' && /doesn't support repair/.test(words)),
    ),
  }
}
