import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Stop } from '../../model/failure.ts'
import type { Ledger } from '../../model/journal.ts'
import type { LedgerFile } from '../../model/ports.ts'
import { writeDurably } from './durable.ts'
import type { Modes } from './durable.ts'
import { enginesIn, foldersIn } from './folders.ts'

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

/** The ledgers of every engine and project below a root; one that cannot be understood says nothing about others. */
export async function readLedgers(root: string): Promise<readonly Ledger[]> {
  const engines = await enginesIn(root)
  const projects = await Promise.all(
    engines.map(async engine =>
      (await foldersIn(join(root, engine))).map(project => join(root, engine, project)),
    ),
  )
  const ledgers = await Promise.all(
    projects.flat().map(async folder => {
      const path = join(folder, 'ledger.json')
      const text = await readFile(path, 'utf8').catch(() => null)
      if (text === null) return []
      try {
        return [parse(text, path)]
      } catch (error) {
        if (error instanceof Stop) return []
        throw error
      }
    }),
  )
  return ledgers.flat()
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
