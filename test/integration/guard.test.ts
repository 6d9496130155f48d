import { describe, expect, test, vi } from 'vitest'
import { backup } from '../../src/commands/backup.ts'
import type { Context } from '../../src/commands/context.ts'
import { guard } from '../../src/commands/guard.ts'
import { undo } from '../../src/commands/undo.ts'
import type { Event, Reporter } from '../../src/model/event.ts'
import { Stop } from '../../src/model/failure.ts'
import type { Facts } from '../../src/model/facts.ts'
import type { DatabaseContents } from '../../src/model/holding.ts'
import type { Databases, Engine, Store } from '../../src/model/ports.ts'
import { aContainer, anImage, aProject, aService, aVolume, typed } from '../fakes/facts.ts'
import { aRunState, aWorld, setState, states } from '../fakes/world.ts'
import type { World, WorldWords } from '../fakes/world.ts'

/** A project whose `down -v` deletes one volume that holds something. */
const shop: Facts = aProject({
  services: [aService('db', { mounts: ['pgdata:/data'] }), aService('web')],
  containers: [aContainer('db', { mounts: ['shop_pgdata:/data'] }), aContainer('web')],
  volumes: [
    aVolume('shop_pgdata', {
      labels: { 'com.docker.compose.project': 'shop', 'com.docker.compose.volume': 'pgdata' },
    }),
  ],
  images: [anImage('db:1'), anImage('web:1')],
})
const downV = typed('down -v')

const postgres: DatabaseContents = {
  kind: 'postgresql',
  label: 'PostgreSQL 15',
  identity: null,
  path: '',
}

/** The containers stay: somebody else needs them. */
function deletesVolumes(world: World): number {
  world.volumes.splice(0)
  return 0
}

/** What `down -v` does to the world. */
function deletesAll(world: World): number {
  world.containers.splice(0)
  world.volumes.splice(0)
  return 0
}

function shopWorld(words: Partial<WorldWords> = {}): World {
  return aWorld({ facts: shop, composeDoes: deletesAll, ...words })
}

async function failureOf(work: Promise<unknown>): Promise<Stop['failure']> {
  const error = await work.then(
    () => null,
    thrown => thrown as unknown,
  )
  if (error instanceof Stop) return error.failure
  throw error instanceof Error ? error : new Error('it did not stop')
}

