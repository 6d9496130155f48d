import { describe, expect, test } from 'vitest'
import { projectCollision } from '../../../src/core/rules/project-collision.ts'
import { aContainer, aProject, aService, aVolume, anImage } from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const data = '/var/lib/postgresql/data'
const services = [aService('db', { image: 'postgres:15', mounts: [`pgdata:${data}`] })]
const stands = { state: 'filled', id: '1:100' } as const

/** We are in /srv/b/shop; the containers of `shop` were made in /srv/shop. */
function beside(words: Parameters<typeof aProject>[0] = {}) {
  return aProject({
    services,
    containers: [aContainer('db', { image: 'postgres:15', mounts: [`shop_pgdata:${data}`] })],
    volumes: [aVolume('shop_pgdata')],
    hashes: { db: 'hash-2' },
    images: [anImage('postgres:15', { id: 'sha256:db' })],
    project: { directory: '/srv/b/shop', directoryId: '1:200', files: ['/srv/b/shop/compose.yaml'] },
    places: { '/srv/shop': stands, '/srv/b/shop': { state: 'filled', id: '1:200' } },
    ...words,
  })
}

describe('found', () => {
  test('up would take the place of the other one’s container, and its data', () => {
    const [finding] = expectFound(
      projectCollision,
      { line: 'up -d', facts: beside() },
      { shop_pgdata: 'corrupted' },
    )
    expect(finding?.because).toBe(
      'db of /srv/b/shop takes the place of container shop-db-1 and writes to shop_pgdata, the data of the project of the same name in /srv/shop',
    )
    expect(finding?.warning).toBeUndefined()
  })

  test('another service of ours on a volume that one of theirs has', () => {
    const containers = [aContainer('database', { image: 'postgres:15', mounts: [`shop_pgdata:${data}`] })]
    expectFound(
      projectCollision,
      { line: 'up -d', facts: beside({ containers }) },
      { shop_pgdata: 'corrupted' },
    )
  })

  test('down -v deletes the other one’s volume', () => {
    const [finding] = expectFound(
      projectCollision,
      { line: 'down -v', facts: beside() },
      { shop_pgdata: 'destroyed', 'db:/': 'orphaned' },
    )
    expect(finding?.because).toContain('belongs to the project of the same name in /srv/shop')
  })

  test.each(['down', 'rm -fs', 'up -d --remove-orphans'])('%s removes its containers: a warning', line => {
    const stranger = aContainer('old', { image: 'busybox' })
    const facts = beside({
      containers: [line.startsWith('up') ? stranger : aContainer('db')],
    })
    const name = line.startsWith('up') ? 'old:/' : 'db:/'
    const [finding] = expectFound(projectCollision, { line, facts }, { [name]: 'orphaned' })
    expect(finding?.warning).toBe(true)
  })

  test.each(['file', 'flag', 'environment', 'env-file'] as const)(
    'a name that was chosen (%s): releases and checkouts of one project, a warning',
    namedBy => {
      const project = { directory: '/srv/b/shop', directoryId: '1:200', namedBy }
      const [finding] = expectFound(
        projectCollision,
        { line: 'up -d', facts: beside({ project }) },
        { shop_pgdata: 'corrupted' },
      )
      expect(finding?.warning).toBe(true)
    },
  )
})

describe('quiet', () => {
  const unless = { facts: beside(), line: 'up -d' }

  test('a directory that was moved: the old one is gone', () => {
    const places = { '/srv/shop': { state: 'missing', id: null } } as const
    expectQuiet(projectCollision, { line: 'up -d', facts: beside({ places }) }, unless)
  })

  test('a link to the same directory', () => {
    const project = { directory: '/srv/current', directoryId: '1:100' }
    expectQuiet(projectCollision, { line: 'up -d', facts: beside({ project }) }, unless)
  })

  test('an engine elsewhere, whose directories nobody here can see', () => {
    expectQuiet(projectCollision, { line: 'up -d', facts: beside({ places: {} }) }, unless)
  })

  test('several sets of files in one directory', () => {
    const project = { directory: '/srv/shop', directoryId: '1:100', files: ['/srv/shop/prod.yaml'] }
    expectQuiet(projectCollision, { line: 'up -d', facts: beside({ project }) }, unless)
  })

  test('nothing is replaced, or nothing that holds data', () => {
    expectQuiet(projectCollision, { line: 'up -d', facts: beside({ hashes: { db: 'hash-1' } }) }, unless)
    const containers = [aContainer('db', { image: 'postgres:15' })]
    expectQuiet(projectCollision, { line: 'up -d', facts: beside({ containers, compose: '2.26.1' }) }, unless)
  })

  test.each(['stop', 'restart', 'up --dry-run', 'down --dry-run -v'])('%s', line => {
    expectQuiet(projectCollision, { line, facts: beside() }, { line: 'up -d' })
  })
})
