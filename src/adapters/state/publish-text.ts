import { randomBytes } from 'node:crypto'
import { chmod, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Stop } from '../../model/failure.ts'
import { whyNotReplaced } from './replaceable.ts'
import { whyNotWritten } from './why-not-written.ts'

/**
 * Replaces a file of ours (known by `mark`) as a whole: readers see the old text or the new one. Readable for everybody,
 * since its reader is a service of its own; until then it has a name by which nobody looks for it. Throws `not-possible`,
 * also where anything else stands there.
 */
export async function publishText(path: string, text: string, mark: string): Promise<void> {
  const why = await whyNotReplaced(path, 'file of ours', mark)
  if (why !== null)
    throw new Stop({
      reason: 'not-possible',
      what: `${path} is not replaced: ${why}`,
      how: 'name another file',
    })
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    await writeFile(temporary, text, { flag: 'wx', mode: 0o600, flush: true })
    await chmod(temporary, 0o644)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw new Stop(
      {
        reason: 'not-possible',
        what: `${path} cannot be written: ${whyNotWritten(error)}`,
        how: 'make its folder, and let this user write there',
      },
      { cause: error },
    )
  }
}
