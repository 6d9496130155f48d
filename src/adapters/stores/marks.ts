import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import type { RestorePoint } from '../../model/restore-point.ts'
import { writeDurably } from './durable.ts'

/** Of a file beside a restore point's folder, with its name: it is to be removed. */
export const markEnding = '.marked'

/** Writes since when it is marked, or takes the mark back. */
export async function markPoint(
  { path }: Pick<RestorePoint, 'path'>,
  since: Date | null,
  mode: number,
): Promise<void> {
  const file = `${path}${markEnding}`
  if (since === null) await rm(file, { force: true })
  else await writeDurably(file, `${since.toISOString()}\n`, mode)
}

/** Since when a folder is marked; null where the mark cannot be read: then it counts as none. */
export function readMark(path: string): string | null {
  try {
    const text = readFileSync(`${path}${markEnding}`, 'utf8').trim()
    return Number.isNaN(Date.parse(text)) ? null : text
  } catch {
    return null
  }
}
