import { noProject } from '../core/docker/projects.ts'
import { namedServices } from '../core/reach.ts'
import { listed } from '../core/format.ts'
import { holdingsJudgedBy } from '../core/findings.ts'
import { ledgersOfPlace, placesWorthALook } from '../core/places.ts'
import { flagText } from '../core/invocation.ts'
import { directoryIfAny, locateProject, resolvePath, targetOf } from '../core/project.ts'
import type { ProjectPlace } from '../core/project.ts'
import { Stop } from '../model/failure.ts'
import { identityOfHolding } from '../model/holding.ts'
import type { ContainerFact, Facts, PlaceFact } from '../model/facts.ts'
import type { Circumstances, NamedDirectory } from '../model/finding.ts'
import type { Invocation } from '../model/invocation.ts'
import type { Ledger } from '../model/journal.ts'
import type { Engine, ModelAnswer } from '../model/ports.ts'
import type { Context } from './context.ts'
import { lookAtVolumes } from './observe-docker.ts'
import { recoverRuns } from './recover-runs.ts'
import { scopeOf } from './take-restore-point.ts'

/** One look at a project: everything that judging needs. */
export interface Look {
  readonly engine: Engine
  readonly facts: Facts
  readonly circumstances: Circumstances
  /** Compose's globals as typed, for calls of our own on the same project. */
  readonly globals: readonly string[]
}

/** Commands after which Compose may recreate containers: only they need the hashes that tell which. */
const recreating = new Set(['up', 'create', 'run', 'scale', 'watch', 'alpha watch', 'alpha scale'])

/** Commands that always reach beyond what the plain model says: inactive profiles, unused volumes. */
const reachingFurther = new Set(['down', 'rm', 'kill', 'stop'])

/** Whether the command may act on what only the whole model tells apart from strangers: orphans. */
function reachesFurther(invocation: Invocation, variables: Readonly<Record<string, string>>): boolean {
  const asked = 'remove-orphans' in invocation.flags || (variables['COMPOSE_REMOVE_ORPHANS'] ?? '') !== ''
  return asked || invocation.unknownFlags.length > 0 || reachingFurther.has(invocation.command.join(' '))
}

/**
 * Looks at the project as declared and at the engine as it is, both at the same time. Runs that died are finished or
 * rolled back first. `fails-by-itself` when nothing can be known and Compose, asked, fails as well.
 */
export async function observeProject(
  context: Context,
  invocation: Invocation,
): Promise<Look | 'fails-by-itself'> {
  const look = await lookOnce(context, invocation, 'guarded')
  if (look === null) return 'fails-by-itself'
  const store = await context.openStore()
  const recovered = await recoverRuns(context, look.engine, store, scopeOf(look.facts))
  return recovered ? ((await lookOnce(context, invocation, 'guarded')) ?? 'fails-by-itself') : look
}

/**
 * The same look for our own commands, which need a project but act on no command of Compose's; for a line of the docker
 * CLI at what belongs to no project. With `hashes` it tells as well what Compose would recreate.
 */
export async function lookAtProject(
  context: Context,
  project: Invocation,
  options: { readonly hashes?: boolean } = {},
): Promise<Look> {
  if (project.form === 'docker') return lookAtVolumes(context)
  const look = await lookOnce(context, project, 'own', { hashes: options.hashes === true })
  if (look === null) throw new Error('Internal error: an own command needs a look')
  const store = await context.openStore()
  const recovered = await recoverRuns(context, look.engine, store, scopeOf(look.facts))
  return recovered ? lookAtProject(context, project, options) : look
}

/**
 * The same for a command that reads or fills volumes: how that can be done is found out beside the look. It has settled
 * when this does, so that nothing of it is left when the look fails.
 */
export async function lookBeforeCopying(context: Context, project: Invocation): Promise<Look> {
  const ready = context.openEngine().then(
    engine => engine.readyCopies(),
    () => {}, // The look meets the same failure.
  )
  try {
    return await lookAtProject(context, project)
  } finally {
    await ready
  }
}

