import { spawn as spawnProcess } from 'node:child_process'
import { spawn } from '@lydell/node-pty'
import { beforeEach, describe, expect, inject, test } from 'vitest'
import { executable, isV1, runProgram, scenario } from './scenario.ts'
import type { Ended, RunOptions, Scenario } from './scenario.ts'

/**
 * Bare Compose and safe-compose, side by side on a live project: the same bytes on both streams and the same exit
 * code, whatever is asked. The project keeps no data, so that the guard has nothing to say.
 */
const { compose: own } = inject('engine')

/** Milliseconds: 1.29 takes a second for each command. */
const slowly = isV1 ? 900_000 : 600_000

const services = `
services:
  web:
    image: busybox
    init: true
    command: ['sh', '-c', 'echo hello; exec sleep 600']
    stop_grace_period: 0s
  once:
    image: busybox
    network_mode: none
    command: ['sh', '-c', 'echo once >&2; exit 3']
`
const file = isV1 ? `version: '3.7'\n${services}` : services

let project: Scenario

beforeEach(async () => {
  project = await scenario(file)
  await bare(['up', '-d'])
})

describe('commands that change nothing', () => {
  test(
    'piped, succeeding and failing',
    async () => {
      for (const words of isV1 ? everywhere : [...everywhere, ...sinceV2]) await compare(words)
    },
    slowly,
  )

  test('with words on standard input', async () => {
    await compare(['exec', '-T', 'web', 'cat'], { input: 'one\ntwo\n' })
    await compare(['exec', '-T', 'web', 'wc', '-c'], { input: 'x'.repeat(300_000) })
    await compare(['-f', '-', '-p', project.name, 'config'], { input: file })
  })

  test('steered by the environment', async () => {
    await compare(['ps', '-q'], { variables: { COMPOSE_PROJECT_NAME: 'nobody' } })
    await compare(['config', '--services'], { variables: { COMPOSE_FILE: 'missing.yaml' } })
    if (isV1) return
    await compare(['ps'], { variables: { DOCKER_HOST: 'unix:///nowhere.sock' } })
    await compare(['ps'], { variables: { DOCKER_CONTEXT: 'nowhere' } })
    await compare(['ps'], { variables: { COMPOSE_ANSI: 'always', COMPOSE_PROFILES: 'x' } })
    await compare(['config', '--environment'])
  })

  test('in a directory without a project', async () => {
    for (const words of [['ps', '-a'], ['config'], ['logs'], ['exec', 'web', 'true']]) {
      await compare(words, { directory: '/' })
    }
  })

  test('on a terminal', async () => {
    for (const words of isV1 ? onTerminal.slice(0, 5) : onTerminal) {
      const [expected, seen] = [
        await onTerminalOf(bareCommand, words),
        await onTerminalOf([executable], words),
      ]
      expect({ words, ...seen }).toEqual({ words, ...expected })
    }
  })

  test('a shell in a container, typed into', async () => {
    const typed = ['stty size\r', 'echo a$((1+1))b\r', '\x03', 'exit 7\r']
    const seen = await onTerminalOf([executable], ['exec', 'web', 'sh'], typed)
    expect(seen).toEqual(await onTerminalOf(bareCommand, ['exec', 'web', 'sh'], typed))
    expect(seen.code).toBe(7)
    expect(seen.output).toContain('20 100')
    expect(seen.output).toContain('a2b')
  })

  test('ended by a signal', async () => {
    const endless = [['logs', '-f', 'web'], ...(isV1 ? [] : [['events']])]
    for (const words of endless) {
      const after = words[0] === 'logs' ? 'hello' : null
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
        const [expected, seen] = [
          await signalled(bareCommand, words, signal, after),
          await signalled([executable], words, signal, after),
        ]
        // Where the docker CLI dies of it, its plugin still says something.
        const stderr = signal === 'SIGHUP' ? '' : expected.stderr
        expect({ words, sent: signal, ...seen }).toEqual({ words, sent: signal, ...expected, stderr })
      }
    }
  })
})

describe('commands that change the project', () => {
  test(
    'piped, a whole session, succeeding and failing',
    async () => {
      const steps = isV1 ? session.filter(words => !unknownToV1.includes(words[0] ?? '')) : session
      const ends: (Ended & { readonly words: readonly string[] })[][] = []
      for (const run of [bare, safe]) {
        await bare(['down', '--remove-orphans'])
        const seen = []
        for (const words of steps) seen.push({ words, ...steady(await run(words)) })
        ends.push(seen)
      }
      expect(ends[1]).toEqual(ends[0])
    },
    slowly,
  )

  test('an attached `up` ends by a signal as without us', async () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const ends = []
      for (const command of [bareCommand, [executable]]) {
        await bare(['down'])
        ends.push(await signalled(command, ['up', 'web'], signal, 'hello'))
        const { stdout } = await bare(isV1 ? ['top'] : ['ps', '-q'])
        expect(stdout).toBe('')
      }
      expect(ends[1]?.code).toBe(ends[0]?.code)
    }
  })
})

