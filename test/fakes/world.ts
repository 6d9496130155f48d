import { createHash, randomBytes } from 'node:crypto'
import { Readable, Writable } from 'node:stream'
import { openComposeFiles } from '../../src/adapters/configuration/compose-files.ts'
import type { Context, OutcomeMemory, SaidFinding } from '../../src/commands/context.ts'
import type { RememberedOutcome } from '../../src/core/outcome.ts'
import { defaultPolicy } from '../../src/core/policy.ts'
import { Stop } from '../../src/model/failure.ts'
import { nameOfHolding } from '../../src/model/holding.ts'
import type { Figure, ServerKind } from '../../src/model/database.ts'
import type { Answer, Audience, Policy } from '../../src/model/decision.ts'
import type { Event } from '../../src/model/event.ts'
import type { ContainerFact, Facts, VolumeFact } from '../../src/model/facts.ts'
import type { Contents } from '../../src/model/holding.ts'
import type { JournalEntry, Ledger, RunState } from '../../src/model/journal.ts'
import type { Compose, DatabaseServer, Engine, EngineEvent, Inside, Store } from '../../src/model/ports.ts'
import type { HoldingRecord, Manifest, RestorePoint } from '../../src/model/restore-point.ts'
import { failureInWords } from '../../src/ui/failures.ts'
import { aDoorSurvey } from './doors.ts'

/**
 * An engine, a Compose and a store in memory, for trying every path of the flow that a real engine takes minutes for.
 * What the real ones do is tested on the real ones.
 */
export interface World {
  readonly context: Context
  readonly events: Event[]
  /** What was done to the engine and to Compose, in order: `stop db`, `copy shop_pgdata`, `compose down -v`, … */
  readonly log: string[]
  readonly containers: ContainerFact[]
  readonly volumes: VolumeFact[]
  readonly points: RestorePoint[]
  /** Ids of restore points that are being read. */
  readonly held: Set<string>
  readonly entries: JournalEntry[]
  readonly engineEvents: EngineEvent[]
  /** Runs when the named step begins: to change the world in the middle, or to fail. */
  readonly on: Map<string, () => void>
}

export interface WorldWords {
  readonly facts: Facts
  readonly audience?: Audience
  readonly policy?: Partial<Policy>
  readonly answers?: readonly Answer[]
  readonly contents?: Readonly<Record<string, Partial<Contents>>>
  /** What Compose, or docker, does to the world when it runs. */
  readonly composeDoes?: (world: World, argv: readonly string[]) => number
  /** What `docker version` says of what it is asked. */
  readonly dockerSays?: string
  readonly alive?: boolean
}

const somethingInIt: Contents = { empty: false, bytes: 1000, lastWrite: null, database: null, cache: null }

