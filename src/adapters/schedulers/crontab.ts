import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { blockLines, crontabLine, withBlock, withoutBlock } from '../../core/schedule/crontab-block.ts'
import { Stop } from '../../model/failure.ts'
import type { PlacedSchedule, Scheduler } from '../../model/ports.ts'
import { programFailed, runProgram } from './run-program.ts'
import type { Ended } from './run-program.ts'

const place = "this user's crontab"

/** A character for each byte: what is not ours may be written in any encoding, and stays. */
const encoding = 'latin1'

/** Lines in the crontab of this user, between markers. Everything else in it stays byte for byte. */
export function openCrontab(variables: Readonly<Record<string, string>>): Scheduler {
  const read = async (): Promise<string> => {
    const ended = await runProgram('crontab', ['-l'], { variables, encoding })
    if (ended.code === 0) return ended.stdout
    if (/\bno crontab for\b/i.test(ended.stderr)) return ''
    throw programFailed('crontab -l', ended, 'see whether this user may have a crontab: crontab -l')
  }
  /** One that is empty is none. A crontab program that wants a line break at the end gets one. */
  const write = async (text: string): Promise<void> => {
    if (text === '') return expectDone('crontab -r', await runProgram('crontab', ['-r'], { variables }))
    const first = await fromFile(text)
    const isRefused = first.code !== 0 && !text.endsWith('\n') && /newline/i.test(first.stderr)
    expectDone('crontab FILE', isRefused ? await fromFile(`${text}\n`) : first)
  }
  /** Not through a pipe: if we died before all of it was written, the rest of the crontab would be gone. */
  const fromFile = (text: string): Promise<Ended> =>
    inFile(text, file => runProgram('crontab', [file], { variables }))
  const linesOf = ({ script, offset }: PlacedSchedule): readonly string[] => {
    if (script.includes('\n')) throw notOneLine(script)
    return [crontabLine(script, offset)]
  }
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
      const lines = linesOf(schedule).map(inBytes)
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

/** A text of ours as a crontab is read here. */
function inBytes(text: string): string {
  return Buffer.from(text).toString(encoding)
}

async function inFile(text: string, work: (file: string) => Promise<Ended>): Promise<Ended> {
  let folder: string | null = null
  try {
    folder = await mkdtemp(join(tmpdir(), 'safe-compose-crontab-'))
    const file = join(folder, 'crontab')
    await writeFile(file, text, { encoding, mode: 0o600 })
    return await work(file)
  } catch (error) {
    throw new Stop(
      {
        reason: 'not-possible',
        what: `${place} cannot be changed: ${error instanceof Error ? error.message : String(error)}`,
        how: `make room in ${tmpdir()}; the crontab is as it was`,
      },
      { cause: error },
    )
  } finally {
    if (folder !== null) await rm(folder, { recursive: true, force: true })
  }
}

function expectDone(line: string, ended: Ended): void {
  if (ended.code !== 0) throw programFailed(line, ended, 'the crontab is as it was; see: crontab -l')
}

function notOneLine(script: string): Stop {
  return new Stop({
    reason: 'not-possible',
    what: `a crontab has a line for each job, and there is a line break in ${JSON.stringify(script)}`,
    how: 'set XDG_STATE_HOME to another folder',
  })
}

function torn(key: string): Stop {
  return new Stop({
    reason: 'not-possible',
    what: `in ${place} the lines of safe-compose schedule ${key} have a beginning and no end: somebody has changed them`,
    how: 'remove what is left of them: crontab -e',
  })
}
