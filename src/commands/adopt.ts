import { findKey, servicesOf } from '../core/adoption.ts'
import { nearest } from '../core/did-you-mean.ts'
import { listed } from '../core/format.ts'
import { volumeHolding } from '../core/holdings.ts'
import { ledgerFor } from '../core/ledger.ts'
import { Stop } from '../model/failure.ts'
import type { ContainerFact, Facts, VolumeFact, VolumeModel } from '../model/facts.ts'
import type { Contents, DatabaseContents } from '../model/holding.ts'
import type { Invocation } from '../model/invocation.ts'
import type { RunState } from '../model/journal.ts'
import type { Store } from '../model/ports.ts'
import type { RestorePoint } from '../model/restore-point.ts'
import { clearRemains } from './clear-remains.ts'
import type { Context } from './context.ts'
import { openEntry } from './entries.ts'
import { lockProject } from './lock-project.ts'
import { lookAtProject } from './observe.ts'
import type { Look } from './observe.ts'
import { applyPins, askToWrite, preparePins } from './pin.ts'
import { putBack, quietWriters, runStates } from './quiet-writers.ts'
import { composeLabels } from './restore.ts'
import { restoreVolumes } from './restore-volumes.ts'
import { scopeOf, takeRestorePoint } from './take-restore-point.ts'

export interface AdoptOptions {
  /** The volume that holds the data, by its name on the engine. */
  readonly volume: string
  /** The key that it shall be; null to find it. */
  readonly key: string | null
  /** Copy its content into the volume that the key means, instead of pinning the key to it. */
  readonly copy: boolean
  /** Change the Compose file without asking. */
  readonly yes: boolean
}

/** Everything that an adoption works with. */
interface Adoption {
  readonly look: Look
  readonly project: Invocation
  readonly store: Store
  /** The volume with the data, and what is in it. */
  readonly lost: VolumeFact
  readonly contents: Contents | null
  /** What the key means today. */
  readonly expected: VolumeModel
  readonly services: readonly { readonly service: string; readonly target: string }[]
  readonly argv: readonly string[]
}

/** Milliseconds for a look into the volume. */
const lookBudget = 2000
/** How long the service must run before it is believed, and how long it is waited for. Milliseconds. */
const steadyFor = 4000
const waitFor = 90_000

/**
 * `adopt VOLUME [--as KEY] [--copy]`: a volume that holds lost data becomes a service's again, by pinning the key to
 * it, or by copying its content into the volume that the key means. Both sides are saved first. The service is stopped
 * for it and started again. It ends well only when the service runs on the same database that was in the volume.
 */
export async function adopt(context: Context, project: Invocation, options: AdoptOptions): Promise<number> {
  const adoption = await prepare(context, project, options)
  const { look, lost, expected, services } = adoption
  const label = adoption.contents?.database?.label ?? ''
  const what = `${expected.key}${services.length === 0 ? '' : ` of ${listed(names(services))}`}`
  context.reporter.say({ type: 'adopt', step: 'begin', details: [lost.name, label, what] })

  const isThere = expected.name === lost.name
  const pins = isThere || options.copy ? null : await askForPin(context, project, adoption, options.yes)
  const lock = await lockProject(context, look.engine, look.facts.project.name)
  try {
    await clearRemains(context, look.engine, adoption.store, scopeOf(look.facts))
    if (pins !== null) await pinAndStart(context, adoption, pins)
    else if (isThere) await start(context, adoption, lost.name)
    else await copyOver(context, adoption)
    return await identify(context, adoption, options.copy && !isThere ? expected.name : lost.name)
  } finally {
    await lock.release()
  }
}

async function prepare(context: Context, project: Invocation, options: AdoptOptions): Promise<Adoption> {
  const look = await lookAtProject(context, project)
  const { facts, engine } = look
  if (facts.model === null)
    throw new Stop({
      reason: 'not-possible',
      what: `Compose cannot read the project: ${facts.modelError ?? ''}`,
      how: 'correct what it names, then run the command again',
    })
  const lost = volumeNamed(facts, options.volume)
  const holding = volumeHolding(lost)
  const contents = (await engine.contents([holding], facts, lookBudget)).get(holding) ?? null
  if (contents?.empty === true)
    throw new Stop({
      reason: 'not-possible',
      what: `${lost.name} is empty`,
      how: 'look for the one with the data: docker volume ls',
    })
  const found = findKey(facts, lost, contents, options.key)
  if (!found.ok)
    throw new Stop({
      reason: options.key === null ? 'not-possible' : 'bad-usage',
      what:
        options.key === null
          ? `it cannot be told for which volume of the project ${lost.name} is meant`
          : `the project has no volume ${options.key}`,
      how: `say it with --as: ${found.keys.join(', ') || 'the project has no volumes'}`,
    })
  const services = servicesOf(facts, found.volume.key)
  refuseOthers(facts, lost, names(services))
  const store = await context.openStore()
  await store.prepare()
  const argv = ['adopt', lost.name, '--as', found.volume.key, ...(options.copy ? ['--copy'] : [])]
  return { look, project, store, lost, contents, expected: found.volume, services, argv }
}

