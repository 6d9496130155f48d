import { createHash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { StoreScope } from '../../model/ports.ts'

/** Where a project's restore points, journal and ledger lie. */
export function folderOf(root: string, scope: StoreScope): string {
  return join(root, engineFolder(scope.engine), safeName(scope.project))
}

/** The first backup makes a root, but never the disk that a person meant when naming it: that it is missing is an error. */
export async function expectRoot(root: string, named: boolean): Promise<void> {
  if (named && !(await isThere(dirname(root)))) await stat(root)
}

/** Every project of every engine that has a folder. One whose name was too long for that cannot be told. */
export async function scopesIn(root: string, named: boolean): Promise<readonly StoreScope[]> {
  await expectRoot(root, named)
  const engines = await enginesIn(root)
  const scopes = await Promise.all(
    engines.map(async engine =>
      (await foldersIn(join(root, engine))).map(project => ({
        engine: decodedName(engine),
        project: decodedName(project),
      })),
    ),
  )
  return scopes.flat().filter(scope => scope.engine !== '' && scope.project !== '')
}

/** Names of the folders of engines. What else lies on a disk (`lost+found`, `.Trash-1000`) may not even be looked into. */
export async function enginesIn(root: string): Promise<readonly string[]> {
  return (await foldersIn(root)).filter(name => /^[\w%-][\w.%-]*$/.test(name))
}

/** The text of which a folder's name was made; of a name that stands for itself nothing is known. */
export function decodedName(name: string): string {
  try {
    const text = decodeURIComponent(name)
    return safeName(text) === name ? text : ''
  } catch {
    return ''
  }
}

/** Ids of older engines hold colons (`AAAA:BBBB:…`), which `docker run -v` and remote tar names would take apart. */
export function engineFolder(engine: string): string {
  return safeName(engine.replaceAll(':', '-'))
}

/** A folder's name for any text: readable, told apart from every other text's, and never a way out of its parent. */
export function safeName(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9_.-]/gu, each => encoded(each)).replace(/^\./, '%2E')
  if (plain === '') return '%'
  if (plain.length <= 200) return plain
  return `${plain.slice(0, 160)}%${createHash('sha256').update(name).digest('hex').slice(0, 32)}`
}

function encoded(character: string): string {
  return [...Buffer.from(character)]
    .map(byte => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`)
    .join('')
}

/** Names of the folders in a folder; none where it is not there. */
export async function foldersIn(path: string): Promise<readonly string[]> {
  return (await entriesIn(path)).folders
}

/** Names of what is in a folder; nothing where it is not there. */
export async function entriesIn(
  path: string,
): Promise<{ readonly folders: readonly string[]; readonly files: readonly string[] }> {
  try {
    const entries = await readdir(path, { withFileTypes: true })
    const names = (some: typeof entries): readonly string[] => some.map(entry => entry.name)
    return {
      folders: names(entries.filter(entry => entry.isDirectory())),
      files: names(entries.filter(entry => entry.isFile())),
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { folders: [], files: [] }
    throw error
  }
}

export async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