export function aWorld(words: WorldWords): World {
  const log: string[] = []
  const on = new Map<string, () => void>()
  const step = (name: string): void => {
    log.push(name)
    on.get(name)?.()
  }
  const answers = [...(words.answers ?? [])]
  const findings: SaidFinding[] = []
  const world: World = {
    events: [],
    log,
    on,
    containers: [...words.facts.containers],
    volumes: [...words.facts.volumes],
    points: [],
    held: new Set(),
    entries: [],
    engineEvents: [],
    get context() {
      return context
    },
  }
  const engine = engineOf(world, words, step)
  const store = storeOf(world, step)
  const now = (): Date => new Date('2026-11-23T20:15:00.000Z')
  const owner = { host: 'here', bootId: 'boot', pid: 1, startedAt: '1' }
  const context: Context = {
    version: '0.0.0',
    audience: words.audience ?? { kind: 'script', ci: null },
    policy: { ...defaultPolicy, ...words.policy },
    variables: {},
    directory: '/srv/shop',
    stdin: 'empty',
    host: {
      now,
      random: size => randomBytes(size),
      sha256: text => createHash('sha256').update(text).digest('hex'),
      seal: text => `sealed ${text.length}`,
      owner: async () => owner,
      isAlive: async () => words.alive ?? false,
    },
    reporter: {
      say: event => {
        if (event.type !== 'detail') world.events.push(event)
      },
      quiet: () => {},
    },
    print: () => {},
    prompt:
      words.answers === undefined
        ? null
        : {
            ask: async () => {
              step('ask')
              return answers.shift() ?? 'stop'
            },
            confirm: async () => true,
            choose: async () => null,
          },
    compose: composeOf(world, words, step),
    docker: {
      run: async argv => {
        step(`docker ${argv.join(' ')}`)
        return { code: words.composeDoes?.(world, argv) ?? 0, signal: null }
      },
      call: async () => {
        const stdout = words.dockerSays ?? ''
        return { code: stdout === '' ? 1 : 0, stdout }
      },
      pruneFilters: async () => [],
    },
    openEngine: async () => engine,
    openEngineOf: async () => engine,
    openStore: async () => store,
    openCopyPlace: async root => ({
      root,
      ids: async () => new Set(),
      take: async point => {
        step(`copy ${point.id} to ${root}`)
        return 'copied'
      },
    }),
    sqlite: { look: null, take: null, copyOnline: async () => ({ whyNot: 'nothing reads it' }) },
    openOutput: async () => {
      throw new Error('nothing is given out')
    },
    databases: { server: (kind, inside) => serverOf(kind, inside, step) },
    guardian: {
      arm: async () => {
        step('arm')
        return { disarm: async () => step('disarm') }
      },
    },
    notifier: {
      tell: async ({ kind, summary }) => step(`tell ${kind}: ${summary}`),
      test: async () => ({ why: null, milliseconds: 0 }),
      waiting: async () => [],
    },
    outcomes: outcomesInMemory(),
    inWords: failure => failureInWords(failure, []),
    approvals: {
      remember: async () => 'K7-2Q9',
      find: async () => null,
      grant: async () => {},
      take: async () => null,
    },
    projects: {
      alwaysBacksUp: async () => false,
      rememberAlways: async () => step('remember always'),
      firstTime: async () => true,
      rememberFindings: async (_, said) => {
        findings.unshift(...said)
      },
      findings: async () => findings,
    },
    files: {
      readText: async () => 'services: {}\n',
      publishText: async path => step(`publish ${path}`),
      directory: async () => ({ state: 'missing', version: '' }),
      place: async () => ({ state: 'filled', id: null }),
      room: async () => ({ free: 500_000_000_000, size: 1_000_000_000_000, at: '/' }),
    },
    composeFiles: openComposeFiles('/nowhere', now),
    survey: async () => ({ schedules: [], free: 500_000_000_000, doors: aDoorSurvey({ plugins: [] }) }),
    interruption: { race: work => work, check: () => on.get('interruption')?.(), handOver: () => {} },
    secretKey: async () => new Uint8Array(32),
  }
  return world
}

function outcomesInMemory(): OutcomeMemory {
  const outcomes = new Map<string, RememberedOutcome>()
  const stale = new Map<string, string | null>()
  return {
    last: async (job, project) => outcomes.get(`${job} ${project}`) ?? null,
    remember: async outcome => void outcomes.set(`${outcome.job} ${outcome.project}`, outcome),
    all: async () => [...outcomes.values()],
    staleToldAt: async project => stale.get(project) ?? null,
    rememberStale: async (project, toldAt) => void stale.set(project, toldAt),
  }
}

function composeOf(world: World, words: WorldWords, step: (name: string) => void): Compose {
  const { facts } = words
  const answer =
    facts.model === null
      ? ({ ok: false, error: facts.modelError ?? 'broken', code: 1 } as const)
      : ({ ok: true, model: facts.model, directory: '/srv/shop', warnings: '', raw: '' } as const)
  return {
    fact: facts.compose,
    model: async (_, { everything }) =>
      everything && answer.ok && facts.wholeModel !== null ? { ...answer, model: facts.wholeModel } : answer,
    hashes: async () => facts.hashes,
    run: async argv => {
      step(`compose ${argv.filter(word => word !== 'compose').join(' ')}`)
      return { code: words.composeDoes?.(world, argv) ?? 0, signal: null }
    },
    call: async (_, command) => {
      step(`call ${command.join(' ')}`)
      if (command[0] === 'stop') for (const service of command.slice(1)) setState(world, service, 'exited')
      if (command[0] === 'up') for (const service of command.slice(1)) setState(world, service, 'running')
      return { code: 0, stdout: '', stderr: '' }
    },
  }
}

export function setState(world: World, serviceOrId: string, state: ContainerFact['state']): void {
  for (const [index, container] of world.containers.entries())
    if (container.service === serviceOrId || container.id === serviceOrId)
      world.containers[index] = { ...container, state }
}

