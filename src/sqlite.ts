// The stand-in for the `sqlite3` program on a machine that has none: it reads statements from standard input, a line or
// more each with a semicolon at the end, and prints the first column of each row. Node's own SQLite does not let go of its
// process while it works, so it has one to itself.
//
//   sqlite.cjs OPTIONS… FILE
import { text } from 'node:stream/consumers'

/** The part of `node:sqlite` that is used. Node 22.13 and later have it. */
interface Sqlite {
  readonly DatabaseSync: new (path: string) => {
    readonly prepare: (sql: string) => { readonly all: () => readonly Readonly<Record<string, unknown>>[] }
  }
}

async function run(): Promise<void> {
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite') as unknown as Sqlite
  const statements = (await text(process.stdin)).split(/;\n/).filter(statement => statement.trim() !== '')
  const database = new DatabaseSync(process.argv.at(-1) ?? '')
  for (const statement of statements)
    for (const row of database.prepare(statement).all())
      process.stdout.write(`${String(Object.values(row)[0])}\n`)
}

run().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
})
