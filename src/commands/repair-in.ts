import type { Figure, Repaired } from '../model/database.ts'
import { Stop } from '../model/failure.ts'
import type { DatabaseServer, Engine, Scratch, ScratchSpec } from '../model/ports.ts'
import { outcomeOf } from '../core/recovery/repair.ts'
import type { AgainstSaved, RepairOutcome, RepairSeen } from '../core/recovery/repair.ts'
import type { Context } from './context.ts'
import type { RepairTarget } from './repair-target.ts'
import { settledBy, untilUp } from './scratch-server.ts'

/** Milliseconds: for a server to come up, and for counting the rows of one database. Nobody waits for it. */
const patience = 300_000
const countingBudget = 60_000

/** What a repair needs to know besides its target. */
export interface RepairWork {
  readonly on: RepairOutcome['on']
  readonly data: ScratchSpec['data']
  /** What is known to be wrong, where only files can be repaired: nobody can be asked before. */
  readonly said: readonly string[]
  /** How what was counted stands to what was counted once. */
  readonly against: (figures: readonly Figure[]) => AgainstSaved | null
}

/**
 * Repairs a database in a container of its own, without a network: checks, counts, repairs, checks and counts again. What
 * cannot be done there is told in the outcome.
 */
export async function repairIn(
  context: Context,
  engine: Engine,
  target: RepairTarget,
  { on, data, said, against }: RepairWork,
): Promise<RepairOutcome> {
  const { container, path } = target
  const opening = engine.scratch({
    image: container.imageId,
    like: container.id,
    variables: {},
    path,
    data,
  })
  const scratch = await settledBy(context, opening)
  try {
    const seen =
      target.by === 'files'
        ? await repairFiles(context, target, scratch, { on, said })
        : await repairByServer(context, target, scratch, { on, said })
    // What it knows is written down before anything else is done with the volume.
    if (on === 'volume') await scratch.stop()
    return outcomeOf({ ...seen, on, against: seen.label === null ? null : against(seen.after.figures) })
  } finally {
    await scratch.remove()
  }
}

type Seen = Omit<RepairSeen, 'on' | 'against'>

async function repairFiles(
  context: Context,
  target: RepairTarget,
  scratch: Scratch,
  { on, said }: Pick<RepairWork, 'on' | 'said'>,
): Promise<Seen> {
  const before = { troubles: said, figures: null }
  const resting = scratch.atRest(inside => tried(() => target.open(inside).repair.run(target.path)))
  const repaired = await settled(context, resting)
  if ('why' in repaired) return gaveUp(before, nothingDone, repaired.why)
  const label = await comeUp(context, target, scratch, on)
  if (typeof label !== 'string') return gaveUp(before, repaired, label.why)
  return { label, before, repaired, after: await examine(context, target.open(scratch.inside)) }
}

/** The work inside is over before its container goes. */
async function settled<T>(context: Context, work: Promise<T>): Promise<T> {
  try {
    return await context.interruption.race(work)
  } finally {
    await work.catch(() => {})
  }
}

async function repairByServer(
  context: Context,
  target: RepairTarget,
  scratch: Scratch,
  { on, said }: Pick<RepairWork, 'on' | 'said'>,
): Promise<Seen> {
  const label = await comeUp(context, target, scratch, on)
  if (typeof label !== 'string') return gaveUp({ troubles: said, figures: null }, nothingDone, label.why)
  const server = target.open(scratch.inside)
  const checked = await tried(() => context.interruption.race(server.check()))
  const counted = await tried(() => context.interruption.race(server.count(countingBudget)))
  const before = {
    troubles: 'why' in checked ? [checked.why] : checked,
    figures: 'why' in counted ? null : counted,
  }
  const repaired = await tried(() => context.interruption.race(server.repair.run(target.path)))
  if ('why' in repaired) return gaveUp(before, nothingDone, repaired.why)
  return { label, before, repaired, after: await examine(context, server) }
}

const nothingDone: Repaired = { done: [], lost: [], left: [] }

/** It did not come so far that anything could be said of what is in it. */
function gaveUp(before: Seen['before'], repaired: Repaired, why: string): Seen {
  return { label: null, before, repaired, after: { troubles: [why], figures: [] } }
}

async function comeUp(
  context: Context,
  { volume, open }: RepairTarget,
  scratch: Scratch,
  on: RepairOutcome['on'],
): Promise<string | { readonly why: string }> {
  return tried(async () => {
    await scratch.start()
    return untilUp(context, scratch, open(scratch.inside), {
      patience,
      on: on === 'copy' ? 'the copy' : volume.name,
    })
  })
}

async function examine(context: Context, server: DatabaseServer): Promise<Seen['after']> {
  const troubles = await tried(() => context.interruption.race(server.check()))
  const figures = await tried(() => context.interruption.race(server.count(countingBudget)))
  return {
    troubles: [
      ...('why' in troubles ? [troubles.why] : troubles),
      // What cannot be counted cannot be read.
      ...('why' in figures ? [figures.why] : []),
    ],
    figures: 'why' in figures ? [] : figures,
  }
}

/** What it gives, or in words why it cannot be done. Throws what is no fault of the database. */
async function tried<T>(work: () => Promise<T>): Promise<T | { readonly why: string }> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Stop) || error.failure.reason !== 'not-possible') throw error
    const { what, how } = error.failure
    return { why: how.startsWith('it said') ? `${what}; ${how}` : what }
  }
}
