import { sameProject, shellLine } from '../core/command-line.ts'
import { listed, plural } from '../core/format.ts'
import { projectData } from '../core/project-data.ts'
import { protectionReport } from '../core/report.ts'
import type { Report, SeenData, SeenProject, Sight } from '../core/report.ts'
import { Stop } from '../model/failure.ts'
import type { EngineFact, Facts, VolumeFact } from '../model/facts.ts'
import { identityOfHolding } from '../model/holding.ts'
import type { Contents } from '../model/holding.ts'
import type { Invocation } from '../model/invocation.ts'
import type { Engine, Store, StoreScope } from '../model/ports.ts'
import type { Manifest, RestorePoint } from '../model/restore-point.ts'
import type { Context } from './context.ts'
import { checksOf } from './doctor.ts'
import { whySpared } from './health.ts'
import { lookAtEngine } from './look-at-engine.ts'
import { findProjectName, lookAhead } from './observe.ts'
import { scopeOf } from './take-restore-point.ts'

export interface ReportOptions {
  /** Every project of the store and of the engine. */
  readonly all: boolean
  /** A file, `-` for standard output, null for a text page. */
  readonly html: string | null
  readonly json: boolean
}

export interface ReportPages {
  readonly text: (report: Report) => string
  readonly html: (report: Report) => string
  /** Replaces a report of ours as a whole, or makes the file. Throws `not-possible`, where anything else stands there. */
  readonly write: (path: string, html: string) => Promise<void>
}

/** Milliseconds for looking into all that is told. */
const lookBudget = 5000

/**
 * `report`: how well the data of a project is protected, on one page; of every project with `all` or where there is no
 * project. Changes nothing. What cannot be seen is said in the report, which then tells what the store knows.
 */
export async function report(
  context: Context,
  project: Invocation,
  { all, html, json }: ReportOptions,
  pages: ReportPages,
): Promise<number> {
  const told = protectionReport(all ? await seeAll(context, []) : await seeProject(context, project))
  if (html !== null && html !== '-') {
    const page = pages.html(told)
    await pages.write(html, page)
    context.reporter.say({ type: 'report', file: html, bytes: Buffer.byteLength(page) })
  } else if (json) context.print(`${JSON.stringify(told, null, 2)}\n`)
  else context.print(html === '-' ? pages.html(told) : pages.text(told))
  return 0
}

// ---- One project -------------------------------------------------------------------------------------------------

async function seeProject(context: Context, project: Invocation): Promise<Sight> {
  const up = sameProject(project, ['up', '-d'])
  const look = await seen(() => lookAhead(context, up))
  if ('unseen' in look) return seeWithoutLook(context, project, look.unseen)
  const { engine, facts } = look.value
  const store = await context.openStore()
  const line = (...words: readonly string[]): string =>
    shellLine(['safe-compose', ...project.globalWords, ...words])
  const [kept, data, checks] = await Promise.all([
    store.list(scopeOf(facts)).then(points => keptIn(store, scopeOf(facts), points)),
    dataOf(context, engine, [facts]),
    checksOf(context, look.value, up),
  ])
  return {
    ...(await sightOf(context)),
    engine: engineOf(facts.engine),
    unseen:
      facts.modelError === null
        ? []
        : [`What the Compose file says could not be read: ${lastLine(facts.modelError)}`],
    projects: [{ ...kept, ...seenOnEngine(facts, data), checks, line }],
  }
}

/** The project's name may be known all the same; where it is not, everything is told. */
async function seeWithoutLook(context: Context, project: Invocation, why: string): Promise<Sight> {
  const name = await findProjectName(context, project)
  return name === null ? seeAll(context, [why]) : seeStore(context, name, [why])
}

// ---- Every project -----------------------------------------------------------------------------------------------

async function seeAll(context: Context, unseen: readonly string[]): Promise<Sight> {
  const look = await seen(() => lookAtEngine(context))
  if ('unseen' in look) return seeStore(context, null, [...new Set([...unseen, look.unseen])])
  const { engine, fact, projects, strays } = look.value
  const [data, stored] = await Promise.all([dataOf(context, engine, projects), storedOf(context, null)])
  const onEngine = projects.map(facts => ({ facts, scope: scopeOf(facts) }))
  const elsewhere = stored.scopes
    .filter(scope => !onEngine.some(each => isSame(each.scope, scope)))
    .map(scope => ({ facts: null, scope }))
  return {
    ...(await sightOf(context)),
    engine: engineOf(fact),
    unseen: [...unseen, ...strayLine(strays), ...otherEngineLine(elsewhere, fact.id)],
    projects: await Promise.all([...onEngine, ...elsewhere].map(each => seeOne(each, stored, data, fact.id))),
  }
}

async function seeOne(
  { facts, scope }: { readonly facts: Facts | null; readonly scope: StoreScope },
  stored: Stored,
  data: ReadonlyMap<Facts, readonly SeenData[]>,
  engineAtHand: string,
): Promise<SeenProject> {
  const kept = await stored.of(scope)
  if (facts !== null)
    return { ...kept, ...seenOnEngine(facts, data), line: lineOf(scope.project, facts.project.directory) }
  // Of the engine at hand it is known that nothing of the project is there any more.
  return scope.engine === engineAtHand ? { ...kept, data: [] } : { ...kept, line: null }
}

/** What the store knows of a project, or of every one. */
async function seeStore(context: Context, name: string | null, unseen: readonly string[]): Promise<Sight> {
  const stored = await storedOf(context, name)
  return {
    ...(await sightOf(context)),
    engine: null,
    unseen,
    projects: await Promise.all(stored.scopes.map(stored.of)),
  }
}

