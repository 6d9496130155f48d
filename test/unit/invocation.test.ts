import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { commands } from '../../src/core/grammar/commands.ts'
import { commandsV1, effects } from '../../src/core/grammar/root.ts'
import { commandGrammarsV1 } from '../../src/core/grammar/v1-commands.ts'
import {
  dockerText,
  effectOf,
  flagList,
  flagText,
  globalList,
  globalText,
  isDryRun,
  isOn,
  projectLookupOf,
  readInvocation,
} from '../../src/core/invocation.ts'
import type { ComposeForm, FlagValue, Invocation } from '../../src/model/invocation.ts'

type Values = Readonly<Record<string, FlagValue>>

interface ComposeCase {
  readonly v: string
  readonly form: 'plugin' | 'standalone'
  readonly argv: readonly string[]
  readonly expect:
    | { readonly ok: false; readonly error: string }
    | {
        readonly ok: true
        readonly path: readonly string[]
        readonly flags: Values
        readonly globals: Values
        readonly docker: Values
        readonly args: readonly string[]
        readonly help?: boolean
        readonly unknownCommand?: boolean
      }
}

interface ComposeV1Case {
  readonly argv: readonly string[]
  readonly expect: {
    readonly outcome: Invocation['outcome']
    readonly command?: string
    readonly flags?: Values
    readonly globals?: Values
    readonly docker?: Values
    readonly args?: readonly string[]
  }
}

function readCases<Case>(name: string): readonly Case[] {
  const file = readFileSync(new URL(`../fixtures/${name}`, import.meta.url))
  return gunzipSync(file)
    .toString()
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as Case)
}

function read(line: string, version: string | null = '2.40.3', form: ComposeForm = 'plugin'): Invocation {
  const words = line.split(' ').filter(word => word !== '')
  return readInvocation({ argv: form === 'plugin' ? ['compose', ...words] : words, form, version })
}

/** The parts of a reading in one order. The fixture writes lists as CSV, in which a single empty text is no text. */
function inOrder(values: Values): Values {
  const entries = Object.entries(values).sort(([one], [other]) => (one < other ? -1 : 1))
  return Object.fromEntries(
    entries.map(([key, value]) => [key, typeof value !== 'string' && value.join() === '' ? [] : value]),
  )
}

describe('readInvocation', () => {
  it('must read every recorded line as Compose 2.26.1, 2.40.3 and 5.5.0 do', () => {
    const cases = readCases<ComposeCase>('parse-cases.jsonl.gz')
    const mismatches = cases.flatMap(({ v, form, argv, expect: expected }) => {
      const found = readInvocation({ argv, form, version: v })
      const { outcome, error, command, flags, globals, docker, args } = found
      const actual =
        outcome === 'error'
          ? { outcome, error }
          : {
              outcome,
              command,
              flags: inOrder(flags),
              globals: inOrder(globals),
              docker: inOrder(docker),
              args,
            }
      const wanted = expected.ok
        ? {
            outcome: outcomeOf(expected),
            command: expected.path,
            flags: inOrder(expected.flags),
            globals: inOrder(expected.globals),
            docker: inOrder(expected.docker),
            args: expected.args,
          }
        : { outcome: 'error', error: expected.error }
      const [one, other] = [JSON.stringify(wanted), JSON.stringify(actual)]
      return one === other
        ? []
        : [`${v} ${form} ${JSON.stringify(argv)}\n  Compose ${one}\n  read    ${other}`]
    })
    expect(mismatches).toEqual([])
    expect(cases).toHaveLength(4909)
  })

  it('must read every recorded line as docker-compose 1.29.2 does', () => {
    const cases = readCases<ComposeV1Case>('parse-cases-v1.jsonl.gz')
    const mismatches = cases.flatMap(({ argv, expect: expected }) => {
      const found = readInvocation({ argv, form: 'v1', version: '1.29.2' })
      const { outcome, flags, globals, docker, args } = found
      const [command] = found.command
      const actual =
        outcome === 'run'
          ? {
              outcome,
              command,
              globals: inOrder(globals),
              docker: inOrder(docker),
              flags: inOrder(flags),
              args,
            }
          : { outcome, command }
      const wanted =
        expected.outcome === 'run'
          ? {
              outcome: expected.outcome,
              command: expected.command,
              globals: inOrder(expected.globals ?? {}),
              docker: inOrder(expected.docker ?? {}),
              flags: inOrder(expected.flags ?? {}),
              args: expected.args,
            }
          : { outcome: expected.outcome, command: expected.command }
      const [one, other] = [JSON.stringify(wanted), JSON.stringify(actual)]
      return one === other ? [] : [`${JSON.stringify(argv)}\n  Compose ${one}\n  read    ${other}`]
    })
    expect(mismatches).toEqual([])
    expect(cases).toHaveLength(3000)
  })
})

