import { createHash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { StoreScope } from '../../model/ports.ts'

/** Where a project's restore points, journal and ledger lie. */
export function folderOf(root: string, scope: StoreScope): string {
  return join(root, engineFolder(scope.engine), safeName(scope.project))
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
  try {
    const entries = await readdir(path, { withFileTypes: true })
    return entries.filter(entry => entry.isDirectory()).map(entry => entry.name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

export async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
