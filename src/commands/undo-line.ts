import { noProject } from '../core/docker/projects.ts'
import { isUndoable } from '../core/undoable.ts'
import type { Invocation } from '../model/invocation.ts'
import type { JournalEntry } from '../model/journal.ts'
import type { Store } from '../model/ports.ts'
import type { Context } from './context.ts'
import { chooseEntry, undo } from './undo.ts'
import type { UndoOptions } from './undo.ts'

/**
 * `undo` under `safe-docker`: takes back the last line of the docker CLI that destroyed something on this engine, in
 * every project where it did. Projects are addressed by the files that their containers were made of.
 *
 * @param lineOf a line of Compose's with these words
 */
export async function undoLine(
  context: Context,
  line: Invocation,
  options: UndoOptions,
  lineOf: (words: readonly string[]) => Invocation,
): Promise<number> {
  const store = await context.openStore()
  const entries = await entriesOfLines(context, store)
  const chosen = chooseEntry(entries, options.id, 'no docker command that went through safe-docker')
  const all = entries.filter(isUndoable).filter(({ together }) => together === chosen.together)
  const codes: number[] = []
  for (const entry of all) {
    const project = entry.project === noProject ? line : await projectLine(store, entry, lineOf)
    codes.push(await undo(context, project, { id: entry.id }))
  }
  return Math.max(...codes)
}

/** What lines of the docker CLI did on this engine, in all projects, the oldest first. */
export async function entriesOfLines(context: Context, store: Store): Promise<readonly JournalEntry[]> {
  const engine = await context.openEngine()
  const { engine: fact } = await engine.observe()
  const scopes = await store.scopes()
  const journals = await Promise.all(scopes.map(scope => store.journal(scope).read()))
  return (
    journals
      .flat()
      // A folder's name does not tell the id of every engine; the entry does.
      .filter(({ together, engine }) => together !== undefined && engine === fact.id)
      .toSorted((a, b) => (a.openedAt < b.openedAt ? -1 : 1))
  )
}

async function projectLine(
  store: Store,
  { engine, project, restorePoint }: JournalEntry & { readonly restorePoint: string },
  lineOf: (words: readonly string[]) => Invocation,
): Promise<Invocation> {
  const { manifest } = await store.find({ engine, project }, restorePoint)
  const { directory, files } = manifest.project
  return lineOf([
    '-p',
    project,
    ...(directory === null ? [] : ['--project-directory', directory]),
    ...files.flatMap(file => ['-f', file]),
    'ps',
  ])
}
