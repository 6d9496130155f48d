import type { Repaired } from '../../model/database.ts'
import { formatBytes } from '../../core/format.ts'
import type { Inside } from '../../model/ports.ts'
import { ask, linesOf } from './server.ts'

/**
 * Lets the server's own program cut the end off a log (AOF) that cannot be read any further: the manifest of one in
 * parts, or the one file of older versions. A snapshot cannot be repaired. Only while no server runs on it.
 */
export async function repairRedis(inside: Inside, folder: string, who: string): Promise<Repaired> {
  return mendedIn(await ask(inside, mendLine, { who, variables: { SC_FOLDER: folder } }))
}

/** A rewrite that broke off leaves a manifest whose name begins with `temp`. */
const mendLine = `
check=redis-check-aof; command -v $check >/dev/null 2>&1 || check=valkey-check-aof
command -v $check >/dev/null 2>&1 || exit 127
mend() {
  printf 'log: %s\\n' "\${1#"$SC_FOLDER"/}"
  printf 'y\\ny\\n' | "$check" --fix "$1" 2>&1
  printf 'ended: %s\\n' $?
}
found=
for file in "$SC_FOLDER"/*.manifest "$SC_FOLDER"/*/*.manifest; do
  case \${file##*/} in temp*) continue;; esac
  if [ -f "$file" ]; then found=1; mend "$file"; fi
done
if [ -z "$found" ]; then
  for file in "$SC_FOLDER"/*.aof; do if [ -f "$file" ]; then mend "$file"; fi; done
fi
exit 0`

/**
 * `This will shrink the AOF x.aof from 315 bytes, with 60 bytes, to 255 bytes`, and `Successfully truncated AOF x.aof` when
 * it was done. What is no log's last part it does not touch.
 */
export function mendedIn(output: string): Repaired {
  const done: string[] = []
  const lost: string[] = []
  const left: string[] = []
  for (const part of output.split(/^log: /m).slice(1)) {
    const [log = '', ...lines] = linesOf(part)
    const code = /^ended: (\d+)$/.exec(lines.at(-1) ?? '')?.[1]
    const said = lines.slice(0, -1)
    const cut = said.findLast(line => /Successfully truncated/.test(line))
    const shrinks = said.findLast(line => line.includes('This will shrink the AOF'))
    const [, from, by] = /from (\d+) bytes, with (\d+) bytes/.exec(shrinks ?? '') ?? []
    if (cut !== undefined) {
      const file = /This will shrink the AOF (\S+) from/.exec(shrinks ?? '')?.[1] ?? log
      done.push(`${log}: cut where it cannot be read any further`)
      if (by !== undefined)
        lost.push(`the last ${formatBytes(Number(by))} of ${file}, of ${formatBytes(Number(from))}`)
    }
    if (code !== '0') left.push(`${log}: ${tellingLine(said) || `its check ended with ${code ?? '?'}`}`)
  }
  return { done, lost, left }
}

function tellingLine(lines: readonly string[]): string {
  return lines.findLast(line => /error|not valid|unexpected|corrupt|bad|expected|cannot/i.test(line)) ?? ''
}
