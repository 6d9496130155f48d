import { isWithin } from '../core/data-paths.ts'
import { nameOfHolding } from '../model/holding.ts'
import type { Contents, Holding } from '../model/holding.ts'
import { Stop } from '../model/failure.ts'
import type { Facts } from '../model/facts.ts'
import type { CopyQuality, Engine, OnlineCopy, RestorePointDraft, Store, TarSource } from '../model/ports.ts'
import { bytesStored } from '../model/restore-point.ts'
import type { HoldingRecord } from '../model/restore-point.ts'
import type { Context } from './context.ts'

/** One holding to be copied. */
export interface Copy {
  readonly holding: Holding
  readonly usedBy: readonly string[]
  readonly contents: Contents | null
  /** The copy that its own server can make while it goes on; absent: its writers stand still for it. */
  readonly online?: OnlineCopy
  /** Where it is read from; absent: where it lies. */
  readonly source?: TarSource
}

/**
 * Copies each holding into the draft, one after the other (one copy uses all cores already). Throws `backup-failed`,
 * `no-space` or `interrupted`; the draft is the caller's to discard.
 */
export async function copyHoldings(
  context: Context,
  engine: Engine,
  facts: Facts,
  draft: RestorePointDraft,
  copies: readonly Copy[],
  quality: (holding: Holding) => CopyQuality,
  how: CopyingWay,
): Promise<readonly HoldingRecord[]> {
  const records: HoldingRecord[] = []
  for (const copy of copies) {
    const name = archiveName(copy.holding, how.names)
    records.push(await copyOne(context, engine, facts, draft, copy, name, quality, how))
  }
  return records
}

export interface CopyingWay {
  /** Of archives that the draft has already; those of the copies are added. */
  readonly names: Set<string>
  /** Whether all of it goes through our hands, to be proven: the data itself will be gone. */
  readonly proven: boolean
}

async function copyOne(
  context: Context,
  engine: Engine,
  facts: Facts,
  draft: RestorePointDraft,
  copy: Copy,
  name: string,
  quality: (holding: Holding) => CopyQuality,
  { proven }: CopyingWay,
): Promise<HoldingRecord> {
  const { holding, contents } = copy
  const started = context.host.now().getTime()
  const { directory, ...source } = copy.source ?? (await openSource(context, engine, holding, facts))
  try {
    const total = source.expectedBytes ?? contents?.bytes ?? null
    const onBytes = (done: number): void => {
      const elapsed = context.host.now().getTime() - started
      context.reporter.say({
        type: 'progress',
        what: 'backing up',
        holding,
        done,
        total,
        rate: elapsed > 200 ? (done / elapsed) * 1000 : null,
      })
    }
    const kept = await failingAs(holding, () =>
      context.interruption.race(
        draft.putArchive(
          name,
          proven || directory === undefined ? source : { ...source, directory },
          onBytes,
        ),
      ),
    )
    refuseSuddenEmptiness(holding, contents, kept)
    context.reporter.say({
      type: 'copied',
      holding,
      bytes: kept.tar.contentBytes,
      stored: bytesStored(kept),
      milliseconds: context.host.now().getTime() - started,
    })
    const { consistency, notes } = quality(holding)
    const { troubles = [], ...sqlite } = source.sqlite ?? {}
    for (const text of troubles)
      context.reporter.say({ type: 'warning', text: `${nameOfHolding(holding)}: ${text}` })
    return {
      holding,
      volume: volumeSpec(holding, facts),
      kept,
      consistency,
      source: source.kind,
      database: contents?.database ?? null,
      usedBy: copy.usedBy,
      lastWrite: contents?.lastWrite ?? null,
      ...('files' in sqlite ? { sqlite } : {}),
      notes: [...source.notes, ...notes],
    }
  } finally {
    await source.close()
  }
}

/** One that opens only after the work was given up is closed again: its helper would keep the volume from going. */
async function openSource(
  context: Context,
  engine: Engine,
  holding: Holding,
  facts: Facts,
): Promise<TarSource> {
  if (holding.kind === 'directory') refuseStoreInside(await context.openStore(), holding.path)
  const opening = engine.openSource(holding, facts)
  try {
    return await failingAs(holding, () => context.interruption.race(opening))
  } catch (error) {
    await opening.then(
      source => source.close(),
      () => {},
    )
    throw error
  }
}

/** A directory that is deleted or replaced with the restore points in it would take them along. */
export function refuseStoreInside({ folders }: Pick<Store, 'folders'>, directory: string): void {
  const inside = folders.find(folder => isWithin(folder, directory))
  if (inside === undefined) return
  throw new Stop({
    reason: 'backup-failed',
    holding: directory,
    why: `the restore points are kept inside of it, in ${inside}`,
    how: 'keep them elsewhere: --safe-store DIR',
  })
}

/** A source that was seen to hold data and yields none is a failure, never a success. */
function refuseSuddenEmptiness(
  holding: Holding,
  contents: Contents | null,
  kept: HoldingRecord['kept'],
): void {
  if (contents === null || contents.empty || kept.tar.files > 0 || kept.tar.links > 0 || kept.tar.others > 0)
    return
  throw new Stop({
    reason: 'backup-failed',
    holding: nameOfHolding(holding),
    why: 'data was seen in it a moment ago, but the copy has no file',
    how: 'look whether its disk is mounted, then run the command again',
  })
}

function volumeSpec(holding: Holding, facts: Facts): HoldingRecord['volume'] {
  if (holding.kind !== 'volume' && holding.kind !== 'anonymous') return null
  const volume = facts.volumes.find(each => each.name === holding.name)
  return volume === undefined
    ? null
    : { driver: volume.driver, options: volume.options, labels: volume.labels }
}

/** A name for people, safe as a file name, told apart where two meet. */
function archiveName(holding: Holding, taken: Set<string>): string {
  const plain = nameOfHolding(holding)
    .replace(/[^A-Za-z0-9_.-]+/g, '_')
    .replace(/^[_.-]+/, '')
    .slice(0, 120)
  let name = plain === '' ? 'holding' : plain
  for (let more = 2; taken.has(name); more++) name = `${plain}.${more}`
  taken.add(name)
  return name
}

async function failingAs<T>(holding: Holding, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Stop) {
      const { failure } = error
      if (failure.reason === 'no-space' && failure.holding === null)
        throw new Stop({ ...failure, holding: nameOfHolding(holding) }, { cause: error })
      if (failure.reason === 'backup-failed')
        throw new Stop({ ...failure, holding: nameOfHolding(holding) }, { cause: error })
      if (failure.reason === 'not-possible')
        throw new Stop(
          { reason: 'backup-failed', holding: nameOfHolding(holding), why: failure.what, how: failure.how },
          { cause: error },
        )
      if (failure.reason === 'engine-unreachable')
        throw new Stop(
          {
            reason: 'backup-failed',
            holding: nameOfHolding(holding),
            why: `the engine at ${failure.host} does not answer: ${failure.why}`,
            how: 'start the engine, then run the command again',
          },
          { cause: error },
        )
    }
    throw error
  }
}
