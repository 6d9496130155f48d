import { describe, expect, test } from 'vitest'
import { volumeIdentityEdit } from '../../../src/core/rules/volume-identity-edit.ts'
import type { ServiceModel } from '../../../src/model/facts.ts'
import {
  aContainer,
  aLedger,
  aProject,
  aService,
  aVolume,
  anImage,
  anonymousName,
  circumstances,
  looked,
  nothingInIt,
  someContents,
  typed,
} from '../../fakes/facts.ts'
import { expectFound, expectQuiet } from './rule-checks.ts'

const data = '/var/lib/postgresql/data'
const old = aVolume('shop_pgdata')
const container = aContainer('db', { image: 'postgres:15', mounts: [`shop_pgdata:${data}`] })
const found = { shop_pgdata: 'orphaned' } as const

function db(mounts: readonly string[], words: Partial<Omit<ServiceModel, 'mounts'>> = {}): ServiceModel {
  return aService('db', { image: 'postgres:15', mounts, ...words })
}

/** The file was edited: another hash, so that the container is recreated. */
function edited(service: ServiceModel, words: Parameters<typeof aProject>[0] = {}) {
  return aProject({
    services: [service],
    containers: [container],
    volumes: [old],
    hashes: { db: 'hash-2' },
    contents: looked([old, someContents()]),
    images: [anImage('postgres:15', { id: 'sha256:db' })],
    ...words,
  })
}

const keyRenamed = edited(db([`database:${data}`]))

describe('found', () => {
  test('a renamed key: what would be used, what holds the data, and the line that mends it', () => {
    const [finding] = expectFound(volumeIdentityEdit, { line: 'up -d', facts: keyRenamed }, found)
    expect(finding?.because).toBe(
      `db would start on shop_database, which does not exist yet; its data is in shop_pgdata (PostgreSQL 15), which the file no longer names at ${data}`,
    )
    expect(finding?.remedies).toEqual([{ kind: 'pin', key: 'database', volume: 'shop_pgdata' }])
    expect(finding?.instead).toBe('volumes: { database: { name: shop_pgdata } } in the Compose file')
    expect(finding?.warning).toBeUndefined()
  })

  test('name: added', () => {
    const facts = edited(db([`pgdata:${data}`]), {
      declared: [{ key: 'pgdata', name: 'pg' }],
      hashes: { db: 'hash-1' },
    })
    const [finding] = expectFound(volumeIdentityEdit, { line: 'up -d', facts }, found)
    expect(finding?.wouldUse).toEqual({ name: 'pg', state: 'missing' })
  })

  test('a volume that became a directory, with what is there', () => {
    const facts = edited(db([`/srv/pg:${data}`]), {
      places: { '/srv/pg': { state: 'empty', id: '1:7' } },
    })
    const [finding] = expectFound(volumeIdentityEdit, { line: 'up -d', facts }, found)
    expect(finding?.wouldUse).toEqual({ name: '/srv/pg', state: 'empty' })
    expect(finding?.remedies?.[0]).toMatchObject({ kind: 'advice' })
  })

  test('a directory that became a volume', () => {
    const containers = [aContainer('db', { image: 'postgres:15', mounts: [`/srv/pg:${data}`] })]
    expectFound(
      volumeIdentityEdit,
      { line: 'up -d', facts: edited(db([`pgdata:${data}`]), { containers, volumes: [] }) },
      { '/srv/pg': 'orphaned' },
    )
  })

  test('tmpfs in its place', () => {
    const facts = edited(db([], { tmpfs: [data] }))
    const [finding] = expectFound(volumeIdentityEdit, { line: 'up -d', facts }, found)
    expect(finding?.because).toContain('an empty tmpfs in memory')
  })

  test('the path inside was changed, and the line dropped, where the image has no VOLUME there', () => {
    expectFound(volumeIdentityEdit, { line: 'up -d', facts: edited(db(['pgdata:/data'])) }, found)
    const [finding] = expectFound(volumeIdentityEdit, { line: 'up -d', facts: edited(db([])) }, found)
    expect(finding?.because).toContain('an empty directory of its container')
  })

  test('an anonymous volume that a named one replaces', () => {
    const a = anonymousName('a')
    const facts = edited(db([`pgdata:${data}`]), {
      containers: [aContainer('db', { image: 'postgres:15', mounts: [`${a}:${data}`] })],
      volumes: [aVolume(a)],
      contents: {},
    })
    const [finding] = expectFound(
      volumeIdentityEdit,
      { line: 'up -d', facts },
      { [`db:${data}`]: 'orphaned' },
    )
    expect(finding?.warning).toBeUndefined()
    expect(finding?.wouldUse?.name).toBe('shop_pgdata')
  })

  test('with a new anonymous volume where -V hands nothing on', () => {
    const images = [anImage('postgres:15', { id: 'sha256:db', volumes: [data] })]
    expectFound(volumeIdentityEdit, { line: 'up -d -V', facts: edited(db([]), { images }) }, found)
  })

  test('after down, by what is remembered', () => {
    const gone = {
      containers: [],
      ledger: aLedger({ db: [`shop_pgdata:${data}`] }),
    }
    const [finding] = expectFound(
      volumeIdentityEdit,
      { line: 'up -d', facts: edited(db([`database:${data}`]), gone) },
      found,
    )
    expect(finding?.warning).toBeUndefined()
    expect(finding?.evidence.join('\n')).toContain('when safe-compose last saw it')
  })

  test('without memory the dropped key is a warning, if a database is in it', () => {
    const gone = { containers: [] }
    const [finding] = expectFound(
      volumeIdentityEdit,
      { line: 'up -d', facts: edited(db([`database:${data}`]), gone) },
      found,
    )
    expect(finding?.warning).toBe(true)
    expectQuiet(
      volumeIdentityEdit,
      { line: 'up -d', facts: edited(db([`database:${data}`]), { ...gone, contents: {} }) },
      { facts: edited(db([`database:${data}`]), gone) },
    )
  })

  test('a volume that holds another database is a deliberate one: a warning', () => {
    const other = aVolume('shop_database')
    const contents = looked(
      [old, someContents()],
      [
        other,
        someContents({
          database: { kind: 'postgresql', label: 'PostgreSQL 15', path: '', identity: '2' },
        }),
      ],
    )
    const [finding] = expectFound(
      volumeIdentityEdit,
      { line: 'up -d', facts: edited(db([`database:${data}`]), { volumes: [old, other], contents }) },
      found,
    )
    expect(finding?.warning).toBe(true)
  })

  test('uploads are a warning, once something is in them', () => {
    const uploads = aVolume('shop_uploads')
    const web = (contents: ReturnType<typeof looked>) =>
      aProject({
        services: [aService('web', { mounts: ['files:/app/uploads'] })],
        containers: [aContainer('web', { mounts: ['shop_uploads:/app/uploads'], state: 'exited' })],
        volumes: [uploads],
        hashes: { web: 'hash-2' },
        contents,
      })
    const filled = web(looked([uploads, someContents({ database: null })]))
    const [finding] = expectFound(
      volumeIdentityEdit,
      { line: 'up -d', facts: filled },
      { shop_uploads: 'orphaned' },
    )
    expect(finding?.warning).toBe(true)
    expectQuiet(
      volumeIdentityEdit,
      { line: 'up -d', facts: web(looked([uploads, nothingInIt])) },
      { facts: filled },
    )
  })
})