describe('the flow', () => {
  test('stops the writer, copies, publishes, records, lets Compose run, closes the record, in this order', async () => {
    const world = shopWorld()
    expect(await guard(world.context, downV)).toEqual({ code: 0, signal: null })
    expect(world.log).toEqual([
      'prepare store',
      'lock',
      'journal copying',
      'arm',
      'call config --no-interpolate --no-env-resolution',
      'call stop db',
      'copy shop_pgdata',
      'publish',
      'journal running',
      'disarm',
      'compose down -v',
      'journal done',
      'unlock',
    ])
    const [entry] = world.entries
    expect(entry?.outcome).toEqual([
      { holding: expect.objectContaining({ name: 'shop_pgdata' }), gone: true },
    ])
    expect(entry?.restorePoint).toBe(world.points[0]?.id)
  })

  describe('with a database that runs', () => {
    const contents = { shop_pgdata: { database: postgres } }

    test('it is counted and dumped as long as it runs; one that is too big is only counted', async () => {
      const world = shopWorld({ contents })
      await guard(world.context, downV)
      const asked = world.log.filter(step => /^(count|dump|call stop|copy)/.test(step))
      expect(asked).toEqual(['count db', 'dump db/shop.dump', 'call stop db', 'copy shop_pgdata'])
      expect(world.points[0]?.manifest.databases).toMatchObject([
        { label: 'postgresql 1.0', holding: 'shop_pgdata', after: null, dumps: [{ database: 'shop' }] },
      ])
      const big = shopWorld({ contents: { shop_pgdata: { ...contents.shop_pgdata, bytes: 3e9 } } })
      await guard(big.context, downV)
      expect(big.points[0]?.manifest.databases).toMatchObject([{ dumps: [], notes: [] }])
    })

    test('undo does not call it well when the server ends as soon as it has started', async () => {
      const world = shopWorld({ contents, composeDoes: deletesVolumes })
      await guard(world.context, downV)
      const said: Event[] = []
      const reporter: Reporter = { say: event => void said.push(event), quiet: () => {} }
      const { server } = world.context.databases
      const ends = async (): Promise<never> => {
        for (const [index, container] of world.containers.entries())
          world.containers[index] = { ...container, state: 'exited' }
        throw new Stop({ reason: 'not-possible', what: 'it does not answer', how: 'look at its log' })
      }
      const databases: Databases = { server: (...words) => ({ ...server(...words), status: ends }) }
      expect(await undo({ ...world.context, reporter, databases }, typed('ps'), { id: null })).toBe(1)
      expect(said.find(event => event.type === 'confirmed')?.part).toEqual({
        what: 'db',
        well: false,
        found: 'its container has ended',
      })
    })

    test('that it no longer runs is our own doing, and no change of the project', async () => {
      const redis = aProject({
        services: [aService('db', { image: 'redis:7', mounts: ['pgdata:/data'] })],
        containers: [aContainer('db', { image: 'redis:7', mounts: ['shop_pgdata:/data'] })],
        volumes: shop.volumes,
        images: [anImage('redis:7', { id: 'sha256:db', volumes: ['/data'] })],
      })
      const world = aWorld({ facts: redis, composeDoes: deletesAll })
      expect(await guard(world.context, typed('down -v -t 5'))).toEqual({ code: 0, signal: null })
      expect(world.log.filter(step => step === 'call stop db')).toHaveLength(1)
    })

    test('one that does not answer in time holds nobody up: noted, and its files are copied', async () => {
      vi.useFakeTimers()
      try {
        const world = shopWorld({ contents })
        const { server } = world.context.databases
        const databases: Databases = {
          server: (...words) => ({ ...server(...words), count: () => new Promise(() => {}) }),
        }
        const guarding = guard({ ...world.context, databases }, downV)
        await vi.advanceTimersByTimeAsync(15_000)
        expect(await guarding).toEqual({ code: 0, signal: null })
        expect(world.points[0]?.manifest.databases).toMatchObject([
          { before: [], dumps: [], notes: ['db could not be counted or dumped: it took longer than 15 s'] },
        ])
        expect(world.log).toContain('copy shop_pgdata')
      } finally {
        vi.useRealTimers()
      }
    })

    test.each([
      [3, 0, /3 rows in 1 table, as counted when it was saved$/],
      [0, 1, /nothing in it, but shop: table public.orders is missing$/],
    ])('undo tells what is in it again: %i rows', async (rows, code, words) => {
      const world = shopWorld({ contents, composeDoes: deletesVolumes })
      await guard(world.context, downV)
      const said: Event[] = []
      const reporter: Reporter = { say: event => void said.push(event), quiet: () => {} }
      const { server } = world.context.databases
      const databases: Databases = {
        server: (...words) => ({
          ...server(...words),
          count: async () => (rows === 0 ? [] : server(...words).count(0)),
        }),
      }
      expect(await undo({ ...world.context, reporter, databases }, typed('ps'), { id: null })).toBe(code)
      const [confirmed] = said.filter(event => event.type === 'confirmed')
      expect(confirmed?.part).toMatchObject({ what: 'db', well: code === 0 })
      expect(confirmed?.part.found).toMatch(words)
    })
  })

  test('a copy that fails: Compose does not run, what was stopped runs again, the record says rolled back', async () => {
    const world = shopWorld()
    world.on.set('copy shop_pgdata', () => {
      throw new Stop({ reason: 'no-space', path: '/store', free: 1, needed: 2, holding: null, written: 1 })
    })
    expect(await failureOf(guard(world.context, downV))).toMatchObject({
      reason: 'no-space',
      holding: 'shop_pgdata',
    })
    expect(world.log).not.toContain('compose down -v')
    expect(states(world)).toEqual(['db running', 'web running'])
    expect(world.log.slice(-5)).toEqual(['discard', 'start db', 'disarm', 'journal rolled-back', 'unlock'])
  })

  test('a container that is started during the copy makes it worthless', async () => {
    const world = shopWorld()
    world.on.set('copy shop_pgdata', () => {
      world.engineEvents.push({
        type: 'container',
        action: 'start',
        id: 'id-of-shop-db-1',
        name: 'shop-db-1',
        time: '',
      })
    })
    expect(await failureOf(guard(world.context, downV))).toMatchObject({ reason: 'backup-failed' })
    expect(world.log).not.toContain('publish')
    expect(world.log).not.toContain('compose down -v')
  })

  test.each([
    ['that runs', (world: World) => setState(world, 'db', 'running')],
    [
      'that ran for a moment',
      (world: World) =>
        world.engineEvents.push({
          type: 'container',
          action: 'start',
          id: 'id-of-shop-db-1',
          name: 'shop-db-1',
          time: '',
        }),
    ],
  ])('so does one %s after the copy', async (_, change) => {
    const world = shopWorld()
    world.on.set('publish', () => {
      change(world)
    })
    expect(await failureOf(guard(world.context, downV))).toMatchObject({
      reason: 'backup-failed',
      why: 'shop-db-1 was started after its data was copied',
    })
    expect(world.log).not.toContain('compose down -v')
    expect(world.entries.map(({ status }) => status)).toEqual(['rolled-back'])
  })

  test('a project that changes after the copy is looked at again; after the third time it is refused', async () => {
    const world = shopWorld()
    let more = 0
    world.on.set('publish', () => {
      more++
      world.containers.push(
        aContainer('db', { name: `shop-db-${more + 1}`, number: more + 1, mounts: ['shop_pgdata:/data'] }),
      )
    })
    expect(await failureOf(guard(world.context, downV))).toMatchObject({ reason: 'refused' })
    expect(world.log.filter(step => step === 'publish')).toHaveLength(3)
    expect(world.log).not.toContain('compose down -v')
    expect(states(world)).toContain('db running')
  })

  test('Compose that fails and leaves the container: what was stopped for the copy runs again', async () => {
    const world = shopWorld({ composeDoes: () => 1 })
    expect(await guard(world.context, downV)).toEqual({ code: 1, signal: null })
    expect(states(world)).toEqual(['db running', 'web running'])
    expect(world.entries[0]).toMatchObject({ status: 'done', exitCode: 1, outcome: [{ gone: false }] })
  })

  test('what is about to be deleted is proven whole; what stays may be compared with the copy before', async () => {
    const seen: (string | undefined)[] = []
    const { context } = shopWorld()
    const [engine, store] = await Promise.all([context.openEngine(), context.openStore()])
    const folders: Context = {
      ...context,
      openEngine: async () => ({
        ...engine,
        openSource: async (...which) => ({ ...(await engine.openSource(...which)), directory: '/a/folder' }),
      }),
      openStore: async () => ({
        ...store,
        begin: async (...which) => {
          const draft = await store.begin(...which)
          return {
            ...draft,
            putArchive: (name, source, onBytes) => {
              seen.push(source.directory)
              return draft.putArchive(name, source, onBytes)
            },
          }
        },
      }),
    }
    await backup(folders, typed('ps'), {
      tag: null,
      names: [],
      stillness: 'online',
      limit: true,
      dumps: false,
    })
    await guard(folders, downV)
    expect(seen).toEqual(['/a/folder', undefined])
  })

  test('nothing at stake: nothing is stopped, locked, copied or recorded', async () => {
    const world = shopWorld({ contents: { shop_pgdata: { empty: true } } })
    await guard(world.context, downV)
    expect(world.log).toEqual(['compose down -v'])
    expect(world.events.filter(event => event.type === 'found')).toEqual([])
  })

  test('a dry run shows the plan and does nothing', async () => {
    const world = shopWorld({ policy: { dryRun: true } })
    expect(await guard(world.context, downV)).toEqual({ code: 0, signal: null })
    expect(world.log).toEqual([])
    expect(world.events.map(event => event.type)).toEqual(['plan'])
  })
})

