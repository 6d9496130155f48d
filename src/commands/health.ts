import { healthReport, missingServices, newestPoints, whyStopped } from '../core/health.ts'
import type { AskedCount, Health, HealthReport, SeenDatabase, SeenPlace } from '../core/health.ts'
import { formatDuration, listed } from '../core/format.ts'
import { projectDatabases, servicePlaces } from '../core/project-databases.ts'
import type { ProjectDatabase } from '../core/project-databases.ts'
import { believesLabels, disposablesOf } from '../core/trust.ts'
import type { CriticalCount } from '../model/database.ts'
import type { ContainerFact, Facts, RoomFact, VolumeFact } from '../model/facts.ts'
import { monitorCodes, Stop } from '../model/failure.ts'
import { identityOfHolding, nameOfHolding } from '../model/holding.ts'
import type { Contents, Holding } from '../model/holding.ts'
import type { Invocation } from '../model/invocation.ts'
import type { DatabaseServer, Engine } from '../model/ports.ts'
import type { RestorePoint } from '../model/restore-point.ts'
import type { Context } from './context.ts'
import { openServer } from './open-server.ts'
import { lookAhead } from './observe.ts'
import { scopeOf } from './take-restore-point.ts'

export interface HealthOptions {
  /** Of these services only; empty for every database of the project. */
  readonly services: readonly string[]
  readonly json: boolean
}

export interface HealthTables {
  readonly health: (report: HealthReport) => string
}

/** Milliseconds for looking into what services can write to. */
const lookBudget = 5000

/** Milliseconds for one answer of a server. Who monitors wants to be told before long. */
const patience = 30_000

const codes: Readonly<Record<Health, number>> = {
  well: monitorCodes.well,
  degraded: monitorCodes.warning,
  down: monitorCodes.critical,
  unknown: monitorCodes.unknown,
}

/** `health`: how the databases of the project are. Changes nothing; ends as monitoring has it. */
export async function health(
  context: Context,
  project: Invocation,
  { services, json }: HealthOptions,
  tables: HealthTables,
): Promise<number> {
  const { engine, facts } = await lookAhead(context, project)
  const store = await context.openStore()
  const [contents, points] = await Promise.all([lookInto(engine, facts), store.list(scopeOf(facts))])
  const all = projectDatabases(facts, contents)
  refuseBlindness(facts, all)
  const chosen = choose(facts, all, services)
  const { critical } = context.policy
  const seen = await Promise.all(chosen.map(database => see({ context, engine, facts, points }, database)))
  const missing = missingServices(
    services.length === 0 ? critical : critical.filter(({ service }) => services.includes(service)),
    all.map(({ service }) => service),
  )
  const report = healthReport(facts.project.name, seen, missing, context.host.now())
  context.print(json ? `${JSON.stringify(report, null, 2)}\n` : tables.health(report))
  return codes[report.health]
}

async function lookInto(engine: Engine, facts: Facts): Promise<ReadonlyMap<string, Contents>> {
  const holdings = new Map(
    servicePlaces(facts).map(({ holding }) => [identityOfHolding(holding), holding] as const),
  )
  if (holdings.size === 0) return new Map()
  const found = await engine.contents([...holdings.values()], facts, lookBudget)
  return new Map([...found].map(([holding, contents]) => [identityOfHolding(holding), contents]))
}

/** Without the file nobody knows what should be there: that none is seen says nothing. */
function refuseBlindness(facts: Facts, all: readonly ProjectDatabase[]): void {
  if (facts.model !== null || all.length > 0) return
  const why = facts.modelError?.trim().split('\n').at(-1) ?? ''
  throw new Stop({
    reason: 'not-possible',
    what: `no container of project ${facts.project.name} keeps a database, and what it declares cannot be told: ${why}`,
    how: 'go to the directory of its Compose file, or correct what is named',
  })
}

function choose(
  facts: Facts,
  all: readonly ProjectDatabase[],
  services: readonly string[],
): readonly ProjectDatabase[] {
  const unknown = services.find(name => !all.some(({ service }) => service === name))
  if (unknown === undefined) return services.length === 0 ? all : all.filter(isNamed(services))
  throw new Stop({
    reason: 'not-possible',
    what: `project ${facts.project.name} has no service ${unknown} that keeps a database`,
    how: `name one of: ${listed(all.map(({ service }) => service)) || 'nothing to name'}`,
  })
}

