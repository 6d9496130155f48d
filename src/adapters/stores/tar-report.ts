import type { TarCounts } from '../../model/restore-point.ts'

/** What GNU tar tells on standard error of a tar that it writes. */
export interface TarReport {
  /** True for a line of the report; everything else is for people. */
  readonly takesLine: (line: string) => boolean
  /** When tar has ended: what it wrote; null when it did not tell, or not in a way that is understood. */
  readonly counts: () => TarCounts | null
}

/** Bytes that GNU tar writes at once: what a pipe holds. */
const recordSize = 1 << 16

/** Options for GNU tar: how large its records are, how many bytes it wrote in all, and each megabyte how many records so far. */
export const reportArgs = [
  `--blocking-factor=${recordSize / 512}`,
  '--totals',
  '--checkpoint=16',
  '--checkpoint-action=echo=records %u',
] as const

/** And a line for each entry that it writes. Names are escaped, so that none of them begins a line of its own. */
export const listingArgs = ['-vv', '--quoting-style=escape'] as const

/** `-rw-r--r-- 0/0    8192 2026-11-23 20:15 ./base/1`; a device has two numbers where a file has its size. */
const entryLine = /^([-dlhbcpC])\S{9,} +\S+ +(\d+)(?:,\d+)? \d{4,}-/

/** `tar: records 16`, and at the end `Total bytes written: 1761116160 (1.7GiB, 1.2GiB/s)`. */
const bytesLine = /^(?:.*: records (\d+)|Total bytes written: (\d+) .*)$/

/**
 * Counts as `walkTar` does. Sizes are those of unpacked files, holes included. A line that is neither tar's report nor
 * a remark of the program's makes it worth nothing: an entry could hide in it.
 *
 * @param onBytes how many bytes of tar were written so far
 */
export function readReport(program: string, onBytes: (done: number) => void): TarReport {
  const counts = { entries: 0, files: 0, directories: 0, links: 0, others: 0, contentBytes: 0 }
  let bytes: number | null = null
  let isUnderstood = true
  const takesEntry = (line: string): boolean => {
    const [, type, size] = entryLine.exec(line) ?? []
    if (type === undefined) return false
    const kind = kinds[type] ?? 'others'
    counts.entries++
    counts[kind]++
    if (kind === 'files') counts.contentBytes += Number(size)
    return true
  }
  const takesBytes = (line: string): boolean => {
    const [, records, total] = bytesLine.exec(line) ?? []
    if (records !== undefined) onBytes(Number(records) * recordSize)
    if (total !== undefined) bytes = Number(total)
    return records !== undefined || total !== undefined
  }
  return {
    takesLine: line => {
      if (takesEntry(line) || takesBytes(line)) return true
      if (!line.startsWith(`${program}: `)) isUnderstood = false
      return false
    },
    counts: () => (bytes === null || !isUnderstood || counts.entries === 0 ? null : { bytes, ...counts }),
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
