import { describe, expect, test } from 'vitest'
import { guard } from '../../src/commands/guard.ts'
import { entriesOfLines } from '../../src/commands/undo-line.ts'
import type { Context } from '../../src/commands/context.ts'
import { Stop } from '../../src/model/failure.ts'
import type { Facts } from '../../src/model/facts.ts'
import { dockerLine } from '../fakes/docker-line.ts'
import { aContainer, aLedger, anonymousName, aProject, aVolume } from '../fakes/facts.ts'
import { aWorld } from '../fakes/world.ts'
import type { World, WorldWords } from '../fakes/world.ts'

/** An engine with a volume of a project and one of none, which nothing has. */
const facts: Facts = aProject({
  containers: [aContainer('web')],
  volumes: [aVolume('shop_data'), aVolume('free', { labels: {} })],
})

const both = dockerLine('docker volume rm shop_data free')

function engineWorld(words: Partial<WorldWords> = {}): World {
  return aWorld({
    facts,
    composeDoes: world => {
      world.volumes.splice(0)
      return 0
    },
    ...words,
  })
}

async function failureOf(work: Promise<unknown>): Promise<Stop['failure']> {
  const error = await work.then(
    () => null,
    thrown => thrown as unknown,
  )
  if (error instanceof Stop) return error.failure
  throw error instanceof Error ? error : new Error('it did not stop')
}

function unreachable(world: World): Context {
  const noEngine = async (): Promise<never> => {
    throw new Stop({ reason: 'engine-unreachable', host: 'unix:///nowhere', why: 'nobody there' })
  }
  return { ...world.context, openEngine: noEngine, openEngineOf: noEngine }
}

