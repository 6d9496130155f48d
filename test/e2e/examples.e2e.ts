import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, symlink } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { childVariables, eventually, executable, lines, runProgram, scenario } from './scenario.ts'
import type { Ended, Scenario } from './scenario.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const example = (path: string): string => join(root, 'examples', path)

/** Runs a script of an example as somebody would who has `safe-compose` on the PATH (there it is a link). */
async function runScript(project: Scenario, script: string, words: readonly string[] = []): Promise<Ended> {
  const programs = join(project.directory, '..', 'programs')
  await mkdir(programs, { recursive: true })
  await symlink(executable, join(programs, 'safe-compose')).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  const path = [programs, dirname(process.execPath), project.variables['PATH'] ?? ''].join(delimiter)
  return runProgram('sh', [script, ...words], {
    directory: project.directory,
    variables: { ...project.variables, PATH: path },
  })
}

const ended = ({ code, stdout, stderr }: Ended): string => `${stderr}${stdout}exit ${code}`

test('demo: must show rows deleted and brought back, and leave nothing behind', async () => {
  const tsx = join(root, 'node_modules/tsx/dist/cli.mjs')
  const run = await runProgram(process.execPath, [tsx, example('demo/run.ts')], {
    directory: root,
    variables: childVariables(),
  })
  const said = ended(run)
  expect(run.code, said).toBe(0)
  const name = /safe-compose-demo-[0-9a-f]{6}/.exec(run.stdout)?.[0]
  expect(name, said).toBeDefined()
  expect(run.stdout).toContain(`$ safe-compose -p ${name} -f examples/demo/compose.yaml down -v`)
  expect(run.stdout).toContain('before down -v   250000 orders worth 12375000, basket: three apples')
  expect(run.stdout).toContain('after  down -v   0 volumes')
  expect(run.stdout).toContain('after  undo      250000 orders worth 12375000, basket: three apples')

  for (const words of [
    ['ps', '-aq', '--filter', `label=com.docker.compose.project=${name}`],
    ['volume', 'ls', '-q', '--filter', `name=${name}`],
    ['network', 'ls', '-q', '--filter', `name=${name}`],
  ]) {
    const left = await runProgram('docker', words, { directory: root, variables: childVariables() })
    expect(lines(left.stdout), words.join(' ')).toEqual([])
  }
})

test('alias: docker-compose must be safe-compose', async () => {
  const project = await scenario(await readFile(example('ci/compose.yaml'), 'utf8'))
  await project.write(
    'session.sh',
    `. '${example('alias/safe-compose.sh')}'\ndocker-compose config --services\ndocker-compose backups --json\n`,
  )
  const session = await runScript(project, 'session.sh')
  expect(session.code, ended(session)).toBe(0)
  expect(session.stdout).toBe('db\n[]\n')
})

test('sidecar: its command must back up what is due, be healthy, and end with the first signal', async () => {
  interface Sidecar {
    readonly command: readonly string[]
    readonly environment: Readonly<Record<string, string>>
    readonly healthcheck: { readonly test: readonly string[] }
  }
  const file = parse(await readFile(example('sidecar/compose.yaml'), 'utf8')) as {
    readonly services: { readonly backup: Sidecar }
  }
  const { command, environment, healthcheck } = file.services.backup
  const project = await scenario(
    'services: { cache: { image: "redis:7", volumes: ["words:/data"] } }\nvolumes: { words: {} }\n',
  )
  const config = await project.bare(['-f', example('sidecar/compose.yaml'), 'config', '-q'], {
    variables: { PROJECT: project.directory },
  })
  expect(config.code, ended(config)).toBe(0)
  await project.bare(['up', '-d'])
  await eventually(() => project.inside('cache', 'redis-cli set word kept && redis-cli save'))
  expect(environment['SAFE_COMPOSE_STORE']).toBe('/var/lib/safe-compose')

  // The state and the store of the test stand for the directories of the host.
  const served = spawn(process.execPath, [executable, ...command], {
    cwd: project.directory,
    env: { ...project.variables, TZ: 'Europe/Berlin' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [served.stdout, served.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  const exit = once(served, 'exit')
  await eventually(async () => /next run: .*/.test(said) && said)
  expect(said).toContain('is backed up every 6h (Europe/Berlin)')
  const [program, ...words] = healthcheck.test.slice(1)
  expect(program).toBe('safe-compose')
  const healthy = await project.safe(words)
  expect(healthy.code, ended(healthy)).toBe(0)
  expect(healthy.stdout).toContain('by schedule serve')
  served.kill('SIGTERM')
  expect(await exit, said).toEqual([0, null])
  const backups = JSON.parse((await project.safe(['backups', '--json'])).stdout) as { reason: string }[]
  expect(backups.map(({ reason }) => reason)).toEqual(['schedule'])
})

test('README: the commands for a restore by hand must bring the rows back', async () => {
  const project = await scenario(await readFile(example('ci/compose.yaml'), 'utf8'))
  const psql = (sql: string): Promise<string> => project.inside('db', `psql -U postgres -tAc "${sql}"`)
  const ready = (): Promise<string> =>
    eventually(() => project.inside('db', 'pg_isready -h 127.0.0.1 -U postgres'))
  await project.bare(['up', '-d'])
  await ready()
  await psql('create table kept as select generate_series(1, 1000) as n')
  const saved = await project.safe(['backup'])
  expect(saved.code, ended(saved)).toBe(0)
  const [point] = JSON.parse((await project.safe(['backups', '--json'])).stdout) as { path: string }[]
  await project.bare(['down', '-v'])

  const readme = await readFile(join(root, 'README.md'), 'utf8')
  const byHand = /^### Without safe-compose$[\s\S]*?\n\n((?: {4}.*\n)+)/m.exec(readme)?.[1] ?? ''
  expect(byHand).toContain('docker volume create shop_pgdata')
  const run = await runProgram('sh', ['-ec', byHand.replaceAll('shop_pgdata', `${project.name}_data`)], {
    directory: point?.path ?? '',
    variables: project.variables,
  })
  expect(run.code, ended(run)).toBe(0)
  await project.bare(['up', '-d'])
  await ready()
  expect(await psql('select count(*) from kept')).toBe('1000')
})
