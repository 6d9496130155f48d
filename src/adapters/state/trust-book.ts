import { readFile, realpath } from 'node:fs/promises'
import { isSameDirectory } from '../../core/trust.ts'
import type { TrustedProject } from '../../core/trust.ts'
import { Stop } from '../../model/failure.ts'
import { writeAtomically } from './write-atomically.ts'

export interface TrustBook {
  /** What is trusted of this very directory: by its real path and its number on the disk; null when nothing is. */
  readonly find: (directory: string) => Promise<TrustedProject | null>
  readonly list: () => Promise<readonly TrustedProject[]>
  /** From now on the directory is trusted with exactly this; what was trusted of the path before is replaced. */
  readonly trust: (
    directory: string,
    what: Pick<TrustedProject, 'configurations' | 'disposable'>,
  ) => Promise<void>
  /** By the path, whether or not the directory is still there. False when it was not trusted. */
  readonly forget: (directory: string) => Promise<boolean>
}

interface Book {
  readonly format: 1
  readonly projects: readonly TrustedProject[]
}

/** The projects that the user trusts, in one file of the user's own (`trust.json`). */
export function openTrustBook(options: {
  readonly file: string
  readonly now: () => Date
  /** Device and inode of a directory; null when nothing is there. */
  readonly idOf: (directory: string) => Promise<string | null>
}): TrustBook {
  const { file, now, idOf } = options
  const write = async (projects: readonly TrustedProject[]): Promise<void> => {
    try {
      await writeAtomically(file, `${JSON.stringify({ format: 1, projects }, null, 2)}\n`)
    } catch (error) {
      throw notWritable(file, error)
    }
  }
  return {
    find: async directory => {
      const book = await read(file)
      if (book.projects.length === 0) return null
      const path = await realPathOf(directory)
      const real = { path, id: await idOf(path) }
      return book.projects.find(project => isSameDirectory(project, real)) ?? null
    },
    list: async () => (await read(file)).projects,
    trust: async (directory, what) => {
      const path = await realPathOf(directory)
      const directoryId = await idOf(path)
      if (directoryId === null)
        throw new Stop({
          reason: 'not-possible',
          what: `there is no directory ${path}`,
          how: 'name the directory of the project',
        })
      const others = (await read(file)).projects.filter(project => project.directory !== path)
      await write([...others, { directory: path, directoryId, trustedAt: now().toISOString(), ...what }])
    },
    forget: async directory => {
      const path = await realPathOf(directory)
      const { projects } = await read(file)
      const left = projects.filter(project => project.directory !== path && project.directory !== directory)
      if (left.length === projects.length) return false
      await write(left)
      return true
    },
  }
}

async function realPathOf(directory: string): Promise<string> {
  return realpath(directory).catch(() => directory)
}

async function read(file: string): Promise<Book> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return { format: 1, projects: [] }
    throw unreadable(file, error instanceof Error ? error.message : String(error))
  }
  try {
    const book: unknown = JSON.parse(text)
    if (isBook(book)) return book
  } catch (error) {
    throw unreadable(file, error instanceof Error ? error.message : String(error))
  }
  throw unreadable(file, 'it was written by another program, or by a newer version')
}

function isBook(value: unknown): value is Book {
  if (typeof value !== 'object' || value === null || !('format' in value) || !('projects' in value))
    return false
  return value.format === 1 && Array.isArray(value.projects)
}

function unreadable(file: string, why: string): Stop {
  return new Stop({
    reason: 'bad-configuration',
    file,
    line: null,
    key: null,
    what: `it cannot be read: ${why}`,
    how: 'delete it, and trust your projects again: safe-compose trust',
  })
}

function notWritable(file: string, error: unknown): Stop {
  return new Stop(
    {
      reason: 'not-possible',
      what: `the trust could not be written to ${file}: ${error instanceof Error ? error.message : String(error)}`,
      how: 'make it writable',
    },
    { cause: error },
  )
}