describe('a line that reaches several projects', () => {
  test('saves each before docker runs, once, and closes each record', async () => {
    const world = engineWorld()
    expect(await guard(world.context, both)).toEqual({ code: 0, signal: null })
    const one = (volume: string): readonly string[] =>
      `prepare store|lock|journal copying|arm|copy ${volume}|publish`.split('|')
    expect(world.log).toEqual([
      ...one('free'),
      ...one('shop_data'),
      'journal running',
      'disarm',
      'journal running',
      'disarm',
      'docker volume rm shop_data free',
      'journal done',
      'unlock',
      'journal done',
      'unlock',
    ])
    expect(world.entries.map(entry => entry.project)).toEqual(['_volumes', 'shop'])
    const [first, second] = world.entries
    expect(first?.together).toBe(second?.together)
    expect(first?.together).toBeDefined()
    expect(first?.argv).toEqual(['docker', 'volume', 'rm', 'shop_data', 'free'])
    expect(world.points.map(({ manifest }) => manifest.project.name)).toEqual(['shop', '_volumes'])
    const ended = world.events.filter(event => event.type === 'compose-ended')
    expect(ended).toHaveLength(1)
    expect(ended[0]?.gone).toHaveLength(2)
  })

  test('runs nothing where one of the backups fails, and takes back what was prepared', async () => {
    const world = engineWorld()
    world.on.set('copy shop_data', () => {
      throw new Stop({ reason: 'backup-failed', holding: 'shop_data', why: 'full', how: '' })
    })
    expect((await failureOf(guard(world.context, both))).reason).toBe('backup-failed')
    expect(world.log.filter(step => step.startsWith('docker'))).toEqual([])
    expect(world.entries.map(entry => entry.status)).toEqual(['rolled-back', 'rolled-back'])
    expect(world.log.filter(step => step === 'lock')).toHaveLength(2)
    expect(world.log.filter(step => step === 'unlock')).toHaveLength(2)
  })

  test('starts again where one of them changed meanwhile', async () => {
    const world = engineWorld()
    world.on.set('copy shop_data', () => {
      world.on.delete('copy shop_data')
      world.volumes.pop()
    })
    await guard(world.context, both)
    expect(world.log.filter(step => step.startsWith('copy'))).toEqual([
      'copy free',
      'copy shop_data',
      'copy shop_data',
    ])
  })

  test('does not start again where something changed in a project that loses nothing', async () => {
    const lone = anonymousName('a')
    const world = engineWorld({
      facts: aProject({
        containers: [
          aContainer('web', { state: 'exited' }),
          aContainer('hand', { project: null, state: 'exited', mounts: [`${lone}:/data`] }),
        ],
        volumes: [aVolume(lone, { anonymous: true, labels: {} })],
      }),
      composeDoes: () => 0,
    })
    world.on.set('publish', () => void world.containers.splice(0, world.containers.length - 1))
    await guard(world.context, dockerLine('docker rm -v shop-web-1 alone-hand-1'))
    expect(world.log.filter(step => step.startsWith('copy'))).toHaveLength(1)
  })

  test('sets each going again, also where the engine does not answer the look at one of them', async () => {
    const world = engineWorld()
    const engine = await world.context.openEngine()
    let ran = false
    let refused = 0
    const observe: typeof engine.observe = async () => {
      if (ran && refused++ === 0) throw new Error('busy')
      return engine.observe()
    }
    const context = { ...world.context, openEngine: async () => ({ ...engine, observe }) }
    world.on.set('docker volume rm shop_data free', () => void (ran = true))
    expect(await guard(context, both)).toEqual({ code: 0, signal: null })
    expect(world.log.filter(step => step === 'unlock')).toHaveLength(2)
    expect(world.entries.map(({ project, status }) => `${project} ${status}`)).toEqual([
      '_volumes running',
      'shop done',
    ])
    expect(world.events.filter(event => event.type === 'warning')).toMatchObject([
      { text: expect.stringContaining('busy') },
    ])
  })

  test('waits for another that removes what belongs to no project', async () => {
    const world = engineWorld()
    const engine = await world.context.openEngine()
    let refused = 0
    const lock: typeof engine.lock = async (project, owner) => {
      if (project === '_volumes' && refused++ === 0)
        throw new Stop({ reason: 'locked', by: 'a job', how: '' })
      return engine.lock(project, owner)
    }
    await guard({ ...world.context, openEngine: async () => ({ ...engine, lock }) }, both)
    expect(refused).toBe(2)
    expect(world.entries.map(({ status }) => status)).toEqual(['done', 'done'])
  })

  test('is asked about once, and refused once', async () => {
    const asked = engineWorld({ audience: { kind: 'person' }, answers: ['stop'] })
    expect((await failureOf(guard(asked.context, both))).reason).toBe('declined')
    expect(asked.log).toEqual(['ask'])
    const agent = engineWorld({ audience: { kind: 'agent', name: 'an agent', variable: 'AGENT' } })
    expect((await failureOf(guard(agent.context, both))).reason).toBe('refused')
    expect(agent.events.filter(event => event.type === 'refused')).toMatchObject([
      { project: '_volumes, shop', code: 'K7-2Q9' },
    ])
  })
})

test('what a line did is found under the engine’s own id, however its folder is called', async () => {
  const world = engineWorld()
  await guard(world.context, both)
  const store = await world.context.openStore()
  const folders = { ...store, scopes: async () => [{ engine: 'engine 1', project: 'shop' }] }
  expect((await entriesOfLines(world.context, folders)).map(({ project }) => project)).toEqual([
    '_volumes',
    'shop',
  ])
  const { openEngine } = world.context
  const other = async (): ReturnType<typeof openEngine> => ({
    ...(await openEngine()),
    observe: async () => ({ engine: { ...facts.engine, id: 'engine-2' }, containers: [], volumes: [] }),
  })
  expect(await entriesOfLines({ ...world.context, openEngine: other }, folders)).toEqual([])
})

