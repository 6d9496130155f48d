import type { DockerReach } from './docker-line.ts'
import type { Facts } from './facts.ts'
import type { Contents, Holding } from './holding.ts'
import type { Invocation } from './invocation.ts'

/** What would become of a holding. */
export type Outcome =
  /** Gone from the engine for good. */
  | 'destroyed'
  /** Still there, but nothing points to it any more. */
  | 'orphaned'
  /** Still there, but something else is mounted over or instead of it. */
  | 'hidden'
  /** Damaged by what would write to it. */
  | 'corrupted'
  /** Kept; the container that uses it is replaced. */
  | 'recreated'

/**
 * What the reaction to a finding depends on besides who asks: its outcome, and what is particular about it. Rules say
 * which of them they lead to, the gravest first.
 */
export type Effect =
  | 'destroyed'
  /** No backup can be made of it. */
  | 'destroyed-without-copy'
  /** Compose asks the person at the terminal before it does it. */
  | 'destroyed-if-confirmed'
  | 'corrupted'
  | 'hidden'
  /** Left behind, and the service would use something else in its place. */
  | 'replaced'
  | 'orphaned'
  | 'orphaned-without-copy'
  | 'recreated'
  /** Only said. */
  | 'warning'

/** What a rule says about the facts. Pure data; the words for people are made from it in `ui/messages.ts`. */
export interface Finding {
  /** Short and stable, for `explain`: the rule's id and a few digits of the holding. Given once everything is found. */
  readonly id?: string
  /** The rule's id, which is its file's name. */
  readonly rule: string
  readonly outcome: Outcome
  readonly holding: Holding
  /** One sentence, with the user's own names: what would happen and why. */
  readonly because: string
  /** Facts that prove it, a line each. */
  readonly evidence: readonly string[]
  /** Who uses the holding: services of the project, or `container NAME` of others. */
  readonly usedBy: readonly string[]
  /** The safer command with the user's own names in it; null when there is none. */
  readonly instead: string | null
  /**
   * False where no backup can be made of it: what would destroy it is refused.
   */
  readonly canBackUp: boolean
  /**
   * What the service would use in place of the holding; absent where nothing takes its place. With it the application
   * would start on something else, usually empty: nobody but a person decides that.
   */
  readonly wouldUse?: Replacement
  /** Ways out that can be carried out at once, the best first. */
  readonly remedies?: readonly Remedy[]
  /** Worth a word at most: what it speaks of may not exist yet, so nothing is looked into, copied or asked. */
  readonly warning?: true
  /** Compose itself asks the person at the terminal before it does it. */
  readonly composeAsks?: true
}

/** What would stand where the data was. */
export interface Replacement {
  /** The name a person knows it by: a volume, a directory, `a new anonymous volume`. */
  readonly name: string
  readonly state: 'missing' | 'empty' | 'filled' | 'unknown'
}

/** A way out of a finding. */
export type Remedy =
  /** Write the volume's name into the Compose file, so that the key means this volume from now on. */
  | { readonly kind: 'pin'; readonly key: string; readonly volume: string }
  /** Run these words instead, this time. */
  | { readonly kind: 'run'; readonly argv: readonly string[]; readonly words: string }
  /** For the person to type or to write: shown, never done by us. */
  | { readonly kind: 'advice'; readonly line: string }

/** A hazard: one file in `core/rules/`, pure. */
export interface Rule {
  /** Kebab-case, the file's name, what `--safe-allow` and the configuration call it. */
  readonly id: string
  /** One line for lists. */
  readonly title: string
  /** What it does, what is lost, what survives: for `explain` and the docs. */
  readonly about: string
  /** Every effect that its findings can have, the gravest first: what is done about them follows from it. */
  readonly leadsTo: readonly Effect[]
  /** The Compose (and engine) versions in which it happens: `all`, `from 2.32`, `v1`. */
  readonly versions: string
  /** What to do instead, in general: a command, or a line of the file. */
  readonly instead: string
  /** Threads and documents that tell of it. */
  readonly citations: readonly string[]
  /** What must be looked into before it can judge; only asked for where something is suspicious already. */
  readonly looksInto?: (
    facts: Facts,
    invocation: Invocation,
    circumstances: Circumstances,
  ) => readonly Holding[]
  /** Whose lines it judges; left out: Compose's. */
  readonly judges?: 'docker' | 'both'
  readonly check: (facts: Facts, invocation: Invocation, circumstances: Circumstances) => readonly Finding[]
}

/** What the rules may know besides the facts. */
export interface Circumstances {
  /** Environment variables that change what Compose does (`COMPOSE_*`, `DOCKER_*`), OS environment and .env merged. */
  readonly variables: Readonly<Record<string, string>>
  /** Whether Compose's own prompts can be answered `yes` from what its standard input is. */
  readonly stdin: 'terminal' | 'empty' | 'data'
  /** Where the command was typed. */
  readonly directory: string
  /** Directories of this machine that the command deletes (`bridge convert -o`), by the word that names them. */
  readonly directories: Readonly<Record<string, NamedDirectory>>
  /** Those of `variables` that only a `.env` file sets: Compose does not take every variable from there. */
  readonly envFileOnly?: readonly string[]
  /** What a line of the docker CLI does; absent for Compose's. */
  readonly reach?: DockerReach
  /** SHA-256 of a text's UTF-8 bytes, in lower-case hex. */
  readonly sha256: (text: string) => string
}

/** A directory that a command names. */
export interface NamedDirectory {
  /** Absolute. */
  readonly path: string
  /** A link is `empty`: it goes itself, and nothing in it. */
  readonly state: 'missing' | 'empty' | 'filled'
  /** As a holding has it. */
  readonly version: string
}

/** A finding with what is known of the holding's contents. */
export interface Stake {
  readonly finding: Finding
  readonly contents: Contents | null
}
