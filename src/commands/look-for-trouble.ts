import { lookAlikeVolumes } from '../core/doctor.ts'
import { anonymousHolding, volumeHolding } from '../core/holdings.ts'
import { projectContainers } from '../core/reach.ts'
import type { Seen, ServerSaid } from '../core/recovery/situation.ts'
import { Stop } from '../model/failure.ts'
import type { ContainerFact, Facts, VolumeFact } from '../model/facts.ts'
import { nameOfHolding } from '../model/holding.ts'
import type { Contents, Holding } from '../model/holding.ts'
import type { DatabaseServer, Engine, Store } from '../model/ports.ts'
import type { RestorePoint } from '../model/restore-point.ts'
import type { Context } from './context.ts'
import { runningServers } from './database-servers.ts'
import type { RunningServer } from './database-servers.ts'
import type { Look } from './observe.ts'
import { scopeOf } from './take-restore-point.ts'

/** Milliseconds: for looking into volumes, for counting the rows of one database, for a server that is starting. */
const lookBudget = 2000
const countingBudget = 5000
const patience = 10_000

/** Looks at everything by which it can be told what is wrong with a project's data. Changes nothing. */
export async function lookForTrouble(context: Context, { engine, facts: first }: Look): Promise<Seen> {
  const store = await context.openStore()
  const [points, entries] = await Promise.all([pointsOf(store, first), store.journal(scopeOf(first)).read()])
  const contents = await lookInto(engine, first, points)
  const asked = await askServers(context, engine, first, contents)
  const ended = await endedMeanwhile(engine, asked)
  const servers = asked.filter(({ container }) => !ended.has(container.id))
  const facts = { ...first, containers: first.containers.map(each => ended.get(each.id) ?? each) }
  return {
    facts,
    entries,
    points,
    contents,
    servers,
    lastWords: await lastWords(engine, facts, servers),
    now: context.host.now(),
  }
}

/** Of the project, and of the names that its directory is remembered to have had; newest first. */
async function pointsOf(store: Store, facts: Facts): Promise<readonly RestorePoint[]> {
  const { engine, project } = scopeOf(facts)
  const formers = facts.otherLedgers.filter(ledger => ledger.engine === engine)
  const projects = [...new Set([project, ...formers.map(ledger => ledger.project)])]
  const lists = await Promise.all(projects.map(each => store.list({ engine, project: each })))
  const all = lists.flat()
  return projects.length === 1
    ? all
    : all.toSorted((one, other) => (one.manifest.finishedAt < other.manifest.finishedAt ? 1 : -1))
}

async function lookInto(
  engine: Engine,
  facts: Facts,
  points: readonly RestorePoint[],
): Promise<ReadonlyMap<string, Contents>> {
  const holdings = volumesWorthALook(facts, points).map(volumeHolding)
  const found = await engine.contents(holdings, facts, lookBudget)
  return new Map(
    holdings.flatMap(holding => {
      const contents = found.get(holding)
      return contents === undefined ? [] : [[holding.name, contents] as const]
    }),
  )
}

/** Those of the project, those that it is known or likely to have had, and those that Compose made for it. */
function volumesWorthALook(facts: Facts, points: readonly RestorePoint[]): readonly VolumeFact[] {
  const named = new Set([
    ...projectContainers(facts).flatMap(({ mounts }) => mounts.map(({ name }) => name)),
    ...(facts.model?.volumes ?? []).map(({ name }) => name),
    ...[facts.ledger, ...facts.otherLedgers].flatMap(
      ledger => ledger?.services.flatMap(({ mounts }) => mounts.map(({ name }) => name)) ?? [],
    ),
    ...points.flatMap(({ manifest }) =>
      manifest.holdings.flatMap(({ holding }) => (holding.kind === 'volume' ? [holding.name] : [])),
    ),
    ...lookAlikeVolumes(facts).map(({ name }) => name),
  ])
  return facts.volumes.filter(
    ({ name, labels }) => named.has(name) || labels['com.docker.compose.project'] === facts.project.name,
  )
}

// ---- What servers say --------------------------------------------------------------------------------------------

async function askServers(
  context: Context,
  engine: Engine,
  facts: Facts,
  contents: ReadonlyMap<string, Contents>,
): Promise<readonly ServerSaid[]> {
  const places = projectContainers(facts)
    .filter(({ state, oneOff }) => state === 'running' && !oneOff)
    .flatMap(container =>
      holdingsOf(facts, container).map(holding => ({
        holding,
        contents: ('name' in holding ? contents.get(holding.name) : undefined) ?? null,
      })),
    )
  const said: ServerSaid[] = []
  for (const running of runningServers(context, engine, facts, places))
    said.push(await askOne(context, running))
  return said
}

