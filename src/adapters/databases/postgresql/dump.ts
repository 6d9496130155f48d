import type { DumpSource, Inside } from '../../../model/ports.ts'
import { endingWithInput } from '../hang-up.ts'
import { endedWell, fileNames, jsonLines, keepEnd, readLines, refused } from '../server.ts'
import { countedFor, countScript, figuresOf } from './count.ts'
import { databaseNames, login, maintenance, psql, who } from './session.ts'

export async function dumps(inside: Inside): Promise<readonly DumpSource[]> {
  const names = await databaseNames(inside)
  const files = fileNames(names)
  return [
    globals(inside),
    ...names.map((database): DumpSource => ({
      name: `${files.get(database) ?? database}.dump`,
      database,
      form: 'pg-custom',
      open: () => dumpDatabase(inside, database),
    })),
  ]
}

/** Passwords of roles may only be read by a superuser: without them is better than not at all. */
function globals(inside: Inside): DumpSource {
  const line = `${login}
set -- --no-role-passwords
if [ "$(psql -X -q -A -t -w -c 'select rolsuper from pg_roles where rolname = current_user')" = t ]; then set --; fi
${endingWithInput('pg_dumpall -w --globals-only "$@"')}exit $code`
  return {
    name: 'globals.sql',
    database: null,
    form: 'pg-globals',
    open: async () => {
      const program = await inside.start(line, { variables: { SC_DATABASE: maintenance } })
      const { stream, end } = keepEnd(program.stdout)
      const done = (async () => {
        await endedWell(program, who)
        if (!(await end).includes('PostgreSQL database cluster dump complete'))
          throw refused(who, 0, 'the dump of its roles ends before its end')
        return { figures: [] }
      })()
      done.catch(() => {})
      return { stream, done, stop: program.hangUp }
    },
  }
}

/**
 * The figures come from the dump's own snapshot: a session exports it, counts in it, and stays until the dump has
 * ended.
 */
async function dumpDatabase(inside: Inside, database: string): ReturnType<DumpSource['open']> {
  const variables = { SC_DATABASE: database }
  const counting = await inside.start(psql, { variables })
  const said = readLines(counting, who)
  try {
    counting.stdin.write(countScript(countedFor, { shared: true }))
    const [row] = jsonLines(await said.lineThat(line => line.startsWith('["snapshot"')))
    const snapshot = String(row?.[2] ?? '')
    const line = `${login}${endingWithInput('pg_dump -w -Fc -Z0 --snapshot="$SC_SNAPSHOT"')}exit $code`
    const dump = await inside.start(line, { variables: { ...variables, SC_SNAPSHOT: snapshot } })
    const stop = (): void => {
      dump.hangUp()
      counting.hangUp()
    }
    const done = (async () => {
      try {
        await endedWell(dump, who)
        await said.lineThat(line => line.startsWith('["counted"'))
        counting.stdin.end('commit;\n')
        await endedWell(counting, who)
        return { figures: figuresOf(database, said.lines.join('\n')) }
      } catch (error) {
        stop()
        throw error
      }
    })()
    done.catch(() => {})
    return { stream: dump.stdout, done, stop }
  } catch (error) {
    counting.hangUp()
    throw error
  }
}
