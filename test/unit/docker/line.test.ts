import { describe, expect, it } from 'vitest'
import { dockerEffectOf, readDocker } from '../../../src/core/docker/line.ts'
import { endangers } from '../../../src/core/docker/dangers.ts'
import type { DockerEffect, DockerLine } from '../../../src/model/docker-line.ts'

function read(text: string): DockerLine {
  return readDocker(text === '' ? [] : text.split(' '))
}

function effectOf(text: string): DockerEffect {
  const line = read(text)
  return line.outcome === 'run' ? dockerEffectOf(line) : 'read-only'
}

type Expected = readonly [line: string, command: string, flags: DockerLine['flags'], args?: readonly string[]]

const on = 'true'

const runs: readonly Expected[] = [
  ['volume rm a', 'volume rm', {}, ['a']],
  ['volume remove a b', 'volume rm', {}, ['a', 'b']],
  ['volume rm -f a', 'volume rm', { force: on }, ['a']],
  ['volume rm a --force', 'volume rm', { force: on }, ['a']],
  ['volume rm --force=false a', 'volume rm', { force: 'false' }, ['a']],
  ['volume rm -f=0 a', 'volume rm', { force: 'false' }, ['a']],
  ['volume rm -- -a', 'volume rm', {}, ['-a']],
  ['volume -- x rm a', 'volume rm', {}, ['a']],
  ['-- volume rm a', 'volume rm', {}, ['a']],
  ['-v volume rm a', 'volume rm', {}, ['a']],
  ['--version volume rm a', 'volume rm', {}, ['a']],
  ['-D --tls volume rm a', 'volume rm', {}, ['a']],
  ['volume prune', 'volume prune', {}],
  ['volume prune -af', 'volume prune', { all: on, force: on }],
  ['volume prune --all --force', 'volume prune', { all: on, force: on }],
  ['volume prune --filter label=a --filter label!=b', 'volume prune', { filter: ['label=a', 'label!=b'] }],
  ['volume prune --filter=all=1', 'volume prune', { filter: ['all=1'] }],
  ['system prune', 'system prune', {}],
  ['system prune -af --volumes', 'system prune', { all: on, force: on, volumes: on }],
  ['system prune --volumes=1 --filter until=24h', 'system prune', { volumes: on, filter: ['until=24h'] }],
  ['container prune -f', 'container prune', { force: on }],
  ['container prune --filter label=a', 'container prune', { filter: ['label=a'] }],
  ['rm a', 'container rm', {}, ['a']],
  ['rm -fv a b', 'container rm', { force: on, volumes: on }, ['a', 'b']],
  ['container rm --volumes a', 'container rm', { volumes: on }, ['a']],
  ['container remove a -v', 'container rm', { volumes: on }, ['a']],
  ['rm --link a/b', 'container rm', { link: on }, ['a/b']],
  ['rm -l a/b', 'container rm', { link: on }, ['a/b']],
  ['stack rm a', 'stack rm', {}, ['a']],
  ['stack down a', 'stack rm', {}, ['a']],
  ['stack remove -d a b', 'stack rm', { detach: on }, ['a', 'b']],
  ['service remove a', 'service rm', {}, ['a']],
  ['run --rm -it -e --x -v a:/b redis --rm', 'container run', expectRun(), ['redis', '--rm']],
  ['container run --rm redis', 'container run', { rm: on }, ['redis']],
  ['create --rm redis --port', 'container create', { rm: on }, ['redis', '--port']],
  ['run -h --rm i', 'container run', { hostname: '--rm' }, ['i']],
  ['volume create a', 'volume create', {}, ['a']],
  ['volume create -d local -o type=none -o o=bind a', 'volume create', created(), ['a']],
  ['volume create --label a=b', 'volume create', { label: ['a=b'] }],
  ['context use a', 'context use', {}, ['a']],
]

function expectRun(): DockerLine['flags'] {
  return { rm: on, interactive: on, tty: on, env: ['--x'], volume: ['a:/b'] }
}

function created(): DockerLine['flags'] {
  return { driver: 'local', opt: ['type=none', 'o=bind'] }
}

describe('a line of the docker CLI', () => {
  it.each(runs.map(([text, ...expected]) => ({ text, expected })))('$text', ({ text, expected }) => {
    const [command, flags, args = []] = expected
    const line = read(text)
    expect(line).toMatchObject({ outcome: 'run', error: null, unknownFlags: [] })
    expect(line.command.join(' ')).toBe(command)
    expect(line.flags).toEqual(flags)
    expect(line.args).toEqual(args)
    expect(line.argv).toEqual(text.split(' '))
  })

  it('has docker’s own flags before the command', () => {
    expect(read('-c x -H tcp://a --config=/d -l debug --tlsverify volume rm a').docker).toEqual({
      context: 'x',
      host: ['tcp://a'],
      config: '/d',
      'log-level': 'debug',
      tlsverify: on,
    })
    expect(read('-cx volume rm a').docker).toEqual({ context: 'x' })
  })

  it.each([
    ['', 'help', ''],
    ['--help', 'help', ''],
    ['--help volume rm a', 'help', 'volume rm'],
    ['volume --help rm a', 'help', 'volume rm'],
    ['volume rm a --help', 'help', 'volume rm'],
    ['volume rm -h', 'help', 'volume rm'],
    ['help volume rm a', 'help', 'help'],
    ['volume', 'help', 'volume'],
    ['volume foo rm a', 'unknown-command', 'volume'],
    ['foo volume rm a', 'unknown-command', ''],
    ['-- x rm a', 'unknown-command', ''],
    ['Volume rm a', 'unknown-command', ''],
    ['remove a', 'unknown-command', ''],
    ['buildx prune -af', 'unknown-command', ''],
    ['volume rm', 'error', 'volume rm'],
    ['volume prune a', 'error', 'volume prune'],
    ['volume rm --force=maybe a', 'error', 'volume rm'],
    ['volume create a b', 'error', 'volume create'],
    ['run --rm', 'error', 'container run'],
    ['rm -f', 'error', 'container rm'],
    ['context use', 'error', 'context use'],
    ['--host', 'error', ''],
  ])('%s: %s', (text, outcome, command) => {
    const line = read(text)
    expect(line.outcome).toBe(outcome)
    expect(line.command.join(' ')).toBe(command)
    expect(line.error === null).toBe(outcome !== 'error')
  })

  it('does not mind a false --help', () => {
    expect(read('volume rm a --help=false').outcome).toBe('run')
  })
})