/** What the store has of a project, or of every one, on whatever engine. */
interface Stored {
  readonly scopes: readonly StoreScope[]
  readonly of: (scope: StoreScope) => Promise<SeenProject>
}

async function storedOf(context: Context, name: string | null): Promise<Stored> {
  const store = await context.openStore()
  const [points, ledgers] = await Promise.all([store.list({ engine: null, project: name }), store.ledgers()])
  const found = new Map<string, StoreScope>()
  const add = (scope: StoreScope): void =>
    void found.set(JSON.stringify([scope.project, scope.engine]), scope)
  for (const { manifest } of points) add(scopeOfManifest(manifest))
  for (const { engine, project } of ledgers) if (name === null || name === project) add({ engine, project })
  return {
    scopes: [...found].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, scope]) => scope),
    of: scope =>
      keptIn(
        store,
        scope,
        points.filter(({ manifest }) => isSame(scopeOfManifest(manifest), scope)),
      ),
  }
}

function scopeOfManifest({ engine, project }: Manifest): StoreScope {
  return { engine: engine.id, project: project.name }
}

function isSame(one: StoreScope, other: StoreScope): boolean {
  return one.engine === other.engine && one.project === other.project
}

/** Nobody knows anonymous ones by their names. */
function strayLine(strays: readonly VolumeFact[]): readonly string[] {
  if (strays.length === 0) return []
  const named = strays.flatMap(({ name, anonymous }) => (anonymous ? [] : name))
  const names =
    named.length === 0
      ? 'all anonymous'
      : `${listed(named)}${named.length < strays.length ? ', the others anonymous' : ''}`
  return [`Not looked at: ${plural(strays.length, 'volume')} of no project (${names})`]
}

function otherEngineLine(
  scopes: readonly { readonly scope: StoreScope }[],
  engine: string,
): readonly string[] {
  const others = scopes.filter(({ scope }) => scope.engine !== engine)
  if (others.length === 0) return []
  const names = listed(others.map(({ scope }) => scope.project))
  return [`On another engine, of which the store alone tells: ${names}`]
}

// ---- What each of them needs -------------------------------------------------------------------------------------

async function sightOf(context: Context): Promise<Pick<Sight, 'now' | 'version' | 'store'>> {
  const { root } = await context.openStore()
  return { now: context.host.now(), version: context.version, store: root }
}

function engineOf({ version, host }: EngineFact): Sight['engine'] {
  return { version, host }
}

/** A project as the store knows it. */
async function keptIn(
  store: Store,
  scope: StoreScope,
  points: readonly RestorePoint[],
): Promise<SeenProject> {
  const entries = await store.journal(scope).read()
  const directory = directoryOf(points)
  return {
    name: scope.project,
    engine: scope.engine,
    directory,
    data: null,
    volumes: [],
    points,
    entries,
    checks: [],
    line: lineOf(scope.project, directory),
  }
}

function directoryOf([newest]: readonly RestorePoint[]): string | null {
  return newest?.manifest.project.directory ?? null
}

/** A command on a project that is not the one where we are. */
function lineOf(name: string, directory: string | null): SeenProject['line'] {
  return (...words) =>
    directory === null
      ? shellLine(['safe-compose', '-p', name, ...words])
      : `${shellLine(['cd', directory])} && ${shellLine(['safe-compose', '-p', name, ...words])}`
}

function seenOnEngine(
  facts: Facts,
  data: ReadonlyMap<Facts, readonly SeenData[]>,
): Pick<SeenProject, 'directory' | 'data' | 'volumes'> {
  return {
    directory: facts.project.directory,
    data: data.get(facts) ?? [],
    volumes: facts.volumes.map(({ name }) => name),
  }
}

/** What each project has on the engine, looked into in one go. */
async function dataOf(
  context: Context,
  engine: Engine,
  projects: readonly Facts[],
): Promise<ReadonlyMap<Facts, readonly SeenData[]>> {
  const all = projects.map(facts => ({ facts, data: projectData(facts) }))
  const contents = await lookInto(engine, all)
  return new Map(
    all.map(({ facts, data }) => [
      facts,
      data.map(({ holding, usedBy }): SeenData => {
        const users = usedBy.length === 0 ? [''] : usedBy
        const why = users.map(service => whySpared(context, facts, service, holding))
        return {
          holding,
          usedBy,
          contents: contents.get(identityOfHolding(holding)) ?? null,
          spared: why.includes(null) ? null : (why[0] ?? null),
        }
      }),
    ]),
  )
}

async function lookInto(
  engine: Engine,
  all: readonly { readonly facts: Facts; readonly data: ReturnType<typeof projectData> }[],
): Promise<ReadonlyMap<string, Contents>> {
  const holdings = new Map(
    all.flatMap(({ data }) => data.map(({ holding }) => [identityOfHolding(holding), holding] as const)),
  )
  const [first] = all
  if (first === undefined || holdings.size === 0) return new Map()
  const found = await engine.contents([...holdings.values()], first.facts, lookBudget)
  return new Map([...found].map(([holding, contents]) => [identityOfHolding(holding), contents]))
}

// ---- What cannot be seen -----------------------------------------------------------------------------------------

/** What a look gives, or a sentence why there is none. */
async function seen<T>(look: () => Promise<T>): Promise<{ readonly value: T } | { readonly unseen: string }> {
  try {
    return { value: await look() }
  } catch (error) {
    if (!(error instanceof Stop)) throw error
    const { failure } = error
    switch (failure.reason) {
      case 'engine-unreachable':
        return { unseen: `The engine at ${failure.host} could not be seen: ${failure.why}` }
      case 'bad-engine-endpoint':
        return { unseen: `The engine could not be seen: ${failure.what}` }
      case 'not-possible':
        return { unseen: `No project could be seen: ${failure.what}` }
      default:
        throw error
    }
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}
