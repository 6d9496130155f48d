import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Why root and every user must not, or cannot, run a file, for people: somebody else than root can change it, or others
 * cannot reach it. Null where they may.
 */
export async function whyNotForAll(path: string): Promise<string | null> {
  for (let at = path; ; at = dirname(at)) {
    const found = await stat(at).catch(() => null)
    if (found === null) return `${at} is not there`
    const isSticky = found.isDirectory() && (found.mode & 0o1000) !== 0
    if (found.uid !== 0) return `${at} does not belong to root`
    if ((found.mode & 0o002) !== 0 && !isSticky) return `everybody can change ${at}`
    const needed = found.isDirectory() ? 0o001 : 0o004
    if ((found.mode & needed) === 0) return `only some can reach ${at}`
    if (dirname(at) === at) return null
  }
}