function outcomeOf(expected: Extract<ComposeCase['expect'], { ok: true }>): Invocation['outcome'] {
  if (expected.unknownCommand === true) return 'unknown-command'
  return expected.help === true || expected.path.length === 0 ? 'help' : 'run'
}

describe('what stands before the command', () => {
  it('must be told apart as typed, in plugin form', () => {
    const argv = ['--context', 'x', 'compose', '-p', 'down', '--dry-run', 'up', '-d', 'web']
    const invocation = readInvocation({ argv, form: 'plugin', version: '2.40.3' })
    expect(invocation.dockerWords).toEqual(['--context', 'x'])
    expect(invocation.globalWords).toEqual(['-p', 'down', '--dry-run'])
    expect(invocation.argv).toBe(argv)
    expect(dockerText(invocation, 'context')).toBe('x')
    expect(globalText(invocation, 'project-name')).toBe('down')
    expect(isDryRun(invocation)).toBe(true)
  })

  it('must be all words before the command, in standalone form', () => {
    const invocation = read('--host tcp://x -f a -f b --verbose down -v', '2.40.3', 'standalone')
    expect(invocation.globalWords).toEqual(['--host', 'tcp://x', '-f', 'a', '-f', 'b', '--verbose'])
    expect(invocation.dockerWords).toEqual([])
    expect(dockerText(invocation, 'host')).toBe('tcp://x')
    expect(globalList(invocation, 'file')).toEqual(['a', 'b'])
    expect(isOn(invocation, 'volumes')).toBe(true)
  })

  it('must be all words before the command, in v1 form', () => {
    const invocation = read('-f a --profile p -H tcp://x down -v', null, 'v1')
    expect(invocation.globalWords).toEqual(['-f', 'a', '--profile', 'p', '-H', 'tcp://x'])
    expect(dockerText(invocation, 'host')).toBe('tcp://x')
    expect(globalText(invocation, 'host')).toBe(null)
  })

  it('must be all words after compose where there is no command', () => {
    expect(read('-f a --ansi never').globalWords).toEqual(['-f', 'a', '--ansi', 'never'])
    expect(read('-f a nonsense -v').globalWords).toEqual(['-f', 'a'])
  })

  it('must keep what a bare -- swallows', () => {
    const invocation = read('-- x down -v')
    expect(invocation.command).toEqual(['down'])
    expect(invocation.globalWords).toEqual(['--', 'x'])
  })

  it('must skip the word compose that docker-compose lets one repeat', () => {
    const invocation = read('compose -p x down', '2.40.3', 'standalone')
    expect(invocation.command).toEqual(['down'])
    expect(invocation.globalWords).toEqual(['compose', '-p', 'x'])
  })
})

describe('words in place of compose', () => {
  it.each([
    ['docker-cli-plugin-metadata', 'run'],
    ['__complete compose down -v', 'run'],
    ['__completeNoDesc compose up', 'run'],
    ['help compose up', 'help'],
    ['up -d', 'unknown-command'],
    ['', 'help'],
    ['-- -x compose down', 'error'],
  ])('%s: %s', (line, outcome) => {
    const argv = line.split(' ').filter(word => word !== '')
    const invocation = readInvocation({ argv, form: 'plugin', version: '2.40.3' })
    expect(invocation.outcome).toBe(outcome)
    expect(effectOf(invocation)).toBe('read-only')
  })
})

