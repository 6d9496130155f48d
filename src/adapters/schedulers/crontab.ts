import { blockLines, crontabLine, withBlock, withoutBlock } from '../../core/schedule/crontab-block.ts'
import { Stop } from '../../model/failure.ts'
import type { PlacedSchedule, Scheduler } from '../../model/ports.ts'
import { programFailed, runProgram } from './run-program.ts'

const place = "this user's crontab"

/** Lines in the crontab of this user, between markers. Everything else in it stays byte for byte. */
export function openCrontab(variables: Readonly<Record<string, string>>): Scheduler {
  const read = async (): Promise<string> => {
    const ended = await runProgram('crontab', ['-l'], { variables })
    if (ended.code === 0) return ended.stdout
    if (/\bno crontab for\b/i.test(ended.stderr)) return ''
    throw programFailed('crontab -l', ended, 'see whether this user may have a crontab: crontab -l')
  }
  /** One that is empty is none. A crontab program that wants a line break at the end gets one. */
  const write = async (text: string): Promise<void> => {
    const words = text === '' ? ['-r'] : ['-']
    const first = await runProgram('crontab', words, { variables, input: text })
    const isRefused = first.code !== 0 && !text.endsWith('\n') && /newline/i.test(first.stderr)
    const ended = isRefused ? await runProgram('crontab', words, { variables, input: `${text}\n` }) : first
    if (ended.code !== 0)
      throw programFailed(`crontab ${words.join(' ')}`, ended, 'the crontab is as it was; see: crontab -l')
  }
  const linesOf = ({ script, offset }: PlacedSchedule): readonly string[] => [crontabLine(script, offset)]
  return {
    kind: 'crontab',
    whyNot: async () => {
      const { code, stderr } = await runProgram('crontab', ['-l'], { variables })
      if (code === null) return 'there is no crontab program'
      if (code === 0 || /\bno crontab for\b/i.test(stderr)) return null
      return `crontab says: ${stderr.trim().split('\n').at(-1) ?? ''}`
    },
    texts: schedule => [
      { place: `${place} (crontab -e)`, text: withBlock('', schedule.key, linesOf(schedule)) ?? '' },
    ],
    has: async key => blockLines(await read(), key) !== null,
    install: async schedule => {
      const { key } = schedule
      const before = await read()
      const lines = linesOf(schedule)
      const known = blockLines(before, key)
      if (known !== null && known.join('\n') === lines.join('\n')) return []
      const after = withBlock(before, key, lines)
      if (after === null) throw torn(key)
      await write(after)
      return [known === null ? `wrote a line into ${place}` : `changed the line in ${place}`]
    },
    remove: async key => {
      const before = await read()
      const after = withoutBlock(before, key)
      if (after === null) throw torn(key)
      if (after === before) return []
      await write(after)
      return [`removed the line from ${place}`]
    },
    next: async () => null,
  }
}

function torn(key: string): Stop {
  return new Stop({
    reason: 'not-possible',
    what: `in ${place} the lines of safe-compose schedule ${key} have a beginning and no end: somebody has changed them`,
    how: 'remove what is left of them: crontab -e',
  })
}
