import { placeNow } from '../core/place-now.ts'
import { projectContainers } from '../core/reach.ts'
import { Stop, unreachable } from '../model/failure.ts'
import { nameOfHolding } from '../model/holding.ts'
import type { Facts } from '../model/facts.ts'
import type { Invocation } from '../model/invocation.ts'
import type { Store, TarSink } from '../model/ports.ts'
import type { HoldingRecord, RestorePoint, TarCounts } from '../model/restore-point.ts'
import { clearRemains } from './clear-remains.ts'
import type { Context } from './context.ts'
import { confirmDatabases } from './hold-against.ts'
import { lockProject } from './lock-project.ts'
import { newestGood, newestTagged } from './newest-good.ts'
import { lookBeforeCopying } from './observe.ts'
import { nameOfTarget, restoreVolumes, specOf } from './restore-volumes.ts'
import type { RestoreTarget, VolumeTarget } from './restore-volumes.ts'
import { scopeOf } from './take-restore-point.ts'

export interface RestoreOptions {
  /** Null for the newest good one. */
  readonly id: string | null
  /** The newest good one instead that `backup` took with this tag. */
  readonly tag: string | null
  /** Only this volume of it. */
  readonly volume: string | null
  /** Into this volume instead. */
  readonly to: string | null
  /** An archive made by something else. */
  readonly from: string | null
}

/** Opens archives of others; what it gives is checked whole before anything is touched. */
export type OpenForeignArchive = (path: string) => Promise<{
  readonly counts: TarCounts
  /** A folder that holds everything (`data`, `_data`) and is taken off; null when there is none. */
  readonly wrapping: string | null
  readonly extract: (sink: TarSink, onBytes: (done: number) => void) => Promise<TarCounts>
}>

/**
 * `restore [ID | --tag T] [--volume V] [--to V2]`, `restore --from FILE --volume V`: puts data back as it was saved,
 * after a restore point of what stands there now, and starts again what ran.
 */
export async function restore(
  context: Context,
  project: Invocation,
  options: RestoreOptions,
  openForeign: OpenForeignArchive,
): Promise<number> {
  const look = await lookBeforeCopying(context, project)
  const store = await context.openStore()
  await store.prepare()
  const targets =
    options.from === null
      ? await targetsOfPoint(context, store, look.facts, options)
      : [await targetOfFile(look.facts, options, openForeign)]
  const lock = await lockProject(context, look.engine, look.facts.project.name)
  try {
    await clearRemains(context, look.engine, store, scopeOf(look.facts))
    context.reporter.say({
      type: 'restore',
      step: 'begin',
      holding: null,
      details: targets.map(nameOfTarget),
    })
    const words = ['restore', ...targets.map(nameOfTarget)]
    await restoreVolumes(context, {
      engine: look.engine,
      store,
      facts: look.facts,
      argv: words,
      globals: project.globalWords,
      targets,
      startAgain: true,
    })
    context.reporter.say({ type: 'restore', step: 'started', holding: null, details: [] })
    // What went elsewhere than it came from is no server's data yet.
    const isBack = options.to !== null || (await confirmTargets(context, project, look.facts, targets))
    return isBack ? 0 : 1
  } finally {
    await lock.release()
  }
}

async function confirmTargets(
  context: Context,
  project: Invocation,
  before: Facts,
  targets: readonly RestoreTarget[],
): Promise<boolean> {
  const origins = targets.flatMap(({ origin }) => (origin.kind === 'restore-point' ? [origin] : []))
  const [first] = origins
  if (first === undefined) return true
  const restored = origins.map(({ record }) => nameOfHolding(record.holding))
  const started = projectContainers(before).flatMap(({ state, service }) =>
    state === 'running' ? (service ?? []) : [],
  )
  return confirmDatabases(context, project, { point: first.point, restored, started })
}

async function targetsOfPoint(
  context: Context,
  store: Store,
  facts: Facts,
  options: RestoreOptions,
): Promise<readonly RestoreTarget[]> {
  const point = await chosenPoint(store, facts, options)
  await store.unlock(point)
  const all = point.manifest.holdings.filter(({ holding }) => holding.kind !== 'bind')
  const chosen = options.volume === null ? all : [recordNamed(facts, point, all, options.volume)]
  if (options.to !== null && chosen.length !== 1)
    throw new Stop({
      reason: 'bad-usage',
      what: `--to takes one volume, and ${point.id} holds ${chosen.length}`,
      how: `choose one with --volume: ${chosen.map(record => nameOfHolding(record.holding)).join(', ')}`,
    })
  return chosen.flatMap(record => targetOf(context, facts, point, record, options.to))
}

