import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { agentSignals } from '../../src/core/agents.ts'
import type { TestEngine } from '../engine/index.ts'
import { time, type Command, type Measured } from './measure.ts'

/** A Compose project on the private engine to measure with, in a folder of its own. */
export interface BenchProject {
  readonly name: string
  readonly directory: string
  /** A folder beside it for whatever a measurement writes; on the same disk as the store. */
  readonly scratch: string
  readonly safe: (words: readonly string[], variables?: Readonly<Record<string, string>>) => Command
  readonly bare: (words: readonly string[]) => Command
  readonly docker: (words: readonly string[]) => Command
  /** Runs to its end; throws when it fails. */
  readonly run: (command: Command) => Promise<Measured>
  /** Removes containers, volumes, network and folder. */
  readonly remove: () => Promise<void>
}

const executable = fileURLToPath(new URL('../../bin/safe-compose.js', import.meta.url))

/** Writes the Compose file; starts nothing. */
export async function benchProject(engine: TestEngine, compose: string): Promise<BenchProject> {
  const home = await mkdtemp(join(tmpdir(), 'safe-compose-bench-'))
  const name = `scbench${randomBytes(4).toString('hex')}`
  const directory = join(home, name)
  const scratch = join(home, 'scratch')
  await mkdir(directory)
  await mkdir(scratch)
  await writeFile(join(directory, 'compose.yaml'), compose)

  const agents = new Set(agentSignals.map(signal => signal.variable))
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !agents.has(entry[0]) && !/^(SAFE_COMPOSE|COMPOSE_|NODE_)/.test(entry[0]),
  )
  const base = {
    ...Object.fromEntries(kept),
    ...engine.env,
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_STATE_HOME: join(home, 'state'),
    XDG_CACHE_HOME: join(home, 'cache'),
    SAFE_COMPOSE_STORE: join(home, 'store'),
  }
  const command = (program: string, words: readonly string[], variables = {}): Command => ({
    program,
    words,
    variables: { ...base, ...variables },
    directory,
  })
  const [program = 'docker', ...prefix] = engine.compose.command
  const docker = (words: readonly string[]): Command => command('docker', words)
  return {
    name,
    directory,
    scratch,
    safe: (words, variables) => command(process.execPath, [executable, ...words], variables),
    bare: words => command(program, [...prefix, ...words]),
    docker,
    run: time,
    remove: async () => {
      const label = ['--filter', `label=com.docker.compose.project=${name}`]
      await removeAll(docker, ['ps', '-aq', ...label], ['rm', '-fv'])
      await removeAll(docker, ['volume', 'ls', '-q', '--filter', `name=${name}`], ['volume', 'rm'])
      await removeAll(docker, ['network', 'ls', '-q', ...label], ['network', 'rm'])
      await rm(home, { recursive: true, force: true })
    },
  }
}

async function removeAll(
  docker: BenchProject['docker'],
  list: readonly string[],
  removal: readonly string[],
): Promise<void> {
  const { stdout } = await time(docker(list))
  const ids = stdout.split('\n').filter(Boolean)
  if (ids.length > 0) await time(docker([...removal, ...ids]))
}
