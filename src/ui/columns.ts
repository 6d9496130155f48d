/** Cells per character: none for marks that join the one before, two for wide scripts and pictures, else one. */
export function displayWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length
  let width = 0
  for (const character of text) width += cellsOf(character)
  return width
}

function cellsOf(character: string): number {
  if (/^\p{M}|^\u200d|^[\ufe00-\ufe0f]/u.test(character)) return 0
  return wide.test(character) ? 2 : 1
}

const wide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u

/** Filled up with blanks to so many cells. */
export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)))
}

/** Cut to so many cells, with an ellipsis for what is missing. */
export function cut(text: string, width: number): string {
  if (displayWidth(text) <= width) return text
  let kept = ''
  let used = 0
  for (const character of text) {
    const cells = cellsOf(character)
    if (used + cells > width - 1) break
    kept += character
    used += cells
  }
  return `${kept}…`
}

/** Lines of columns as wide as their widest cell; columns that are empty in every row are left out. */
export function columns(rows: readonly (readonly string[])[], gap: string): readonly string[] {
  const count = Math.max(0, ...rows.map(row => row.length))
  const widths = Array.from({ length: count }, (_, index) =>
    Math.max(0, ...rows.map(row => displayWidth(row[index] ?? ''))),
  )
  return rows.map(row =>
    widths
      .flatMap((width, index) => (width === 0 ? [] : padded(row[index] ?? '', width)))
      .join(gap)
      .trimEnd(),
  )
}
