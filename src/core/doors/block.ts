/** What stands between a beginning and an end of ours in a file of the user's; everything else is the user's. */
const beginning = '# >>> safe-compose alias'
const explained = ': placed by `safe-compose install alias`, taken back by `safe-compose uninstall alias`'
const ending = '# <<< safe-compose alias'

/** Beside a beginning, what else `uninstall` takes back. */
const withLineBreak = ' (the line break before this line, too)'
const withFile = ' (this file, too)'

/**
 * Why lines of ours are not touched: `torn`, they have a beginning and no end; `changed`, what stands between is neither a
 * known text of ours nor one with lines of the user's before and after it.
 */
export type Unclear = 'torn' | 'changed'

/**
 * A start-up file with these lines of ours at its end, in the place of those that are there, and what of it is ours.
 *
 * @param text a character for each byte; null where there is no such file
 * @param known blocks of ours that may stand there; null where none is, then all between the marks is ours
 */
export function withBlock(
  text: string | null,
  lines: readonly string[],
  known: readonly string[] | null,
): { readonly text: string; readonly block: string } | Unclear {
  if (text === null) return added('', blockOf(lines, withFile))
  const found = findBlock(text)
  if (found === 'torn') return 'torn'
  if (found === null)
    return text === '' || text.endsWith('\n')
      ? added(text, blockOf(lines, ''))
      : added(`${text}\n`, blockOf(lines, withLineBreak))
  const users = usersLines(text.slice(found.start, found.end), known)
  if (users === null) return 'changed'
  const rest = withoutBlocks(text.slice(found.end), known)
  if (typeof rest === 'string') return rest
  const block = blockOf(lines, found.also)
  const within = marked(users.before + asLines(lines) + users.after, found.also)
  return { text: text.slice(0, found.start) + within + (rest.text ?? ''), block }
}

/**
 * A start-up file as it was without our lines, byte for byte; null where it was not there. Lines that somebody has added
 * before or behind ours stay, also between the marks.
 *
 * @param known blocks of ours that may stand there; null where none is, then all between the marks goes
 */
export function withoutBlocks(
  text: string,
  known: readonly string[] | null,
): { readonly text: string | null } | Unclear {
  const block = findBlock(text)
  if (block === 'torn') return 'torn'
  if (block === null) return { text }
  const users = usersLines(text.slice(block.start, block.end), known)
  if (users === null) return 'changed'
  const before = text.slice(0, block.start)
  const after = users.before + users.after + text.slice(block.end)
  if (block.also === withFile && before === '' && after === '') return { text: null }
  const isLast = block.also === withLineBreak && after === ''
  return withoutBlocks(isLast ? before.slice(0, -1) : before + after, known)
}

/** Whether there is a beginning of ours. */
export function hasBlock(text: string): boolean {
  return findBlock(text) !== null
}

/** Our lines in a start-up file; null where there are none, or they have lost their end. */
export function blockIn(text: string): string | null {
  const block = findBlock(text)
  return block === null || block === 'torn' ? null : text.slice(block.start, block.end)
}

/** @param also what else is to be taken back, as it stands in the first line */
export function blockOf(lines: readonly string[], also = ''): string {
  return marked(asLines(lines), also)
}

function marked(text: string, also: string): string {
  return `${beginning}${explained}${also}\n${text}${ending}\n`
}

function asLines(lines: readonly string[]): string {
  return lines.map(line => `${line}\n`).join('')
}

function added(before: string, block: string): { readonly text: string; readonly block: string } {
  return { text: before + block, block }
}

/**
 * What stands between the marks and is not ours, where ours is whole: a function that somebody has put there may have lines
 * like ours, and would not survive without them.
 */
function usersLines(
  block: string,
  known: readonly string[] | null,
): { readonly before: string; readonly after: string } | null {
  if (known === null) return { before: '', after: '' }
  const now = betweenMarks(block)
  for (const ours of known.map(betweenMarks)) {
    const at = `\n${now}`.indexOf(`\n${ours}`)
    if (at !== -1) return { before: now.slice(0, at), after: now.slice(at + ours.length) }
  }
  return null
}

function betweenMarks(block: string): string {
  return block.slice(block.indexOf('\n') + 1, block.lastIndexOf(ending))
}

interface Block {
  readonly start: number
  /** Behind the line break of its last line. */
  readonly end: number
  readonly also: string
}

/** The first one. */
function findBlock(text: string): Block | 'torn' | null {
  let position = 0
  let begun: { readonly start: number; readonly also: string } | null = null
  for (const line of text.split('\n')) {
    if (line.startsWith(beginning)) {
      if (begun !== null) return 'torn'
      begun = { start: position, also: [withLineBreak, withFile].find(each => line.endsWith(each)) ?? '' }
    }
    position += line.length + 1
    if (begun !== null && line === ending) return { ...begun, end: Math.min(position, text.length) }
  }
  return begun === null ? null : 'torn'
}
