/** Words that Markdown shows as they are, on one line, in a cell of a table too. Control characters are escaped before. */
export function inMarkdown(text: string): string {
  return text
    .replaceAll('\n', ' ')
    .replaceAll(/[\\`*_[\]#|~$!]/g, String.raw`\$&`)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
}

/** A line of code within a sentence. Not for the cell of a table, which a bar would end. */
export function codeInMarkdown(text: string): string {
  const line = text.replaceAll('\n', ' ')
  const fence = fenceFor(line, 1)
  const isTight = !line.startsWith('`') && !line.endsWith('`')
  return isTight ? `${fence}${line}${fence}` : `${fence} ${line} ${fence}`
}

/** Lines of text as they are, set apart. */
export function blockInMarkdown(lines: readonly string[]): readonly string[] {
  const fence = fenceFor(lines.join('\n'), 3)
  return [`${fence}text`, ...lines, fence]
}

/** A table of cells that are Markdown already. */
export function tableInMarkdown(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)]
}

/** More backticks than stand together anywhere in the text. */
function fenceFor(text: string, least: number): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  return '`'.repeat(Math.max(least, longest + 1))
}
