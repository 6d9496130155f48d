import { describe, expect, test } from 'vitest'
import { recoveryOf } from '../../src/core/recovery.ts'
import type { Seen, ServerSaid, Situation } from '../../src/core/recovery/situation.ts'
import type { Figure } from '../../src/model/database.ts'
import type { Contents } from '../../src/model/holding.ts'
import type { JournalEntry, Ledger } from '../../src/model/journal.ts'
import type { HoldingRecord, RestorePoint } from '../../src/model/restore-point.ts'
import { recoveryPage } from '../../src/ui/recovery.ts'
import {
  aContainer,
  aLedger,
  aProject,
  aService,
  aVolume,
  madeAt,
  nothingInIt,
  now,
  someContents,
} from '../fakes/facts.ts'
import { aRecord, aRestorePoint } from '../fakes/question.ts'

const data = '/var/lib/postgresql/data'
const image = 'postgres:15.6'
const volume = aVolume('shop_pgdata')
const db = aContainer('db', { image, mounts: [`shop_pgdata:${data}`] })
const web = aContainer('web')
const services = [
  aService('db', { image, mounts: [`pgdata:${data}`] }),
  aService('web', { dependsOn: ['db'] }),
]
const well = { services, containers: [db, web], volumes: [volume] }

const old = '7316000000000000904'
const fresh = '7551000000000000117'
const minutesAgo = (minutes: number): string => new Date(now.getTime() - minutes * 60_000).toISOString()

function postgres(identity: string, words: Partial<Contents> = {}): Contents {
  const database = { kind: 'postgresql', label: 'PostgreSQL 15', path: '', identity } as const
  return someContents({ database, ...words })
}

const orders: Figure = { database: 'shop', of: 'public.orders', what: 'rows', value: 1204, exact: true }

function said(words: Partial<ServerSaid> = {}): ServerSaid {
  return {
    service: 'db',
    container: db,
    kind: 'postgresql',
    holding: 'shop_pgdata',
    label: 'PostgreSQL 15.6',
    why: null,
    figures: [orders],
    troubles: [],
    ...words,
  }
}

function aSeen(words: Partial<Omit<Seen, 'contents'>> & { contents?: Record<string, Contents> } = {}): Seen {
  const { contents = { shop_pgdata: postgres(old) }, ...rest } = words
  return {
    facts: aProject(well),
    entries: [],
    points: [],
    servers: [said()],
    lastWords: new Map(),
    now,
    ...rest,
    contents: new Map(Object.entries(contents)),
  }
}

function found(words: Parameters<typeof aSeen>[0]): readonly Situation[] {
  return recoveryOf(aSeen(words)).situations
}

function kept(words: Partial<HoldingRecord> = {}): HoldingRecord {
  const { database } = postgres(old)
  return { ...aRecord({ kind: 'volume', name: 'shop_pgdata', createdAt: madeAt }), database, ...words }
}

function point(
  id: string,
  words: Partial<HoldingRecord> = {},
  state: Partial<RestorePoint> = {},
): RestorePoint {
  return aRestorePoint({ id, reason: 'manual', command: null, holdings: [kept(words)] }, state)
}

/** `shop` as it was last seen, with the identity of its database. */
function remembered(words: Partial<Ledger> = {}): Ledger {
  const ledger = aLedger({ db: [`shop_pgdata:${data}`] }, words)
  return {
    ...ledger,
    services: ledger.services.map(service => ({
      ...service,
      mounts: service.mounts.map(mount => ({ ...mount, database: 'PostgreSQL 15', identity: old })),
    })),
  }
}

