import { readFile } from 'node:fs/promises'
import type { Verdict } from '../../model/decision.ts'
import { Stop } from '../../model/failure.ts'
import type { Finding } from '../../model/finding.ts'
import { writeAtomically } from './write-atomically.ts'

export interface ProjectMemory {
  /** Whether the person chose to always back up and go on in this project directory. */
  readonly alwaysBacksUp: (directory: string) => Promise<boolean>
  readonly rememberAlways: (directory: string) => Promise<void>
  /** True the first time for this text in this directory: warnings are given once per project and change. */
  readonly firstTime: (directory: string, warning: string) => Promise<boolean>
  /** Remembers what was found. What cannot be remembered stops nothing. */
  readonly rememberFindings: (directory: string, said: readonly SaidFinding[]) => Promise<void>
  /** The newest first. */
  readonly findings: (directory: string) => Promise<readonly SaidFinding[]>
}

interface SaidFinding {
  readonly id: string
  readonly finding: Finding
  readonly command: string
  readonly verdict: Verdict
  readonly at: string
}

interface Memory {
  readonly format: 1
  readonly projects: Readonly<Record<string, Remembered>>
}

interface Remembered {
  readonly alwaysSince?: string
  readonly warned?: readonly string[]
  readonly findings?: readonly SaidFinding[]
}

/** So many findings are remembered of one project, the newest ones. */
const findingsKept = 50

/** So many warnings are remembered of one project, the newest ones. */
const warningsKept = 200

/**
 * What is remembered of each project directory, in one file of the user's own (`projects.json`). Of two runs that write
 * at the same time the later one wins: the worst that follows is a question or a warning too many.
 */
export function openProjectMemory(file: string, now: () => Date): ProjectMemory {
  let last: Promise<unknown> = Promise.resolve()
  /** One after the other, since each writes the whole file. */
  const change = (directory: string, to: (known: Remembered) => Remembered): Promise<void> => {
    const next = last.then(async () => {
      const memory = await readMemory(file)
      const projects = { ...memory.projects, [directory]: to(memory.projects[directory] ?? {}) }
      await writeAtomically(file, `${JSON.stringify({ format: 1, projects }, null, 2)}\n`)
    })
    last = next.catch(() => {})
    return next
  }
  return {
    alwaysBacksUp: async directory => (await readMemory(file)).projects[directory]?.alwaysSince !== undefined,
    rememberAlways: async directory => {
      try {
        await change(directory, known => ({ ...known, alwaysSince: now().toISOString() }))
      } catch (error) {
        throw notWritable(file, error)
      }
    },
    firstTime: async (directory, warning) => {
      const warned = (await readMemory(file)).projects[directory]?.warned ?? []
      if (warned.includes(warning)) return false
      try {
        await change(directory, known => ({
          ...known,
          warned: [...(known.warned ?? []), warning].slice(-warningsKept),
        }))
      } catch (error) {
        // What cannot be remembered is said again; a warning is no reason to stop anything.
        if (error instanceof Stop) throw error
      }
      return true
    },
    rememberFindings: async (directory, said) => {
      try {
        await change(directory, known => {
          const ids = new Set(said.map(({ id }) => id))
          const others = (known.findings ?? []).filter(({ id }) => !ids.has(id))
          return { ...known, findings: [...said, ...others].slice(0, findingsKept) }
        })
      } catch (error) {
        if (error instanceof Stop) throw error
      }
    },
    findings: async directory => (await readMemory(file)).projects[directory]?.findings ?? [],
  }
}

async function readMemory(file: string): Promise<Memory> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return { format: 1, projects: {} }
    throw unreadable(file, error instanceof Error ? error.message : String(error))
  }
  try {
    const memory: unknown = JSON.parse(text)
    if (isMemory(memory)) return memory
  } catch (error) {
    throw unreadable(file, error instanceof Error ? error.message : String(error))
  }
  throw unreadable(file, 'it was written by another program, or by a newer version')
}

function isMemory(value: unknown): value is Memory {
  if (typeof value !== 'object' || value === null || !('format' in value) || !('projects' in value))
    return false
  return value.format === 1 && typeof value.projects === 'object' && value.projects !== null
}

function unreadable(file: string, why: string): Stop {
  return new Stop({
    reason: 'bad-configuration',
    file,
    line: null,
    key: null,
    what: `it cannot be read: ${why}`,
    how: 'delete it: it only remembers what was answered and warned of before',
  })
}

function notWritable(file: string, error: unknown): Stop {
  if (error instanceof Stop) return error
  return new Stop(
    {
      reason: 'not-possible',
      what: `the answer could not be remembered in ${file}: ${error instanceof Error ? error.message : String(error)}`,
      how: 'make it writable, or answer "Back up" each time',
    },
    { cause: error },
  )
}
