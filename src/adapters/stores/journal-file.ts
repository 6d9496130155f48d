import { open, readFile, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { JournalEntry } from '../../model/journal.ts'
import type { Journal } from '../../model/ports.ts'
import { syncFolder } from './durable.ts'
import type { Modes } from './durable.ts'

/**
 * The journal as a file of JSON lines that is only ever appended to. The last line about an id stands. A line that was
 * torn by a crash is passed over, and the next one begins on a line of its own.
 */
export function journalFile(path: string, makeFolder: () => Promise<Modes>): Journal {
  return {
    append: async entry => {
      const modes = await makeFolder()
      const isNew = await stat(path).then(
        () => false,
        () => true,
      )
      const file = await open(path, 'a+', modes.file)
      try {
        if (isNew) await file.chmod(modes.file)
        const lead = (await endsInLine(file)) ? '' : '\n'
        await writeAtOnce(file, Buffer.from(`${lead}${JSON.stringify(entry)}\n`))
        await file.sync()
      } finally {
        await file.close()
      }
      if (isNew) await syncFolder(dirname(path))
    },
    read: async () => {
      const text = await readFile(path, 'utf8').catch(error => {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
        throw error
      })
      const entries = new Map<string, JournalEntry>()
      for (const line of text.split('\n')) {
        const entry = parseLine(line)
        if (entry !== null) entries.set(entry.id, entry)
      }
      return [...entries.values()]
    },
  }
}

/** One write, so that lines of two runs do not mix. A disk that is full takes a part: the rest says why it cannot be. */
async function writeAtOnce(file: FileHandle, line: Buffer): Promise<void> {
  let at = 0
  while (at < line.length) at += (await file.write(line, at)).bytesWritten
}

async function endsInLine(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat()
  if (size === 0) return true
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1)
  return buffer[0] === 0x0a
}

function parseLine(line: string): JournalEntry | null {
  if (line === '') return null
  try {
    const entry = JSON.parse(line) as JournalEntry
    return typeof entry.id === 'string' && typeof entry.status === 'string' ? entry : null
  } catch {
    return null
  }
}
