import { nameOfHolding } from '../model/holding.ts'
import type { Invocation } from '../model/invocation.ts'
import type { Context } from './context.ts'
import type { Tables, UndoRow } from './list-backups.ts'
import { lookAtProject } from './observe.ts'
import { scopeOf } from './take-restore-point.ts'
import { commandOf } from './undo.ts'
import { entriesOfLines } from './undo-line.ts'

/** `undo --list`: the guarded commands of this project, or those of the docker CLI, that destroyed something, newest first. */
export async function listUndo(
  context: Context,
  project: Invocation,
  options: { readonly json: boolean },
  tables: Tables,
): Promise<number> {
  const store = await context.openStore()
  const entries =
    project.form === 'docker'
      ? await entriesOfLines(context, store)
      : await store.journal(scopeOf((await lookAtProject(context, project)).facts)).read()
  const rows = entries
    .filter(entry => entry.kind === 'command' && entry.outcome.some(each => each.gone))
    .map((entry): UndoRow => ({
      id: entry.restorePoint ?? entry.id,
      when: entry.openedAt,
      command: commandOf(entry),
      holdings: entry.outcome.filter(each => each.gone).map(each => nameOfHolding(each.holding)),
      undoneBy: entry.undoneBy,
    }))
    .toReversed()
  context.print(
    options.json ? `${JSON.stringify(rows, null, 2)}\n` : tables.undoList(rows, context.host.now()),
  )
  return 0
}
