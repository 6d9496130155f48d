import { describe, expect, test } from 'vitest'
import {
  aroundCommand,
  holdBack,
  isSwitchedOff,
  readSafeOptions,
  safeOptions,
} from '../../src/core/options.ts'
import type { Failure } from '../../src/model/failure.ts'
import { Stop } from '../../src/model/failure.ts'

const nothing = {
  yes: null,
  noBackup: null,
  dryRun: null,
  json: null,
  verbose: null,
  allow: [],
  tag: null,
  store: null,
  config: null,
}

function failureOf(run: () => unknown): Failure {
  try {
    run()
  } catch (error) {
    if (error instanceof Stop) return error.failure
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('our options are taken out of the line', () => {
  test.each<[string, string[], Partial<Record<keyof typeof nothing, unknown>>, string[]]>([
    ['none', ['down', '-v'], {}, ['down', '-v']],
    ['nothing at all', [], {}, []],
    ['a switch', ['--safe-yes', 'down', '-v'], { yes: true }, ['down', '-v']],
    ['a switch with a value', ['--safe-yes=no', 'down'], { yes: false }, ['down']],
    [
      'between flags of Compose',
      ['-f', 'a.yml', '--safe-json', '-p', 'x', 'ps'],
      { json: true },
      ['-f', 'a.yml', '-p', 'x', 'ps'],
    ],
    ['a value behind it', ['--safe-store', '/mnt/big', 'down'], { store: '/mnt/big' }, ['down']],
    ['a value with =', ['--safe-store=/mnt/a=b', 'down'], { store: '/mnt/a=b' }, ['down']],
    ['a value that looks like a command', ['--safe-store', 'down', 'up'], { store: 'down' }, ['up']],
    [
      'rules add up',
      ['--safe-allow', 'a,b', '--safe-allow=b, c', 'down'],
      { allow: ['a', 'b', 'c'] },
      ['down'],
    ],
    ['in plugin form', ['compose', '--safe-dry-run', 'up'], { dryRun: true }, ['compose', 'up']],
    [
      'before the word compose',
      ['--context', 'far', '--safe-verbose', 'compose', 'up'],
      { verbose: true },
      ['--context', 'far', 'compose', 'up'],
    ],
    ['the value of a flag is not ours', ['-f', '--safe-yes', 'down'], {}, ['-f', '--safe-yes', 'down']],
    [
      'a switch of Compose takes no value',
      ['--verbose', '--safe-yes', 'down'],
      { yes: true },
      ['--verbose', 'down'],
    ],
    [
      'behind a bare -- that swallows a word',
      ['--', 'x', '--safe-yes', 'down'],
      { yes: true },
      ['--', 'x', 'down'],
    ],
    [
      'all of them',
      ['--safe-no-backup', '--safe-config', 'c.yaml', 'up'],
      { noBackup: true, config: 'c.yaml' },
      ['up'],
    ],
  ])('%s', (_, argv, options, rest) => {
    const read = readSafeOptions(argv, {})
    expect(read.options).toEqual({ ...nothing, ...options })
    expect(read.rest).toEqual(rest)
  })

  test('each with its flag or its variable, whichever counts', () => {
    const variables = { SAFE_COMPOSE_STORE: '/a', SAFE_COMPOSE_YES: '1' }
    expect(readSafeOptions(['--safe-store', '/b', 'up'], variables).origins).toEqual({
      store: '--safe-store',
      yes: 'SAFE_COMPOSE_YES',
    })
  })

  test('as typed, for telling what was ignored', () => {
    const argv = ['--safe-yes', '--safe-allow', 'a,b', '--safe-store=/x', 'down']
    expect(readSafeOptions(argv, { SAFE_COMPOSE_NO_BACKUP: 'on' }).typed).toEqual([
      'SAFE_COMPOSE_NO_BACKUP=on',
      '--safe-yes',
      '--safe-allow a,b',
      '--safe-store=/x',
    ])
  })

  test.each([
    ['a program in a container', ['exec', 'db', 'tool', '--safe-yes']],
    ['a program in a new container', ['run', '--rm', 'db', 'tool', '--safe-mode']],
    ['words behind --', ['up', '--', '--safe-yes']],
  ])('%s gets its own words', (_, argv) => {
    expect(readSafeOptions(argv, {})).toEqual({ options: nothing, rest: argv, typed: [], origins: {} })
  })
})

describe('wrong options are errors', () => {
  test.each<[string, string[], string, string]>([
    ['unknown', ['--safe-ye', 'down'], 'there is no option --safe-ye', 'did you mean --safe-yes?'],
    [
      'unknown with a value',
      ['--safe-alow=x', 'down'],
      'there is no option --safe-alow',
      'did you mean --safe-allow?',
    ],
    [
      'far from any',
      ['--safe-harbour-master', 'down'],
      'there is no option --safe-harbour-master',
      `there are: ${safeOptions.map(each => each.flag).join(', ')}`,
    ],
    [
      'after the subcommand',
      ['down', '--safe-yes'],
      'the option --safe-yes stands after down',
      'our own options stand before the command: --safe-yes … down',
    ],
    [
      'unknown after the subcommand',
      ['down', '--safe-yess'],
      'there is no option --safe-yess',
      'did you mean --safe-yes?',
    ],
    [
      'before the service of exec',
      ['exec', '--safe-yes', 'db', 'sh'],
      'the option --safe-yes stands after exec',
      'our own options stand before the command: --safe-yes … exec',
    ],
    [
      'without its value',
      ['--safe-store'],
      'the option --safe-store needs a value',
      'write it as --safe-store DIR',
    ],
    [
      'with an empty value',
      ['--safe-store=', 'down'],
      'the option --safe-store is empty',
      'write it as --safe-store DIR',
    ],
    [
      'a switch that is neither',
      ['--safe-yes=maybe', 'down'],
      'the option --safe-yes is neither on nor off: maybe',
      'use 1, true, yes, on or 0, false, no, off: --safe-yes',
    ],
  ])('%s', (_, argv, what, how) => {
    expect(failureOf(() => readSafeOptions(argv, {}))).toEqual({ reason: 'bad-usage', what, how })
  })

  test.each([
    [['--safe-tag', 'feature/x', 'up'], {}, 'the option --safe-tag: "feature/x" cannot be used'],
    [['up'], { SAFE_COMPOSE_TAG: '-v1' }, 'the variable SAFE_COMPOSE_TAG: "-v1" cannot be used'],
    [['up'], { SAFE_COMPOSE_TAG: 'a'.repeat(81) }, `"${'a'.repeat(81)}" cannot be used`],
  ])('a tag that is no name of a folder: %j %j', (argv, variables, what) => {
    expect(failureOf(() => readSafeOptions(argv, variables))).toMatchObject({
      reason: 'bad-usage',
      what: expect.stringContaining(what) as string,
    })
  })

  test('a wrong variable is named', () => {
    expect(failureOf(() => readSafeOptions(['up'], { SAFE_COMPOSE_YES: 'ja' }))).toEqual({
      reason: 'bad-usage',
      what: 'the variable SAFE_COMPOSE_YES is neither on nor off: ja',
      how: 'use 1, true, yes, on or 0, false, no, off: SAFE_COMPOSE_YES=1',
    })
  })
})

describe('variables', () => {
  test('each option has one', () => {
    const variables = {
      SAFE_COMPOSE_YES: '1',
      SAFE_COMPOSE_ALLOW: 'a,b',
      SAFE_COMPOSE_NO_BACKUP: 'true',
      SAFE_COMPOSE_DRY_RUN: 'YES',
      SAFE_COMPOSE_JSON: 'on',
      SAFE_COMPOSE_VERBOSE: '0',
      SAFE_COMPOSE_TAG: 'v1.4.0',
      SAFE_COMPOSE_STORE: '/x',
      SAFE_COMPOSE_CONFIG: '/c.yaml',
    }
    expect(safeOptions.map(each => each.variable).toSorted()).toEqual(Object.keys(variables).toSorted())
    expect(readSafeOptions(['up'], variables).options).toEqual({
      yes: true,
      allow: ['a', 'b'],
      noBackup: true,
      dryRun: true,
      json: true,
      verbose: false,
      tag: 'v1.4.0',
      store: '/x',
      config: '/c.yaml',
    })
  })

  test('what is typed counts more, rules add up, an empty one is none', () => {
    const variables = {
      SAFE_COMPOSE_YES: '1',
      SAFE_COMPOSE_STORE: '/x',
      SAFE_COMPOSE_ALLOW: 'a',
      SAFE_COMPOSE_JSON: '',
    }
    const { options } = readSafeOptions(
      ['--safe-yes=0', '--safe-store', '/y', '--safe-allow', 'b', 'up'],
      variables,
    )
    expect(options).toEqual({ ...nothing, yes: false, store: '/y', allow: ['a', 'b'] })
  })

  test.each([
    [{}, false],
    [{ SAFE_COMPOSE: '' }, false],
    [{ SAFE_COMPOSE: 'on' }, false],
    [{ SAFE_COMPOSE: 'off' }, true],
    [{ SAFE_COMPOSE: 'OFF' }, true],
    [{ SAFE_COMPOSE: '0' }, true],
  ])('%j switches off: %s', (variables, off) => {
    expect(isSwitchedOff(variables)).toBe(off)
  })

  test('SAFE_COMPOSE with a slip of the pen switches nothing off', () => {
    expect(failureOf(() => isSwitchedOff({ SAFE_COMPOSE: 'of' }))).toMatchObject({
      reason: 'bad-usage',
      what: 'the variable SAFE_COMPOSE is neither on nor off: of',
    })
  })
})

test('an agent cannot choose the configuration', () => {
  const read = readSafeOptions(['--safe-config', 'loose.yaml', '--safe-json', 'up'], {})
  expect(holdBack(read, { kind: 'agent', name: 'Codex', variable: 'CODEX_CI' })).toEqual({
    options: { ...nothing, json: true },
    ignored: ['--safe-config loose.yaml'],
  })
  expect(holdBack(read, { kind: 'person' })).toEqual({ options: read.options, ignored: [] })
})

test.each([
  [
    ['-f', 'a', 'down', '-v'],
    ['-f', 'a'],
    ['down', '-v'],
  ],
  [['compose', '-p', 'x', 'up'], ['compose', '-p', 'x'], ['up']],
  [['-D', 'ps'], ['-D'], ['ps']],
  [['--unknown', 'x', 'ps'], ['--unknown', 'x'], ['ps']],
  [['--ansi=never'], ['--ansi=never'], []],
])('%j is split at its subcommand', (argv, before, after) => {
  expect(aroundCommand(argv)).toEqual({ before, after })
})