describe('versions between those recorded', () => {
  it.each([
    ['up -y', '2.31.0', 'error', {}],
    ['up -y', '2.32.0', 'run', { yes: 'true' }],
    ['up --y', '2.33.1', 'run', { yes: 'true' }],
    ['up --yes', '2.33.1', 'error', {}],
    ['up --yes', '2.34.0', 'run', { yes: 'true' }],
    ['up --y', '2.34.0', 'run', { yes: 'true' }],
    ['up --waitTimeout 5', '2.17.1', 'run', { timeout: '5' }],
    ['up --waitTimeout 5', '2.17.3', 'error', {}],
    ['scale web=2', '2.21.0', 'unknown-command', {}],
    ['scale web=2', '2.22.0', 'run', {}],
    ['convert', '2.36.0', 'run', {}],
    ['convert', '2.36.1', 'unknown-command', {}],
    ['alpha watch', '2.24.0', 'run', {}],
    ['alpha watch', '2.24.1', 'help', {}],
    ['bridge convert', '2.37.0', 'run', {}],
    ['bridge convert', '2.36.2', 'unknown-command', {}],
    ['run -it web', '2.0.0', 'run', { interactive: 'true', tty: 'true' }],
    ['run --labels a=b web', '2.3.0', 'run', { label: ['a=b'] }],
    ['run --labels a=b web', '5.0.0', 'run', { label: ['a=b'] }],
    ['down --volume', 'v2.29.7-desktop.1', 'run', { volumes: 'true' }],
  ])('%s in %s: %s', (line, version, outcome, flags) => {
    const invocation = read(line, version)
    expect(invocation.outcome).toBe(outcome)
    if (outcome === 'run') expect(invocation.flags).toEqual(flags)
  })

  it('must convert docker flags with = for standalone Compose from 2.27.0 on only', () => {
    expect(read('--context=x up', '2.26.1', 'standalone').outcome).toBe('error')
    expect(dockerText(read('--context=x up', '2.27.0', 'standalone'), 'context')).toBe('x')
  })
})