/** A look that changes nothing: runs that died are left to the next command that does something. */
export async function lookAhead(context: Context, invocation: Invocation): Promise<Look> {
  const look = await lookOnce(context, invocation, 'ahead')
  if (look === null) throw new Error('Internal error: a look ahead finds or throws')
  return look
}

/** The project's name as far as it can be told without an engine; null outside of a project. */
export async function findProjectName(context: Context, project: Invocation): Promise<string | null> {
  if (project.form === 'docker') return noProject
  const [answer, place] = await Promise.all([
    context.compose.model(project, { everything: false }),
    placeOf(context, project),
  ])
  return answer.ok ? answer.model.name : place.name
}

/** The same look once more, without looking into anything twice; null where nothing can be known any more. */
export function observeProjectAgain(
  context: Context,
  before: Look,
  invocation: Invocation,
): Promise<Look | null> {
  return lookOnce(context, invocation, 'guarded', { known: before.facts.contents })
}

async function lookOnce(
  context: Context,
  invocation: Invocation,
  kind: 'guarded' | 'own' | 'ahead',
  {
    hashes: wantsHashes = recreating.has(invocation.command.join(' ')),
    known = {},
  }: {
    readonly hashes?: boolean
    /** What was looked into before, in an earlier look at the same project. */
    readonly known?: Facts['contents']
  } = {},
): Promise<Look | null> {
  const started = context.host.now().getTime()
  const place = await placeOf(context, invocation)
  const wantsWhole = kind === 'ahead' || (kind === 'guarded' && reachesFurther(invocation, place.variables))
  const recreates = kind !== 'own' && recreating.has(invocation.command.join(' '))
  const [answer, wholeAtOnce, plainHashes, seen, ledgers, v1Api, pinned] = await Promise.all([
    context.compose.model(invocation, { everything: false }),
    wantsWhole ? context.compose.model(invocation, { everything: true }) : null,
    wantsHashes ? context.compose.hashes(invocation) : {},
    observeEngine(context),
    context.openStore().then(store => store.ledgers()),
    recreates ? apiOfV1(context, place.variables) : null,
    recreates && place.namedBy === 'directory' ? pinnedKeys(context, place) : [],
  ])
  if ('failure' in seen) {
    if (kind !== 'guarded' || (await composeReachesEngine(context, invocation))) throw seen.failure
    return null
  }
  const { whole, hashes } = await withInactive(context, invocation, answer, wholeAtOnce, plainHashes)
  const target = targetOf(invocation, answer, place.variables)
  const name =
    answer.ok && target === 'model' ? answer.model.name : nameWithoutModel(place, answer, seen.containers)
  if (name === null) {
    if (kind === 'guarded') return null
    // A file that is there and broken is no missing project.
    if (!answer.ok && place.files.length > 0)
      throw new Stop({
        reason: 'not-possible',
        what: `Compose cannot read ${listed(place.files)}: ${firstLine(answer.error)}`,
        how: 'correct what it names, or name the project: safe-compose -p NAME …',
      })
    throw new Stop({
      reason: 'not-possible',
      what: answer.ok ? 'there is no project here' : `there is no project here: ${firstLine(answer.error)}`,
      how: 'go to the directory of its Compose file, or name it: safe-compose -p NAME …',
    })
  }
  const circumstances = await circumstancesOf(context, invocation, place)
  const bare = await factsOf(context, {
    answer,
    whole,
    hashes,
    seen,
    target,
    name,
    place,
    pinned,
    ledgers,
    v1Api,
  })
  const contents = kind !== 'own' ? await lookInto(seen.engine, bare, invocation, circumstances, known) : {}
  const facts = { ...bare, contents }
  const milliseconds = context.host.now().getTime() - started
  context.reporter.say({
    type: 'detail',
    text: `looked at ${facts.containers.length} containers and ${facts.volumes.length} volumes of ${facts.engine.host}, by ${target === 'model' ? 'the model' : 'labels'} of ${name}, in ${milliseconds} ms`,
  })
  return { engine: seen.engine, facts, circumstances, globals: invocation.globalWords }
}

