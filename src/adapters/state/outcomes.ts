import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { noticeJobs } from '../../core/channel-configuration.ts'
import type { RememberedOutcome } from '../../core/outcome.ts'
import { writeAtomically } from './write-atomically.ts'

/**
 * What came of the last run of each job of each project, and when a project was last told to be stale: a file each in
 * the user's own state, so that projects whose runs end at the same moment do not overwrite each other. What cannot be
 * read counts as not known.
 */
export function openOutcomes(folder: string): {
  readonly last: (job: string, project: string | null) => Promise<RememberedOutcome | null>
  /** Throws where it cannot be written. */
  readonly remember: (outcome: RememberedOutcome) => Promise<void>
  readonly all: () => Promise<readonly RememberedOutcome[]>
  /** ISO 8601; null when it never was, or is fresh again. */
  readonly staleToldAt: (project: string) => Promise<string | null>
  /** Throws where it cannot be written. */
  readonly rememberStale: (project: string, toldAt: string | null) => Promise<void>
} {
  const write = (name: string, value: object): Promise<void> =>
    writeAtomically(join(folder, name), `${JSON.stringify({ format: 1, ...value })}\n`)
  return {
    last: async (job, project) => asOutcome(await readJson(join(folder, fileOf(job, project)))),
    remember: outcome => write(fileOf(outcome.job, outcome.project), outcome),
    all: async () => {
      const names = await readdir(folder).catch(() => [])
      const wanted = names.filter(name => /^[a-z]+-[0-9a-f]+\.json$/.test(name)).toSorted()
      const read = await Promise.all(wanted.map(async name => asOutcome(await readJson(join(folder, name)))))
      return read.filter(each => each !== null)
    },
    staleToldAt: async project => {
      const toldAt = recordOf(await readJson(join(folder, fileOf('stale', project))))['toldAt']
      return typeof toldAt === 'string' ? toldAt : null
    },
    rememberStale: (project, toldAt) => write(fileOf('stale', project), { project, toldAt }),
  }
}

/** A project's name may be longer than a file's. */
function fileOf(what: string, project: string | null): string {
  const sha256 = createHash('sha256').update(JSON.stringify(project)).digest('hex')
  return `${what}-${sha256.slice(0, 32)}.json`
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch {
    return null
  }
}

function asOutcome(value: unknown): RememberedOutcome | null {
  const { job, project, ok, at, failingSince, failures } = recordOf(value)
  const known = noticeJobs.find(each => each === job)
  if (
    known === undefined ||
    typeof ok !== 'boolean' ||
    typeof at !== 'string' ||
    typeof failures !== 'number'
  )
    return null
  const isTextOrNull = (each: unknown): each is string | null => each === null || typeof each === 'string'
  if (!isTextOrNull(project) || !isTextOrNull(failingSince)) return null
  return { job: known, project, ok, at, failingSince, failures }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
}
