import type { TarCounts } from '../../model/restore-point.ts'

/** What is in a tar that GNU tar is writing, by the lines that it lists it in. */
export interface TarListing {
  readonly take: (chunk: Buffer) => void
  /** Counts of everything that was listed; null when a line was not understood. */
  readonly counts: () => Omit<TarCounts, 'bytes'> | null
}

/**
 * Options for GNU tar that make it list what it writes, a line for each entry, after which one is complete: names are
 * escaped, so that none of them has a second line.
 */
export function listingArgs(path: string): readonly string[] {
  return ['-vv', '--quoting-style=escape', `--index-file=${path}`]
}

/** `-rw-r--r-- 0/0    8192 2026-11-23 20:15 ./base/1`; a device has two numbers where a file has its size. */
const line = /^([-dlhbcpC])\S{9,} +\S+ +(\d+)(?:,\d+)? \d{4,}-/

/** Counts as `walkTar` does. Sizes are those of unpacked files, holes included. */
export function readListing(): TarListing {
  const counts = { entries: 0, files: 0, directories: 0, links: 0, others: 0, contentBytes: 0 }
  let isUnderstood = true
  let begun = ''
  const count = (text: string): void => {
    const [, type, size] = line.exec(text) ?? []
    if (type === undefined) {
      isUnderstood = false
      return
    }
    counts.entries++
    counts[kinds[type] ?? 'others']++
    if (kinds[type] === 'files') counts.contentBytes += Number(size)
  }
  return {
    take: chunk => {
      const lines = (begun + chunk.toString('latin1')).split('\n')
      begun = lines.pop() ?? ''
      for (const each of lines) count(each)
    },
    counts: () => (isUnderstood && begun === '' ? { ...counts } : null),
  }
}

/** What the first letter of a mode stands for. */
const kinds: Readonly<Record<string, 'files' | 'directories' | 'links'>> = {
  '-': 'files',
  C: 'files',
  d: 'directories',
  h: 'links',
  l: 'links',
}
