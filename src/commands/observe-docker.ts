import { byProject, noProject } from '../core/docker/projects.ts'
import { takenBy } from '../core/docker/taken.ts'
import { flagText, isOn } from '../core/invocation.ts'
import { labelFacts } from '../core/label-facts.ts'
import { directoryIfAny } from '../core/project.ts'
import { isHelper } from '../core/reach.ts'
import { Stop } from '../model/failure.ts'
import type { DockerReach, RememberedVolume } from '../model/docker-line.ts'
import type { ContainerFact, Facts } from '../model/facts.ts'
import type { Invocation } from '../model/invocation.ts'
import type { Ledger } from '../model/journal.ts'
import type { Engine } from '../model/ports.ts'
import type { Context } from './context.ts'
import type { Look } from './observe.ts'
import { recoverRuns } from './recover-runs.ts'
import { scopeOf } from './take-restore-point.ts'

/**
 * Looks at what a line of the docker CLI means, once for each project of which it takes something; at what belongs to no
 * project as one more. Runs that died there are finished or rolled back first. `fails-by-itself` when nothing can be
 * known and docker, asked, sees no engine either, or nothing could be lost.
 */
export async function observeDocker(
  context: Context,
  invocation: Invocation,
): Promise<readonly Look[] | 'fails-by-itself'> {
  const looks = await lookOnce(context, invocation)
  if (looks === null) return 'fails-by-itself'
  const store = await context.openStore()
  let recovered = false
  for (const { engine, facts } of looks)
    recovered = (await recoverRuns(context, engine, store, scopeOf(facts))) || recovered
  return recovered ? observeDocker(context, invocation) : looks
}

/** The same look without mending anything: at the same projects in the same order, as long as nothing changes. */
export async function lookAheadOfDocker(context: Context, invocation: Invocation): Promise<readonly Look[]> {
  return (await lookOnce(context, invocation)) ?? []
}

/** What belongs to no project, for our own commands. */
export async function lookAtVolumes(context: Context): Promise<Look> {
  const store = await context.openStore()
  const [seen, ledgers] = await Promise.all([see(await context.openEngine()), store.ledgers()])
  const own = seen.containers.filter(container => container.project === null && !isHelper(container))
  const look = await lookAt(context, seen, ledgers, noProject, {
    ...nothingTaken,
    own: own.map(({ id }) => id),
  })
  const recovered = await recoverRuns(context, seen.engine, store, scopeOf(look.facts))
  return recovered ? lookAtVolumes(context) : look
}

interface Seen {
  readonly engine: Engine
  readonly fact: Facts['engine']
  readonly containers: readonly ContainerFact[]
  readonly volumes: Facts['volumes']
}

async function see(engine: Engine): Promise<Seen> {
  const { engine: fact, containers, volumes } = await engine.observe()
  return { engine, fact, containers, volumes }
}

/** What a line does in one project, and which of its containers and images that takes a closer look at. */
interface Part extends DockerReach {
  readonly own: readonly string[]
  readonly images?: readonly string[]
}

const nothingTaken: Part = {
  volumes: [],
  containers: [],
  going: [],
  asked: false,
  remembered: null,
  leftBehind: null,
  own: [],
}

/** The projects in the order of their names; null where nothing can be known, and docker may go on. */
async function lookOnce(context: Context, invocation: Invocation): Promise<readonly Look[] | null> {
  const store = await context.openStore()
  const seen = await seeEngine(context, invocation)
  if (seen === null) return null
  const ledgers = await store.ledgers()
  const parts = await partsOf(context, invocation, seen, ledgers)
  const names = [...parts.keys()].toSorted()
  return Promise.all(names.map(name => lookAt(context, seen, ledgers, name, parts.get(name) ?? nothingTaken)))
}

/**
 * We see no engine. If docker sees one, the guard would be blind where docker removes something: that is refused. If
 * docker sees none either, it fails with its own words; and where nothing is removed it may go on.
 */
async function seeEngine(context: Context, invocation: Invocation): Promise<Seen | null> {
  const command = invocation.command.join(' ')
  try {
    const [name = ''] = invocation.args
    return await see(
      command === 'context use' ? await context.openEngineOf(name) : await context.openEngine(),
    )
  } catch (error) {
    if (!(error instanceof Stop)) throw error
    if (removing.has(command) && (await ask(context, invocation, '{{.Server.Version}}')) !== null) throw error
    return null
  }
}

const removing: ReadonlySet<string> = new Set([
  'volume rm',
  'volume prune',
  'system prune',
  'container rm',
  'container prune',
  'stack rm',
  'service rm',
])

/** What `docker version` says of the line's engine; null where it reaches none. */
async function ask(context: Context, invocation: Invocation, format: string): Promise<string | null> {
  const { code, stdout } = await context.docker.call([
    ...invocation.dockerWords,
    'version',
    '--format',
    format,
  ])
  const answer = stdout.trim()
  return code === 0 && answer !== '' ? answer : null
}

