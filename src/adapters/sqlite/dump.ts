import { spawn } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { open, readFile, stat } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { Stop } from '../../model/failure.ts'
import type { SqliteDump } from '../../model/ports.ts'
import { answerOf, askHere, options } from './ask.ts'
import type { SqliteProgram } from './ask.ts'
import { isForeign, lookInto } from './look-into.ts'

/**
 * Writes the database of a file down beside it, by `sqlite3`'s own `.dump`, and reads that into a new one: only what makes
 * the same database again is given.
 *
 * @param name what it is called, for people
 */
export async function dumpFile(
  program: SqliteProgram,
  { place, name }: { readonly place: string; readonly name: string },
  signal: AbortSignal,
): Promise<SqliteDump> {
  const [sql, again] = [`${place}.sql`, `${place}.again`]
  const ask = askHere(program, signal)
  const { tables, rows, trouble } = await lookInto(ask, place)
  if (trouble !== null) throw cannot(`${name} is damaged: ${trouble}`)
  const writing = await run(program, place, { print: sql, input: writeDown }, signal)
  if (writing !== null) throw cannot(`${name} cannot be written down: ${writing}`)
  // Of a disk that is full it says nothing, nor by its code that it gave up.
  if (!isWhole(await endOf(sql))) throw cannot(`${name} in SQL ends before its end`)
  const loading = await run(program, again, { read: sql }, signal)
  if (loading !== null && !isForeign(loading)) throw cannot(`${name} in SQL cannot be read again: ${loading}`)
  if (loading === null) {
    const [before, after] = [await contentOf(place), await contentOf(again)]
    // Known: text with a NUL character in it, which .dump ends there.
    if (before !== after) throw cannot(`${name} in SQL is not the same: sqlite3 cannot write down all of it`)
  }
  const { size: bytes } = await stat(sql)
  return { open: () => createReadStream(sql), bytes, tables, rows, notTried: loading }

  /** A hash of all rows of all tables. */
  async function contentOf(path: string): Promise<string> {
    const sum = `${path}.sum`
    const summing = await run(program, path, { print: sum, input: '.sha3sum\n' }, signal)
    if (summing !== null) throw cannot(`${name} cannot be compared: ${summing}`)
    return readFile(sum, 'utf8')
  }
}

/** `.dump` leaves out what its application may tell its own state by, and that its text is UTF-16. */
const writeDown = `SELECT 'PRAGMA encoding=''' || encoding || ''';' FROM pragma_encoding WHERE encoding <> 'UTF-8';
.dump
SELECT 'PRAGMA application_id=' || application_id || ';' FROM pragma_application_id WHERE application_id <> 0;
SELECT 'PRAGMA user_version=' || user_version || ';' FROM pragma_user_version WHERE user_version <> 0;
`

/** One that met an error takes everything back at its end. */
function isWhole(end: string): boolean {
  return /\nCOMMIT;\n(PRAGMA \w+=-?\d+;\n)*$/.test(end)
}

async function endOf(path: string): Promise<string> {
  const { size } = await stat(path)
  return text(createReadStream(path, { start: Math.max(0, size - 200) }))
}

/** Null, or what it complains of. */
async function run(
  { program, args, variables }: SqliteProgram,
  path: string,
  flow: { readonly print: string; readonly input: string } | { readonly read: string },
  signal: AbortSignal,
): Promise<string | null> {
  const file = 'print' in flow ? await open(flow.print, 'wx', 0o600) : await open(flow.read)
  try {
    const child = spawn(program, [...args, ...options, path], {
      stdio: 'print' in flow ? ['pipe', file.fd, 'pipe'] : [file.fd, 'ignore', 'pipe'],
      env: { ...variables, LC_ALL: 'C' },
      signal,
    })
    // One that cannot open its file ends before it has read.
    child.stdin?.on('error', () => {})
    child.stdin?.end('print' in flow ? flow.input : '')
    const said: string[] = []
    child.stderr?.setEncoding('utf8').on('data', (words: string) => said.push(words))
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    return answerOf({ code, stdout: '', stderr: said.join('') }).trouble
  } finally {
    await file.close()
  }
}

function cannot(what: string): Stop {
  return new Stop({
    reason: 'not-possible',
    what,
    how: 'choose another restore point (safe-compose backups), or put its files back with safe-compose restore',
  })
}
