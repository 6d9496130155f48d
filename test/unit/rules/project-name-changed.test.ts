import { describe, expect, test } from 'vitest'
import { projectNameChanged } from '../../../src/core/rules/project-name-changed.ts'
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
const seen = looked([old, someContents()])
/** The directory was /srv/shop and is /srv/shop-v2 now. */
const renamed = {
  name: 'shop-v2',
  services: [aService('db', { image: 'postgres:15', mounts: [`pgdata:${data}`] })],
  volumes: [old],
  contents: seen,
  project: { directory: '/srv/shop-v2', directoryId: '1:100', files: ['/srv/shop-v2/compose.yaml'] },
  otherLedgers: [aLedger({ db: [`shop_pgdata:${data}`] })],
  places: { '/srv/shop': { state: 'missing', id: null } },
} as const
const facts = aProject(renamed)
const found = { shop_pgdata: 'orphaned' } as const

/** The same files under another name that was given in some way; the containers of the old name say where they are from. */
function named(
  by: 'flag' | 'environment' | 'env-file' | 'file' | 'directory',
  words: Parameters<typeof aProject>[0] = {},
) {
  return aProject({
    ...renamed,
    otherLedgers: [],
    project: { directory: '/srv/shop', directoryId: '1:100', namedBy: by },
    places: { '/srv/shop': { state: 'filled', id: '1:100' } },
    containers: [aContainer('db', { mounts: [`shop_pgdata:${data}`], state: 'exited' })],
    ...words,
  })
}

describe('found', () => {
  test('a renamed directory, by what is remembered of it: what would be used, what holds the data, why', () => {
    const [finding] = expectFound(projectNameChanged, { line: 'up -d', facts }, found)
    expect(finding?.because).toBe(
      'db would start on shop-v2_pgdata, which does not exist yet; its data is in shop_pgdata (PostgreSQL 15), of project shop, as this one was called',
    )
    expect(finding?.warning).toBeUndefined()
    expect(finding?.wouldUse).toEqual({ name: 'shop-v2_pgdata', state: 'missing' })
    expect(finding?.evidence.join('\n')).toContain('this project was called shop (directory /srv/shop)')
  })

  test('the ways out: pin first, then this time only, then a name in the file', () => {
    const [finding] = expectFound(projectNameChanged, { line: '-f compose.yaml up -d db', facts }, found)
    expect(finding?.remedies).toEqual([
      { kind: 'pin', key: 'pgdata', volume: 'shop_pgdata' },
      {
        kind: 'run',
        argv: ['compose', '-f', 'compose.yaml', '-p', 'shop', 'up', '-d', 'db'],
        words: 'docker compose -f compose.yaml -p shop up -d db',
      },
      { kind: 'advice', line: 'name: shop as the first line of the Compose file' },
    ])
    expect(finding?.instead).toBe('docker compose -f compose.yaml -p shop up -d db')
  })

  test('a name that was typed is replaced, not doubled', () => {
    const typedName = named('flag', { name: 'shop-v2' })
    const [finding] = expectFound(projectNameChanged, { line: '-p shop-v2 up -d', facts: typedName }, found)
    expect(finding?.instead).toBe('docker compose -p shop up -d')
  })

  test.each(['up -d', 'up db', 'create', 'run db true', 'up --no-start', 'scale db=1'])('%s', line => {
    expectFound(projectNameChanged, { line, facts }, found)
  })

  test.each(['flag', 'environment', 'env-file', 'file', 'directory'] as const)(
    'a name from the %s, by containers that were made in this directory',
    by => {
      const [finding] = expectFound(projectNameChanged, { line: 'up -d', facts: named(by) }, found)
      expect(finding?.warning).toBeUndefined()
    },
  )

  test('through a link: the containers name the real path of the same directory', () => {
    const linked = named('directory', {
      project: { directory: '/srv/current', directoryId: '1:100' },
      places: {
        '/srv/shop': { state: 'filled', id: '1:100' },
        '/srv/current': { state: 'filled', id: '1:100' },
      },
    })
    const [finding] = expectFound(projectNameChanged, { line: 'up -d', facts: linked }, found)
    expect(finding?.warning).toBeUndefined()
  })

  test('while the old containers still run from a directory that was renamed under them', () => {
    const containers = [aContainer('db', { mounts: [`shop_pgdata:${data}`] })]
    expectFound(projectNameChanged, { line: 'up -d', facts: aProject({ ...renamed, containers }) }, found)
  })

  test('the new volume stands already, and nothing is in it', () => {
    const fresh = aVolume('shop-v2_pgdata')
    const volumes = [old, fresh]
    const contents = { ...seen, ...looked([fresh, nothingInIt]) }
    const [finding] = expectFound(
      projectNameChanged,
      { line: 'up -d', facts: aProject({ ...renamed, volumes, contents }) },
      found,
    )
    expect(finding?.wouldUse?.state).toBe('empty')
  })

  test('a service that was renamed together with the project, by its key', () => {
    const services = [aService('postgres', { mounts: [`pgdata:${data}`] })]
    expectFound(projectNameChanged, { line: 'up -d', facts: aProject({ ...renamed, services }) }, found)
  })

  test('an anonymous volume of the old name', () => {
    const a = anonymousName('a')
    const anonymous = named('directory', {
      services: [aService('db', { image: 'postgres:15' })],
      images: [anImage('postgres:15', { id: 'sha256:db', volumes: [data] })],
      volumes: [aVolume(a)],
      containers: [aContainer('db', { mounts: [`${a}:${data}`], state: 'exited' })],
      contents: {},
    })
    const [finding] = expectFound(
      projectNameChanged,
      { line: 'up -d', facts: anonymous },
      { [`db:${data}`]: 'orphaned' },
    )
    expect(finding?.wouldUse?.name).toBe('a new anonymous volume')
  })

  test('of several old names the database that was written last', () => {
    const older = aVolume('store_pgdata')
    const contents = looked(
      [old, someContents()],
      [older, someContents({ lastWrite: '2026-01-01T00:00:00.000Z' })],
    )
    const otherLedgers = [
      aLedger({ db: [`store_pgdata:${data}`] }, { project: 'store', updatedAt: '2026-11-20T00:00:00.000Z' }),
      ...renamed.otherLedgers,
    ]
    const both = aProject({ ...renamed, volumes: [older, old], contents, otherLedgers })
    expectFound(projectNameChanged, { line: 'up -d', facts: both }, found)
  })
})

