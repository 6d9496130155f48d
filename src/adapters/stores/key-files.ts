import { open, mkdir, realpath, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { shellLine } from '../../core/command-line.ts'
import { isWithin } from '../../core/data-paths.ts'
import { Stop } from '../../model/failure.ts'
import { makeKey } from './age-library.ts'
import { syncFolder } from './durable.ts'
import { readIdentityFile } from './identity-file.ts'

/** An identity file as it lies on the disk. */
export interface KeyFile {
  /** What its identities are the secret halves of; in words why that cannot be told. */
  readonly recipients: readonly string[] | string
  /** Somebody else of this machine may read it. */
  readonly isOpenToOthers: boolean
}

export async function lookAtKeyFile(file: string): Promise<KeyFile> {
  const read = await readIdentityFile(file)
  const found = await stat(file).catch(() => null)
  return {
    recipients: typeof read === 'string' ? read : read.recipients,
    isOpenToOthers: found !== null && (found.mode & 0o077) !== 0,
  }
}

/**
 * Makes a key and writes its identity for its owner alone, as `age-keygen` does; gives the recipient. Never over a file,
 * never where backups are kept: who takes those away would take away what opens them. Throws `not-possible`.
 */
export async function generateKeyFile(to: {
  readonly file: string
  /** Whether its folder may be made: not where somebody named it, and it may be a disk that is not mounted. */
  readonly makesFolder: boolean
  readonly stores: readonly string[]
  readonly now: Date
}): Promise<string> {
  const { file, makesFolder, stores, now } = to
  const folder = dirname(file)
  try {
    if (makesFolder) await mkdir(folder, { recursive: true, mode: 0o700 })
    await refuseInside(file, await realpath(folder), stores)
    const { identity, recipient } = await makeKey()
    await writeNew(file, `# created: ${now.toISOString()}\n# public key: ${recipient}\n${identity}\n`)
    return recipient
  } catch (error) {
    throw error instanceof Stop ? error : notWritten(file, error as NodeJS.ErrnoException)
  }
}

async function refuseInside(file: string, folder: string, stores: readonly string[]): Promise<void> {
  for (const store of stores) {
    const root = await realpath(store).catch(() => store)
    if (isWithin(folder, root))
      throw new Stop({
        reason: 'not-possible',
        what: `${file} would lie in ${store}, where backups are kept: whoever takes those would have the key`,
        how: 'name a file elsewhere: safe-compose keys generate FILE',
      })
  }
}

async function writeNew(file: string, content: string): Promise<void> {
  const opened = await open(file, 'wx', 0o600)
  try {
    await opened.chmod(0o600)
    await opened.writeFile(content)
    await opened.sync()
  } catch (error) {
    await rm(file, { force: true })
    throw error
  } finally {
    await opened.close()
  }
  await syncFolder(dirname(file))
}

function notWritten(file: string, error: NodeJS.ErrnoException): Stop {
  const isThere = error.code === 'EEXIST'
  return new Stop(
    {
      reason: 'not-possible',
      what: isThere
        ? `${file} is there already, and an identity is never overwritten: what it opens would be lost`
        : `${file} cannot be written: ${error.message}`,
      how: isThere
        ? `see what it opens: SAFE_COMPOSE_IDENTITY_FILE=${shellLine([file])} safe-compose keys show; or name another file: safe-compose keys generate FILE`
        : 'name a file in a folder that is there: safe-compose keys generate FILE',
    },
    { cause: error },
  )
}
