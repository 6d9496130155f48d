import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { eventually, isV1, runProgram, scenario } from './scenario.ts'
import type { Ended, Scenario } from './scenario.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const single = join(root, `.build/sea/safe-compose-${process.platform}-${process.arch}`)
const compose =
  'services: { cache: { image: "redis:7", command: redis-server --save "", volumes: ["words:/data"] } }\nvolumes: { words: {} }\n'

const ended = ({ code, stdout, stderr }: Ended): string => `${stderr}${stdout}exit ${code}`

beforeAll(async () => {
  const variables = process.env as Record<string, string>
  const built = await runProgram(process.execPath, ['.build/sea.js'], { directory: root, variables })
  if (built.code !== 0) throw new Error(ended(built))
})

/** A machine that has Docker and its Compose, and no Node, no zstd, no age: a folder of links is all of its PATH. */
async function machineOf(project: Scenario): Promise<Readonly<Record<string, string>>> {
  const programs = join(project.directory, '..', 'programs')
  await mkdir(programs)
  for (const name of ['safe-compose', 'safe-docker']) await symlink(single, join(programs, name))
  for (const name of ['docker', 'docker-compose', 'sh', 'env']) {
    const found = (project.variables['PATH'] ?? '')
      .split(delimiter)
      .map(folder => join(folder, name))
      .find(isExecutable)
    if (found !== undefined) await symlink(found, join(programs, name))
  }
  return { ...project.variables, PATH: programs }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

test('the single executable: must pass on, back up, and bring back, where there is no Node', async () => {
  const project = await scenario(compose)
  const variables = await machineOf(project)
  const safe = (...words: readonly string[]): Promise<Ended> =>
    runProgram('safe-compose', words, { directory: project.directory, variables })

  const help = await safe('help')
  expect(help.stdout, ended(help)).toContain('Exit codes')
  const about = JSON.parse((await safe('about', '--json')).stdout) as {
    version: string
    compose: { path: string | null }
    libraries: readonly unknown[]
  }
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
  expect(about.version).toBe(version)
  expect(about.compose.path).not.toBeNull()
  expect(about.libraries.length).toBeGreaterThan(30)

  await project.bare(['up', '-d'])
  await eventually(() => project.inside('cache', 'redis-cli ping'))
  const [ours, bare] = [await safe('ps', '-q'), await project.bare(['ps', '-q'])]
  expect(ours).toEqual(bare)
  const listed = await runProgram('safe-docker', ['ps', '-q'], { directory: project.directory, variables })
  expect(listed.code, ended(listed)).toBe(0)
  expect(listed.stdout).toContain(bare.stdout.slice(0, 12))
  // Files that install places call it as they would call Node.
  for (const name of ['safe-docker', 'safe-compose']) {
    const script = join(project.directory, '../programs', name)
    const asNode = await runProgram(single, ['--', script, 'ps', '-q'], {
      directory: project.directory,
      variables,
    })
    expect(asNode.code, ended(asNode)).toBe(0)
    expect(asNode.stdout).toContain(bare.stdout.slice(0, 12))
  }
  const words = ['ps', '--no-such-flag']
  expect(await safe(...words)).toEqual(await project.bare(words))

  await project.inside('cache', 'echo kept > /data/word')
  const down = await safe('down', '-v')
  expect(down.code, ended(down)).toBe(0)
  expect(down.stderr).toContain('undo with: safe-compose undo ')
  expect(await project.volumes()).toEqual([])
  const undo = await safe('undo')
  expect(undo.code, ended(undo)).toBe(0)
  expect(await eventually(() => project.inside('cache', 'cat /data/word'))).toBe('kept')
})

test('the single executable: must encrypt by its own child', async () => {
  const project = await scenario(compose)
  const machine = await machineOf(project)
  const identity = join(project.directory, 'identity.txt')
  const run = (words: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Ended> =>
    runProgram('safe-compose', words, { directory: project.directory, variables: { ...machine, ...more } })
  const made = await run(['keys', 'generate', identity])
  expect(made.code, ended(made)).toBe(0)
  const recipient = /age1[a-z0-9]+/.exec(made.stdout)?.[0] ?? ''
  await project.bare(['up', '-d'])
  await eventually(() => project.inside('cache', 'echo sealed > /data/word'))
  const keys = { SAFE_COMPOSE_RECIPIENTS: recipient, SAFE_COMPOSE_IDENTITY_FILE: identity }
  const down = await run(['down', '-v'], keys)
  expect(down.code, ended(down)).toBe(0)
  const undo = await run(['undo'], keys)
  expect(undo.code, ended(undo)).toBe(0)
  expect(await eventually(() => project.inside('cache', 'cat /data/word'))).toBe('sealed')
})

test('the single executable: its guardian must start again what was stopped when it is killed', async () => {
  const project = await scenario(compose)
  const variables = await machineOf(project)
  await project.bare(['up', '-d'])
  await eventually(() => project.inside('cache', 'head -c 400000000 /dev/urandom > /data/much && echo done'))
  const child = spawn(single, ['backup', '--stop', '--no-dump'], {
    cwd: project.directory,
    env: variables,
    stdio: 'ignore',
    detached: true,
  })
  const exit = once(child, 'exit')
  const name = project.container('cache')
  await eventually(async () => (await project.containers()).includes(`${name} exited`))
  child.kill('SIGKILL')
  expect(await exit).toEqual([null, 'SIGKILL'])
  await eventually(async () => (await project.containers()).includes(`${name} running`))
})

test.skipIf(isV1)('the container image: must back up the project of the host, into its store', async () => {
  const project = await scenario(compose)
  const folder = join(project.directory, '../image')
  const image = `${project.name}-image`
  const plugin = join(project.variables['DOCKER_CONFIG'] ?? '', 'cli-plugins/docker-compose')
  await mkdir(folder)
  await copyFile(join(root, 'examples/sidecar/Dockerfile.single'), join(folder, 'Dockerfile'))
  await copyFile(single, join(folder, 'safe-compose'))
  await copyFile(plugin, join(folder, 'docker-compose'))
  // In the place of the images that only a registry has: one that holds this Compose, and a base with glibc.
  await writeFile(join(folder, 'Compose'), 'FROM busybox\nCOPY docker-compose /docker-compose\n')
  const docker = async (...words: readonly string[]): Promise<Ended> => {
    const run = await project.docker(words)
    expect(run.code, ended(run)).toBe(0)
    return run
  }
  onTestFinished(async () => void (await project.docker(['image', 'rm', '-f', image, `${image}-compose`])))
  await docker('build', '-q', '-f', join(folder, 'Compose'), '-t', `${image}-compose`, folder)
  const bases = ['--build-arg', 'BASE=redis:7', '--build-arg', `COMPOSE=${image}-compose`]
  await docker('build', '-q', ...bases, '-t', image, folder)

  await project.bare(['up', '-d'])
  await eventually(() => project.inside('cache', 'echo kept > /data/word'))
  await mkdir(project.store)
  const socket = (project.variables['DOCKER_HOST'] ?? '').replace('unix://', '')
  const mounts = [
    `${socket}:/var/run/docker.sock`,
    `${project.directory}:${project.directory}:ro`,
    `${project.store}:/var/lib/safe-compose`,
  ]
  const run = await docker(
    'run',
    '--rm',
    ...mounts.flatMap(mount => ['--volume', mount]),
    '--env',
    'SAFE_COMPOSE_STORE=/var/lib/safe-compose',
    '--workdir',
    project.directory,
    image,
    'backup',
  )
  const backups = JSON.parse((await project.safe(['backups', '--json'])).stdout) as { reason: string }[]
  expect(
    backups.map(({ reason }) => reason),
    ended(run),
  ).toEqual(['manual'])
  await project.inside('cache', 'rm /data/word')
  const back = await project.safe(['restore'])
  expect(back.code, ended(back)).toBe(0)
  expect(await eventually(() => project.inside('cache', 'cat /data/word'))).toBe('kept')
})