describe('a warning only', () => {
  const alike = {
    ...renamed,
    otherLedgers: [],
    project: { directory: '/srv/shop-v2', directoryId: '1:200' },
  } as const

  test('a volume of the same key that nobody uses and that holds a database', () => {
    const [finding] = expectFound(projectNameChanged, { line: 'up -d', facts: aProject(alike) }, found)
    expect(finding?.warning).toBe(true)
    expect(finding?.because).toContain('looks like its data')
  })

  test('the spelling of older versions is recognised', () => {
    const lower = aVolume('hzmyapp_pgdata', {
      labels: { 'com.docker.compose.project': 'hzmyapp', 'com.docker.compose.volume': 'pgdata' },
    })
    const [finding] = expectFound(
      projectNameChanged,
      {
        line: 'up -d',
        facts: aProject({
          ...alike,
          name: 'hzmy-app',
          volumes: [lower],
          contents: looked([lower, someContents()]),
          project: { directory: '/srv/HZ.My-App', directoryId: '1:200' },
        }),
      },
      { hzmyapp_pgdata: 'orphaned' },
    )
    expect(finding?.evidence.join('\n')).toContain(
      "older versions of Compose called this directory's project",
    )
  })

  test('containers with the same configuration to the letter, whose directory is gone', () => {
    const moved = aProject({
      ...alike,
      contents: looked([old, someContents()]),
      containers: [aContainer('db', { mounts: [`shop_pgdata:${data}`], state: 'exited' })],
    })
    const [finding] = expectFound(projectNameChanged, { line: 'up -d', facts: moved }, found)
    expect(finding?.warning).toBe(true)
    expect(finding?.evidence.join('\n')).toContain('the same configuration')
  })

  test('uploads that are not a database’s', () => {
    const uploads = aVolume('shop_uploads')
    const other = {
      ...renamed,
      services: [aService('web', { mounts: ['uploads:/app/uploads'] })],
      volumes: [uploads],
      otherLedgers: [aLedger({ web: ['shop_uploads:/app/uploads'] })],
    }
    const filled = looked([uploads, someContents({ database: null })])
    const [finding] = expectFound(
      projectNameChanged,
      { line: 'up -d', facts: aProject({ ...other, contents: filled }) },
      { shop_uploads: 'orphaned' },
    )
    expect(finding?.warning).toBe(true)
    expectQuiet(
      projectNameChanged,
      {
        line: 'up -d',
        facts: aProject({ ...other, contents: looked([uploads, { ...nothingInIt }]) }),
      },
      { facts: aProject({ ...other, contents: filled }) },
    )
  })
})

