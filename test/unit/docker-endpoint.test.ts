import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { findEndpoint, findPruneFilters } from '../../src/adapters/docker/connect.ts'
import { chooseEndpoint, chooseTls, parseHost } from '../../src/adapters/docker/endpoint.ts'
import type { FlagValue } from '../../src/model/invocation.ts'
import { Stop } from '../../src/model/failure.ts'

type Flags = Readonly<Record<string, FlagValue>>
type Variables = Readonly<Record<string, string>>

describe('which endpoint a command line means', () => {
  test.each<[string, Flags, Variables, string | null, ReturnType<typeof chooseEndpoint>]>([
    ['nothing said: the default', {}, {}, null, { kind: 'host', host: null }],
    ['the current context', {}, {}, 'lab', { kind: 'context', name: 'lab' }],
    [
      'DOCKER_CONTEXT before the current one',
      {},
      { DOCKER_CONTEXT: 'b' },
      'a',
      { kind: 'context', name: 'b' },
    ],
    [
      'DOCKER_HOST before DOCKER_CONTEXT',
      {},
      { DOCKER_HOST: 'tcp://h:1', DOCKER_CONTEXT: 'b' },
      'a',
      { kind: 'host', host: 'tcp://h:1' },
    ],
    [
      '--host before DOCKER_HOST',
      { host: ['unix:///x'] },
      { DOCKER_HOST: 'tcp://h:1' },
      'a',
      { kind: 'host', host: 'unix:///x' },
    ],
    [
      '--context before everything',
      { context: 'c' },
      { DOCKER_HOST: 'tcp://h:1', DOCKER_CONTEXT: 'b' },
      'a',
      { kind: 'context', name: 'c' },
    ],
    [
      'the context called default is what DOCKER_HOST says',
      { context: 'default' },
      { DOCKER_HOST: 'tcp://h:1' },
      'a',
      { kind: 'host', host: 'tcp://h:1' },
    ],
    [
      'an empty variable says nothing',
      {},
      { DOCKER_HOST: '', DOCKER_CONTEXT: '' },
      null,
      { kind: 'host', host: null },
    ],
  ])('%s', (_, flags, variables, currentContext, expected) => {
    expect(chooseEndpoint({ flags, variables, currentContext })).toEqual(expected)
  })

  test('--context with --host, and two hosts, are refused', () => {
    const refused = (flags: Flags): unknown => {
      try {
        return chooseEndpoint({ flags, variables: {}, currentContext: null })
      } catch (error) {
        return error instanceof Stop ? error.failure.reason : error
      }
    }
    expect(refused({ context: 'a', host: ['unix:///x'] })).toBe('bad-engine-endpoint')
    expect(refused({ host: ['unix:///x', 'unix:///y'] })).toBe('bad-engine-endpoint')
  })

  test('TLS is wished for by flags, else by variables that are not empty', () => {
    expect(chooseTls({}, {})).toBe('none')
    expect(chooseTls({}, { DOCKER_TLS_VERIFY: '1' })).toBe('verified')
    expect(chooseTls({}, { DOCKER_TLS_VERIFY: '' })).toBe('none')
    expect(chooseTls({ tls: 'true' }, {})).toBe('unverified')
    expect(chooseTls({ tlsverify: 'true' }, {})).toBe('verified')
  })
})

describe('reading a host', () => {
  const tls = { ca: null, cert: null, key: null, verify: true }

  test.each<[string | null, object]>([
    [null, { kind: 'socket', path: '/var/run/docker.sock' }],
    ['unix:///run/my.sock', { kind: 'socket', path: '/run/my.sock' }],
    ['unix://', { kind: 'socket', path: '/var/run/docker.sock' }],
    ['npipe:////./pipe/docker_engine', { kind: 'socket', path: '//./pipe/docker_engine' }],
    ['tcp://box:2375', { kind: 'tcp', host: 'box', port: 2375, prefix: '', tls: null }],
    ['tcp://box', { kind: 'tcp', host: 'box', port: 2375, prefix: '', tls: null }],
    ['box:4000', { kind: 'tcp', host: 'box', port: 4000, prefix: '', tls: null }],
    ['tcp://box:80/docker/', { kind: 'tcp', host: 'box', port: 80, prefix: 'docker', tls: null }],
    ['tcp://[::1]:2375', { kind: 'tcp', host: '::1', port: 2375, prefix: '', tls: null }],
    ['https://box', { kind: 'tcp', host: 'box', port: 2376, prefix: '', tls }],
    ['ssh://me@box:2222', { kind: 'ssh', user: 'me', host: 'box', port: 2222, socket: null }],
    [
      'ssh://box/run/user/1000/docker.sock',
      { kind: 'ssh', user: null, host: 'box', port: null, socket: '/run/user/1000/docker.sock' },
    ],
  ])('%s', (text, way) => {
    expect(parseHost(text, null).way).toEqual(way)
  })

  test('TLS changes the default port and the default host', () => {
    expect(parseHost('tcp://box', tls).way).toMatchObject({ port: 2376, tls })
    expect(parseHost(null, tls)).toMatchObject({ host: 'tcp://localhost:2376' })
  })

  test.each(['ftp://box', 'ssh://', 'tcp://box:notaport', 'ssh://me:secret@box'])('%s is refused', text => {
    expect(() => parseHost(text, null)).toThrow(Stop)
  })
})