function holdingsOf(facts: Facts, container: ContainerFact): readonly Holding[] {
  const { id, service, number } = container
  return container.mounts.flatMap((mount): readonly Holding[] => {
    if (mount.type === 'bind')
      return [{ kind: 'bind', source: mount.source, service, path: mount.destination }]
    const volume = facts.volumes.find(({ name }) => name === mount.name)
    if (mount.type !== 'volume' || volume === undefined) return []
    return volume.anonymous
      ? [{ ...anonymousHolding(container, { mount, volume }), service, number, container: id }]
      : [volumeHolding(volume)]
  })
}

/** One that is started again and again is seen to run now and then: of those that did not answer, what is down by now. */
async function endedMeanwhile(
  engine: Engine,
  servers: readonly ServerSaid[],
): Promise<ReadonlyMap<string, ContainerFact>> {
  const mute = servers.filter(({ label }) => label === null)
  const now = await Promise.all(mute.map(({ container }) => engine.container(container.id)))
  const down = now.flatMap(container =>
    container === null || container.state === 'running' ? [] : container,
  )
  const inspected = await engine.inspect(down)
  return new Map(inspected.map(container => [container.id, container]))
}

async function askOne(context: Context, running: RunningServer): Promise<ServerSaid> {
  const { server, holding, container } = running
  const about = {
    service: container.service ?? container.name,
    container,
    kind: server.kind,
    holding: nameOfHolding(holding),
  }
  const silent = { ...about, label: null, figures: [], troubles: [] }
  const label = await answerOf(context, server, patience)
  if (typeof label !== 'string') return { ...silent, why: label.why }
  context.reporter.say({ type: 'progress', what: 'checking', holding, done: 0, total: null, rate: null })
  try {
    const figures = await context.interruption.race(server.count(countingBudget))
    const troubles = await context.interruption.race(server.check())
    return { ...about, label, why: null, figures, troubles }
  } catch (error) {
    // A table that cannot be read ends the counting as well: then the check tells which it is.
    return { ...about, label, ...(await checkAlone(context, server, error)), figures: [] }
  }
}

async function checkAlone(
  context: Context,
  server: DatabaseServer,
  error: unknown,
): Promise<Pick<ServerSaid, 'why' | 'troubles'>> {
  const why = whyOf(error)
  try {
    return { why, troubles: await context.interruption.race(server.check()) }
  } catch (another) {
    return { why: whyOf(another), troubles: [] }
  }
}

/** What it is, or why it does not say: one that is starting is given a moment, as long as `isThere`. */
export async function answerOf(
  context: Context,
  server: DatabaseServer,
  milliseconds: number,
  isThere: () => Promise<boolean> = async () => true,
): Promise<string | { readonly why: string }> {
  const deadline = context.host.now().getTime() + milliseconds
  for (;;) {
    try {
      return (await context.interruption.race(server.status())).label
    } catch (error) {
      const why = whyOf(error)
      if (context.host.now().getTime() >= deadline || /no such program/.test(why)) return { why }
      if (!(await isThere())) return { why: 'its container has ended' }
    }
    await context.interruption.race(new Promise(resolve => setTimeout(resolve, 400)))
  }
}

/** In words. Throws on what concerns more than this one server. */
function whyOf(error: unknown): string {
  if (error instanceof Stop && error.failure.reason === 'not-possible') return error.failure.what
  throw error
}

// ---- What containers said ----------------------------------------------------------------------------------------

/** Of those that ended or do not stay up, and of those whose server does not answer. */
async function lastWords(
  engine: Engine,
  facts: Facts,
  servers: readonly ServerSaid[],
): Promise<ReadonlyMap<string, string>> {
  const mute = new Set(servers.flatMap(({ label, container }) => (label === null ? [container.id] : [])))
  const asked = projectContainers(facts).filter(
    ({ id, state }) => mute.has(id) || state === 'exited' || state === 'dead' || state === 'restarting',
  )
  const said = await Promise.all(
    // Some log drivers keep nothing that could be read.
    asked.map(async ({ id }) => [id, tellingLine(await engine.logs(id).catch(() => ''))] as const),
  )
  return new Map(said)
}

/** The line that says what went wrong; where none does, the last. */
export function tellingLine(logs: string): string {
  const lines = logs
    .trim()
    .split('\n')
    .map(line => line.trim())
  const telling = lines.findLast(line => /\b(fatal|panic|error)\b/i.test(line)) ?? lines.at(-1) ?? ''
  return telling.slice(0, 300)
}