/** What every Compose knows, 1.29 included. */
const everywhere: readonly (readonly string[])[] = [
  [],
  ['--help'],
  ['version'],
  ['version', '--short'],
  ['--version'],
  ['ps'],
  ['ps', '-a'],
  ['ps', '-q'],
  ['ps', '--services'],
  ['ps', 'nosuch'],
  ['images'],
  ['images', '-q'],
  ['top'],
  ['top', 'nosuch'],
  ['port', 'web', '80'],
  ['port', 'web'],
  ['logs', '--no-color', 'web'],
  ['logs', '--tail', '1', 'once'],
  ['logs', 'nosuch'],
  ['config'],
  ['config', '--services'],
  ['config', '-q'],
  ['config', '--hash', 'web'],
  ['-f', 'missing.yaml', 'config'],
  ['--project-directory', '/tmp', '-f', 'compose.yaml', 'config', '--services'],
  ['-p', 'UPPER', 'config', '-q'],
  ['exec', '-T', 'web', 'echo', 'hi'],
  ['exec', '-T', '-e', 'A=b c', 'web', 'sh', '-c', 'echo "$A" "$@"', '--', '', 'x\ny', '--safe'],
  ['exec', '-T', 'web', 'sh', '-c', 'echo out; echo err >&2; exit 42'],
  ['exec', '-T', 'web', 'sh', '-c', 'kill -9 $$'],
  ['exec', '-T', 'web', 'no-such-program'],
  ['exec', '-T', 'nosuch', 'true'],
  ['exec', '-T', 'once', 'true'],
  ['exec', 'web'],
  ['build'],
  ['pull', 'nosuch'],
  ['push', 'nosuch'],
  ['ps', '--zzz'],
  ['--zzz', 'ps'],
]

const sinceV2: readonly (readonly string[])[] = [
  ['-h'],
  ['--verbose', 'ps'],
  ['--ansi', 'never', 'ps'],
  ['--progress', 'json', 'ps'],
  ['--compatibility', 'config', '--services'],
  ['--profile', 'nosuch', 'config', '--services'],
  ['--parallel', 'many', 'ps'],
  ['-p'],
  ['ps', '--format', 'json'],
  ['ps', '--format', '{{.Name}} {{.State}}'],
  ['ps', '--format', '{{.Nosuch}}'],
  ['ps', '--status', 'exited'],
  ['ls', '--filter', 'name=nosuch'],
  ['version', '-f', 'json'],
  ['config', '--format', 'json'],
  ['config', '--volumes'],
  ['config', '--no-interpolate', '--no-path-resolution'],
  ['config', 'nosuch'],
  ['config', '-o', '/nowhere/file'],
  ['convert'],
  ['stats', '--no-stream', '--format', '{{.Name}}', 'web'],
  ['cp', 'web:/etc/passwd', '-'],
  ['cp', 'web:/etc/nosuch', '.'],
  ['cp', 'nosuch:/x', '.'],
  ['wait', 'nosuch'],
  ['wait', 'once'],
  ['attach', 'nosuch'],
  ['volumes'],
  ['export', '-o', '/nowhere/x.tar', 'web'],
  ['commit', 'nosuch', 'x'],
  ['publish'],
  ['alpha', 'viz'],
  ['alpha'],
  ['bridge'],
  ['bridge', 'transformations', 'nosuch'],
  ...(
    'alpha attach bridge build commit config cp create down events exec export images kill logs ls pause port ' +
    'ps publish pull push restart rm run scale start stats stop top unpause up version volumes wait watch'
  )
    .split(' ')
    .map(command => [command, '--help']),
]

const onTerminal: readonly (readonly string[])[] = [
  ['ps'],
  ['version'],
  ['logs', '--tail', '2', 'once'],
  ['exec', 'web', 'sh', '-c', 'exit 5'],
  ['exec', 'nosuch', 'true'],
  ['ps', '-a'],
  ['images'],
  ['config'],
  ['top'],
  ['up', '--help'],
  ['--ansi', 'never', 'ps'],
  ['frobnicate'],
]

/** Each step finds the project as the one before has left it. */
const session: readonly (readonly string[])[] = [
  ['start', 'web'],
  ['up', '-d', 'web'],
  ['up', '-d'],
  ['up', '-d'],
  ['up', '-d', '--force-recreate', 'web'],
  ['up', '-d', 'nosuch'],
  ['up', '--timeout', 'abc'],
  ['up', '--no-color', 'once'],
  ['up', '--exit-code-from', 'once', 'once'],
  ['pause', 'web'],
  ['pause', 'web'],
  ['unpause'],
  ['pause', 'nosuch'],
  ['run', '--rm', '-T', 'web', 'echo', 'hi'],
  ['run', '--rm', '-T', 'web', 'sh', '-c', 'exit 9'],
  ['run', '--rm', '-T', 'nosuch'],
  ['restart', 'web'],
  ['kill', '-s', 'NOSUCH', 'web'],
  ['kill', 'web'],
  ['start', 'web'],
  ['stop', 'nosuch'],
  ['scale', 'web=2'],
  ['scale', 'web=x'],
  ['scale', 'web=1'],
  ['watch', '--no-up'],
  ['--dry-run', 'down'],
  ['down', '--rmi', 'nosuch'],
  ['-f', 'missing.yaml', 'down'],
  ['stop', 'web'],
  ['rm', 'web'],
  ['rm', '-f', 'web'],
  ['rm', '-f', 'web'],
  ['create', 'web'],
  ['start', 'web'],
  ['rm', '-fsv', 'web'],
  ['wait', '--down-project', 'once'],
  ['up', '-d', 'web'],
  ['down', '-v', '--remove-orphans', '-t', '0'],
  ['down'],
]