describe('what is done at the same time', () => {
  /** A world where clearing what dead runs left takes until it is told how to end. */
  function slowClearing(world: World): {
    context: Context
    end: (error?: Error) => void
    begun: Promise<void>
  } {
    let end: (error?: Error) => void = () => {}
    let begin: () => void = () => {}
    const begun = new Promise<void>(resolve => (begin = resolve))
    const openEngine = async (): Promise<Engine> => ({
      ...(await world.context.openEngine()),
      clearLeftovers: () =>
        new Promise((resolve, reject) => {
          begin()
          end = error => {
            world.log.push('cleared')
            if (error === undefined) resolve([])
            else reject(error)
          }
        }),
    })
    return { context: { ...world.context, openEngine }, end: error => end(error), begun }
  }

  const commands = [
    ['a guarded command', (context: Context) => guard(context, downV)],
    [
      'a backup',
      (context: Context) =>
        backup(context, typed('ps'), { tag: null, names: [], stillness: 'stop', limit: false, dumps: true }),
    ],
  ] as const

  test.each(commands)('%s stops nothing before what dead runs left is cleared', async (_, run) => {
    const world = shopWorld()
    const { context, end, begun } = slowClearing(world)
    const running = run(context)
    await begun
    await turns()
    expect(world.log).toContain('arm')
    expect(world.log).not.toContain('call stop db')
    end()
    await running
    expect(world.log.indexOf('cleared')).toBeLessThan(world.log.indexOf('call stop db'))
  })

  test.each(commands)('%s: clearing fails: nobody stands by any more, nothing is locked', async (_, run) => {
    const world = shopWorld()
    const { context, end, begun } = slowClearing(world)
    const failing = failureOf(run(context))
    await begun
    await turns()
    end(new Stop({ reason: 'engine-unreachable', host: 'here', why: 'gone' }))
    expect(await failing).toMatchObject({ reason: 'engine-unreachable' })
    expect(world.log).not.toContain('call stop db')
    expect(world.log).toContain('disarm')
    expect(world.log.at(-1)).toBe('unlock')
    expect(world.entries.every(entry => entry.closedAt !== null)).toBe(true)
  })

  test.each(commands)('%s: clearing fails while the child is being started', async (_, run) => {
    const world = shopWorld()
    const openEngine = async (): Promise<Engine> => ({
      ...(await world.context.openEngine()),
      clearLeftovers: () =>
        Promise.reject(new Stop({ reason: 'engine-unreachable', host: 'here', why: 'gone' })),
    })
    const guardian: Context['guardian'] = {
      arm: async (...words) => {
        await turns()
        return world.context.guardian.arm(...words)
      },
    }
    expect(await failureOf(run({ ...world.context, openEngine, guardian }))).toMatchObject({
      reason: 'engine-unreachable',
    })
    expect(world.log).not.toContain('call stop db')
    expect(world.log.filter(step => ['arm', 'disarm', 'unlock'].includes(step))).toEqual([
      'arm',
      'disarm',
      'unlock',
    ])
  })

  test.each(commands)('%s: arming fails: the lock stands until clearing has ended', async (_, run) => {
    const world = shopWorld()
    world.on.set('arm', () => {
      throw new Stop({ reason: 'not-possible', what: 'no guardian', how: 'x' })
    })
    const { context, end, begun } = slowClearing(world)
    const failing = failureOf(run(context))
    await begun
    await turns()
    expect(world.log).not.toContain('unlock')
    end()
    expect(await failing).toMatchObject({ reason: 'not-possible' })
    expect(world.log.slice(-2)).toEqual(['cleared', 'unlock'])
  })

  test('what is kept for building again fails: the copy does not count, all runs again', async () => {
    const world = shopWorld()
    world.on.set('call config --no-interpolate --no-env-resolution', () => {
      throw new Stop({ reason: 'store-unusable', path: '/store', why: 'x', how: 'y' })
    })
    expect(await failureOf(guard(world.context, downV))).toMatchObject({ reason: 'store-unusable' })
    expect(world.points).toEqual([])
    expect(states(world)).toEqual(['db running', 'web running'])
    expect(world.log.slice(-5)).toEqual(['discard', 'start db', 'disarm', 'journal rolled-back', 'unlock'])
  })

  test('a look that fails waits for what is found out beside it', async () => {
    const world = shopWorld()
    let ended = false
    const openEngine = async (): Promise<Engine> => ({
      ...(await world.context.openEngine()),
      observe: () => Promise.reject(new Stop({ reason: 'engine-unreachable', host: 'here', why: 'gone' })),
      readyCopies: async () => {
        await turns()
        ended = true
      },
    })
    const failing = backup({ ...world.context, openEngine }, typed('ps'), {
      tag: null,
      names: [],
      stillness: 'stop',
      limit: false,
      dumps: true,
    })
    expect(await failureOf(failing)).toMatchObject({ reason: 'engine-unreachable' })
    expect(ended).toBe(true)
  })

  test.each([
    ['exited', 'a backup of what nobody writes to may take as long as it takes', null],
    ['running', 'a backup that keeps a container paused for too long is given up', 'backup-failed'],
  ] as const)('%s: %s', async (state, _, reason) => {
    const world = shopWorld({ policy: { maxStop: 1 } })
    for (const [index, container] of world.containers.entries())
      world.containers[index] = { ...container, state }
    const openStore = async (): Promise<Store> => {
      const store = await world.context.openStore()
      return {
        ...store,
        begin: async (...words) => {
          const draft = await store.begin(...words)
          return { ...draft, putArchive: (...to) => turns().then(() => draft.putArchive(...to)) }
        },
      }
    }
    const options = { tag: null, names: [], stillness: 'pause', limit: true, dumps: false } as const
    const running = backup({ ...world.context, openStore }, typed('ps'), options)
    if (reason === null) expect(await running).toBe(0)
    else expect(await failureOf(running)).toMatchObject({ reason })
    expect(world.points).toHaveLength(reason === null ? 1 : 0)
  })

  /** Long enough for everything that does not wait for something. */
  function turns(): Promise<void> {
    return new Promise(resolve => setTimeout(resolve, 50))
  }
})

