import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * A crontab program that keeps one table in a file and is as strict as Debian's: without a table it ends with 1, and it
 * takes none whose last line is not ended. It takes none through a pipe, of which a real one could not tell that it broke
 * off. Gives what reads the table, null for none.
 */
export async function fakeCrontab(
  programs: string,
  table: string,
  text: string | null,
): Promise<() => Promise<string | null>> {
  const path = join(programs, 'crontab')
  await writeFile(
    path,
    `#!/bin/sh
table='${table}'
case "$1" in
  -l) [ -f "$table" ] || { echo "no crontab for $(id -un)" >&2; exit 1; }; cat "$table";;
  -r) rm "$table";;
  -) echo 'what comes through a pipe may break off' >&2; exit 1;;
  *) cat "$1" >"$table.new" || exit 1
     [ -z "$(tail -c 1 "$table.new")" ] || { rm "$table.new"; echo 'new crontab file is missing newline before EOF, can'"'"'t install.' >&2; exit 1; }
     mv "$table.new" "$table";;
esac
`,
  )
  await chmod(path, 0o755)
  if (text !== null) await writeFile(table, text)
  return () => readFile(table, 'utf8').catch(() => null)
}