function volumeNamed(facts: Facts, name: string): VolumeFact {
  const found = facts.volumes.find(volume => volume.name === name)
  if (found !== undefined) return found
  const near = nearest(
    name,
    facts.volumes.map(volume => volume.name),
  )
  throw new Stop({
    reason: 'not-possible',
    what: `there is no volume ${name} on this engine`,
    how: near === null ? 'every volume: docker volume ls' : `perhaps ${near}? Every volume: docker volume ls`,
  })
}

/** Two servers on one volume would damage it. */
function refuseOthers(facts: Facts, lost: VolumeFact, services: readonly string[]): void {
  const other = usersOf(facts, [lost.name]).find(
    container =>
      isUp(container) &&
      !(container.project === facts.project.name && services.includes(container.service ?? '')),
  )
  if (other === undefined) return
  const whose = other.project === null ? 'of no project' : `of project ${other.project}`
  throw new Stop({
    reason: 'not-possible',
    what: `${lost.name} is in use by the running container ${other.name} (${whose})`,
    how: `stop it first (docker stop ${other.name}), then run the command again`,
  })
}

async function askForPin(
  context: Context,
  project: Invocation,
  { lost, expected }: Adoption,
  yes: boolean,
): Promise<Awaited<ReturnType<typeof preparePins>>> {
  const pins = await preparePins(context, project, [
    { key: expected.key, volume: lost.name, external: false },
  ])
  if (await askToWrite(context, pins, yes)) return pins
  throw new Stop({ reason: 'declined' })
}

/** Saves both sides while nothing writes to them, writes the name, and starts the service on it. */
async function pinAndStart(
  context: Context,
  adoption: Adoption,
  pins: Awaited<ReturnType<typeof preparePins>>,
): Promise<void> {
  const { look, project, store, lost, expected, services, argv } = adoption
  const { facts, engine } = look
  const users = usersOf(facts, [lost.name, expected.name]).filter(own => own.project === facts.project.name)
  const ran = runStates(users, container => (isUp(container) ? 'stopped' : 'nothing'))
  const entry = await openEntry(context, store.journal(scopeOf(facts)), {
    kind: 'restore',
    status: 'copying',
    argv,
    project: facts.project.name,
    engine: facts.engine.id,
    audience: context.audience.kind,
    verdict: 'pass',
    findings: [],
    restorePoint: null,
    ran,
    restores: [],
  })
  const writers = await quietWriters(context, engine, ran, stopping(context, project))
  try {
    const point = await saveSides(context, adoption, [lost.name, expected.name])
    await applyPins(context, project, pins)
    await entry.change({ status: 'running', restorePoint: point?.id ?? null, ran: others(ran, services) })
  } catch (error) {
    await writers.resume()
    await entry.close('rolled-back')
    throw error
  }
  try {
    await start(context, adoption, lost.name)
  } finally {
    await putBack(engine, others(ran, services))
    await entry.close('done')
  }
}

/** The containers that may be started again as they were: those of the service itself would start on the wrong volume. */
function others(ran: readonly RunState[], services: Adoption['services']): readonly RunState[] {
  const own = new Set(names(services))
  return ran.map(state => (own.has(state.service ?? '') ? { ...state, done: 'nothing' } : state))
}