describe('flags that the grammar does not know', () => {
  it('must be an error as Compose says it where the version is known', () => {
    const invocation = read('down -v --new x', '5.5.0')
    expect(invocation.outcome).toBe('error')
    expect(invocation.error).toBe('unknown flag: --new')
    expect(invocation.unknownFlags).toEqual(['--new'])
  })

  const versions = [null, '5.6.0', '6.0.0', 'dev']
  it.each([
    ['down --new -v', { volumes: 'true' }, []],
    ['down --new x -v', { volumes: 'true' }, []],
    ['down --new=x -v web', { volumes: 'true' }, ['web']],
    ['down -Z -v', { volumes: 'true' }, []],
    ['down -Zv', { volumes: 'true' }, []],
    ['down -vZ x', { volumes: 'true' }, []],
    ['down --one -v --two x', { volumes: 'true' }, []],
    ['up --new -V -d', { 'renew-anon-volumes': 'true', detach: 'true' }, []],
    ['up --new --timeout -V', { 'renew-anon-volumes': 'true' }, []],
    ['up --new --scale db=0 web', { scale: ['db=0'] }, ['web']],
    ['rm --new -fsv', { force: 'true', stop: 'true', volumes: 'true' }, []],
    ['up --new --no-recreate', {}, []],
    ['down --new=1 -v=false', { volumes: 'false' }, []],
    ['down --volumes --new -v=false', { volumes: 'true' }, []],
    ['bridge convert --new -o .', { output: '.' }, []],
  ])('%s must run with its known flags', (line, flags, args) => {
    for (const version of versions) {
      const invocation = read(line, version)
      expect(invocation.outcome).toBe('run')
      expect(effectOf(invocation)).toBe('guarded')
      expect(invocation.flags).toMatchObject(flags)
      expect(invocation.flags).not.toHaveProperty('no-recreate')
      expect(invocation.args).toEqual(args)
      expect(invocation.unknownFlags.length).toBeGreaterThan(0)
    }
  })

  it('must find a destructive switch behind several of them', () => {
    const invocation = read('run --one x --two --rm web', '6.0.0')
    expect(invocation.outcome).toBe('run')
    expect(isOn(invocation, 'rm')).toBe(true)
    expect(invocation.unknownFlags).toEqual(['--one', '--two'])
  })

  it('must not hide the command when they stand before it', () => {
    for (const version of versions) {
      for (const line of ['--new down -v', '--new x down -v', '-Z down -v', '-Z x down -v']) {
        const invocation = read(line, version)
        expect(invocation.command).toEqual(['down'])
        expect(isOn(invocation, 'volumes')).toBe(true)
        expect(invocation.unknownFlags).toHaveLength(1)
      }
    }
    expect(read('--new up down', '6.0.0').command).toEqual(['down'])
    expect(read('--new down', '5.5.0').outcome).toBe('error')
  })

  it('must not believe in a dry run or in help that only one reading has', () => {
    expect(isDryRun(read('down --new --dry-run -v', '6.0.0'))).toBe(false)
    expect(isDryRun(read('down --dry-run --new -v', '6.0.0'))).toBe(true)
    expect(read('down -v --new --help', '6.0.0').outcome).toBe('run')
    expect(read('down -v --help --new', '6.0.0').outcome).toBe('help')
  })

  it('must keep a line of very many of them in bounds', () => {
    const line = `down ${Array.from({ length: 40 }, (_, index) => `--new${index}`).join(' ')} -v`
    const invocation = read(line, null)
    expect(isOn(invocation, 'volumes')).toBe(true)
    expect(invocation.unknownFlags).toHaveLength(40)
  })

  it('must leave an unknown command unknown', () => {
    for (const version of versions) {
      expect(read('frobnicate -v', version).outcome).toBe('unknown-command')
      expect(read('alpha frobnicate', version).outcome).toBe('unknown-command')
    }
    expect(read('alpha frobnicate', '5.5.0').outcome).toBe('help')
  })

  it('must not switch the guard off in a v1 of another version', () => {
    for (const version of [null, '1.25.0']) {
      const invocation = read('down --new -v', version, 'v1')
      expect(invocation.outcome).toBe('run')
      expect(isOn(invocation, 'volumes')).toBe(true)
    }
    expect(read('down --new -v', '1.29.2', 'v1').outcome).toBe('error')
  })
})

describe('a version that is not known', () => {
  it('must count flags of all versions', () => {
    expect(read('up -y', null).flags).toEqual({ yes: 'true' })
    expect(read('run --labels a=b --no-TTY web', null).outcome).toBe('run')
    expect(read('up -e A=b', null).outcome).toBe('run')
    expect(read('alpha scale web=0', null).command).toEqual(['alpha', 'scale'])
  })

  it('must choose the command that can destroy more where versions differ in which one it is', () => {
    // 2.26.1 takes `ps` for the value of a flag that it does not know, and the flag for a file name.
    expect(read('-f --all-resources ps up', '2.26.1').command).toEqual(['up'])
    expect(read('-f --all-resources ps up', '2.40.3').command).toEqual(['ps'])
    expect(read('-f --all-resources ps up', null).command).toEqual(['up'])
    expect(read('-f --context=a up ps', null, 'standalone').command).toEqual(['up'])
  })
})

describe('effectOf', () => {
  it.each([
    ['down', 'guarded'],
    ['up --dry-run', 'guarded'],
    ['start', 'guarded'],
    ['wait web', 'read-only'],
    ['wait --down-project web', 'guarded'],
    ['ps', 'read-only'],
    ['bridge convert', 'guarded'],
    ['bridge transformations ls', 'read-only'],
    ['exec web sh', 'read-only'],
    ['', 'read-only'],
    ['constructor', 'read-only'],
  ])('%s: %s', (line, effect) => {
    expect(effectOf(read(line))).toBe(effect)
  })
})

