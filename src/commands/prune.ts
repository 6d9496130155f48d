import { shellLine } from '../core/command-line.ts'
import { deedFor } from '../core/retention-deeds.ts'
import type { Retention, RetentionRow } from '../core/retention-deeds.ts'
import { planRetention } from '../core/retention.ts'
import { neededBy } from '../core/undoable.ts'
import type { KeepPolicy } from '../model/decision.ts'
import { Stop } from '../model/failure.ts'
import type { Invocation } from '../model/invocation.ts'
import type { Store, StoreScope } from '../model/ports.ts'
import type { Manifest, RestorePoint } from '../model/restore-point.ts'
import type { Context } from './context.ts'
import { findProjectName } from './observe.ts'

export interface PruneOptions {
  readonly dryRun: boolean
  /** Removes at once what would only be marked. */
  readonly now: boolean
  /** Every project of the store. */
  readonly all: boolean
  readonly json: boolean
}

export interface PruneTables {
  readonly pruned: (
    results: readonly Retention[],
    about: {
      readonly project: string | null
      readonly store: string
      readonly dryRun: boolean
      readonly now: Date
    },
  ) => string
}

export interface RetentionOptions {
  readonly policy: KeepPolicy
  /** Why that may not be the policy that was meant; then nothing goes by it. */
  readonly doubt: string | null
  /** Whether a person asked for it: else what was taken by hand is left as it is. */
  readonly onPurpose: boolean
  /** Nothing is done. */
  readonly dryRun: boolean
  /** What was not taken by hand is removed without having been marked before. */
  readonly skipMarks: boolean
}

/** What `prune` needs besides the context. */
export interface PruneTools {
  readonly pruned: PruneTables['pruned']
  /** What holds for a project of which another directory than ours knows. Throws `bad-configuration`. */
  readonly policyOf: (project: Manifest['project']) => Promise<KeepPolicy>
}

/**
 * `prune`: what the policy makes of the restore points of this project (`all`: of every project of the store, each by its
 * own configuration), and what is done about it: marked first, removed by a later run. Needs no engine. 1 where something
 * is suspicious or could not be removed.
 */
export async function prune(
  context: Context,
  project: Invocation,
  options: PruneOptions,
  { pruned, policyOf }: PruneTools,
): Promise<number> {
  const store = await context.openStore()
  const name = options.all ? null : await projectHere(context, project)
  const scopes = (await store.scopes()).filter(scope => name === null || scope.project === name)
  const asked = askedFor(context, options)
  const results: Retention[] = []
  for (const scope of scopes) {
    const points = await store.list(scope)
    const found =
      name === null
        ? await policyAmong(context, points, policyOf)
        : { policy: context.policy.keep, doubt: null }
    if ('wrong' in found) results.push(leftAlone(context, scope, points, found.wrong))
    else results.push(await retain(context, store, scope, points, { ...asked, ...found }))
  }
  const about = { project: name, store: store.name, dryRun: options.dryRun, now: context.host.now() }
  context.print(
    options.json ? `${JSON.stringify(results.map(resultForPrograms), null, 2)}\n` : pruned(results, about),
  )
  return results.every(isWell) ? 0 : 1
}

async function projectHere(context: Context, project: Invocation): Promise<string> {
  const name = await findProjectName(context, project)
  if (name !== null) return name
  throw new Stop({
    reason: 'not-possible',
    what: 'there is no project here',
    how: 'go to the directory of its Compose file, name it (safe-compose -p NAME prune), or take all: safe-compose prune --all',
  })
}

/**
 * By the configuration where the newest of them was taken. What is wrong there is no reason to remove by another, nor is
 * it that the directory is gone: its disk may only not be mounted.
 */
async function policyAmong(
  context: Context,
  points: readonly RestorePoint[],
  policyOf: PruneTools['policyOf'],
): Promise<Pick<RetentionOptions, 'policy' | 'doubt'> | { readonly wrong: string }> {
  const newest = points.find(({ manifest }) => manifest.project.directory !== null)
  const project = newest?.manifest.project ?? { name: '', directory: null, files: [] }
  try {
    return { policy: await policyOf(project), doubt: await doubtAbout(context, project) }
  } catch (error) {
    if (!(error instanceof Stop) || error.failure.reason !== 'bad-configuration') throw error
    const { file, key, what } = error.failure
    return { wrong: `${file} is wrong: ${key === null ? '' : `${key}: `}${what}` }
  }
}

async function doubtAbout(
  context: Context,
  { name, directory }: Manifest['project'],
): Promise<string | null> {
  if (directory === null || (await context.files.place(directory)).state === 'filled') return null
  const byName = shellLine(['safe-compose', '-p', name, 'prune'])
  return `nothing is in ${directory}, where it may say for how long; if that is right: ${byName}`
}

