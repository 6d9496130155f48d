import { shells } from '../../model/doors.ts'
import type { Placed } from '../../model/doors.ts'
import { aliasLines, startIn } from './alias-lines.ts'
import { blockOf } from './block.ts'

/**
 * The blocks of ours that may stand in a start-up file: those that are remembered, and those that this version would have
 * written there for the files that its lines start.
 *
 * @param text a character for each byte
 */
export function knownBlocks(text: string, placed: Placed | null): readonly string[] {
  const remembered = placed === null ? [] : [placed.text, ...placed.earlier]
  const written = shells.flatMap(shell => {
    const start = startIn(shell, text)
    if (start === null) return []
    return [true, false].map(docker => blockOf(aliasLines(shell, start, { docker })))
  })
  return [...remembered, ...written]
}
