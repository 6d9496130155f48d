import { stat } from 'node:fs/promises'
import type { Session } from './session.ts'

/** What the engine says of a path in a container; null where there is nothing. */
export interface PathStat {
  readonly name: string
  readonly size: number
  /** Go's file mode. */
  readonly mode: number
  readonly mtime: string
  readonly linkTarget: string
}

/** Asks for a path's stat without reading it. */
export async function statInContainer(
  session: Session,
  container: string,
  path: string,
): Promise<PathStat | null> {
  const { status, headers } = await session.call({
    method: 'HEAD',
    path: `/containers/${container}/archive`,
    query: { path },
    doing: `look at ${path} in a container`,
    accept: [404, 400],
  })
  const encoded = headers['x-docker-container-path-stat']
  if (status >= 300 || typeof encoded !== 'string') return null
  return JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')) as PathStat
}

/**
 * Whether a directory that a container mounts is the one of that path on this machine: to the nanosecond the same time
 * and the same permissions. A mountpoint may be proven while other paths lead elsewhere (from inside a container).
 */
export async function isSameDirectory(
  session: Session,
  container: string,
  path: string,
  source: string,
): Promise<boolean> {
  const [there, here] = await Promise.all([
    statInContainer(session, container, path),
    stat(source, { bigint: true }).catch(() => null),
  ])
  if (there === null || here === null) return false
  return sameTime(there.mtime, here.mtimeNs) && (there.mode & 0o777) === Number(here.mode & 0o777n)
}

/** Go writes nanoseconds without trailing zeros and in the engine's zone. */
function sameTime(written: string, nanoseconds: bigint): boolean {
  const [, whole = '', fraction = '', zone = ''] = /^(.*?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(written) ?? []
  const seconds = BigInt(Math.floor(Date.parse(`${whole}${zone}`) / 1000))
  return seconds * 1_000_000_000n + BigInt(fraction.padEnd(9, '0') || '0') === nanoseconds
}
