import { open, readFile } from 'node:fs/promises'
import type { JournalEntry } from '../../model/journal.ts'
import type { Journal } from '../../model/ports.ts'

/**
 * The journal as a file of JSON lines that is only ever appended to. The last line about an id stands. A line that was
 * torn by a crash is passed over, and the next one begins on a line of its own.
 */
export function journalFile(path: string, mode: number, makeFolder: () => Promise<void>): Journal {
  return {
    append: async entry => {
      await makeFolder()
      const file = await open(path, 'a+', mode)
      try {
        const lead = (await endsInLine(file)) ? '' : '\n'
        await file.appendFile(`${lead}${JSON.stringify(entry)}\n`)
        await file.sync()
      } finally {
        await file.close()
      }
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

async function endsInLine(file: Awaited<ReturnType<typeof open>>): Promise<boolean> {
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