describe('quiet', () => {
  test('a second instance that runs from another directory', () => {
    const running = (state: 'running' | 'exited') =>
      aProject({
        ...renamed,
        otherLedgers: [],
        project: { directory: '/srv/staging', directoryId: '1:300' },
        containers: [aContainer('db', { mounts: [`shop_pgdata:${data}`], state })],
        places: { '/srv/shop': { state: state === 'running' ? 'filled' : 'missing', id: '1:100' } },
      })
    expectQuiet(
      projectNameChanged,
      { line: 'up -d', facts: running('running') },
      { facts: running('exited') },
    )
  })

  test.each(['flag', 'environment'] as const)('a second instance by %s beside the one that runs here', by => {
    const containers = [aContainer('db', { mounts: [`shop_pgdata:${data}`] })]
    expectQuiet(
      projectNameChanged,
      { line: 'up -d', facts: named(by, { containers }) },
      { facts: named('file', { containers }) },
    )
  })

  test('another project with Compose files of its own in the same directory, while it runs', () => {
    const runs = (file: string) =>
      named('file', {
        containers: [
          aContainer('db', { mounts: [`shop_pgdata:${data}`], configFiles: [`/srv/shop/${file}`] }),
        ],
      })
    expectQuiet(
      projectNameChanged,
      { line: 'up -d', facts: runs('prod.yaml') },
      { facts: runs('compose.yaml') },
    )
  })

  test.each(['scratch-7f3a', 'shop-test', 'pr-122', 'ci_4711', 'shop-e2e'])(
    'a chosen name that says what it is: %s',
    name => {
      expectQuiet(
        projectNameChanged,
        { line: `-p ${name} up -d`, facts: named('flag', { name }) },
        { facts: named('flag', { name: 'shop2' }), line: '-p shop2 up -d' },
      )
    },
  )

  test('a pinned volume goes with the files', () => {
    const declared = [{ key: 'pgdata', name: 'shop_pgdata' }]
    expectQuiet(projectNameChanged, { line: 'up -d', facts: aProject({ ...renamed, declared }) }, { facts })
  })

  test('a new name with data of its own', () => {
    const own = aVolume('shop-v2_pgdata')
    const contents = { ...seen, ...looked([own, someContents({ database: null })]) }
    const volumes = [old, own]
    expectQuiet(
      projectNameChanged,
      { line: 'up -d', facts: aProject({ ...renamed, volumes, contents }) },
      { facts },
    )
  })

  test('the first run, with nothing to be mistaken for', () => {
    expectQuiet(
      projectNameChanged,
      { line: 'up -d', facts: aProject({ ...renamed, volumes: [], otherLedgers: [] }) },
      { facts },
    )
  })

  test('strangers of the same key: in use by a container, without a database, or too many', () => {
    const alike = { ...renamed, otherLedgers: [], project: { directory: '/srv/x', directoryId: '1:9' } }
    const unless = { facts: aProject(alike) }
    const containers = [aContainer('db', { project: 'other', mounts: [`shop_pgdata:${data}`] })]
    const many = Array.from('abcdefgh', letter =>
      aVolume(`${letter}_pgdata`, {
        labels: { 'com.docker.compose.project': letter, 'com.docker.compose.volume': 'pgdata' },
      }),
    )
    for (const words of [
      { containers, places: { '/srv/shop': { state: 'filled', id: '1:100' } as const } },
      { contents: looked([old, someContents({ database: null })]) },
      { contents: {} },
      { volumes: many, contents: looked(...many.map(each => [each, someContents()] as const)) },
    ])
      expectQuiet(projectNameChanged, { line: 'up -d', facts: aProject({ ...alike, ...words }) }, unless)
  })

  test('a volume that was made anew since it was remembered', () => {
    const volumes = [aVolume('shop_pgdata', { createdAt: '2026-11-22T00:00:00.000Z', labels: {} })]
    expectQuiet(
      projectNameChanged,
      {
        line: 'up -d',
        facts: aProject({ ...renamed, volumes, services: [aService('db', { mounts: [`pg:${data}`] })] }),
      },
      { facts },
    )
  })

  test.each(['stop', 'restart', 'down', 'rm -fs', 'start', 'up --dry-run'])('%s starts nothing new', line => {
    expectQuiet(projectNameChanged, { line, facts }, { line: 'up -d' })
  })

  test('where nothing is suspicious nothing is looked into', () => {
    const look = (of: typeof facts) => projectNameChanged.looksInto?.(of, typed('up -d'), circumstances())
    expect(look(facts)).toEqual([{ kind: 'volume', name: 'shop_pgdata', createdAt: old.createdAt }])
    const ordinary = aProject({
      services: renamed.services,
      volumes: [old, aVolume('other_pgdata', { labels: { 'com.docker.compose.volume': 'pgdata' } })],
      containers: [aContainer('db', { mounts: [`shop_pgdata:${data}`] })],
    })
    expect(look(ordinary)).toEqual([])
  })
})
