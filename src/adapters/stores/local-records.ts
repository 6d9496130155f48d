import { join } from 'node:path'
import type { Store, StoreScope } from '../../model/ports.ts'
import { makeFolders, modesOf } from './durable.ts'
import type { Modes } from './durable.ts'
import { explainedFor } from './failures.ts'
import { folderOf } from './folders.ts'
import { journalFile } from './journal-file.ts'
import { ledgerFile, readLedgers } from './ledger-file.ts'

/** What is remembered of each project in files below a root, wherever its restore points are. */
export function localRecords(root: string): Pick<Store, 'journal' | 'ledger' | 'ledgers'> {
  const explained = <T>(work: () => Promise<T>): Promise<T> => explainedFor(root, work)
  const makeScope = async (scope: StoreScope): Promise<Modes> => {
    const modes = await modesOf(root)
    await makeFolders(root, folderOf(root, scope), modes)
    return modes
  }
  return {
    journal: scope => {
      const journal = journalFile(join(folderOf(root, scope), 'journal.jsonl'), () => makeScope(scope))
      return {
        append: entry => explained(() => journal.append(entry)),
        read: () => explained(() => journal.read()),
      }
    },
    ledger: scope => {
      const ledger = ledgerFile(join(folderOf(root, scope), 'ledger.json'), () => makeScope(scope))
      return {
        read: () => explained(() => ledger.read()),
        write: content => explained(() => ledger.write(content)),
      }
    },
    ledgers: () => explained(() => readLedgers(root)),
  }
}