const unknownToV1: readonly string[] = ['create', 'scale', 'watch', '--dry-run', 'wait']

// ---- Running -----------------------------------------------------------------------------------------------------

const bareCommand = own.command

function bare(words: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return execute(bareCommand, words, options)
}

/** The file itself, as a shell starts it. */
function safe(words: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return execute([executable], words, options)
}

function execute(command: readonly string[], words: readonly string[], options: RunOptions): Promise<Ended> {
  const [program = '', ...prefix] = command
  const variables = { ...project.variables, ...options.variables }
  return runProgram(program, [...prefix, ...words], { directory: project.directory, ...options, variables })
}

async function compare(words: readonly string[], options: RunOptions = {}): Promise<void> {
  const [expected, seen] = [await bare(words, options), await safe(words, options)]
  expect({ words, ...steady(seen) }).toEqual({ words, ...steady(expected) })
}

/** Less what differs from one run of the same Compose to the next: times, and the order of lines. */
function steady<T extends Ended>(end: T): T {
  return { ...end, stdout: sorted(withoutTimes(end.stdout)), stderr: sorted(withoutTimes(end.stderr)) }
}

function withoutTimes(text: string): string {
  return text
    .replaceAll(/(About an? |Less than a )?\d* ?(second|minute|hour)s?( ago)?/g, 'TIME')
    .replaceAll(/\d{4}-\d\d-\d\d[T ][\d:.]+(Z| ?[+-]\d{4} UTC)?/g, 'TIME')
    .replaceAll(/\b\d+(\.\d+)?s\b/g, 'TIME')
    .replaceAll(/[0-9a-f]{64}/g, 'ID')
    .replaceAll(/\b[0-9a-f]{12}_/g, 'ID_')
    .replaceAll(/-run-[0-9a-f]{12}/g, '-run-ID')
    .replaceAll(/_run_[0-9a-f]{12}/g, '_run_ID')
    .replaceAll(/docker_cli_[0-9a-f]+/g, 'docker_cli_ID')
    .replaceAll(/\d\d:\d\d(:\d\d)?/g, 'TIME')
    .replaceAll(/"Labels":"([^"]*)"/g, (_, labels: string) => labels.split(',').toSorted().join(','))
    .replaceAll(/ {2,}/g, '  ')
}

/** By line, and by element where a line is a JSON list, whose order is as random. */
function sorted(text: string): string {
  return text.split('\n').map(sortedList).toSorted().join('\n')
}

function sortedList(line: string): string {
  if (!line.startsWith('[{')) return line
  const elements = JSON.parse(line) as readonly object[]
  return elements
    .map(element => JSON.stringify(element))
    .toSorted()
    .join()
}

interface Shown {
  readonly output: string
  readonly code: number
}

/** On a terminal of 100 by 20; each text is typed after a prompt has had the time to appear. */
function onTerminalOf(
  command: readonly string[],
  words: readonly string[],
  typed: readonly string[] = [],
): Promise<Shown> {
  const [program = '', ...prefix] = command
  return new Promise(resolve => {
    const pty = spawn(program, [...prefix, ...words], {
      cols: 100,
      rows: 20,
      cwd: project.directory,
      env: { ...project.variables },
    })
    let output = ''
    pty.onData(data => {
      output += data
    })
    pty.onExit(({ exitCode }) => resolve({ output: withoutTimes(output), code: exitCode }))
    typed.forEach((text, index) => setTimeout(() => pty.write(text), 1500 + index * 500))
  })
}

/** Sends a signal to the process alone, as soon as it has shown a text or has had the time to begin. */
function signalled(
  command: readonly string[],
  words: readonly string[],
  signal: NodeJS.Signals,
  after: string | null,
): Promise<Ended> {
  const [program = '', ...prefix] = command
  return new Promise((resolve, reject) => {
    const child = spawnProcess(program, [...prefix, ...words], {
      cwd: project.directory,
      env: { ...project.variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    const send = (): void => void child.kill(signal)
    let isSent = false
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString()
      if (isSent || after === null || !stdout.includes(after)) return
      isSent = true
      setTimeout(send, 700)
    })
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    // Nothing tells that it listens: on a busy machine a signal in the middle of its start is lost on the docker CLI.
    if (after === null) setTimeout(send, 2500)
    child.once('error', reject)
    child.once('close', (code, died) =>
      resolve(steady({ code, signal: died, stdout: sorted(stdout), stderr })),
    )
  })
}