function entry(words: Partial<JournalEntry> = {}): JournalEntry {
  return {
    id: 'entry-1',
    kind: 'command',
    openedAt: minutesAgo(30),
    closedAt: minutesAgo(29),
    status: 'done',
    argv: ['compose', 'down', '-v'],
    directory: '/srv/shop',
    project: 'shop',
    engine: 'engine-1',
    compose: { version: '2.40.3', form: 'plugin' },
    audience: 'person',
    verdict: 'ask',
    findings: [],
    restorePoint: 'point-1',
    ran: [],
    exitCode: 0,
    outcome: [{ holding: { kind: 'volume', name: 'shop_pgdata', createdAt: madeAt }, gone: true }],
    restores: [],
    undoneBy: null,
    owner: { host: 'here', bootId: 'boot', pid: 1, startedAt: '1' },
    ...words,
  }
}

const filled = entry({
  id: 'entry-2',
  kind: 'restore',
  openedAt: minutesAgo(5),
  outcome: [],
  restores: [
    { restorePoint: 'point-1', holding: 'shop_pgdata', volume: 'shop_pgdata', safety: null, finished: true },
  ],
})

const words = (situation: Situation | undefined): readonly string[] =>
  situation?.ways.map(({ argv }) => argv.join(' ')) ?? []

test('a project that is well shows nothing', () => {
  const all = { ledger: remembered() }
  expect(found({})).toEqual([])
  expect(found({ facts: aProject({ ...well, ...all }), points: [point('point-1')] })).toEqual([])
  expect(recoveryOf(aSeen()).writers).toEqual([])
})

describe('deleted', () => {
  const gone = aProject({ services, containers: [web] })

  test('by a command that is in the journal: undo', () => {
    const [first, ...more] = found({
      facts: gone,
      entries: [entry()],
      points: [point('point-1')],
      contents: {},
    })
    expect(more).toEqual([])
    expect(first).toMatchObject({ kind: 'deleted', title: '`down -v` deleted shop_pgdata' })
    expect(words(first)).toEqual(['undo point-1'])
  })

  test('not when it was taken back, restored since, or is there', () => {
    const points = [point('point-1')]
    const younger = aProject({ ...well, volumes: [aVolume('shop_pgdata', { createdAt: minutesAgo(4) })] })
    expect(found({ entries: [entry({ undoneBy: 'x' })], points })).toEqual([])
    expect(found({ entries: [entry()], points })).toEqual([])
    expect(found({ facts: younger, entries: [entry(), filled], points })).toEqual([])
  })

  test('behind our back: restored from the newest that holds it, and from one that is known to boot', () => {
    const ledger = remembered()
    const points = [
      point('newest'),
      point('bad', {}, { verified: { level: 'boot', at: madeAt, milliseconds: 1, well: false, checks: [] } }),
      point(
        'proven',
        {},
        { verified: { level: 'boot', at: madeAt, milliseconds: 1, well: true, checks: [] } },
      ),
    ]
    const facts = aProject({ services, containers: [web], ledger })
    const [first, ...more] = found({ facts, points, contents: {}, servers: [] })
    expect(more).toEqual([])
    expect(first).toMatchObject({ kind: 'deleted', service: 'db' })
    expect(words(first)).toEqual([
      'restore newest --volume shop_pgdata',
      'restore proven --volume shop_pgdata',
    ])
    expect(first?.ways[0]?.does).toContain('start db then')
  })

  test('known from backups alone', () => {
    const [first] = found({ facts: gone, points: [point('point-1')], contents: {}, servers: [] })
    expect(words(first)).toEqual(['restore point-1 --volume shop_pgdata'])
    expect(found({ facts: gone, contents: {}, servers: [] })).toEqual([])
  })

  test('a database that nothing holds is said to be lost; other data that nothing holds is not', () => {
    const facts = aProject({ services, containers: [web], ledger: remembered() })
    expect(found({ facts, contents: {}, servers: [] })).toMatchObject([{ kind: 'deleted', ways: [] }])
    const uploads = aProject({ ...well, ledger: aLedger({ web: ['shop_uploads:/uploads'] }) })
    expect(found({ facts: uploads })).toEqual([])
  })
})

