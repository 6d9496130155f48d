import { readFile } from 'node:fs/promises'
import { Stop } from '../../model/failure.ts'
import type { Ledger } from '../../model/journal.ts'
import type { LedgerFile } from '../../model/ports.ts'
import { writeDurably } from './durable.ts'
import type { Modes } from './durable.ts'

/** The ledger as one JSON file, replaced whole. One that cannot be understood is said to be, never taken for none. */
export function ledgerFile(path: string, makeFolder: () => Promise<Modes>): LedgerFile {
  return {
    read: async () => {
      const text = await readFile(path, 'utf8').catch(error => {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
        throw error
      })
      return text === null ? null : parse(text, path)
    },
    write: async ledger => {
      const modes = await makeFolder()
      await writeDurably(path, `${JSON.stringify(ledger, null, 2)}\n`, modes.file)
    },
  }
}

function parse(text: string, path: string): Ledger {
  let ledger: Ledger | null
  try {
    ledger = JSON.parse(text) as Ledger | null
  } catch {
    throw unusable(path, 'it is not whole JSON', `move it away: mv ${path} ${path}.damaged`)
  }
  if (ledger?.format === 1) return ledger
  const format = JSON.stringify(ledger?.format ?? null)
  throw unusable(
    path,
    `it has format ${format}, and this version reads 1`,
    'use the safe-compose that wrote it',
  )
}

function unusable(path: string, why: string, how: string): Stop {
  return new Stop({ reason: 'store-unusable', path, why, how })
}
