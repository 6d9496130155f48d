import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fakeCompose, quietVariables } from '../fakes/package-of-entry.ts'

const program = fileURLToPath(new URL('../fakes/guarded-run.ts', import.meta.url))
const tsx = import.meta.resolve('tsx')
let folder: string
let temporary: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'safe-compose-inputs-'))
  temporary = mkdtempSync(join(folder, 'tmp-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const file = 'services: { db: { image: "ünï" } }\n'

describe('what can be read but once is given to `config` and to Compose alike', () => {
  test.each([
    ['a pipe as standard input', `printf %s "$FILE" | $RUN -f - up -d`, [file]],
    ['a file as standard input', `$RUN -f - up -d < plain.yaml`, [file]],
    ['process substitution', `$RUN -f <(printf %s "$FILE") up -d`, [file]],
    [
      'two of them, and an env file',
      `$RUN -f <(printf 1) -f <(printf %s "$FILE") --env-file <(printf A=1) up -d`,
      ['1', file, 'A=1'],
    ],
    ['a slow writer', `(sleep 0.5; printf a; sleep 0.5; printf b) | $RUN -f - up -d`, ['ab']],
    ['half a megabyte', `$RUN -f <(head -c 500000 /dev/zero | tr '\\0' x) up -d`, ['x'.repeat(500_000)]],
    ['a file by its descriptor', `$RUN -f /dev/fd/5 up -d 5< plain.yaml`, [file]],
    ['a pipe by its descriptor', `printf %s "$FILE" | $RUN -f /dev/fd/7 up -d 7<&0 0< /dev/null`, [file]],
    ['a fifo', `mkfifo one; (printf %s "$FILE" > one) & $RUN -f one up -d`, [file]],
    [
      'a fifo that holds more than a pipe does',
      `mkfifo big; (head -c 300000 /dev/zero | tr '\\0' y > big) & $RUN -f ./big up -d`,
      ['y'.repeat(300_000)],
    ],
    ['a plain file', `$RUN -f plain.yaml up -d`, [file]],
  ])('%s', async (_, line, files) => {
    writeFileSync(join(folder, 'plain.yaml'), file)
    const { asked, ran } = await runLine(line)
    expect(filesOf(asked.model)).toEqual(files)
    expect(filesOf(asked.whole)).toEqual(files)
    expect(ran.files).toEqual(files)
  })

  test('the words stay as they were typed', async () => {
    const { ran } = await runLine(`$RUN -f <(printf 1) up -d`)
    const words = ran.argv.map(word => Buffer.from(word, 'hex').toString())
    expect(words).toEqual(['-f', expect.stringMatching(/^\/dev\/fd\/\d+$/) as string, 'up', '-d'])
  })

  test('nothing is left behind', () => {
    expect(readdirSync(temporary)).toEqual([])
  })
})

test('standard input is Compose’s alone where no file is read from it', async () => {
  const bytes = randomBytes(10_000_000)
  writeFileSync(join(folder, 'data'), bytes)
  const { lines } = await execute(`cat data | $RUN run -T db cat`, { stdin: true })
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  expect(JSON.parse(lines[1] ?? '')).toEqual({ bytes: bytes.length, sha256 })
})

test('a `config` that fails is an answer with Compose’s own words', async () => {
  const told = { config: { '--format json': { code: 15, stderr: 'yaml: line 1: no\n' } } }
  const { lines } = await execute(`$RUN up -d`, told)
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    model: { ok: false, error: 'yaml: line 1: no', code: 15 },
    whole: { ok: false, error: 'yaml: line 1: no', code: 15 },
    hashes: {},
  })
})

test('the hashes are read line by line', async () => {
  const hash = 'a'.repeat(64)
  const { lines } = await execute(`$RUN up -d`, {
    config: { '--hash=*': { stdout: `db ${hash}\nweb ${hash}\n` } },
  })
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ hashes: { db: hash, web: hash } })
})

// ---- Running -----------------------------------------------------------------------------------------------------

interface Asked {
  readonly model: { readonly raw: string }
  readonly whole: { readonly raw: string }
}

interface Ran {
  readonly argv: readonly string[]
  readonly files: readonly string[]
}

function filesOf(answer: { readonly raw: string }): unknown {
  return (JSON.parse(answer.raw) as Readonly<Record<string, unknown>>)['x-files']
}

async function runLine(line: string): Promise<{ readonly asked: Asked; readonly ran: Ran }> {
  const { lines } = await execute(line)
  return { asked: JSON.parse(lines[0] ?? '') as Asked, ran: JSON.parse(lines[1] ?? '') as Ran }
}

function execute(line: string, told: unknown = {}): Promise<{ readonly lines: readonly string[] }> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', line], {
      cwd: folder,
      env: quietVariables({
        RUN: `${process.execPath} --import ${tsx} -- ${program}`,
        FILE: file,
        FAKE_COMPOSE: JSON.stringify(told),
        SAFE_COMPOSE_DOCKER_COMPOSE: fakeCompose,
        TMPDIR: temporary,
        TSX_DISABLE_CACHE: '1',
        XDG_CACHE_HOME: folder,
      }),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    child.once('error', reject)
    child.once('close', code => {
      if (code === 0) resolve({ lines: stdout.split('\n') })
      else reject(new Error(`code ${code}: ${stderr}\n${stdout}`))
    })
  })
}