describe('contexts, configuration and TLS files on disk', () => {
  function dockerFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), 'docker-config-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    return folder
  }

  function addContext(
    folder: string,
    name: string,
    endpoint: object,
    tls: Readonly<Record<string, string>> = {},
  ): void {
    const id = createHash('sha256').update(name).digest('hex')
    mkdirSync(join(folder, 'contexts', 'meta', id), { recursive: true })
    writeFileSync(
      join(folder, 'contexts', 'meta', id, 'meta.json'),
      JSON.stringify({ Name: name, Metadata: {}, Endpoints: { docker: endpoint } }),
    )
    mkdirSync(join(folder, 'contexts', 'tls', id, 'docker'), { recursive: true })
    for (const [file, text] of Object.entries(tls))
      writeFileSync(join(folder, 'contexts', 'tls', id, 'docker', file), text)
  }

  const find = (folder: string, flags: Flags = {}, variables: Variables = {}) =>
    findEndpoint({ flags, variables: { DOCKER_CONFIG: folder, ...variables }, home: '/nowhere' })

  test('the current context of config.json, with its TLS files', async () => {
    const folder = dockerFolder()
    writeFileSync(join(folder, 'config.json'), '{"currentContext":"lab"}')
    addContext(
      folder,
      'lab',
      { Host: 'tcp://lab:2376', SkipTLSVerify: false },
      { 'ca.pem': 'CA', 'cert.pem': 'CERT', 'key.pem': 'KEY' },
    )
    expect(await find(folder)).toEqual({
      host: 'tcp://lab:2376',
      way: {
        kind: 'tcp',
        host: 'lab',
        port: 2376,
        prefix: '',
        tls: { ca: 'CA', cert: 'CERT', key: 'KEY', verify: true },
      },
    })
  })

  test('--config names another folder', async () => {
    const folder = dockerFolder()
    addContext(folder, 'far', { Host: 'ssh://far' })
    expect(
      await findEndpoint({ flags: { config: folder, context: 'far' }, variables: {}, home: '/nowhere' }),
    ).toMatchObject({ host: 'ssh://far' })
  })

  test('DOCKER_TLS_VERIFY takes the files of DOCKER_CERT_PATH; cert and key may be missing, the authority not', async () => {
    const folder = dockerFolder()
    const variables = { DOCKER_HOST: 'tcp://box', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: folder }
    await expect(find(folder, {}, variables)).rejects.toMatchObject({
      failure: { reason: 'bad-engine-endpoint', what: expect.stringContaining('ca.pem') },
    })
    writeFileSync(join(folder, 'ca.pem'), 'CA')
    expect(await find(folder, {}, variables)).toMatchObject({
      way: { port: 2376, tls: { ca: 'CA', cert: null, key: null, verify: true } },
    })
    await expect(find(folder, { tlscert: '/nowhere/cert.pem' }, variables)).rejects.toMatchObject({
      failure: { what: expect.stringContaining('/nowhere/cert.pem') },
    })
  })

  test('the filters that config.json adds to every prune', async () => {
    const folder = dockerFolder()
    const filters = () =>
      findPruneFilters({ flags: {}, variables: { DOCKER_CONFIG: folder }, home: '/nowhere' })
    expect(await filters()).toEqual([])
    writeFileSync(join(folder, 'config.json'), '{"pruneFilters":["label!=keep",7,"all=true"]}')
    expect(await filters()).toEqual(['label!=keep', 'all=true'])
    writeFileSync(join(folder, 'config.json'), '{"pruneFilters":"all"}')
    expect(await filters()).toEqual([])
  })

  test('an unknown context and a broken config.json say so', async () => {
    const folder = dockerFolder()
    await expect(find(folder, { context: 'missing' })).rejects.toMatchObject({
      failure: { what: expect.stringContaining('missing') },
    })
    writeFileSync(join(folder, 'config.json'), '{')
    await expect(find(folder)).rejects.toMatchObject({
      failure: { what: expect.stringContaining('config.json') },
    })
  })
})