describe('another database than it had', () => {
  const other = aVolume('shop2_pgdata', { createdAt: minutesAgo(12) })
  const moved = aContainer('db', { image, mounts: [`shop2_pgdata:${data}`] })
  const declared = [{ key: 'pgdata', name: 'shop2_pgdata' }]
  const both = { services, declared, containers: [moved, web], volumes: [volume, other] }
  const contents = {
    shop_pgdata: postgres(old, { lastWrite: minutesAgo(14) }),
    shop2_pgdata: postgres(fresh),
  }
  const blank = [said({ container: moved, holding: 'shop2_pgdata', figures: [] })]

  test('by what is remembered: connect it, or restore into the volume that is meant now', () => {
    const facts = aProject({ ...both, ledger: remembered() })
    const recovery = recoveryOf(aSeen({ facts, contents, servers: blank, points: [point('point-1')] }))
    const [first, ...more] = recovery.situations
    expect(more).toEqual([])
    expect(first).toMatchObject({ kind: 'wrong-database', title: 'db runs on a fresh, empty database' })
    expect(first?.evidence.slice(0, 2)).toEqual([
      'db runs on volume shop2_pgdata, made 12 min ago: PostgreSQL 15.6, nothing in it',
      'volume shop_pgdata holds PostgreSQL 15, 1.2 GB, last written 14 min ago',
    ])
    expect(words(first)).toEqual([
      'adopt shop_pgdata --as pgdata',
      'restore point-1 --volume shop_pgdata --to shop2_pgdata',
    ])
    expect(recovery.writers).toEqual(['web'])
  })

  test('by what is remembered of this directory under another name', () => {
    const otherLedgers = [remembered()]
    const facts = aProject({
      ...both,
      name: 'shop2',
      containers: [{ ...moved, project: 'shop2' }],
      otherLedgers,
    })
    const [first] = found({ facts, contents, servers: blank })
    expect(words(first)).toEqual(['adopt shop_pgdata --as pgdata'])
    expect(first?.evidence.join('\n')).toContain('this project was called shop until')
    const project = { namedBy: 'flag' } as const
    const chosen = aProject({ ...both, volumes: [other], name: 'shop2-test', otherLedgers, project })
    expect(found({ facts: chosen, contents: { shop2_pgdata: postgres(fresh) }, servers: [said()] })).toEqual(
      [],
    )
  })

  test('by the newest backup alone', () => {
    const facts = aProject({ ...both, volumes: [other] })
    const [first] = found({ facts, contents: { shop2_pgdata: postgres(fresh) }, points: [point('point-1')] })
    expect(first).toMatchObject({ kind: 'wrong-database', title: 'db runs on another database than it had' })
    expect(words(first)).toEqual(['restore point-1 --volume shop_pgdata --to shop2_pgdata'])
  })

  test('by a volume that was left behind when this one was made', () => {
    const facts = aProject(both)
    expect(words(found({ facts, contents, servers: blank })[0])).toEqual(['adopt shop_pgdata --as pgdata'])
    expect(words(found({ facts, contents, servers: [said({ container: moved })] })[0])).toEqual([
      'adopt shop_pgdata --as pgdata',
    ])
    const longBefore = { ...contents, shop_pgdata: postgres(old, { lastWrite: madeAt }) }
    expect(found({ facts, contents: longBefore, servers: [said({ container: moved })] })).toEqual([])
  })

  test('made anew under the same name: what was in it comes from a restore point', () => {
    const anew = aVolume('shop_pgdata', { createdAt: minutesAgo(12) })
    const facts = aProject({ ...well, volumes: [anew], ledger: remembered() })
    const again = { facts, contents: { shop_pgdata: postgres(fresh) }, servers: [said({ figures: [] })] }
    expect(words(found({ ...again, points: [point('point-1')] })[0])).toEqual([
      'restore point-1 --volume shop_pgdata',
    ])
    expect(found(again)).toMatchObject([{ kind: 'wrong-database', ways: [] }])
    expect(found({ ...again, contents: { shop_pgdata: postgres(old) } })).toEqual([])
    expect(found({ ...again, entries: [filled] })).toEqual([])
  })

  test('not onto a volume that somebody runs on', () => {
    const others = aContainer('db', { project: 'other', image, mounts: [`shop_pgdata:${data}`] })
    const facts = aProject({ ...both, containers: [moved, others], ledger: remembered() })
    expect(words(found({ facts, contents, servers: blank })[0])).toEqual([])
  })

  test('before it starts: the volume that is meant does not exist, or is empty', () => {
    const ledger = remembered()
    const missing = aProject({ ...both, containers: [], volumes: [volume], ledger })
    const [first] = found({ facts: missing, contents, servers: [] })
    expect(first?.title).toBe('db would start on a new, empty volume')
    const empty = aProject({ ...both, containers: [], ledger })
    const nothing = { ...contents, shop2_pgdata: nothingInIt }
    expect(words(found({ facts: empty, contents: nothing, servers: [] })[0])).toEqual([
      'adopt shop_pgdata --as pgdata',
    ])
  })
})

