import { columns, cut, displayWidth } from './columns.ts'

const gap = '  '

/** The `flexible` column gives way where the table would be too wide, down to twelve cells. */
export function table(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  flexible: number,
  width: number | null,
): readonly string[] {
  const all = [heads, ...rows]
  const lines = columns(withoutEmpty(all), gap)
  const widest = Math.max(...lines.map(displayWidth))
  if (width === null || widest <= width) return lines
  const own = Math.max(...all.map(row => displayWidth(row[flexible] ?? '')))
  const room = Math.max(12, own - (widest - width))
  return columns(
    withoutEmpty(all.map(row => row.map((cell, index) => (index === flexible ? cut(cell, room) : cell)))),
    gap,
  )
}

/** A column with nothing under its head says nothing. */
function withoutEmpty(rows: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const used = (rows[0] ?? []).map((_, index) => rows.slice(1).some(row => (row[index] ?? '') !== ''))
  return rows.map(row => row.filter((_, index) => used[index]))
}

export function text(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`
}