describe('what is at stake', () => {
  test('nothing: docker runs, and nothing else happens', async () => {
    const world = engineWorld()
    for (const line of ['docker rm nothing', 'docker volume rm nothing', 'docker system prune -f'])
      await guard(world.context, dockerLine(line))
    expect(world.log).toEqual(['docker rm nothing', 'docker volume rm nothing', 'docker system prune -f'])
  })

  test('an old docker speaks an API in which prune takes named volumes', async () => {
    const named = engineWorld({ dockerSays: '1.51\n' })
    await guard(named.context, dockerLine('docker volume prune -f'))
    expect(named.log).toEqual(['docker volume prune -f'])
    const old = engineWorld({ dockerSays: '1.41\n' })
    await guard(old.context, dockerLine('docker volume prune -f'))
    expect(old.log.filter(step => step.startsWith('copy'))).toEqual(['copy free', 'copy shop_data'])
  })

  test('what runs is stopped by the engine, and stays so until docker runs', async () => {
    const a = anonymousName('a')
    const running = aProject({
      containers: [aContainer('db', { mounts: [`${a}:/data`] })],
      volumes: [aVolume(a)],
    })
    const world = engineWorld({
      facts: running,
      composeDoes: ({ containers, volumes }) => {
        containers.splice(0)
        volumes.splice(0)
        return 0
      },
    })
    await guard(world.context, dockerLine('docker rm -fv shop-db-1'))
    const steps = world.log.filter(step => !/^(journal|prepare|lock|unlock|arm|disarm|publish)/.test(step))
    expect(steps).toEqual(['stop db', 'copy db_data', 'docker rm -fv shop-db-1'])
  })
})

describe('without an engine', () => {
  test('docker fails with its own words', async () => {
    const world = engineWorld({ composeDoes: () => 1 })
    expect(await guard(unreachable(world), both)).toEqual({ code: 1, signal: null })
    expect(world.log).toEqual(['docker volume rm shop_data free'])
  })

  test('that docker sees, nothing is removed; what removes nothing goes on', async () => {
    const world = engineWorld({ dockerSays: '28.5.2\n' })
    expect((await failureOf(guard(unreachable(world), both))).reason).toBe('engine-unreachable')
    expect(world.log).toEqual([])
    for (const line of ['docker volume create a', 'docker run --rm redis:7', 'docker context use b'])
      await guard(unreachable(world), dockerLine(line))
    expect(world.log).toEqual(['docker volume create a', 'docker run --rm redis:7', 'docker context use b'])
  })
})

describe('what is only said', () => {
  const warnings = ({ events }: World): readonly string[] =>
    events.flatMap(event =>
      event.type === 'found' ? event.decision.stakes.map(({ stake }) => stake.finding.rule) : [],
    )

  test('a context whose engine does not have the data of this directory', async () => {
    const world = engineWorld()
    const store = await world.context.openStore()
    const shop = { engine: 'engine-0', project: 'shop' }
    await store.ledger(shop).write(aLedger({ db: ['shop_pgdata:/data'] }, { engine: 'engine-0' }))
    await guard(world.context, dockerLine('docker context use other'))
    expect(warnings(world)).toEqual(['docker-context-switched'])
    expect(world.log.at(-1)).toBe('docker context use other')
    expect(world.entries).toEqual([])
  })

  test('a volume of a name that a restore point holds, made otherwise', async () => {
    const world = engineWorld()
    await guard(world.context, dockerLine('docker volume rm free'))
    await guard(world.context, dockerLine('docker volume create free'))
    expect(warnings(world)).toEqual(['docker-volume-removed'])
    await guard(world.context, dockerLine('docker volume create -d nfs free'))
    expect(warnings(world)).toEqual(['docker-volume-removed', 'docker-volume-recreated'])
  })

  test('a database that goes when it ends', async () => {
    const world = engineWorld()
    await guard(world.context, dockerLine('docker run --rm -d postgres:15'))
    await guard(world.context, dockerLine('docker run --rm -d node:22'))
    expect(warnings(world)).toEqual(['docker-run-rm'])
  })
})