function engineOf(world: World, words: WorldWords, step: (name: string) => void): Engine {
  const find = (id: string): ContainerFact | null => world.containers.find(each => each.id === id) ?? null
  const nameOf = (id: string): string => find(id)?.service ?? id
  return {
    observe: async () => ({
      engine: words.facts.engine,
      containers: [...world.containers],
      volumes: [...world.volumes],
    }),
    inspect: async containers => containers,
    images: async () => words.facts.images,
    contents: async holdings =>
      new Map(
        holdings.map(holding => [holding, { ...somethingInIt, ...words.contents?.[nameOfHolding(holding)] }]),
      ),
    databases: async () => new Map(),
    volume: async name => world.volumes.find(each => each.name === name) ?? null,
    container: async id => find(id),
    createVolume: async spec => {
      step(`create ${spec.name}`)
      const volume: VolumeFact = {
        ...spec,
        createdAt: '2026-11-23T20:20:00.000Z',
        mountpoint: '',
        anonymous: false,
      }
      world.volumes.push(volume)
      return volume
    },
    removeVolume: async name => {
      step(`remove ${name}`)
      world.volumes.splice(0, world.volumes.length, ...world.volumes.filter(each => each.name !== name))
    },
    stop: async id => {
      step(`stop ${nameOf(id)}`)
      setState(world, id, 'exited')
    },
    start: async id => {
      step(`start ${nameOf(id)}`)
      setState(world, id, 'running')
    },
    pause: async id => {
      step(`pause ${nameOf(id)}`)
      setState(world, id, 'paused')
    },
    unpause: async id => {
      step(`unpause ${nameOf(id)}`)
      setState(world, id, 'running')
    },
    removeContainer: async id => step(`rm ${nameOf(id)}`),
    setRestartPolicy: async (id, policy) => step(`restart=${policy} ${nameOf(id)}`),
    redactedInspect: async () => '[]',
    readyCopies: async () => {},
    openSource: async holding => ({
      kind: 'api',
      notes: [],
      expectedBytes: null,
      command: null,
      open: async () => ({ stream: Readable.from([nameOfHolding(holding)]), done: Promise.resolve() }),
      close: async () => {},
    }),
    openSink: async () => ({
      kind: 'api',
      command: null,
      open: async () => ({
        stream: new Writable({ write: (_, __, done) => done() }),
        done: Promise.resolve(),
      }),
      close: async () => {},
    }),
    workshop: async () => ({
      inside: insideOf('workshop'),
      source: async () => {
        throw new Error('nothing is prepared in this world')
      },
      remove: async () => step('remove workshop'),
    }),
    scratch: async spec => {
      step(`scratch ${spec.image}${'volume' in spec.data ? ` on ${spec.data.volume}` : ''}`)
      if ('fill' in spec.data) await spec.data.fill('scratch')
      return {
        start: async () => step('start scratch'),
        inside: insideOf('scratch'),
        atRest: work => work(insideOf('scratch')),
        stop: async () => step('stop scratch'),
        state: async () => 'running',
        logs: async () => '',
        remove: async () => step('remove scratch'),
      }
    },
    inside: container => insideOf(nameOf(container)),
    logs: async () => '',
    emptyVolume: async name => step(`empty ${name}`),
    watch: async () => ({ seen: () => world.engineEvents, close: () => {} }),
    lock: async () => {
      step('lock')
      return { release: async () => step('unlock') }
    },
    clearLeftovers: async () => [],
    close: () => {},
  }
}

/** A container whose shell says its service's name to everything. */
function insideOf(name: string): Inside {
  const stdin = new Writable({ write: (_, __, done) => done() })
  return {
    run: async () => ({ code: 0, stdout: name, stderr: '' }),
    start: async () => ({
      stdin,
      stdout: Readable.from([name]),
      ended: Promise.resolve({ code: 0, stderr: '' }),
      hangUp: () => {},
    }),
    commandLine: async () => [name],
  }
}

/** A server with one database of three rows. */
function serverOf(kind: ServerKind, inside: Inside, step: (name: string) => void): DatabaseServer {
  const figures: readonly Figure[] = [
    { database: 'shop', of: 'public.orders', what: 'rows', value: 3, exact: true },
  ]
  return {
    kind,
    status: async () => ({
      label: `${kind} 1.0`,
      uptime: 10,
      databases: [{ name: 'shop', bytes: 1000 }],
      connections: { used: 1, most: 100 },
      lastSave: null,
      replication: [],
      troubles: [],
      keepsNothing: false,
    }),
    ask: async () => 3,
    count: async () => {
      step(`count ${(await inside.run('')).stdout}`)
      return figures
    },
    copyOnline: async () => ({ whyNot: 'it is none' }),
    check: async () => [],
    repair: { by: 'server', run: async () => ({ done: [], lost: [], left: [] }) },
    create: async name => step(`create database ${name}`),
    load: async ({ form }, into) => {
      step(`load ${form} into ${into}`)
      return figures.map(figure => ({ ...figure, database: into }))
    },
    drop: async database => step(`drop ${database}`),
    names: async () => ['shop'],
    addAccounts: async () => [],
    swap: async (fresh, database, keepAs) => step(`swap ${fresh} for ${database}, kept as ${keepAs}`),
    dumps: async () => [
      {
        name: 'shop.dump',
        database: 'shop',
        form: 'pg-custom',
        open: async () => ({
          stream: Readable.from(['dump']),
          done: Promise.resolve({ figures }),
          stop: () => {},
        }),
      },
    ],
  }
}

