import { randomBytes } from 'node:crypto'
import { chmod, link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { Stop } from '../../model/failure.ts'
import type { LockOwner, ScheduleBook } from '../../model/ports.ts'
import type { JobRun, SchedulePlan } from '../../model/schedule.ts'
import { writeAtomically } from './write-atomically.ts'

/** So many runs of a schedule are remembered, the newest ones. */
const runsKept = 200

/** How long the lock of a run on another host counts. Milliseconds. */
const longestAway = 24 * 3_600_000

/** Taking a dead lock away takes a moment; what is older was left by one that died in it. Milliseconds. */
const longestClaim = 10_000

/**
 * What is remembered of schedules, a few files each: `KEY.json` the plan, `KEY.sh` what a timer calls, `KEY.runs` a line of
 * JSON for each run, `KEY.lock` who is at work, `KEY.log` what was said where nobody else keeps it.
 */
export function openScheduleBook(
  folder: string,
  isAlive: (owner: LockOwner) => Promise<boolean>,
  now: () => Date,
): ScheduleBook {
  const file = (key: string, ending: string): string => join(folder, `${key}.${ending}`)
  const runs = async (key: string): Promise<readonly JobRun[]> =>
    (await textOf(file(key, 'runs'))).split('\n').flatMap(line => runOf(line) ?? [])
  return {
    script: key => file(key, 'sh'),
    log: key => file(key, 'log'),
    plan: async key => planOf(await textOf(file(key, 'json'))),
    keep: (plan, script) =>
      written(folder, async () => {
        await writeAtomically(file(plan.key, 'sh'), script)
        await chmod(file(plan.key, 'sh'), 0o700)
        await writeAtomically(file(plan.key, 'json'), `${JSON.stringify(plan, null, 2)}\n`)
      }),
    forget: key =>
      written(folder, async () => {
        for (const ending of ['json', 'sh']) await rm(file(key, ending), { force: true })
      }),
    runs,
    addRun: (key, run) =>
      written(folder, async () => {
        const lines = [...(await runs(key)), run].slice(-runsKept).map(each => JSON.stringify(each))
        await writeAtomically(file(key, 'runs'), `${lines.join('\n')}\n`)
      }),
    lock: (key, owner) =>
      written(folder, () => takeLock(file(key, 'lock'), { owner, since: now().toISOString() }, isAlive)),
    running: async key => {
      const held = heldOf(await textOf(file(key, 'lock')))
      return held !== null && (await isAlive(held.owner)) ? held.since : null
    },
  }
}

interface Held {
  readonly owner: LockOwner
  /** ISO 8601. */
  readonly since: string
}

/** A lock is there with all that it says, or not at all: it is written aside and linked into its place. */
async function takeLock(
  path: string,
  ours: Held,
  isAlive: (owner: LockOwner) => Promise<boolean>,
): Promise<{ readonly release: () => Promise<void> } | { readonly since: string }> {
  const text = `${JSON.stringify(ours)}\n`
  await mkdir(join(path, '..'), { recursive: true, mode: 0o700 })
  for (;;) {
    if (await linked(path, text))
      return {
        release: async () => {
          if ((await textOf(path)) === text) await rm(path, { force: true })
        },
      }
    const found = await textOf(path)
    const held = heldOf(found)
    if (held !== null && !isForgotten(held, ours) && (await isAlive(held.owner))) return { since: held.since }
    await removeDead(path, found)
  }
}

/** Nobody can look whether a run on another host, such as a container that is gone, is still at work. */
function isForgotten(held: Held, ours: Held): boolean {
  return held.owner.host !== ours.owner.host && Date.parse(ours.since) - Date.parse(held.since) > longestAway
}

/** False where another one is there. */
async function linked(path: string, text: string): Promise<boolean> {
  const aside = `${path}.${randomBytes(6).toString('hex')}`
  try {
    await writeFile(aside, text, { flag: 'wx', mode: 0o600 })
    await link(aside, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await rm(aside, { force: true })
  }
}

/** Takes the lock of a dead run away, unless another run is just doing so, or was quicker. */
async function removeDead(path: string, dead: string): Promise<void> {
  const claim = `${path}.claim`
  try {
    await writeFile(claim, '', { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const age = Date.now() - ((await stat(claim).catch(() => null))?.mtimeMs ?? Date.now())
    if (Math.abs(age) > longestClaim) await rm(claim, { force: true })
    return setTimeout(10)
  }
  try {
    if ((await textOf(path)) === dead) await rm(path, { force: true })
  } finally {
    await rm(claim, { force: true })
  }
}

async function written<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw new Stop(
      {
        reason: 'not-possible',
        what: `the schedule cannot be kept in ${folder}: ${error instanceof Error ? error.message : String(error)}`,
        how: 'make the folder writable, or set XDG_STATE_HOME to another one',
      },
      { cause: error },
    )
  }
}

/** Empty where it cannot be read. */
function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '')
}

// ---- Reading -----------------------------------------------------------------------------------------------------

function recordOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value))
}

function heldOf(text: string): Held | null {
  const { owner, since } = recordOf(text)
  if (typeof owner !== 'object' || owner === null || !isTime(since)) return null
  const { host, bootId, pid, startedAt } = { ...owner } as Readonly<Record<string, unknown>>
  if (typeof host !== 'string' || typeof bootId !== 'string') return null
  if (typeof pid !== 'number' || typeof startedAt !== 'string') return null
  return { owner: { host, bootId, pid, startedAt }, since }
}

const jobs: readonly string[] = ['backup', 'verify', 'full', 'prune'] satisfies readonly JobRun['job'][]

function runOf(line: string): JobRun | null {
  const { job, began, ended, code, summary, restorePoint } = recordOf(line)
  if (!isJob(job) || !isTime(began) || !isTime(ended)) return null
  if (typeof code !== 'number' || typeof summary !== 'string') return null
  return {
    job,
    began,
    ended,
    code,
    summary,
    restorePoint: typeof restorePoint === 'string' ? restorePoint : null,
  }
}

function isJob(value: unknown): value is JobRun['job'] {
  return typeof value === 'string' && jobs.includes(value)
}

function isOneOf<Word extends string>(value: unknown, words: readonly Word[]): value is Word {
  return words.some(word => word === value)
}

const kinds = ['systemd', 'systemd-user', 'crontab', 'launchd', 'serve', 'by-hand'] as const
const rhythms = ['daily', 'weekly', 'monthly', 'off'] as const
const fullRhythms = ['weekly', 'off'] as const

function planOf(text: string): SchedulePlan | null {
  const { format, key, project, directory, expression, rhythm, zone, verify, full, startedBy, since } =
    recordOf(text)
  if (format !== 1 || typeof key !== 'string' || typeof project !== 'string') return null
  if (typeof directory !== 'string' || typeof expression !== 'string' || typeof rhythm !== 'string')
    return null
  if (typeof zone !== 'string' || !isTime(since) || !isOneOf(startedBy, kinds)) return null
  if (!isOneOf(verify, rhythms) || !isOneOf(full, fullRhythms)) return null
  return { format, key, project, directory, expression, rhythm, zone, verify, full, startedBy, since }
}