describe('who is asked', () => {
  const person = { kind: 'person' } as const

  test('a person who stops: declined, nothing done', async () => {
    const world = shopWorld({ audience: person, answers: ['stop'] })
    expect(await failureOf(guard(world.context, downV))).toEqual({ reason: 'declined' })
    expect(world.log).toEqual(['ask'])
  })

  test('a person who keeps the data: the same command without -v', async () => {
    const world = shopWorld({ audience: person, answers: ['keep-the-data'], composeDoes: () => 0 })
    await guard(world.context, downV)
    expect(world.log.filter(step => step !== 'prepare store')).toEqual(['ask', 'compose down'])
  })

  test('the project changes while the question stands: it is asked again', async () => {
    const world = shopWorld({ audience: person, answers: ['back-up-and-go-on', 'stop'] })
    world.on.set('ask', () => {
      world.containers.push(aContainer('db', { number: 2, name: 'shop-db-2', mounts: ['shop_pgdata:/data'] }))
      world.on.delete('ask')
    })
    expect(await failureOf(guard(world.context, downV))).toEqual({ reason: 'declined' })
    expect(world.log).toEqual(['ask', 'ask'])
  })

  test('an agent is refused, with a code', async () => {
    const world = shopWorld({
      audience: { kind: 'agent', name: 'an agent', variable: 'X' },
      policy: { yes: true, allow: ['down-volumes'] },
    })
    expect(await failureOf(guard(world.context, downV))).toMatchObject({ reason: 'refused' })
    expect(world.events.find(event => event.type === 'refused')).toMatchObject({ code: 'K7-2Q9' })
    expect(world.log).toEqual([])
  })
})

