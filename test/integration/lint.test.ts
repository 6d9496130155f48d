import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { expect, onTestFinished, test } from 'vitest'

const executable = fileURLToPath(new URL('../../bin/safe-compose.js', import.meta.url))
const hook = fileURLToPath(new URL('../../examples/pre-commit/pre-commit', import.meta.url))

interface Place {
  readonly directory: string
  readonly write: (path: string, text: string) => Promise<void>
  /** Where neither Docker nor Compose is to be found. */
  readonly run: (
    program: string,
    words: readonly string[],
  ) => Promise<{ code: number | undefined; stdout: string; stderr: string }>
  readonly lint: (...words: readonly string[]) => ReturnType<Place['run']>
}

async function place(): Promise<Place> {
  const home = await mkdtemp(join(tmpdir(), 'safe-compose-lint-'))
  onTestFinished(() => rm(home, { recursive: true, force: true }))
  const directory = join(home, 'shop')
  const programs = join(home, 'programs')
  await mkdir(directory)
  await mkdir(programs)
  for (const name of ['sh', 'git', 'mktemp', 'rm', 'xargs', 'test'])
    for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
      const made = await symlink(join(folder, name), join(programs, name)).then(
        () =>
          readFile(join(programs, name)).then(
            () => true,
            () => false,
          ),
        () => true,
      )
      if (made) break
      await rm(join(programs, name), { force: true })
    }
  const ours = join(programs, 'safe-compose')
  await writeFile(ours, `#!${join(programs, 'sh')}\nexec '${process.execPath}' '${executable}' "$@"\n`)
  await chmod(ours, 0o755)
  const variables = {
    PATH: programs,
    HOME: home,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a@example.org',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a@example.org',
  }
  const run: Place['run'] = async (program, words) => {
    const options = {
      cwd: directory,
      env: variables,
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
    } as const
    const { exitCode, stdout, stderr } = await execa(program, words, options)
    return { code: exitCode, stdout, stderr }
  }
  return {
    directory,
    run,
    lint: (...words) => run(process.execPath, [executable, 'lint', ...words]),
    write: async (path, text) => {
      await mkdir(dirname(join(directory, path)), { recursive: true })
      await writeFile(join(directory, path), text)
    },
  }
}

const good =
  'name: shop\nservices:\n  db:\n    image: postgres:15\n    volumes: [v:/var/lib/postgresql/data]\nvolumes: { v: }\n'
const bad = good.replace('postgres:15', 'postgres')

test('it needs neither Docker nor Compose, and finds the file as Compose does', async () => {
  const { write, lint, run } = await place()
  await write('docker-compose.yml', bad)
  const found = await lint()
  expect(found.code, found.stderr).toBe(1)
  expect(found.stdout).toContain('docker-compose.yml:4:12: warning:')
  await write('compose.yaml', good)
  expect(await lint()).toMatchObject({ code: 0, stdout: 'nothing found in 1 file', stderr: '' })
  const chosen = await run(process.execPath, [
    executable,
    '-f',
    'docker-compose.yml',
    'lint',
    '--format',
    'json',
  ])
  expect(chosen.code).toBe(1)
  expect(JSON.parse(chosen.stdout)).toHaveLength(1)
})

test('a file that is named is read with the base it builds on, and only its own places are told', async () => {
  const { write, lint } = await place()
  await write('compose.yaml', bad.replace('[v:/var/lib/postgresql/data]', '[]'))
  await write(
    'compose.prod.yaml',
    'services:\n  db:\n    volumes: [v:/var/lib/postgresql/data]\n    scale: 2\n',
  )
  const over = await lint('compose.prod.yaml', '--format', 'json')
  expect((JSON.parse(over.stdout) as { rule: string }[]).map(({ rule }) => rule)).toEqual(['two-writers'])
  const all = await lint('compose.yaml', 'compose.prod.yaml')
  expect(all.stdout).toMatch(/found in 2 files$/)
})

test('what cannot be meant is said: 123', async () => {
  const { lint } = await place()
  for (const words of [['--format', 'xml'], ['--what'], ['nothing.yaml']]) {
    const wrong = await lint(...words)
    expect(wrong.code, wrong.stderr).toBe(123)
    expect(wrong.stderr).toContain('safe-compose lint')
  }
})

test('the example of a hook keeps a commit back, by what is staged', async () => {
  const { directory, run, write } = await place()
  await run('git', ['init', '-q'])
  await writeFile(join(directory, '.git/hooks/pre-commit'), await readFile(hook), { mode: 0o755 })
  await write('README', 'nothing of Compose\n')
  await run('git', ['add', '.'])
  const plain = await run('git', ['commit', '-qm', 'plain'])
  expect(plain.code, plain.stderr).toBe(0)

  await write('deploy/compose.yaml', bad)
  await run('git', ['add', '.'])
  await write('deploy/compose.yaml', good)
  const kept = await run('git', ['commit', '-qm', 'bad'])
  expect(kept.code, kept.stderr).not.toBe(0)
  expect(`${kept.stdout}${kept.stderr}`).toContain('deploy/compose.yaml:4:12')

  await run('git', ['add', '.'])
  const through = await run('git', ['commit', '-qm', 'good'])
  expect(through.code, `${through.stdout}${through.stderr}`).toBe(0)
})