/** A service that is named is enabled by it, whatever its profiles: the plain model does not know it. */
async function withInactive(
  context: Context,
  invocation: Invocation,
  answer: ModelAnswer,
  whole: ModelAnswer | null,
  hashes: Facts['hashes'],
): Promise<{ readonly whole: ModelAnswer | null; readonly hashes: Facts['hashes'] }> {
  const isKnown = (name: string): boolean =>
    answer.ok && answer.model.services.some(service => service.name === name)
  if (!answer.ok || namedServices(invocation).every(isKnown)) return { whole, hashes }
  const wantsHashes = recreating.has(invocation.command.join(' ')) && context.compose.fact.form !== 'v1'
  const [found, wide] = await Promise.all([
    whole ?? context.compose.model(invocation, { everything: true }),
    wantsHashes ? context.compose.hashes(invocation, { everything: true }) : {},
  ])
  return { whole: found, hashes: { ...wide, ...hashes } }
}

interface Seen {
  readonly engine: Engine
  readonly fact: Facts['engine']
  readonly containers: readonly ContainerFact[]
  readonly volumes: Facts['volumes']
}

async function observeEngine(context: Context): Promise<Seen | { readonly failure: Stop }> {
  try {
    const engine = await context.openEngine()
    const { engine: fact, containers, volumes } = await engine.observe()
    return { engine, fact, containers, volumes }
  } catch (error) {
    if (error instanceof Stop) return { failure: error }
    throw error
  }
}

/**
 * We see no engine. If Compose sees one, the guard would be blind where Compose acts: that is refused. If Compose sees
 * none either, it fails with its own words.
 */
async function composeReachesEngine(context: Context, invocation: Invocation): Promise<boolean> {
  const command = context.compose.fact.form === 'v1' ? ['ps', '-q'] : ['ls', '-q']
  const answer = await context.compose.call(invocation.globalWords, command)
  return answer.code === 0
}

function placeOf(context: Context, invocation: Invocation): Promise<ProjectPlace> {
  return locateProject(invocation, context.variables, context.directory, context.files.readText)
}

/** The model has every name resolved, and does not tell which of them the files say and which follow the directory. */
async function pinnedKeys(context: Context, place: ProjectPlace): Promise<readonly string[]> {
  const declarations = await context.composeFiles.declarations(place.files)
  return declarations.flatMap(({ volumes }) =>
    volumes.filter(({ name }) => name !== null).map(({ key }) => key),
  )
}

/**
 * The API version that Compose v1 speaks; null for any other Compose. It is told by COMPOSE_API_VERSION, else by its
 * Docker library: up to 4 that speaks one of its own, later ones speak the engine's newest.
 */
async function apiOfV1(
  context: Context,
  variables: Readonly<Record<string, string>>,
): Promise<string | null> {
  if (context.compose.fact.form !== 'v1') return null
  const told = variables['COMPOSE_API_VERSION'] ?? ''
  if (told !== '') return /^\d+\.\d+$/.test(told) ? told : 'newest'
  const { stdout } = await context.compose.call([], ['version'])
  const library = /docker-py version: (\d+)/.exec(stdout)?.[1]
  return library !== undefined && Number(library) < 5 ? '1.39' : 'newest'
}

/** By `-p` or COMPOSE_PROJECT_NAME; else by the containers that say they came from this directory. */
function nameWithoutModel(
  place: ProjectPlace,
  answer: ModelAnswer,
  containers: readonly ContainerFact[],
): string | null {
  if (place.name !== null) return place.name
  if (answer.ok) return answer.model.name
  return containers.find(container => container.workingDirectory === place.directory)?.project ?? null
}

async function circumstancesOf(
  context: Context,
  invocation: Invocation,
  place: ProjectPlace,
): Promise<Circumstances> {
  const directories: Record<string, NamedDirectory> = {}
  if (invocation.command.join(' ') === 'bridge convert') {
    const output = flagText(invocation, 'output') ?? 'out'
    const path = resolvePath(context.directory, output)
    directories[output] = { path, ...(await context.files.directory(path)) }
  }
  return {
    variables: place.variables,
    stdin: context.stdin,
    directory: context.directory,
    directories,
    envFileOnly: place.envFileOnly,
    sha256: context.host.sha256,
  }
}

