import { shellWord } from '../shell-word.ts'
import { quarterHours } from './rhythm.ts'

/** What stands between a beginning and an end of ours in a crontab; everything else is somebody else's. */
const beginning = (key: string): string => `# >>> safe-compose schedule ${key}`
const ending = (key: string): string => `# <<< safe-compose schedule ${key}`
const explained = ': written by `schedule install`, taken back by `schedule remove`'

/** Beside a beginning: the crontab had no line break at its end, and needed one. */
const lineBreakAdded = ' (the line break at the end of this file too)'

/**
 * A crontab with the block of this key in it, first, so that settings of the user's own lines do not reach it. One that is
 * there already is replaced. Null where an earlier one has lost its end.
 */
export function withBlock(crontab: string, key: string, lines: readonly string[]): string | null {
  const rest = withoutBlock(crontab, key)
  if (rest === null) return null
  const isOpen = rest !== '' && !rest.endsWith('\n')
  const first = `${beginning(key)}${explained}${isOpen ? lineBreakAdded : ''}`
  return `${[first, ...lines, ending(key), ''].join('\n')}${rest}${isOpen ? '\n' : ''}`
}

/** A crontab as it was without the block of this key, byte for byte. Null where the block has lost its end. */
export function withoutBlock(crontab: string, key: string): string | null {
  const block = findBlock(crontab, key)
  if (block === 'torn') return null
  if (block === null) return crontab
  const rest = crontab.slice(0, block.start) + crontab.slice(block.end)
  if (!block.addedLineBreak || !rest.endsWith('\n')) return rest
  // While another block of ours needs it, that one takes it back in its turn.
  const heir = /^# >>> safe-compose schedule [a-z0-9_-]+: .*$/m.exec(rest)
  if (heir === null) return rest.slice(0, -1)
  const after = heir.index + heir[0].length
  return rest.slice(0, after) + lineBreakAdded + rest.slice(after)
}

/** The lines of the block of this key; null where there is none. */
export function blockLines(crontab: string, key: string): readonly string[] | null {
  const block = findBlock(crontab, key)
  if (block === null || block === 'torn') return null
  return crontab.slice(block.start, block.end).split('\n').slice(1, -2)
}

interface Block {
  readonly start: number
  /** Behind the line break of its last line. */
  readonly end: number
  readonly addedLineBreak: boolean
}

function findBlock(crontab: string, key: string): Block | 'torn' | null {
  let position = 0
  let begun: { readonly start: number; readonly addedLineBreak: boolean } | null = null
  for (const line of crontab.split('\n')) {
    if (line.startsWith(`${beginning(key)}:`))
      begun = { start: position, addedLineBreak: line.endsWith(lineBreakAdded) }
    position += line.length + 1
    if (begun !== null && line === ending(key)) return { ...begun, end: Math.min(position, crontab.length) }
  }
  return begun === null ? null : 'torn'
}

/** Looks every quarter of an hour whether something is due. In a line of cron a percent sign is a line break. */
export function crontabLine(script: string, offset: number): string {
  const command = `/bin/sh ${shellWord(script)} --if-due`
  return `${quarterHours(offset).join(',')} * * * * ${command.replaceAll('%', '\\%')}`
}
