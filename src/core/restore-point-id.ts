import type { RestorePointReason } from '../model/restore-point.ts'

/**
 * The id of a restore point: UTC and sortable, with why it was taken: `20251007T201500Z-preflight-down`. `label` is
 * the guarded command or a tag; what does not fit into a folder's name becomes a dash.
 */
export function restorePointId(time: Date, reason: RestorePointReason, label: string | null): string {
  const stamp = time.toISOString().replace(/[-:]|\.\d+/g, '')
  const said = label === null ? '' : plain(label)
  const words = [...(reason === 'manual' && said !== '' ? [] : [reason]), ...(said === '' ? [] : [said])]
  return `${stamp}-${words.join('-')}`
}

/** The same id with a number, for the second restore point of one second. */
export function nextId(id: string, number: number): string {
  return `${id}.${number}`
}

/** A dot could begin an ending that a store gives a meaning of its own (`.partial`). */
function plain(word: string): string {
  return word
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .slice(0, 80)
    .replace(/^-+|-+$/g, '')
}