function leftAlone(
  context: Context,
  scope: StoreScope,
  points: readonly RestorePoint[],
  heldBack: string,
): Retention {
  sayHeldBack(context, scope, heldBack)
  const reasons = ['retention is held back']
  const rows = points.map((point): RetentionRow => ({
    point,
    keep: true,
    reasons,
    atOnce: false,
    deed: 'keep',
    failure: null,
  }))
  return { scope, heldBack, rows }
}

function sayHeldBack(context: Context, { project }: StoreScope, why: string): void {
  context.reporter.say({
    type: 'warning',
    text: `no restore point of ${project} is removed at present: ${why}`,
  })
}

/** An agent's word is no person's: what was taken by hand stays, and nothing goes without having been marked. */
function askedFor(
  context: Context,
  { dryRun, now }: PruneOptions,
): Omit<RetentionOptions, 'policy' | 'doubt'> {
  const isAgent = context.audience.kind === 'agent'
  if (isAgent && now)
    context.reporter.say({ type: 'warning', text: 'ignored, because a coding agent is at work: --now' })
  return { onPurpose: !isAgent, dryRun, skipMarks: now && !isAgent }
}

function isWell({ heldBack, rows }: Retention): boolean {
  return heldBack === null && rows.every(({ failure }) => failure === null)
}

function resultForPrograms({ scope, heldBack, rows }: Retention): object {
  return {
    ...scope,
    heldBack,
    restorePoints: rows.map(({ point, keep, deed, reasons, failure }) => ({
      id: point.id,
      finishedAt: point.manifest.finishedAt,
      bytes: point.bytes,
      keep,
      deed,
      reasons,
      marked: point.marked,
      failure,
    })),
  }
}

/**
 * Applies the policy to the restore points of one project on one engine: removes what has been marked for some hours,
 * marks what may go, takes back the marks of what is kept after all. Says so when it holds back. What cannot be removed or
 * marked (`store-unusable`, `no-space`) is told with its row and stops nothing else; throws as `Store.list` and
 * `Journal.read` do, before anything is removed.
 */
export async function applyRetention(
  context: Context,
  store: Store,
  scope: StoreScope,
  options: Omit<RetentionOptions, 'doubt'>,
): Promise<Retention> {
  return retain(context, store, scope, await store.list(scope), { ...options, doubt: null })
}

async function retain(
  context: Context,
  store: Store,
  scope: StoreScope,
  points: readonly RestorePoint[],
  options: RetentionOptions,
): Promise<Retention> {
  const [entries, reading] = await Promise.all([
    store.journal(scope).read(),
    store.beingRead(scope, context.host.isAlive),
  ])
  const now = context.host.now()
  const { verdicts, heldBack } = planRetention({
    points,
    policy: options.policy,
    doubt: options.doubt,
    needed: neededBy(entries),
    reading,
    byHandToo: options.onPurpose,
    now,
  })
  const planned = verdicts.map((verdict): RetentionRow => {
    const isLeftAlone = !options.onPurpose && verdict.point.manifest.reason === 'manual'
    const deed = isLeftAlone ? 'keep' : deedFor(verdict, { now, skipMarks: options.skipMarks })
    return { ...verdict, deed, failure: null }
  })
  if (heldBack !== null) sayHeldBack(context, scope, heldBack)
  return { scope, heldBack, rows: options.dryRun ? planned : await carryOut(context, store, scope, planned) }
}

/** Removals come first: on a full disk they make the room that marks need. */
async function carryOut(
  context: Context,
  store: Store,
  scope: StoreScope,
  planned: readonly RetentionRow[],
): Promise<readonly RetentionRow[]> {
  const done = new Map<RestorePoint, RetentionRow>()
  // Leftovers of runs that died take room as well.
  if (planned.some(({ deed }) => deed === 'remove')) await store.clearPartials(scope, context.host.isAlive)
  for (const deed of ['remove', 'mark', 'unmark'] as const)
    for (const row of planned.filter(each => each.deed === deed).toReversed()) {
      context.interruption.check()
      done.set(row.point, await carryOutOne(context, store, row))
    }
  const rows = planned.map(row => done.get(row.point) ?? row)
  if (rows.some(({ deed, failure }) => deed === 'remove' && failure === null)) await store.reclaim()
  return rows
}

async function carryOutOne(context: Context, store: Store, row: RetentionRow): Promise<RetentionRow> {
  const { point, deed } = row
  try {
    if (deed !== 'remove') await store.mark(point, deed === 'mark' ? context.host.now() : null)
    else if (!(await store.remove(point, context.host.isAlive)))
      return { ...row, keep: true, deed: 'keep', reasons: ['being read'] }
    return row
  } catch (error) {
    if (!(error instanceof Stop)) throw error
    const { failure } = error
    if (failure.reason === 'store-unusable') return { ...row, failure: failure.why }
    if (failure.reason === 'no-space') return { ...row, failure: 'the disk is full' }
    throw error
  }
}
