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
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { afterAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { openSqliteFiles } from '../../src/adapters/sqlite/files.ts'
import type { SqliteProgram } from '../../src/adapters/sqlite/ask.ts'
import type { SqliteFiles, SqliteTaken, TarSink } from '../../src/model/ports.ts'
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

function filesBy(program: SqliteProgram): SqliteFiles {
  const taker = { pid: process.pid, runs: (pid: number) => pid === process.pid }
  return openSqliteFiles({ reader: program, shell: program }, taker)
}

/** All that lies in the folder, as a copy of it has it. */
function tarOfFolder(): Buffer {
  return execFileSync('tar', ['-C', folder, '-cf', '-', '.'], { maxBuffer: 1 << 28 })
}

async function look(program: SqliteProgram): Promise<SqliteSight> {
  const { look: lookAt } = filesBy(program)
  if (lookAt === null) throw new Error('nothing to look with')
  return lookAt(fillWith(tarOfFolder()), new AbortController().signal)
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
    const { rows: counted, uncounted, troubles } = await look(program)
    expect(troubles).toEqual([])
    expect(counted).toBeGreaterThanOrEqual(9)
    // Some versions count by an index that needs the collation, some do not.
    expect(counted + uncounted * 2).toBe(11)
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
    expect(await look(program)).toEqual({ files: 1, tables: 1, rows: 300, uncounted: 0, troubles: [] })
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
    const { look: lookAt } = filesBy(program)
    const looking = lookAt?.(async sink => {
      await sink.open()
      throw new Error('the archive is damaged')
    }, new AbortController().signal)
    await expect(looking).rejects.toThrow('the archive is damaged')
    expect(readdirSync(scratch)).toEqual([])
  })

  test('what is given up leaves nothing', async () => {
    const given = new AbortController()
    const { look: lookAt } = filesBy(program)
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

describe('SQLite in a copy, written down in SQL', () => {
  const shell: SqliteProgram = { program: 'sqlite3', args: [], variables }

  async function taken(): Promise<SqliteTaken> {
    const { take } = filesBy(shell)
    if (take === null) throw new Error('nothing to take with')
    const found = await take(fillWith(tarOfFolder()), new AbortController().signal)
    onTestFinished(() => found.remove())
    return found
  }

  /** All that is in a database, its schema as well. */
  function sumOf(path: string): string {
    return sql(path, '.sha3sum --schema\nPRAGMA user_version; PRAGMA application_id; PRAGMA encoding;\n')
  }

  test.each([
    [
      'numbers, text and bytes',
      `CREATE TABLE t(x); INSERT INTO t VALUES (1e999), (-1e999), (0.1), (1.0 / 3), (NULL), (x'00ff'),
      ('it''s' || char(10) || 'new' || char(13)), ('\\n'), (9223372036854775807);`,
    ],
    [
      'names',
      `CREATE TABLE "we""ird; --"("a b", "select"); INSERT INTO "we""ird; --" VALUES (1, 2);
      CREATE TABLE "two\nlines"(x); INSERT INTO "two\nlines" VALUES (3);`,
    ],
    [
      'what hangs on tables',
      `CREATE TABLE a(i INTEGER PRIMARY KEY AUTOINCREMENT, n UNIQUE, m AS (n + 1) STORED);
      CREATE TABLE b(a REFERENCES a(i)) ; CREATE INDEX bi ON b(a) WHERE a > 1; CREATE VIEW v AS SELECT * FROM a;
      CREATE TRIGGER tr AFTER INSERT ON a BEGIN INSERT INTO b VALUES (new.i); END;
      INSERT INTO a(n) VALUES (1), (2), (3); DELETE FROM a WHERE i = 3; CREATE TABLE w(k PRIMARY KEY) WITHOUT ROWID;
      INSERT INTO w VALUES ('x');`,
    ],
    [
      'a full text search',
      `CREATE VIRTUAL TABLE f USING fts5(t); INSERT INTO f VALUES ('a word'), ('another');`,
    ],
    [
      'what its application keeps in its head',
      `PRAGMA encoding = 'UTF-16be'; PRAGMA user_version = 7;
      PRAGMA application_id = -42; CREATE TABLE t(x); INSERT INTO t VALUES ('ü');`,
    ],
    ['nothing', `CREATE TABLE t(x); DROP TABLE t;`],
  ])('%s: the same again', async (_, statements) => {
    mkdirSync(join(folder, 'sub'))
    sql(join(folder, 'sub/app.db'), statements)
    const found = await taken()
    expect(found.names).toEqual(['sub/app.db'])
    const { open, bytes, notTried } = await found.dump('sub/app.db')
    const written = await text(open())
    expect(Buffer.byteLength(written)).toBe(bytes)
    expect(notTried).toBeNull()
    const again = join(built, 'again.db')
    rmSync(again, { force: true })
    sql(again, written)
    expect(sumOf(again)).toBe(sumOf(join(folder, 'sub/app.db')))
    await found.remove()
    expect(readdirSync(scratch)).toEqual([])
  })

  test('its tables and rows are told', async () => {
    sql(join(folder, 'app.db'), `CREATE TABLE a(i, t); INSERT INTO a ${rows(500)}; CREATE TABLE b(x);`)
    const found = await taken()
    expect(await found.dump('app.db')).toMatchObject({ tables: 2, rows: 500, notTried: null })
  })

  test('what would not be the same is not given: .dump ends text where a NUL is in it', async () => {
    sql(join(folder, 'app.db'), `CREATE TABLE t(x); INSERT INTO t VALUES (cast(x'610062' AS text));`)
    const found = await taken()
    await expect(found.dump('app.db')).rejects.toMatchObject({
      failure: {
        reason: 'not-possible',
        what: expect.stringContaining('app.db in SQL is not the same') as string,
      },
    })
  })

  test('what only its application can read is given, and said not to have been tried', async () => {
    sql(
      join(folder, 'app.db'),
      `CREATE TABLE c(x TEXT COLLATE nocase); CREATE INDEX cx ON c(x); INSERT INTO c VALUES ('x'), ('y');
      PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, 'nocase', 'strange');`,
    )
    const found = await taken()
    const { open, notTried } = await found.dump('app.db')
    expect(notTried).toMatch(/no such collation/)
    expect(await text(open())).toContain("INSERT INTO c VALUES('y')")
  })

  test('what is given up ends its programs, and leaves nothing', async () => {
    sql(join(folder, 'app.db'), `CREATE TABLE a(i, t); INSERT INTO a ${rows(200_000)};`)
    const found = await taken()
    const dumping = found.dump('app.db').catch((error: unknown) => error)
    await vi.waitFor(() => {
      expect(readdirSync(scratch, { recursive: true }).some(name => String(name).endsWith('.sql'))).toBe(true)
    }, 20_000)
    await found.remove()
    expect(await dumping).toMatchObject({ name: 'AbortError' })
    expect(readdirSync(scratch)).toEqual([])
  })

  test('one that is damaged is not written down', async () => {
    const path = join(folder, 'app.db')
    sql(path, `CREATE TABLE a(i INTEGER PRIMARY KEY, t); INSERT INTO a ${rows(2000)};`)
    writeSync(openSync(path, 'r+'), Buffer.alloc(3000, 0xa5), 0, 3000, 8192)
    const found = await taken()
    await expect(found.dump('app.db')).rejects.toMatchObject({
      failure: { reason: 'not-possible', what: expect.stringContaining('app.db is damaged') as string },
    })
  })

  test.each([
    ['700k', ''],
    ['1400k', ''],
    // Nothing that is read in again would tell.
    [
      '700k',
      `CREATE TABLE c(x TEXT COLLATE nocase UNIQUE); INSERT INTO c VALUES ('x'); PRAGMA writable_schema = ON;
      UPDATE sqlite_master SET sql = replace(sql, 'nocase', 'strange');`,
    ],
  ])('without room for it (%s) that is what is said', async (size, before) => {
    const path = join(folder, 'app.db')
    if (before !== '') sql(path, before)
    sql(path, `CREATE TABLE a(i, t); INSERT INTO a ${rows(5000)};`)
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', scratch])
    onTestFinished(() => void execFileSync('umount', [scratch]))
    const dumping = async (): Promise<unknown> => {
      const found = await taken()
      try {
        return await found.dump('app.db')
      } finally {
        await found.remove()
      }
    }
    await expect(dumping()).rejects.toMatchObject({ failure: { reason: 'no-space' } })
    expect(readdirSync(scratch)).toEqual([])
  })
})
