import { execFileSync, spawn } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { afterAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { openSqliteFiles } from '../../src/adapters/sqlite/files.ts'
import type { SqliteProgram } from '../../src/adapters/sqlite/ask.ts'
import type { TarSink } from '../../src/model/ports.ts'
import type { SqliteSight } from '../../src/model/sqlite.ts'
import { needTools } from '../engine/apt.ts'

await needTools({ sqlite3: 'sqlite3' })

const built = mkdtempSync(join(tmpdir(), 'safe-compose-sqlite-test-'))
afterAll(() => rmSync(built, { recursive: true, force: true }))
const variables = { PATH: process.env['PATH'] ?? '' }

/** What stands in for the program, as the package has it. */
function standIn(): SqliteProgram {
  const script = join(built, 'sqlite.cjs')
  buildSync({
    entryPoints: [fileURLToPath(new URL('../../src/sqlite.ts', import.meta.url))],
    outfile: script,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.19',
  })
  return { program: process.execPath, args: [script], variables }
}

const programs: readonly (readonly [string, SqliteProgram])[] = [
  ['the program', { program: 'sqlite3', args: [], variables }],
  // Node before 22.13 has nothing that it could stand on.
  ...(isBuiltin('node:sqlite') ? [['Node', standIn()] as const] : []),
]

let folder: string
let scratch: string

beforeEach(() => {
  folder = mkdtempSync(join(built, 'volume-'))
  scratch = mkdtempSync(join(built, 'scratch-'))
  vi.stubEnv('TMPDIR', scratch)
  onTestFinished(() => {
    vi.unstubAllEnvs()
  })
})

function sql(path: string, statements: string): string {
  return execFileSync('sqlite3', ['-batch', '-bail', path], { input: statements, encoding: 'utf8' })
}

function fillWith(tar: Buffer): (sink: TarSink) => Promise<void> {
  return async sink => {
    const { stream, done } = await sink.open()
    await pipeline(Readable.from([tar.subarray(0, 700), tar.subarray(700)]), stream)
    await done
  }
}

async function look(program: SqliteProgram): Promise<SqliteSight> {
  const tar = execFileSync('tar', ['-C', folder, '-cf', '-', '.'], { maxBuffer: 1 << 28 })
  const { look: lookAt } = openSqliteFiles(program, { pid: process.pid, runs: pid => pid === process.pid })
  if (lookAt === null) throw new Error('nothing to look with')
  return lookAt(fillWith(tar), new AbortController().signal)
}

const rows = (count: number): string =>
  `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count}) SELECT i, hex(randomblob(50)) FROM n`

describe.each(programs)('SQLite in a copy, read by %s', (_, program) => {
  test('every database is opened, and its tables counted', async () => {
    mkdirSync(join(folder, 'deep'))
    sql(
      join(folder, 'app.db'),
      `CREATE TABLE a(i, t); INSERT INTO a ${rows(500)}; CREATE TABLE "we""ird; --"(x);`,
    )
    sql(
      join(folder, 'deep/no ending'),
      `CREATE TABLE b(i, t); INSERT INTO b ${rows(7)}; CREATE VIEW v AS SELECT * FROM b;`,
    )
    sql(join(folder, 'deep/search'), `CREATE VIRTUAL TABLE f USING fts5(t); INSERT INTO f VALUES ('word');`)
    writeFileSync(join(folder, 'app.db-note'), 'SQLite format 3 is what this text speaks of')
    writeFileSync(join(folder, 'empty'), '')
    expect(await look(program)).toMatchObject({ files: 3, rows: expect.any(Number) as number, troubles: [] })
    const { tables, rows: counted } = await look(program)
    expect(tables).toBeGreaterThanOrEqual(3)
    expect(counted).toBeGreaterThanOrEqual(507)
    expect(readdirSync(scratch)).toEqual([])
  })

  test('what only its application can read is neither counted nor called damaged', async () => {
    sql(
      join(folder, 'app.db'),
      `CREATE TABLE a(i, t); INSERT INTO a ${rows(9)};
      CREATE TABLE c(x TEXT COLLATE nocase); CREATE INDEX cx ON c(x); INSERT INTO c VALUES ('x'), ('y');
      PRAGMA writable_schema = ON;
      UPDATE sqlite_master SET sql = replace(sql, 'nocase', 'strange');
      INSERT INTO sqlite_master VALUES ('table', 'v', 'v', 0, 'CREATE VIRTUAL TABLE v USING strange(x)');`,
    )
    const { rows: counted, troubles } = await look(program)
    expect(troubles).toEqual([])
    expect(counted).toBeGreaterThanOrEqual(9)
  })

  test('what only its log holds counts: the files of one that is written to', async () => {
    const live = join(built, 'live.db')
    rmSync(live, { force: true })
    const writer = spawn('sqlite3', ['-batch', live])
    onTestFinished(() => void writer.kill('SIGKILL'))
    writer.stdin.write(
      `PRAGMA journal_mode = wal; PRAGMA wal_autocheckpoint = 0; CREATE TABLE a(i, t); INSERT INTO a ${rows(300)};\n.print ready\n`,
    )
    await new Promise<void>(resolve => {
      writer.stdout.on('data', (text: Buffer) => {
        if (String(text).includes('ready')) resolve()
      })
    })
    for (const ending of ['', '-wal', '-shm']) copyFileSync(`${live}${ending}`, join(folder, `x.db${ending}`))
    expect(statSync(join(folder, 'x.db-wal')).size).toBeGreaterThan(10_000)
    expect(await look(program)).toEqual({ files: 1, tables: 1, rows: 300, troubles: [] })
    rmSync(join(folder, 'x.db-wal'))
    rmSync(join(folder, 'x.db-shm'))
    expect(await look(program)).toMatchObject({ files: 1, rows: 0 })
  })

  test('one that is damaged is named, with its own words', async () => {
    const path = join(folder, 'app\u001b[31m.db')
    sql(path, `CREATE TABLE a(i INTEGER PRIMARY KEY, t); INSERT INTO a ${rows(2000)};`)
    sql(join(folder, 'well.db'), `CREATE TABLE b(i, t); INSERT INTO b ${rows(5)};`)
    writeSync(openSync(path, 'r+'), Buffer.alloc(3000, 0xa5), 0, 3000, 8192)
    const { files, rows: counted, troubles } = await look(program)
    expect({ files, counted }).toEqual({ files: 2, counted: 5 })
    expect(troubles).toHaveLength(1)
    expect(troubles[0]).toMatch(/^app.*\.db: .*(malformed|Tree|page|btree)/i)
    expect(troubles[0]).not.toContain('\u001b')
  })

  test('one that is cut off is damaged', async () => {
    const path = join(built, 'whole.db')
    rmSync(path, { force: true })
    sql(path, `CREATE TABLE a(i INTEGER PRIMARY KEY, t); INSERT INTO a ${rows(2000)};`)
    cpSync(path, join(folder, 'short.db'))
    execFileSync('truncate', ['-s', '16384', join(folder, 'short.db')])
    expect((await look(program)).troubles).toHaveLength(1)
  })

  test('without room for the copy nothing is said against it, and nothing is left', async () => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', scratch])
    onTestFinished(() => void execFileSync('umount', [scratch]))
    sql(join(folder, 'app.db'), `CREATE TABLE a(i, t); INSERT INTO a ${rows(20_000)};`)
    await expect(look(program)).rejects.toMatchObject({ failure: { reason: 'no-space' } })
    expect(readdirSync(scratch)).toEqual([])
  })

  test('what a run that was killed has left goes', async () => {
    for (const pid of [process.pid, 4_000_000]) {
      mkdirSync(join(scratch, `safe-compose-sqlite-${pid}-aB3xY9`))
      writeFileSync(join(scratch, `safe-compose-sqlite-${pid}-aB3xY9`, '0'), 'data')
    }
    mkdirSync(join(scratch, 'safe-compose-sqlite-notes'))
    sql(join(folder, 'app.db'), 'CREATE TABLE a(i);')
    await look(program)
    expect(readdirSync(scratch).toSorted()).toEqual([
      `safe-compose-sqlite-${process.pid}-aB3xY9`,
      'safe-compose-sqlite-notes',
    ])
  })

  test('where the copy cannot be read that is told, and nothing is left', async () => {
    const { look: lookAt } = openSqliteFiles(program, { pid: process.pid, runs: () => true })
    const looking = lookAt?.(async sink => {
      await sink.open()
      throw new Error('the archive is damaged')
    }, new AbortController().signal)
    await expect(looking).rejects.toThrow('the archive is damaged')
    expect(readdirSync(scratch)).toEqual([])
  })

  test('what is given up leaves nothing', async () => {
    const given = new AbortController()
    const { look: lookAt } = openSqliteFiles(program, { pid: process.pid, runs: pid => pid === process.pid })
    const looking = lookAt?.(async sink => {
      const { done } = await sink.open()
      expect(readdirSync(scratch)).toHaveLength(1)
      given.abort()
      await done
    }, given.signal)
    await expect(looking).rejects.toThrow()
    expect(readdirSync(scratch)).toEqual([])
    expect(existsSync(scratch)).toBe(true)
  })
})
