import { mkdir, readFile, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { approvalCode } from '../../core/decision.ts'
import { Stop } from '../../model/failure.ts'
import { writeAtomically } from './write-atomically.ts'

/** A command that was refused: what exactly an approval would let through. */
export interface PendingApproval {
  /** Command, directory, engine and holdings in one text. */
  readonly key: string
  readonly argv: readonly string[]
  readonly directory: string
  readonly engine: string
  readonly project: string
  /** For people, a line each. */
  readonly holdings: readonly string[]
  readonly refusedAt: string
}

export interface ApprovalBook {
  /** Remembers a refusal and gives the code that lifts it. */
  readonly remember: (refusal: PendingApproval) => Promise<string>
  /** The refusal under a code as a person types it; null when there is none, or when it is too old. */
  readonly find: (code: string) => Promise<PendingApproval | null>
  /** Lets it through once. Throws `not-possible` when the code is gone: only one of two who grant it succeeds. */
  readonly grant: (code: string) => Promise<void>
  /** Uses up a granted approval of exactly this key: its code, or null. Of two who take it one gets it. */
  readonly take: (key: string) => Promise<string | null>
}

/** How long a refusal can be approved, and how long an approval can be used. Milliseconds. */
const validFor = 15 * 60_000

/**
 * Refusals and approvals as small files of the user's own: `pending/CODE.json`, and `granted/CODE.TIME.json` once a
 * person has approved. Every step is one rename, so that it happens once, whoever else is at it.
 *
 * @param from.folder is made when needed
 */
export function openApprovals(from: {
  readonly folder: string
  readonly now: () => Date
  readonly random: (bytes: number) => Uint8Array
}): ApprovalBook {
  const pending = join(from.folder, 'pending')
  const granted = join(from.folder, 'granted')
  const isOver = (since: number): boolean => {
    const age = from.now().getTime() - since
    return age > validFor || age < -validFor
  }

  const find = async (typed: string): Promise<PendingApproval | null> => {
    const code = readCode(typed)
    if (code === null) return null
    const refusal = await readJson<PendingApproval>(pendingFile(pending, code))
    return refusal === null || isOver(Date.parse(refusal.refusedAt)) ? null : refusal
  }

  return {
    remember: async refusal => {
      try {
        await clearOver(pending, granted, isOver)
        const same = await findSame(pending, refusal.key, isOver)
        const code = same ?? (await freeCode(pending, granted, () => approvalCode(from.random(5))))
        await writeAtomically(pendingFile(pending, code), `${JSON.stringify(refusal, null, 2)}\n`)
        return code
      } catch (error) {
        throw notRemembered(from.folder, error)
      }
    },
    find,
    grant: async typed => {
      const code = readCode(typed)
      if (code === null || (await find(code)) === null) throw noSuchCode(typed)
      await mkdir(granted, { recursive: true, mode: 0o700 })
      const to = join(granted, `${code}.${from.now().getTime()}.json`)
      if (!(await moved(pendingFile(pending, code), to))) throw noSuchCode(typed)
    },
    take: async key => {
      for (const name of await namesIn(granted)) {
        const [code = '', time = ''] = name.split('.')
        if (isOver(Number(time))) continue
        const path = join(granted, name)
        const refusal = await readJson<PendingApproval>(path)
        if (refusal?.key !== key) continue
        const used = `${path}.used`
        if (!(await moved(path, used))) continue
        await rm(used, { force: true })
        return code
      }
      return null
    },
  }
}

/** A code as typed: letters in any case, the dash left out or not, `o` for `0`, `i` and `l` for `1`. Null for no code. */
function readCode(typed: string): string | null {
  const letters = typed.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1')
  return /^[0-9A-Z]{5}$/.test(letters) ? `${letters.slice(0, 2)}-${letters.slice(2)}` : null
}

function pendingFile(folder: string, code: string): string {
  return join(folder, `${code}.json`)
}

/** The same command refused again keeps its code: an agent that tries five times asks one question. */
async function findSame(
  folder: string,
  key: string,
  isOver: (since: number) => boolean,
): Promise<string | null> {
  for (const name of await namesIn(folder)) {
    const refusal = await readJson<PendingApproval>(join(folder, name))
    if (refusal?.key === key && !isOver(Date.parse(refusal.refusedAt))) return name.slice(0, -'.json'.length)
  }
  return null
}

async function freeCode(pending: string, granted: string, makeCode: () => string): Promise<string> {
  const taken = new Set([...(await namesIn(pending)), ...(await namesIn(granted))].map(codeOfName))
  for (let attempt = 0; attempt < 100; attempt++) {
    const code = makeCode()
    if (!taken.has(code)) return code
  }
  throw new Error('no code is free')
}

function codeOfName(name: string): string {
  return name.split('.', 1)[0] ?? name
}

async function clearOver(
  pending: string,
  granted: string,
  isOver: (since: number) => boolean,
): Promise<void> {
  for (const name of await namesIn(pending)) {
    const path = join(pending, name)
    const refusal = await readJson<PendingApproval>(path)
    if (refusal === null || isOver(Date.parse(refusal.refusedAt))) await rm(path, { force: true })
  }
  for (const name of await namesIn(granted)) {
    if (isOver(Number(name.split('.')[1] ?? Number.NaN))) await rm(join(granted, name), { force: true })
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter(name => name.endsWith('.json'))
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}

/** Null for a file that is not there, or that is none of ours. */
async function readJson<T>(path: string): Promise<T | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T
  } catch (error) {
    if (error instanceof SyntaxError || codeOf(error) === 'ENOENT') return null
    throw error
  }
}

/** False when somebody else has already moved it. */
async function moved(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to)
    return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}

/** It stays a refusal, with the reason why nobody can lift it. */
function notRemembered(folder: string, error: unknown): Stop {
  const why = error instanceof Error ? error.message : String(error)
  return new Stop(
    {
      reason: 'refused',
      why: `a person has to decide this, and the question could not be written to ${folder} (${why})`,
    },
    { cause: error },
  )
}

function noSuchCode(typed: string): Stop {
  return new Stop({
    reason: 'not-possible',
    what: `no refusal waits under the code ${typed}`,
    how: 'codes are good for 15 minutes and for one run: have the command typed again for a new one',
  })
}