test('what is given to a container in -e is told to nobody', async () => {
  const image = 'postgres:15'
  const data = '/var/lib/postgresql/data'
  const facts = aProject({
    services: [aService('db', { image })],
    images: [anImage(image, { volumes: [data] })],
  })
  const world = aWorld({ facts, composeDoes: () => 0 })
  await guard(world.context, typed('run --rm -e PASSWORD=hunter2 db sh'))
  expect(world.events.map(({ type }) => type)).toEqual(expect.arrayContaining(['found', 'compose-starts']))
  expect(JSON.stringify(world.events)).toContain('PASSWORD=***')
  expect(JSON.stringify(world.events)).not.toContain('hunter2')
  expect(world.log).toContain('compose run --rm -e PASSWORD=hunter2 db sh')
})

describe('a run that died', () => {
  const db = aContainer('db', { mounts: ['shop_pgdata:/data'] })

  test('in the copy: what it stopped or paused runs again before anything else', async () => {
    const world = shopWorld()
    await guard(world.context, downV)
    const [entry] = world.entries
    if (entry === undefined) throw new Error('no entry')
    const next = shopWorld({ composeDoes: () => 0 })
    next.containers[0] = { ...db, state: 'exited' }
    next.entries.push({
      ...entry,
      status: 'copying',
      closedAt: null,
      outcome: [],
      ran: [aRunState(db, 'stopped')],
    })
    await guard(next.context, typed('up -d'))
    expect(next.log.slice(0, 4)).toEqual(['lock', 'start db', 'journal rolled-back', 'unlock'])
    expect(next.events[0]).toMatchObject({ type: 'recovered', what: 'rolled-back' })
  })

  test('while Compose ran: what is gone is recorded and can be undone', async () => {
    const world = shopWorld()
    await guard(world.context, downV)
    const [entry] = world.entries
    if (entry === undefined) throw new Error('no entry')
    world.entries[0] = { ...entry, status: 'running', closedAt: null, outcome: [] }
    expect(await undo(world.context, typed('ps'), { id: null })).toBe(0)
    expect(world.log).toContain('create shop_pgdata')
    expect(world.log).toContain('extract shop_pgdata')
    expect(world.entries[0]?.undoneBy).not.toBeNull()
  })

  test('one that is still alive is left alone', async () => {
    const world = shopWorld()
    await guard(world.context, downV)
    const [entry] = world.entries
    if (entry === undefined) throw new Error('no entry')
    const next = shopWorld({ alive: true, composeDoes: () => 0 })
    next.entries.push({ ...entry, status: 'copying', closedAt: null, ran: [aRunState(db, 'stopped')] })
    await guard(next.context, typed('up -d'))
    expect(next.log.filter(step => step !== 'prepare store')).toEqual(['compose up -d'])
  })
})

