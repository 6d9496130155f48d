import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { expect, onTestFinished, test } from 'vitest'

const executable = fileURLToPath(new URL('../../bin/safe-compose.js', import.meta.url))

async function place(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'safe-compose-hook-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

interface HookWords {
  readonly words?: readonly string[]
  readonly directory?: string
  readonly program?: string
}

/** Where neither Docker nor Compose is to be found. */
async function hook(
  input: unknown,
  { words = [], directory = tmpdir(), program = executable }: HookWords = {},
): Promise<{ code: number | undefined; stdout: string; stderr: string }> {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [program, 'hook', ...words], {
    cwd: directory,
    env: { PATH: '/bin', HOME: directory },
    extendEnv: false,
    input: typeof input === 'string' ? input : JSON.stringify(input),
    reject: false,
  })
  return { code: exitCode, stdout, stderr }
}

function bash(command: string, cwd: string): unknown {
  return { hook_event_name: 'PreToolUse', tool_name: 'Bash', tool_input: { command }, cwd }
}

test('a line that destroys is refused with the reason and the way out', async () => {
  const directory = await place()
  await writeFile(join(directory, 'a.yml'), 'services: {}\nvolumes:\n  pgdata:\n')
  const line = 'docker compose ps && sudo docker compose -f a.yml down -v'
  const { code, stdout, stderr } = await hook(bash(line, directory))
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const { permissionDecision, permissionDecisionReason } = (
    JSON.parse(stdout) as { hookSpecificOutput: Record<string, string> }
  ).hookSpecificOutput
  expect(permissionDecision).toBe('deny')
  expect(permissionDecisionReason).toBe(
    [
      'safe-compose: not run: `docker compose -f a.yml down -v` would delete the named volumes of the project, including the data.',
      'Nothing was changed. A person has to decide this.',
      'Keeping the data:  docker compose -f a.yml down',
      'If the goal is a clean database for a test, use a project of its own, which deletes nothing:',
      '    docker compose -f a.yml -p scratch-b299 up -d        … and later: docker compose -f a.yml -p scratch-b299 down -v',
      'If a person wants exactly this:  safe-compose -f a.yml down -v',
      '    says what would be lost, backs it up, and has a code with which the person lets it through once.',
    ].join('\n'),
  )
})

test('nothing of the application is loaded for it', async () => {
  const directory = await place()
  const own = dirname(dirname(executable))
  for (const part of ['bin', 'dist', 'package.json'])
    await cp(join(own, part), join(directory, part), { recursive: true })
  await rm(join(directory, 'dist/app.cjs'))
  const program = join(directory, 'bin/safe-compose.js')
  const { code, stdout } = await hook(bash('docker compose down -v', directory), { directory, program })
  expect(code).toBe(0)
  expect(stdout).toContain('"deny"')
})

test('where another project would share the data, it is not recommended', async () => {
  const directory = await place()
  await writeFile(join(directory, 'compose.yaml'), 'volumes:\n  pgdata:\n    name: shop_pgdata\n')
  const { stdout } = await hook(bash('docker compose down -v', directory))
  expect(stdout).toContain('it needs a Compose file of its own')
  expect(stdout).not.toContain('scratch-')
})

test('a harmless line and a tool that runs nothing are let through without a word', async () => {
  const nothing = { code: 0, stdout: '', stderr: '' }
  expect(await hook(bash('docker compose up -d', '/srv'))).toEqual(nothing)
  const edit = { hook_event_name: 'PreToolUse', tool_name: 'Write', tool_input: { content: 'x' } }
  expect(await hook(edit)).toEqual(nothing)
})

test('what cannot be judged ends with 2 and says why', async () => {
  for (const [input, why] of [
    ['', 'it is no JSON'],
    ['{"a":', 'it is no JSON'],
    ['{}', 'not one that a known agent writes'],
    ['[]', 'not one that a known agent writes'],
  ] as const) {
    const { code, stderr } = await hook(input)
    expect(code).toBe(2)
    expect(stderr).toContain(why)
  }
  const unknown = await hook({}, { words: ['--agent', 'clod'] })
  expect(unknown.code).toBe(2)
  expect(unknown.stderr).toContain('`hook --agent clod` must be `hook --agent claude|codex|')
})

test('a project made to be thrown away may go, unless its file names its volumes itself', async () => {
  const directory = await place()
  const down = bash('docker compose -p scratch-7f3a down -v', directory)
  await writeFile(join(directory, 'compose.yaml'), 'services: {}\nvolumes:\n  pgdata:\n')
  expect((await hook(down)).stdout).toBe('')
  await writeFile(
    join(directory, 'compose.yaml'),
    'services: {}\nvolumes:\n  pgdata:\n    name: shop_pgdata\n',
  )
  expect((await hook(down)).stdout).toContain('"deny"')
  await writeFile(join(directory, 'compose.yaml'), 'include: [other.yaml]\n')
  expect((await hook(down)).stdout).toContain('"deny"')
})