/** Saves the volume with the data, then restores that into the volume that the key means; what stands there is saved. */
async function copyOver(context: Context, adoption: Adoption): Promise<void> {
  const { look, project, store, lost, expected, argv } = adoption
  const { facts, engine } = look
  const users = usersOf(facts, [lost.name]).filter(own => own.project === facts.project.name)
  const ran = runStates(users, container => (isUp(container) ? 'stopped' : 'nothing'))
  const entry = await openEntry(context, store.journal(scopeOf(facts)), {
    kind: 'restore',
    status: 'copying',
    argv,
    project: facts.project.name,
    engine: facts.engine.id,
    audience: context.audience.kind,
    verdict: 'pass',
    findings: [],
    restorePoint: null,
    ran,
    restores: [],
  })
  const writers = await quietWriters(context, engine, ran, stopping(context, project))
  try {
    const point = await saveSides(context, adoption, [lost.name])
    const record = point?.manifest.holdings[0]
    if (point === null || record === undefined)
      throw new Stop({
        reason: 'not-possible',
        what: `${lost.name} holds nothing`,
        how: 'choose another volume',
      })
    await entry.close('done', { restorePoint: point.id })
    const standing = facts.volumes.find(volume => volume.name === expected.name)
    await restoreVolumes(context, {
      engine,
      store,
      facts,
      argv,
      globals: project.globalWords,
      targets: [
        {
          volume: expected.name,
          spec: standing ?? {
            driver: expected.driver ?? 'local',
            options: expected.driverOptions,
            labels: expected.external ? {} : { ...expected.labels, ...composeLabels(facts, expected.key) },
          },
          holding: record.holding,
          origin: { kind: 'restore-point', point, record },
        },
      ],
      startAgain: false,
      thenBeforeClose: () => start(context, adoption, expected.name),
    })
    await writers.resume()
  } catch (error) {
    await writers.resume()
    if (entry.entry().closedAt === null) await entry.close('rolled-back')
    throw error
  }
}

/** One restore point of those that are there and hold something; null when none does. */
async function saveSides(
  context: Context,
  { look, contents, lost }: Adoption,
  volumes: readonly string[],
): Promise<RestorePoint | null> {
  const { facts, engine } = look
  const holdings = facts.volumes.filter(volume => volumes.includes(volume.name)).map(volumeHolding)
  const found = await engine.contents(holdings, facts, lookBudget)
  const filled = holdings.filter(holding => holding.name === lost.name || found.get(holding)?.empty !== true)
  if (filled.length === 0) return null
  return takeRestorePoint(context, {
    engine,
    facts,
    invocation: null,
    reason: 'safety',
    tag: null,
    label: 'adopt',
    // The one with the data first.
    copies: filled
      .toSorted((one, other) => Number(other.name === lost.name) - Number(one.name === lost.name))
      .map(holding => ({
        holding,
        usedBy: [],
        contents: found.get(holding) ?? (holding.name === lost.name ? contents : null),
      })),
    quality: ({ kind, ...holding }) => ({
      consistency:
        kind === 'volume' && 'name' in holding && hasForeignWriter(facts, holding.name) ? 'running' : 'cold',
      notes: [],
    }),
  })
}

function hasForeignWriter(facts: Facts, name: string): boolean {
  return usersOf(facts, [name]).some(user => user.project !== facts.project.name && isUp(user))
}

/** Brings the services up on the volume; a container that holds another one is replaced. */
async function start(context: Context, { look, project, services }: Adoption, volume: string): Promise<void> {
  if (services.length === 0) return
  context.reporter.say({ type: 'adopt', step: 'starting', details: names(services) })
  const { containers } = await look.engine.observe()
  const holdsOther = services.some(({ service, target }) =>
    containersOf(look.facts, containers, service).some(container =>
      container.mounts.some(mount => mount.destination === target && mount.name !== volume),
    ),
  )
  const quietly = context.compose.fact.form === 'v1' ? ['--no-build'] : ['--no-build', '--pull', 'never']
  const command = ['up', '-d', '--no-deps', ...quietly, ...(holdsOther ? ['--force-recreate'] : [])]
  const answer = await context.compose.call(project.globalWords, [...command, ...names(services)])
  if (answer.code === 0) return
  throw new Stop({
    reason: 'not-possible',
    what: `${listed(names(services))} could not be started: ${answer.stderr.trim().split('\n').at(-1) ?? ''}`,
    how: `the data is in ${volume}, and the project means it; start it with: safe-compose up -d ${names(services).join(' ')}`,
  })
}

