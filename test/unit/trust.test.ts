import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { placeAt } from '../../src/adapters/host/files.ts'
import { openTrustBook } from '../../src/adapters/state/trust-book.ts'
import type { TrustBook } from '../../src/adapters/state/trust-book.ts'
import type { ConfigurationSource } from '../../src/core/configuration.ts'
import { believesLabels, disposablesOf, isSameDirectory, sealOf, trustOf } from '../../src/core/trust.ts'
import { Stop } from '../../src/model/failure.ts'
import { aContainer, aProject, aService, aVolume, anonymousName } from '../fakes/facts.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const disposable = { 'safe-compose.backup': 'false' }

function aSource(value: unknown, file = '/srv/shop/.safe-compose.yaml'): ConfigurationSource {
  return { owner: 'project', file, value, lineOf: () => null }
}

describe('what is trusted of a configuration', () => {
  const said = aSource({ rules: { 'rm-v': 'off' } })
  const trusted = {
    directory: '/srv/shop',
    directoryId: '1:2',
    trustedAt: '2026-11-23T20:15:00.000Z',
    configurations: [sealOf(said, '/srv/shop', sha256)],
    disposable: [],
  }

  test('exactly what it said, in exactly that file below the directory, by whatever path', () => {
    expect(trustOf(said, '/srv/shop', trusted, sha256)).toBe('trusted')
    expect(trustOf({ ...said, file: '/link/.safe-compose.yaml' }, '/link', trusted, sha256)).toBe('trusted')
    expect(trustOf(aSource({ rules: { 'rm-v': 'warn' } }), '/srv/shop', trusted, sha256)).toBe('changed')
    expect(trustOf({ ...said, file: '/srv/shop/b.yml' }, '/srv/shop', trusted, sha256)).toBe('changed')
    expect(trustOf(said, '/srv/shop', null, sha256)).toBe('untrusted')
  })

  test('the same directory: the real path and the number on the disk, whatever number the disk has now', () => {
    expect(isSameDirectory(trusted, { path: '/srv/shop', id: '9:2' })).toBe(true)
    expect(isSameDirectory(trusted, { path: '/srv/shop', id: '1:3' })).toBe(false)
    expect(isSameDirectory(trusted, { path: '/srv/other', id: '1:2' })).toBe(false)
    expect(isSameDirectory(trusted, { path: '/srv/shop', id: null })).toBe(false)
  })
})

describe('what is declared disposable', () => {
  const facts = aProject({
    services: [aService('db', { mounts: ['pgdata:/data'] }), aService('web', { labels: disposable })],
    containers: [
      aContainer('db', { mounts: ['shop_pgdata:/data'], labels: disposable }),
      aContainer('web', { mounts: [] }),
    ],
    volumes: [aVolume('shop_pgdata'), aVolume('other_cache', { labels: disposable })],
  })

  test('as declared and as it runs, of this project only', () => {
    expect(disposablesOf(facts)).toEqual([
      'service db of shop',
      'service web of shop',
      'volume shop_pgdata, by service db of shop',
    ])
  })

  test('with what a service mounts, as declared the same as on the engine; anonymous volumes are its own', () => {
    const cache = aService('cache', { mounts: ['keys:/data', '/tmp', '/srv/x:/x'], labels: disposable })
    const hex = anonymousName('a')
    const declared = aProject({ services: [cache] })
    const running = aProject({
      containers: [aContainer('cache', { mounts: ['shop_keys:/data', `${hex}:/tmp`], labels: disposable })],
      volumes: [aVolume('shop_keys'), aVolume(hex)],
    })
    expect(disposablesOf(declared)).toEqual([
      'service cache of shop',
      'volume shop_keys, by service cache of shop',
    ])
    expect(disposablesOf(running)).toEqual(disposablesOf(declared))
  })

  test('another project that mounts the same volume counts too', () => {
    const spy = (volume: string): ReturnType<typeof aContainer> =>
      aContainer('spy', {
        project: 'other',
        name: 'other-spy-1',
        mounts: [`${volume}:/x`],
        labels: disposable,
      })
    const besides = (volume: string): readonly string[] =>
      disposablesOf({ ...facts, containers: [...facts.containers, spy(volume)] })
    expect(besides('shop_pgdata')).toContain('container other-spy-1')
    expect(besides('other_x')).toEqual(disposablesOf(facts))
  })

  test('labels are believed when the user has seen every one of them', () => {
    expect(believesLabels(disposablesOf(facts), facts)).toBe(true)
    expect(believesLabels(['service db of shop', 'service web of shop'], facts)).toBe(false)
    expect(believesLabels(null, facts)).toBe(false)
  })
})

describe('the book of trusted projects', () => {
  let folder: string
  let project: string
  let book: TrustBook
  const what = { configurations: [{ file: '.safe-compose.yaml', sha256: 'x' }], disposable: [] }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'safe-compose-trust-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    project = join(folder, 'shop')
    await mkdir(project)
    book = openTrustBook({
      file: join(folder, 'state', 'trust.json'),
      now: () => new Date('2026-11-23T20:15:00Z'),
      idOf: async path => (await placeAt(path)).id,
    })
  })

  test('a directory is found by every path that leads to it', async () => {
    expect(await book.find(project)).toBeNull()
    await book.trust(project, what)
    await symlink(project, join(folder, 'link'))
    expect(await book.find(join(folder, 'link'))).toMatchObject({ directory: project, ...what })
    await book.trust(join(folder, 'link'), { ...what, disposable: ['volume shop_cache'] })
    expect(await book.list()).toMatchObject([{ directory: project, disposable: ['volume shop_cache'] }])
  })

  test('another directory in its place is not trusted, nor is it elsewhere', async () => {
    await book.trust(project, what)
    await rename(project, join(folder, 'moved'))
    expect(await book.find(join(folder, 'moved'))).toBeNull()
    await mkdir(project)
    expect(await book.find(project)).toBeNull()
    expect(await book.forget(project)).toBe(true)
    expect(await book.forget(project)).toBe(false)
    expect(await book.list()).toEqual([])
  })

  test('a directory that is not there cannot be trusted', async () => {
    await expect(book.trust(join(folder, 'gone'), what)).rejects.toThrow(Stop)
  })

  test('a book that cannot be read trusts nobody, and says so', async () => {
    await book.trust(project, what)
    const file = join(folder, 'state', 'trust.json')
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ format: 1 })
    await writeFile(file, '{"format":2,"projects":[]}')
    await expect(book.find(project)).rejects.toMatchObject({
      failure: { reason: 'bad-configuration', file, how: expect.stringContaining('safe-compose trust') },
    })
  })
})