function chosenPoint(store: Store, facts: Facts, { id, tag }: RestoreOptions): Promise<RestorePoint> {
  if (id !== null) return store.find({ engine: null, project: null }, id)
  return tag === null ? newestGood(store, facts) : newestTagged(store, facts, tag)
}

function recordNamed(
  facts: Facts,
  point: RestorePoint,
  records: readonly HoldingRecord[],
  word: string,
): HoldingRecord {
  const name = facts.model?.volumes.find(volume => volume.key === word)?.name
  const found = records.find(({ holding }) => {
    const own = nameOfHolding(holding)
    return own === word || own === name
  })
  if (found !== undefined) return found
  throw new Stop({
    reason: 'not-possible',
    what: `restore point ${point.id} does not hold ${word}`,
    how: `it holds: ${records.map(record => nameOfHolding(record.holding)).join(', ')}`,
  })
}

/** What has no name of its own goes into the container that its service has now; without one it needs `--to`. */
function targetOf(
  context: Context,
  facts: Facts,
  point: RestorePoint,
  record: HoldingRecord,
  to: string | null,
): readonly RestoreTarget[] {
  const { holding } = record
  const spec = specOf(record)
  const origin = { kind: 'restore-point', point, record } as const
  if (to !== null) return [{ volume: to, spec: plainSpec(spec), holding, origin }]
  switch (holding.kind) {
    case 'volume':
      return [{ volume: holding.name, spec, holding, origin }]
    case 'directory':
      return [{ directory: holding.path, holding, origin }]
    case 'anonymous':
    case 'layer': {
      const place = placeNow(facts, holding)
      if (place.kind === 'volume') return [{ volume: place.volume.name, spec, holding, origin }]
      if (place.kind === 'layer') return [{ layer: place.layer, holding, origin }]
      const name = nameOfHolding(holding)
      const why = place.kind === 'no-container' ? 'its service has no container now' : place.why
      context.reporter.say({
        type: 'warning',
        text: `${name} is left out: ${why}; restore it with --volume ${name} --to NEWVOLUME`,
      })
      return []
    }
    case 'bind':
      return []
    default:
      return unreachable(holding)
  }
}

/** A copy beside the original does not pretend to be the project's volume. */
function plainSpec(volume: VolumeTarget['spec']): VolumeTarget['spec'] {
  const labels = Object.entries(volume.labels).filter(([key]) => !key.startsWith('com.docker.'))
  return { ...volume, labels: Object.fromEntries(labels) }
}

async function targetOfFile(
  facts: Facts,
  options: RestoreOptions,
  openForeign: OpenForeignArchive,
): Promise<RestoreTarget> {
  const word = options.to ?? options.volume
  if (word === null || options.from === null)
    throw new Stop({
      reason: 'bad-usage',
      what: 'restore --from needs to know the volume',
      how: 'safe-compose restore --from FILE --volume VOLUME',
    })
  const declared = facts.model?.volumes.find(volume => volume.key === word || volume.name === word)
  const name = declared?.name ?? word
  const standing = facts.volumes.find(volume => volume.name === name)
  const archive = await openForeign(options.from)
  return {
    volume: name,
    spec: standing ?? {
      driver: declared?.driver ?? 'local',
      options: declared?.driverOptions ?? {},
      labels: declared === undefined ? {} : composeLabels(facts, declared.key),
    },
    holding: { kind: 'volume', name, createdAt: standing?.createdAt ?? '' },
    origin: { kind: 'file', path: options.from, wrapping: archive.wrapping, fill: archive.extract },
  }
}

/** The labels by which Compose knows its volumes: without them `up` would warn about a stranger's. */
export function composeLabels(facts: Facts, key: string): Readonly<Record<string, string>> {
  return {
    'com.docker.compose.project': facts.project.name,
    'com.docker.compose.volume': key,
    'com.docker.compose.version': facts.compose.version,
  }
}
