import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Stop } from '../../model/failure.ts'
import { whyNotReplaced } from './replaceable.ts'
import { writeAtomically } from './write-atomically.ts'

/**
 * Writes a report for its owner alone, since it names what somebody has: a new file, or in the place of an earlier report
 * (known by `mark`) or of an empty file. Throws `not-possible` for anything else; nothing is followed or made on the way.
 */
export async function writeReport(path: string, text: string, mark: string): Promise<void> {
  const why = await whyNotThere(path, mark)
  if (why !== null) throw refused(path, why)
  try {
    await writeAtomically(path, text)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw refused(path, inWords[code ?? ''] ?? message, { cause: error })
  }
}

const inWords: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'it lies on a read-only file system',
  ENOSPC: 'no space left',
  ENAMETOOLONG: 'its name is too long',
}

/** Null where a report may be written. */
async function whyNotThere(path: string, mark: string): Promise<string | null> {
  const folder = dirname(path)
  if ((await stat(folder).catch(() => null))?.isDirectory() !== true) return `there is no directory ${folder}`
  return whyNotReplaced(path, 'report', mark)
}

function refused(path: string, why: string, options?: ErrorOptions): Stop {
  return new Stop(
    {
      reason: 'not-possible',
      what: `the report cannot be written to ${path}: ${why}`,
      how: 'name another file: safe-compose report --html FILE',
    },
    options,
  )
}
