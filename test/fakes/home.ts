import { createHash } from 'node:crypto'
import { lstatSync, readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/** Everything below a folder: name, kind and mode, and of files their bytes. Times only of those that are named. */
export function everythingIn(folder: string, timesOf: readonly string[] = []): readonly string[] {
  const lines: string[] = []
  const visit = (at: string): void => {
    for (const name of readdirSync(join(folder, at)).toSorted()) {
      const path = join(at, name)
      const found = lstatSync(join(folder, path))
      const mode = (found.mode & 0o7777).toString(8)
      const time = timesOf.includes(path) ? ` at ${found.mtimeMs}` : ''
      if (found.isSymbolicLink()) lines.push(`${path} -> ${readlinkSync(join(folder, path))}${time}`)
      else if (found.isDirectory()) lines.push(`${path}/ ${mode}`)
      else lines.push(`${path} ${mode} ${hashOf(join(folder, path))}${time}`)
      if (found.isDirectory()) visit(path)
    }
  }
  visit('')
  return lines
}

function hashOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}
