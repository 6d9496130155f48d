import type { Figure, ServerKind } from '../../model/database.ts'
import type { ContainerFact, Facts } from '../../model/facts.ts'
import type { Contents } from '../../model/holding.ts'
import type { JournalEntry } from '../../model/journal.ts'
import type { RestorePoint } from '../../model/restore-point.ts'

/**
 * - `deleted`: data is not on the engine any more
 * - `damaged`: a server that runs finds faults in its own data
 * - `wrong-database`: a service runs, or would start, on other data than it had
 * - `not-running`: a database that does not stay up, or does not answer
 */
export type SituationKind = 'deleted' | 'damaged' | 'wrong-database' | 'not-running'

/** Something that is wrong with a project's data, with what proves it and the ways out of it. */
export interface Situation {
  readonly kind: SituationKind
  /** The service that it is about; null where several are concerned, or none. */
  readonly service: string | null
  /** One line, with the user's own names. */
  readonly title: string
  /** Facts, a line each. */
  readonly evidence: readonly string[]
  /** The best first; none where nothing that is known would help. */
  readonly ways: readonly Way[]
  /** The volumes that it is about, by name: who writes to them is to be stopped. */
  readonly volumes: readonly string[]
}

/** A way out: one of our own commands. */
export interface Way {
  readonly label: string
  readonly deed: Deed
  /** The words of that command, without those that choose the project. */
  readonly argv: readonly string[]
  /** What it does, in one line. */
  readonly does: string
  /** The services that must run and answer when it is done. */
  readonly services: readonly string[]
  /** The restore point that it takes data from. */
  readonly point: string | null
}

export type Deed =
  | { readonly kind: 'undo'; readonly id: string }
  | { readonly kind: 'restore'; readonly id: string; readonly volume: string; readonly to: string | null }
  | { readonly kind: 'adopt'; readonly volume: string; readonly key: string | null }
  | { readonly kind: 'start'; readonly service: string }
  | { readonly kind: 'repair'; readonly service: string }

/** All that the situations are told by. */
export interface Seen {
  readonly facts: Facts
  /** Of this project on this engine, oldest first. */
  readonly entries: readonly JournalEntry[]
  /** Of this project, and of the names that its directory had before; newest first. */
  readonly points: readonly RestorePoint[]
  /** What is in volumes, by name; those that nobody could look into are left out. */
  readonly contents: ReadonlyMap<string, Contents>
  /** What the databases that run say of themselves. */
  readonly servers: readonly ServerSaid[]
  /** The line with which a container told why it ended, by the container's id. */
  readonly lastWords: ReadonlyMap<string, string>
  readonly now: Date
}

/** What a database that runs said when it was asked. */
export interface ServerSaid {
  readonly service: string
  readonly container: ContainerFact
  readonly kind: ServerKind
  /** Where its files lie, as `nameOfHolding` has it. */
  readonly holding: string
  /** `PostgreSQL 15.6`; null where it did not answer. */
  readonly label: string | null
  /** Why it did not answer, or could not be checked; null where it did and was. */
  readonly why: string | null
  readonly figures: readonly Figure[]
  /** What its own check found. */
  readonly troubles: readonly string[]
}

/** The words of the command that does it. */
export function wordsOf(deed: Deed): readonly string[] {
  switch (deed.kind) {
    case 'undo':
      return ['undo', deed.id]
    case 'restore':
      return ['restore', deed.id, '--volume', deed.volume, ...(deed.to === null ? [] : ['--to', deed.to])]
    case 'adopt':
      return ['adopt', deed.volume, ...(deed.key === null ? [] : ['--as', deed.key])]
    case 'start':
      return ['start', deed.service]
    case 'repair':
      return ['recover', '--repair', deed.service]
  }
}