const counts = { bytes: 1024, entries: 2, files: 1, directories: 1, links: 0, others: 0, contentBytes: 10 }

function storeOf(world: World, step: (name: string) => void): Store {
  let ledger: Ledger | null = null
  return {
    name: '/store',
    root: '/store',
    keeps: 'files',
    folders: ['/store'],
    prepare: async () => step('prepare store'),
    begin: async (_, id) => ({
      id,
      putArchive: async name => {
        step(`copy ${name}`)
        return {
          form: 'archive',
          path: `volumes/${name}.tar.gz`,
          bytes: 10,
          sha256: '',
          compression: 'gzip',
          tar: counts,
        }
      },
      putDump: async name => {
        step(`dump ${name}`)
        return { path: `dumps/${name}.gz`, bytes: 5, sha256: '', compression: 'gzip', plainBytes: 5 }
      },
      putFile: async path => ({ path, bytes: 0, sha256: '' }),
      publish: async fields => {
        step('publish')
        const manifest: Manifest = { ...fields, id, sequence: world.points.length + 1, state: [], format: 1 }
        const point: RestorePoint = {
          id,
          path: `/store/${id}`,
          manifest,
          bytes: 10,
          state: 'good',
          damage: null,
          verified: null,
          marked: null,
        }
        world.points.unshift(point)
        return point
      },
      discard: async () => step('discard'),
    }),
    list: async () => [...world.points],
    ids: async () => new Set(world.points.map(({ id }) => id)),
    find: async (_, id) => {
      const point = world.points.find(each => each.id.startsWith(id))
      if (point === undefined) throw new Stop({ reason: 'restore-point-not-found', id, candidates: [] })
      return point
    },
    unlock: async () => world.on.get('open')?.(),
    readState: async () => new Uint8Array(),
    examine: null,
    check: async (_, record) => step(`check ${nameOfHolding(record.holding)}`),
    confirm: async (_, record) => step(`check ${nameOfHolding(record.holding)}`),
    recordVerification: async (_, { well }) => step(`verified ${well ? 'well' : 'not well'}`),
    checkDump: async (_, { path }) => step(`check ${path}`),
    confirmDump: async (_, { path }) => step(`confirm ${path}`),
    openDump: async () => ({ stream: Readable.from(['dump']), done: Promise.resolve() }),
    extract: async (_, record: HoldingRecord) => {
      step(`extract ${nameOfHolding(record.holding)}`)
      return record.kept.tar
    },
    scopes: async () => [{ engine: 'engine-1', project: 'shop' }],
    mark: async (point, since) => {
      step(`${since === null ? 'unmark' : 'mark'} ${point.id}`)
      world.points[world.points.indexOf(point)] = { ...point, marked: since?.toISOString() ?? null }
    },
    hold: async point => {
      world.held.add(point.id)
      return { release: async () => void world.held.delete(point.id) }
    },
    beingRead: async () => new Set(world.held),
    remove: async point => {
      if (world.held.has(point.id)) return false
      step(`forget ${point.id}`)
      world.points.splice(world.points.indexOf(point), 1)
      return true
    },
    reclaim: async () => step('reclaim'),
    clearPartials: async () => [],
    journal: () => ({
      append: async entry => {
        const index = world.entries.findIndex(each => each.id === entry.id)
        if (index < 0) world.entries.push(entry)
        else world.entries[index] = entry
        on(`journal ${entry.status}`)
      },
      read: async () => [...world.entries],
    }),
    ledger: () => ({
      read: async () => ledger,
      write: async next => {
        ledger = next
      },
    }),
    ledgers: async () => (ledger === null ? [] : [ledger]),
  }

  function on(name: string): void {
    step(name)
  }
}

/** The state of each service, as `db running`. */
export function states(world: World): readonly string[] {
  return world.containers.map(container => `${container.service} ${container.state}`)
}

export function aRunState(container: ContainerFact, done: RunState['done']): RunState {
  return {
    id: container.id,
    name: container.name,
    project: container.project,
    service: container.service,
    number: container.number,
    imageId: container.imageId,
    image: container.image,
    configHash: container.configHash,
    state: 'running',
    restartPolicy: 'no',
    restartMaximumRetries: 0,
    done,
  }
}
