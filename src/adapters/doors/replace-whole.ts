import { randomBytes } from 'node:crypto'
import { readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** This run, and whether the process of a number runs: what a killed run has left is cleared away. */
export interface Writer {
  readonly pid: number
  readonly runs: (pid: number) => boolean
}

/** What a temporary file will be: the two are cleared away by different hands. */
type Kind = 'file' | 'record'

/**
 * Replaces a file as a whole: readers see the old text or the new one, also after a power cut. If it fails nothing has
 * changed.
 *
 * @param how.folder where the temporary file lies, on the file system of `path`
 * @param how.beforeRename what else must be so before the new one is seen
 */
export async function replaceWhole(
  path: string,
  text: Buffer,
  how: {
    readonly folder: string
    readonly kind: Kind
    readonly writer: Writer
    readonly beforeRename: (temporary: string) => Promise<void>
  },
): Promise<void> {
  const temporary = join(how.folder, temporaryName(how.kind, how.writer))
  try {
    await writeFile(temporary, text, { flag: 'wx', mode: 0o600, flush: true })
    await how.beforeRename(temporary)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** A name that tells whose it is. */
export function temporaryName(kind: Kind, { pid }: Writer): string {
  return `${prefixes[kind]}${pid}-${randomBytes(6).toString('hex')}.tmp`
}

/**
 * Temporary files in a folder whose writers are gone. Asked before this run writes one: what has its number is of another
 * run that had it, as in containers, where each run is number 7.
 */
export async function leftovers(folder: string, kind: Kind, writer: Writer): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => [])
  return names.filter(name => isLeftover(name, kind, writer)).map(name => join(folder, name))
}

const prefixes: Readonly<Record<Kind, string>> = { file: '.safe-compose-', record: '.safe-compose-doors-' }

function isLeftover(name: string, kind: Kind, { pid, runs }: Writer): boolean {
  if (!name.startsWith(prefixes[kind])) return false
  const number = /^(\d+)-[0-9a-f]{12}\.tmp$/.exec(name.slice(prefixes[kind].length))?.[1]
  return number !== undefined && (Number(number) === pid || !runs(Number(number)))
}
