/** What stands between a beginning and an end of ours in a file of the user's; everything else is the user's. */
const beginning = '# >>> safe-compose alias'
const explained = ': placed by `safe-compose install alias`, taken back by `safe-compose uninstall alias`'
const ending = '# <<< safe-compose alias'

/** Beside a beginning, what else `uninstall` takes back. */
const withLineBreak = ' (the line break before this line, too)'
const withFile = ' (this file, too)'

/**
 * A start-up file with these lines of ours at its end, in the place of those that are there. Null where earlier ones have
 * lost their end.
 *
 * @param text a character for each byte; null where there is no such file
 */
export function withBlock(text: string | null, lines: readonly string[]): string | null {
  if (text === null) return blockOf(lines, withFile)
  const block = findBlock(text)
  if (block === 'torn') return null
  if (block !== null) return text.slice(0, block.start) + blockOf(lines, block.also) + text.slice(block.end)
  return text === '' || text.endsWith('\n')
    ? text + blockOf(lines, '')
    : `${text}\n${blockOf(lines, withLineBreak)}`
}

/**
 * A start-up file as it was without our lines, byte for byte; null where it was not there. Lines that somebody has added
 * between ours stay.
 *
 * @param placed the lines that were placed, as far as they are remembered; without them all of it goes
 */
export function withoutBlock(text: string, placed: string | null): { readonly text: string | null } | 'torn' {
  const block = findBlock(text)
  if (block === 'torn') return 'torn'
  if (block === null) return { text }
  const added = placed === null ? '' : addedLines(text.slice(block.start, block.end), placed)
  const before = text.slice(0, block.start)
  const after = added + text.slice(block.end)
  if (block.also === withFile && before === '' && after === '') return { text: null }
  const isLast = block.also === withLineBreak && after === ''
  return { text: isLast ? before.slice(0, -1) : before + after }
}

/** Our lines in a start-up file; null where there are none, or they have lost their end. */
export function blockIn(text: string): string | null {
  const block = findBlock(text)
  return block === null || block === 'torn' ? null : text.slice(block.start, block.end)
}

function blockOf(lines: readonly string[], also: string): string {
  return [`${beginning}${explained}${also}`, ...lines, ending, ''].join('\n')
}

function addedLines(now: string, placed: string): string {
  const ours = new Set(placed.split('\n'))
  const added = now.split('\n').filter(line => !ours.has(line) && !line.startsWith(beginning))
  return added.map(line => `${line}\n`).join('')
}

interface Block {
  readonly start: number
  /** Behind the line break of its last line. */
  readonly end: number
  readonly also: string
}

function findBlock(text: string): Block | 'torn' | null {
  let position = 0
  let begun: { readonly start: number; readonly also: string } | null = null
  for (const line of text.split('\n')) {
    if (line.startsWith(beginning))
      begun = { start: position, also: [withLineBreak, withFile].find(each => line.endsWith(each)) ?? '' }
    position += line.length + 1
    if (begun !== null && line === ending) return { ...begun, end: Math.min(position, text.length) }
  }
  return begun === null ? null : 'torn'
}
