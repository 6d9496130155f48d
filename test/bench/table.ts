/** A figure that was measured, and what it is held against. */
export interface Row {
  readonly what: string
  /** Absolute figures, for the curious: they are of this machine. */
  readonly measured: string
  readonly ratio: number | null
  /** What the ratio may be at most, or must be at least; null where there is no bound. */
  readonly bound: { readonly atMost: number } | { readonly atLeast: number } | null
}

export function isWithin({ ratio, bound }: Row): boolean {
  if (bound === null) return true
  if (ratio === null) return false
  return 'atMost' in bound ? ratio <= bound.atMost : ratio >= bound.atLeast
}

/** The rows as text in columns, with what is outside of its bound marked. */
export function renderTable(rows: readonly Row[]): string {
  const cells = [
    ['what', 'measured', 'ratio', 'bound', ''],
    ...rows.map(row => [
      row.what,
      row.measured,
      row.ratio === null ? '' : row.ratio.toFixed(2),
      boundInWords(row),
      isWithin(row) ? '' : 'OUTSIDE',
    ]),
  ]
  const widths = [0, 1, 2, 3].map(column => Math.max(...cells.map(row => row[column]?.length ?? 0)))
  return cells
    .map(row =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function boundInWords({ bound }: Row): string {
  if (bound === null) return ''
  return 'atMost' in bound ? `at most ${bound.atMost}` : `at least ${bound.atLeast}`
}

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 2 : 1)} s`
}

export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}