describe('undo', () => {
  test('checks the archive, makes the volume with its labels, fills it, starts what ran, and says so once', async () => {
    const world = shopWorld()
    await guard(world.context, downV)
    world.log.splice(0)
    expect(await undo(world.context, typed('ps'), { id: null })).toBe(0)
    expect(world.log).toEqual([
      'lock',
      'check shop_pgdata',
      'journal copying',
      'journal restoring',
      'create shop_pgdata',
      'extract shop_pgdata',
      'journal restoring',
      'journal done',
      'journal done',
      'call up -d --no-deps --no-recreate --no-build --pull never db web',
      'unlock',
    ])
    expect(world.volumes[0]?.labels).toEqual(shop.volumes[0]?.labels)
    expect(await failureOf(undo(world.context, typed('ps'), { id: null }))).toMatchObject({
      reason: 'nothing-to-undo',
    })
  })

  test('saves what came since before it puts the old data back', async () => {
    const world = shopWorld()
    await guard(world.context, downV)
    const fresh = {
      ...shop.volumes[0],
      createdAt: '2026-11-23T20:17:00.000Z',
    } as (typeof shop.volumes)[number]
    world.volumes.push(fresh)
    world.containers.push(aContainer('db', { mounts: ['shop_pgdata:/data'] }))
    world.log.splice(0)
    await undo(world.context, typed('ps'), { id: null })
    expect(world.points[0]?.manifest.reason).toBe('safety')
    const order = [
      'call stop db',
      'copy shop_pgdata',
      'publish',
      'empty shop_pgdata',
      'extract shop_pgdata',
      'start db',
    ]
    expect(world.log.filter(step => order.includes(step))).toEqual(order)
  })

  test('a fill that fails: what stood there is put back, and it says so', async () => {
    const world = shopWorld()
    await guard(world.context, downV)
    world.on.set('extract shop_pgdata', () => {
      throw new Stop({ reason: 'archive-damaged', path: 'x', why: 'cut short' })
    })
    expect(await failureOf(undo(world.context, typed('ps'), { id: null }))).toMatchObject({
      reason: 'restore-failed',
    })
    expect(world.volumes).toEqual([])
    expect(world.entries[0]?.undoneBy).toBeNull()
  })

  test('where the image is another by now, only the volumes come back and the command is named', async () => {
    const world = shopWorld()
    await guard(world.context, downV)
    const changed = aWorld({
      facts: {
        ...shop,
        containers: [],
        volumes: [],
        images: [anImage('db:1', { id: 'sha256:new' }), anImage('web:1')],
      },
    })
    changed.entries.push(...world.entries)
    changed.points.push(...world.points)
    expect(await undo(changed.context, typed('ps'), { id: null })).toBe(0)
    expect(changed.log).toContain('extract shop_pgdata')
    expect(changed.log.some(step => step.startsWith('call up'))).toBe(false)
    expect(changed.events.at(-1)).toMatchObject({ type: 'undo', step: 'not-started' })
  })
})