async function partsOf(
  context: Context,
  invocation: Invocation,
  seen: Seen,
  ledgers: readonly Ledger[],
): Promise<ReadonlyMap<string, Part>> {
  switch (invocation.command.join(' ')) {
    case 'context use':
      return leftBehind(context, seen, ledgers)
    case 'volume create':
      return remembered(context, invocation, seen)
    case 'container run':
    case 'container create':
      return new Map([[noProject, { ...nothingTaken, images: invocation.args.slice(0, 1) }]])
    default:
      return removedParts(context, invocation, seen, ledgers)
  }
}

async function removedParts(
  context: Context,
  invocation: Invocation,
  seen: Seen,
  ledgers: readonly Ledger[],
): Promise<ReadonlyMap<string, Part>> {
  const prunesVolumes = invocation.command.join(' ') === 'volume prune' || isOn(invocation, 'volumes')
  // An older docker speaks an older API, in which prune takes more.
  const [spoken, pruneFilters] = await Promise.all([
    prunesVolumes ? ask(context, invocation, '{{.Client.APIVersion}}') : null,
    context.docker.pruneFilters(),
  ])
  const taken = takenBy(
    invocation,
    { ...seen, apiVersion: spoken ?? seen.fact.apiVersion, pruneFilters, now: context.host.now() },
    context.stdin,
  )
  const going = taken.containers.map(({ container }) => container.id)
  const { asked } = taken
  const own = ledgers.filter(ledger => ledger.engine === seen.fact.id)
  return new Map(
    [...byProject(taken, own)].map(([name, { volumes, containers }]) => [
      name,
      { ...nothingTaken, volumes, containers, going, asked, own: containers.map(({ id }) => id) },
    ]),
  )
}

/** The newest restore point of this engine that holds a volume of the name which is created. */
async function remembered(
  context: Context,
  invocation: Invocation,
  { fact }: Seen,
): Promise<ReadonlyMap<string, Part>> {
  const name = invocation.args[0] ?? flagText(invocation, 'name')
  if (name === null) return new Map()
  const store = await context.openStore()
  for (const { id, state, manifest } of await store.list({ engine: fact.id, project: null })) {
    if (state !== 'good') continue
    for (const { holding, volume } of manifest.holdings) {
      if (holding.kind !== 'volume' || holding.name !== name || volume === null) continue
      const { createdAt } = holding
      const { driver, options } = volume
      const found: RememberedVolume = { name, createdAt, driver, options, restorePoint: id }
      return new Map([[manifest.project.name, { ...nothingTaken, remembered: found }]])
    }
  }
  return new Map()
}

/** What is remembered of the directory we are in, on another engine than the one that is turned to. */
async function leftBehind(
  context: Context,
  { fact }: Seen,
  ledgers: readonly Ledger[],
): Promise<ReadonlyMap<string, Part>> {
  const { id } = await context.files.place(context.directory)
  const isHere = (ledger: Ledger): boolean =>
    ledger.directory === context.directory || (id !== null && ledger.directoryId === id)
  return new Map(
    ledgers
      .filter(ledger => ledger.engine !== fact.id && isHere(ledger))
      .map(ledger => [ledger.project, { ...nothingTaken, leftBehind: ledger }]),
  )
}

async function lookAt(
  context: Context,
  seen: Seen,
  ledgers: readonly Ledger[],
  name: string,
  { own: ids, images: references = [], ...reach }: Part,
): Promise<Look> {
  const isOwn = (container: ContainerFact): boolean =>
    container.project === name || (name === noProject && ids.includes(container.id))
  const own = seen.containers.filter(isOwn)
  const [inspected, images] = await Promise.all([
    seen.engine.inspect(own),
    seen.engine.images([...new Set([...own.map(({ imageId }) => imageId), ...references])]),
  ])
  const details = new Map(inspected.map(container => [container.id, container]))
  const ledger = ledgers.find(each => each.engine === seen.fact.id && each.project === name) ?? null
  const made = own.find(({ workingDirectory }) => directoryIfAny(workingDirectory) !== null)
  return {
    engine: seen.engine,
    globals: [],
    circumstances: {
      variables: context.variables,
      stdin: context.stdin,
      directory: context.directory,
      directories: {},
      sha256: context.host.sha256,
      reach,
    },
    facts: labelFacts(
      {
        takenAt: context.host.now().toISOString(),
        compose: context.compose.fact,
        engine: seen.fact,
        containers: seen.containers.map(container => ({
          ...(details.get(container.id) ?? container),
          // What belongs to no project is handled as the project of that name.
          project: isOwn(container) ? name : container.project,
        })),
        volumes: seen.volumes,
        images,
        ledger,
      },
      {
        name,
        directory: made?.workingDirectory ?? ledger?.directory ?? null,
        directoryId: ledger?.directoryId ?? null,
        files: made?.configFiles ?? [],
      },
    ),
  }
}
