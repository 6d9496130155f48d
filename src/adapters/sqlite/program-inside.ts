import type { Inside } from '../../model/ports.ts'
import { answerOf, inputOf, options } from './ask.ts'
import type { Ask } from './ask.ts'

/** What can read SQLite in a container. */
export interface ProgramInside {
  readonly ask: (inside: Inside) => Ask
  /**
   * Copies databases page by page, all of them as they are at one moment, which is held for the whole of it. Paths are
   * relative to `data` and `copy`, and plain (see `isPlain`). Null, or why it did not.
   */
  readonly copy: (
    inside: Inside,
    files: { readonly names: readonly string[]; readonly data: string; readonly copy: string },
  ) => Promise<string | null>
}

/** Milliseconds that a program waits for another one which holds a database. */
const patience = 10_000

/** Names that stand for themselves in a shell's patterns, in statements and in addresses of files. */
export function isPlain(name: string): boolean {
  return /^[\w./@+ -]+$/.test(name)
}

/** The first that an image has; null for one with neither, or without a shell. */
export async function programInside(inside: Inside): Promise<ProgramInside | null> {
  const { stdout } = await inside.run(
    `if command -v sqlite3 >/dev/null 2>&1; then echo sqlite3
elif python3 -c 'import sqlite3' 2>/dev/null; then echo python3; fi`,
  )
  const name = stdout.trim()
  return name === 'sqlite3' ? sqlite3 : name === 'python3' ? python3 : null
}

const sqlite3: ProgramInside = {
  ask: inside => async (path, statements) =>
    answerOf(
      await inside.run(`LC_ALL=C exec sqlite3 ${options.join(' ')} "$SC_FILE"`, {
        variables: { SC_FILE: path },
        input: inputOf(statements),
      }),
    ),
  copy: async (inside, { names, data, copy }) => {
    const lines = [
      `.timeout ${patience}`,
      ...names.map((name, index) => `ATTACH '${addressOf(`${data}/${name}`)}' AS d${index};`),
      'BEGIN;',
      ...names.map((_, index) => `SELECT count(*) FROM d${index}.sqlite_master;`),
      ...names.map((name, index) => `.backup d${index} '${copy}/${name}'`),
    ]
    const { trouble } = answerOf(
      await inside.run(`LC_ALL=C exec sqlite3 ${options.join(' ')} :memory:`, {
        input: `${lines.join('\n')}\n`,
      }),
    )
    return trouble
  },
}

const python3: ProgramInside = {
  ask: inside => async (path, statements) =>
    answerOf(
      await inside.run('exec python3 -c "$SC_PROGRAM" "$SC_FILE"', {
        variables: { SC_PROGRAM: pythonAsks, SC_FILE: path },
        input: inputOf(statements),
      }),
    ),
  copy: async (inside, { names, data, copy }) => {
    const files = names.map(name => `${addressOf(`${data}/${name}`)}\n${copy}/${name}\n`)
    const { trouble } = answerOf(
      await inside.run('exec python3 -c "$SC_PROGRAM"', {
        variables: { SC_PROGRAM: pythonCopies },
        input: files.join(''),
      }),
    )
    return trouble
  },
}

/** Reads and writes as `sqlite3` does; what goes wrong is said in SQLite's own words. */
const pythonAsks = `
import sqlite3, sys
try:
    database = sqlite3.connect(sys.argv[1])
    for statement in sys.stdin.read().split(";\\n"):
        for row in database.execute(statement):
            print(row[0])
except sqlite3.Error as error:
    sys.exit(str(error))
`

const pythonCopies = `
import sqlite3, sys
lines = sys.stdin.read().splitlines()
files = list(zip(lines[0::2], lines[1::2]))
try:
    sources = []
    for address, _ in files:
        source = sqlite3.connect(address, uri=True, timeout=${patience / 1000}, isolation_level=None)
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        sources.append(source)
    for source, (_, path) in zip(sources, files):
        copy = sqlite3.connect(path)
        source.backup(copy)
        copy.close()
except sqlite3.Error as error:
    sys.exit(str(error))
`

/** Read only: nothing is rolled back, no log is taken in, no file is made beside it. */
function addressOf(path: string): string {
  return `file:${encodeURI(path)}?mode=ro`
}