function isNamed(services: readonly string[]): (database: ProjectDatabase) => boolean {
  return ({ service }) => services.includes(service)
}

/** What each database is looked at with. */
interface Sight {
  readonly context: Context
  readonly engine: Engine
  readonly facts: Facts
  readonly points: readonly RestorePoint[]
}

async function see(sight: Sight, database: ProjectDatabase): Promise<SeenDatabase> {
  const { context, facts, points } = sight
  const { service, container, holding, kind, label } = database
  const [answer, place] = await Promise.all([ask(sight, database), placeOf(context, facts, database)])
  return {
    service,
    label: answer.status?.label ?? label,
    kind,
    stopped: whyStopped(container, context.host.now()),
    ...answer,
    place,
    ...newestPoints(points, database),
    spared: holding === null ? null : whySpared(context, facts, service, holding),
  }
}

// ---- Asking ------------------------------------------------------------------------------------------------------

type Answer = Pick<SeenDatabase, 'status' | 'silence' | 'critical'>

async function ask(
  { context, engine }: Sight,
  { service, container, kind }: ProjectDatabase,
): Promise<Answer> {
  if (container?.state !== 'running' || kind === null || kind === 'file')
    return { status: null, silence: null, critical: [] }
  const server = openServer(context, kind, engine.inside(container.id), container)
  const status = await answered(context, () => server.status())
  if ('why' in status) return { status: null, silence: status, critical: [] }
  const critical: AskedCount[] = []
  for (const count of context.policy.critical.filter(each => each.service === service))
    critical.push(await askCount(context, server, count))
  return { status: status.value, silence: null, critical }
}

async function askCount(context: Context, server: DatabaseServer, count: CriticalCount): Promise<AskedCount> {
  const answer = await answered(context, () => server.ask(count.database, count.query))
  return 'why' in answer
    ? { ...count, value: null, fault: answer.why }
    : { ...count, value: answer.value, fault: null }
}

/** What a server says, or why it says nothing. */
async function answered<T>(
  context: Context,
  question: () => Promise<T>,
): Promise<{ readonly value: T } | NonNullable<SeenDatabase['silence']>> {
  try {
    return { value: await context.interruption.race(inTime(question())) }
  } catch (error) {
    if (!(error instanceof Stop) || error.failure.reason !== 'not-possible') throw error
    return { why: error.failure.what, mayBeWell: error.failure.mayBeWell === true }
  }
}

/** Rejects when it takes too long. What was begun is not waited for any more. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  const late = new Stop({
    reason: 'not-possible',
    what: `it gives no answer within ${formatDuration(patience)}`,
    how: 'look at its log (docker compose logs SERVICE)',
  })
  let timer: NodeJS.Timeout | undefined
  try {
    return await Promise.race([
      work,
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(late), patience)
      }),
    ])
  } finally {
    clearTimeout(timer)
  }
}

// ---- Where it lies -----------------------------------------------------------------------------------------------

async function placeOf(
  context: Context,
  facts: Facts,
  { holding, contents, container }: ProjectDatabase,
): Promise<SeenPlace | null> {
  if (holding === null) return null
  const volume = 'name' in holding ? facts.volumes.find(({ name }) => name === holding.name) : undefined
  const path = holding.kind === 'bind' ? holding.source : (volume?.mountpoint ?? null)
  const isHere = facts.engine.local && (volume === undefined || liesThere(volume, container))
  const room: RoomFact | null = path !== null && isHere ? await context.files.room(path) : null
  return { kind: holding.kind, name: nameOfHolding(holding), path, bytes: contents?.bytes ?? null, room }
}

/** With options it lies elsewhere, and is at its mountpoint only while a container has it. */
function liesThere({ driver, options }: VolumeFact, container: ContainerFact | null): boolean {
  return driver === 'local' && (Object.keys(options).length === 0 || container?.state === 'running')
}

/** The project's label counts as far as the user has seen it and trusts the project. */
export function whySpared(context: Context, facts: Facts, service: string, holding: Holding): string | null {
  if (!believesLabels(context.policy.disposable, facts)) return null
  const disposable = disposablesOf(facts)
  const isSpared =
    disposable.includes(`service ${service} of ${facts.project.name}`) ||
    disposable.includes(`volume ${nameOfHolding(holding)}`)
  return isSpared ? 'its label safe-compose.backup says that it is disposable' : null
}