describe('a database that does not stay up', () => {
  const ended = (exitCode: number, state: 'exited' | 'restarting' = 'exited') =>
    aProject({
      ...well,
      containers: [
        aContainer('db', { image, state, mounts: [`shop_pgdata:${data}`], details: { exitCode } }),
      ],
    })

  test.each([
    [1, 'exited', ['restore point-1 --volume shop_pgdata']],
    [137, 'exited', ['start db', 'restore point-1 --volume shop_pgdata']],
    [1, 'restarting', ['restore point-1 --volume shop_pgdata']],
  ] as const)('ended with %i, %s', (code, state, ways) => {
    const lastWords = new Map([[db.id, 'PANIC: could not locate a valid checkpoint record']])
    const [first] = found({ facts: ended(code, state), points: [point('point-1')], servers: [], lastWords })
    expect(first?.kind).toBe('not-running')
    expect(first?.evidence).toContain('it said: PANIC: could not locate a valid checkpoint record')
    expect(words(first)).toEqual(ways)
  })

  test('stopped on purpose is well', () => {
    expect(found({ facts: ended(0), servers: [] })).toEqual([])
    expect(found({ facts: ended(143), servers: [] })).toEqual([])
  })

  test('of another version than its data: no restore would help', () => {
    const line = 'FATAL:  database files are incompatible with server'
    const lastWords = new Map([[db.id, line]])
    const [first] = found({ facts: ended(1), points: [point('point-1')], servers: [], lastWords })
    expect(words(first)).toEqual([])
    expect(first?.evidence.at(-1)).toContain('postgres:15.6 is of another version')
  })

  test('one that runs and is silent; one that lets nobody in is not judged', () => {
    const silent = { label: null, figures: [] }
    const why = 'PostgreSQL does not answer: the database system is starting up'
    expect(found({ servers: [said({ ...silent, why })] })).toMatchObject([{ kind: 'not-running' }])
    const closed = 'PostgreSQL does not answer: FATAL:  password authentication failed for user "postgres"'
    expect(found({ servers: [said({ ...silent, why: closed })] })).toEqual([])
  })
})

test('damage is told in the words of the server, with the restore points that hold the volume', () => {
  const troubles = ['shop: invalid page in block 0 of relation base/5/16388']
  const [first] = found({ servers: [said({ troubles })], points: [point('point-1')] })
  expect(first).toMatchObject({ kind: 'damaged', service: 'db' })
  expect(first?.evidence).toContain(troubles[0])
  expect(words(first)).toEqual(['recover --repair db', 'restore point-1 --volume shop_pgdata'])
  const [alone] = found({ servers: [said({ troubles })] })
  expect(alone?.evidence).toContain('no restore point holds its data')
  expect(words(alone)).toEqual(['recover --repair db'])
})