describe('projectLookupOf', () => {
  it.each([
    ['up', 'plugin', 'model'],
    ['down', 'plugin', 'model-or-name'],
    ['exec web sh', 'plugin', 'name'],
    ['ls', 'plugin', 'none'],
    ['bridge convert', 'plugin', 'model'],
    ['', 'plugin', 'none'],
    ['down', 'v1', 'model'],
    ['version', 'v1', 'none'],
    ['help', 'v1', 'none'],
  ] as const)('%s in %s form: %s', (line, form, lookup) => {
    expect(projectLookupOf(read(line, null, form))).toBe(lookup)
  })
})

describe('the grammar', () => {
  it('must have an effect for every command, and flags for every effect', () => {
    expect(Object.keys(effects).toSorted()).toEqual(Object.keys(commands).toSorted())
    expect(Object.keys(commandGrammarsV1).toSorted()).toEqual(commandsV1.toSorted())
  })

  it('must guard whatever creates, recreates, stops or removes', () => {
    const guarded = Object.keys(effects).filter(path => effects[path] === 'guarded')
    expect(guarded.toSorted()).toEqual([
      'alpha scale',
      'alpha watch',
      'bridge convert',
      'create',
      'down',
      'kill',
      'restart',
      'rm',
      'run',
      'scale',
      'start',
      'stop',
      'up',
      'watch',
    ])
  })
})

describe('the values of flags', () => {
  it('must be had as switches, texts and lists', () => {
    const invocation = read('-f a -f b -p n up --scale web=2 --scale db=0 -t 0x10 --remove-orphans=0')
    expect(globalList(invocation, 'file')).toEqual(['a', 'b'])
    expect(globalText(invocation, 'file')).toBe('b')
    expect(globalList(invocation, 'project-name')).toEqual(['n'])
    expect(globalText(invocation, 'profile')).toBe(null)
    expect(globalList(invocation, 'profile')).toEqual([])
    expect(flagList(invocation, 'scale')).toEqual(['web=2', 'db=0'])
    expect(flagText(invocation, 'timeout')).toBe('16')
    expect(flagText(invocation, 'pull')).toBe(null)
    expect(isOn(invocation, 'remove-orphans')).toBe(false)
    expect(isOn(invocation, 'volumes')).toBe(false)
  })

  it('must keep an empty text in a list', () => {
    const argv = ['compose', '--profile', '', 'up']
    expect(globalList(readInvocation({ argv, form: 'plugin', version: '2.40.3' }), 'profile')).toEqual([''])
  })

  it.each([
    ['017', '15'],
    ['0b11', '3'],
    ['0o17', '15'],
    ['1_000', '1000'],
    ['+5', '5'],
    ['-0x_1f', '-31'],
    ['0', '0'],
    ['9223372036854775807', '9223372036854775807'],
  ])('must read the number %s as %s', (typed, value) => {
    expect(flagText(read(`up -t ${typed}`), 'timeout')).toBe(value)
  })

  it.each(['08', '1__0', '_1', '0x', '5s', '1e3', '9223372036854775808'])(
    'must reject the number %s',
    typed => {
      expect(read(`up -t ${typed}`).outcome).toBe('error')
    },
  )
})

