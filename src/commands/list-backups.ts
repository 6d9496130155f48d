import type { Invocation } from '../model/invocation.ts'
import type { RestorePoint } from '../model/restore-point.ts'
import type { Context } from './context.ts'
import { findCopies } from './copy.ts'
import { findProjectName } from './observe.ts'

/** Words for lists, injected so that commands need no knowledge of tables. */
export interface Tables {
  readonly backups: (
    points: readonly RestorePoint[],
    about: {
      project: string | null
      store: string
      now: Date
      /** The folders that have a copy of it. */
      copies: (point: RestorePoint) => readonly string[]
    },
  ) => string
  readonly show: (point: RestorePoint, now: Date) => string
  readonly undoList: (rows: readonly UndoRow[], now: Date) => string
}

export interface UndoRow {
  readonly id: string
  readonly when: string
  readonly command: string
  readonly holdings: readonly string[]
  readonly undoneBy: string | null
}

/** `backups`: the restore points of this project, newest first; of every project with `all` or outside of one. */
export async function listBackups(
  context: Context,
  project: Invocation,
  options: { readonly json: boolean; readonly all: boolean },
  tables: Tables,
): Promise<number> {
  const store = await context.openStore()
  const name = options.all ? null : await findProjectName(context, project)
  const points = await store.list({ engine: null, project: name })
  const copies = await findCopies(context, points)
  context.print(
    options.json
      ? `${JSON.stringify(
          points.map(point => ({ ...pointForPrograms(point), copies: copies(point) })),
          null,
          2,
        )}\n`
      : tables.backups(points, { project: name, store: store.name, now: context.host.now(), copies }),
  )
  return 0
}

function pointForPrograms({ manifest, path, bytes, state, damage, marked }: RestorePoint): object {
  return { ...manifest, path, bytes, state, damage, marked }
}

/** `show ID`: everything that one restore point says of itself. */
export async function showBackup(
  context: Context,
  id: string,
  options: { readonly json: boolean },
  tables: Tables,
): Promise<number> {
  const store = await context.openStore()
  const point = await store.find({ engine: null, project: null }, id)
  context.print(
    options.json
      ? `${JSON.stringify(pointForPrograms(point), null, 2)}\n`
      : tables.show(point, context.host.now()),
  )
  return point.state === 'good' ? 0 : 1
}