describe('the gentle repair is the first way', () => {
  const troubles = ['a page is broken']

  test('not where the data is in a directory, nor under a server that has more in its memory', () => {
    const bound = aContainer('db', { image, mounts: [`/srv/pg:${data}`] })
    const facts = aProject({ ...well, containers: [bound, web] })
    const [directory] = found({ facts, servers: [said({ container: bound, holding: '/srv/pg', troubles })] })
    expect(words(directory)).toEqual([])
    const cache = aContainer('cache', { image: 'redis:7', mounts: ['shop_redis:/data'] })
    const memory = said({
      service: 'cache',
      container: cache,
      kind: 'redis',
      holding: 'shop_redis',
      troubles,
    })
    const redis = aProject({ ...well, containers: [cache], volumes: [aVolume('shop_redis')] })
    const [running] = found({ facts: redis, servers: [memory] })
    expect(words(running)).toEqual([])
    expect(running?.evidence.join('\n')).toContain('what it has in its memory may be whole')
  })

  test('of a Redis that cannot read its log, and of none that ended for another reason', () => {
    const cache = aContainer('cache', {
      image: 'redis:7',
      mounts: ['shop_redis:/data'],
      state: 'exited',
      details: { exitCode: 1 },
    })
    const facts = aProject({ ...well, containers: [cache], volumes: [aVolume('shop_redis')] })
    const ways = (text: string): readonly string[] =>
      words(found({ facts, servers: [], contents: {}, lastWords: new Map([[cache.id, text]]) })[0])
    expect(ways('# Bad file format reading the append only file appendonly.aof.1.incr.aof: make a')).toEqual([
      'recover --repair cache',
    ])
    expect(ways('# Unexpected end of file reading the append only file appendonly.aof.')).toEqual([
      'recover --repair cache',
    ])
    expect(ways("# Can't open the log file: Permission denied")).toEqual([])
    const mute = said({
      service: 'cache',
      container: cache,
      kind: 'redis',
      holding: 'shop_redis',
      label: null,
    })
    const lastWords = new Map([[cache.id, 'Bad file format reading the append only file x']])
    const again = aProject({
      ...well,
      containers: [{ ...cache, state: 'running' }],
      volumes: [aVolume('shop_redis')],
    })
    const servers = [{ ...mute, why: 'it is restarting' }]
    expect(words(found({ facts: again, servers, contents: {}, lastWords })[0])).toEqual([
      'recover --repair cache',
    ])
  })
})

describe('who is stopped first', () => {
  const broken = [said({ troubles: ['a page is broken'] })]

  test('who depends on the database; else who is on its network; never a database', () => {
    const cache = aContainer('cache', { image: 'redis:7' })
    const worker = aContainer('worker')
    const containers = [db, web, cache, worker]
    const writers = (facts: Seen['facts']): readonly string[] =>
      recoveryOf(aSeen({ facts, servers: broken })).writers
    expect(writers(aProject({ ...well, containers }))).toEqual(['web'])
    const free = [aService('db', { image, mounts: [`pgdata:${data}`] }), aService('web'), aService('worker')]
    expect(writers(aProject({ ...well, services: free, containers }))).toEqual(['web', 'worker'])
  })
})

test('what is printed has every name made harmless', () => {
  const seen = aSeen({ servers: [said({ troubles: ['a\u001B[31mred'] })], points: [point('point-1')] })
  const line = (argv: readonly string[]): readonly string[] => ['safe-compose', ...argv]
  expect(`\n${recoveryPage({ ...recoveryOf(seen), project: 'shop', seen, line })}`).toBe(`
project shop: 1 thing is wrong; nothing was changed

stop the writers first:  safe-compose stop web

✗ db finds damage in its own data
    checked by PostgreSQL 15.6 itself:
    a\\x1b[31mred
  → safe-compose recover --repair db
      REINDEX makes every index anew, and mends no table; it is tried on a copy, and what stands there now is saved first
  → safe-compose restore point-1 --volume shop_pgdata
      puts shop_pgdata as it was 8 h ago; what stands there now is saved first
`)
})