describe('docker-compose 1.29', () => {
  it.each([
    ['down --vol', 'run', 'down', { volumes: 'true' }],
    ['down -v', 'run', 'down', { volumes: 'true' }],
    ['down --v', 'run', 'down', { volumes: 'true' }],
    ['down --volumes', 'run', 'down', { volumes: 'true' }],
    ['down --volumes=true', 'error', 'down', {}],
    ['down -v -v', 'error', 'down', {}],
    ['down -vv', 'error', 'down', {}],
    ['down -v web', 'error', 'down', {}],
    ['down web -v', 'error', 'down', {}],
    ['down --r local', 'error', 'down', {}],
    ['down --rm local', 'run', 'down', { rmi: 'local' }],
    ['down --re', 'run', 'down', { 'remove-orphans': 'true' }],
    ['down -t=5', 'run', 'down', { timeout: '=5' }],
    ['down -t5', 'run', 'down', { timeout: '5' }],
    ['down -vt5', 'run', 'down', { volumes: 'true', timeout: '5' }],
    ['down -t5v', 'run', 'down', { timeout: '5v' }],
    ['down -t -v', 'run', 'down', { timeout: '-v' }],
    ['down --timeout=5', 'run', 'down', { timeout: '5' }],
    ['down --timeout', 'error', 'down', {}],
    ['down --', 'error', 'down', {}],
    ['down -h', 'help', 'down', {}],
    ['down --foo -h', 'help', 'down', {}],
    ['down --vol --help', 'help', 'down', {}],
    ['down --he', 'error', 'down', {}],
    ['up -dV', 'run', 'up', { detach: 'true', 'renew-anon-volumes': 'true' }],
    ['up --renew', 'run', 'up', { 'renew-anon-volumes': 'true' }],
    ['up --force', 'run', 'up', { 'force-recreate': 'true' }],
    ['up --no', 'error', 'up', {}],
    ['up --scale db=0 --scale web=2', 'run', 'up', { scale: ['db=0', 'web=2'] }],
    ['up --sc db=0', 'run', 'up', { scale: ['db=0'] }],
    ['up web -d', 'run', 'up', {}],
    ['up -- -d', 'run', 'up', {}],
    ['up -y', 'error', 'up', {}],
    ['up --dry-run', 'error', 'up', {}],
    ['rm -fsv', 'run', 'rm', { force: 'true', stop: 'true', volumes: 'true' }],
    ['rm -v web', 'run', 'rm', { volumes: 'true' }],
    ['rm --volumes', 'error', 'rm', {}],
    ['run --rm -e A=b -e C web rm -rf /', 'run', 'run', { rm: 'true', env: ['A=b', 'C'] }],
    ['run -v a:/b --vol c:/d web', 'run', 'run', { volume: ['a:/b', 'c:/d'] }],
    ['run', 'error', 'run', {}],
    ['exec -T web sh -c x', 'run', 'exec', { 'no-tty': 'true' }],
    ['exec-command web sh', 'run', 'exec', {}],
    ['kill -s KILL db', 'run', 'kill', { signal: 'KILL' }],
    ['scale db=0', 'run', 'scale', {}],
    ['-p -v ps', 'run', 'ps', {}],
    ['-p=x ps', 'run', 'ps', {}],
    ['--project-n x ps', 'run', 'ps', {}],
    ['--pro x ps', 'error', undefined, {}],
    ['-v up', 'help', undefined, {}],
    ['--version down -v', 'help', undefined, {}],
    ['--vers', 'help', undefined, {}],
    ['--ver', 'error', undefined, {}],
    ['-- down -v', 'run', 'down', { volumes: 'true' }],
    ['-p a -p b ps', 'error', undefined, {}],
    ['-f a -f b ps', 'run', 'ps', {}],
    ['--tls=1 ps', 'error', undefined, {}],
    ['DOWN', 'unknown-command', undefined, {}],
    ['watch', 'unknown-command', undefined, {}],
    ['', 'help', undefined, {}],
  ])('%s: %s', (line, outcome, command, flags) => {
    const invocation = read(line, '1.29.2', 'v1')
    expect(invocation.outcome).toBe(outcome)
    expect(invocation.command[0]).toBe(command)
    if (outcome === 'run') expect(invocation.flags).toEqual(flags)
  })

  it('must keep the values of its global flags', () => {
    expect(globalText(read('-p -v ps', '1.29.2', 'v1'), 'project-name')).toBe('-v')
    expect(globalText(read('-p=x ps', '1.29.2', 'v1'), 'project-name')).toBe('=x')
    expect(globalList(read('-f a --fi b ps', '1.29.2', 'v1'), 'file')).toEqual(['a', 'b'])
    expect(globalList(read('--env-file a ps', '1.29.2', 'v1'), 'env-file')).toEqual(['a'])
    expect(read('up web -d', '1.29.2', 'v1').args).toEqual(['web', '-d'])
  })
})