describe('quiet', () => {
  const unless = { facts: keyRenamed, line: 'up -d' }

  test('nothing edited', () => {
    expectQuiet(volumeIdentityEdit, { line: 'up -d', facts: edited(db([`pgdata:${data}`])) }, unless)
  })

  test('external: true with the right name, also under another key', () => {
    const declared = [{ key: 'database', name: 'shop_pgdata', external: true }]
    expectQuiet(
      volumeIdentityEdit,
      { line: 'up -d', facts: edited(db([`database:${data}`]), { declared }) },
      unless,
    )
  })

  test('external: true with a name that is missing: Compose fails by itself', () => {
    const declared = [{ key: 'database', name: 'nowhere', external: true }]
    expectQuiet(
      volumeIdentityEdit,
      { line: 'up -d', facts: edited(db([`database:${data}`]), { declared }) },
      unless,
    )
  })

  test('read-only now, and a trailing slash', () => {
    expectQuiet(volumeIdentityEdit, { line: 'up -d', facts: edited(db([`pgdata:${data}/:ro`])) }, unless)
  })

  test('a volume for a new purpose, at a path that held nothing', () => {
    expectQuiet(
      volumeIdentityEdit,
      { line: 'up -d', facts: edited(db([`pgdata:${data}`, 'wal:/wal'])) },
      unless,
    )
  })

  test('a copy of the same database: moved on purpose', () => {
    const copy = aVolume('shop_database')
    const contents = looked([old, someContents()], [copy, someContents()])
    expectQuiet(
      volumeIdentityEdit,
      { line: 'up -d', facts: edited(db([`database:${data}`]), { volumes: [old, copy], contents }) },
      unless,
    )
  })

  test('where Compose hands the volume on to the new container', () => {
    const images = [anImage('postgres:15', { id: 'sha256:db', volumes: [data] })]
    for (const mounts of [[], [data]])
      expectQuiet(volumeIdentityEdit, { line: 'up -d', facts: edited(db(mounts), { images }) }, unless)
  })

  test('configuration that is mounted from the host', () => {
    const containers = [
      aContainer('db', {
        image: 'postgres:15',
        mounts: [`shop_pgdata:${data}`, '/srv/shop/pg.conf:/etc/pg.conf', '/run/x:/run/secrets/x'],
      }),
    ]
    expectQuiet(
      volumeIdentityEdit,
      { line: 'up -d', facts: edited(db([`pgdata:${data}`]), { containers }) },
      unless,
    )
  })

  test.each(['up -d --no-recreate', 'restart', 'stop', 'start', 'down', 'up --dry-run', 'up -d web'])(
    '%s makes no new container of it',
    line => {
      const both = { services: [db([`database:${data}`]), aService('web')] }
      expectQuiet(
        volumeIdentityEdit,
        { line, facts: edited(db([]), both) },
        { line: 'up -d', facts: edited(db([]), both) },
      )
    },
  )

  test('where nothing differs nothing is looked into', () => {
    const look = (facts: typeof keyRenamed) =>
      volumeIdentityEdit.looksInto?.(facts, typed('up -d'), circumstances())
    expect(look(keyRenamed)).toHaveLength(1)
    expect(look(edited(db([`pgdata:${data}`])))).toEqual([])
  })
})
