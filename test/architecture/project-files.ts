import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** Paths of all files of the project: those that git tracks, and new ones that it does not ignore. */
export function projectPaths(): readonly string[] {
  const listed = execFileSync(
    'git',
    // A checkout may belong to somebody else than who runs the tests, as in containers.
    ['-c', 'safe.directory=*', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    { cwd: root, encoding: 'utf8' },
  )
  return [...new Set(listed.split('\0'))]
    .filter(path => path !== '' && existsSync(join(root, path)) && statSync(join(root, path)).isFile())
    .toSorted()
}

/** Their texts, without what is not text. */
export function readFiles(paths: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    paths
      .map(path => [path, readFileSync(join(root, path))] as const)
      .filter(([, bytes]) => !bytes.includes(0))
      .map(([path, bytes]) => [path, bytes.toString('utf8')]),
  )
}
