import { lstat, readlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

/**
 * Why root and every user must not, or cannot, use a file or folder, for people: somebody else than root can change it, or
 * others cannot reach it. Null where they may. Looked at is all on the way to it, through links too.
 */
export function whyNotForAll(path: string): Promise<string | null> {
  return whyNot(path, 0)
}

async function whyNot(path: string, followed: number): Promise<string | null> {
  const names = path.split('/').filter(name => name !== '')
  let at = '/'
  for (let index = 0; index <= names.length; index++) {
    const found = await lstat(at).catch(() => null)
    if (found === null) return `${at} is not there`
    if (found.uid !== 0) return `${at} does not belong to root`
    if (found.isSymbolicLink()) {
      if (followed === mostLinks) return `${path} leads round`
      const target = resolve(dirname(at), await readlink(at))
      return whyNot(join(target, ...names.slice(index)), followed + 1)
    }
    const { mode, gid } = found
    const why = whyNotItself(at, { mode, gid, isFolder: found.isDirectory() })
    if (why !== null) return why
    at = join(at, names[index] ?? '')
  }
  return null
}

/** As the kernel has it. */
const mostLinks = 40

function whyNotItself(
  path: string,
  { mode, gid, isFolder }: { readonly mode: number; readonly gid: number; readonly isFolder: boolean },
): string | null {
  const isSticky = isFolder && (mode & 0o1000) !== 0
  if ((mode & 0o002) !== 0 && !isSticky) return `everybody can change ${path}`
  if ((mode & 0o020) !== 0 && gid !== 0 && !isSticky) return `a group can change ${path}`
  return (mode & (isFolder ? 0o001 : 0o004)) === 0 ? `only some can reach ${path}` : null
}
