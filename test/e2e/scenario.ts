import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { inject, onTestFinished } from 'vitest'
import { composeIsAtLeast } from '../../src/core/compose-version.ts'
import { engineApi } from './engine-api.ts'

/** How a program ended, and what it printed. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  /** Bytes for its standard input; nothing (end of file at once) when absent. */
  readonly input?: string
  readonly variables?: Readonly<Record<string, string>>
  readonly directory?: string
}

/** A Compose project of its own on the private engine, in a folder of its own; everything of it goes with the test. */
export interface Scenario {
  readonly name: string
  readonly directory: string
  /** Where its restore points go. */
  readonly store: string
  readonly variables: Readonly<Record<string, string>>
  /** Compose as it is, without us. */
  readonly bare: (words: readonly string[], options?: RunOptions) => Promise<Ended>
  /** The same words through us. No terminal: a script. */
  readonly safe: (words: readonly string[], options?: RunOptions) => Promise<Ended>
  readonly docker: (words: readonly string[], options?: RunOptions) => Promise<Ended>
  /** Names of the volumes whose name begins with the project's, and of anonymous ones of its containers. */
  readonly volumes: () => Promise<readonly string[]>
  /** What this Compose calls the first container of a service. */
  readonly container: (service: string) => string
  /** `name state` of its containers, sorted. */
  readonly containers: () => Promise<readonly string[]>
  /** Runs a shell line in the service's running container. Throws when it fails. */
  readonly inside: (service: string, line: string) => Promise<string>
  readonly write: (path: string, content: string) => Promise<void>
}

export const executable = fileURLToPath(new URL('../../bin/safe-compose.js', import.meta.url))

/** Whether the Compose at hand is version 1, which has other words and other names. */
export const isV1 = inject('engine').compose.version.startsWith('1.')

/** Whether the Compose at hand has what came with a version of it; `v2` stands for whatever version 1 has not. */
export function composeHas(since: string | undefined): boolean {
  if (since === undefined) return true
  const { version } = inject('engine').compose
  return !isV1 && (since === 'v2' || composeIsAtLeast({ compose: { version, form: 'plugin' } }, since))
}

/** Variables of coding agents and CI systems, which must not decide what a test sees. */
const decidesAudience =
  /^(CI$|CLAUDE|AI_AGENT|AGENT$|CURSOR_|GEMINI_CLI|CODEX_|OPENCODE|GOOSE_|COPILOT_|CLINE_|ROO_|GITHUB_|GITLAB_|NODE_OPTIONS$|SAFE_COMPOSE|COMPOSE_|NODE_EXTRA_CA_CERTS$)/

/** The environment of a child: this machine's, less what decides the audience, with the private engine over it. */
export function childVariables(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const own = Object.entries(process.env).filter(([name]) => !decidesAudience.test(name))
  return { ...(Object.fromEntries(own) as Record<string, string>), ...inject('engine').env, ...more }
}

/** A project from a Compose file's text. `files` are written beside it. */
export async function scenario(
  compose: string,
  options: {
    readonly files?: Readonly<Record<string, string>>
    readonly name?: string
  } = {},
): Promise<Scenario> {
  const name = options.name ?? `sct${randomBytes(4).toString('hex')}`
  const home = await mkdtemp(join(tmpdir(), 'safe-compose-e2e-'))
  const directory = join(home, name)
  const store = join(home, 'store')
  await mkdir(directory)
  const variables = childVariables({
    XDG_STATE_HOME: join(home, 'state'),
    XDG_CACHE_HOME: join(home, 'cache'),
    XDG_CONFIG_HOME: join(home, 'config'),
    SAFE_COMPOSE_STORE: store,
  })
  const engine = inject('engine')
  const [program = 'docker', ...prefix] = engine.compose.command
  const docker = (words: readonly string[], run: RunOptions = {}): Promise<Ended> =>
    // Not in the project's directory, which a test may move.
    runProgram('docker', words, { directory: home, ...run, variables: { ...variables, ...run.variables } })
  const api = engineApi()
  const self: Scenario = {
    name,
    directory,
    store,
    variables,
    bare: (words, run = {}) =>
      runProgram(program, [...prefix, ...words], {
        directory,
        ...run,
        variables: { ...variables, ...run.variables },
      }),
    safe: (words, run = {}) =>
      runProgram(process.execPath, [executable, ...words], {
        directory,
        ...run,
        variables: { ...variables, ...run.variables },
      }),
    docker,
    volumes: () => api.volumes(name),
    container: service => [name, service, '1'].join(isV1 ? '_' : '-'),
    containers: () => api.containers(name),
    inside: (service, line) => api.inside(name, service, line),
    write: async (path, content) => {
      await mkdir(dirname(join(directory, path)), { recursive: true })
      await writeFile(join(directory, path), content)
    },
  }
  await self.write('compose.yaml', compose)
  for (const [path, content] of Object.entries(options.files ?? {})) await self.write(path, content)
  onTestFinished(async () => {
    await api.clear(name)
    await rm(home, { recursive: true, force: true })
  })
  return self
}

/** Runs a program to its end. */
export async function runProgram(
  program: string,
  words: readonly string[],
  options: {
    readonly directory: string
    readonly variables: Readonly<Record<string, string>>
    readonly input?: string
  },
): Promise<Ended> {
  const { directory, variables, input } = options
  const result = await execa(program, words, {
    cwd: directory,
    env: variables,
    extendEnv: false,
    reject: false,
    stripFinalNewline: false,
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
  })
  const { exitCode, signal, stdout, stderr } = result
  if (exitCode === undefined && signal === undefined) throw result
  return { code: exitCode ?? null, signal: signal ?? null, stdout, stderr }
}

/**
 * Waits until a check holds; fails with what it last threw or saw.
 *
 * @param every milliseconds between two checks: most of them start a program
 */
export async function eventually<T>(check: () => Promise<T | false>, seconds = 60, every = 250): Promise<T> {
  const deadline = Date.now() + seconds * 1000
  let last: unknown = 'it never held'
  while (Date.now() < deadline) {
    try {
      const found = await check()
      if (found !== false) return found
    } catch (error) {
      last = error
    }
    await new Promise(resolve => setTimeout(resolve, every))
  }
  throw last instanceof Error ? last : new Error(`not within ${seconds} s: ${String(last)}`)
}

export function lines(text: string): readonly string[] {
  return text
    .split('\n')
    .filter(line => line !== '')
    .toSorted()
}
