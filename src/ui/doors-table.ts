import { escapeName } from '../core/escape.ts'
import type { DoorState } from '../model/doors.ts'
import { table, text } from './table.ts'

/** Which doors are guarded and which are open, and below each open one what closes it. Ends with a line break. */
export function doorsTable(states: readonly DoorState[]): string {
  if (states.length === 0) return text(['no Docker is on this machine: there is no door to guard'])
  const rows = states.map(({ door, state, why }) => [signs[state], door, state, escapeName(why)])
  const [head = '', ...lines] = table(['', 'DOOR', 'STATE', 'WHY'], rows, 3, null)
  const mends = states.map(({ mend }) => (mend === null ? [] : [`    → ${escapeName(mend)}`]))
  return text([head, ...lines.flatMap((line, index) => [line, ...(mends[index] ?? [])])])
}

const signs: Readonly<Record<DoorState['state'], string>> = { guarded: '✔', open: '✗', bypassed: '!' }