describe('what a line can do to data', () => {
  it.each(runs.map(([text]) => text).filter(text => text !== 'run -h --rm i'))('guarded: %s', text => {
    expect(effectOf(text)).toBe('guarded')
  })

  it.each(
    `
      ps, ps -a, container ls, container ps, container list, images, image ls, rmi a, inspect a,
      volume ls, volume list, volume inspect a, volume update a, system df, info, events, version, run i,
      run -h --rm redis, run redis --rm, run --rm=false redis, run --rm redis redis-cli, run --rm -d i redis, run --name rm i, create i, exec a volume rm b,
      image prune -af, network prune -f, builder prune -af, network rm a, context rm a, context ls,
      stop a, start a, restart a, logs a, cp a b, build ., pull i, login, stack ls, service ls,
      images volume rm x, volume ls rm x, echo volume rm x, --help volume rm x, , plugin rm a`
      .split(/,\s+/)
      .map(text => text.trim()),
  )('read-only: %s', text => {
    expect(effectOf(text)).toBe('read-only')
  })

  it.each([
    ['compose down -v', ['down', '-v']],
    ['-c x compose -f a down -v', ['-f', 'a', 'down', '-v']],
    ['-- compose up', ['up']],
    ['compose', []],
    ['__complete compose down -', ['down', '-']],
    ['__completeNoDesc compose up', ['up']],
  ])('goes to Compose: %s', (text, args) => {
    expect(effectOf(text)).toBe('compose')
    expect(read(text)).toMatchObject({ command: ['compose'], args })
  })

  it('only completes docker’s own commands', () => {
    expect(effectOf('__complete volume rm a')).toBe('read-only')
  })
})

describe('a flag that a newer docker may know', () => {
  it.each([
    ['volume rm --new a b', ['a', 'b']],
    ['volume rm --new=x a', ['a']],
    ['volume rm a --new', ['a']],
    ['volume rm -q a', ['a']],
    ['volume rm -qf a', ['a']],
    ['volume --new x rm a', ['a']],
    ['volume --new rm a', ['a']],
    ['--new volume rm a', ['a']],
    ['--new x volume rm a', ['a']],
  ])('leaves the guard on: %s', (text, args) => {
    const line = read(text)
    expect(line).toMatchObject({ outcome: 'run', command: ['volume', 'rm'], args })
    expect(line.unknownFlags).toHaveLength(1)
  })

  it('takes for certain only what holds either way', () => {
    expect(read('rm --new --link a').flags['link']).toBeUndefined()
    expect(read('system prune --new --volumes').flags['volumes']).toBe(on)
    expect(read('rm --new -v a').flags['volumes']).toBe(on)
    expect(effectOf('run --new --rm redis')).toBe('guarded')
    expect(effectOf('--new compose down -v')).toBe('compose')
  })
})

describe('what a line by itself says it destroys', () => {
  it.each([
    ['volume rm a', 'volumes', 'volume a'],
    ['volume rm -f a b', 'volumes', 'volumes a, b'],
    ['volume -- x rm a', 'volumes', 'volume a'],
    ['volume prune', 'volumes', 'every unused anonymous volume, before Docker 23 every unused volume'],
    ['volume prune -af', 'volumes', 'every unused volume'],
    ['volume prune --filter all=True', 'volumes', 'every unused volume'],
    ['system prune -a', 'containers', 'every stopped container'],
    [
      'system prune --volumes -f',
      'volumes',
      'every stopped container and every unused anonymous volume, before Docker 23 every unused volume',
    ],
    ['container prune -f', 'containers', 'every stopped container'],
    ['rm a', 'containers', 'container a'],
    ['rm -f a b', 'containers', 'containers a, b'],
    ['rm -v a', 'anonymous', 'container a with its anonymous volumes'],
    ['container rm -fv a b', 'anonymous', 'containers a, b with their anonymous volumes'],
    ['stack rm shop', 'anonymous', 'the containers of stack shop, with their anonymous volumes'],
    ['service rm db', 'anonymous', 'the containers of service db, with their anonymous volumes'],
    ['volume rm --new a', 'volumes', 'volume a'],
  ])('%s', (text, kind, what) => {
    expect(endangers(read(text))).toEqual({ kind, what })
  })

  it.each(
    `
      volume ls, volume rm, volume rm --help a, rm -l a/b, ps, run --rm i, volume create a, context use a,
      compose down -v, image prune -af, network prune, , foo, volume prune x`
      .split(/,\s+/)
      .map(text => text.trim()),
  )('nothing: %s', text => {
    expect(endangers(read(text))).toBeNull()
  })

  it('shows no control characters', () => {
    expect(endangers(readDocker(['volume', 'rm', 'a\u001b[2J']))?.what).toBe('volume a\\x1b[2J')
  })
})
