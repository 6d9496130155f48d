import type { JournalEntry } from '../model/journal.ts'
import type { Journal } from '../model/ports.ts'
import type { Context } from './context.ts'

/** One journal entry while a command works on it: every change is a line of its own, and the last one stands. */
export interface OpenEntry {
  readonly entry: () => JournalEntry
  readonly change: (change: Partial<JournalEntry>) => Promise<void>
  readonly close: (
    status: 'done' | 'rolled-back' | 'abandoned',
    change?: Partial<JournalEntry>,
  ) => Promise<void>
}

export type NewEntry = Omit<
  JournalEntry,
  'id' | 'openedAt' | 'closedAt' | 'exitCode' | 'outcome' | 'undoneBy' | 'owner' | 'compose' | 'directory'
>

/** Writes the entry before anything is touched. */
export async function openEntry(context: Context, journal: Journal, fields: NewEntry): Promise<OpenEntry> {
  const openedAt = context.host.now().toISOString()
  let entry: JournalEntry = {
    ...fields,
    id: entryId(context),
    openedAt,
    closedAt: null,
    exitCode: null,
    outcome: [],
    undoneBy: null,
    directory: context.directory,
    compose: context.compose.fact,
    owner: await context.host.owner(),
  }
  await journal.append(entry)
  const change = async (fieldsChanged: Partial<JournalEntry>): Promise<void> => {
    entry = { ...entry, ...fieldsChanged }
    await journal.append(entry)
  }
  return {
    entry: () => entry,
    change,
    close: (status, fieldsChanged = {}) =>
      change({ ...fieldsChanged, status, closedAt: context.host.now().toISOString() }),
  }
}

/** When it is, and what no other has. */
export function entryId({ host }: Context): string {
  const now = host
    .now()
    .toISOString()
    .replace(/[-:]|\.\d+/g, '')
  return `${now}-${Buffer.from(host.random(3)).toString('hex')}`
}

/** The words of a command with the values of `-e`/`--env` masked, for everything that is kept. */
export function maskedArgv(argv: readonly string[]): readonly string[] {
  return argv.map((word, index) => {
    const before = argv[index - 1]
    if (before !== undefined && /^(--env|-[A-Za-z]*e)$/.test(before)) return maskValue(word)
    if (word.startsWith('--env=')) return `--env=${maskValue(word.slice('--env='.length))}`
    if (/^-[A-Za-z]*e./.test(word)) return maskValue(word)
    return word
  })
}

function maskValue(assignment: string): string {
  const equals = assignment.indexOf('=')
  return equals < 0 ? assignment : `${assignment.slice(0, equals)}=***`
}
