import type { VolumeFact } from '../../model/facts.ts'
import type { Contents } from '../../model/holding.ts'
import type { ServerSaid, Seen } from './situation.ts'
import { sumOf } from '../figures.ts'
import { formatAgeOf, formatBytes } from '../format.ts'

/** The volume of that name, if it is the very one: another time of birth is another volume. */
export function standing(seen: Seen, name: string, createdAt: string | null): VolumeFact | null {
  const volume = seen.facts.volumes.find(each => each.name === name)
  return volume !== undefined && (createdAt === null || volume.createdAt === createdAt) ? volume : null
}

/** Whether a command of ours filled a volume of that name after a moment: then it holds what it is to hold. */
export function isFilledSince(seen: Seen, name: string, since: string): boolean {
  return seen.entries.some(
    entry =>
      entry.kind === 'restore' &&
      entry.status === 'done' &&
      entry.openedAt > since &&
      entry.restores.some(task => task.volume === name && task.finished),
  )
}

/** `volume shop_pgdata`, and what has no name that anybody would know. */
export function volumeWords(name: string): string {
  return /^[0-9a-f]{64}$/.test(name) ? `an anonymous volume (${name.slice(0, 12)}…)` : `volume ${name}`
}

/** What is in a volume, for a list: `PostgreSQL 15`, `48 MB`, `last written 14 min ago`. */
export function contentsWords(contents: Contents | undefined, now: Date): readonly string[] {
  if (contents === undefined) return []
  if (contents.empty) return ['empty']
  return [
    ...(contents.database === null ? [] : [contents.database.label]),
    ...(contents.bytes === null ? [] : [formatBytes(contents.bytes)]),
    ...(contents.lastWrite === null ? [] : [`last written ${formatAgeOf(contents.lastWrite, now)}`]),
  ]
}

/** Whether a server that was asked has nothing at all in it. */
export function isBlank({ label, figures }: ServerSaid): boolean {
  const { rows, tables } = sumOf(figures)
  return label !== null && tables === 0 && rows === 0
}