/** Waits until the services run and stay running, then compares the database with the one that was in the volume. */
async function identify(context: Context, adoption: Adoption, volume: string): Promise<number> {
  const { look, project, lost, contents, services, expected } = adoption
  const failed = (why: string): number => {
    context.reporter.say({
      type: 'adopt',
      step: 'not-up',
      details: [
        why,
        `${volume} is what ${expected.key} means now; both sides are in the newest safety restore point`,
      ],
    })
    return 1
  }
  if (services.length === 0) {
    context.reporter.say({
      type: 'warning',
      text: `no active service mounts ${expected.key}: nothing was started`,
    })
    return 0
  }
  const running = await steadyContainers(context, adoption)
  if (running === null) return failed(`${listed(names(services))} does not stay up: docker logs tells why`)
  const known = contents?.database ?? null
  const places = running.flatMap(({ container, service, target }) => {
    const mounted = container.mounts.find(mount => mount.destination === target)?.name ?? null
    return [{ container: container.id, path: target, name: service, mounted }]
  })
  const astray = places.find(place => place.mounted !== volume)
  if (astray !== undefined)
    return failed(
      `${astray.name} mounts ${astray.mounted ?? 'something else'} at ${astray.path}, not ${volume}`,
    )
  const databases = await look.engine.databases(places)
  for (const { name } of places) {
    const found = databases.get(name) ?? null
    if (known !== null && !isSame(known, found))
      return failed(`${name} runs on ${wordsOf(found)}, and ${lost.name} holds ${wordsOf(known)}`)
    const words =
      known === null ? 'no database that is known' : `${wordsOf(found)}, as it was in ${lost.name}`
    context.reporter.say({ type: 'adopt', step: 'up', details: [name, volume, words] })
  }
  await remember(context, await lookAtProject(context, project))
  return 0
}

interface Running {
  readonly container: ContainerFact
  readonly service: string
  readonly target: string
}

/** Null when they do not come up, or do not stay. */
async function steadyContainers(
  context: Context,
  { look, services }: Adoption,
): Promise<readonly Running[] | null> {
  const started = context.host.now().getTime()
  let since: number | null = null
  for (;;) {
    const { containers } = await context.interruption.race(look.engine.observe())
    const found = services.map(({ service, target }) => ({
      service,
      target,
      all: containersOf(look.facts, containers, service),
    }))
    const now = context.host.now().getTime()
    const runs = found.every(({ all }) => all.length > 0 && all.every(({ state }) => state === 'running'))
    since = runs ? (since ?? now) : null
    if (since !== null && now - since >= steadyFor)
      return found.flatMap(({ all, ...place }) => all.map(container => ({ ...place, container })))
    const isOver = found.some(({ all }) => all.some(({ state }) => state === 'exited' || state === 'dead'))
    if (isOver || now - started > waitFor) return null
    await context.interruption.race(new Promise(resolve => setTimeout(resolve, 400)))
  }
}

function isSame(known: DatabaseContents, found: DatabaseContents | null): boolean {
  if (found === null || found.kind !== known.kind) return false
  return known.identity === null || found.identity === known.identity
}

function wordsOf(database: DatabaseContents | null): string {
  if (database === null) return 'no database that is known'
  return database.identity === null ? database.label : `${database.label}, cluster ${database.identity}`
}

/** What the service has now is what is expected of it from now on: no alarm shall follow. */
async function remember(context: Context, { engine, facts }: Look): Promise<void> {
  const store = await context.openStore()
  const file = store.ledger(scopeOf(facts))
  const places = facts.containers
    .filter(container => container.project === facts.project.name && !container.oneOff)
    .flatMap(container =>
      container.mounts.flatMap(mount =>
        mount.type === 'volume' && mount.name !== null
          ? [{ container: container.id, path: mount.destination, name: mount.name }]
          : [],
      ),
    )
  const next = ledgerFor({
    before: await file.read(),
    facts,
    containers: facts.containers,
    volumes: facts.volumes,
    databases: await engine.databases(places),
    audience: context.audience.kind,
    now: context.host.now(),
  })
  if (next !== null) await file.write(next)
}

function stopping(context: Context, project: Invocation): (services: readonly string[]) => Promise<boolean> {
  return async services => (await context.compose.call(project.globalWords, ['stop', ...services])).code === 0
}

function names(services: readonly { readonly service: string }[]): readonly string[] {
  return [...new Set(services.map(({ service }) => service))]
}

function usersOf(facts: Facts, volumes: readonly string[]): readonly ContainerFact[] {
  return facts.containers.filter(container =>
    container.mounts.some(mount => mount.name !== null && volumes.includes(mount.name)),
  )
}

function containersOf(
  facts: Facts,
  containers: readonly ContainerFact[],
  service: string,
): readonly ContainerFact[] {
  return containers.filter(
    each => each.project === facts.project.name && each.service === service && !each.oneOff,
  )
}

function isUp({ state }: ContainerFact): boolean {
  return state === 'running' || state === 'paused' || state === 'restarting'
}
