import type { JournalEntry } from '../model/journal.ts'

export type UndoableEntry = JournalEntry & { readonly restorePoint: string }

/** Whether `undo` could take it back: something is gone, it is saved, and nobody took it back yet. */
export function isUndoable(entry: JournalEntry): entry is UndoableEntry {
  return (
    entry.kind === 'command' &&
    entry.closedAt !== null &&
    entry.restorePoint !== null &&
    entry.undoneBy === null &&
    entry.outcome.some(each => each.gone)
  )
}

/** The ids of the restore points that `undo` needs, or a run that is under way or has to be finished; each with why. */
export function neededBy(entries: readonly JournalEntry[]): ReadonlyMap<string, string> {
  const needed = new Map<string, string>()
  for (const { closedAt, restorePoint, restores } of entries)
    if (closedAt === null)
      for (const id of [restorePoint, ...restores.flatMap(task => [task.restorePoint, task.safety])])
        if (id !== null) needed.set(id, 'a run under way needs it')
  const undone = entries.findLast(isUndoable)
  if (undone !== undefined) needed.set(undone.restorePoint, 'undo needs it')
  return needed
}