async function factsOf(
  context: Context,
  from: {
    readonly answer: ModelAnswer
    readonly whole: ModelAnswer | null
    readonly hashes: Readonly<Record<string, string>>
    readonly seen: Seen
    readonly target: Facts['target']
    readonly name: string
    readonly place: ProjectPlace
    readonly pinned: readonly string[]
    readonly ledgers: readonly Ledger[]
    readonly v1Api: string | null
  },
): Promise<Facts> {
  const { answer, whole, seen, name, place, ledgers } = from
  const own = seen.containers.filter(container => container.project === name)
  const references = new Set([
    ...own.map(container => container.imageId),
    ...[answer, whole].flatMap(each =>
      each?.ok === true
        ? each.model.services.flatMap(service => imageOf(service.image, service.name, name, service.build))
        : [],
    ),
  ])
  const [inspected, images] = await Promise.all([
    seen.engine.inspect(own),
    seen.engine.images([...references], from.v1Api === null ? undefined : { v1Api: from.v1Api }),
  ])
  const details = new Map(inspected.map(container => [container.id, container]))
  const containers = seen.containers.map(container => {
    const found = details.get(container.id) ?? container
    return { ...found, workingDirectory: directoryIfAny(found.workingDirectory) }
  })
  const model = answer.ok ? answer.model : null
  const directory =
    directoryIfAny(place.directory) ??
    containers.find(each => each.project === name && each.workingDirectory !== null)?.workingDirectory ??
    null
  const places = seen.fact.local
    ? await placesAt(
        context,
        placesWorthALook({
          directory,
          model,
          containers,
          project: name,
          ledgers,
          rootDirectory: seen.fact.rootDirectory,
        }),
      )
    : {}
  const directoryId = (directory === null ? undefined : places[directory])?.id ?? null
  return {
    takenAt: context.host.now().toISOString(),
    compose: context.compose.fact,
    engine: seen.fact,
    project: {
      name,
      directory,
      directoryId,
      namedBy: place.namedBy,
      pinned: from.pinned,
      files: place.files.length > 0 ? place.files : (own[0]?.configFiles ?? []),
    },
    model,
    wholeModel: whole?.ok === true ? whole.model : null,
    modelError: answer.ok ? null : answer.error,
    modelWarnings: answer.ok ? answer.warnings : '',
    target: from.target,
    hashes: from.hashes,
    containers,
    volumes: seen.volumes,
    images,
    ...ledgersOfPlace(ledgers, { engine: seen.fact.id, project: name, directory, directoryId }),
    contents: {},
    places,
  }
}

async function placesAt(
  context: Context,
  paths: readonly string[],
): Promise<Readonly<Record<string, PlaceFact>>> {
  const found = await Promise.all(paths.map(async path => [path, await context.files.place(path)] as const))
  return Object.fromEntries(found)
}

/** Milliseconds that may be spent on looking into what the rules judge by. */
const judgingBudget = 500

/** Rules that are suspicious want to know what is in a volume before they say anything. Nothing is looked into twice. */
async function lookInto(
  engine: Engine,
  facts: Facts,
  invocation: Invocation,
  circumstances: Circumstances,
  known: Facts['contents'],
): Promise<Facts['contents']> {
  const wanted = holdingsJudgedBy(facts, invocation, circumstances)
  const unseen = wanted.filter(holding => known[identityOfHolding(holding)] === undefined)
  const found = unseen.length === 0 ? [] : [...(await engine.contents(unseen, facts, judgingBudget))]
  const looked = found.map(([holding, contents]) => [identityOfHolding(holding), contents] as const)
  return { ...known, ...Object.fromEntries(looked) }
}

/** A built image without a name of its own is named by Compose. */
function imageOf(image: string | null, service: string, project: string, build: boolean): readonly string[] {
  if (image !== null) return [image]
  return build ? [`${project}-${service}`, `${project}_${service}`] : []
}

function firstLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}
